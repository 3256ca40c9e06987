#include "gateway/notice/notice_form.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/uuid.h"
#include "gateway/ident/fold.h"
#include "gateway/log/search_key.h"
#include "gateway/verify/limits.h"
#include "gateway/verify/value_form.h"

namespace chayan::notice {
namespace {

using verify::kNumberCharactersMax;

// What notice_service.proto promises of a notice.
constexpr int kPayloadMax = 64;
constexpr int kCustomerAccountsMax = 16;
// Taiwan's area codes have 5 digits for a county, up to 11 for a village.
constexpr size_t kAreaDigitsMax = 16;

template <typename Value>
void AddOnce(Value value, std::vector<Value>& values) {
  if (std::find(values.begin(), values.end(), value) == values.end()) {
    values.push_back(std::move(value));
  }
}

class Check {
 public:
  Check(const v1::PublishNoticeRequest& request, const v1::NoticeKind& kind,
        absl::string_view publisher, const registry::Snapshot& snapshot,
        const OrderingKey& ordering)
      : request_(request),
        kind_(kind),
        publisher_(publisher),
        snapshot_(snapshot),
        ordering_(ordering) {}

  CheckedNotice Run() && {
    violations_.That(Uuid::FromText(request_.request_id()).status(), "request_id");
    verify::CheckPurpose(request_.purpose(), violations_);
    if (!request_.purpose().purpose_code().empty()) {
      violations_.Add("purpose.purpose_code", "leave it empty: a notice's purpose is its kind");
    }
    Subjects();
    Payload();
    violations_.That(verify::CheckDate(request_.effective_date()), "effective_date");
    Consents();
    Routing();
    out_.violations = std::move(violations_).Take();
    return std::move(out_);
  }

 private:
  void Subjects() {
    const int max = kind_.subjects_max() == 0 ? 1 : static_cast<int>(kind_.subjects_max());
    if (request_.subjects().empty() || request_.subjects_size() > max) {
      violations_.Add("subjects", absl::StrCat("write 1 to ", max, " of them"));
    }
    for (int i = 0; i < std::min(request_.subjects_size(), max); ++i) {
      Subject(request_.subjects(i), absl::StrCat("subjects[", i, "]"));
    }
  }

  void Subject(const v1::NoticeSubject& subject, const std::string& path) {
    if (!subject.has_identifier() && subject.publisher_key().empty()) {
      violations_.Add(path, "write identifier or, where the number is not known, publisher_key");
    }
    if (subject.has_identifier()) Number(subject.identifier(), path + ".identifier");
    if (subject.has_former_identifier()) {
      Number(subject.former_identifier(), path + ".former_identifier");
      if (!subject.has_identifier()) {
        violations_.Add(path + ".identifier", "is missing; a number that changed has a new one");
      }
    }
    if (!subject.name().empty()) {
      violations_.That(ident::CheckName(subject.name()), path + ".name");
    }
    if (subject.has_birth_date()) {
      violations_.That(verify::CheckDate(subject.birth_date()), path + ".birth_date");
    }
    if (subject.publisher_key().empty()) return;
    violations_.That(verify::CheckText(subject.publisher_key(), kNumberCharactersMax),
                     path + ".publisher_key");
    AddOnce(ordering_.OfPublisherKey(publisher_, subject.publisher_key()), out_.subjects);
  }

  void Number(const v1::Identifier& identifier, const std::string& path) {
    if (!verify::SchemeAllowed(identifier.scheme(), kind_.subject_schemes())) {
      violations_.Add(path + ".scheme", "this notice kind does not take this scheme");
      return;
    }
    absl::StatusOr<std::string> number = log::SubjectKey(identifier);
    violations_.That(number.status(), path + ".value");
    if (!number.ok()) return;
    AddOnce(ordering_.OfNumber(identifier.scheme(), *number), out_.subjects);
    AddOnce(*std::move(number), out_.numbers);
  }

