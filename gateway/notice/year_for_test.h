// A year of offices and machines, drawn from a seed: people change names, marry and die, and it is
// published; adapters come and go, answer twice, not at all, or wrongly; offices act late or never;
// one is away in August; the gateway is started anew. The clock is moved from one moment of
// interest to the next. What was accepted and what came is kept for year_test.cc, which holds it
// against the rules. For tests alone.
#ifndef CHAYAN_GATEWAY_NOTICE_YEAR_FOR_TEST_H_
#define CHAYAN_GATEWAY_NOTICE_YEAR_FOR_TEST_H_

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/civil_time.h"
#include "gateway/notice/test_rig.h"

namespace chayan::notice {

// A delivery as its publisher was told of it, and what the recipient saw of it.
struct SeenDelivery {
  std::string id;
  std::string notice;
  std::string recipient;
  std::string subscription;
  std::string person;
  bool by_court = false;
  size_t accepted_as = 0;  // the how manieth notice it is of
  absl::Time accepted;
  absl::Time due;
  absl::Time acknowledge_by;
  std::string bytes;  // without the mark that an earlier one is missing; empty: it never came
  std::string sent;   // the bytes that came last
  absl::Time came = absl::InfiniteFuture();
  bool replayed = false;
};

class Year {
 public:
  explicit Year(uint64_t seed);

  // A year, and as long again as a delivery lives, in which everybody does what he should.
  void Run();

  TestRig& rig() { return rig_; }
  const std::map<std::string, SeenDelivery>& deliveries() const { return deliveries_; }
  const std::set<std::string>& notices() const { return notices_; }
  // Deliveries in the order in which they first came, by recipient and person.
  const std::map<std::pair<std::string, std::string>, std::vector<std::string>>& came() const {
    return came_;
  }
  absl::Time begin() const { return begin_; }
  absl::Time end() const { return end_; }
  // What must never happen, as it happened.
  const std::vector<std::string>& faults() const { return faults_; }
  // For whoever reads the test's output.
  std::string Summary() const;

 private:
  struct Act {
    absl::Time time;
    std::string delivery;
    bool rejects;
  };

  uint64_t Draw(uint64_t below) { return draw_.Uint64() % below; }
  bool Chance(uint64_t percent) { return Draw(100) < percent; }
  void Fault(std::string what) { faults_.push_back(std::move(what)); }

  void Day(absl::CivilDay day);
  void MoveTo(absl::Time time);
  // The weather of the machines.
  void LinksComeAndGo(absl::CivilDay day);
  void Lose(const std::string& recipient);
  void StartAnew();
  // The counters.
  void PublishSome();
  void Publish(const v1::PublishNoticeRequest& request, bool by_court);
  void ReplayTheDead();
  // The recipients.
  void TakeWhatCame();
  void Take(const v1::DeliveredNotice& notice, const std::string& bytes);
  void Answer(SeenDelivery& delivery);
  void Pull();
  void OfficesAct();
  v1::DeliveryReceipt Receipt(const std::string& delivery, v1::DeliveryState state) const;

  SeededRandom draw_;
  TestRig rig_;
  const absl::Time begin_;
  absl::Time end_;
  bool calm_ = false;                           // everybody does what he should
  std::map<std::string, absl::CivilDay> away_;  // recipients without a link, until that day
  std::map<std::string, SeenDelivery> deliveries_;
  std::set<std::string> notices_;
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> came_;
  std::vector<Act> acts_;
  std::map<std::string, absl::Duration> under_way_;  // without a word from their recipient, until
  std::vector<std::string> faults_;
  size_t starts_ = 0, repeats_ = 0, replays_ = 0;
};

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_YEAR_FOR_TEST_H_
