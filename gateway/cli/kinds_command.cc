// chayan kinds: the catalogue.
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/cli/json_writer.h"
#include "gateway/cli/program.h"

namespace chayan::cli {
namespace {

// No deployment has more pages; a gateway that never ends its list must not keep us.
constexpr int kPagesMax = 100;

void ElementsInto(JsonWriter& json, absl::string_view key,
                  const google::protobuf::RepeatedPtrField<v1::ElementDescription>& elements) {
  json.BeginArray(key);
  for (const v1::ElementDescription& element : elements) {
    json.BeginObject().Text("code", element.code()).Text("type", element.type());
    json.Bool("required", element.required());
    json.BeginObject("title").Text("zh_tw", element.title().zh_tw());
    json.Text("en", element.title().en()).EndObject().EndObject();
  }
  json.EndArray();
}

std::string ToJson(const std::vector<v1::DocumentKindDescription>& kinds) {
  JsonWriter json;
  json.BeginObject().BeginArray("document_kinds");
  for (const v1::DocumentKindDescription& kind : kinds) {
    json.BeginObject().Text("document_kind", kind.document_kind());
    json.BeginObject("title").Text("zh_tw", kind.title().zh_tw()).Text("en", kind.title().en());
    json.EndObject();
    ElementsInto(json, "claims", kind.claims());
    ElementsInto(json, "fields", kind.fields());
    json.BeginArray("legal_bases");
    for (const std::string& basis : kind.legal_bases()) json.Text("", basis);
    json.EndArray().BeginArray("holders");
    for (const std::string& holder : kind.holders()) json.Text("", holder);
    json.EndArray().Text("routing_claim", kind.routing_claim());
    json.Bool("person_assertion_required", kind.person_assertion_required());
    json.Text("fallback_form", kind.fallback_form()).EndObject();
  }
  json.EndArray().EndObject();
  return std::move(json).Take();
}

void PrintElements(const Program& program, absl::string_view title,
                   const google::protobuf::RepeatedPtrField<v1::ElementDescription>& elements) {
  for (const v1::ElementDescription& element : elements) {
    program.out << "  " << title << " " << element.code() << " (" << element.type()
                << (element.required() ? program.Say(",必填", ", required") : "") << ") "
                << Say(program.language, element.title()) << "\n";
  }
}

void Print(const Program& program, const v1::DocumentKindDescription& kind) {
  program.out << kind.document_kind() << "  " << Say(program.language, kind.title()) << "\n";
  const absl::string_view replaces = Say(program.language, kind.replaces());
  if (!replaces.empty()) {
    program.out << "  " << program.Say("取代紙本: ", "replaces: ") << replaces << "\n";
  }
  PrintElements(program, program.Say("項目", "claim"), kind.claims());
  PrintElements(program, program.Say("欄位", "field"), kind.fields());
  program.out << "  " << program.Say("法律依據: ", "legal bases: ")
              << absl::StrJoin(kind.legal_bases(), ", ") << "\n  "
              << program.Say("資料機關: ", "holders: ") << absl::StrJoin(kind.holders(), ", ")
              << "\n";
}

ExitCode Run(Program& program, bool json) {
  std::unique_ptr<Client> client;
  if (!program.Connect(CallerRole::kHousehold, client).ok()) return ExitCode::kUsage;
  std::vector<v1::DocumentKindDescription> kinds;
  v1::ListDocumentKindsRequest request;
  for (int page = 0; page < kPagesMax; ++page) {
    const CallResult result =
        client->Call("/chayan.v1.VerificationService/ListDocumentKinds",
                     request.SerializeAsString(), program.connection.timeout());
    if (!result.status.ok()) return program.FailCall(result);
    v1::ListDocumentKindsResponse response;
    if (!response.ParseFromString(result.response)) {
      return program.Fail(ExitCode::kCheckFailed, "the gateway's catalogue cannot be read");
    }
    kinds.insert(kinds.end(), response.document_kinds().begin(), response.document_kinds().end());
    if (response.next_page_token().empty()) break;
    request.set_page_token(response.next_page_token());
  }
  if (json) {
    program.out << ToJson(kinds) << "\n";
  } else {
    for (const v1::DocumentKindDescription& kind : kinds) Print(program, kind);
  }
  return ExitCode::kOk;
}

}  // namespace

void AddKindsCommand(CLI::App& app, Program& program) {
  CLI::App* kinds = app.add_subcommand(
      "kinds", std::string(program.Say("列出可查驗的文件種類", "list what can be verified")));
  const auto json = std::make_shared<bool>(false);
  kinds->add_flag("--json", *json, "print one JSON object");
  AddConnectionFlags(*kinds, program);
  kinds->callback(
      [&program, json] { program.action = [&program, json] { return Run(program, *json); }; });
}

}  // namespace chayan::cli
