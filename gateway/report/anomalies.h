// The three rules of anomaly_rules.proto over the entries of a log, one pass in their order. Memory
// grows with systems, and with pairs of person and subject of the time span that the rule looks at.
#ifndef CHAYAN_GATEWAY_REPORT_ANOMALIES_H_
#define CHAYAN_GATEWAY_REPORT_ANOMALIES_H_

#include <bitset>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "chayan/v1/anomaly_rules.pb.h"
#include "gateway/base/language.h"
#include "gateway/log/leaf_view.h"
#include "gateway/report/table.h"

namespace chayan::report {

// Who asked about whom, of an entry that was opened. The subject may be any word for it that is the
// same for the same one; it is not shown.
struct Opened {
  std::string person;
  std::string subject;
};

struct Anomaly {
  enum class Rule { kOutsideHours, kRepeatedSubject, kFailedStreak };
  Rule rule = Rule::kOutsideHours;
  std::vector<uint64_t> entries = {};  // indexes
  std::string first_timestamp = {};
  std::string last_timestamp = {};
  std::string member = {};
  std::string system = {};
  std::string office = {};
  std::string person = {};  // where the rule is about one
};

// Not thread-safe.
class Anomalies {
 public:
  // `text`: an AnomalyRules in text format. INVALID_ARGUMENT names line or field and the remedy.
  static absl::StatusOr<Anomalies> Create(const std::string& text);

  // In the order of the log. `opened` may be null.
  void Add(uint64_t index, const log::LeafView& leaf, const Opened* opened);
  // What was found; call it once, after the last entry.
  std::vector<Anomaly> Take();
  // Pairs of person and subject that are remembered.
  size_t pairs_kept() const { return asked_.size(); }

  // So few pairs are not worth a look for those that are over.
  static constexpr size_t kPairsMin = 1024;

 private:
  // An office's hours, checked.
  struct WorkHours {
    int from_minute = 0;
    int to_minute = 0;
    std::bitset<8> weekdays;  // by 1 (Monday) to 7
    absl::flat_hash_set<absl::CivilDay> holidays;
    bool Covers(absl::Time time) const;
  };
  struct Seen {
    uint64_t index = 0;
    absl::Time time;
  };
  struct Streak {
    Anomaly anomaly;
    absl::Time first;
  };

  Anomalies() = default;
  static absl::StatusOr<WorkHours> ReadHours(const std::string& path, const v1::OfficeHours& hours);
  absl::Status ReadRules();
  void CheckHours(uint64_t index, const log::LeafView& leaf, absl::Time time);
  void CheckRepeated(uint64_t index, const log::LeafView& leaf, absl::Time time,
                     const Opened& opened);
  // Forgets pairs whose last question is further back than the rule looks.
  void DropFinishedPairs(absl::Time now);
  void CheckStreak(uint64_t index, const log::LeafView& leaf, absl::Time time);
  void EndStreak(Streak& streak);

  v1::AnomalyRules rules_;
  WorkHours default_hours_;
  absl::flat_hash_map<std::string, WorkHours> offices_;
  absl::flat_hash_set<std::string> failures_;
  // Consecutive questions of one office outside its hours are one anomaly: by office and day.
  std::map<std::pair<std::string, absl::CivilDay>, Anomaly> outside_;
  absl::flat_hash_map<std::string, std::deque<Seen>> asked_;  // by person and subject; none empty
  size_t sweep_at_ = kPairsMin;
  absl::flat_hash_map<std::string, Streak> streaks_;  // by system
  std::vector<Anomaly> found_;
};

// A row an anomaly, in the reader's language.
Table AnomalyTable(Language language, const std::vector<Anomaly>& anomalies);

}  // namespace chayan::report

#endif  // CHAYAN_GATEWAY_REPORT_ANOMALIES_H_
