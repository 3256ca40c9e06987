// What the commands of `chayan` share: language, output, environment, time. Each command is one
// file that adds itself to the command line and leaves its action to be run after parsing.
#ifndef CHAYAN_GATEWAY_CLI_PROGRAM_H_
#define CHAYAN_GATEWAY_CLI_PROGRAM_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/base/clock.h"
#include "gateway/base/random.h"
#include "gateway/cli/client.h"
#include "gateway/cli/connection.h"
#include "gateway/cli/exit_code.h"
#include "gateway/cli/language.h"

namespace chayan::cli {

struct Program {
  Language language = Language::kEn;
  Environment environment;
  Clock& clock;
  Random& random;
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  // Is a person watching standard error, so that progress may be shown.
  bool err_is_terminal = false;
  // Folder of this program, where chayan-audit lies; empty: found by PATH.
  std::string program_directory;

  ConnectionFlags connection = {};
  // Set by the command that was named.
  std::function<ExitCode()> action = {};

  absl::string_view Say(absl::string_view zh_tw, absl::string_view en) const {
    return cli::Say(language, zh_tw, en);
  }
  // The flag's value, else the environment's.
  std::string OrEnvironment(const std::string& flag, const char* variable) const {
    return flag.empty() ? environment(variable) : flag;
  }
  // "chayan: MESSAGE" on standard error.
  ExitCode Fail(ExitCode code, absl::string_view message) const;
  // For what is wrong before anything was asked.
  ExitCode FailUsage(const absl::Status& status) const {
    return Fail(ExitCode::kUsage, status.message());
  }
  // For a call that failed: message, reason, violations, remedy.
  ExitCode FailCall(const CallResult& result) const;
  // FailUsage has been printed when there is no client.
  absl::StatusOr<Connection> Connect(CallerRole role, std::unique_ptr<Client>& client) const;
};

// --gateway, --ca, --cert, --key, --timeout. `own_certificate`: what --cert is called where that is
// somebody else's.
void AddConnectionFlags(CLI::App& command, Program& program,
                        const char* own_certificate = "--cert");

void AddVerifyCommand(CLI::App& app, Program& program);
void AddKindsCommand(CLI::App& app, Program& program);
void AddNoticeCommand(CLI::App& app, Program& program);
void AddStatusCommand(CLI::App& app, Program& program);
void AddReceiptCommand(CLI::App& app, Program& program);
void AddAuditCommand(CLI::App& app, Program& program);
void AddRegistryCommand(CLI::App& app, Program& program);
void AddPolicyCommand(CLI::App& app, Program& program);
void AddLockCommand(CLI::App& app, Program& program);
void AddGatewayCommand(CLI::App& app, Program& program);
void AddWitnessCommand(CLI::App& app, Program& program);
void AddCertsCommand(CLI::App& app, Program& program);
void AddAdapterCommand(CLI::App& app, Program& program);
void AddKeysCommands(CLI::App& app, Program& program);
// Behind AddKeysCommands, whose `log` it adds to.
void AddBackupCommands(CLI::App& app, Program& program);
void AddCompletionCommand(CLI::App& app, Program& program);

// Parses and runs. What main() returns.
int RunProgram(Program& program, std::vector<std::string> arguments);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_PROGRAM_H_
