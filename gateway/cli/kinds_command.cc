// chayan kinds: the catalogue.
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/cli/document_output.h"
#include "gateway/cli/json_writer.h"
#include "gateway/cli/program.h"
#include "gateway/cli/published_catalogue.h"
#include "gateway/registry/describe.h"
#include "gateway/report/formats.h"

namespace chayan::cli {
namespace {

// No deployment has more pages; a gateway that never ends its list must not keep us.
constexpr int kPagesMax = 100;

void ElementsInto(JsonWriter& json, absl::string_view key,
                  const google::protobuf::RepeatedPtrField<v1::ElementDescription>& elements) {
  json.BeginArray(key);
  for (const v1::ElementDescription& element : elements) {
    json.BeginObject().Text("code", element.code()).Text("type", element.type());
    json.Bool("required", element.required()).Bool("unconfirmed", element.unconfirmed());
    json.BeginObject("title").Text("zh_tw", element.title().zh_tw());
    json.Text("en", element.title().en()).EndObject().EndObject();
  }
  json.EndArray();
}

struct Options {
  bool json = false;
  bool markdown = false;
  bool html = false;
  std::string odt;
  std::string registry;
};

void CodesInto(JsonWriter& json, absl::string_view key,
               const google::protobuf::RepeatedPtrField<std::string>& codes) {
  json.BeginArray(key);
  for (const std::string& code : codes) json.Text("", code);
  json.EndArray();
}

std::string ToJson(const Catalogue& catalogue) {
  JsonWriter json;
  json.BeginObject().BeginArray("document_kinds");
  for (const v1::DocumentKindDescription& kind : catalogue.documents) {
    json.BeginObject().Text("document_kind", kind.document_kind());
    json.BeginObject("title").Text("zh_tw", kind.title().zh_tw()).Text("en", kind.title().en());
    json.EndObject();
    ElementsInto(json, "claims", kind.claims());
    ElementsInto(json, "fields", kind.fields());
    CodesInto(json, "legal_bases", kind.legal_bases());
    CodesInto(json, "holders", kind.holders());
    json.Text("routing_claim", kind.routing_claim());
    json.Bool("person_assertion_required", kind.person_assertion_required());
    json.Text("fallback_form", kind.fallback_form()).Text("answer_mode", kind.answer_mode());
    json.Number("service_level_workdays", kind.service_level_workdays());
    json.Number("replaces_sheets", kind.replaces_sheets());
    json.Text("retention_class", kind.retention_class()).Text("sensitivity", kind.sensitivity());
    json.Bool("unconfirmed", kind.unconfirmed()).EndObject();
  }
  json.EndArray().BeginArray("notice_kinds");
  for (const v1::NoticeKindDescription& kind : catalogue.notices) {
    json.BeginObject().Text("notice_kind", kind.notice_kind());
    json.BeginObject("title").Text("zh_tw", kind.title().zh_tw()).Text("en", kind.title().en());
    json.EndObject();
    ElementsInto(json, "payload", kind.payload());
    CodesInto(json, "legal_bases", kind.legal_bases());
    CodesInto(json, "consents", kind.consents());
    CodesInto(json, "statutory_recipients", kind.statutory_recipients());
    CodesInto(json, "opt_in_recipients", kind.opt_in_recipients());
    json.Number("subjects_max", kind.subjects_max());
    json.Bool("unconfirmed", kind.unconfirmed()).EndObject();
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
              << "\n  " << program.Say("回復方式: ", "answered: ")
              << Say(program.language, AnswerModeText(kind.answer_mode())) << "\n";
  if (kind.unconfirmed()) {
    program.out << "  " << program.Say(kUnconfirmedZh, kUnconfirmedEn) << "\n";
  }
}

void Print(const Program& program, const v1::NoticeKindDescription& kind) {
  program.out << kind.notice_kind() << "  " << Say(program.language, kind.title()) << "\n";
  PrintElements(program, program.Say("內容", "payload"), kind.payload());
  for (const CatalogueFact& fact : FactsOf(kind)) {
    program.out << "  " << program.Say(fact.zh_tw, fact.en) << ": "
                << Say(program.language, fact.value) << "\n";
  }
}

// All pages of a list; a gateway that does not know the list has none. `take` reads what a page
// holds; its token is read here.
template <typename Request, typename Response, typename Take>
ExitCode AskAll(Program& program, Client& client, const char* method, Take take) {
  Request request;
  for (int page = 0; page < kPagesMax; ++page) {
    const CallResult result =
        client.Call(method, request.SerializeAsString(), program.connection.timeout());
    if (absl::IsUnimplemented(result.status)) break;
    if (!result.status.ok()) return program.FailCall(result);
    Response response;
    if (!response.ParseFromString(result.response)) {
      return program.Fail(ExitCode::kCheckFailed, "the gateway's catalogue cannot be read");
    }
    take(response);
    if (response.next_page_token().empty()) break;
    request.set_page_token(response.next_page_token());
  }
  return ExitCode::kOk;
}

ExitCode AskGateway(Program& program, Catalogue& catalogue) {
  std::unique_ptr<Client> client;
  if (!program.Connect(CallerRole::kHousehold, client).ok()) return ExitCode::kUsage;
  const ExitCode documents = AskAll<v1::ListDocumentKindsRequest, v1::ListDocumentKindsResponse>(
      program, *client, "/chayan.v1.VerificationService/ListDocumentKinds",
      [&](const v1::ListDocumentKindsResponse& page) {
        catalogue.documents.insert(catalogue.documents.end(), page.document_kinds().begin(),
                                   page.document_kinds().end());
      });
  if (documents != ExitCode::kOk) return documents;
  return AskAll<v1::ListNoticeKindsRequest, v1::ListNoticeKindsResponse>(
      program, *client, "/chayan.v1.NoticeService/ListNoticeKinds",
      [&](const v1::ListNoticeKindsResponse& page) {
        catalogue.notices.insert(catalogue.notices.end(), page.notice_kinds().begin(),
                                 page.notice_kinds().end());
      });
}

ExitCode ReadRegistry(Program& program, const std::string& directory, Catalogue& catalogue) {
  std::vector<std::string> faults;
  const auto snapshot = registry::Snapshot::Load(directory, &faults);
  for (const std::string& fault : faults) program.err << fault << "\n";
  if (!snapshot.ok()) {
    return program.Fail(ExitCode::kCheckFailed,
                        absl::StrCat("--registry ", directory, ": ", snapshot.status().message()));
  }
  for (const registry::Kind& kind : (*snapshot)->kinds()) {
    catalogue.documents.push_back(registry::Describe(**snapshot, kind));
  }
  for (const v1::NoticeKind* kind : (*snapshot)->notice_kinds()) {
    catalogue.notices.push_back(registry::Describe(**snapshot, *kind));
  }
  return ExitCode::kOk;
}

ExitCode Run(Program& program, const Options& options) {
  Catalogue catalogue;
  const ExitCode read = options.registry.empty()
                            ? AskGateway(program, catalogue)
                            : ReadRegistry(program, options.registry, catalogue);
  if (read != ExitCode::kOk) return read;
  if (options.json) {
    program.out << ToJson(catalogue) << "\n";
  } else if (options.markdown) {
    program.out << CatalogueMarkdown(catalogue);
  } else if (options.html) {
    program.out << CatalogueHtml(catalogue);
  } else if (!options.odt.empty()) {
    const auto odt = report::WriteOdt(CatalogueLetter(catalogue));
    if (!odt.ok()) return program.Fail(ExitCode::kCheckFailed, odt.status().message());
    return WriteOutput(program, options.odt, *odt);
  } else {
    for (const v1::DocumentKindDescription& kind : catalogue.documents) Print(program, kind);
    for (const v1::NoticeKindDescription& kind : catalogue.notices) Print(program, kind);
  }
  return ExitCode::kOk;
}

}  // namespace

void AddKindsCommand(CLI::App& app, Program& program) {
  CLI::App* kinds = app.add_subcommand(
      "kinds",
      std::string(program.Say("列出可查驗的文件與通報種類",
                              "list what can be verified, and of what agencies tell each other")));
  const auto options = std::make_shared<Options>();
  CLI::Option_group* forms = kinds->add_option_group("form");
  forms->add_flag("--json", options->json, "print one JSON object");
  forms->add_flag("--markdown", options->markdown, "print Markdown, in both languages");
  forms->add_flag("--html", options->html, "print a web page, in both languages");
  forms->add_option("--odt", options->odt, "write an OpenDocument text, in both languages");
  forms->require_option(0, 1);
  kinds->add_option("--registry", options->registry,
                    "read this folder of a whole registry set; without, the gateway is asked");
  AddConnectionFlags(*kinds, program);
  kinds->callback([&program, options] {
    program.action = [&program, options] { return Run(program, *options); };
  });
}

}  // namespace chayan::cli
