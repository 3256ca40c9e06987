// The witness policy: each witness can be verified and reached, and the quorum can be met.
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/registry/check.h"
#include "gateway/registry/values.h"
#include "gateway/registry/witness_policy.h"
#include "gateway/tlog/note_key.h"

namespace chayan::registry {
namespace {

constexpr uint32_t kGraceSecondsMax = 24 * 60 * 60;
// The longest that a browser's address line would take.
constexpr size_t kUrlBytesMax = 2000;

bool IsUrl(absl::string_view text) {
  if (!absl::StartsWith(text, "https://") && !absl::StartsWith(text, "http://")) return false;
  const absl::string_view rest = text.substr(text.find("//") + 2);
  return !rest.empty() && rest[0] != '/' && text.size() <= kUrlBytesMax &&
         !absl::EndsWith(text, "/") && std::all_of(rest.begin(), rest.end(), [](char c) {
           return c > ' ' && c < 0x7f && c != '?' && c != '#' && c != '"';
         });
}

}  // namespace

void Checker::CheckWitnessPolicy() {
  bool found = false;
  for (const auto& file : sources_.files) {
    if (!file->message.has_witness_policy()) continue;
    const Place place = Place(*file).Nested("witness_policy", -1);
    if (std::exchange(found, true)) {
      faults_.Add(place, "", "the set has another witness_policy; write at most one");
      continue;
    }
    const v1::WitnessPolicy& policy = file->message.witness_policy();
    const size_t faults_before = faults_.size();
    std::vector<absl::string_view> names;
    if (policy.witnesses_size() > kWitnessesMax) {
      faults_.Add(place, "witnesses",
                  absl::StrCat("are ", policy.witnesses_size(), "; write at most ", kWitnessesMax));
    }
    absl::flat_hash_set<std::string> seen;
    for (int i = 0; i < policy.witnesses_size(); ++i) {
      CheckWitness(policy.witnesses(i), place.Nested("witnesses", i), seen);
      names.push_back(policy.witnesses(i).name());
    }
    for (int i = 0; i < policy.groups_size(); ++i) {
      CheckWitnessGroup(policy.groups(i), place.Nested("groups", i), names);
      names.push_back(policy.groups(i).name());
    }
    CheckUniqueWitnessNames(names, place);
    names.push_back("none");
    CheckReference(place, "quorum", -1, policy.quorum(), names, "witness or group");
    CheckBound(place, "grace_seconds", policy.grace_seconds(), kGraceSecondsMax);
    CheckEnum(place, "missing_quorum", policy.missing_quorum());
    if (policy.has_timestamp_authority()) {
      const Place authority = place.Nested("timestamp_authority", -1);
      CheckUrl(authority, "url", policy.timestamp_authority().url());
      CheckRoot(authority, "root_certificate_pem",
                policy.timestamp_authority().root_certificate_pem(), /*required=*/true);
      CheckTlsRoot(authority, "tls_root_certificate_pem",
                   policy.timestamp_authority().tls_root_certificate_pem(),
                   policy.timestamp_authority().url());
    }
    // What is left is what only the whole tells, such as a witness in two groups.
    if (faults_.size() != faults_before) continue;
    if (const auto parsed = WitnessPolicy::Create(policy); !parsed.ok()) {
      faults_.Add(place, "", parsed.status().message());
    }
  }
}

void Checker::CheckUniqueWitnessNames(const std::vector<absl::string_view>& names,
                                      const Place& place) {
  absl::flat_hash_set<absl::string_view> seen;
  for (const absl::string_view name : names) {
    if (!seen.insert(name).second) {
      faults_.Add(place, "",
                  absl::StrCat("two witnesses or groups are named \"", name,
                               "\"; give each a name of its own"));
    }
  }
}

void Checker::CheckWitness(const v1::Witness& witness, const Place& place,
                           absl::flat_hash_set<std::string>& seen) {
  CheckName(place, "name", witness.name(), kMemberId);
  if (witness.name() == "none") {
    faults_.Add(place, "name", "\"none\" means no witness; write another name");
  }
  const auto key = tlog::VerifierKey::Parse(witness.vkey());
  if (!key.ok()) {
    faults_.Add(
        place, "vkey",
        absl::StrCat(key.status().message(), "; write what `chayan witness keygen` printed"));
  } else if (key->type() != tlog::KeyType::kCosignatureV1) {
    faults_.Add(place, "vkey",
                "is no key of type cosignature/v1; write what `chayan witness keygen` printed");
  } else if (!seen.insert(key->public_key()).second) {
    faults_.Add(place, "vkey", "is another witness's too; each has a key of its own");
  }
  switch (witness.reach_case()) {
    case v1::Witness::kUrl:
      CheckUrl(place, "url", witness.url());
      if (!witness.monitoring_url().empty()) {
        CheckUrl(place, "monitoring_url", witness.monitoring_url());
      }
      CheckTlsRoot(place, "root_certificate_pem", witness.root_certificate_pem(), witness.url());
      return;
    case v1::Witness::kDialsIn:
      CheckWitnessSystem(witness.dials_in(), place.Nested("dials_in", -1), seen);
      if (!witness.monitoring_url().empty() || !witness.root_certificate_pem().empty()) {
        faults_.Add(place, "",
                    "is not called, so monitoring_url and root_certificate_pem have no effect; "
                    "remove them");
      }
      return;
    case v1::Witness::REACH_NOT_SET:
      faults_.Add(place, "", "cannot be reached; write url or dials_in");
  }
}

void Checker::CheckWitnessSystem(const v1::WitnessSystem& system, const Place& place,
                                 absl::flat_hash_set<std::string>& seen) {
  if (!CheckReference(place, "member", -1, system.member(), members_, "member")) return;
  std::vector<absl::string_view> witnesses;
  for (const v1::System& each : members_.at(system.member())->systems()) {
    if (each.role() == v1::ROLE_WITNESS) witnesses.push_back(each.name());
  }
  CheckReference(place, "system", -1, system.system(), witnesses,
                 absl::StrCat("system with role ROLE_WITNESS of \"", system.member(), "\""));
  if (!seen.insert(absl::StrCat(system.member(), "/", system.system())).second) {
    faults_.Add(place, "system", "another witness dials in by it; give each a system of its own");
  }
}

void Checker::CheckWitnessGroup(const v1::WitnessGroup& group, const Place& place,
                                const std::vector<absl::string_view>& names) {
  CheckName(place, "name", group.name(), kMemberId);
  if (group.members_size() == 0) {
    faults_.Add(place, "members", "is empty; write the names of witnesses or groups before it");
  }
  CheckReferences(place, "members", group.members(), names, "witness or group before this one,");
  if (group.threshold() > static_cast<uint32_t>(group.members_size())) {
    faults_.Add(place, "threshold",
                absl::StrCat("is ", group.threshold(), ", more than the group has members; write ",
                             "at most ", group.members_size()));
  }
}

void Checker::CheckUrl(const Place& place, absl::string_view field, absl::string_view url) {
  if (IsUrl(url)) return;
  faults_.Add(place, field,
              absl::StrCat(url.empty() ? "is missing" : "has a wrong form",
                           "; write http:// or https://, host and path, without a slash at the end "
                           "and without query"));
}

void Checker::CheckRoot(const Place& place, absl::string_view field, const std::string& pem,
                        bool required) {
  if (pem.empty() && !required) return;
  if (const auto root = ParseIssuer(pem); !root.ok()) {
    faults_.Add(place, field, root.status().message());
  }
}

void Checker::CheckTlsRoot(const Place& place, absl::string_view field, const std::string& pem,
                           absl::string_view url) {
  CheckRoot(place, field, pem, /*required=*/false);
  if (!pem.empty() && !absl::StartsWith(url, "https://")) {
    faults_.Add(place, field, "has no effect without https; remove it or write an https url");
  }
}

}  // namespace chayan::registry
