#include "adapters/sdk/adapter.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"

namespace chayan::sdk {
namespace {

// As verification_service.proto states them.
constexpr size_t kFieldCharactersMax = 500;
constexpr size_t kReferenceCharactersMax = 128;
constexpr size_t kCaseNumberCharactersMax = 64;
// An answer must fit into a frame beside others; 32 fields of 500 characters need less.
constexpr size_t kAnswerBytesMax = 128 << 10;

size_t CharactersOf(absl::string_view utf8) {
  return static_cast<size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

template <typename Codes>
bool Contains(const Codes& codes, absl::string_view code) {
  return std::any_of(codes.begin(), codes.end(),
                     [code](const std::string& known) { return absl::string_view(known) == code; });
}

// Outcomes that follow from comparing claims, and so come with a verdict for each.
bool IsCompared(v1::Outcome outcome) {
  return outcome == v1::OUTCOME_MATCH || outcome == v1::OUTCOME_VARIANT ||
         outcome == v1::OUTCOME_MISMATCH || outcome == v1::OUTCOME_UNCOMPARABLE;
}

// How far an outcome of comparing is from a match.
int Badness(v1::Outcome outcome) {
  switch (outcome) {
    case v1::OUTCOME_MATCH:
      return 0;
    case v1::OUTCOME_VARIANT:
      return 1;
    case v1::OUTCOME_UNCOMPARABLE:
      return 2;
    default:
      return 3;
  }
}

// What one claim leaves of the outcome at best: without its comparison there is no match.
v1::Outcome BestWith(v1::Verdict verdict) {
  switch (verdict) {
    case v1::VERDICT_MATCH:
      return v1::OUTCOME_MATCH;
    case v1::VERDICT_VARIANT:
      return v1::OUTCOME_VARIANT;
    case v1::VERDICT_MISMATCH:
      return v1::OUTCOME_MISMATCH;
    default:
      return v1::OUTCOME_UNCOMPARABLE;
  }
}

bool LevelFits(const v1::ClaimVerdict& verdict) {
  const v1::MatchLevel level = verdict.match_level();
  switch (verdict.verdict()) {
    case v1::VERDICT_MATCH:
      return level == v1::MATCH_LEVEL_EXACT || level == v1::MATCH_LEVEL_EQUIVALENT;
    case v1::VERDICT_VARIANT:
      return level == v1::MATCH_LEVEL_VARIANT;
    case v1::VERDICT_MISMATCH:
      return level == v1::MATCH_LEVEL_MISMATCH;
    case v1::VERDICT_UNCOMPARABLE:
      return level == v1::MATCH_LEVEL_UNCOMPARABLE;
    case v1::VERDICT_NOT_COMPARED:
      return level == v1::MATCH_LEVEL_UNSPECIFIED &&
             verdict.not_compared_reason() != v1::NOT_COMPARED_REASON_UNSPECIFIED;
    default:
      return false;
  }
}

// What the gateway will withhold as the holder's fault is refused here, where its cause is.
absl::Status CheckOutcome(const OpenQuestion& question, const v1::VerificationAnswer& answer) {
  const v1::Outcome outcome = answer.outcome();
  if (!v1::Outcome_IsValid(outcome) || outcome == v1::OUTCOME_UNSPECIFIED) {
    return absl::InvalidArgumentError("outcome: missing");
  }
  if (outcome == v1::OUTCOME_PENDING && !question.request.pending_allowed()) {
    return absl::InvalidArgumentError("outcome: the caller does not take PENDING");
  }
  if ((outcome == v1::OUTCOME_NOT_COMPARED) !=
      (answer.not_compared_reason() != v1::NOT_COMPARED_REASON_UNSPECIFIED)) {
    return absl::InvalidArgumentError("not_compared_reason: with NOT_COMPARED, and only with it");
  }
  const bool has_document = IsCompared(outcome) || outcome == v1::OUTCOME_VOID;
  if (has_document && !answer.has_as_of_time()) {
    return absl::InvalidArgumentError("as_of_time: missing");
  }
  if (!has_document &&
      (!answer.released_fields().empty() || !answer.document_reference().empty())) {
    return absl::InvalidArgumentError(
        "released_fields, document_reference: only beside an outcome that has a document");
  }
  return absl::OkStatus();
}

absl::Status CheckVerdicts(const OpenQuestion& question, const v1::VerificationAnswer& answer) {
  if (!IsCompared(answer.outcome())) {
    return answer.verdicts().empty()
               ? absl::OkStatus()
               : absl::InvalidArgumentError("verdicts: only beside an outcome of comparing");
  }
  if (answer.verdicts_size() != question.request.claims_size()) {
    return absl::InvalidArgumentError("verdicts: one for each claim of the question");
  }
  for (int i = 0; i < answer.verdicts_size(); ++i) {
    const v1::ClaimVerdict& verdict = answer.verdicts(i);
    if (verdict.code() != question.request.claims(i).code()) {
      return absl::InvalidArgumentError(
          absl::StrCat("verdicts[", i, "]: must be of claim ", question.request.claims(i).code()));
    }
    if (!Contains(question.wire.permit().claims(), verdict.code())) {
      return absl::InvalidArgumentError(
          absl::StrCat("verdicts[", i, "]: the permit does not cover claim ", verdict.code()));
    }
    if (!LevelFits(verdict)) {
      return absl::InvalidArgumentError(
          absl::StrCat("verdicts[", i, "]: a match level or reason that does not fit the verdict"));
    }
  }
  // It may be worse than every verdict: the subject's name is compared too.
  for (const v1::ClaimVerdict& verdict : answer.verdicts()) {
    if (Badness(answer.outcome()) < Badness(BestWith(verdict.verdict()))) {
      return absl::InvalidArgumentError("outcome: better than its verdicts");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckFields(const OpenQuestion& question, const v1::VerificationAnswer& answer) {
  absl::flat_hash_set<std::string> seen;
  for (int i = 0; i < answer.released_fields_size(); ++i) {
    const v1::ReleasedField& field = answer.released_fields(i);
    if (!Contains(question.wire.permit().released_fields(), field.code()) ||
        !Contains(question.request.requested_fields(), field.code())) {
      return absl::InvalidArgumentError(
          absl::StrCat("released_fields[", i, "]: the permit does not cover this field"));
    }
    if (!seen.insert(field.code()).second) {
      return absl::InvalidArgumentError(absl::StrCat("released_fields[", i, "]: twice"));
    }
    if (CharactersOf(field.text()) > kFieldCharactersMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("released_fields[", i, "]: more than ", kFieldCharactersMax, " characters"));
    }
  }
  return absl::OkStatus();
}

// The caller must not be able to tell it from any other question that the holder did not compare.
absl::Status CheckRestricted(const v1::VerificationAnswer& answer) {
  if (answer.outcome() != v1::OUTCOME_NOT_COMPARED ||
      answer.not_compared_reason() != v1::NOT_COMPARED_REASON_ASK_HOLDER ||
      !answer.verdicts().empty() || !answer.released_fields().empty() ||
      !answer.document_reference().empty() || !answer.holder_case_number().empty() ||
      answer.has_attempts_left()) {
    return absl::InvalidArgumentError(
        "restricted: the answer itself must be NOT_COMPARED with reason ASK_HOLDER and no more");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckAnswer(const OpenQuestion& question, const v1::VerificationAnswer& answer,
                         bool restricted) {
  CHAYAN_RETURN_IF_ERROR(CheckOutcome(question, answer));
  CHAYAN_RETURN_IF_ERROR(CheckVerdicts(question, answer));
  CHAYAN_RETURN_IF_ERROR(CheckFields(question, answer));
  if (CharactersOf(answer.document_reference()) > kReferenceCharactersMax) {
    return absl::InvalidArgumentError("document_reference: too long");
  }
  if (CharactersOf(answer.holder_case_number()) > kCaseNumberCharactersMax) {
    return absl::InvalidArgumentError("holder_case_number: too long");
  }
  return restricted ? CheckRestricted(answer) : absl::OkStatus();
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

}  // namespace chayan::sdk
