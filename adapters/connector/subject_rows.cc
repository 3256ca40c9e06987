#include "adapters/connector/subject_rows.h"

#include <algorithm>
#include <optional>

#include "adapters/connector/compare.h"
#include "adapters/sdk/match_date.h"
#include "adapters/sdk/match_name.h"

namespace chayan::connector {
namespace {

using sdk::Verdict;

// A value of the row; nullptr if the column is not configured, NULL or empty.
const std::string* Held(const Rows& rows, size_t row, const std::string& column) {
  if (column.empty()) return nullptr;
  const std::optional<size_t> index = rows.Column(column);
  if (!index.has_value()) return nullptr;
  const Value& value = rows.rows[row][*index];
  return value.has_value() && !value->empty() ? &*value : nullptr;
}

// What name and birth date say together; nullopt if neither can say anything.
std::optional<Verdict> CompareDetails(const v1::SubjectColumns& columns, const v1::Subject& subject,
                                      const Rows& rows, size_t row) {
  std::vector<Verdict> verdicts;
  const std::string* name = Held(rows, row, columns.name_column());
  if (name != nullptr && !subject.name().empty()) {
    verdicts.push_back(sdk::MatchName(subject.name(), *name).verdict);
  }
  const std::string* birth_date = Held(rows, row, columns.birth_date_column());
  if (birth_date != nullptr && subject.has_birth_date()) {
    const absl::StatusOr<ident::EraDate> date = DateFrom(subject.birth_date());
    verdicts.push_back(date.ok() ? sdk::MatchDate(*date, *birth_date).verdict
                                 : Verdict::kUncomparable);
  }
  const auto says = [&](Verdict verdict) {
    return std::find(verdicts.begin(), verdicts.end(), verdict) != verdicts.end();
  };
  if (verdicts.empty()) return std::nullopt;
  // One that differs decides; else one that agrees is enough beside the number.
  for (const Verdict verdict : {Verdict::kMismatch, Verdict::kMatch, Verdict::kVariant}) {
    if (says(verdict)) return verdict;
  }
  return Verdict::kUncomparable;
}

}  // namespace

std::vector<SubjectRow> FindSubjectRows(const v1::SubjectColumns& columns,
                                        const v1::Subject& subject, const Rows& rows) {
  std::vector<SubjectRow> sure;
  std::vector<SubjectRow> likely;
  std::vector<SubjectRow> contradicted;
  for (size_t row = 0; row < rows.rows.size(); ++row) {
    const std::string* held = Held(rows, row, columns.number_column());
    const Verdict number = held == nullptr ? Verdict::kUncomparable
                                           : CompareNumber(subject.identifier(), *held).verdict;
    const std::optional<Verdict> details = CompareDetails(columns, subject, rows, row);
    if (number == Verdict::kMismatch) continue;
    if (details == Verdict::kMismatch) {
      if (number == Verdict::kMatch) contradicted.push_back({row, Verdict::kMismatch});
    } else if (number == Verdict::kMatch) {
      sure.push_back({row, details.value_or(Verdict::kMatch)});
    } else if (details == Verdict::kMatch || details == Verdict::kVariant) {
      likely.push_back({row, Verdict::kUncomparable});
    }
  }
  if (!sure.empty()) return sure;
  return likely.empty() ? contradicted : likely;
}

}  // namespace chayan::connector
