// Periods of schedules that had no notice, from their entry until their recipient has heard of
// them: one that is away at the end of a period hears of it when it is back.
#ifndef CHAYAN_GATEWAY_NOTICE_SILENCES_H_
#define CHAYAN_GATEWAY_NOTICE_SILENCES_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "chayan/v1/notice_service.pb.h"
#include "chayan/v1/registry.pb.h"

namespace chayan::notice {

// Thread-safe.
class Silences {
 public:
  // LIMITATION: what is untold when the gateway ends stays untold; the entries say it.
  struct Silence {
    std::string recipient;
    v1::NoneToday none;
  };
  // `tell`: whether somebody at the recipient was told.
  explicit Silences(std::function<bool(const Silence&)> tell) : tell_(std::move(tell)) {}

  void Add(const v1::Subscription& subscription, absl::Time end, uint64_t entry);
  // Tells whom it can.
  void Tell();

 private:
  const std::function<bool(const Silence&)> tell_;
  absl::Mutex mu_;
  std::deque<Silence> untold_ ABSL_GUARDED_BY(mu_);  // oldest first
};

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_SILENCES_H_
