// chayan lock list | clear: who is locked out today, and how another person lifts it.
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "chayan/v1/operator_service.pb.h"
#include "gateway/base/file.h"
#include "gateway/cli/audit_calls.h"
#include "gateway/cli/document_output.h"
#include "gateway/cli/program.h"

namespace chayan::cli {
namespace {

constexpr char kScopePrefix[] = "LOCK_SCOPE_";

struct Options {
  OutputFlags output;
  std::string lock;
  std::string person;
  std::string role = "operator";
  std::string assertion_file;
  std::string reason;
};

// Calls OperatorService; false after the failure was printed.
template <typename Response, typename Request>
bool Call(Program& program, Client& client, const char* method, const Request& request,
          Response& response, ExitCode& failure) {
  const CallResult result = client.Call(absl::StrCat("/chayan.v1.OperatorService/", method),
                                        request.SerializeAsString(), program.connection.timeout());
  if (!result.status.ok()) {
    failure = program.FailCall(result);
    return false;
  }
  if (response.ParseFromString(result.response)) return true;
  failure =
      program.Fail(ExitCode::kCheckFailed, absl::StrCat(method, ": the response cannot be read"));
  return false;
}

ExitCode List(Program& program, const Options& options) {
  std::unique_ptr<Client> client;
  if (!program.Connect(CallerRole::kOperator, client).ok()) return ExitCode::kUsage;
  const Language language = DocumentLanguage(program, options.output);
  const auto say = [&](absl::string_view zh, absl::string_view en) {
    return std::string(Say(language, zh, en));
  };
  report::Document document;
  document.title = say("鎖定", "locks");
  report::Table table{.name = "locks", .title = document.title};
  table.header = {say("鎖定編號", "lock"), say("範圍", "scope"),  say("類別", "kind"),
                  say("會員", "member"),   say("系統", "system"), say("次數", "count"),
                  say("至", "until")};
  v1::ListLocksRequest request;
  while (true) {
    v1::ListLocksResponse page;
    ExitCode failure = ExitCode::kOk;
    if (!Call(program, *client, "ListLocks", request, page, failure)) return failure;
    for (const v1::Lock& lock : page.locks()) {
      table.rows.push_back(
          {lock.lock(), CodeWord(kScopePrefix, v1::LockScope_Name(lock.scope())),
           lock.document_kind(), lock.member(), lock.system(), absl::StrCat(lock.count()),
           TimeText(language, absl::FromUnixSeconds(lock.until_time().seconds()))});
    }
    if (page.next_page_token().empty()) break;
    request.set_page_token(page.next_page_token());
  }
  document.tables.push_back(std::move(table));
  return PrintDocument(program, options.output, document);
}

ExitCode Clear(Program& program, const Options& options) {
  v1::ClearLockRequest request;
  request.set_lock(options.lock);
  request.set_reason(options.reason);
  request.mutable_person()->set_id(options.person);
  request.mutable_person()->set_role(options.role);
  if (!options.assertion_file.empty()) {
    absl::StatusOr<std::string> assertion = ReadFile(options.assertion_file);
    if (!assertion.ok()) return program.FailUsage(assertion.status());
    request.mutable_person()->set_assertion(
        std::string(absl::StripTrailingAsciiWhitespace(*assertion)));
  }
  std::unique_ptr<Client> client;
  if (!program.Connect(CallerRole::kOperator, client).ok()) return ExitCode::kUsage;
  v1::ClearLockResponse response;
  ExitCode failure = ExitCode::kOk;
  if (!Call(program, *client, "ClearLock", request, response, failure)) return failure;
  program.out << options.lock << program.Say(":已解除;原計次 ", ": lifted; it had counted ")
              << response.count() << "\n";
  return ExitCode::kOk;
}

}  // namespace

void AddLockCommand(CLI::App& app, Program& program) {
  CLI::App* lock = app.add_subcommand(
      "lock", std::string(program.Say("今日遭鎖定者;由另一人員解除",
                                      "who is locked out today; another person lifts it")));
  lock->require_subcommand(1);
  const auto options = std::make_shared<Options>();

  CLI::App* list = lock->add_subcommand(
      "list", std::string(program.Say("列出鎖定(不含個人資料)",
                                      "the locks that stand; names no person and no subject")));
  AddOutputFlags(*list, options->output);
  AddConnectionFlags(*list, program);
  list->callback([&program, options] {
    program.action = [&program, options] { return List(program, *options); };
  });

  CLI::App* clear = lock->add_subcommand(
      "clear", std::string(program.Say("於午夜前解除;當事人本人不得解除",
                                       "lift one before midnight; not by who was locked out")));
  clear->add_option("LOCK", options->lock, "as the locked answer and lock list show it")
      ->required();
  clear->add_option("--as", options->person, "your id in the operator's directory")->required();
  clear->add_option("--role", options->role, "your role")->capture_default_str();
  clear->add_option("--assertion", options->assertion_file,
                    "file of your assertion, where the operator has an assertion key");
  clear->add_option("--reason", options->reason, "why; kept sealed")->required();
  AddConnectionFlags(*clear, program);
  clear->callback([&program, options] {
    program.action = [&program, options] { return Clear(program, *options); };
  });
}

}  // namespace chayan::cli
