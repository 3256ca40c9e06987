// Goal: nothing outside a grant is ever permitted, everything inside one is, and adding a grant
// never removes a right; neither rules of counties nor what became of grants changes that. Method:
// random registries and questions over few names, so that near misses are common, against an oracle
// that knows grants only as lists of what they allow. A failure prints its seed.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "gateway/base/check.h"
#include "gateway/policy/decide.h"
#include "gateway/registry/sample_set.h"

namespace chayan::policy {
namespace {

using Names = std::vector<std::string>;

const Names kSystems = {"s1", "s2", "s3"};
const Names kOffices = {"office-1", "office-2", "office-3"};
const Names kKinds = {"a.kind", "b.kind"};
const Names kClaims = {"c1", "c2", "c3", "c4"};
const Names kFields = {"f1", "f2", "f3"};
const Names kPurposes = {"p1", "p2", "p3"};
const Names kBases = {"b1", "b2"};
const Names kRoles = {"clerk", "chief"};

// 2026-01-15 00:00 in Taipei.
constexpr int64_t kMidnight = 1768406400;

// A rule of the county of office-1 and office-2, as the oracle knows it.
struct PlainRule {
  Names kinds, roles, withheld;
  bool barred = false;
  int from_minute = 0, to_minute = 24 * 60;
};

// A grant as the oracle knows it.
struct PlainGrant {
  bool lapsed = false, quota_used = false;
  std::string kind;
  Names systems, offices, claims, fields, purposes, bases, roles;
  int from_minute = 0, to_minute = 24 * 60;
  int64_t begin = 0, end = INT64_MAX;
};

class World {
 public:
  explicit World(uint32_t seed) : engine_(seed) {}

  int Draw(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(engine_); }
  const std::string& One(const Names& names) {
    return names[static_cast<size_t>(Draw(static_cast<int>(names.size())))];
  }
  // Each name with the chance of `often` in 4; at least `size_min` of them.
  Names Some(const Names& names, size_t size_min, int often) {
    Names some;
    while (true) {
      some.clear();
      for (const std::string& name : names) {
        if (Draw(4) < often) some.push_back(name);
      }
      if (some.size() >= size_min) return some;
    }
  }

  PlainGrant DrawGrant() {
    PlainGrant grant;
    grant.kind = One(kKinds);
    grant.lapsed = Draw(8) == 0;
    grant.quota_used = Draw(8) == 0;
    if (Draw(3) == 0) grant.systems = Some(kSystems, 1, 2);
    if (Draw(3) == 0) grant.offices = Some(kOffices, 1, 2);
    grant.claims = Some(kClaims, 1, 3);
    grant.fields = Some(kFields, 0, 2);
    grant.purposes = Some(kPurposes, 1, 2);
    grant.bases = Some(kBases, 1, 3);
    if (Draw(2) == 0) grant.roles = Some(kRoles, 1, 2);
    if (Draw(3) == 0) {
      grant.from_minute = Draw(1439);
      grant.to_minute = grant.from_minute + 1 + Draw(1440 - grant.from_minute);
    }
    if (Draw(3) == 0) {
      grant.begin = kMidnight + Draw(86400);
      grant.end = grant.begin + 1 + Draw(86400);
    }
    return grant;
  }

  PlainRule DrawRule() {
    PlainRule rule;
    rule.barred = Draw(4) == 0;
    if (Draw(2) == 0) rule.kinds = {One(kKinds)};
    if (rule.barred) return rule;
    rule.from_minute = Draw(600);
    rule.to_minute = rule.from_minute + 1 + Draw(1440 - rule.from_minute);
    if (Draw(2) == 0) rule.roles = {One(kRoles)};
    if (Draw(2) == 0) rule.withheld = {One(kFields)};
    return rule;
  }

  v1::VerifyDocumentRequest DrawRequest() {
    v1::VerifyDocumentRequest request;
    request.set_acting_for(One(kOffices));
    request.set_document_kind(One(kKinds));
    v1::Purpose& purpose = *request.mutable_purpose();
    purpose.mutable_person()->set_id("person");
    purpose.mutable_person()->set_role(One(kRoles));
    purpose.set_purpose_code(One(kPurposes));
    purpose.set_legal_basis(One(kBases));
    purpose.set_case_number("1");
    for (const std::string& claim : Some(kClaims, 1, 1)) request.add_claims()->set_code(claim);
    for (const std::string& field : Some(kFields, 0, 1)) request.add_requested_fields(field);
    return request;
  }

 private:
  std::mt19937 engine_;
};

std::string Quoted(const Names& names) {
  return names.empty() ? "[]" : absl::StrCat("[\"", absl::StrJoin(names, "\",\""), "\"]");
}

std::string Utc(int64_t seconds) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(seconds),
                          absl::UTCTimeZone());
}

std::string TimeOfDay(int minute) { return absl::StrFormat("%02d:%02d", minute / 60, minute % 60); }

