// The checks over a whole set: shapes, uniqueness, references, and that nothing in it is without
// effect or contradicts itself. Every fault goes to the list; nothing stops the search.
#ifndef CHAYAN_GATEWAY_REGISTRY_CHECK_H_
#define CHAYAN_GATEWAY_REGISTRY_CHECK_H_

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "chayan/v1/registry.pb.h"
#include "gateway/registry/shapes.h"
#include "gateway/registry/source.h"

namespace chayan::registry {

// Checks everything. The set is fit for use if `faults` is still empty.
void Check(const Sources& sources, Faults& faults);

// What the parts of the check share. For check*.cc alone.
class Checker {
 public:
  template <typename T>
  using Named = absl::btree_map<absl::string_view, const T*>;

  Checker(const Sources& sources, Faults& faults) : sources_(sources), faults_(faults) {}

  void Run();

 private:
  // check.cc: who there is.
  void CollectNames();
  void CheckDeployment();
  void CheckApprovers(const Place& deployment);
  void CheckIssuers();
  void CheckMembers();
  void CheckSystem(const v1::Member& member, const v1::System& system, const Place& place);
  void CheckBinding(const v1::Member& member, const v1::CertificateBinding& binding,
                    const Place& place);
  void CheckAnswerKeys();
  void CheckAssertionKeys();
  // check_catalogue.cc: what can be asked, and who answers.
  void CheckCodes();
  void CheckKinds();
  // `list`: the field they stand in.
  void CheckElements(const google::protobuf::RepeatedPtrField<v1::Element>& elements,
                     const char* list, const Place& place);
  // What each way of answering needs.
  void CheckAnswering(const v1::DocumentKind& kind, const Place& place);
  void CheckCanAnswer(const v1::Member& holder, const v1::DocumentKind& kind, const Place& route);
  void CheckSchemes(const Place& place, const google::protobuf::RepeatedField<int>& schemes);
  void CheckRouting(const v1::DocumentKind& kind, const Place& place);
  void CheckRoutes();
  void CheckAreas(const v1::Route& route, const v1::DocumentKind& kind, const Place& place);
  // check_grants.cc: who may.
  void CheckGrants();
  // Who can hold a kind of grant: "ROLE_HOUSEHOLD", "ask".
  struct GranteeRule {
    const char* roles;
    const char* verb;
    bool (*may)(v1::Role);
  };
  static const GranteeRule kAsker;
  static const GranteeRule kPublisher;
  template <typename AnyGrant>
  void CheckGrantee(const AnyGrant& grant, const GranteeRule& rule, const Place& place);
  void CheckPersonRoles(const Place& place, absl::string_view field,
                        const google::protobuf::RepeatedPtrField<std::string>& roles);
  void CheckGrantedCodes(const v1::Grant& grant, const Place& place);
  void CheckHours(const v1::Hours& hours, const Place& place);
  // check_county_rules.cc: what a county narrows.
  void CheckCountyRules();
  void CheckNarrowing(const v1::CountyRule& rule, const Place& place);
  void CheckWithheld(const v1::CountyRule& rule, const Place& place);
  // check_notices.cc: who is told, and when.
  void CheckNoticeKinds();
  void CheckConsents(const v1::NoticeKind& kind, const Place& place);
  void CheckNoticeGrants();
  void CheckSubscriptions();
  void CheckRecipient(const v1::Subscription& subscription, const Place& place);
  void CheckNotified(const v1::Subscription& subscription, const Place& place);
  void CheckNoticeRouting(const v1::SubscriptionRouting& routing, const Place& place);
  void CheckSchedule(const v1::DeliverySchedule& schedule, const Place& place);
  void CheckCalendar();
  // Whether all could be read.
  bool CheckDays(const v1::CalendarYear& year, const char* field,
                 const google::protobuf::RepeatedPtrField<std::string>& days, const Place& place);
  // check_witnesses.cc: who cosigns. `seen`: keys and systems of the witnesses before.
  void CheckWitnessPolicy();
  void CheckWitness(const v1::Witness& witness, const Place& place,
                    absl::flat_hash_set<std::string>& seen);
  void CheckWitnessSystem(const v1::WitnessSystem& system, const Place& place,
                          absl::flat_hash_set<std::string>& seen);
  void CheckWitnessGroup(const v1::WitnessGroup& group, const Place& place,
                         const std::vector<absl::string_view>& names);
  void CheckUniqueWitnessNames(const std::vector<absl::string_view>& names, const Place& place);
  void CheckUrl(const Place& place, absl::string_view field, absl::string_view url);
  void CheckRoot(const Place& place, absl::string_view field, const std::string& pem,
                 bool required);
  void CheckTlsRoot(const Place& place, absl::string_view field, const std::string& pem,
                    absl::string_view url);
  // check_audit_grants.cc: who may look.
  void CheckAuditGrants();
  void CheckAuditor(const v1::AuditGrant& grant, const Place& place);
  void CheckAuditPeriod(const v1::AuditGrant& grant, const Place& place);

