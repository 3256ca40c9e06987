#include "gateway/report/statistics.h"

#include <utility>

#include "gateway/base/clock.h"

namespace chayan::report {
namespace {

using log::Key;

// "2026-01-15T08" of a timestamp.
constexpr size_t kHourLength = 13;
// For what an entry does not say: a refused call may have named nothing.
constexpr absl::string_view kNone = "-";

bool OneOf(absl::string_view value, std::initializer_list<absl::string_view> values) {
  for (const absl::string_view one : values) {
    if (value == one) return true;
  }
  return false;
}

void Sum(Count& sum, const Count& one) {
  sum.questions += one.questions;
  sum.answered += one.answered;
  sum.denied += one.denied;
  sum.failed += one.failed;
  sum.sheets_avoided += one.sheets_avoided;
}

template <typename Map>
auto& At(Map& map, absl::string_view code) {
  const absl::string_view name = code.empty() ? kNone : code;
  const auto found = map.find(std::string_view(name.data(), name.size()));
  return found != map.end() ? found->second : map[std::string(name)];
}

}  // namespace

Statistics::Statistics(const Period& period, RegistrySets sets)
    : period_(period),
      begin_(period.begin_timestamp()),
      end_(period.end_timestamp()),
      sets_(std::move(sets)) {}

void Statistics::Add(const log::LeafView& leaf) {
  if (leaf.timestamp < absl::string_view(begin_) || leaf.timestamp >= absl::string_view(end_)) {
    return;
  }
  ++entries_;
  ++At(types_, leaf.type);
  const bool counts = leaf.known_type == log::EntryType::kVerification ||
                      leaf.known_type == log::EntryType::kDenied ||
                      leaf.known_type == log::EntryType::kFailed;
  if (!counts) return;
  FollowSet(leaf.Get(Key::kRegistry));
  const Count one = CountOf(leaf);
  if (leaf.known_type == log::EntryType::kVerification) ++At(outcomes_, leaf.Get(Key::kOutcome));
  if (leaf.known_type == log::EntryType::kDenied) ++At(denials_, leaf.Get(Key::kReason));
  Sum(total_, one);
  Sum(by_month_[MonthOf(leaf.timestamp)], one);
  Sum(At(by_kind_, leaf.Get(Key::kKind)), one);
  Sum(At(by_office_, leaf.Get(Key::kFor)), one);
  Sum(At(by_member_, leaf.Get(Key::kMember)), one);
  Sum(At(by_person_proof_, leaf.Get(Key::kPersonProof)), one);
  const auto named = [&](Key key) {
    const absl::string_view code = leaf.Get(key);
    return std::string(code.empty() ? kNone : code);
  };
  Sum(by_kind_and_office_[{named(Key::kKind), named(Key::kFor)}], one);
}

Count Statistics::CountOf(const log::LeafView& leaf) {
  Count one;
  if (leaf.known_type == log::EntryType::kDenied) {
    one.denied = 1;
    return one;
  }
  if (leaf.known_type == log::EntryType::kFailed) {
    one.failed = 1;
    return one;
  }
  one.questions = leaf.Get(Key::kRef).empty() ? 1 : 0;
  if (leaf.Get(Key::kBy) != "holder") return one;
  const absl::string_view outcome = leaf.Get(Key::kOutcome);
  if (OneOf(outcome, {"MATCH", "VARIANT", "MISMATCH", "NOT_FOUND", "VOID"})) one.answered = 1;
  if (!OneOf(outcome, {"MATCH", "VARIANT"}) || set_ == nullptr) return one;
  const registry::Kind* const kind = set_->FindKind(leaf.Get(Key::kKind));
  if (kind != nullptr) one.sheets_avoided = kind->proto->replaces_sheets();
  return one;
}

void Statistics::FollowSet(absl::string_view digest) {
  if (digest.empty() || digest == absl::string_view(set_digest_)) return;
  set_digest_ = std::string(digest);
  set_ = sets_(digest);
}

absl::CivilMonth Statistics::MonthOf(absl::string_view timestamp) {
  const absl::string_view hour = timestamp.substr(0, kHourLength);
  if (hour != absl::string_view(hour_)) {
    hour_ = std::string(hour);
    month_ = absl::ToCivilMonth(TimeOfEntry(timestamp), TaipeiTimeZone());
  }
  return month_;
}

}  // namespace chayan::report
