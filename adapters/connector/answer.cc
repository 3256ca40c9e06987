#include "adapters/connector/answer.h"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "adapters/connector/compare.h"
#include "adapters/connector/kind.h"
#include "adapters/connector/subject_rows.h"
#include "gateway/base/check.h"
#include "gateway/base/clock.h"
#include "gateway/base/status_macros.h"
#include "gateway/ident/fold.h"

namespace chayan::connector {
namespace {

using sdk::Verdict;

// Bounds of the answer's free text, as the proto states them.
constexpr size_t kReleasedCodePointsMax = 500;
constexpr size_t kReferenceCodePointsMax = 128;

const Value& At(const Rows& rows, size_t row, const std::string& column) {
  const std::optional<size_t> index = rows.Column(column);
  CHAYAN_CHECK(index.has_value());
  return rows.rows[row][*index];
}

bool Holds(const v1::RowMark& mark, const Rows& rows, size_t row) {
  const Value& value = At(rows, row, mark.column());
  return value.has_value() && absl::c_linear_search(mark.values(), *value);
}

std::string Meaning(const google::protobuf::RepeatedPtrField<v1::CodeMeaning>& codes,
                    const std::string& held) {
  for (const v1::CodeMeaning& meaning : codes) {
    if (meaning.held() == held) return meaning.code();
  }
  return held;
}

// The other way round.
std::string Held(const google::protobuf::RepeatedPtrField<v1::CodeMeaning>& codes,
                 std::string code) {
  for (const v1::CodeMeaning& meaning : codes) {
    if (meaning.code() == code) return meaning.held();
  }
  return code;
}

v1::Verdict ToProto(Verdict verdict) {
  switch (verdict) {
    case Verdict::kMatch:
      return v1::VERDICT_MATCH;
    case Verdict::kVariant:
      return v1::VERDICT_VARIANT;
    case Verdict::kMismatch:
      return v1::VERDICT_MISMATCH;
    case Verdict::kUncomparable:
      return v1::VERDICT_UNCOMPARABLE;
  }
  CHAYAN_CHECK(false);
}

v1::MatchLevel ToProto(sdk::MatchLevel level) {
  switch (level) {
    case sdk::MatchLevel::kExact:
      return v1::MATCH_LEVEL_EXACT;
    case sdk::MatchLevel::kEquivalent:
      return v1::MATCH_LEVEL_EQUIVALENT;
    case sdk::MatchLevel::kVariant:
      return v1::MATCH_LEVEL_VARIANT;
    case sdk::MatchLevel::kMismatch:
      return v1::MATCH_LEVEL_MISMATCH;
    case sdk::MatchLevel::kUncomparable:
      return v1::MATCH_LEVEL_UNCOMPARABLE;
  }
  CHAYAN_CHECK(false);
}

v1::ClaimVerdict NotComparedClaim(const std::string& code, v1::NotComparedReason reason) {
  v1::ClaimVerdict verdict;
  verdict.set_code(code);
  verdict.set_verdict(v1::VERDICT_NOT_COMPARED);
  verdict.set_not_compared_reason(reason);
  return verdict;
}

const v1::ClaimColumn* FindColumn(const v1::KindSource& source, const std::string& claim) {
  for (const v1::ClaimColumn& column : source.claims()) {
    if (column.claim() == claim) return &column;
  }
  return nullptr;
}

v1::ClaimVerdict CompareClaim(const KindPlan& plan, const v1::Claim& claim, const Rows& rows,
                              size_t row) {
  const v1::Element* element = FindClaim(plan.kind, claim.code());
  const v1::ClaimColumn* column = FindColumn(plan.source, claim.code());
  if (element == nullptr || column == nullptr) {
    return NotComparedClaim(claim.code(), v1::NOT_COMPARED_REASON_CLAIM_UNKNOWN);
  }
  const Value& held = At(rows, row, column->column());
  if (!held.has_value() || held->empty()) {
    return NotComparedClaim(claim.code(), v1::NOT_COMPARED_REASON_NO_VALUE);
  }
  const sdk::Comparison comparison =
      Compare(element->type(), column->rule(), claim, Meaning(column->codes(), *held));
  v1::ClaimVerdict verdict;
  verdict.set_code(claim.code());
  verdict.set_verdict(ToProto(comparison.verdict));
  verdict.set_match_level(ToProto(comparison.level));
  return verdict;
}

// A row with the verdicts of all claims.
struct Compared {
  SubjectRow row;
  std::vector<v1::ClaimVerdict> verdicts;

