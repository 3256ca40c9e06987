#include "gateway/cli/audit_calls.h"

#include <istream>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace chayan::cli {
namespace {

struct SchemeName {
  const char* name;
  v1::IdentifierScheme scheme;
};
constexpr SchemeName kSchemes[] = {
    {"national-id", v1::IDENTIFIER_SCHEME_NATIONAL_ID},
    {"resident", v1::IDENTIFIER_SCHEME_RESIDENT_NUMBER},
    {"old-resident", v1::IDENTIFIER_SCHEME_OLD_RESIDENT_NUMBER},
    {"business", v1::IDENTIFIER_SCHEME_BUSINESS_NUMBER},
    {"passport", v1::IDENTIFIER_SCHEME_PASSPORT},
    {"health-card", v1::IDENTIFIER_SCHEME_HEALTH_CARD},
    {"citizen-certificate", v1::IDENTIFIER_SCHEME_CITIZEN_CERTIFICATE},
    {"household", v1::IDENTIFIER_SCHEME_HOUSEHOLD_NUMBER},
};

}  // namespace

std::string CodeWord(absl::string_view prefix, absl::string_view name) {
  return absl::AsciiStrToLower(absl::StrReplaceAll(absl::StripPrefix(name, prefix), {{"_", "-"}}));
}

absl::StatusOr<int> ParseCodeWord(absl::string_view flag, absl::string_view prefix,
                                  absl::string_view word,
                                  const google::protobuf::EnumDescriptor& values) {
  std::string words;
  // The first is UNSPECIFIED.
  for (int i = 1; i < values.value_count(); ++i) {
    const google::protobuf::EnumValueDescriptor& value = *values.value(i);
    const std::string known = CodeWord(prefix, value.name());
    if (word == absl::string_view(known)) return value.number();
    absl::StrAppend(&words, " ", known);
  }
  return absl::InvalidArgumentError(absl::StrCat(flag, ": write one of", words));
}

absl::StatusOr<registry::Files> CallRegistrySet(AuditCalls& calls, const crypto::Digest& digest) {
  v1::GetRegistrySetRequest request;
  request.set_digest(digest.ToString());
  CHAYAN_ASSIGN_OR_RETURN(const auto response,
                          calls.Call<v1::GetRegistrySetResponse>("GetRegistrySet", request));
  registry::Files files;
  for (const v1::RegistryFileContent& file : response.files()) {
    files.emplace_back(file.path(), file.content());
  }
  if (registry::SetDigest(files) == digest) return files;
  return absl::DataLossError(
      absl::StrCat("the gateway's registry set ", digest.ToHex(), " has another digest"));
}

void AddPurposeFlags(CLI::App& command, PurposeFlags& flags) {
  constexpr char kGroup[] = "Who reads, and why (sealed with the read's entry)";
  command.add_option("--as", flags.person, "your id in your office's directory")->group(kGroup);
  command.add_option("--file", flags.case_number, "number of your own file")->group(kGroup);
  command.add_option("--why", flags.reason, "why, in words")->group(kGroup);
}

absl::StatusOr<v1::AuditPurpose> ToProto(const PurposeFlags& flags) {
  if (flags.person.empty() || flags.case_number.empty()) {
    return absl::InvalidArgumentError(
        "--as, --file: write your id in your office's directory and the number of your own file; "
        "what concerns a person is recorded with both");
  }
  v1::AuditPurpose purpose;
  purpose.set_person_id(flags.person);
  purpose.set_case_number(flags.case_number);
  purpose.set_reason(flags.reason);
  return purpose;
}

absl::StatusOr<v1::Identifier> ParseSubject(Program& program, const std::string& text,
                                            absl::string_view flag) {
  std::string value = text;
  if (text == "-") std::getline(program.in, value);
  return ParseIdentifier(std::move(value), flag);
}

absl::StatusOr<v1::Identifier> ParseIdentifier(std::string value, absl::string_view flag) {
  v1::Identifier identifier;
  identifier.set_scheme(v1::IDENTIFIER_SCHEME_NATIONAL_ID);
  const size_t colon = value.find(':');
  if (colon != std::string::npos) {
    identifier.set_scheme(v1::IDENTIFIER_SCHEME_UNSPECIFIED);
    for (const SchemeName& scheme : kSchemes) {
      if (value.substr(0, colon) == scheme.name) identifier.set_scheme(scheme.scheme);
    }
    value.erase(0, colon + 1);
  }
  if (identifier.scheme() == v1::IDENTIFIER_SCHEME_UNSPECIFIED || value.empty()) {
    std::string names;
    for (const SchemeName& scheme : kSchemes) absl::StrAppend(&names, " ", scheme.name);
    return absl::InvalidArgumentError(
        absl::StrCat(flag, ": write SCHEME:NUMBER, or a national id alone; schemes:", names));
  }
  identifier.set_value(value);
  return identifier;
}

}  // namespace chayan::cli
