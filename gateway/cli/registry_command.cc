// chayan registry check | apply DIR.
#include <memory>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "chayan/v1/operator_service.pb.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/program.h"
#include "gateway/policy/decide.h"
#include "gateway/registry/snapshot.h"

namespace chayan::cli {
namespace {

struct PersonFlags {
  std::string id;
  std::string role = "operator";
  std::string assertion_file;
};

struct Options {
  std::string directory;
  bool yes = false;
  PersonFlags person;
  PersonFlags approver;
};

constexpr char kApplyRegistry[] = "/chayan.v1.OperatorService/ApplyRegistry";

// The checked set, or nullptr after every fault was printed.
std::shared_ptr<const registry::Snapshot> Load(const Program& program,
                                               const std::string& directory) {
  std::vector<std::string> faults;
  const auto snapshot = registry::Snapshot::Load(directory, &faults);
  if (snapshot.ok()) return *snapshot;
  for (const std::string& fault : faults) program.err << fault << "\n";
  if (faults.empty()) {
    program.Fail(ExitCode::kUsage, snapshot.status().message());
  } else {
    program.err << faults.size()
                << program.Say(" 處錯誤;未變更任何設定\n", " faults; nothing was changed\n");
  }
  return nullptr;
}

ExitCode Check(Program& program, const Options& options) {
  const auto snapshot = Load(program, options.directory);
  if (snapshot == nullptr) return ExitCode::kCheckFailed;
  program.out << options.directory << program.Say(":無誤,摘要 ", ": no faults, digest ")
              << snapshot->digest().ToHex() << "\n";
  return ExitCode::kOk;
}

bool Confirmed(Program& program) {
  program.out << program.Say("套用?輸入 yes: ", "apply? type yes: ") << std::flush;
  std::string answer;
  return std::getline(program.in, answer) && answer == "yes";
}

// What is in force now, so that the switch is refused if it changes between showing and applying.
absl::StatusOr<std::string> DigestInForce(const Program& program, Client& client,
                                          ExitCode& failure) {
  const CallResult result =
      client.Call("/chayan.v1.OperatorService/GetStatus",
                  v1::GetStatusRequest().SerializeAsString(), program.connection.timeout());
  v1::GetStatusResponse status;
  if (!result.status.ok()) {
    failure = program.FailCall(result);
    return result.status;
  }
  if (!status.ParseFromString(result.response)) {
    failure = program.Fail(ExitCode::kCheckFailed, "the gateway's status cannot be read");
    return absl::DataLossError("status");
  }
  return status.registry_digest();
}

// Nothing where the flags name nobody. Errors name the file.
absl::Status SetPerson(const PersonFlags& flags, v1::Person* (v1::ApplyRegistryRequest::*field)(),
                       v1::ApplyRegistryRequest& request) {
  if (flags.id.empty()) return absl::OkStatus();
  v1::Person& person = *(request.*field)();
  person.set_id(flags.id);
  person.set_role(flags.role);
  if (flags.assertion_file.empty()) return absl::OkStatus();
  CHAYAN_ASSIGN_OR_RETURN(const std::string assertion, ReadFile(flags.assertion_file));
  person.set_assertion(std::string(absl::StripTrailingAsciiWhitespace(assertion)));
  return absl::OkStatus();
}

// What a second person has to approve, and what its assertion must say then.
void ShowApproval(const Program& program, const Options& options, const std::string& in_force,
                  const registry::Snapshot& next, const v1::ApplyRegistryResponse& response) {
  if (response.differences_to_approve().empty()) return;
  program.out << program.Say("須經第二人核准：\n", "a second person must approve:\n");
  for (const std::string& line : response.differences_to_approve()) {
    program.out << "  " << line << "\n";
  }
  const auto base = crypto::Digest::FromRaw(in_force);
  if (options.person.id.empty() || !base.ok()) return;
  program.out << program.Say("其聲明之 apr：", "apr of the approver's assertion: ")
              << policy::ApprovalOfSet(*base, next.digest(), options.person.id) << "\n";
}

ExitCode Apply(Program& program, const Options& options) {
  const auto snapshot = Load(program, options.directory);
  if (snapshot == nullptr) return ExitCode::kCheckFailed;
  std::unique_ptr<Client> client;
  if (!program.Connect(CallerRole::kOperator, client).ok()) return ExitCode::kUsage;
  ExitCode failure = ExitCode::kOk;
  const auto in_force = DigestInForce(program, *client, failure);
  if (!in_force.ok()) return failure;
  v1::ApplyRegistryRequest request;
  absl::Status named =
      SetPerson(options.person, &v1::ApplyRegistryRequest::mutable_person, request);
  if (named.ok()) {
    named = SetPerson(options.approver, &v1::ApplyRegistryRequest::mutable_approver, request);
  }
  if (!named.ok()) return program.FailUsage(named);
  request.set_base_digest(*in_force);
  request.set_validate_only(true);
  for (const auto& [path, content] : snapshot->files()) {
    v1::RegistryFileContent* file = request.add_files();
    file->set_path(path);
    file->set_content(content);
  }
  CallResult result =
      client->Call(kApplyRegistry, request.SerializeAsString(), program.connection.timeout());
  if (!result.status.ok()) return program.FailCall(result);
  v1::ApplyRegistryResponse response;
  if (!response.ParseFromString(result.response)) {
    return program.Fail(ExitCode::kCheckFailed, "the gateway's response cannot be read");
  }
  if (response.digest() == *in_force) {
    program.out << program.Say("已是現行版本,無須套用\n", "in force already, nothing to apply\n");
    return ExitCode::kOk;
  }
  for (const std::string& line : response.differences()) program.out << line << "\n";
  ShowApproval(program, options, *in_force, *snapshot, response);
  if (!options.yes && !Confirmed(program)) {
    program.out << program.Say("未套用\n", "not applied\n");
    return ExitCode::kUsage;
  }
  request.set_validate_only(false);
  result = client->Call(kApplyRegistry, request.SerializeAsString(), program.connection.timeout());
  if (!result.status.ok()) return program.FailCall(result);
  if (!response.ParseFromString(result.response) || !response.applied() ||
      response.digest() != snapshot->digest().raw()) {
    return program.Fail(ExitCode::kCheckFailed,
                        program.Say("閘道未確認套用", "the gateway did not confirm the switch"));
  }
  program.out << program.Say("已套用,摘要 ", "applied, digest ") << HexEncode(response.digest())
              << "\n";
  return ExitCode::kOk;
}

}  // namespace

void AddRegistryCommand(CLI::App& app, Program& program) {
  CLI::App* registry = app.add_subcommand(
      "registry",
      std::string(program.Say("檢查或套用註冊資料", "check a registry set, or put one in force")));
  registry->require_subcommand(1);
  const auto options = std::make_shared<Options>();

  CLI::App* check = registry->add_subcommand(
      "check", std::string(program.Say("離線檢查,一次列出全部錯誤",
                                       "offline; all faults at once, with what to write instead")));
  check->add_option("DIR", options->directory, "folder of *.textproto files")->required();
  check->callback([&program, options] {
    program.action = [&program, options] { return Check(program, *options); };
  });

  CLI::App* apply = registry->add_subcommand(
      "apply", std::string(program.Say("檢查、顯示差異、確認後整組切換",
                                       "check, show the difference, and switch as one step")));
  apply->add_option("DIR", options->directory, "folder of *.textproto files")->required();
  apply->add_flag("--yes", options->yes, "do not ask before switching");
  apply->add_option("--as", options->person.id, "your id in the operator's directory");
  apply->add_option("--role", options->person.role, "your role")->capture_default_str();
  apply->add_option("--assertion", options->person.assertion_file,
                    "file of your assertion, where the change needs approval");
  apply->add_option("--approver", options->approver.id, "id of the second person who approves");
  apply->add_option("--approver-role", options->approver.role, "its role")->capture_default_str();
  apply->add_option("--approver-assertion", options->approver.assertion_file,
                    "file of its assertion, with the apr that is shown with --as");
  AddConnectionFlags(*apply, program);
  apply->callback([&program, options] {
    program.action = [&program, options] { return Apply(program, *options); };
  });
}

}  // namespace chayan::cli