  int Count(v1::Verdict verdict) const {
    return static_cast<int>(absl::c_count_if(
        verdicts, [&](const v1::ClaimVerdict& claim) { return claim.verdict() == verdict; }));
  }
  // Less is better.
  std::tuple<int, int, int, int> Rank() const {
    return {Count(v1::VERDICT_MISMATCH), Count(v1::VERDICT_UNCOMPARABLE),
            Count(v1::VERDICT_NOT_COMPARED), Count(v1::VERDICT_VARIANT)};
  }
};

// A difference decides; a claim that was not compared keeps the answer from being a match.
v1::Outcome OutcomeOf(const Compared& compared) {
  const int not_compared = compared.Count(v1::VERDICT_NOT_COMPARED);
  if (compared.Count(v1::VERDICT_MISMATCH) > 0) return v1::OUTCOME_MISMATCH;
  if (not_compared == static_cast<int>(compared.verdicts.size())) return v1::OUTCOME_NOT_COMPARED;
  if (compared.Count(v1::VERDICT_UNCOMPARABLE) > 0 || not_compared > 0 ||
      compared.row.identity == Verdict::kUncomparable) {
    return v1::OUTCOME_UNCOMPARABLE;
  }
  if (compared.Count(v1::VERDICT_VARIANT) > 0 || compared.row.identity == Verdict::kVariant) {
    return v1::OUTCOME_VARIANT;
  }
  return v1::OUTCOME_MATCH;
}

v1::VerificationAnswer Begin(const v1::VerifyDocumentRequest& request, v1::Outcome outcome) {
  v1::VerificationAnswer answer;
  answer.set_request_id(request.request_id());
  answer.set_outcome(outcome);
  answer.set_answered_by(v1::ANSWER_SOURCE_HOLDER);
  return answer;
}

// An answer that rests on the register's data. Whole seconds: no register is exact to less.
v1::VerificationAnswer BeginAsOf(const v1::VerifyDocumentRequest& request, v1::Outcome outcome,
                                 absl::Time as_of) {
  v1::VerificationAnswer answer = Begin(request, outcome);
  answer.mutable_as_of_time()->set_seconds(absl::ToUnixSeconds(as_of));
  return answer;
}

const v1::FieldColumn* FindFieldColumn(const v1::KindSource& source, const std::string& field) {
  for (const v1::FieldColumn& column : source.fields()) {
    if (column.field() == field) return &column;
  }
  return nullptr;
}

// The field's value in this row; nullopt where it has none that may be sent.
std::optional<v1::ReleasedField> Release(const KindPlan& plan, const v1::FieldColumn& column,
                                         const Rows& rows, size_t row) {
  const Value& held = At(rows, row, column.column());
  const v1::Element* element = FindField(plan.kind, column.field());
  if (element == nullptr || !held.has_value() || held->empty()) return std::nullopt;
  v1::ReleasedField field;
  field.set_code(column.field());
  const std::string text = Meaning(column.codes(), *held);
  if (element->type() == v1::VALUE_TYPE_DATE) {
    const absl::StatusOr<ident::EraDate> date = ident::ParseStoredDate(text);
    if (!date.ok()) return std::nullopt;
    *field.mutable_date() = DateTo(*date);
  } else {
    if (ident::CountCodePoints(text) > kReleasedCodePointsMax) return std::nullopt;
    field.set_text(text);
  }
  return field;
}

// Of several rows that agree equally well a field is released only if all of them say the same.
void ReleaseFields(const KindPlan& plan, const v1::VerifyDocumentRequest& request,
                   const v1::QuestionPermit& permit, const Rows& rows,
                   const std::vector<size_t>& meant, v1::VerificationAnswer& answer) {
  std::set<std::string> seen;
  for (const std::string& code : request.requested_fields()) {
    const v1::FieldColumn* column = FindFieldColumn(plan.source, code);
    if (!seen.insert(code).second || column == nullptr ||
        !absl::c_linear_search(permit.released_fields(), code))
      continue;
    const auto same = [&](size_t row) {
      return At(rows, row, column->column()) == At(rows, meant.front(), column->column());
    };
    if (!absl::c_all_of(meant, same)) continue;
    std::optional<v1::ReleasedField> field = Release(plan, *column, rows, meant.front());
    if (field.has_value()) *answer.add_released_fields() = *std::move(field);
  }
}

void SetReference(const KindPlan& plan, const Rows& rows, size_t row,
                  v1::VerificationAnswer& answer) {
  const std::string& column = plan.source.document_reference_column();
  if (column.empty()) return;
  const Value& reference = At(rows, row, column);
  if (reference.has_value() && ident::CountCodePoints(*reference) <= kReferenceCodePointsMax) {
    answer.set_document_reference(*reference);
  }
}

bool AreOnePerson(const KindPlan& plan, const Rows& rows, const std::vector<SubjectRow>& found) {
  const std::string& column = plan.source.subject().person_column();
  return column.empty() || absl::c_all_of(found, [&](const SubjectRow& row) {
           return At(rows, row.index, column) == At(rows, found.front().index, column);
         });
}

HolderAnswer CompareRows(const KindPlan& plan, const v1::VerifyDocumentRequest& request,
                         const v1::QuestionPermit& permit, const Rows& rows,
                         const std::vector<SubjectRow>& found, absl::Time as_of) {
  std::vector<Compared> compared;
  for (const SubjectRow& row : found) {
    Compared& one = compared.emplace_back(Compared{row, {}});
    for (const v1::Claim& claim : request.claims()) {
      one.verdicts.push_back(CompareClaim(plan, claim, rows, row.index));
    }
  }
  const Compared& best = *absl::c_min_element(
      compared, [](const Compared& a, const Compared& b) { return a.Rank() < b.Rank(); });
  std::vector<size_t> meant = {best.row.index};
  for (const Compared& one : compared) {
    if (&one != &best && one.Rank() == best.Rank()) meant.push_back(one.row.index);
  }
  HolderAnswer result{BeginAsOf(request, OutcomeOf(best), as_of), false};
  v1::VerificationAnswer& answer = result.answer;
  if (answer.outcome() == v1::OUTCOME_NOT_COMPARED) {
    return NotCompared(request);
  }
  for (const v1::ClaimVerdict& verdict : best.verdicts) *answer.add_verdicts() = verdict;
  if (answer.outcome() == v1::OUTCOME_MATCH || answer.outcome() == v1::OUTCOME_VARIANT) {
    ReleaseFields(plan, request, permit, rows, meant, answer);
    if (meant.size() == 1) SetReference(plan, rows, best.row.index, answer);
  }
  return result;
}

// The number is that of a row, but the subject's name or birth date is not. Where a claim differs
// too (usually that same name), that is the answer; otherwise there is no document of a person so
// named.
HolderAnswer AnswerContradicted(const KindPlan& plan, const v1::VerifyDocumentRequest& request,
                                const v1::QuestionPermit& permit, const Rows& rows,
                                const std::vector<SubjectRow>& found, absl::Time as_of) {
  if (found.size() == 1) {
    HolderAnswer result = CompareRows(plan, request, permit, rows, found, as_of);
    if (result.answer.outcome() == v1::OUTCOME_MISMATCH) return result;
  }
  return {BeginAsOf(request, v1::OUTCOME_NOT_FOUND, as_of), false};
}

Value BoundAsker(v1::AskerPart part, const v1::VerifyDocumentRequest& request) {
  const v1::Purpose& purpose = request.purpose();
  switch (part) {
    case v1::ASKER_PART_PERSON:
      return purpose.person().id();
    case v1::ASKER_PART_OFFICE:
      return request.acting_for();
    case v1::ASKER_PART_CASE_NUMBER:
      return purpose.case_number();
    case v1::ASKER_PART_PURPOSE:
      return purpose.purpose_code();
    default:  // the file's check refuses it
      return Value();
  }
}

absl::StatusOr<Value> BindValue(const KindPlan& plan, const v1::QueryParameter& parameter,
                                const v1::VerifyDocumentRequest& request, absl::CivilDay today) {
  const v1::Subject& subject = request.subject();
  if (parameter.has_as_of_date()) {
    CHAYAN_ASSIGN_OR_RETURN(const ident::EraDate date, request.has_as_of_date()
                                                           ? DateFrom(request.as_of_date())
                                                           : ident::FromCivilDay(today));
    return BoundDate(date, parameter.date_form());
  }
  if (parameter.has_asker()) return BoundAsker(parameter.asker(), request);
  if (parameter.has_claim()) {
    for (const v1::Claim& claim : request.claims()) {
      if (claim.code() != parameter.claim()) continue;
      CHAYAN_ASSIGN_OR_RETURN(
          std::string bound,
          BoundText(FindClaim(plan.kind, claim.code())->type(), claim, parameter.date_form()));
      return Held(parameter.codes(), std::move(bound));
    }
    return Value();
  }
  switch (parameter.subject()) {
    case v1::SUBJECT_PART_NUMBER:
      return BoundNumber(subject.identifier());
    case v1::SUBJECT_PART_NAME:
      return subject.name().empty() ? Value() : Value(subject.name());
    case v1::SUBJECT_PART_BIRTH_DATE: {
      if (!subject.has_birth_date()) return Value();
      CHAYAN_ASSIGN_OR_RETURN(const ident::EraDate date, DateFrom(subject.birth_date()));
      return BoundDate(date, parameter.date_form());
    }
    default:
      return absl::InvalidArgumentError("a parameter has no source");
  }
}

}  // namespace

absl::Status CheckColumns(const KindPlan& plan, const Rows& rows) {
  const v1::KindSource& source = plan.source;
  std::set<std::string> names = {source.subject().number_column(), source.subject().name_column(),
                                 source.subject().birth_date_column(),
                                 source.subject().person_column(),
                                 source.document_reference_column()};
  for (const v1::ClaimColumn& claim : source.claims()) names.insert(claim.column());
  for (const v1::FieldColumn& field : source.fields()) names.insert(field.column());
  if (source.has_void_when()) names.insert(source.void_when().column());
  if (source.has_restricted_when()) names.insert(source.restricted_when().column());
  std::vector<std::string> missing;
  for (const std::string& name : names) {
    if (!name.empty() && !rows.Column(name).has_value()) missing.push_back(name);
  }
  if (missing.empty()) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("the source of ", plan.kind.code(), " gives no column ",
                                          absl::StrJoin(missing, ", ")));
}

