#include "gateway/cli/notice_request.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/language.h"
#include "gateway/ident/era_date.h"
#include "gateway/registry/text_reader.h"

namespace chayan::cli {
namespace {

absl::Status Wrong(absl::string_view what) { return absl::InvalidArgumentError(what); }

absl::Status Require(bool given, absl::string_view flag, absl::string_view what) {
  return given ? absl::OkStatus() : Wrong(absl::StrCat("a notice names ", what, ": give ", flag));
}

absl::StatusOr<v1::EraDate> ParseDate(absl::string_view text, absl::string_view flag) {
  const auto date = ident::ParseEraDate(text);
  if (!date.ok()) return Annotate(date.status(), flag);
  return ToProto(*date);
}

// "left=right", both there.
absl::StatusOr<std::pair<std::string, std::string>> Split(absl::string_view flag,
                                                          const std::string& text,
                                                          absl::string_view form) {
  std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits('=', 1));
  if (!parts.first.empty() && !parts.second.empty()) return parts;
  return Wrong(absl::StrCat(flag, " '", text, "' is not of the form ", form));
}

void SetIfGiven(const std::string& text, std::string* field) {
  if (!text.empty()) *field = text;
}

absl::Status AddElement(const std::string& text, const v1::NoticeKindDescription& kind,
                        v1::PublishNoticeRequest& request) {
  CHAYAN_ASSIGN_OR_RETURN(const auto parts, Split("--element", text, "CODE=VALUE"));
  const auto& [code, value] = parts;
  const auto element =
      std::find_if(kind.payload().begin(), kind.payload().end(),
                   [&](const v1::ElementDescription& known) { return known.code() == code; });
  if (element == kind.payload().end()) {
    return Wrong(
        absl::StrCat("--element ", code, ": ", kind.notice_kind(), " has only ",
                     absl::StrJoin(kind.payload(), ", ", [](std::string* out, const auto& known) {
                       absl::StrAppend(out, known.code());
                     })));
  }
  v1::Claim* claim = request.add_payload();
  claim->set_code(code);
  if (element->type() == "DATE") {
    CHAYAN_ASSIGN_OR_RETURN(*claim->mutable_date(),
                            ParseDate(value, absl::StrCat("--element ", code)));
  } else {
    claim->set_text(value);
  }
  return absl::OkStatus();
}

absl::Status SetSubject(const TypedNotice& typed, v1::PublishNoticeRequest& request) {
  if (!typed.id.has_value() && !typed.former_id.has_value() && typed.name.empty() &&
      typed.birth_date.empty() && typed.publisher_key.empty()) {
    return Require(!request.subjects().empty(),
                   "--id, or --publisher-key where the number is not known", "whom it is about");
  }
  request.clear_subjects();
  v1::NoticeSubject& subject = *request.add_subjects();
  if (typed.id.has_value()) *subject.mutable_identifier() = *typed.id;
  if (typed.former_id.has_value()) *subject.mutable_former_identifier() = *typed.former_id;
  subject.set_name(typed.name);
  subject.set_publisher_key(typed.publisher_key);
  if (!typed.birth_date.empty()) {
    CHAYAN_ASSIGN_OR_RETURN(*subject.mutable_birth_date(), ParseDate(typed.birth_date, "--birth"));
  }
  return absl::OkStatus();
}

absl::Status SetRouting(const TypedNotice& typed, v1::PublishNoticeRequest& request) {
  if (typed.old_area.empty() && typed.new_area.empty() && typed.office.empty() &&
      typed.supply_area.empty() && typed.accounts.empty()) {
    return absl::OkStatus();
  }
  v1::NoticeRouting& routing = *request.mutable_routing();
  SetIfGiven(typed.old_area, routing.mutable_old_area());
  SetIfGiven(typed.new_area, routing.mutable_new_area());
  SetIfGiven(typed.office, routing.mutable_office());
  SetIfGiven(typed.supply_area, routing.mutable_supply_area());
  for (const std::string& text : typed.accounts) {
    CHAYAN_ASSIGN_OR_RETURN(const auto parts, Split("--account", text, "COMPANY=NUMBER"));
    v1::CustomerAccount& account = *routing.add_customer_accounts();
    account.set_provider(parts.first);
    account.set_account(parts.second);
  }
  return absl::OkStatus();
}

void SetPurpose(const TypedNotice& typed, v1::Purpose& purpose) {
  SetIfGiven(typed.person, purpose.mutable_person()->mutable_id());
  SetIfGiven(typed.assertion, purpose.mutable_person()->mutable_assertion());
  if (purpose.person().role().empty()) purpose.mutable_person()->set_role(typed.person_role);
  SetIfGiven(typed.basis, purpose.mutable_legal_basis());
  SetIfGiven(typed.case_number, purpose.mutable_case_number());
  SetIfGiven(typed.reason, purpose.mutable_reason());
}

// Of a notice or a reversal.
template <typename Request>
absl::Status CheckRight(const Request& request, absl::string_view which_bases) {
  const v1::Purpose& purpose = request.purpose();
  CHAYAN_RETURN_IF_ERROR(
      Require(!request.acting_for().empty(), "--acting-for", "the office that publishes"));
  CHAYAN_RETURN_IF_ERROR(
      Require(!purpose.person().id().empty(), "--person", "the person at the counter"));
  CHAYAN_RETURN_IF_ERROR(Require(!purpose.legal_basis().empty(), "--basis",
                                 absl::StrCat("a legal basis", which_bases)));
  return Require(!purpose.case_number().empty(), "--case", "a case number");
}

}  // namespace

