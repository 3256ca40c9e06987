// A question from what was typed: the catalogue says which form each claim's value has.
#ifndef CHAYAN_GATEWAY_CLI_QUESTION_H_
#define CHAYAN_GATEWAY_CLI_QUESTION_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "chayan/v1/verification_service.pb.h"

namespace chayan::cli {

// As typed on the command line or in a row of a batch. Empty: not given.
struct TypedQuestion {
  std::string request_id;
  std::string acting_for;
  std::string person;
  std::string person_role;
  std::string assertion;  // the compact JWS itself
  std::string approver;
  std::string approver_role;
  std::string approver_assertion;
  std::string purpose;
  std::string basis;
  std::string case_number;
  std::string reason;
  std::string kind;
  std::string id;
  std::string id_scheme;  // "national-id"; found out from the number when empty
  std::string name;
  std::string birth_date;  // any form people write: 0770520, 民國77年5月20日, 1988-05-20
  std::vector<std::string> claims;  // "code=value"
  std::vector<std::string> fields;
  std::string as_of_date;
  bool pending_allowed = false;
};

// INVALID_ARGUMENT names the flag that is wrong or missing and what to write. What only the gateway
// can decide (codes, grants, check digits) is left to it.
absl::StatusOr<v1::VerifyDocumentRequest> BuildQuestion(const TypedQuestion& typed,
                                                        const v1::DocumentKindDescription& kind);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_QUESTION_H_
