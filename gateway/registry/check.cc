#include "gateway/registry/check.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/base/encoding.h"
#include "gateway/base/nearest_name.h"
#include "gateway/crypto/digest.h"
#include "gateway/registry/values.h"

namespace chayan::registry {
namespace {

// Titles stand on screens and forms.
constexpr size_t kTextBytesMax = 600;

// Bounds on what a slip of the finger could make endless.
constexpr uint32_t kRequestsPerSecondMax = 100'000;
constexpr uint32_t kInFlightMax = 100'000;
constexpr uint32_t kShareMax = 100;

// With more names than this, only the nearest is shown.
constexpr size_t kChoicesMax = 8;

}  // namespace

void Check(const Sources& sources, Faults& faults) { Checker(sources, faults).Run(); }

void Checker::Run() {
  CollectNames();
  CheckDeployment();
  CheckIssuers();
  CheckMembers();
  CheckAnswerKeys();
  CheckAssertionKeys();
  CheckCodes();
  CheckKinds();
  CheckRoutes();
  CheckGrants();
  CheckCountyRules();
  CheckNoticeKinds();
  CheckNoticeGrants();
  CheckSubscriptions();
  CheckCalendar();
  CheckWitnessPolicy();
  CheckAuditGrants();
}

template <typename T>
void Checker::Define(Named<T>& names, absl::string_view name, const T& message, const Place& place,
                     const char* field, absl::string_view noun) {
  if (name.empty() || names.emplace(name, &message).second) return;
  faults_.Add(place, field,
              absl::StrCat("there is another ", noun, " \"", name,
                           "\" in the set; give this one its own ", field));
}

void Checker::CollectNames() {
  using File = v1::RegistryFile;
  ForEach("issuers", &File::issuers, [this](const v1::Issuer& issuer, const Place& place) {
    Define(issuers_, issuer.id(), issuer, place, "id", "issuer");
  });
  ForEach("members", &File::members, [this](const v1::Member& member, const Place& place) {
    Define(members_, member.id(), member, place, "id", "member");
  });
  ForEach("purposes", &File::purposes, [this](const v1::PurposeCode& purpose, const Place& place) {
    Define(purposes_, purpose.code(), purpose, place, "code", "purpose");
  });
  ForEach("legal_bases", &File::legal_bases,
          [this](const v1::LegalBasis& basis, const Place& place) {
            Define(legal_bases_, basis.code(), basis, place, "code", "legal basis");
          });
  ForEach("document_kinds", &File::document_kinds,
          [this](const v1::DocumentKind& kind, const Place& place) {
            Define(kinds_, kind.code(), kind, place, "code", "document kind");
          });
  ForEach("grants", &File::grants, [this](const v1::Grant& grant, const Place& place) {
    Define(grants_, grant.id(), grant, place, "id", "grant");
  });
  ForEach("county_rules", &File::county_rules,
          [this](const v1::CountyRule& rule, const Place& place) {
            Define(county_rules_, rule.id(), rule, place, "id", "county rule");
          });
  ForEach("notice_kinds", &File::notice_kinds,
          [this](const v1::NoticeKind& kind, const Place& place) {
            Define(notice_kinds_, kind.code(), kind, place, "code", "notice kind");
          });
  ForEach("notice_grants", &File::notice_grants,
          [this](const v1::NoticeGrant& grant, const Place& place) {
            Define(notice_grants_, grant.id(), grant, place, "id", "notice grant");
          });
  ForEach("subscriptions", &File::subscriptions,
          [this](const v1::Subscription& subscription, const Place& place) {
            Define(subscriptions_, subscription.id(), subscription, place, "id", "subscription");
          });
  ForEach("audit_grants", &File::audit_grants,
          [this](const v1::AuditGrant& grant, const Place& place) {
            Define(audit_grants_, grant.id(), grant, place, "id", "audit grant");
          });
}

void Checker::CheckDeployment() {
  bool found = false;
  for (const auto& file : sources_.files) {
    if (!file->message.has_deployment()) continue;
    const Place place = Place(*file).Nested("deployment", -1);
    if (std::exchange(found, true)) {
      faults_.Add(place, "", "the set has another deployment; write exactly one");
    }
    CheckShape(place, "trust_domain", file->message.deployment().trust_domain(), kTrustDomain);
    if (file->message.deployment().approval_required()) CheckApprovers(place);
  }
  // It may stand in an element that could not be read.
  if (!found && !sources_.files.empty() && sources_.unreadable_names.empty()) {
    faults_.Add(sources_.files.front()->path, 1, "deployment",
                "the set has none; write deployment { trust_domain: \"…\" } in one file");
  }
}

// A set that nobody could approve could never be changed again.
void Checker::CheckApprovers(const Place& deployment) {
  for (const auto& file : sources_.files) {
    for (const v1::AssertionKey& key : file->message.assertion_keys()) {
      const auto member = members_.find(key.member());
      if (member == members_.end()) continue;
      for (const v1::System& system : member->second->systems()) {
        if (system.role() == v1::ROLE_OPERATOR) return;
      }
    }
  }
  // It may stand in an element that could not be read.
  if (!sources_.unreadable_names.empty()) return;
  faults_.Add(deployment, "approval_required",
              "no member with a system of role ROLE_OPERATOR has an assertion key, so nobody could "
              "approve; add assertion_keys of the operator, or leave this out");
}

void Checker::CheckIssuers() {
  absl::flat_hash_map<crypto::Digest, std::string> known;
  ForEach("issuers", &v1::RegistryFile::issuers, [&](const v1::Issuer& issuer, const Place& place) {
    CheckName(place, "id", issuer.id(), kMemberId);
    const auto certificate = ParseIssuer(issuer.certificate_pem());
    if (!certificate.ok()) {
      faults_.Add(place, "certificate_pem", certificate.status().message());
      return;
    }
    const auto [other, is_new] = known.emplace(certificate->digest(), issuer.id());
    if (!is_new) {
      faults_.Add(place, "certificate_pem",
                  absl::StrCat("is the certificate of issuer \"", other->second,
                               "\" too; let members name that one"));
    }
  });
}

void Checker::CheckMembers() {
  const std::vector<absl::string_view> issuers = Keys(issuers_);
  ForEach("members", &v1::RegistryFile::members, [&](const v1::Member& member, const Place& place) {
    CheckName(place, "id", member.id(), kMemberId);
    CheckTexts(place, "name", member.has_name(), member.name(), /*required=*/true);
    CheckReferences(place, "issuers", member.issuers(), issuers, "issuer");
    if (member.systems_size() > 0 && member.issuers_size() == 0) {
      faults_.Add(place, "issuers",
                  "has systems but no issuer; name the issuers that may certify them");
    }
    CheckBound(place, "requests_per_second", member.requests_per_second(), kRequestsPerSecondMax);
    CheckBound(place, "in_flight_max", member.in_flight_max(), kInFlightMax);
    CheckBound(place, "share", member.share(), kShareMax);
    if (!member.county().empty()) CheckShape(place, "county", member.county(), kCountyCode);
    if (member.has_desk()) {
      const Place desk = place.Nested("desk", -1);
      CheckTexts(desk, "name", member.desk().has_name(), member.desk().name(), /*required=*/true);
      CheckText(desk, "phone", member.desk().phone());
      CheckTexts(desk, "hours", member.desk().has_hours(), member.desk().hours(),
                 /*required=*/false);
    }
    absl::flat_hash_set<absl::string_view> names;
    for (int i = 0; i < member.systems_size(); ++i) {
      const Place system = place.Nested("systems", i);
      CheckSystem(member, member.systems(i), system);
      if (!names.insert(member.systems(i).name()).second) {
        faults_.Add(system, "name",
                    absl::StrCat("the member has another system \"", member.systems(i).name(),
                                 "\"; give this one its own name"));
      }
    }
  });
}

void Checker::CheckSystem(const v1::Member& member, const v1::System& system, const Place& place) {
  CheckShape(place, "name", system.name(), kSystemName);
  CheckEnum(place, "role", system.role());
  CheckReferences(place, "acting_for", system.acting_for(), members_, "member");
  const bool acts_for = system.role() == v1::ROLE_HOUSEHOLD || system.role() == v1::ROLE_PUBLISHER;
  if (system.role() == v1::ROLE_HOUSEHOLD && system.acting_for_size() == 0) {
    faults_.Add(place, "acting_for",
                absl::StrCat("is empty, so the system can ask nothing; write the offices it acts "
                             "for, such as \"",
                             member.id(), "\""));
  } else if (!acts_for && system.role() != v1::ROLE_UNSPECIFIED && system.acting_for_size() > 0) {
    faults_.Add(place, "acting_for",
                absl::StrCat("has no effect for ", v1::Role_Name(system.role()),
                             ": only households and publishers act for offices; remove it"));
  }
  for (int i = 0; i < system.certificates_size(); ++i) {
    CheckBinding(member, system.certificates(i), place.Nested("certificates", i));
  }
}

void Checker::CheckBinding(const v1::Member& member, const v1::CertificateBinding& binding,
                           const Place& place) {
  std::string key;
  if (binding.has_spki_sha256()) {
    key = binding.spki_sha256();
    CheckShape(place, "spki_sha256", key, kSpkiDigest);
  } else if (binding.has_issuer_serial()) {
    const v1::IssuerSerial& named = binding.issuer_serial();
    key = absl::StrCat(named.issuer(), "/", named.serial());
    const Place inner = place.Nested("issuer_serial", -1);
    CheckShape(inner, "serial", named.serial(), kSerial);
    if (CheckReference(inner, "issuer", -1, named.issuer(), issuers_, "issuer") &&
        std::find(member.issuers().begin(), member.issuers().end(), named.issuer()) ==
            member.issuers().end()) {
      faults_.Add(inner, "issuer",
                  absl::StrCat("may not certify this member; add \"", named.issuer(),
                               "\" to the member's issuers or name one of them"));
    }
  } else {
    faults_.Add(place, "", "binds nothing; write spki_sha256 or issuer_serial");
    return;
  }
  if (!bindings_.insert(key).second) {
    faults_.Add(place, "", "this certificate is bound already; bind it to one system alone");
  }
}

void Checker::CheckAnswerKeys() {
  absl::flat_hash_set<crypto::Ed25519PublicKey> seen;
  ForEach("answer_keys", &v1::RegistryFile::answer_keys,
          [&](const v1::AnswerKey& key, const Place& place) {
            const bool known =
                CheckReference(place, "member", -1, key.member(), members_, "member");
            const auto member = members_.find(key.member());
            if (known && member != members_.end()) {
              std::vector<absl::string_view> adapters;
              for (const v1::System& system : member->second->systems()) {
                if (system.role() == v1::ROLE_ADAPTER) adapters.push_back(system.name());
              }
              CheckReference(place, "system", -1, key.system(), adapters,
                             absl::StrCat("adapter system of \"", key.member(), "\""));
            }
            const auto parsed = ParsePublicKey(key.public_key());
            if (!parsed.ok()) {
              faults_.Add(place, "public_key", parsed.status().message());
            } else if (!seen.insert(*parsed).second) {
              faults_.Add(place, "public_key",
                          "is registered already; each adapter needs a key of its own");
            }
            CheckTimes(place, key.not_before_time(), key.not_after_time());
          });
}

void Checker::CheckAssertionKeys() {
  absl::flat_hash_set<std::pair<absl::string_view, absl::string_view>> seen;
  ForEach("assertion_keys", &v1::RegistryFile::assertion_keys,
          [&](const v1::AssertionKey& key, const Place& place) {
            CheckReference(place, "member", -1, key.member(), members_, "member");
            CheckShape(place, "key_id", key.key_id(), kListedCode);
            if (!seen.emplace(key.member(), key.key_id()).second) {
              faults_.Add(place, "key_id",
                          absl::StrCat("the member has another key \"", key.key_id(),
                                       "\"; give this one its own key_id"));
            }
            if (const auto parsed = ParsePublicKey(key.public_key()); !parsed.ok()) {
              faults_.Add(place, "public_key", parsed.status().message());
            }
          });
}

void Checker::CheckShape(const Place& place, absl::string_view field, absl::string_view value,
                         const Shape& shape) {
  if (shape.matches(value)) return;
  faults_.Add(
      place, field,
      absl::StrCat(value.empty() ? "is missing" : "has a wrong form", "; write ", shape.expected));
}

void Checker::CheckName(const Place& place, absl::string_view field, absl::string_view value,
                        const Shape& shape) {
  CheckShape(place, field, value, shape);
  if (IsReservedName(value)) {
    faults_.Add(place, field, absl::StrCat("\"", value, "\" is reserved; write another name"));
  }
}

void Checker::CheckText(const Place& place, absl::string_view field, absl::string_view text) {
  const bool controls =
      std::any_of(text.begin(), text.end(), [](char c) { return absl::ascii_iscntrl(c); });
  if (text.size() > kTextBytesMax || controls || !IsValidUtf8(text)) {
    faults_.Add(place, field,
                absl::StrCat("must be UTF-8 of at most ", kTextBytesMax,
                             " bytes on one line, without control characters"));
  }
}

void Checker::CheckTexts(const Place& place, const char* field, bool is_set,
                         const v1::LocalizedText& text, bool required) {
  if (!is_set && !required) return;
  if (!is_set) {
    faults_.Add(place, field, "is missing; write { zh_tw: \"…\" en: \"…\" }");
    return;
  }
  const Place inner = place.Nested(field, -1);
  if (text.zh_tw().empty()) faults_.Add(inner, "zh_tw", "is missing; write the Chinese text");
  if (text.en().empty()) faults_.Add(inner, "en", "is missing; write the English text");
  CheckText(inner, "zh_tw", text.zh_tw());
  CheckText(inner, "en", text.en());
}

void Checker::CheckTimes(const Place& place, absl::string_view not_before,
                         absl::string_view not_after) {
  const auto begin = ParseUtcTimeOr(not_before, absl::InfinitePast());
  const auto end = ParseUtcTimeOr(not_after, absl::InfiniteFuture());
  if (!begin.ok()) faults_.Add(place, "not_before_time", begin.status().message());
  if (!end.ok()) faults_.Add(place, "not_after_time", end.status().message());
  if (begin.ok() && end.ok() && *begin >= *end) {
    faults_.Add(place, "not_after_time",
                "is not after not_before_time, so nothing is ever in force; write a later time");
  }
}

void Checker::CheckBound(const Place& place, absl::string_view field, uint32_t value,
                         uint32_t bound) {
  if (value > bound) {
    faults_.Add(place, field, absl::StrCat("is ", value, "; write at most ", bound));
  }
}

bool Checker::CheckReference(const Place& place, absl::string_view field, int index,
                             absl::string_view value, const std::vector<absl::string_view>& names,
                             absl::string_view noun) {
  if (std::find(names.begin(), names.end(), value) != names.end()) return true;
  if (sources_.unreadable_names.contains(value)) return false;
  std::string text = value.empty() ? absl::StrCat("is missing")
                                   : absl::StrCat("there is no ", noun, " \"", value, "\"");
  const absl::string_view nearest = NearestName(value, names);
  if (!nearest.empty()) {
    absl::StrAppend(&text, "; did you mean \"", nearest, "\"?");
  } else if (names.empty()) {
    absl::StrAppend(&text, "; the set has none, add it");
  } else if (names.size() <= kChoicesMax) {
    absl::StrAppend(&text, "; write one of ", absl::StrJoin(names, ", "));
  } else {
    absl::StrAppend(&text, "; write the name of a ", noun, " or add it");
  }
  faults_.AddAt(place, field, index, value, text);
  return false;
}

std::vector<absl::string_view> Checker::Codes(
    const google::protobuf::RepeatedPtrField<v1::Element>& elements) {
  std::vector<absl::string_view> codes;
  for (const v1::Element& element : elements) codes.push_back(element.code());
  return codes;
}

}  // namespace chayan::registry
