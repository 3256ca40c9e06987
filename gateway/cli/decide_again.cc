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

template <typename Strings>
bool Contains(const Strings& values, absl::string_view value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

std::string HoursText(const registry::DayHours& hours) {
  return absl::StrFormat("%02d:%02d–%02d:%02d in Taiwan%s", hours.from_minute / 60,
                         hours.from_minute % 60, hours.to_minute / 60, hours.to_minute % 60,
                         hours.workdays_only ? ", on workdays" : "");
}

// A decision may have begun a few minutes before it was recorded.
bool ContainDecision(const registry::DayHours& hours, absl::Time recorded,
                     const registry::Calendar& calendar) {
  const auto contain = [&](absl::Time time) {
    return hours.Contain(absl::ToCivilMinute(time, TaipeiTimeZone()), calendar);
  };
  return contain(recorded) || contain(recorded - kDecisionTimeMax);
}

// A leaf before a set.
class Decider {
 public:
  // `anew`: decide at this time, by any grant.
  Decider(const log::LeafView& leaf, const registry::Snapshot& set, std::optional<absl::Time> anew)
      : leaf_(leaf), set_(set), anew_(anew) {}

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
    DecideDemands(*kind);
    const absl::string_view holder = leaf_.Get(Key::kHolder);
    if (holder.empty()) return;
    const std::vector<std::string> holders = set_.Holders(code);
    holder_ = {DecisionStep::kHolder, Contains(holders, holder),
               absl::StrCat("the kind is held by ", absl::StrJoin(holders, ", "))};
  }

  // What kind and county demand beside a grant. Roles and fields lie sealed.
  void DecideDemands(const registry::Kind& kind) {
    bool barred = false;
    bool assertion = kind.proto->person_assertion_required();
    bool approval = kind.proto->approval_required();
    std::vector<absl::string_view> ids;
    for (const registry::CountyRule& rule : set_.CountyRules(leaf_.Get(Key::kFor))) {
      if (!rule.IsAbout(kind.proto->code())) continue;
      ids.push_back(rule.proto->id());
      barred |= rule.proto->barred();
      assertion |= rule.proto->person_assertion_required();
      approval |= rule.proto->approval_required();
      if (!rule.hours.IsAlways()) decided_.times.county.push_back(&rule);
    }
    const absl::string_view proof = leaf_.Get(Key::kPersonProof);
    const bool approved = proof == "approved";
    demands_.push_back({DecisionStep::kCounty, !barred,
                        ids.empty() ? "no rule of the office's county is about it"
                                    : absl::StrCat("county rules: ", absl::StrJoin(ids, ", "))});
    demands_.push_back({DecisionStep::kPersonProof, !assertion || approved || proof == "member",
                        assertion ? "the person's assertion is asked for"
                                  : "the person's assertion is not asked for"});
    demands_.push_back({DecisionStep::kApproval, !approval || approved,
                        approval ? "a second person's approval is asked for"
                                 : "a second person's approval is not asked for"});
  }

  void DecideGrant() {
    const std::vector<registry::Grant>& grants =
        set_.Grants(leaf_.Get(Key::kMember), leaf_.Get(Key::kKind));
    const absl::string_view id = anew_.has_value() ? "" : leaf_.Get(Key::kGrant);
    size_t furthest = 0;
    const registry::Grant* found = nullptr;
    std::vector<DecidedStep> best;
    for (const registry::Grant& grant : grants) {
      if (!id.empty() && grant.proto->id() != id) continue;
      std::vector<DecidedStep> steps = StepsOf(grant);
      const auto fault = std::find_if(steps.begin(), steps.end(),
                                      [](const DecidedStep& step) { return !step.holds; });
      const auto reach = static_cast<size_t>(fault - steps.begin());
      if (found != nullptr && reach <= furthest) continue;
      furthest = reach;
      best = std::move(steps);
      found = &grant;
    }
    Step(DecisionStep::kGrant, found != nullptr,
         found != nullptr ? absl::StrCat("grant ", found->proto->id())
         : id.empty()     ? "the member has no grant for this kind"
                          : "the named grant is not the member's for this kind");
    decided_.steps.insert(decided_.steps.end(), best.begin(), best.end());
    if (found == nullptr) return;
    decided_.times.grant = found;
    decided_.times.calendar = &set_.calendar();
    decided_.steps.insert(decided_.steps.end(), demands_.begin(), demands_.end());
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
    if (anew_.has_value()) {
      const TimeBounds times = {&grant, decided_.times.county, &set_.calendar()};
      for (DecidedStep& step : DecideTime(times, *anew_)) steps.push_back(std::move(step));
    }
    return steps;
  }

  const log::LeafView& leaf_;
  const registry::Snapshot& set_;
  const std::optional<absl::Time> anew_;
  DecidedAgain decided_;
  std::vector<DecidedStep> demands_;
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
    case DecisionStep::kCounty:
      return "county";
    case DecisionStep::kPersonProof:
      return "person_proof";
    case DecisionStep::kApproval:
      return "approval";
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
  return Decider(leaf, set, std::nullopt).Decide();
}

DecidedAgain DecideAnew(const log::LeafView& leaf, const registry::Snapshot& set, absl::Time time) {
  return Decider(leaf, set, time).Decide();
}

std::vector<DecidedStep> DecideTime(const TimeBounds& times, absl::Time recorded) {
  const registry::Grant& grant = *times.grant;
  std::vector<DecidedStep> steps = {
      DecideInForce(grant.not_before, grant.not_after, recorded),
      {DecisionStep::kHours, ContainDecision(grant.hours, recorded, *times.calendar),
       absl::StrCat("granted hours ", HoursText(grant.hours))}};
  for (const registry::CountyRule* const rule : times.county) {
    steps.push_back(
        {DecisionStep::kHours, ContainDecision(rule->hours, recorded, *times.calendar),
         absl::StrCat("county rule ", rule->proto->id(), ": ", HoursText(rule->hours))});
  }
  return steps;
}

DecidedStep DecideInForce(absl::Time not_before, absl::Time not_after, absl::Time recorded) {
  const auto bound = [](absl::Time time) {
    const bool open = time == absl::InfinitePast() || time == absl::InfiniteFuture();
    return open ? "open" : FormatTimestamp(time);
  };
  return {DecisionStep::kInForce,
          recorded >= not_before && recorded - kDecisionTimeMax <= not_after,
          absl::StrCat("granted from ", bound(not_before), " to ", bound(not_after))};
}

std::string Listed(absl::string_view what,
                   const google::protobuf::RepeatedPtrField<std::string>& values) {
  return values.empty() ? absl::StrCat(what, ": all")
                        : absl::StrCat(what, ": ", absl::StrJoin(values, ", "));
}

bool TimeBounds::AreOpen() const {
  return grant->not_before == absl::InfinitePast() && grant->not_after == absl::InfiniteFuture() &&
         grant->hours.IsAlways() && county.empty();
}

}  // namespace chayan::cli
