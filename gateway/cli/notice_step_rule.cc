#include "gateway/cli/notice_step_rule.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gateway/cli/decide_notice_again.h"

namespace chayan::cli {

using log::EntryType;
using log::Key;

std::optional<Lie> NoticeStepRule::Check(const AuditedEntry& entry) {
  if (!entry.leaf.known_type.has_value()) return std::nullopt;
  switch (*entry.leaf.known_type) {
    case EntryType::kGenesis:
    case EntryType::kRegistry:
      if (const registry::Snapshot* const set = sets_.Of(entry)) TakeSubscriptions(*set);
      break;
    case EntryType::kNotice:
      TakeNotice(entry.index);
      break;
    case EntryType::kBulk:
      IsAboutNotice(entry.leaf) ? TakeNotice(entry.index) : CheckWord(entry);
      break;
    case EntryType::kDelivery:
    case EntryType::kAcknowledgement:
      CheckStep(entry);
      break;
    default:
      break;
  }
  return std::nullopt;
}

void NoticeStepRule::TakeSubscriptions(const registry::Snapshot& set) {
  for (const v1::NoticeKind* kind : set.notice_kinds()) {
    for (const v1::Subscription* one : set.Subscriptions(kind->code())) {
      subscriptions_.emplace(kind->code(), one->recipient());
      if (one->has_schedule()) scheduled_.emplace(kind->code(), one->recipient());
    }
  }
}

void NoticeStepRule::TakeNotice(uint64_t index) {
  notices_.resize(index + 1);
  notices_[index] = true;
}

void NoticeStepRule::CheckStep(const AuditedEntry& entry) {
  const log::LeafView& leaf = entry.leaf;
  const std::pair<std::string, std::string> whose(leaf.Get(Key::kKind), leaf.Get(Key::kHolder));
  const std::string none =
      absl::StrCat("no set until then had one of ", whose.first, " for ", whose.second);
  if (leaf.Get(Key::kOutcome) == "NONE") {
    if (!scheduled_.contains(whose)) {
      Add(entry, "says that a period had no notice, and there is no schedule", none);
    }
    return;
  }
  if (!subscriptions_.contains(whose)) {
    Add(entry, "is of a delivery that no subscription asked for", none);
  }
  uint64_t ref = 0;
  const bool names = absl::SimpleAtoi(leaf.Get(Key::kRef), &ref);
  if (!names || ref >= notices_.size() || !notices_[ref]) {
    Add(entry, "is a step of no notice",
        names ? absl::StrCat(At(ref), ", which it names, accepted none") : "it names no entry");
  }
  const bool is_word =
      leaf.known_type == EntryType::kAcknowledgement || leaf.Get(Key::kBy) == "holder";
  if (is_word) CheckWord(entry);
}

// What the log says that the recipient said.
void NoticeStepRule::CheckWord(const AuditedEntry& entry) {
  const log::LeafView& leaf = entry.leaf;
  if (leaf.Get(Key::kMember) != leaf.Get(Key::kHolder)) {
    Add(entry, "is a recipient's word that somebody else said",
        absl::StrCat(leaf.Get(Key::kHolder), "'s, by ", leaf.Get(Key::kMember)));
  }
  if (leaf.Get(Key::kMethod) == "Connect" && leaf.Get(Key::kHsig).empty()) {
    Add(entry, "is a recipient's word that it did not sign",
        absl::StrCat("it came over a link of ", leaf.Get(Key::kHolder), " and has no hsig"));
  }
}

void NoticeStepRule::Add(const AuditedEntry& entry, absl::string_view what, std::string how) {
  findings_.Add({entry.index, absl::StrCat(At(entry.index), " ", what), std::move(how)});
}

}  // namespace chayan::cli
