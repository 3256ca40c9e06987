#include "gateway/verify/question.h"

#include <algorithm>
#include <array>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/base/encoding.h"
#include "gateway/base/uuid.h"
#include "gateway/ident/era_date.h"
#include "gateway/ident/fold.h"
#include "gateway/ident/identifier.h"
#include "gateway/log/search_key.h"
#include "gateway/verify/limits.h"

namespace chayan::verify {
namespace {

using ident::IdentifierScheme;

absl::StatusOr<std::string> NormalNumber(IdentifierScheme scheme, absl::string_view text) {
  absl::StatusOr<ident::Normalized> normalized = ident::Normalize(scheme, text);
  if (!normalized.ok()) return normalized.status();
  return std::move(normalized->value);
}

// Longer numbers than any count, and than 64 bits hold.
constexpr size_t kIntegerDigitsMax = 18;

absl::StatusOr<std::string> NormalInteger(absl::string_view text) {
  std::string folded = ident::FoldWidth(ident::Trim(text));
  if (folded.empty() || folded.size() > kIntegerDigitsMax ||
      folded.find_first_not_of("0123456789") != std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat("write 1 to ", kIntegerDigitsMax, " digits"));
  }
  return folded;
}

absl::StatusOr<std::string> PlainText(absl::string_view text) {
  if (!IsValidUtf8(text) || ident::CountCodePoints(text) > kTextCodePointsMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("write at most ", kTextCodePointsMax, " characters"));
  }
  return std::string(text);
}

absl::StatusOr<std::string> ListedCode(absl::string_view text, const v1::Element& element) {
  if (std::find(element.codes().begin(), element.codes().end(), text) == element.codes().end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("write one of: ", absl::StrJoin(element.codes(), ", ")));
  }
  return std::string(text);
}

// The value's normal form, by the form its element asks for.
absl::StatusOr<std::string> NormalValue(absl::string_view text, const v1::Element& element) {
  if (text.empty()) return absl::InvalidArgumentError("is empty; write the expected value");
  switch (element.type()) {
    case v1::VALUE_TYPE_NAME: {
      absl::Status status = ident::CheckName(text);
      if (!status.ok()) return status;
      return std::string(text);
    }
    case v1::VALUE_TYPE_PERSON_NUMBER:
      return NormalNumber(IdentifierScheme::kPersonNumber, text);
    case v1::VALUE_TYPE_BUSINESS_NUMBER:
      return NormalNumber(IdentifierScheme::kBusinessNumber, text);
    case v1::VALUE_TYPE_LAND_OFFICE:
      return NormalNumber(IdentifierScheme::kLandOffice, text);
    case v1::VALUE_TYPE_LAND_SECTION:
      return NormalNumber(IdentifierScheme::kLandSection, text);
    case v1::VALUE_TYPE_LAND_LOT:
      return NormalNumber(IdentifierScheme::kLandLot, text);
    case v1::VALUE_TYPE_BUILDING_NUMBER:
      return NormalNumber(IdentifierScheme::kBuilding, text);
    case v1::VALUE_TYPE_PASSPORT:
      return NormalNumber(IdentifierScheme::kPassport, text);
    case v1::VALUE_TYPE_VEHICLE_PLATE:
      return NormalNumber(IdentifierScheme::kVehiclePlate, text);
    case v1::VALUE_TYPE_INTEGER:
      return NormalInteger(text);
    case v1::VALUE_TYPE_CODE:
      return ListedCode(text, element);
    default:
      return PlainText(text);
  }
}

absl::Status CheckDate(const v1::EraDate& date) {
  if (date.era() != v1::ERA_ROC && date.era() != v1::ERA_BEFORE_ROC) {
    return absl::InvalidArgumentError("era is missing; write ERA_ROC or ERA_BEFORE_ROC");
  }
  return ident::Validate({date.era() == v1::ERA_ROC ? ident::Era::kRoc : ident::Era::kBeforeRoc,
                          date.year(), date.month(), date.day()});
}

bool SchemeAllowed(v1::IdentifierScheme scheme, const v1::DocumentKind& kind) {
  if (!kind.subject_schemes().empty()) {
    return std::find(kind.subject_schemes().begin(), kind.subject_schemes().end(), scheme) !=
           kind.subject_schemes().end();
  }
  return scheme == v1::IDENTIFIER_SCHEME_NATIONAL_ID ||
         scheme == v1::IDENTIFIER_SCHEME_RESIDENT_NUMBER ||
         scheme == v1::IDENTIFIER_SCHEME_OLD_RESIDENT_NUMBER;
}

