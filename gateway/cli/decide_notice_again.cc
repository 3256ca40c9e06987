#include "gateway/cli/decide_notice_again.h"

#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"

namespace chayan::cli {
namespace {

using log::EntryType;
using log::Key;

DecidedStep System(const v1::System* system) {
  if (system == nullptr) {
    return {DecisionStep::kSystem, false, "the set has no such member and system"};
  }
  const bool may = system->role() == v1::ROLE_HOUSEHOLD || system->role() == v1::ROLE_PUBLISHER;
  return {DecisionStep::kSystem, may, absl::StrCat("its role is ", v1::Role_Name(system->role()))};
}

std::vector<DecidedStep> StepsOf(const registry::NoticeGrant& grant, const log::LeafView& leaf,
                                 absl::Time recorded) {
  const v1::NoticeGrant& proto = *grant.proto;
  const bool covers =
      (proto.systems().empty() || absl::c_linear_search(proto.systems(), leaf.Get(Key::kSystem))) &&
      (proto.acting_for().empty() ||
       absl::c_linear_search(proto.acting_for(), leaf.Get(Key::kFor)));
  std::vector<DecidedStep> steps = {{DecisionStep::kGrantCovers, covers,
                                     absl::StrCat(Listed("systems", proto.systems()), "; ",
                                                  Listed("offices", proto.acting_for()))}};
  if (leaf.known_type == EntryType::kBulk) {
    steps.push_back({DecisionStep::kGrantCovers, proto.bulk_allowed(),
                     proto.bulk_allowed() ? "notices in bulk" : "no notices in bulk"});
  }
  if (!leaf.Get(Key::kBasis).empty()) {
    steps.push_back({DecisionStep::kLegalBasis,
                     absl::c_linear_search(proto.legal_bases(), leaf.Get(Key::kBasis)),
                     Listed("granted legal bases", proto.legal_bases())});
  }
  steps.push_back(DecideInForce(grant.not_before, grant.not_after, recorded));
  return steps;
}

size_t Reach(const std::vector<DecidedStep>& steps) {
  return static_cast<size_t>(
      absl::c_find_if(steps, [](const DecidedStep& step) { return !step.holds; }) - steps.begin());
}

}  // namespace

bool IsAboutNotice(const log::LeafView& leaf) {
  if (leaf.known_type == EntryType::kNotice) return true;
  const absl::string_view method = leaf.Get(Key::kMethod);
  // The other frames are of what recipients said.
  if (leaf.known_type == EntryType::kBulk) return method == "PublishNotices";
  return leaf.known_type == EntryType::kDenied &&
         (method == "PublishNotice" || method == "PublishNotices" || method == "SupersedeNotice" ||
          method == "ReverseNotice");
}

DecidedAgain DecideNoticeAgain(const log::LeafView& leaf, const registry::Snapshot& set,
                               absl::Time recorded) {
  DecidedAgain decided;
  const absl::string_view member = leaf.Get(Key::kMember);
  const v1::System* const system = set.FindSystem(member, leaf.Get(Key::kSystem));
  decided.steps.push_back(System(system));
  if (system != nullptr && !leaf.Get(Key::kFor).empty()) {
    decided.steps.push_back({DecisionStep::kOffice,
                             absl::c_linear_search(system->acting_for(), leaf.Get(Key::kFor)),
                             Listed("the system acts for", system->acting_for())});
  }
  const absl::string_view kind = leaf.Get(Key::kKind);
  if (kind.empty()) return decided;
  const bool is_known = set.FindNoticeKind(kind) != nullptr;
  decided.steps.push_back({DecisionStep::kKind, is_known,
                           is_known ? "it is in the catalogue" : "the set has no such kind"});
  const absl::string_view id = leaf.Get(Key::kGrant);
  const registry::NoticeGrant* found = nullptr;
  std::vector<DecidedStep> best;
  for (const registry::NoticeGrant& grant : set.NoticeGrants(member, kind)) {
    if (!id.empty() && id != absl::string_view(grant.proto->id())) continue;
    std::vector<DecidedStep> steps = StepsOf(grant, leaf, recorded);
    if (found != nullptr && Reach(steps) <= Reach(best)) continue;
    best = std::move(steps);
    found = &grant;
  }
  decided.steps.push_back({DecisionStep::kGrant, found != nullptr,
                           found != nullptr ? absl::StrCat("grant ", found->proto->id())
                           : id.empty()     ? "the member has no grant for this kind"
                                            : "the named grant is not the member's for this kind"});
  decided.steps.insert(decided.steps.end(), best.begin(), best.end());
  return decided;
}

}  // namespace chayan::cli