HolderAnswer AnswerFromRows(const KindPlan& plan, const v1::VerifyDocumentRequest& request,
                            const v1::QuestionPermit& permit, const Rows& rows, absl::Time as_of) {
  // The gateway has refused such a question; an adapter does not rely on it.
  if (!absl::c_all_of(request.claims(), [&](const v1::Claim& claim) {
        return absl::c_linear_search(permit.claims(), claim.code());
      })) {
    return NotCompared(request);
  }
  std::vector<SubjectRow> found = FindSubjectRows(plan.source.subject(), request.subject(), rows);
  if (plan.source.has_restricted_when() && absl::c_any_of(found, [&](const SubjectRow& row) {
        return Holds(plan.source.restricted_when(), rows, row.index);
      })) {
    HolderAnswer answer = NotCompared(request);
    answer.restricted = true;
    return answer;
  }
  if (rows.truncated) return NotCompared(request);
  if (!found.empty() && found.front().identity == Verdict::kMismatch) {
    return AnswerContradicted(plan, request, permit, rows, found, as_of);
  }
  if (found.empty()) return {BeginAsOf(request, v1::OUTCOME_NOT_FOUND, as_of), false};
  if (!AreOnePerson(plan, rows, found)) {
    return NotCompared(request);
  }
  if (plan.source.has_void_when()) {
    const auto is_void = [&](const SubjectRow& row) {
      return Holds(plan.source.void_when(), rows, row.index);
    };
    // A document that was replaced stands beside its successor; only if there is none is it void.
    if (absl::c_all_of(found, is_void)) {
      return {BeginAsOf(request, v1::OUTCOME_VOID, as_of), false};
    }
    found.erase(std::remove_if(found.begin(), found.end(), is_void), found.end());
  }
  if (found.size() > 1 && plan.source.several_rows() != v1::SEVERAL_ROWS_BEST) {
    return NotCompared(request);
  }
  return CompareRows(plan, request, permit, rows, found, as_of);
}