// Collects faults under their paths.
class Check {
 public:
  explicit Check(CheckedQuestion& out) : out_(out) {}
  void Fault(std::string field, absl::string_view description) {
    out_.violations.push_back({std::move(field), std::string(description)});
  }
  void That(const absl::Status& status, absl::string_view field) {
    if (!status.ok()) Fault(std::string(field), status.message());
  }

 private:
  CheckedQuestion& out_;
};

void CheckSubject(const v1::Subject& subject, const registry::Kind& kind, CheckedQuestion& out,
                  Check& check) {
  if (!SchemeAllowed(subject.identifier().scheme(), *kind.proto)) {
    check.Fault("subject.identifier.scheme",
                "this document kind does not take this scheme; see GetDocumentKind");
  } else {
    absl::StatusOr<std::string> number = log::SubjectKey(subject.identifier());
    check.That(number.status(), "subject.identifier.value");
    if (number.ok()) out.subject_number = *std::move(number);
  }
  if (!subject.name().empty()) check.That(ident::CheckName(subject.name()), "subject.name");
  if (subject.has_birth_date()) check.That(CheckDate(subject.birth_date()), "subject.birth_date");
  if (kind.proto->subject_detail_required() && subject.name().empty() &&
      !subject.has_birth_date()) {
    check.Fault("subject.name",
                "a number alone is not enough for this kind; write name or birth_date");
  }
}

void CheckClaims(const v1::VerifyDocumentRequest& request, const registry::Kind& kind,
                 CheckedQuestion& out, Check& check) {
  for (int i = 0; i < request.claims_size(); ++i) {
    const v1::Claim& claim = request.claims(i);
    const v1::Element& element = *kind.FindClaim(claim.code());
    const bool is_date = element.type() == v1::VALUE_TYPE_DATE;
    const auto fault = [&](absl::string_view description) {
      check.Fault(absl::StrCat("claims[", i, is_date ? "].date" : "].text"), description);
    };
    if (is_date != (claim.value_case() == v1::Claim::kDate)) {
      fault(is_date ? "this claim is a date; set date" : "this claim is a text; set text");
      continue;
    }
    if (is_date) {
      if (const absl::Status date = CheckDate(claim.date()); !date.ok()) fault(date.message());
      continue;
    }
    absl::StatusOr<std::string> value = NormalValue(claim.text(), element);
    if (!value.ok()) fault(value.status().message());
    if (value.ok() && claim.code() == kind.proto->routing_claim()) out.area = *std::move(value);
  }
  for (const v1::Element& element : kind.proto->claims()) {
    const bool there =
        std::any_of(request.claims().begin(), request.claims().end(),
                    [&](const v1::Claim& claim) { return claim.code() == element.code(); });
    if ((element.required() || element.code() == kind.proto->routing_claim()) && !there) {
      check.Fault("claims", absl::StrCat("the claim \"", element.code(),
                                         "\" is missing; this kind needs it"));
    }
  }
}

}  // namespace

CheckedQuestion CheckQuestion(const v1::VerifyDocumentRequest& request,
                              const registry::Kind& kind) {
  CheckedQuestion out;
  Check check(out);
  check.That(Uuid::FromText(request.request_id()).status(), "request_id");
  const v1::Purpose& purpose = request.purpose();
  const std::array<std::pair<const char*, const std::string*>, 4> own_numbers = {{
      {"purpose.person.id", &purpose.person().id()},
      {"purpose.person.role", &purpose.person().role()},
      {"purpose.case_number", &purpose.case_number()},
      {"purpose.consent.reference", &purpose.consent().reference()},
  }};
  for (const auto& [path, value] : own_numbers) {
    if (ident::CountCodePoints(*value) > kNumberCharactersMax)
      check.Fault(path, absl::StrCat("write at most ", kNumberCharactersMax, " characters"));
  }
  check.That(PlainText(purpose.reason()).status(), "purpose.reason");
  CheckSubject(request.subject(), kind, out, check);
  CheckClaims(request, kind, out, check);
  if (request.has_as_of_date()) check.That(CheckDate(request.as_of_date()), "as_of_date");
  return out;
}

}  // namespace chayan::verify
