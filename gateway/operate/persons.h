// The persons behind what an operator's system does: whether they are who the call says, and how
// the entry keeps them.
#ifndef CHAYAN_GATEWAY_OPERATE_PERSONS_H_
#define CHAYAN_GATEWAY_OPERATE_PERSONS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "chayan/v1/entry_detail.pb.h"
#include "chayan/v1/verification_service.pb.h"
#include "gateway/log/entry.h"
#include "gateway/log/vault.h"
#include "gateway/policy/caller.h"
#include "gateway/policy/refusal.h"
#include "gateway/registry/snapshot.h"
#include "gateway/rpc/call.h"

namespace chayan::operate {

policy::Refusal Refused(v1::ErrorReason reason, std::string message,
                        std::vector<policy::FieldViolation> violations = {});

// A text that must be there, in code points at most.
struct RequiredText {
  const char* field;
  const std::string& value;
  size_t characters_max;
};
// `missing` says what to write where one is.
std::optional<policy::Refusal> CheckTexts(const std::vector<RequiredText>& texts,
                                          absl::string_view missing);

// What a person's id and role may have.
inline constexpr size_t kPersonTextMax = 64;

// The assertion of a person of the calling member: verified where it is there, and refused where it
// is not though `required`.
std::optional<policy::Refusal> CheckPerson(const policy::Caller& caller, const v1::Person& person,
                                           const registry::Snapshot& snapshot, absl::Time now,
                                           bool required);

// The approval by another person than `person`: see VerifyAssertion's `approves`.
std::optional<policy::Refusal> CheckApprover(const policy::Caller& caller, const v1::Person& person,
                                             const v1::Person& approver,
                                             const registry::Snapshot& snapshot, absl::Time now,
                                             absl::string_view approves);

// Seals who acted, and commits `entry` to that, to the request and to `response`: the row that goes
// with the entry.
absl::StatusOr<store::VaultRow> SealPersons(log::Vault& vault, const rpc::UnaryCall& call,
                                            const v1::EntryDetail& detail,
                                            absl::string_view response, log::Entry& entry);

}  // namespace chayan::operate

#endif  // CHAYAN_GATEWAY_OPERATE_PERSONS_H_
