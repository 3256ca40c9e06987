#include "adapters/sdk/adapter.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gateway/answer/answer_rules.h"
#include "gateway/base/diag.h"
#include "gateway/base/status_macros.h"

namespace chayan::sdk {
namespace {

// An answer must fit into a frame beside others; 32 fields of 500 characters need less.
constexpr size_t kAnswerBytesMax = 128 << 10;

template <typename Codes>
bool Contains(const Codes& codes, absl::string_view code) {
  return std::any_of(codes.begin(), codes.end(),
                     [code](const std::string& known) { return absl::string_view(known) == code; });
}

}  // namespace

absl::Status CheckAnswer(const OpenQuestion& question, const v1::VerificationAnswer& answer,
                         bool restricted) {
  if (answer.outcome() == v1::OUTCOME_PENDING && !question.request.pending_allowed()) {
    return absl::InvalidArgumentError("outcome: the caller does not take PENDING");
  }
  CHAYAN_RETURN_IF_ERROR(
      answer::CheckAnswer(answer, restricted, question.request, [&](absl::string_view code) {
        return Contains(question.wire.permit().released_fields(), code);
      }));
  for (const v1::ClaimVerdict& verdict : answer.verdicts()) {
    if (!Contains(question.wire.permit().claims(), verdict.code())) {
      return absl::InvalidArgumentError(
          absl::StrCat("verdicts: the permit does not cover claim ", verdict.code()));
    }
  }
  return absl::OkStatus();
}

absl::Status Responder::Send(v1::VerificationAnswer answer, bool restricted) const {
  CHAYAN_RETURN_IF_ERROR(CheckAnswer(*open_, answer, restricted));
  answer.set_request_id(open_->request.request_id());
  answer.set_answered_by(v1::ANSWER_SOURCE_HOLDER);
  std::string bytes = answer.SerializeAsString();
  if (bytes.size() > kAnswerBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("the answer has more than ", kAnswerBytesMax, " bytes"));
  }
  if (open_->clock->Elapsed() >= open_->deadline) {
    return absl::DeadlineExceededError("nobody waits for this answer any more");
  }
  std::shared_ptr<AnswerSink> sink = open_->sink.lock();
  if (sink == nullptr) return absl::UnavailableError("the link this question came on is gone");
  if (open_->cancelled) return absl::CancelledError("the question was given up");
  if (open_->answered.exchange(true)) {
    return absl::FailedPreconditionError("the question has been answered");
  }
  return sink->Submit(open_, std::move(bytes), restricted);
}

void Adapter::OnNotice(Notice notice, NoticeResponder responder) {
  const absl::Status status = responder.Reject(
      v1::REJECTION_REASON_OTHER, "此介接程式不處理通報 this adapter handles no notices");
  if (!status.ok()) {
    diag::Warning("sdk.notice_not_rejected", {{"delivery", notice.delivery_id().ToText()},
                                              {"error", std::string(status.message())}});
  }
}

}  // namespace chayan::sdk
