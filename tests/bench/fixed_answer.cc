#include "tests/bench/fixed_answer.h"

#include <string>

namespace chayan::bench {
namespace {

constexpr int64_t kAsOfSeconds = 1'750'000'000;
// Key and length of the answer within its response, at this size.
constexpr size_t kAnswerEnvelopeBytes = 3;

size_t ResponseSize(const v1::VerificationAnswer& answer) {
  // The response's own id has the same size as the answer's.
  return 2 + answer.request_id().size() + kAnswerEnvelopeBytes + answer.ByteSizeLong();
}

}  // namespace

void FixedAnswer(const v1::VerifyDocumentRequest& request, v1::VerificationAnswer& answer) {
  answer.set_request_id(request.request_id());
  answer.set_outcome(v1::OUTCOME_MATCH);
  for (const v1::Claim& claim : request.claims()) {
    v1::ClaimVerdict& verdict = *answer.add_verdicts();
    verdict.set_code(claim.code());
    verdict.set_verdict(v1::VERDICT_MATCH);
    verdict.set_match_level(v1::MATCH_LEVEL_EXACT);
  }
  answer.set_document_reference("AD-0863-00480000");
  answer.mutable_as_of_time()->set_seconds(kAsOfSeconds);
  answer.set_answered_by(v1::ANSWER_SOURCE_HOLDER);
  v1::ReleasedField* filler = nullptr;
  for (const std::string& field : request.requested_fields()) {
    v1::ReleasedField& released = *answer.add_released_fields();
    released.set_code(field);
    released.set_text("1/1");
    if (field == "address") filler = &released;
  }
  if (filler == nullptr) return;
  const size_t size = ResponseSize(answer);
  if (size >= kResponseBytes) return;
  filler->mutable_text()->append(kResponseBytes - size, 'x');
  // The lengths before the text may have grown by a byte each.
  while (ResponseSize(answer) > kResponseBytes) filler->mutable_text()->pop_back();
}

}  // namespace chayan::bench
