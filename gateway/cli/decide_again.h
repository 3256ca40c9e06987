// An entry decided again from the codes in its leaf, with the registry set that it names: the steps
// of policy::Decide as far as a leaf shows them. What lies sealed in the vault (claims, fields, the
// person's role) and what only the gateway counted (quotas) is not decided here.
#ifndef CHAYAN_GATEWAY_CLI_DECIDE_AGAIN_H_
#define CHAYAN_GATEWAY_CLI_DECIDE_AGAIN_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/log/leaf_view.h"
#include "gateway/registry/snapshot.h"

namespace chayan::cli {

// In the order in which they are decided.
enum class DecisionStep {
  kSystem,       // the system is the member's and may ask
  kOffice,       // it acts for the office
  kKind,         // there is such a kind
  kGrant,        // the named grant is the member's, for this kind
  kGrantCovers,  // and for this system and office
  kPurpose,
  kLegalBasis,
  kCounty,       // the rules of the office's county do not bar the kind
  kPersonProof,  // kind or county ask for the person's assertion, and it was there
  kApproval,     // or for a second person's approval, and it was there
  kHolder,       // the holder answers this kind
  kInForce,      // the grant's days
  kHours,        // the grant's hours, and the county's
};

// "system", "office" …: stable, for scripts.
absl::string_view StepName(DecisionStep step);

struct DecidedStep {
  DecisionStep step = DecisionStep::kSystem;
  bool holds = false;
  std::string detail;  // what the registry says: "hro-shanhua acts for hro-shanhua, hro-yujing"
};

// What of a decision depends on its time. Refers to the set.
struct TimeBounds {
  const registry::Grant* grant = nullptr;           // null: none was found
  std::vector<const registry::CountyRule*> county;  // those with hours
  const registry::Calendar* calendar = nullptr;

  // There are neither days nor hours.
  bool AreOpen() const;
};

struct DecidedAgain {
  // All steps that the leaf lets decide.
  std::vector<DecidedStep> steps;
  TimeBounds times;

  // The first step that fails.
  const DecidedStep* fault() const;
};

// The steps that do not depend on time. A leaf without a grant (a denied call) is held against the
// grant of its member and kind that comes furthest.
DecidedAgain DecideCodes(const log::LeafView& leaf, const registry::Snapshot& set);

// The whole decision as another set, or the same, would make it at that time: by whichever grant of
// the member for the kind comes furthest, whatever grant the leaf names. Its steps of time are
// among the steps.
DecidedAgain DecideAnew(const log::LeafView& leaf, const registry::Snapshot& set, absl::Time time);

// The steps that do. A decision may have begun a few minutes before it was recorded.
// REQUIRES: there is a grant.
std::vector<DecidedStep> DecideTime(const TimeBounds& times, absl::Time recorded);
// Of these, the step of a grant's days.
DecidedStep DecideInForce(absl::Time not_before, absl::Time not_after, absl::Time recorded);

// "systems: all", "offices: hro-shanhua, hro-yujing": what a grant names.
std::string Listed(absl::string_view what,
                   const google::protobuf::RepeatedPtrField<std::string>& values);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_DECIDE_AGAIN_H_