std::string GrantText(const PlainGrant& grant, const std::string& id) {
  std::string text =
      absl::StrCat("grants { id: \"", id, "\" member: \"office-1\" document_kind: \"", grant.kind,
                   "\" systems: ", Quoted(grant.systems), " acting_for: ", Quoted(grant.offices),
                   " claims: ", Quoted(grant.claims), " fields: ", Quoted(grant.fields),
                   " purposes: ", Quoted(grant.purposes), " legal_bases: ", Quoted(grant.bases),
                   " person_roles: ", Quoted(grant.roles));
  if (grant.quota_used) absl::StrAppend(&text, " quota_per_day: 1");
  if (grant.from_minute != 0 || grant.to_minute != 24 * 60) {
    absl::StrAppend(&text, " hours { from: \"", TimeOfDay(grant.from_minute), "\" to: \"",
                    TimeOfDay(grant.to_minute), "\" }");
  }
  if (grant.begin != 0) {
    absl::StrAppend(&text, " not_before_time: \"", Utc(grant.begin), "\" not_after_time: \"",
                    Utc(grant.end), "\"");
  }
  return text + " }\n";
}

std::string RuleText(const PlainRule& rule) {
  std::string text = absl::StrCat("county_rules { id: \"rule\" county: \"67000\" document_kinds: ",
                                  Quoted(rule.kinds));
  if (rule.barred) return text + " barred: true }\n";
  return absl::StrCat(text, " person_roles: ", Quoted(rule.roles),
                      " withheld_fields: ", Quoted(rule.withheld), " hours { from: \"",
                      TimeOfDay(rule.from_minute), "\" to: \"", TimeOfDay(rule.to_minute),
                      "\" } }\n");
}

constexpr char kTitle[] = " title { zh_tw: \"x\" en: \"x\" } ";

registry::Files MakeFiles(const std::vector<PlainGrant>& grants, const Names& ids,
                          const std::vector<PlainRule>& rules) {
  std::string text =
      absl::StrCat("deployment { trust_domain: \"t\" } issuers { id: \"ca\" ",
                   "certificate_pem: \"", absl::CEscape(registry::kSampleIssuerPem), "\" }\n");
  for (const std::string& office : kOffices) {
    absl::StrAppend(&text, "members { id: \"", office,
                    "\" name { zh_tw: \"x\" en: \"x\" } issuers: \"ca\" county: \"",
                    office == "office-3" ? "63000" : "67000", "\"");
    for (const std::string& system : kSystems) {
      if (office != "office-1") break;
      absl::StrAppend(&text, " systems { name: \"", system,
                      "\" role: ROLE_HOUSEHOLD acting_for: ", Quoted(kOffices), " }");
    }
    absl::StrAppend(&text, " }\n");
  }
  for (const std::string& code : kPurposes) {
    absl::StrAppend(&text, "purposes { code: \"", code, "\"", kTitle, "}\n");
  }
  for (const std::string& code : kBases) {
    absl::StrAppend(&text, "legal_bases { code: \"", code, "\"", kTitle, "}\n");
  }
  for (const std::string& kind : kKinds) {
    absl::StrAppend(&text, "document_kinds { code: \"", kind, "\"", kTitle,
                    "legal_bases: ", Quoted(kBases), " answer_mode: ANSWER_MODE_SYNC ",
                    "retention_class: RETENTION_CLASS_FIVE_YEARS");
    for (const std::string& code : kClaims) {
      absl::StrAppend(&text, " claims { code: \"", code, "\" type: VALUE_TYPE_TEXT", kTitle, "}");
    }
    for (const std::string& code : kFields) {
      absl::StrAppend(&text, " fields { code: \"", code, "\" type: VALUE_TYPE_TEXT", kTitle, "}");
    }
    absl::StrAppend(&text, " }\n");
  }
  for (size_t i = 0; i < grants.size(); ++i) text += GrantText(grants[i], ids[i]);
  for (const PlainRule& rule : rules) text += RuleText(rule);
  return {{"world.textproto", text}};
}

bool Has(const Names& names, const std::string& name) {
  for (const std::string& other : names) {
    if (other == name) return true;
  }
  return false;
}

// What the gateway knows of the world's grants.
class WorldStanding final : public GrantStanding {
 public:
  WorldStanding(const std::vector<PlainGrant>& grants, const Names& ids)
      : grants_(grants), ids_(ids) {}
  std::optional<GrantEnd> EndOf(const registry::Grant& grant) const override {
    return Find(grant).lapsed ? std::make_optional(GrantEnd::kLapsed) : std::nullopt;
  }
  bool HasQuotaLeft(const registry::Grant& grant) const override { return !Find(grant).quota_used; }

 private:
  const PlainGrant& Find(const registry::Grant& grant) const {
    for (size_t i = 0; i < ids_.size(); ++i) {
      if (ids_[i] == grant.proto->id()) return grants_[i];
    }
    CHAYAN_CHECK(false);
  }
  const std::vector<PlainGrant>& grants_;
  const Names& ids_;
};

