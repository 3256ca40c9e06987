#include "gateway/cli/cosigned_time_rule.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gateway/base/clock.h"

namespace chayan::cli {
namespace {

// Clocks of gateway and witness, and the seconds for which a published checkpoint is open: it gives
// way to a newer one after five, whether its quorum came or not.
constexpr absl::Duration kApartMax = absl::Minutes(2);

}  // namespace

CosignedTimeRule::CosignedTimeRule(const std::vector<tlog::CheckpointStanding>& kept,
                                   const tlog::CheckpointStanding& exported, Findings& findings)
    : findings_(findings) {
  std::map<uint64_t, tlog::WitnessStatement> first;
  const auto add = [&first](const tlog::CheckpointStanding& standing) {
    for (const tlog::WitnessStatement& statement : standing.witnesses) {
      const auto [at, is_new] = first.emplace(standing.checkpoint.head.size, statement);
      if (!is_new && statement.posix_seconds < at->second.posix_seconds) at->second = statement;
    }
  };
  for (const tlog::CheckpointStanding& standing : kept) add(standing);
  add(exported);
  for (const auto& [size, statement] : first) {
    const absl::Time time = absl::FromUnixSeconds(static_cast<int64_t>(statement.posix_seconds));
    bounds_.push_back(
        {size,
         absl::StrCat(statement.name, " cosigned ", size, " entries at ", FormatTimestamp(time)),
         FormatTimestamp(time - kApartMax), FormatTimestamp(time + kApartMax)});
  }
  strictest_.resize(bounds_.size());
  for (size_t i = bounds_.size(); i-- > 0;) {
    const bool is_last = i + 1 == bounds_.size();
    const bool other =
        !is_last && bounds_[strictest_[i + 1]].latest_before < bounds_[i].latest_before;
    strictest_[i] = other ? strictest_[i + 1] : i;
  }
}

std::optional<Lie> CosignedTimeRule::Check(const AuditedEntry& entry) {
  for (; next_ < bounds_.size() && bounds_[next_].size <= entry.index; ++next_) {
    if (!behind_.has_value() ||
        bounds_[*behind_].earliest_behind < bounds_[next_].earliest_behind) {
      behind_ = next_;
    }
  }
  const absl::string_view time = entry.leaf.timestamp;
  const auto how = [&](const Bound& bound) {
    return absl::StrCat(bound.source, "; it says ", time);
  };
  if (behind_.has_value() && time < absl::string_view(bounds_[*behind_].earliest_behind)) {
    findings_.Add({entry.index,
                   absl::StrCat(At(entry.index),
                                " says it is older than a checkpoint that did not hold it yet"),
                   how(bounds_[*behind_])});
  }
  if (next_ == bounds_.size()) return std::nullopt;
  const Bound& before = bounds_[strictest_[next_]];
  if (absl::string_view(before.latest_before) < time) {
    findings_.Add(
        {entry.index,
         absl::StrCat(At(entry.index), " says it is newer than a checkpoint that covers it"),
         how(before)});
  }
  return std::nullopt;
}

}  // namespace chayan::cli
