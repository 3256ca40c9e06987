#include "gateway/cli/question.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/language.h"
#include "gateway/ident/era_date.h"
#include "gateway/ident/fold.h"
#include "gateway/ident/identifier.h"

namespace chayan::cli {
namespace {

absl::Status Wrong(absl::string_view what) { return absl::InvalidArgumentError(what); }

absl::Status Require(const std::string& value, absl::string_view flag, absl::string_view what) {
  if (!value.empty()) return absl::OkStatus();
  return Wrong(absl::StrCat("every question names ", what, ": give ", flag));
}

absl::StatusOr<v1::EraDate> ParseDate(absl::string_view text, absl::string_view flag) {
  const auto date = ident::ParseEraDate(text);
  if (!date.ok()) return Annotate(date.status(), flag);
  return ToProto(*date);
}

absl::StatusOr<v1::IdentifierScheme> SchemeOf(const TypedQuestion& typed) {
  if (!typed.id_scheme.empty()) {
    v1::IdentifierScheme scheme;
    const std::string name =
        absl::StrCat("IDENTIFIER_SCHEME_",
                     absl::AsciiStrToUpper(absl::StrReplaceAll(typed.id_scheme, {{"-", "_"}})));
    if (v1::IdentifierScheme_Parse(name, &scheme) && scheme != 0) return scheme;
    return Wrong(
        "--id-scheme is none of national-id, resident-number, old-resident-number, "
        "business-number, passport, health-card, citizen-certificate, household-number");
  }
  if (const auto person = ident::PersonSchemeOf(typed.id)) {
    switch (*person) {
      case ident::IdentifierScheme::kNationalId:
        return v1::IDENTIFIER_SCHEME_NATIONAL_ID;
      case ident::IdentifierScheme::kResidentNumber:
        return v1::IDENTIFIER_SCHEME_RESIDENT_NUMBER;
      default:
        return v1::IDENTIFIER_SCHEME_OLD_RESIDENT_NUMBER;
    }
  }
  const std::string folded = ident::FoldWidth(ident::Trim(typed.id));
  if (folded.size() == 8 && std::all_of(folded.begin(), folded.end(), absl::ascii_isdigit)) {
    return v1::IDENTIFIER_SCHEME_BUSINESS_NUMBER;
  }
  return Wrong(
      "--id is neither a person's nor an organisation's number; say what it is with "
      "--id-scheme");
}

absl::Status AddClaim(const std::string& text, const v1::DocumentKindDescription& kind,
                      v1::VerifyDocumentRequest& request) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
    return Wrong(absl::StrCat("--claim '", text, "' is not of the form CODE=VALUE"));
  }
  const std::string code = text.substr(0, equals);
  const std::string value = text.substr(equals + 1);
  const auto element =
      std::find_if(kind.claims().begin(), kind.claims().end(),
                   [&](const v1::ElementDescription& claim) { return claim.code() == code; });
  if (element == kind.claims().end()) {
    return Wrong(
        absl::StrCat("--claim ", code, ": ", kind.document_kind(), " has only ",
                     absl::StrJoin(kind.claims(), ", ", [](std::string* out, const auto& claim) {
                       absl::StrAppend(out, claim.code());
                     })));
  }
  v1::Claim* claim = request.add_claims();
  claim->set_code(code);
  if (element->type() == "DATE") {
    CHAYAN_ASSIGN_OR_RETURN(*claim->mutable_date(),
                            ParseDate(value, absl::StrCat("--claim ", code)));
  } else {
    claim->set_text(value);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::VerifyDocumentRequest> BuildQuestion(const TypedQuestion& typed,
                                                        const v1::DocumentKindDescription& kind) {
  CHAYAN_RETURN_IF_ERROR(Require(typed.acting_for, "--acting-for", "the office that asks"));
  CHAYAN_RETURN_IF_ERROR(Require(typed.person, "--person", "the person at the counter"));
  CHAYAN_RETURN_IF_ERROR(Require(typed.purpose, "--purpose", "a purpose"));
  CHAYAN_RETURN_IF_ERROR(Require(typed.basis, "--basis", "a legal basis"));
  CHAYAN_RETURN_IF_ERROR(Require(typed.case_number, "--case", "a case number"));
  CHAYAN_RETURN_IF_ERROR(Require(typed.id, "--id", "the number of the person or organisation"));
  if (typed.claims.empty()) {
    return Wrong("a question claims something: give --claim CODE=VALUE (chayan kinds lists codes)");
  }
  v1::VerifyDocumentRequest request;
  request.set_request_id(typed.request_id);
  request.set_acting_for(typed.acting_for);
  request.set_document_kind(kind.document_kind());
  v1::Purpose* purpose = request.mutable_purpose();
  purpose->mutable_person()->set_id(typed.person);
  purpose->mutable_person()->set_role(typed.person_role);
  purpose->mutable_person()->set_assertion(typed.assertion);
  if (!typed.approver.empty()) {
    purpose->mutable_approver()->set_id(typed.approver);
    purpose->mutable_approver()->set_role(typed.approver_role);
    purpose->mutable_approver()->set_assertion(typed.approver_assertion);
  }
  purpose->set_purpose_code(typed.purpose);
  purpose->set_legal_basis(typed.basis);
  purpose->set_case_number(typed.case_number);
  purpose->set_reason(typed.reason);
  v1::Subject* subject = request.mutable_subject();
  CHAYAN_ASSIGN_OR_RETURN(const v1::IdentifierScheme scheme, SchemeOf(typed));
  subject->mutable_identifier()->set_scheme(scheme);
  subject->mutable_identifier()->set_value(typed.id);
  subject->set_name(typed.name);
  if (!typed.birth_date.empty()) {
    CHAYAN_ASSIGN_OR_RETURN(*subject->mutable_birth_date(), ParseDate(typed.birth_date, "--birth"));
  }
  for (const std::string& claim : typed.claims) {
    CHAYAN_RETURN_IF_ERROR(AddClaim(claim, kind, request));
  }
  for (const std::string& field : typed.fields) request.add_requested_fields(field);
  if (!typed.as_of_date.empty()) {
    CHAYAN_ASSIGN_OR_RETURN(*request.mutable_as_of_date(), ParseDate(typed.as_of_date, "--as-of"));
  }
  request.set_pending_allowed(typed.pending_allowed);
  return request;
}

}  // namespace chayan::cli
