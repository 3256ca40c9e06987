// A question's values: each is checked against the form its place asks for, every fault at once.
#ifndef CHAYAN_GATEWAY_VERIFY_QUESTION_H_
#define CHAYAN_GATEWAY_VERIFY_QUESTION_H_

#include <string>
#include <vector>

#include "chayan/v1/verification_service.pb.h"
#include "gateway/policy/refusal.h"
#include "gateway/registry/snapshot.h"

namespace chayan::verify {

struct CheckedQuestion {
  // Empty when every value is of its form.
  std::vector<policy::FieldViolation> violations;
  // The subject's number in its normal form.
  std::string subject_number;
  // The routing claim's value in its normal form; empty when the kind has none.
  std::string area;
};

// REQUIRES: the policy permitted the question, so its claims are the kind's. Violations repeat no
// values.
CheckedQuestion CheckQuestion(const v1::VerifyDocumentRequest& request, const registry::Kind& kind);

}  // namespace chayan::verify

#endif  // CHAYAN_GATEWAY_VERIFY_QUESTION_H_
