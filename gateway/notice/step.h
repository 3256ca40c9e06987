// One step of a delivery with the entry that says so: what the committer applies together or not at
// all.
#ifndef CHAYAN_GATEWAY_NOTICE_STEP_H_
#define CHAYAN_GATEWAY_NOTICE_STEP_H_

#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "chayan/v1/entry_detail.pb.h"
#include "gateway/notice/collaborators.h"
#include "gateway/tlog/frame.h"

namespace chayan::notice {

// As long as the law wants incidents and accesses kept.
inline constexpr v1::RetentionClass kStepRetention = v1::RETENTION_CLASS_FIVE_YEARS;

// Who takes the step: a system in a call of its own; nobody when the gateway does.
struct Actor {
  const policy::Caller* caller = nullptr;
  std::string method{};
};

struct Step {
  const store::StoredNotice& notice;
  const store::StoredDelivery& delivery;
  log::EntryType type = log::EntryType::kDelivery;
  Actor actor{};
  std::string by{};  // leaf key; empty for an acknowledgement
  store::DeliveryState from{};
  store::DeliveryState to{};
  absl::Time time{};
  std::string reason{};
  // What the entry commits to and seals. Views live for the call.
  absl::string_view request{};
  absl::string_view response{};
  const v1::EntryDetail& detail;
  std::string subject{};  // normal form of a number the recipient got; empty: none
  std::optional<tlog::HolderSignature> signature{};
  // See store::StateStep.
  std::string settlement{};
  int64_t shred_ms = 0;
  int64_t due_ms = 0;
  int64_t expire_ms = 0;
  int64_t fetch_by_ms = 0;
};

// What is in the log, with what opens its entry.
struct Taken {
  log::Committed committed{};
  log::VaultOutput openings{};
};

// Submits it. `done` as log::Submission::done: ABORTED when the delivery stands elsewhere by then.
void TakeStep(const Collaborators& with, const Step& step,
              absl::AnyInvocable<void(absl::StatusOr<Taken>)> done);

// An entry that is in the log, proved anew, with what the vault still has to open it.
absl::StatusOr<Taken> ProveAgain(const Collaborators& with, uint64_t index);

// "DELIVERED".
std::string StateName(store::DeliveryState state);

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_STEP_H_