  // Calls f(message, place) for each message of a repeated field of all files.
  template <typename T, typename F>
  void ForEach(const char* field,
               const google::protobuf::RepeatedPtrField<T>& (v1::RegistryFile::*messages)() const,
               F f) {
    for (const auto& file : sources_.files) {
      const Place root(*file);
      const auto& list = (file->message.*messages)();
      for (int i = 0; i < list.size(); ++i) f(list[i], root.Nested(field, i));
    }
  }
  // Enters `message` under its name; a second one is a fault. `names` of unnamed ones stay out.
  template <typename T>
  void Define(Named<T>& names, absl::string_view name, const T& message, const Place& place,
              const char* field, absl::string_view noun);

  void CheckShape(const Place& place, absl::string_view field, absl::string_view value,
                  const Shape& shape);
  // As CheckShape, and the word must not be reserved.
  void CheckName(const Place& place, absl::string_view field, absl::string_view value,
                 const Shape& shape);
  void CheckTexts(const Place& place, const char* field, bool is_set, const v1::LocalizedText& text,
                  bool required);
  void CheckText(const Place& place, absl::string_view field, absl::string_view text);
  void CheckTimes(const Place& place, absl::string_view not_before, absl::string_view not_after);
  void CheckBound(const Place& place, absl::string_view field, uint32_t value, uint32_t bound);
  template <typename Enum>
  void CheckEnum(const Place& place, absl::string_view field, Enum value);

  // Each text of a repeated field must be one of `names`, and stand there once.
  template <typename Strings>
  void CheckReferences(const Place& place, absl::string_view field, const Strings& values,
                       const std::vector<absl::string_view>& names, absl::string_view noun);
  bool CheckReference(const Place& place, absl::string_view field, int index,
                      absl::string_view value, const std::vector<absl::string_view>& names,
                      absl::string_view noun);
  // The same; ten thousand grants each name one of a thousand members, so all names are listed only
  // for a fault.
  template <typename Strings, typename T>
  void CheckReferences(const Place& place, absl::string_view field, const Strings& values,
                       const Named<T>& names, absl::string_view noun);
  template <typename T>
  bool CheckReference(const Place& place, absl::string_view field, int index,
                      absl::string_view value, const Named<T>& names, absl::string_view noun) {
    return names.contains(value) || CheckReference(place, field, index, value, Keys(names), noun);
  }
  template <typename Strings>
  void CheckUnique(const Place& place, absl::string_view field, const Strings& values);

  template <typename T>
  static std::vector<absl::string_view> Keys(const Named<T>& names);
  static std::vector<absl::string_view> Codes(
      const google::protobuf::RepeatedPtrField<v1::Element>& elements);

