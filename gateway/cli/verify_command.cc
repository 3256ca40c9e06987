// chayan verify: one question (from flags or from the sample data), or a file of them.
#include <iomanip>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gateway/base/file.h"
#include "gateway/base/uuid.h"
#include "gateway/cli/batch.h"
#include "gateway/cli/check_text.h"
#include "gateway/cli/evidence_output.h"
#include "gateway/cli/examples.h"
#include "gateway/cli/exchange.h"
#include "gateway/cli/program.h"
#include "gateway/cli/question.h"
#include "gateway/cli/receipt_check.h"
#include "gateway/cli/receipt_text.h"

namespace chayan::cli {
namespace {

struct Options {
  TypedQuestion question;
  std::string assertion_file;
  std::string approver_assertion_file;
  std::string example;
  bool use_example = false;
  EvidenceFlags evidence;
  std::string batch_in;
  std::string batch_out;
  bool json = false;
};

ExitCode ListExamples(const Program& program) {
  for (const Example& example : Examples()) {
    program.out << std::left << std::setw(14) << example.name << std::setw(24) << example.kind
                << std::setw(22) << example.expected << program.Say(example.zh_tw, example.en)
                << "\n";
  }
  return ExitCode::kOk;
}

// The kind as the gateway describes it now; the failure has been printed otherwise.
absl::StatusOr<v1::DocumentKindDescription> FetchKind(const Program& program, Client& client,
                                                      const std::string& code, ExitCode& failure) {
  v1::GetDocumentKindRequest request;
  request.set_document_kind(code);
  const CallResult result = client.Call("/chayan.v1.VerificationService/GetDocumentKind",
                                        request.SerializeAsString(), program.connection.timeout());
  if (!result.status.ok()) {
    failure = program.FailCall(result);
    return result.status;
  }
  v1::GetDocumentKindResponse response;
  if (!response.ParseFromString(result.response)) {
    failure = program.Fail(ExitCode::kCheckFailed, "the gateway's catalogue cannot be read");
    return absl::DataLossError("catalogue");
  }
  return response.document_kind();
}

void PrintJson(const Program& program, const Exchange& exchange,
               const std::optional<ReceiptReport>& report) {
  JsonWriter json;
  json.BeginObject();
  v1::VerificationAnswer answer;
  if (exchange.evidence.has_status()) {
    ErrorInto(json, exchange.evidence.status());
  } else if (answer.ParseFromString(exchange.evidence.answer())) {
    AnswerInto(json, answer);
  }
  const v1::NextStep& step = exchange.next_step;
  if (step.code() != v1::NEXT_STEP_CODE_UNSPECIFIED) {
    json.BeginObject("next_step").Text("code", v1::NextStepCode_Name(step.code()).substr(15));
    json.Text("zh_tw", step.text().zh_tw()).Text("en", step.text().en());
    json.Text("fallback_form", step.fallback_form()).Text("due_date", step.due_date());
    if (step.has_lock()) {
      json.BeginObject("lock").Text("lock", step.lock().lock());
      json.Text("scope", v1::LockScope_Name(step.lock().scope()).substr(11));
      json.Number("attempts_left", step.lock().attempts_left()).EndObject();
    }
    json.EndObject();
  }
  if (report.has_value()) {
    json.BeginObject("receipt");
    CheckInto(json, *report);
    json.EndObject();
  }
  json.EndObject();
  program.out << std::move(json).Take() << "\n";
}

void PrintText(const Program& program, const Exchange& exchange,
               const std::optional<ReceiptReport>& report) {
  v1::VerificationAnswer answer;
  if (exchange.evidence.has_status()) {
    program.out << ErrorText(program.language, exchange.evidence.status());
  } else if (answer.ParseFromString(exchange.evidence.answer())) {
    program.out << AnswerText(program.language, answer)
                << NextStepText(program.language, exchange.next_step);
  }
  PrintVerdict(program, exchange.evidence, report);
}

ExitCode ExitCodeFor(const Exchange& exchange, const absl::Status& status,
                     const std::optional<ReceiptReport>& report) {
  if (report.has_value() && !report->ok()) return ExitCode::kCheckFailed;
  if (!status.ok()) return ExitCodeOf(status);
  v1::VerificationAnswer answer;
  if (!answer.ParseFromString(exchange.evidence.answer())) return ExitCode::kCheckFailed;
  return answer.outcome() == v1::OUTCOME_SOURCE_DOWN ? ExitCode::kUnavailable : ExitCode::kOk;
}

// What was typed, completed from the example, our certificate and chance.
absl::Status Complete(const Program& program, const Connection& connection, Options& options) {
  TypedQuestion& typed = options.question;
  if (options.use_example) {
    const Example* example = FindExample(options.example.empty() ? typed.kind : options.example);
    if (example == nullptr) {
      return absl::InvalidArgumentError(
          std::string(program.Say("沒有這個範例;chayan verify --example list 可列出全部",
                                  "there is no such example; chayan verify --example list shows "
                                  "them all")));
    }
    FillFrom(*example, typed);
  }
  const std::pair<const std::string&, std::string&> assertions[] = {
      {options.assertion_file, typed.assertion},
      {options.approver_assertion_file, typed.approver_assertion}};
  for (const auto& [file, text] : assertions) {
    if (file.empty()) continue;
    auto assertion = ReadFile(file);
    if (!assertion.ok()) return assertion.status();
    text = std::string(absl::StripAsciiWhitespace(*assertion));
  }
  if (typed.acting_for.empty()) typed.acting_for = connection.member;
  if (typed.request_id.empty()) {
    typed.request_id = Uuid::Version7(program.clock.Now(), program.random).ToText();
  }
  return absl::OkStatus();
}

ExitCode VerifyOne(Program& program, Options& options) {
  std::unique_ptr<Client> client;
  const auto connection = program.Connect(CallerRole::kHousehold, client);
  if (!connection.ok()) return ExitCode::kUsage;
  const absl::Status complete = Complete(program, *connection, options);
  if (!complete.ok()) return program.FailUsage(complete);
  if (options.question.kind.empty()) {
    return program.Fail(ExitCode::kUsage,
                        program.Say("要查驗哪種文件?請以 --kind 指定(chayan kinds 可列出全部)或用 "
                                    "--example",
                                    "which kind? give --kind (chayan kinds lists them) or "
                                    "--example"));
  }
  ExitCode failure = ExitCode::kOk;
  const auto kind = FetchKind(program, *client, options.question.kind, failure);
  if (!kind.ok()) return failure;
  const auto question = BuildQuestion(options.question, *kind);
  if (!question.ok()) return program.FailUsage(question.status());
  const absl::Status removed = RemoveOlderEvidence(options.evidence);
  if (!removed.ok()) return program.FailUsage(removed);
  const std::string request = question->SerializeAsString();
  const CallResult result = client->Call(kVerifyDocument, request, program.connection.timeout());
  // Without details the exchange never reached the gateway's own words.
  if (!result.status.ok() && result.status_details.empty()) return program.FailCall(result);
  const auto exchange = result.status.ok() ? ReadResponse(request, result.response)
                                           : absl::StatusOr<Exchange>(ReadFailure(request, result));
  if (!exchange.ok()) return program.Fail(ExitCode::kCheckFailed, exchange.status().message());
  const auto report = CheckReceipt(program, options.evidence, exchange->evidence);
  if (!report.ok()) return program.FailUsage(report.status());
  if (options.json) {
    PrintJson(program, *exchange, *report);
  } else {
    PrintText(program, *exchange, *report);
  }
  if (!options.evidence.file.empty()) {
    const absl::Status written = WriteEvidence(exchange->evidence, options.evidence.file);
    if (!written.ok()) return program.Fail(ExitCode::kCheckFailed, written.message());
    if (!options.json) {
      program.out << program.Say("證據檔: ", "evidence file: ") << options.evidence.file << "\n";
    }
  }
  return ExitCodeFor(*exchange, result.status, *report);
}

ExitCode VerifyBatch(Program& program, Options& options) {
  std::unique_ptr<Client> client;
  const auto connection = program.Connect(CallerRole::kHousehold, client);
  if (!connection.ok()) return ExitCode::kUsage;
  const absl::Status complete = Complete(program, *connection, options);
  if (!complete.ok()) return program.FailUsage(complete);
  options.question.request_id.clear();  // each row has its own
  BatchRun run{.in = options.batch_in,
               .out = options.batch_out,
               .defaults = options.question,
               .trust = std::nullopt};
  auto trust = KnownTrust(program, options.evidence.trust);
  if (!trust.ok()) return program.FailUsage(trust.status());
  run.trust = *std::move(trust);
  ExitCode failure = ExitCode::kOk;
  run.fetch_kind = [&](const std::string& code) {
    return FetchKind(program, *client, code, failure);
  };
  run.wait = [](absl::Duration delay) { absl::SleepFor(delay); };
  return RunBatch(program, *client, run, failure);
}

void AddQuestionFlags(CLI::App& verify, Options& options) {
  constexpr char kGroup[] = "Question";
  TypedQuestion& q = options.question;
  const auto text = [&](const char* flag, std::string& value, const char* help) {
    return verify.add_option(flag, value, help)->group(kGroup);
  };
  text("--kind", q.kind, "document kind, such as land.title");
  text("--id", q.id, "number of the person or organisation the document is about");
  text("--id-scheme", q.id_scheme, "what the number is; found out for persons and organisations");
  text("--name", q.name, "their name");
  text("--birth", q.birth_date, "birth date: 0770520, 民國77年5月20日 or 1988-05-20");
  verify.add_option("--claim", q.claims, "what the document should say, CODE=VALUE; repeatable")
      ->group(kGroup);
  verify.add_option("--field", q.fields, "field to be released with the answer; repeatable")
      ->group(kGroup);
  text("--as-of", q.as_of_date, "the day to verify for; today when not given");
  text("--purpose", q.purpose, "purpose code, such as household.move");
  text("--basis", q.basis, "legal basis, such as household-act-68");
  text("--case", q.case_number, "the office's own case number");
  text("--person", q.person, "who asks: the person's id in the office's directory");
  text("--person-role", q.person_role, "that person's role")->capture_default_str();
  text("--assertion", options.assertion_file, "file with the compact JWS that vouches for them");
  text("--approver", q.approver, "the second person, for kinds that ask for approval");
  text("--approver-role", q.approver_role, "that person's role");
  text("--approver-assertion", options.approver_assertion_file,
       "file with the compact JWS by which that person approves this question");
  text("--reason", q.reason, "reason in words; kept sealed");
  text("--acting-for", q.acting_for, "the office; by default the certificate's own member");
  text("--request-id", q.request_id, "UUID of this question; drawn when not given");
  verify.add_flag("--pending-allowed", q.pending_allowed, "PENDING is an acceptable answer")
      ->group(kGroup);
}

}  // namespace

void AddVerifyCommand(CLI::App& app, Program& program) {
  CLI::App* verify = app.add_subcommand(
      "verify", std::string(program.Say("查驗一份文件(或一批)",
                                        "ask whether a document is as claimed (one, or a batch)")));
  const auto options = std::make_shared<Options>();
  options->question.person_role = "clerk";
  AddQuestionFlags(*verify, *options);
  auto* example =
      verify->add_option("--example", options->example,
                         "ask with sample data: a kind or an example's name; `list` shows them");
  example->expected(0, 1);
  auto* batch = verify->add_option("--batch", options->batch_in,
                                   "CSV of questions, asked over one stream; see --help-batch");
  auto* out = verify->add_option("--out", options->batch_out, "CSV for the answers of --batch");
  batch->needs(out);
  out->needs(batch);
  batch->excludes(example);
  verify->add_flag_callback(
      "--help-batch",
      [&program] {
        program.out << kBatchHelp;
        throw CLI::Success();
      },
      "describe the columns of --batch");
  AddEvidenceFlags(*verify, options->evidence)->excludes(batch);
  verify->add_flag("--json", options->json, "print one JSON object");
  AddConnectionFlags(*verify, program);
  verify->callback([&program, options, example, batch] {
    options->use_example = example->count() > 0;
    program.action = [&program, options, in_batch = batch->count() > 0] {
      if (options->use_example && options->example == "list") return ListExamples(program);
      return in_batch ? VerifyBatch(program, *options) : VerifyOne(program, *options);
    };
  });
}

}  // namespace chayan::cli