// Whether no rule of the office's county forbids the question.
bool RulesAllow(const std::vector<PlainRule>& rules, const v1::VerifyDocumentRequest& request,
                int64_t now) {
  const int64_t minute = (now - kMidnight) % 86400 / 60;
  if (request.acting_for() == "office-3") return true;
  for (const PlainRule& rule : rules) {
    if (!rule.kinds.empty() && !Has(rule.kinds, request.document_kind())) continue;
    bool may = !rule.barred && minute >= rule.from_minute && minute < rule.to_minute;
    may = may && (rule.roles.empty() || Has(rule.roles, request.purpose().person().role()));
    for (const auto& field : request.requested_fields()) may = may && !Has(rule.withheld, field);
    if (!may) return false;
  }
  return true;
}

// The oracle: whether one of the grants alone allows the whole question.
bool MayAsk(const std::vector<PlainGrant>& grants, const std::string& system,
            const v1::VerifyDocumentRequest& request, int64_t now) {
  const int64_t minute = (now - kMidnight) % 86400 / 60;
  for (const PlainGrant& grant : grants) {
    bool may = grant.kind == request.document_kind();
    may = may && (grant.systems.empty() || Has(grant.systems, system));
    may = may && (grant.offices.empty() || Has(grant.offices, request.acting_for()));
    may = may && Has(grant.purposes, request.purpose().purpose_code());
    may = may && Has(grant.bases, request.purpose().legal_basis());
    may = may && (grant.roles.empty() || Has(grant.roles, request.purpose().person().role()));
    for (const auto& claim : request.claims()) may = may && Has(grant.claims, claim.code());
    for (const auto& field : request.requested_fields()) may = may && Has(grant.fields, field);
    may = may && minute >= grant.from_minute && minute < grant.to_minute;
    may = may && now >= grant.begin && now <= grant.end && !grant.lapsed && !grant.quota_used;
    if (may) return true;
  }
  return false;
}

std::shared_ptr<const registry::Snapshot> MustCreate(const std::vector<PlainGrant>& grants,
                                                     const Names& ids,
                                                     const std::vector<PlainRule>& rules) {
  std::vector<std::string> faults;
  const auto snapshot = registry::Snapshot::Create(MakeFiles(grants, ids, rules), &faults);
  EXPECT_TRUE(snapshot.ok()) << absl::StrJoin(faults, "\n");
  CHAYAN_CHECK(snapshot.ok());
  return *snapshot;
}

TEST(DecidePropertyTest, PermitsExactlyWhatOneGrantAllowsAndMoreGrantsNeverLess) {
  int permitted = 0;
  int refused = 0;
  int gained = 0;
  for (uint32_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    World world(seed);
    std::vector<PlainGrant> grants;
    Names ids;
    for (int i = 0, count = 1 + world.Draw(5); i < count; ++i) {
      grants.push_back(world.DrawGrant());
      ids.push_back(absl::StrCat("g", world.Draw(1000), "-", i));
    }
    std::vector<PlainRule> rules;
    if (world.Draw(2) == 0) rules.push_back(world.DrawRule());
    const auto snapshot = MustCreate(grants, ids, rules);
    const WorldStanding standing(grants, ids);
    std::vector<PlainGrant> more = grants;
    Names more_ids = ids;
    more.push_back(world.DrawGrant());
    more_ids.push_back(absl::StrCat("g", world.Draw(1000), "-new"));
    const auto larger = MustCreate(more, more_ids, rules);
    const WorldStanding larger_standing(more, more_ids);

    for (int i = 0; i < 200; ++i) {
      const v1::VerifyDocumentRequest request = world.DrawRequest();
      Caller caller;
      caller.member = "office-1";
      caller.system = world.One(kSystems);
      const int64_t now = kMidnight + world.Draw(2 * 86400);
      const Decision decision =
          Decide(caller, request, *snapshot, absl::FromUnixSeconds(now), standing);
      const bool permits = std::holds_alternative<Permit>(decision);
      ASSERT_EQ(permits,
                MayAsk(grants, caller.system, request, now) && RulesAllow(rules, request, now))
          << request.ShortDebugString() << " by " << caller.system << " at " << Utc(now);
      if (permits) {
        const Permit& permit = std::get<Permit>(decision);
        // The grant that is named allows it all by itself.
        for (size_t g = 0; g < ids.size(); ++g) {
          if (ids[g] != permit.grant) continue;
          ASSERT_TRUE(MayAsk({grants[g]}, caller.system, request, now)) << permit.grant;
        }
        ASSERT_TRUE(Has(ids, permit.grant));
      }
      const bool permits_later = std::holds_alternative<Permit>(
          Decide(caller, request, *larger, absl::FromUnixSeconds(now), larger_standing));
      ASSERT_TRUE(permits_later || !permits) << request.ShortDebugString();
      permitted += permits;
      refused += !permits;
      gained += permits_later && !permits;
    }
  }
  // The worlds are neither all open nor all closed: each side was tried.
  EXPECT_GT(permitted, 1000);
  EXPECT_GT(refused, 1000);
  EXPECT_GT(gained, 100);
}

}  // namespace
}  // namespace chayan::policy
