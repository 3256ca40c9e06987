// Has a time put on a published checkpoint once an hour, by a timestamp authority (RFC 3161): a
// second anchor, of another kind than the witnesses. What is stamped is the text of the checkpoint,
// so that `openssl ts -verify` checks it.
#ifndef CHAYAN_GATEWAY_LOG_TIMESTAMPER_H_
#define CHAYAN_GATEWAY_LOG_TIMESTAMPER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "chayan/v1/registry.pb.h"
#include "gateway/base/clock.h"
#include "gateway/base/random.h"
#include "gateway/log/anchor_transport.h"
#include "gateway/log/lanes.h"
#include "gateway/store/publications.h"

namespace chayan::log {

inline constexpr absl::Duration kTimestampPause = absl::Hours(1);
inline constexpr absl::Duration kTimestampRetry = absl::Minutes(1);
inline constexpr absl::Duration kTimestampTimeout = absl::Seconds(10);

// A reply that was verified.
struct Stamp {
  uint64_t size = 0;  // of the checkpoint
  std::string reply;  // TimeStampResp, DER
  absl::Time time;    // that the authority vouches for
};

// By the publisher's thread alone.
class Timestamper {
 public:
  // `post` hands what came of a query back to that thread.
  Timestamper(AnchorTransport& transport, Lanes& lanes, const Clock& clock, Random& random,
              std::function<void(absl::AnyInvocable<void()>)> post)
      : transport_(transport),
        lanes_(lanes),
        clock_(clock),
        random_(random),
        post_(std::move(post)) {}

  // What the process before had stamped.
  void Recall(uint64_t size, absl::Time time);
  // Sends a query when the last stamp is an hour old and `subject` is not the checkpoint it was
  // over. `take` hears of a stamp, on the publisher's thread.
  void AskIfDue(const v1::TimestampAuthority& authority, const store::Publication& subject,
                std::function<void(Stamp)> take);

  const std::string& fault() const { return fault_; }
  absl::Time last_time() const { return last_time_; }
  uint64_t last_size() const { return last_size_; }

 private:
  void TakeOutcome(absl::StatusOr<Stamp> outcome, const std::function<void(Stamp)>& take);

  AnchorTransport& transport_;
  Lanes& lanes_;
  const Clock& clock_;
  Random& random_;
  const std::function<void(absl::AnyInvocable<void()>)> post_;

  bool busy_ = false;
  absl::Duration next_ = -absl::InfiniteDuration();
  absl::Time last_time_ = absl::InfinitePast();
  uint64_t last_size_ = 0;
  std::string fault_;
};

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_TIMESTAMPER_H_
