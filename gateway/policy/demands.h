// What is demanded of a question beside a grant: by the kind, and by the rules of the office's
// county. Private to this room.
#ifndef CHAYAN_GATEWAY_POLICY_DEMANDS_H_
#define CHAYAN_GATEWAY_POLICY_DEMANDS_H_

#include <optional>

#include "absl/time/civil_time.h"
#include "chayan/v1/verification_service.pb.h"
#include "gateway/policy/call.h"

namespace chayan::policy {

// Who must be proved.
struct Demands {
  bool assertion;  // the person who asks
  bool approval;   // and a second one
};

// Asks the county's rules about a question that a grant permits. Adds what they demand.
std::optional<Refusal> CheckCounty(const Call& call, const v1::VerifyDocumentRequest& request,
                                   absl::CivilMinute local, Demands& demands);

// Verifies the person and the approver where they are there or demanded.
std::optional<Refusal> CheckPersons(const Call& call, const v1::VerifyDocumentRequest& request,
                                    const Demands& demands, PersonProof& proof);

}  // namespace chayan::policy

#endif  // CHAYAN_GATEWAY_POLICY_DEMANDS_H_
