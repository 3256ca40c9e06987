#include "gateway/cli/notice_right_rule.h"

#include "absl/strings/str_cat.h"
#include "gateway/cli/decide_notice_again.h"

namespace chayan::cli {

std::optional<Lie> NoticeRightRule::Check(const AuditedEntry& entry) {
  const log::LeafView& leaf = entry.leaf;
  if (leaf.known_type == log::EntryType::kDenied || !IsAboutNotice(leaf)) return std::nullopt;
  const registry::Snapshot* const set = sets_.Of(entry);
  if (set == nullptr) return std::nullopt;  // a finding already
  absl::Time time;
  if (!absl::ParseTime(absl::RFC3339_full, leaf.timestamp, &time, nullptr)) return std::nullopt;
  const DecidedAgain decided = DecideNoticeAgain(leaf, *set, time);
  if (const DecidedStep* const fault = decided.fault(); fault != nullptr) {
    findings_.Add({entry.index,
                   absl::StrCat(At(entry.index), " was published though no grant allowed it"),
                   absl::StrCat(StepName(fault->step), ": ", fault->detail)});
  }
  return std::nullopt;
}

}  // namespace chayan::cli