  const Sources& sources_;
  Faults& faults_;
  Named<v1::Issuer> issuers_;
  Named<v1::Member> members_;
  Named<v1::PurposeCode> purposes_;
  Named<v1::LegalBasis> legal_bases_;
  Named<v1::DocumentKind> kinds_;
  Named<v1::Grant> grants_;
  Named<v1::NoticeKind> notice_kinds_;
  Named<v1::NoticeGrant> notice_grants_;
  Named<v1::Subscription> subscriptions_;
  Named<v1::AuditGrant> audit_grants_;
  Named<v1::CountyRule> county_rules_;
  // Exact bindings seen so far; two systems of one certificate would be two callers in one.
  absl::flat_hash_set<std::string> bindings_;
};

template <typename T>
std::vector<absl::string_view> Checker::Keys(const Named<T>& names) {
  std::vector<absl::string_view> keys;
  for (const auto& [name, message] : names) keys.push_back(name);
  return keys;
}

template <typename Strings>
void Checker::CheckUnique(const Place& place, absl::string_view field, const Strings& values) {
  absl::flat_hash_set<absl::string_view> seen;
  for (int i = 0; i < values.size(); ++i) {
    if (!seen.insert(values[i]).second) {
      faults_.AddAt(place, field, i, values[i],
                    absl::StrCat("\"", values[i], "\" stands here twice; write it once"));
    }
  }
}

template <typename Strings>
void Checker::CheckReferences(const Place& place, absl::string_view field, const Strings& values,
                              const std::vector<absl::string_view>& names, absl::string_view noun) {
  for (int i = 0; i < values.size(); ++i) CheckReference(place, field, i, values[i], names, noun);
  CheckUnique(place, field, values);
}

template <typename Strings, typename T>
void Checker::CheckReferences(const Place& place, absl::string_view field, const Strings& values,
                              const Named<T>& names, absl::string_view noun) {
  for (int i = 0; i < values.size(); ++i) CheckReference(place, field, i, values[i], names, noun);
  CheckUnique(place, field, values);
}

template <typename AnyGrant>
void Checker::CheckGrantee(const AnyGrant& grant, const GranteeRule& rule, const Place& place) {
  if (!CheckReference(place, "member", -1, grant.member(), members_, "member")) return;
  std::vector<absl::string_view> systems;
  std::vector<absl::string_view> offices;
  for (const v1::System& system : members_.at(grant.member())->systems()) {
    if (!rule.may(system.role())) continue;
    systems.push_back(system.name());
    if (grant.systems_size() > 0 && std::find(grant.systems().begin(), grant.systems().end(),
                                              system.name()) == grant.systems().end()) {
      continue;
    }
    offices.insert(offices.end(), system.acting_for().begin(), system.acting_for().end());
  }
  if (systems.empty()) {
    faults_.Add(place, "member",
                absl::StrCat("\"", grant.member(), "\" has no system with role ", rule.roles,
                             " that could ", rule.verb, "; add one or name the office that ",
                             rule.verb, "s"));
    return;
  }
  CheckReferences(place, "systems", grant.systems(), systems,
                  absl::StrCat("system with role ", rule.roles, " of \"", grant.member(), "\""));
  CheckReferences(place, "acting_for", grant.acting_for(), offices,
                  "office for which these systems act,");
}

template <typename Enum>
void Checker::CheckEnum(const Place& place, absl::string_view field, Enum value) {
  const auto* descriptor = google::protobuf::GetEnumDescriptor<Enum>();
  if (value != 0 && descriptor->FindValueByNumber(value) != nullptr) return;
  std::string choices;
  for (int i = 1; i < descriptor->value_count(); ++i) {
    absl::StrAppend(&choices, i > 1 ? ", " : "", descriptor->value(i)->name());
  }
  faults_.Add(place, field, absl::StrCat("is not set; write one of ", choices));
}

}  // namespace chayan::registry

#endif  // CHAYAN_GATEWAY_REGISTRY_CHECK_H_
