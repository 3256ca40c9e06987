#include "gateway/cli/grant_lives.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gateway/base/clock.h"

namespace chayan::cli {
namespace {

using log::Key;

// "2026-01-15"
constexpr size_t kDayLength = 10;
// A gateway counts in days of Taipei, and decides some minutes before it records.
constexpr absl::Duration kSlack = absl::Hours(48);

// InfinitePast when it is none: the rule of times says so.
absl::Time TimeOf(const log::LeafView& leaf) {
  absl::Time time;
  return absl::ParseTime(absl::RFC3339_full, leaf.timestamp, &time, nullptr) ? time
                                                                             : absl::InfinitePast();
}

}  // namespace

void GrantLives::Begin(const registry::Snapshot& set, const log::LeafView& leaf) {
  const absl::Time time = TimeOf(leaf);
  for (const registry::Grant* const grant : set.grants()) {
    Life& life =
        lives_.try_emplace(grant->proto->id(), Life{.begin = time, .used = time, .day = {}})
            .first->second;
    life.lapse_days = grant->lapse_days;
    life.is_undated = grant->is_undated();
  }
}

std::string GrantLives::Use(const log::LeafView& leaf) {
  const auto found = lives_.find(leaf.Get(Key::kGrant));
  if (found == lives_.end()) return {};
  Life& life = found->second;
  const absl::string_view day = leaf.timestamp.substr(0, kDayLength);
  if (absl::string_view(life.day) == day) return {};
  life.day = std::string(day);
  const absl::Time time = TimeOf(leaf);
  const absl::Time before = std::max(life.begin, life.used);
  life.used = time;
  if (time - before > absl::Hours(24) * life.lapse_days + kSlack) {
    return absl::StrCat("the grant was not used since ", FormatTimestamp(before),
                        " and lapses after ", life.lapse_days, " days");
  }
  if (life.is_undated && time > registry::EndOfTerm(life.begin) + kSlack) {
    return absl::StrCat("the grant has no dates and was first in force at ",
                        FormatTimestamp(life.begin), ", more than ", registry::kGrantTermYears,
                        " years before");
  }
  return {};
}

}  // namespace chayan::cli
