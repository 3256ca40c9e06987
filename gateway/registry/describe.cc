#include "gateway/registry/describe.h"

#include <map>
#include <string>
#include <utility>

#include "absl/strings/strip.h"

namespace chayan::registry {
namespace {

std::string WithoutPrefix(absl::string_view name, absl::string_view prefix) {
  return std::string(absl::StripPrefix(name, prefix));
}

void DescribeElement(const v1::Element& element, v1::ElementDescription& out) {
  out.set_code(element.code());
  *out.mutable_title() = element.title();
  out.set_type(WithoutPrefix(v1::ValueType_Name(element.type()), "VALUE_TYPE_"));
  out.set_required(element.required());
  *out.mutable_codes() = element.codes();
  out.set_unconfirmed(element.unconfirmed());
}

void DescribeHolder(const Snapshot& snapshot, const v1::DocumentKind& kind,
                    const std::string& holder, v1::HolderDescription& out) {
  const v1::Member& member = *snapshot.FindMember(holder);
  out.set_member(holder);
  *out.mutable_name() = member.name();
  if (!kind.routing_claim().empty()) {
    for (std::string& area : snapshot.Areas(kind.code(), holder)) out.add_areas(std::move(area));
  }
  if (member.has_desk()) *out.mutable_desk() = member.desk();
}

// A recipient by law, or with `consent`.
void DescribeRecipient(const v1::Member& member, const v1::NoticeKind& kind,
                       const std::string& consent, bool unconfirmed,
                       v1::NoticeKindDescription& out) {
  v1::NoticeRecipientDescription& described = *out.add_recipient_descriptions();
  described.set_member(member.id());
  *described.mutable_name() = member.name();
  described.set_unconfirmed(unconfirmed);
  if (consent.empty()) {
    out.add_statutory_recipients(member.id());
    return;
  }
  for (const v1::NoticeConsent& given : kind.consents()) {
    if (given.code() == consent) *described.mutable_consent() = given.title();
  }
  // Named once, however many consents lead to it.
  const auto& members = out.opt_in_recipients();
  if (members.empty() || *members.rbegin() != member.id()) out.add_opt_in_recipients(member.id());
}

}  // namespace

v1::DocumentKindDescription Describe(const Snapshot& snapshot, const Kind& kind) {
  const v1::DocumentKind& from = *kind.proto;
  v1::DocumentKindDescription out;
  out.set_document_kind(from.code());
  *out.mutable_title() = from.title();
  for (const v1::Element& claim : from.claims()) DescribeElement(claim, *out.add_claims());
  for (const v1::Element& field : from.fields()) DescribeElement(field, *out.add_fields());
  *out.mutable_legal_bases() = from.legal_bases();
  for (const std::string& basis : from.legal_bases()) {
    v1::LegalBasisDescription& described = *out.add_basis_descriptions();
    described.set_code(basis);
    *described.mutable_title() = snapshot.FindLegalBasis(basis)->title();
  }
  out.set_routing_claim(from.routing_claim());
  *out.mutable_replaces() = from.replaces();
  out.set_replaces_sheets(from.replaces_sheets());
  out.set_digest(kind.digest.ToString());
  out.set_person_assertion_required(from.person_assertion_required());
  for (const std::string& holder : snapshot.Holders(from.code())) {
    out.add_holders(holder);
    DescribeHolder(snapshot, from, holder, *out.add_holder_descriptions());
  }
  out.set_fallback_form(from.fallback_form());
  out.set_answer_mode(WithoutPrefix(v1::AnswerMode_Name(from.answer_mode()), "ANSWER_MODE_"));
  out.set_service_level_workdays(from.service_level_workdays());
  out.set_retention_class(
      WithoutPrefix(v1::RetentionClass_Name(from.retention_class()), "RETENTION_CLASS_"));
  const v1::Sensitivity sensitivity = from.sensitivity() == v1::SENSITIVITY_UNSPECIFIED
                                          ? v1::SENSITIVITY_PERSONAL
                                          : from.sensitivity();
  out.set_sensitivity(WithoutPrefix(v1::Sensitivity_Name(sensitivity), "SENSITIVITY_"));
  out.set_unconfirmed(from.unconfirmed());
  return out;
}

v1::NoticeKindDescription Describe(const Snapshot& snapshot, const v1::NoticeKind& kind) {
  v1::NoticeKindDescription out;
  out.set_notice_kind(kind.code());
  *out.mutable_title() = kind.title();
  for (const v1::Element& element : kind.payload()) DescribeElement(element, *out.add_payload());
  out.set_unconfirmed(kind.unconfirmed());
  *out.mutable_legal_bases() = kind.legal_bases();
  for (const std::string& basis : kind.legal_bases()) {
    v1::LegalBasisDescription& described = *out.add_basis_descriptions();
    described.set_code(basis);
    *described.mutable_title() = snapshot.FindLegalBasis(basis)->title();
  }
  for (const v1::NoticeConsent& consent : kind.consents()) out.add_consents(consent.code());
  out.set_subjects_max(kind.subjects_max() == 0 ? 1 : kind.subjects_max());
  // Of several subscriptions of a member under one consent, whether a source confirms one is
  // enough.
  std::map<std::pair<std::string, std::string>, bool> confirmed;
  for (const v1::Subscription* subscription : snapshot.Subscriptions(kind.code())) {
    confirmed[{subscription->recipient(), subscription->consent()}] |= !subscription->unconfirmed();
  }
  for (const auto& [key, is_confirmed] : confirmed) {
    const auto& [member, consent] = key;
    DescribeRecipient(*snapshot.FindMember(member), kind, consent, !is_confirmed, out);
  }
  return out;
}

}  // namespace chayan::registry