  void Payload() {
    if (request_.payload_size() > kPayloadMax) {
      violations_.Add("payload", absl::StrCat("write at most ", kPayloadMax, " elements"));
      return;
    }
    absl::flat_hash_set<absl::string_view> there;
    for (int i = 0; i < request_.payload_size(); ++i) {
      const v1::Claim& value = request_.payload(i);
      const std::string path = absl::StrCat("payload[", i, "]");
      const auto element =
          std::find_if(kind_.payload().begin(), kind_.payload().end(),
                       [&](const v1::Element& one) { return one.code() == value.code(); });
      if (element == kind_.payload().end()) {
        violations_.Add(path + ".code", "this notice kind has no such element");
      } else if (!there.insert(value.code()).second) {
        violations_.Add(path + ".code", "the element is there twice");
      } else {
        verify::CheckValue(value, *element, path, violations_);
      }
    }
    for (const v1::Element& element : kind_.payload()) {
      if (!element.required() || there.contains(element.code())) continue;
      violations_.Add("payload", absl::StrCat("the element \"", element.code(),
                                              "\" is missing; this kind needs it"));
    }
  }

  void Consents() {
    absl::flat_hash_set<absl::string_view> there;
    for (int i = 0; i < request_.consents_size(); ++i) {
      const std::string& code = request_.consents(i);
      const bool known = std::any_of(kind_.consents().begin(), kind_.consents().end(),
                                     [&](const auto& consent) { return consent.code() == code; });
      const std::string path = absl::StrCat("consents[", i, "]");
      if (!known) violations_.Add(path, "this notice kind has no such consent");
      if (known && !there.insert(code).second) violations_.Add(path, "the consent is there twice");
    }
  }

  void Area(const std::string& area, absl::string_view path) {
    if (area.size() <= kAreaDigitsMax &&
        area.find_first_not_of("0123456789") == std::string::npos) {
      return;
    }
    violations_.Add(std::string(path),
                    absl::StrCat("write at most ", kAreaDigitsMax, " digits, the county's first"));
  }

  void Routing() {
    const v1::NoticeRouting& routing = request_.routing();
    Area(routing.old_area(), "routing.old_area");
    Area(routing.new_area(), "routing.new_area");
    if (!routing.office().empty() && snapshot_.FindMember(routing.office()) == nullptr) {
      violations_.Add("routing.office", "the registry has no such member");
    }
    violations_.That(verify::CheckText(routing.supply_area(), kNumberCharactersMax),
                     "routing.supply_area");
    if (routing.customer_accounts_size() > kCustomerAccountsMax) {
      violations_.Add("routing.customer_accounts",
                      absl::StrCat("write at most ", kCustomerAccountsMax, " of them"));
      return;
    }
    for (int i = 0; i < routing.customer_accounts_size(); ++i) {
      const v1::CustomerAccount& account = routing.customer_accounts(i);
      const std::string path = absl::StrCat("routing.customer_accounts[", i, "]");
      if (snapshot_.FindMember(account.provider()) == nullptr) {
        violations_.Add(path + ".provider", "the registry has no such member");
      }
      if (account.account().empty()) violations_.Add(path + ".account", "is missing");
      violations_.That(verify::CheckText(account.account(), kNumberCharactersMax),
                       path + ".account");
    }
  }

  const v1::PublishNoticeRequest& request_;
  const v1::NoticeKind& kind_;
  const absl::string_view publisher_;
  const registry::Snapshot& snapshot_;
  const OrderingKey& ordering_;
  verify::Violations violations_;
  CheckedNotice out_;
};

}  // namespace

CheckedNotice CheckNotice(const v1::PublishNoticeRequest& request, const v1::NoticeKind& kind,
                          absl::string_view publisher, const registry::Snapshot& snapshot,
                          const OrderingKey& ordering) {
  return Check(request, kind, publisher, snapshot, ordering).Run();
}

}  // namespace chayan::notice
