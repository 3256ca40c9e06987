#include "gateway/cli/program.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "gateway/base/usage.h"
#include "gateway/cli/receipt_text.h"

namespace chayan::cli {
namespace {

constexpr char kFooter[] =
    "Exit codes: 0 answered or proved; 1 a check failed; 2 usage; 3 refused; 4 unavailable.\n"
    "Output is zh-TW or en by LC_ALL, LC_MESSAGES or LANG. `chayan COMMAND --help` says more.";

// A failed handshake is reported by the transport in its own words.
absl::string_view TransportRemedy(Language language, absl::string_view message) {
  if (absl::StrContains(message, "no gateway") || absl::StrContains(message, "trust domain")) {
    return Say(language, "對方不是閘道:請檢查 --gateway 的位址",
               "the other side is not a gateway: check the address in --gateway");
  }
  if (absl::StrContains(message, "handshake") || absl::StrContains(message, "CERTIFICATE")) {
    return Say(language, "TLS 交握失敗:請檢查 --ca 是否為閘道的根憑證,以及本機憑證是否已廢止或到期",
               "the TLS handshake failed: check that --ca is the gateway's root, and that the own "
               "certificate is neither revoked nor expired");
  }
  return Say(language, "無法連上閘道:請檢查 --gateway 位址及閘道是否執行中",
             "the gateway cannot be reached: check --gateway, and that the gateway runs");
}

}  // namespace

ExitCode Program::Fail(ExitCode code, absl::string_view message) const {
  err << "chayan: " << message << "\n";
  return code;
}

ExitCode Program::FailCall(const CallResult& result) const {
  if (!result.status_details.empty()) {
    err << "chayan: " << ErrorText(language, result.status_details);
    return ExitCodeOf(result.status);
  }
  err << "chayan: " << result.status.message() << "\n";
  if (result.status.code() == absl::StatusCode::kUnavailable) {
    err << "  " << TransportRemedy(language, result.status.message()) << "\n";
  } else if (result.status.code() == absl::StatusCode::kDeadlineExceeded) {
    err << "  "
        << Say("期限內沒有回應:請加大 --timeout 或稍後再試",
               "no answer in time: raise --timeout or try again later")
        << "\n";
  }
  return ExitCodeOf(result.status);
}

absl::StatusOr<Connection> Program::Connect(CallerRole role,
                                            std::unique_ptr<Client>& client) const {
  auto resolved = ResolveConnection(connection, role, environment, clock.Now(), language);
  if (!resolved.ok()) {
    FailUsage(resolved.status());
    return resolved.status();
  }
  client = Client::Connect(resolved->endpoint);
  return resolved;
}

void AddConnectionFlags(CLI::App& command, Program& program, const char* own_certificate) {
  constexpr char kGroup[] = "Connection";
  ConnectionFlags& flags = program.connection;
  command.add_option("--gateway", flags.gateway, "the gateway, HOST:PORT [CHAYAN_GATEWAY]")
      ->group(kGroup);
  command.add_option("--ca", flags.ca, "root certificates that vouch for the gateway [CHAYAN_CA]")
      ->group(kGroup);
  command
      .add_option(own_certificate, flags.cert,
                  "own certificate, then intermediates [CHAYAN_CERT, CHAYAN_<ROLE>_CERT]")
      ->group(kGroup);
  command.add_option("--key", flags.key, "its private key [CHAYAN_KEY, CHAYAN_<ROLE>_KEY]")
      ->group(kGroup);
  command.add_option("--timeout", flags.timeout_seconds, "seconds to wait for an answer")
      ->capture_default_str()
      ->check(Positive())
      ->group(kGroup);
}

namespace {

// The commands alone: the screen has no room for --help, which is how one came here.
class CommandList final : public CLI::Formatter {
 public:
  std::string make_group(std::string /*group*/, bool /*is_positional*/,
                         std::vector<const CLI::Option*> /*options*/) const override {
    return std::string();
  }
};

}  // namespace

int RunProgram(Program& program, std::vector<std::string> arguments) {
  CLI::App app(std::string(program.Say("查驗:跨機關文件查驗閘道的命令列工具",
                                       "Verify documents across agencies, with a receipt that "
                                       "proves itself.")),
               "chayan");
  app.footer(kFooter);
  app.failure_message(UsageFault);
  app.require_subcommand(1);
  AddVerifyCommand(app, program);
  AddKindsCommand(app, program);
  AddNoticeCommand(app, program);
  AddStatusCommand(app, program);
  AddReceiptCommand(app, program);
  AddAuditCommand(app, program);
  AddRegistryCommand(app, program);
  AddPolicyCommand(app, program);
  AddLockCommand(app, program);
  AddGatewayCommand(app, program);
  AddWitnessCommand(app, program);
  AddCertsCommand(app, program);
  AddAdapterCommand(app, program);
  AddKeysCommands(app, program);
  AddBackupCommands(app, program);
  AddCompletionCommand(app, program);
  app.formatter(std::make_shared<CommandList>());  // behind the commands, which keep the usual one
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return app.exit(error, program.out, program.err) == 0 ? 0 : static_cast<int>(ExitCode::kUsage);
  }
  return static_cast<int>(program.action());
}

}  // namespace chayan::cli
