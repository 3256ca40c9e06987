// chayan receipt upgrade: puts witnessed proofs in the place of the operator's promise, in bulk.
#include "gateway/cli/receipt_upgrade.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "chayan/v1/audit_service.pb.h"
#include "gateway/base/file.h"
#include "gateway/cli/receipt_check.h"
#include "gateway/cli/trust_flags.h"

namespace chayan::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string directory;
  TrustFlags trust;
};

// Holds but for the quorum, which an upgrade is to bring.
bool HoldsSoFar(const ReceiptReport& report) {
  return report.ok() || report.first_lie().step == CheckStep::kWitnesses;
}

bool IsWitnessed(const ReceiptReport& report) {
  return report.ok() && report.standing->checkpoint.quorum_met &&
         !report.standing->checkpoint.witnesses.empty();
}

// Relative paths of the evidence files, sorted; one at a time is read, so that a folder may hold
// more than memory does.
absl::StatusOr<std::vector<std::string>> FindFiles(const std::string& directory) {
  std::vector<std::string> files;
  std::error_code error;
  for (auto at = fs::recursive_directory_iterator(directory, error);
       !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    std::error_code ignored;
    if (at->is_regular_file(ignored) && at->path().extension() == ".chayan") {
      files.push_back(at->path());
    }
  }
  if (error) return absl::NotFoundError(absl::StrCat(directory, ": ", error.message()));
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

absl::StatusOr<UpgradeOutcome> UpgradeReceipt(const std::string& path, const tlog::Policy& trust,
                                              const ReceiptSource& source) {
  const auto bytes = ReadFile(path);
  if (!bytes.ok()) return bytes.status();
  ReceiptReport report = CheckEvidence(*bytes, trust);
  if (!HoldsSoFar(report)) {
    return absl::DataLossError(
        absl::StrCat(StepName(report.first_lie().step), ": ", report.first_lie().status.message()));
  }
  if (IsWitnessed(report)) return UpgradeOutcome::kWitnessedBefore;
  const auto receipt = source(report.standing->index);
  if (!receipt.ok()) return receipt.status();
  if (receipt->leaf() != report.evidence.receipt().leaf()) {
    return absl::DataLossError(
        absl::StrCat("the gateway has another entry with index ", report.standing->index,
                     ": this file and what it answers now prove two histories; keep both"));
  }
  v1::EvidenceFile upgraded = report.evidence;
  upgraded.mutable_receipt()->set_tlog_proof(receipt->tlog_proof());
  const std::string content = upgraded.SerializeAsString();
  const ReceiptReport checked = CheckEvidence(content, trust);
  if (!HoldsSoFar(checked)) {
    return absl::DataLossError(
        absl::StrCat("the proof that came does not hold: ", StepName(checked.first_lie().step),
                     ": ", checked.first_lie().status.message()));
  }
  if (!IsWitnessed(checked)) return UpgradeOutcome::kNotYetWitnessed;
  struct stat attributes = {};
  const mode_t mode =
      stat(path.c_str(), &attributes) == 0 ? attributes.st_mode & 07777 : mode_t{0600};
  if (absl::Status status = WriteFile(path, content, mode); !status.ok()) return status;
  return UpgradeOutcome::kUpgraded;
}

namespace {

ExitCode Run(Program& program, const Options& options) {
  const auto trust = LoadTrust(program, options.trust);
  if (!trust.ok()) return program.FailUsage(trust.status());
  if (trust->needs_no_witness()) {
    return program.Fail(
        ExitCode::kUsage,
        program.Say("信任檔未要求見證人(quorum none):沒有可升級的證明等級",
                    "the trust file asks for no witness (quorum none), so there is no better proof "
                    "to fetch; `chayan witness policy` prints one that does"));
  }
  const auto files = FindFiles(options.directory);
  if (!files.ok()) return program.FailUsage(files.status());
  std::unique_ptr<Client> client;
  if (!program.Connect(CallerRole::kHousehold, client).ok()) return ExitCode::kUsage;

  ExitCode exit_code = ExitCode::kOk;
  const ReceiptSource source = [&](uint64_t index) -> absl::StatusOr<v1::GetReceiptResponse> {
    v1::GetReceiptRequest request;
    request.set_index(index);
    const CallResult result =
        client->Call("/chayan.v1.AuditService/GetReceipt", request.SerializeAsString(),
                     program.connection.timeout());
    if (!result.status.ok()) return result.status;
    v1::GetReceiptResponse response;
    if (response.ParseFromString(result.response)) return response;
    return absl::DataLossError("the gateway's receipt cannot be read");
  };
  size_t upgraded = 0, before = 0, not_yet = 0, failed = 0;
  for (const std::string& file : *files) {
    const auto outcome = UpgradeReceipt(file, *trust, source);
    if (!outcome.ok()) {
      ++failed;
      program.err << file << ": " << outcome.status().message() << "\n";
      // A lie outweighs a gateway that cannot be reached.
      const ExitCode code = ExitCodeOf(outcome.status());
      if (exit_code != ExitCode::kCheckFailed) exit_code = code;
      if (code == ExitCode::kUnavailable) break;
    } else if (*outcome == UpgradeOutcome::kUpgraded) {
      ++upgraded;
    } else if (*outcome == UpgradeOutcome::kWitnessedBefore) {
      ++before;
    } else {
      ++not_yet;
    }
  }
  program.out << options.directory << program.Say(":已升級 ", ": upgraded ") << upgraded
              << program.Say(",先前已見證 ", ", witnessed before ") << before
              << program.Say(",尚未見證 ", ", not yet witnessed ") << not_yet
              << program.Say(",失敗 ", ", failed ") << failed << program.Say(",共 ", ", of ")
              << files->size() << "\n";
  if (exit_code == ExitCode::kOk && not_yet > 0) exit_code = ExitCode::kUnavailable;
  return exit_code;
}

}  // namespace

void AddReceiptUpgrade(CLI::App& receipt, Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* upgrade = receipt.add_subcommand(
      "upgrade",
      std::string(program.Say("為資料夾中的證據檔取回經見證的證明;可中斷續做",
                              "fetch witnessed proofs for the evidence files of a folder; resumes "
                              "where it was stopped")));
  upgrade->add_option("DIR", options->directory, "folder of evidence files (*.chayan)")->required();
  AddTrustFlags(*upgrade, options->trust);
  AddConnectionFlags(*upgrade, program);
  upgrade->callback([&program, options] {
    program.action = [&program, options] { return Run(program, *options); };
  });
}

}  // namespace chayan::cli