HolderAnswer NewAnswer(const v1::VerifyDocumentRequest& request, v1::Outcome outcome) {
  return {Begin(request, outcome), false};
}

HolderAnswer NotCompared(const v1::VerifyDocumentRequest& request) {
  HolderAnswer result{Begin(request, v1::OUTCOME_NOT_COMPARED), false};
  result.answer.set_not_compared_reason(v1::NOT_COMPARED_REASON_ASK_HOLDER);
  return result;
}

HolderAnswer SourceDown(const v1::VerifyDocumentRequest& request, bool forwarded) {
  HolderAnswer result{Begin(request, v1::OUTCOME_SOURCE_DOWN), false};
  result.answer.set_forwarded(forwarded);
  return result;
}

absl::StatusOr<std::vector<Value>> BindValues(const KindPlan& plan,
                                              const std::vector<std::string>& names,
                                              const v1::VerifyDocumentRequest& request,
                                              absl::CivilDay today) {
  std::vector<Value> values;
  for (const std::string& name : names) {
    const auto found = absl::c_find_if(plan.source.parameters(),
                                       [&](const auto& one) { return one.name() == name; });
    CHAYAN_CHECK(found != plan.source.parameters().end());
    CHAYAN_ASSIGN_OR_RETURN(Value value, BindValue(plan, *found, request, today));
    // Some drivers end a text there, others refuse it: never let one see it.
    if (value.has_value() && absl::StrContains(*value, '\0')) {
      return absl::InvalidArgumentError(absl::StrCat(name, " holds a zero byte"));
    }
    values.push_back(std::move(value));
  }
  return values;
}

bool CanAnswerFor(const KindPlan& plan, const v1::VerifyDocumentRequest& request,
                  absl::CivilDay today) {
  if (!request.has_as_of_date() ||
      absl::c_any_of(plan.source.parameters(),
                     [](const auto& parameter) { return parameter.has_as_of_date(); })) {
    return true;
  }
  const absl::StatusOr<ident::EraDate> date = DateFrom(request.as_of_date());
  return date.ok() && ident::IsComplete(*date) && ident::ToCivilDay(*date) == today;
}

absl::StatusOr<absl::Time> ParseAsOf(absl::string_view text) {
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return time;
  CHAYAN_ASSIGN_OR_RETURN(const ident::EraDate date, ident::ParseIso(text));
  if (!ident::IsComplete(date)) return absl::InvalidArgumentError("is no whole date");
  return absl::FromCivil(ident::ToCivilDay(date), TaipeiTimeZone());
}

}  // namespace chayan::connector
