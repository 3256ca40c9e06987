#include "gateway/cli/decide_again.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "gateway/base/clock.h"

namespace chayan::cli {
namespace {

using log::Key;

// A holder may take two minutes; the rest is ours.
constexpr absl::Duration kDecisionTimeMax = absl::Minutes(3);
constexpr int kMinutesADay = 24 * 60;

template <typename Strings>
bool Contains(const Strings& values, absl::string_view value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

std::string Listed(absl::string_view what,
                   const google::protobuf::RepeatedPtrField<std::string>& values) {
  return values.empty() ? absl::StrCat(what, ": all")
                        : absl::StrCat(what, ": ", absl::StrJoin(values, ", "));
}

std::string HoursText(const registry::Grant& grant) {
  return absl::StrFormat("%02d:%02d–%02d:%02d in Taiwan", grant.from_minute / 60,
                         grant.from_minute % 60, grant.to_minute / 60, grant.to_minute % 60);
}

bool IsWithinHours(const registry::Grant& grant, absl::Time time) {
  const absl::CivilMinute local = absl::ToCivilMinute(time, TaipeiTimeZone());
  const int minute = local.hour() * 60 + local.minute();
  return minute >= grant.from_minute && minute < grant.to_minute;
}

// A leaf before a set.
class Decider {
 public:
  Decider(const log::LeafView& leaf, const registry::Snapshot& set) : leaf_(leaf), set_(set) {}

  DecidedAgain Decide() && {
    DecideCaller();
    DecideKind();
    DecideGrant();
    return std::move(decided_);
  }

 private:
  bool Step(DecisionStep step, bool holds, std::string detail) {
    decided_.steps.push_back({step, holds, std::move(detail)});
    return holds;
  }

  void DecideCaller() {
    const absl::string_view member = leaf_.Get(Key::kMember);
    const v1::System* const system = set_.FindSystem(member, leaf_.Get(Key::kSystem));
    if (system == nullptr) {
      Step(DecisionStep::kSystem, false, "the set has no such member and system");
      return;
    }
    Step(DecisionStep::kSystem, system->role() == v1::ROLE_HOUSEHOLD,
         absl::StrCat("its role is ", v1::Role_Name(system->role())));
    const absl::string_view office = leaf_.Get(Key::kFor);
    if (office.empty()) return;
    Step(DecisionStep::kOffice, Contains(system->acting_for(), office),
         Listed("the system acts for", system->acting_for()));
  }

  void DecideKind() {
    const absl::string_view code = leaf_.Get(Key::kKind);
    if (code.empty()) return;
    const registry::Kind* const kind = set_.FindKind(code);
    if (!Step(DecisionStep::kKind, kind != nullptr,
              kind != nullptr ? "it is in the catalogue" : "the set has no such kind")) {
      return;
    }
    const bool required = kind->proto->person_assertion_required();
    person_proof_ = {DecisionStep::kPersonProof,
                     !required || leaf_.Get(Key::kPersonProof) == "member",
                     required ? "the kind asks for the person's assertion"
                              : "the kind does not ask for the person's assertion"};
    const absl::string_view holder = leaf_.Get(Key::kHolder);
    if (holder.empty()) return;
    const std::vector<std::string> holders = set_.Holders(code);
    holder_ = {DecisionStep::kHolder, Contains(holders, holder),
               absl::StrCat("the kind is held by ", absl::StrJoin(holders, ", "))};
  }

  void DecideGrant() {
    const std::vector<registry::Grant>& grants =
        set_.Grants(leaf_.Get(Key::kMember), leaf_.Get(Key::kKind));
    const absl::string_view id = leaf_.Get(Key::kGrant);
    size_t furthest = 0;
    std::vector<DecidedStep> best;
    for (const registry::Grant& grant : grants) {
      if (!id.empty() && grant.proto->id() != id) continue;
      std::vector<DecidedStep> steps = StepsOf(grant);
      const auto fault = std::find_if(steps.begin(), steps.end(),
                                      [](const DecidedStep& step) { return !step.holds; });
      const auto reach = static_cast<size_t>(fault - steps.begin());
      if (decided_.grant != nullptr && reach <= furthest) continue;
      furthest = reach;
      best = std::move(steps);
      decided_.grant = &grant;
    }
    Step(DecisionStep::kGrant, decided_.grant != nullptr,
         decided_.grant != nullptr ? absl::StrCat("grant ", decided_.grant->proto->id())
         : id.empty()              ? "the member has no grant for this kind"
                                   : "the named grant is not the member's for this kind");
    decided_.steps.insert(decided_.steps.end(), best.begin(), best.end());
    if (decided_.grant == nullptr) return;
    if (person_proof_.has_value()) decided_.steps.push_back(*person_proof_);
    if (holder_.has_value()) decided_.steps.push_back(*holder_);
  }

  std::vector<DecidedStep> StepsOf(const registry::Grant& grant) const {
    const v1::Grant& proto = *grant.proto;
    const bool covers =
        (proto.systems().empty() || Contains(proto.systems(), leaf_.Get(Key::kSystem))) &&
        (proto.acting_for().empty() || Contains(proto.acting_for(), leaf_.Get(Key::kFor)));
    std::vector<DecidedStep> steps = {{DecisionStep::kGrantCovers, covers,
                                       absl::StrCat(Listed("systems", proto.systems()), "; ",
                                                    Listed("offices", proto.acting_for()))}};
    const absl::string_view purpose = leaf_.Get(Key::kPurpose);
    const absl::string_view basis = leaf_.Get(Key::kBasis);
    if (!purpose.empty()) {
      steps.push_back({DecisionStep::kPurpose, Contains(proto.purposes(), purpose),
                       Listed("granted purposes", proto.purposes())});
    }
    if (!basis.empty()) {
      steps.push_back({DecisionStep::kLegalBasis, Contains(proto.legal_bases(), basis),
                       Listed("granted legal bases", proto.legal_bases())});
    }
    return steps;
  }

  const log::LeafView& leaf_;
  const registry::Snapshot& set_;
  DecidedAgain decided_;
  std::optional<DecidedStep> person_proof_;
  std::optional<DecidedStep> holder_;
};

}  // namespace

absl::string_view StepName(DecisionStep step) {
  switch (step) {
    case DecisionStep::kSystem:
      return "system";
    case DecisionStep::kOffice:
      return "office";
    case DecisionStep::kKind:
      return "kind";
    case DecisionStep::kGrant:
      return "grant";
    case DecisionStep::kGrantCovers:
      return "grant_covers";
    case DecisionStep::kPurpose:
      return "purpose";
    case DecisionStep::kLegalBasis:
      return "legal_basis";
    case DecisionStep::kPersonProof:
      return "person_proof";
    case DecisionStep::kHolder:
      return "holder";
    case DecisionStep::kInForce:
      return "in_force";
    case DecisionStep::kHours:
      return "hours";
  }
  return "unknown";
}

const DecidedStep* DecidedAgain::fault() const {
  for (const DecidedStep& step : steps) {
    if (!step.holds) return &step;
  }
  return nullptr;
}

DecidedAgain DecideCodes(const log::LeafView& leaf, const registry::Snapshot& set) {
  return Decider(leaf, set).Decide();
}

std::vector<DecidedStep> DecideTime(const registry::Grant& grant, absl::Time recorded) {
  const absl::Time begun = recorded - kDecisionTimeMax;
  const v1::Grant& proto = *grant.proto;
  const auto bound = [](const std::string& time) { return time.empty() ? "open" : time; };
  return {{DecisionStep::kInForce, recorded >= grant.not_before && begun <= grant.not_after,
           absl::StrCat("granted from ", bound(proto.not_before_time()), " to ",
                        bound(proto.not_after_time()))},
          {DecisionStep::kHours, IsWithinHours(grant, recorded) || IsWithinHours(grant, begun),
           absl::StrCat("granted hours ", HoursText(grant))}};
}

bool IsAlwaysOpen(const registry::Grant& grant) {
  return grant.not_before == absl::InfinitePast() && grant.not_after == absl::InfiniteFuture() &&
         grant.from_minute == 0 && grant.to_minute == kMinutesADay;
}

}  // namespace chayan::cli