absl::StatusOr<v1::PublishNoticeRequest> ReadNoticeFile(const std::string& path) {
  v1::PublishNoticeRequest request;
  if (path.empty()) return request;
  const auto content = ReadFile(path);
  if (!content.ok()) return Annotate(content.status(), "--file");
  std::string faults;
  registry::ReadText read;
  registry::ReadMessage(
      *content,
      [&](int line, int column, absl::string_view what) {
        absl::StrAppend(&faults, faults.empty() ? "" : "; ", "line ", line, ":", column, ": ",
                        what);
      },
      request, read);
  if (faults.empty()) return request;
  return Wrong(absl::StrCat("--file ", path, ": ", faults,
                            "; write a chayan.v1.PublishNoticeRequest as text"));
}

absl::StatusOr<v1::PublishNoticeRequest> BuildNotice(const TypedNotice& typed,
                                                     v1::PublishNoticeRequest base,
                                                     const v1::NoticeKindDescription& kind) {
  v1::PublishNoticeRequest request = std::move(base);
  request.set_notice_kind(kind.notice_kind());
  SetIfGiven(typed.request_id, request.mutable_request_id());
  SetIfGiven(typed.acting_for, request.mutable_acting_for());
  SetPurpose(typed, *request.mutable_purpose());
  CHAYAN_RETURN_IF_ERROR(
      CheckRight(request, absl::StrCat(", one of ", absl::StrJoin(kind.legal_bases(), ", "))));
  CHAYAN_RETURN_IF_ERROR(SetSubject(typed, request));
  CHAYAN_RETURN_IF_ERROR(SetRouting(typed, request));
  for (const std::string& element : typed.elements) {
    CHAYAN_RETURN_IF_ERROR(AddElement(element, kind, request));
  }
  for (const std::string& consent : typed.consents) request.add_consents(consent);
  if (!typed.effective_date.empty()) {
    CHAYAN_ASSIGN_OR_RETURN(*request.mutable_effective_date(),
                            ParseDate(typed.effective_date, "--effective"));
  }
  CHAYAN_RETURN_IF_ERROR(
      Require(request.has_effective_date(), "--effective", "the day from which it holds"));
  if (typed.test) request.set_test(true);
  return request;
}

absl::StatusOr<v1::ReverseNoticeRequest> BuildReversal(const TypedNotice& typed,
                                                       const std::string& notice_id) {
  v1::ReverseNoticeRequest request;
  request.set_request_id(typed.request_id);
  request.set_notice_id(notice_id);
  request.set_acting_for(typed.acting_for);
  SetPurpose(typed, *request.mutable_purpose());
  CHAYAN_RETURN_IF_ERROR(CheckRight(request, ""));
  CHAYAN_RETURN_IF_ERROR(
      Require(!typed.effective_date.empty(), "--effective", "the day from which it is undone"));
  CHAYAN_ASSIGN_OR_RETURN(*request.mutable_effective_date(),
                          ParseDate(typed.effective_date, "--effective"));
  return request;
}

}  // namespace chayan::cli
