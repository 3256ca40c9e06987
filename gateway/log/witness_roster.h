// The witnesses of a policy as the publisher's Tick knows them: who is to be asked, what each
// cosigned last, and what is wrong with it.
#ifndef CHAYAN_GATEWAY_LOG_WITNESS_ROSTER_H_
#define CHAYAN_GATEWAY_LOG_WITNESS_ROSTER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gateway/base/clock.h"
#include "gateway/log/open_publication.h"
#include "gateway/log/witness_client.h"
#include "gateway/registry/witness_policy.h"

namespace chayan::log {

// A witness that failed is asked again after this, then after twice as long, up to the maximum.
inline constexpr absl::Duration kWitnessRetryMin = absl::Seconds(1);
inline constexpr absl::Duration kWitnessRetryMax = absl::Seconds(16);
// A witness that should dial in and has not for so long, with something new to cosign, is at fault.
inline constexpr absl::Duration kDialInSilenceMax = absl::Minutes(1);

struct WitnessState {
  std::string name;
  uint64_t cosigned_size = 0;
  absl::Time cosigned_time = absl::InfinitePast();  // since the start
  std::string fault;                                // empty when nothing is wrong
};

// Not thread-safe. Witnesses are named by their verifier keys; one that is not of the policy, or
// not any more, is passed over.
class WitnessRoster {
 public:
  // `clock` outlives it.
  explicit WitnessRoster(const Clock& clock) : clock_(clock) {}

  // Null: no policy. A witness that stays keeps its state; what is known of one goes with its key.
  void Adopt(const registry::WitnessPolicy* policy);

  struct Due {
    std::string vkey;
    WitnessTarget target;
    uint64_t known_size = 0;
  };
  // The called witnesses that are to cosign `newest` now; each is busy until Replied. One that
  // should have dialled in meanwhile is at fault.
  std::vector<Due> TakeDue(const OpenPublication& newest, absl::Duration published_at);
  // What a called witness answered; its fault, when it did not cosign, is kept.
  void Replied(const std::string& vkey, const WitnessReply& reply);
  // It vouches for `size` entries: its fault is over.
  void Cosigned(const std::string& vkey, uint64_t size);
  void SetFault(const std::string& vkey, const std::string& fault);

  // Null when it is not of the policy.
  const WitnessState* Find(const std::string& vkey) const;

 private:
  struct Slot {
    WitnessTarget target;
    bool dials_in = false;
    bool busy = false;  // a task of its lane is under way
    uint64_t known_size = 0;
    absl::Duration next_try = -absl::InfiniteDuration();
    absl::Duration retry = kWitnessRetryMin;
    WitnessState state;
  };
  static void SetFault(Slot& slot, const std::string& fault);

  const Clock& clock_;
  std::map<std::string, Slot> slots_;  // by vkey
};

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_WITNESS_ROSTER_H_
