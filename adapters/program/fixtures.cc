#include "adapters/program/fixtures.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "adapters/connector/compare.h"
#include "adapters/connector/place.h"
#include "gateway/answer/answer_rules.h"
#include "gateway/base/file.h"
#include "gateway/base/legible.h"
#include "gateway/base/status_macros.h"
#include "gateway/ident/era_date.h"
#include "google/protobuf/util/message_differencer.h"

namespace chayan::adapter {
namespace {

using connector::HolderAnswer;

v1::QuestionPermit PermitFor(const v1::VerifyDocumentRequest& request) {
  v1::QuestionPermit permit;
  for (const v1::Claim& claim : request.claims()) permit.add_claims(claim.code());
  for (const std::string& field : request.requested_fields()) permit.add_released_fields(field);
  return permit;
}

// What follows, and whether an adapter could sign it.
absl::StatusOr<HolderAnswer> Replay(const Loaded& loaded, const v1::RecordedQuestion& question,
                                    absl::Time now) {
  if (loaded.replay == nullptr) {
    return absl::InvalidArgumentError("the adapter answers no questions, add `kinds { … }`");
  }
  const v1::QuestionPermit permit = PermitFor(question.request());
  CHAYAN_ASSIGN_OR_RETURN(HolderAnswer answer, loaded.replay(question, permit, now));
  CHAYAN_RETURN_IF_ERROR(answer::CheckAnswer(answer.answer, answer.restricted, question.request(),
                                             [](absl::string_view) { return true; }));
  return answer;
}

// Empty if it is what was expected.
std::string DifferenceOf(const v1::RecordedQuestion& question, const HolderAnswer& answer) {
  v1::VerificationAnswer actual = answer.answer;
  v1::VerificationAnswer expected = question.expected();
  expected.set_request_id(actual.request_id());
  expected.set_answered_by(actual.answered_by());
  if (!expected.has_as_of_time()) actual.clear_as_of_time();
  std::string report;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&report);
  differencer.Compare(expected, actual);
  if (answer.restricted != question.expected_restricted()) {
    absl::StrAppend(&report, "modified: restricted: ",
                    question.expected_restricted() ? "true -> false\n" : "false -> true\n");
  }
  return Legible(report);
}

absl::string_view WordsFor(v1::Outcome outcome) {
  switch (outcome) {
    case v1::OUTCOME_MATCH:
      return "相符 every claim agrees";
    case v1::OUTCOME_VARIANT:
      return "異體字 agrees but for a variant character: compare by eye and decide";
    case v1::OUTCOME_MISMATCH:
      return "不符 at least one claim differs: check what was typed, ask the applicant";
    case v1::OUTCOME_NOT_FOUND:
      return "查無資料 the holder has no such document";
    case v1::OUTCOME_UNCOMPARABLE:
      return "無法比對 a claim cannot be compared by machine: ask the holder";
    case v1::OUTCOME_LOCKED:
      return "已鎖定 too many wrong attempts; nothing was compared";
    case v1::OUTCOME_VOID:
      return "已失效 the document was lost, replaced or cancelled";
    case v1::OUTCOME_NOT_COMPARED:
      return "未比對 nothing was compared: ask the holder";
    case v1::OUTCOME_SOURCE_DOWN:
      return "暫停服務 the holder cannot be asked now";
    default:
      return "";
  }
}

std::string Short(const std::string& name, absl::string_view prefix) {
  return std::string(absl::StripPrefix(name, prefix));
}

std::string ShownField(const v1::ReleasedField& field) {
  if (!field.has_date()) return field.text();
  const absl::StatusOr<ident::EraDate> date = connector::DateFrom(field.date());
  return date.ok() ? ident::DisplayText(*date) : "";
}

void Show(const HolderAnswer& given, std::ostream& out) {
  const v1::VerificationAnswer& answer = given.answer;
  out << "  " << Short(v1::Outcome_Name(answer.outcome()), "OUTCOME_") << "  "
      << WordsFor(answer.outcome()) << "\n";
  for (const v1::ClaimVerdict& verdict : answer.verdicts()) {
    out << "    " << verdict.code() << "  "
        << Short(v1::Verdict_Name(verdict.verdict()), "VERDICT_") << "  "
        << (verdict.verdict() == v1::VERDICT_NOT_COMPARED
                ? Short(v1::NotComparedReason_Name(verdict.not_compared_reason()),
                        "NOT_COMPARED_REASON_")
                : Short(v1::MatchLevel_Name(verdict.match_level()), "MATCH_LEVEL_"))
        << "\n";
  }
  for (const v1::ReleasedField& field : answer.released_fields()) {
    out << "    " << field.code() << " = " << ShownField(field) << "\n";
  }
  if (!answer.document_reference().empty()) {
    out << "    reference " << answer.document_reference() << "\n";
  }
  if (answer.has_attempts_left()) out << "    attempts left " << answer.attempts_left() << "\n";
  if (given.restricted) {
    out << "  (to your own eyes: a protected person; the clerk sees no difference)\n";
  }
}

// A line for one record, and how it differs. Whether it does not.
bool SayDifference(const std::string& name, const absl::StatusOr<std::string>& difference,
                   std::ostream& out) {
  const std::string text =
      difference.ok() ? *difference : std::string(difference.status().message());
  out << (text.empty() ? "ok      " : "DIFFERS ") << name << "\n";
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    out << "        " << line << "\n";
  }
  return text.empty();
}

}  // namespace

absl::StatusOr<v1::AdapterFixture> LoadFixture(const std::string& path) {
  CHAYAN_ASSIGN_OR_RETURN(const std::string content, ReadFile(path));
  connector::Faults faults(path);
  v1::AdapterFixture fixture;
  faults.Read(content, fixture);
  CHAYAN_RETURN_IF_ERROR(faults.ToStatus());
  if (fixture.questions().empty() && fixture.notices().empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path,
                     ": questions: is missing, add `questions { name: \"…\" request { … } … }` or "
                     "`notices { name: \"…\" notice { … } … }`"));
  }
  return fixture;
}

bool CheckFixture(const Loaded& loaded, const v1::AdapterFixture& fixture, absl::Time now,
                  std::ostream& out) {
  bool agreed = true;
  for (const v1::RecordedQuestion& question : fixture.questions()) {
    const absl::StatusOr<HolderAnswer> answer = Replay(loaded, question, now);
    const absl::StatusOr<std::string> difference =
        answer.ok() ? absl::StatusOr<std::string>(DifferenceOf(question, *answer))
                    : absl::StatusOr<std::string>(answer.status());
    agreed &= SayDifference(question.name(), difference, out);
  }
  for (const v1::RecordedNotice& notice : fixture.notices()) {
    agreed &= SayDifference(
        notice.name(),
        loaded.replay_notice == nullptr
            ? absl::InvalidArgumentError("the adapter takes no notices, add `notices { … }`")
            : loaded.replay_notice(notice, now),
        out);
  }
  return agreed;
}

void RehearseFixture(const Loaded& loaded, const v1::AdapterFixture& fixture, absl::Time now,
                     std::ostream& out) {
  for (const v1::RecordedQuestion& question : fixture.questions()) {
    out << question.name() << " (" << question.request().document_kind() << ")\n";
    const absl::StatusOr<HolderAnswer> answer = Replay(loaded, question, now);
    if (answer.ok()) {
      Show(*answer, out);
    } else {
      out << "  no answer: " << answer.status().message() << "\n";
    }
  }
}

}  // namespace chayan::adapter
