#include "adapters/connector/config.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "adapters/connector/kind.h"
#include "gateway/base/file.h"
#include "gateway/base/nearest_name.h"
#include "gateway/base/status_macros.h"

namespace chayan::connector {
namespace {

void CheckMark(const Place& place, const std::string& field, bool given, const v1::RowMark& mark) {
  if (!given) return;
  const Place here = place.Nested(field, mark);
  here.Require("column", "\"…\"");
  here.Require("values", "\"…\"");
}

// What to write in place of a code that none of `elements` has.
template <typename Elements>
std::string OneOf(absl::string_view code, const Elements& elements) {
  std::vector<absl::string_view> codes;
  for (const auto& element : elements) codes.push_back(element.code());
  const absl::string_view nearest = NearestName(code, codes);
  return nearest.empty() ? absl::StrCat("one of ", absl::StrJoin(codes, ", "))
                         : std::string(nearest);
}

// Sources differ in the case of column names, so both sides are lower-cased.
void LowerColumns(v1::KindSource& source) {
  const auto lower = [](std::string* name) { absl::AsciiStrToLower(name); };
  lower(source.mutable_subject()->mutable_number_column());
  lower(source.mutable_subject()->mutable_name_column());
  lower(source.mutable_subject()->mutable_birth_date_column());
  lower(source.mutable_subject()->mutable_person_column());
  lower(source.mutable_document_reference_column());
  for (v1::ClaimColumn& claim : *source.mutable_claims()) lower(claim.mutable_column());
  for (v1::FieldColumn& field : *source.mutable_fields()) lower(field.mutable_column());
  if (source.has_void_when()) lower(source.mutable_void_when()->mutable_column());
  if (source.has_restricted_when()) lower(source.mutable_restricted_when()->mutable_column());
}

}  // namespace

ConfigFile::ConfigFile(const std::string& path)
    : folder_(std::filesystem::absolute(path).parent_path()), faults_(path) {}

absl::StatusOr<std::unique_ptr<ConfigFile>> ConfigFile::Read(const std::string& path) {
  CHAYAN_ASSIGN_OR_RETURN(const std::string content, ReadFile(path));
  std::unique_ptr<ConfigFile> file(new ConfigFile(path));
  file->Parse(content);
  return file;
}

void ConfigFile::Parse(const std::string& content) {
  parsed_ = faults_.Read(content, config_, read_);
  if (!parsed_) {
    config_.Clear();
    return;
  }
  CheckProcess();
  LoadKindFiles();
  for (int i = 0; i < config_.kinds_size(); ++i) LoadKind(i);
}

std::string ConfigFile::Absolute(const std::string& path) const {
  return path.empty() ? "" : (folder_ / path).lexically_normal().string();
}

absl::StatusOr<std::string> ConfigFile::SecretText(absl::string_view reference) const {
  if (absl::ConsumePrefix(&reference, "env:")) {
    const char* value = std::getenv(std::string(reference).c_str());
    if (value != nullptr) return std::string(value);
    return absl::NotFoundError(
        absl::StrCat("the environment has no ", reference, ", set it before the start"));
  }
  if (absl::ConsumePrefix(&reference, "file:")) return ReadFile(Absolute(std::string(reference)));
  if (absl::ConsumePrefix(&reference, "credential:")) {
    const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
    if (folder == nullptr) {
      return absl::NotFoundError(
          "systemd hands over no credentials here, add LoadCredential= to the unit");
    }
    return ReadFile((std::filesystem::path(folder) / std::string(reference)).string());
  }
  return absl::InvalidArgumentError(
      "the secret is no reference, write \"env:NAME\", \"file:PATH\" or \"credential:NAME\"");
}

absl::StatusOr<std::string> ConfigFile::Secret(absl::string_view reference) const {
  CHAYAN_ASSIGN_OR_RETURN(const std::string content, SecretText(reference));
  if (absl::StartsWith(reference, "env:")) return content;
  return std::string(absl::StripSuffix(content.substr(0, content.find('\n')), "\r"));
}

uint32_t ConfigFile::Bounded(const Place& place, const std::string& field, uint32_t value,
                             uint32_t standard, uint32_t max) const {
  if (value > max) place.Fault(field, absl::StrCat("write a number from 0 to ", max));
  return value == 0 ? standard : value;
}

void ConfigFile::CheckProcess() {
  const Place here = place();
  here.Require("member", "\"land-ad\"");
  here.Require("system", "\"adapter-1\"");
  here.Require("trust_domain", "\"chayan.example\"");
  here.Require("gateways", "\"gw.agency.example:7443\"");
  if (!config_.has_notices()) here.Require("kinds", "{ document_kind: \"…\" … }");
  for (const char* field :
       {"certificate_file", "key_file", "roots_file", "answer_key_file", "answer_log_file"}) {
    if (!here.Require(field, "\"…\"")) continue;
    const auto* descriptor = config_.GetDescriptor()->FindFieldByName(field);
    const auto* reflection = config_.GetReflection();
    reflection->SetString(&config_, descriptor,
                          Absolute(reflection->GetString(config_, descriptor)));
  }
  config_.set_status_file(config_.status_file().empty() ? config_.answer_log_file() + ".status"
                                                        : Absolute(config_.status_file()));
  config_.set_fixture_file(Absolute(config_.fixture_file()));
  for (int i = 0; i < config_.gateways_size(); ++i) {
    const std::vector<std::string> parts = absl::StrSplit(config_.gateways(i), ':');
    if (parts.size() < 2 || parts.front().empty() || parts.back().empty() ||
        parts.back().find_first_not_of("0123456789") != std::string::npos) {
      here.Fault("gateways", "is no address, write host:port", i);
    }
  }
  Bounded(here, "in_flight_max", config_.in_flight_max(), 0, kInFlightMax);
  CheckSources();
  if (config_.has_notices()) CheckNotices();
}

void ConfigFile::CheckSources() {
  const Place here = place();
  const int sources = config_.has_source() + config_.has_http() + config_.has_files();
  if (config_.kinds().empty()) {
    if (sources > 0) here.Fault("source", "nobody asks it: add `kinds { … }`, or remove it");
  } else if (sources == 0) {
    here.Fault("source",
               "is missing, add `source { driver: \"…\" }`, `http { base_url: \"…\" }` or "
               "`files { folder: \"…\" }`");
  } else if (sources > 1) {
    here.Fault("source",
               "an adapter has one of source, http and files: keep one, and run another "
               "adapter for the other");
  }
}

void ConfigFile::CheckNotices() {
  v1::NoticeSettings& notices = *config_.mutable_notices();
  const Place here = place().Nested("notices", notices);
  here.Require("subscriptions", "\"land-ad-death\"");
  std::set<std::string> seen;
  for (int i = 0; i < notices.subscriptions_size(); ++i) {
    if (!seen.insert(notices.subscriptions(i)).second) {
      here.Fault("subscriptions", "stands twice, keep one", i);
    }
  }
  notices.set_inbox_file(notices.inbox_file().empty() ? config_.answer_log_file() + ".inbox"
                                                      : Absolute(notices.inbox_file()));
  Bounded(here, "in_flight_max", notices.in_flight_max(), 0, kInFlightMax);
  if (notices.sink_case() == v1::NoticeSettings::SINK_NOT_SET) {
    here.Fault("subscriptions",
               "their notices go nowhere, add `database { … }`, `hook { … }` or `files { … }`");
  }
}

void ConfigFile::LoadKindFiles() {
  const Place here = place();
  if (!config_.kinds().empty()) here.Require("kind_files", "\"registry/land.textproto\"");
  for (int i = 0; i < config_.kind_files_size(); ++i) {
    std::string& file = *config_.mutable_kind_files(i);
    file = Absolute(file);
    const absl::StatusOr<std::string> content = ReadFile(file);
    if (!content.ok()) {
      here.Fault("kind_files", absl::StrCat(content.status().message(), ", name a file that is"),
                 i);
      continue;
    }
    Faults faults(file);
    v1::RegistryFile registry;
    faults.Read(*content, registry);
    if (!faults.empty()) here.Fault("kind_files", faults.ToStatus().message(), i);
    for (const v1::DocumentKind& kind : registry.document_kinds()) known_kinds_.push_back(kind);
  }
}

const v1::DocumentKind* ConfigFile::FindKnown(const std::string& code) const {
  for (const v1::DocumentKind& kind : known_kinds_) {
    if (kind.code() == code) return &kind;
  }
  return nullptr;
}

void ConfigFile::LoadKind(int index) {
  const v1::KindSource& source = config_.kinds(index);
  const Place here = KindPlace(index);
  if (!here.Require("document_kind", "\"land.title\"")) return;
  const v1::DocumentKind* kind = FindKnown(source.document_kind());
  if (kind == nullptr) {
    here.Fault(
        "document_kind",
        known_kinds_.empty()
            ? "no file of kind_files defines it, add the one that does"
            : absl::StrCat("no file of kind_files defines it, add the one that does, or write ",
                           OneOf(source.document_kind(), known_kinds_)));
    return;
  }
  if (!codes_.insert(kind->code()).second) here.Fault("document_kind", "stands twice, keep one");
  Kind loaded{index, {*kind, KindDigest(*kind), source}};
  CheckMappings(loaded);
  LowerColumns(loaded.plan.source);
  kinds_.push_back(std::move(loaded));
}

void ConfigFile::CheckParameters(const Kind& kind, const std::vector<std::string>& used,
                                 const std::string& where) {
  const v1::KindSource& source = kind.plan.source;
  const Place here = KindPlace(kind.index);
  std::set<std::string> names;
  for (int i = 0; i < source.parameters_size(); ++i) {
    const v1::QueryParameter& parameter = source.parameters(i);
    const Place nested = here.Nested("parameters", config_.kinds(kind.index).parameters(i), i);
    if (!names.insert(parameter.name()).second) nested.Fault("name", "stands twice, keep one");
    if (!absl::c_linear_search(used, parameter.name())) {
      nested.Fault("name",
                   absl::StrCat("the ", where, " has no :", parameter.name(), ", remove it"));
    }
    if (parameter.has_claim() && FindClaim(kind.plan.kind, parameter.claim()) == nullptr) {
      nested.Fault("claim", absl::StrCat("the kind has no such claim, write ",
                                         OneOf(parameter.claim(), kind.plan.kind.claims())));
    }
    if (parameter.from_case() == v1::QueryParameter::FROM_NOT_SET ||
        (parameter.has_subject() && parameter.subject() == v1::SUBJECT_PART_UNSPECIFIED) ||
        (parameter.has_asker() && parameter.asker() == v1::ASKER_PART_UNSPECIFIED)) {
      nested.Fault("name", "has no source, add `claim: \"…\"` or `subject: SUBJECT_PART_NUMBER`");
    }
  }
  for (const std::string& name : used) {
    if (!names.insert(name).second) continue;
    here.Fault(where, absl::StrCat(":", name, " is not defined, add `parameters { name: \"", name,
                                   "\" … }`"));
  }
}

void ConfigFile::CheckMappings(const Kind& kind) {
  const v1::KindSource& source = config_.kinds(kind.index);
  const Place here = KindPlace(kind.index);
  // A system that compares by itself needs no mapping.
  if (source.http().compared_claims().empty()) {
    if (here.Require("subject", "{ number_column: \"…\" }")) {
      here.Nested("subject", source.subject()).Require("number_column", "\"owner_number\"");
    }
    here.Require("claims", "{ claim: \"…\" column: \"…\" }");
  }
  std::set<std::string> claims;
  for (int i = 0; i < source.claims_size(); ++i) {
    const Place nested = here.Nested("claims", source.claims(i), i);
    nested.Require("column", "\"…\"");
    if (FindClaim(kind.plan.kind, source.claims(i).claim()) == nullptr) {
      nested.Fault("claim", absl::StrCat("the kind has no such claim, write ",
                                         OneOf(source.claims(i).claim(), kind.plan.kind.claims())));
    }
    if (!claims.insert(source.claims(i).claim()).second) {
      nested.Fault("claim", "stands twice, keep one");
    }
  }
  std::set<std::string> fields;
  for (int i = 0; i < source.fields_size(); ++i) {
    const Place nested = here.Nested("fields", source.fields(i), i);
    nested.Require("column", "\"…\"");
    if (FindField(kind.plan.kind, source.fields(i).field()) == nullptr) {
      nested.Fault("field", absl::StrCat("the kind has no such field, write ",
                                         OneOf(source.fields(i).field(), kind.plan.kind.fields())));
    }
    if (!fields.insert(source.fields(i).field()).second) {
      nested.Fault("field", "stands twice, keep one");
    }
  }
  CheckMark(here, "void_when", source.has_void_when(), source.void_when());
  CheckMark(here, "restricted_when", source.has_restricted_when(), source.restricted_when());
}

}  // namespace chayan::connector
