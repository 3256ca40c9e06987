#include "gateway/registry/snapshot.h"

#include <algorithm>
#include <utility>

#include "absl/container/btree_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/base/check.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/signing_key.h"
#include "gateway/registry/check.h"
#include "gateway/registry/index.h"
#include "gateway/registry/shapes.h"
#include "gateway/registry/source.h"
#include "gateway/registry/values.h"

namespace chayan::registry {
namespace {

const v1::Element* FindElement(const google::protobuf::RepeatedPtrField<v1::Element>& elements,
                               absl::string_view code) {
  // A kind has a dozen elements: a walk is as quick as a hash.
  for (const v1::Element& element : elements) {
    if (element.code() == code) return &element;
  }
  return nullptr;
}

template <typename Map, typename Key>
auto* Find(Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

// The list of a map of lists; an empty one that lives for ever where there is none.
template <typename Map, typename Key>
const typename Map::mapped_type& FindOrNone(const Map& map, const Key& key) {
  static const auto* const none = new typename Map::mapped_type();
  const auto found = map.find(key);
  return found == map.end() ? *none : found->second;
}

// Of anything with the fields not_before_time and not_after_time.
template <typename Proto, typename Parsed>
absl::Status ParseTimes(const Proto& proto, Parsed& parsed) {
  CHAYAN_ASSIGN_OR_RETURN(parsed.not_before,
                          ParseUtcTimeOr(proto.not_before_time(), absl::InfinitePast()));
  CHAYAN_ASSIGN_OR_RETURN(parsed.not_after,
                          ParseUtcTimeOr(proto.not_after_time(), absl::InfiniteFuture()));
  return absl::OkStatus();
}

template <typename AnyGrant>
void SortById(std::vector<AnyGrant>& grants) {
  std::sort(grants.begin(), grants.end(),
            [](const AnyGrant& a, const AnyGrant& b) { return a.proto->id() < b.proto->id(); });
}

absl::StatusOr<AnswerKey> MakeAnswerKey(const v1::AnswerKey& proto) {
  AnswerKey key{};
  key.proto = &proto;
  CHAYAN_ASSIGN_OR_RETURN(const crypto::Ed25519PublicKey public_key,
                          ParsePublicKey(proto.public_key()));
  key.key_id = crypto::KeyId(public_key);
  key.public_key = public_key.ToString();
  CHAYAN_RETURN_IF_ERROR(ParseTimes(proto, key));
  return key;
}

// Of anything with the field hours.
template <typename Proto>
absl::StatusOr<DayHours> ParseHours(const Proto& proto) {
  DayHours hours;
  if (!proto.has_hours()) return hours;
  CHAYAN_ASSIGN_OR_RETURN(hours.from_minute, ParseMinuteOfDay(proto.hours().from()));
  CHAYAN_ASSIGN_OR_RETURN(hours.to_minute, ParseMinuteOfDay(proto.hours().to()));
  hours.workdays_only = proto.hours().workdays_only();
  return hours;
}

absl::StatusOr<Grant> MakeGrant(const v1::Grant& proto) {
  Grant grant{};
  grant.proto = &proto;
  CHAYAN_RETURN_IF_ERROR(ParseTimes(proto, grant));
  if (proto.not_after_time().empty() && !proto.not_before_time().empty()) {
    grant.not_after = EndOfTerm(grant.not_before);
  }
  CHAYAN_ASSIGN_OR_RETURN(grant.hours, ParseHours(proto));
  grant.lapse_days = proto.lapse_after_days() == 0 ? kLapseDaysDefault
                                                   : static_cast<int>(proto.lapse_after_days());
  return grant;
}

absl::StatusOr<AuditGrant> MakeAuditGrant(const v1::AuditGrant& proto) {
  AuditGrant grant{};
  grant.proto = &proto;
  CHAYAN_ASSIGN_OR_RETURN(grant.entries_from,
                          ParseUtcTimeOr(proto.entries_from_time(), absl::InfinitePast()));
  CHAYAN_ASSIGN_OR_RETURN(grant.entries_until,
                          ParseUtcTimeOr(proto.entries_until_time(), absl::InfiniteFuture()));
  CHAYAN_RETURN_IF_ERROR(ParseTimes(proto, grant));
  return grant;
}

}  // namespace

const v1::Element* Kind::FindClaim(absl::string_view code) const {
  return FindElement(proto->claims(), code);
}

const v1::Element* Kind::FindField(absl::string_view code) const {
  return FindElement(proto->fields(), code);
}

bool DayHours::Contain(absl::CivilMinute local, const Calendar& calendar) const {
  const int minute = local.hour() * 60 + local.minute();
  if (minute < from_minute || minute >= to_minute) return false;
  return !workdays_only || calendar.IsWorkday(absl::CivilDay(local));
}

absl::Time EndOfTerm(absl::Time begin) {
  const absl::CivilSecond civil = absl::ToCivilSecond(begin, Taipei());
  return absl::FromCivil(
      absl::CivilSecond(civil.year() + kGrantTermYears, civil.month(), civil.day(), civil.hour(),
                        civil.minute(), civil.second()),
      Taipei());
}

bool CountyRule::IsAbout(absl::string_view kind) const {
  const auto& kinds = proto->document_kinds();
  return kinds.empty() || std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

Snapshot::Snapshot() : index_(std::make_unique<Index>()) {}
Snapshot::~Snapshot() = default;

absl::StatusOr<std::shared_ptr<const Snapshot>> Snapshot::Create(Files files,
                                                                 std::vector<std::string>* faults) {
  std::shared_ptr<Snapshot> snapshot(new Snapshot());
  Index& index = *snapshot->index_;
  std::sort(files.begin(), files.end());
  index.files = std::move(files);

  Faults found;
  Sources sources = ParseFiles(index.files, found);
  Check(sources, found);
  if (!found.empty()) {
    const std::vector<std::string> lines = found.ToLines();
    if (faults != nullptr) *faults = lines;
    return absl::InvalidArgumentError(
        absl::StrCat("the registry set has ", found.size(),
                     found.size() == 1 ? " fault: " : " faults; first: ", lines.front()));
  }
  if (faults != nullptr) faults->clear();
  index.digest = SetDigest(index.files);
  // Where everything stood is of no use any more.
  for (const auto& file : sources.files) {
    index.messages.push_back(std::make_unique<v1::RegistryFile>(std::move(file->message)));
  }
  // What the check let pass can be indexed; anything else is a fault of the check.
  CHAYAN_CHECK(index.Build().ok());
  return snapshot;
}

absl::StatusOr<std::shared_ptr<const Snapshot>> Snapshot::Load(const std::string& directory,
                                                               std::vector<std::string>* faults) {
  CHAYAN_ASSIGN_OR_RETURN(Files files, ReadTree(directory, ".textproto"));
  return Create(std::move(files), faults);
}

absl::Status Snapshot::Index::Build() {
  for (const auto& file : messages) {
    if (file->has_deployment()) deployment = &file->deployment();
    if (file->has_witness_policy()) {
      CHAYAN_ASSIGN_OR_RETURN(witness_policy, WitnessPolicy::Create(file->witness_policy()));
    }
    for (const auto& purpose : file->purposes()) purposes.insert(purpose.code());
    for (const auto& basis : file->legal_bases()) legal_bases.emplace(basis.code(), &basis);
    for (const auto& issuer : file->issuers()) {
      CHAYAN_ASSIGN_OR_RETURN(crypto::Certificate certificate,
                              ParseIssuer(issuer.certificate_pem()));
      issuers.emplace_back(issuer.id(), std::move(certificate));
    }
  }
  std::sort(issuers.begin(), issuers.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  CHAYAN_RETURN_IF_ERROR(AddMembers());
  CHAYAN_RETURN_IF_ERROR(AddKeys());
  CHAYAN_RETURN_IF_ERROR(AddKinds());
  CHAYAN_RETURN_IF_ERROR(AddGrants());
  CHAYAN_RETURN_IF_ERROR(AddNotices());
  return AddAuditGrants();
}

absl::Status Snapshot::Index::AddMembers() {
  for (const auto& file : messages) {
    for (const v1::Member& member : file->members()) {
      members.emplace(member.id(), &member);
      for (const v1::System& system : member.systems()) {
        const Bound bound{&member, &system};
        systems.emplace(Pair(member.id(), system.name()), bound);
        for (const v1::CertificateBinding& binding : system.certificates()) {
          if (binding.has_spki_sha256()) {
            CHAYAN_ASSIGN_OR_RETURN(const std::string raw, HexDecode(binding.spki_sha256()));
            CHAYAN_ASSIGN_OR_RETURN(const crypto::Digest spki, crypto::Digest::FromRaw(raw));
            bound_keys.emplace(spki, bound);
            continue;
          }
          for (const auto& [id, certificate] : issuers) {
            if (id != binding.issuer_serial().issuer()) continue;
            bound_certificates.emplace(
                std::make_pair(certificate.digest(), binding.issuer_serial().serial()), bound);
          }
        }
      }
    }
  }
  return absl::OkStatus();
}

absl::Status Snapshot::Index::AddKeys() {
  for (const auto& file : messages) {
    for (const v1::AnswerKey& proto : file->answer_keys()) {
      CHAYAN_ASSIGN_OR_RETURN(AnswerKey key, MakeAnswerKey(proto));
      const crypto::Digest id = key.key_id;
      answer_keys.emplace(id, std::move(key));
    }
    for (const v1::AssertionKey& proto : file->assertion_keys()) {
      CHAYAN_ASSIGN_OR_RETURN(const crypto::Ed25519PublicKey key,
                              ParsePublicKey(proto.public_key()));
      assertion_keys.emplace(Pair(proto.member(), proto.key_id()), key.ToString());
    }
  }
  return absl::OkStatus();
}

absl::Status Snapshot::Index::AddKinds() {
  for (const auto& file : messages) {
    for (const v1::DocumentKind& proto : file->document_kinds()) {
      kinds.push_back({&proto, KindDigest(proto)});
    }
  }
  std::sort(kinds.begin(), kinds.end(),
            [](const Kind& a, const Kind& b) { return a.proto->code() < b.proto->code(); });
  for (const Kind& kind : kinds) kinds_by_code.emplace(kind.proto->code(), &kind);

  for (const auto& file : messages) {
    for (const v1::Route& route : file->routes()) {
      const v1::DocumentKind& kind = *kinds_by_code.at(route.document_kind())->proto;
      const v1::Member* holder = members.at(route.holder());
      if (kind.routing_claim().empty()) routes.emplace(AreaKey{kind.code(), ""}, holder);
      for (const std::string& text : route.areas()) {
        CHAYAN_ASSIGN_OR_RETURN(
            std::string area, NormalArea(*FindElement(kind.claims(), kind.routing_claim()), text));
        areas.push_back(std::make_unique<std::string>(std::move(area)));
        routes.emplace(AreaKey{kind.code(), *areas.back()}, holder);
      }
    }
  }
  return absl::OkStatus();
}

absl::Status Snapshot::Index::AddNotices() {
  for (const auto& file : messages) {
    for (const v1::NoticeKind& kind : file->notice_kinds()) {
      notice_kinds.push_back(&kind);
      notice_kinds_by_code.emplace(kind.code(), &kind);
    }
    for (const v1::NoticeGrant& proto : file->notice_grants()) {
      NoticeGrant grant{.proto = &proto, .not_before = {}, .not_after = {}};
      CHAYAN_RETURN_IF_ERROR(ParseTimes(proto, grant));
      notice_grants[Pair(proto.member(), proto.notice_kind())].push_back(grant);
    }
    for (const v1::Subscription& subscription : file->subscriptions()) {
      subscriptions.emplace(subscription.id(), &subscription);
      subscriptions_by_kind[subscription.notice_kind()].push_back(&subscription);
      subscriptions_by_recipient[subscription.recipient()].push_back(&subscription);
    }
    for (const v1::CalendarYear& year : file->calendar_years()) calendar.Add(year);
  }
  std::sort(notice_kinds.begin(), notice_kinds.end(),
            [](const auto* a, const auto* b) { return a->code() < b->code(); });
  for (auto& [key, list] : notice_grants) SortById(list);
  const auto by_id = [](const auto* a, const auto* b) { return a->id() < b->id(); };
  for (auto* const index : {&subscriptions_by_kind, &subscriptions_by_recipient}) {
    for (auto& [key, list] : *index) std::sort(list.begin(), list.end(), by_id);
  }
  return absl::OkStatus();
}

absl::Status Snapshot::Index::AddGrants() {
  for (const auto& file : messages) {
    for (const v1::Grant& proto : file->grants()) {
      CHAYAN_ASSIGN_OR_RETURN(const Grant grant, MakeGrant(proto));
      grants[Pair(proto.member(), proto.document_kind())].push_back(grant);
    }
  }
  for (auto& [key, list] : grants) {
    SortById(list);
    for (const Grant& grant : list) all_grants.push_back(&grant);
  }
  std::sort(all_grants.begin(), all_grants.end(),
            [](const Grant* a, const Grant* b) { return a->proto->id() < b->proto->id(); });
  for (const auto& file : messages) {
    for (const v1::CountyRule& proto : file->county_rules()) {
      CountyRule rule{.proto = &proto, .hours = {}};
      CHAYAN_ASSIGN_OR_RETURN(rule.hours, ParseHours(proto));
      county_rules[proto.county()].push_back(rule);
    }
  }
  for (auto& [county, list] : county_rules) SortById(list);
  return absl::OkStatus();
}

absl::Status Snapshot::Index::AddAuditGrants() {
  for (const auto& file : messages) {
    for (const v1::AuditGrant& proto : file->audit_grants()) {
      CHAYAN_ASSIGN_OR_RETURN(const AuditGrant grant, MakeAuditGrant(proto));
      audit_grants[proto.member()].push_back(grant);
    }
  }
  for (auto& [member, list] : audit_grants) SortById(list);
  return absl::OkStatus();
}

const Files& Snapshot::files() const { return index_->files; }
const crypto::Digest& Snapshot::digest() const { return index_->digest; }
const std::string& Snapshot::trust_domain() const { return index_->deployment->trust_domain(); }
bool Snapshot::approval_required() const { return index_->deployment->approval_required(); }
const WitnessPolicy* Snapshot::witness_policy() const {
  return index_->witness_policy.has_value() ? &*index_->witness_policy : nullptr;
}
const std::vector<Kind>& Snapshot::kinds() const { return index_->kinds; }

const v1::Member* Snapshot::FindMember(absl::string_view id) const {
  const auto* found = Find(index_->members, id);
  return found == nullptr ? nullptr : *found;
}

const v1::System* Snapshot::FindSystem(absl::string_view member, absl::string_view system) const {
  const auto* found = Find(index_->systems, Index::Pair(member, system));
  return found == nullptr ? nullptr : found->system;
}

const Kind* Snapshot::FindKind(absl::string_view code) const {
  const auto* found = Find(index_->kinds_by_code, code);
  return found == nullptr ? nullptr : *found;
}

const v1::Member* Snapshot::FindHolder(absl::string_view kind, absl::string_view area) const {
  const auto* found = Find(index_->routes, AreaKey{kind, area});
  return found == nullptr ? nullptr : *found;
}

std::vector<std::string> Snapshot::Areas(absl::string_view kind, absl::string_view holder) const {
  std::vector<std::string> areas;
  for (const auto& [key, member] : index_->routes) {
    if (key.kind == kind && member->id() == holder) areas.emplace_back(key.area);
  }
  std::sort(areas.begin(), areas.end());
  return areas;
}

std::vector<std::string> Snapshot::Holders(absl::string_view kind) const {
  absl::btree_set<std::string> holders;
  for (const auto& [key, member] : index_->routes) {
    if (key.kind == kind) holders.insert(member->id());
  }
  return {holders.begin(), holders.end()};
}

const std::vector<Grant>& Snapshot::Grants(absl::string_view member, absl::string_view kind) const {
  return FindOrNone(index_->grants, Index::Pair(member, kind));
}

const std::vector<const Grant*>& Snapshot::grants() const { return index_->all_grants; }

const std::vector<CountyRule>& Snapshot::CountyRules(absl::string_view office) const {
  const v1::Member* const member = index_->county_rules.empty() ? nullptr : FindMember(office);
  return FindOrNone(index_->county_rules,
                    member == nullptr ? absl::string_view() : absl::string_view(member->county()));
}

const std::vector<AuditGrant>& Snapshot::AuditGrants(absl::string_view member) const {
  return FindOrNone(index_->audit_grants, member);
}

const AnswerKey* Snapshot::FindAnswerKey(const crypto::Digest& key_id) const {
  return Find(index_->answer_keys, key_id);
}

absl::string_view Snapshot::FindAssertionKey(absl::string_view member,
                                             absl::string_view key_id) const {
  const auto* found = Find(index_->assertion_keys, Index::Pair(member, key_id));
  return found == nullptr ? absl::string_view() : absl::string_view(*found);
}

bool Snapshot::HasAssertionKey(absl::string_view member) const {
  return std::any_of(index_->assertion_keys.begin(), index_->assertion_keys.end(),
                     [member](const auto& key) { return key.first.first == member; });
}

const v1::NoticeKind* Snapshot::FindNoticeKind(absl::string_view code) const {
  const auto* found = Find(index_->notice_kinds_by_code, code);
  return found == nullptr ? nullptr : *found;
}

const std::vector<const v1::NoticeKind*>& Snapshot::notice_kinds() const {
  return index_->notice_kinds;
}

const std::vector<NoticeGrant>& Snapshot::NoticeGrants(absl::string_view member,
                                                       absl::string_view kind) const {
  return FindOrNone(index_->notice_grants, Index::Pair(member, kind));
}

const std::vector<const v1::Subscription*>& Snapshot::Subscriptions(
    absl::string_view notice_kind) const {
  return FindOrNone(index_->subscriptions_by_kind, notice_kind);
}

const std::vector<const v1::Subscription*>& Snapshot::SubscriptionsOf(
    absl::string_view recipient) const {
  return FindOrNone(index_->subscriptions_by_recipient, recipient);
}

const v1::Subscription* Snapshot::FindSubscription(absl::string_view id) const {
  const auto* found = Find(index_->subscriptions, id);
  return found == nullptr ? nullptr : *found;
}

const Calendar& Snapshot::calendar() const { return index_->calendar; }

bool Snapshot::HasPurpose(absl::string_view code) const { return index_->purposes.contains(code); }

bool IsAnsweredAtDesk(const v1::DocumentKind& kind) {
  return kind.answer_mode() == v1::ANSWER_MODE_ASYNC || kind.answer_mode() == v1::ANSWER_MODE_HUMAN;
}

const v1::LegalBasis* Snapshot::FindLegalBasis(absl::string_view code) const {
  const auto found = index_->legal_bases.find(code);
  return found == index_->legal_bases.end() ? nullptr : found->second;
}

const std::vector<std::pair<std::string, crypto::Certificate>>& Snapshot::issuers() const {
  return index_->issuers;
}

const crypto::Certificate* Snapshot::FindIssuer(absl::string_view id) const {
  for (const auto& [name, certificate] : index_->issuers) {
    if (name == id) return &certificate;
  }
  return nullptr;
}

Snapshot::Bound Snapshot::FindBinding(const crypto::Certificate& certificate,
                                      const crypto::Certificate& issuer) const {
  if (const auto* found = Find(index_->bound_keys, certificate.spki_digest())) return *found;
  const auto* found =
      Find(index_->bound_certificates,
           std::make_pair(issuer.digest(), std::string(WithoutLeadingZeros(certificate.serial()))));
  return found == nullptr ? Bound{nullptr, nullptr} : *found;
}

std::map<std::string, absl::Time> Snapshot::AnswerKeyEnds() const {
  std::map<std::string, absl::Time> ends;
  for (const auto& [id, key] : index_->answer_keys) {
    const std::string system = absl::StrCat(key.proto->member(), "/", key.proto->system());
    absl::Time& end = ends.emplace(system, absl::InfinitePast()).first->second;
    end = std::max(end, key.not_after);
  }
  std::erase_if(ends, [](const auto& each) { return each.second == absl::InfiniteFuture(); });
  return ends;
}

}  // namespace chayan::registry
