#include "gateway/cli/conduct_rule.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace chayan::cli {
namespace {

using log::EntryType;
using log::Key;

// Offices times kinds times purposes in use, and certificates renewed; beyond it, begin anew.
constexpr size_t kJudgementsMax = 1 << 18;

Finding NotAllowed(const AuditedEntry& entry, absl::string_view step, absl::string_view how) {
  return {entry.index, absl::StrCat(At(entry.index), " was answered though no grant allowed it"),
          absl::StrCat(step, ": ", how)};
}

}  // namespace

std::optional<Lie> ConductRule::Check(const AuditedEntry& entry) {
  const log::LeafView& leaf = entry.leaf;
  const bool puts_in_force =
      leaf.known_type == EntryType::kGenesis || leaf.known_type == EntryType::kRegistry;
  if (puts_in_force) {
    if (const registry::Snapshot* const set = sets_.Of(entry)) lives_.Begin(*set, leaf);
    return std::nullopt;
  }
  const bool asks =
      leaf.known_type == EntryType::kVerification || leaf.known_type == EntryType::kForward;
  if (!asks) return std::nullopt;
  CheckQuestion(entry);
  if (leaf.Get(Key::kBy) == "holder" && leaf.Get(Key::kHsig).empty()) {
    findings_.Add({entry.index,
                   absl::StrCat(At(entry.index),
                                " is an answer in a holder's name that no holder "
                                "signed"),
                   absl::StrCat("it names ", leaf.Get(Key::kHolder), " and has no hsig")});
  }
  return std::nullopt;
}

void ConductRule::CheckQuestion(const AuditedEntry& entry) {
  const absl::string_view digest = entry.leaf.Get(Key::kRegistry);
  if (digest.empty()) {
    findings_.Add(NotAllowed(entry, "registry", "it names no registry set that decided"));
    return;
  }
  const Judgement& judgement = JudgementOf(entry);
  if (!judgement.fault.empty()) {
    findings_.Add(NotAllowed(entry, judgement.fault, judgement.how));
    return;
  }
  if (const std::string ended = lives_.Use(entry.leaf); !ended.empty()) {
    findings_.Add(NotAllowed(entry, "grant_life", ended));
  }
  if (judgement.times.grant == nullptr) return;
  absl::Time time;
  if (!absl::ParseTime(absl::RFC3339_full, entry.leaf.timestamp, &time, nullptr)) return;
  for (const DecidedStep& step : DecideTime(judgement.times, time)) {
    if (!step.holds) findings_.Add(NotAllowed(entry, StepName(step.step), step.detail));
  }
}

const ConductRule::Judgement& ConductRule::JudgementOf(const AuditedEntry& entry) {
  const log::LeafView& leaf = entry.leaf;
  // Type, caller, kind, holder, purpose, basis, proof, grant and set stand side by side.
  const char* const begin = leaf.type.data();
  const absl::string_view digest = leaf.Get(Key::kRegistry);
  const absl::string_view codes(begin, static_cast<size_t>(digest.data() + digest.size() - begin));
  const auto known = judgements_.find(codes);
  if (known != judgements_.end()) return known->second;
  if (judgements_.size() >= kJudgementsMax) judgements_.clear();
  Judgement judgement;
  // Without a set there is a finding already.
  const registry::Snapshot* const set = sets_.Of(entry);
  DecidedAgain decided = set == nullptr ? DecidedAgain() : DecideCodes(leaf, *set);
  if (const DecidedStep* const fault = decided.fault(); fault != nullptr) {
    judgement.fault = std::string(StepName(fault->step));
    judgement.how = fault->detail;
  } else if (set != nullptr && !decided.times.AreOpen()) {
    judgement.times = std::move(decided.times);
  }
  return judgements_.emplace(codes, std::move(judgement)).first->second;
}

}  // namespace chayan::cli
