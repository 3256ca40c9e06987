// chayan audit: export and verify; the other commands stand in files of their own.
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/audit_calls.h"
#include "gateway/cli/audit_commands.h"
#include "gateway/cli/audit_export.h"
#include "gateway/cli/beside.h"
#include "gateway/cli/program.h"
#include "gateway/cli/trust.h"

namespace chayan::cli {
namespace {

// The gateway's own bound; 2 MiB end a page before it does.
constexpr int kPageEntries = 5000;

struct Options {
  std::string directory;
  std::string trust;
  std::string vkey;
  std::vector<std::string> witnesses;
  std::vector<std::string> old_checkpoints;
  std::string receipts;
  std::string timestamp_root;
  std::string prior;
  bool json = false;
};

// The log of a gateway, as the exporter asks for it.
class GatewayLog {
 public:
  GatewayLog(const Program& program, Client& client) : program_(program), calls_(program, client) {}

  LogSource Source() {
    LogSource source;
    source.checkpoint = [this]() -> absl::StatusOr<std::string> {
      CHAYAN_ASSIGN_OR_RETURN(
          const auto response,
          calls_.Call<v1::GetCheckpointResponse>("GetCheckpoint", v1::GetCheckpointRequest()));
      log_keys_ = response.log_keys();
      return response.checkpoint();
    };
    source.log_keys = [this]() -> absl::StatusOr<std::string> { return log_keys_; };
    source.leaves = [this](uint64_t first,
                           uint64_t end) -> absl::StatusOr<std::vector<std::string>> {
      v1::ListEntriesRequest request;
      request.set_first_index(first);
      request.set_end_index(end);
      request.set_page_size(kPageEntries);
      CHAYAN_ASSIGN_OR_RETURN(auto response,
                              calls_.Call<v1::ListEntriesResponse>("ListEntries", request));
      if (response.first_index() != first) {
        return absl::DataLossError("the gateway gave other entries than were asked for");
      }
      return std::vector<std::string>(std::make_move_iterator(response.mutable_leaves()->begin()),
                                      std::make_move_iterator(response.mutable_leaves()->end()));
    };
    source.registry_set = [this](const crypto::Digest& digest) {
      return CallRegistrySet(calls_, digest);
    };
    source.frames = [this](uint64_t first, uint64_t end) { return Frames(first, end); };
    source.timestamped = [this](uint64_t size_min) { return Timestamped(size_min); };
    if (program_.err_is_terminal) {
      source.progress = [this](uint64_t copied, uint64_t size) {
        program_.err << "\r" << copied << "/" << size << (copied == size ? "\n" : "") << std::flush;
      };
    }
    return source;
  }

  AuditCalls& calls() { return calls_; }

  absl::StatusOr<v1::ListFramesResponse> Frames(uint64_t first, uint64_t end) {
    v1::ListFramesResponse all;
    v1::ListFramesRequest request;
    request.set_end_index(end);
    for (uint64_t next = first; next < end; next = all.next_index()) {
      request.set_first_index(next);
      CHAYAN_ASSIGN_OR_RETURN(const auto page,
                              calls_.Call<v1::ListFramesResponse>("ListFrames", request));
      if (page.next_index() <= next) {
        return absl::DataLossError("the gateway's list of frames does not go on");
      }
      all.MergeFrom(page);
    }
    return all;
  }

  absl::StatusOr<std::vector<std::pair<std::string, std::string>>> Timestamped(uint64_t size_min) {
    v1::ListPublishedCheckpointsRequest request;
    request.set_size_min(size_min);
    request.set_timestamped_only(true);
    std::vector<std::pair<std::string, std::string>> checkpoints;
    do {
      CHAYAN_ASSIGN_OR_RETURN(const auto page, calls_.Call<v1::ListPublishedCheckpointsResponse>(
                                                   "ListPublishedCheckpoints", request));
      for (const v1::PublishedCheckpoint& checkpoint : page.checkpoints()) {
        checkpoints.emplace_back(checkpoint.checkpoint(), checkpoint.timestamp());
      }
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return checkpoints;
  }

 private:
  const Program& program_;
  AuditCalls calls_;
  std::string log_keys_;  // that came with the checkpoint
};

ExitCode RunExport(Program& program, const Options& options) {
  const auto trust = LoadTrustOr(program.environment, options.trust, options.vkey);
  if (!trust.ok()) return program.FailUsage(trust.status());
  std::unique_ptr<Client> client;
  if (!program.Connect(CallerRole::kAuditor, client).ok()) return ExitCode::kUsage;
  GatewayLog log(program, *client);
  const LogSource source = log.Source();
  const auto report = ExportLog(options.directory, *trust, source);
  if (!report.ok()) return log.calls().Fail(report.status());
  program.out << options.directory << ": " << report->origin << ", " << report->size
              << program.Say(" 筆,新增 ", " entries, new ") << report->size - report->old_size
              << program.Say(";接著:chayan audit verify ", "; next: chayan audit verify ")
              << options.directory << "\n";
  return ExitCode::kOk;
}

// Runs chayan-audit in a process of its own and ends as it ends.
ExitCode RunVerify(Program& program, const Options& options) {
  std::vector<std::string> words = {"verify", options.directory};
  const auto add = [&](const char* flag, const std::string& value) {
    if (value.empty()) return;
    words.emplace_back(flag);
    words.push_back(value);
  };
  add("--trust", options.trust);
  add("--vkey", options.vkey);
  for (const std::string& witness : options.witnesses) add("--witness", witness);
  for (const std::string& old : options.old_checkpoints) add("--old", old);
  add("--receipts", options.receipts);
  add("--timestamp-root", options.timestamp_root);
  add("--prior", options.prior);
  if (options.json) words.emplace_back("--json");
  return RunBeside(program, "chayan-audit", std::move(words));
}

}  // namespace

void AddAuditCommand(CLI::App& app, Program& program) {
  CLI::App* audit = app.add_subcommand(
      "audit", std::string(program.Say("稽核:匯出、檢查、查詢、報告",
                                       "audit the log: copy, prove, search, report")));
  audit->require_subcommand(1);
  const auto options = std::make_shared<Options>();
  const auto add_trust = [&](CLI::App* command) {
    command->add_option("--trust,--policy", options->trust, "trust file [CHAYAN_TRUST]");
    command->add_option("--vkey", options->vkey,
                        "the log's verifier key, where there is no trust file [CHAYAN_LOG_VKEY]");
  };

  CLI::App* copy = audit->add_subcommand(
      "export", std::string(program.Say("把日誌複製到資料夾;可中斷續傳,每次只取新增部分",
                                        "copy the log into a folder; resumes, and copies only "
                                        "what is new")));
  copy->add_option("DIR", options->directory, "folder of the copy")->required();
  add_trust(copy);
  AddConnectionFlags(*copy, program);
  copy->callback([&program, options] {
    program.action = [&program, options] { return RunExport(program, *options); };
  });

  CLI::App* verify = audit->add_subcommand(
      "verify", std::string(program.Say("離線檢查複製的日誌(執行 chayan-audit)",
                                        "check a copy offline (runs chayan-audit)")));
  verify->add_option("DIR", options->directory, "folder of the copy")->required();
  add_trust(verify);
  verify
      ->add_option("--witness", options->witnesses,
                   "with --vkey: verifier key of a witness that must have cosigned; may be given "
                   "several times")
      ->allow_extra_args(false);
  verify
      ->add_option("--old", options->old_checkpoints,
                   "a checkpoint kept from before: the log must be its continuation; may be "
                   "given several times")
      ->allow_extra_args(false);
  verify->add_option("--receipts", options->receipts,
                     "folder of evidence files: each must hold and stand in the copy");
  verify->add_option("--timestamp-root", options->timestamp_root,
                     "root certificate of the timestamp authority: timestamps are checked too");
  verify->add_option("--prior", options->prior, "export of the log that this one goes on for");
  verify->add_flag("--json", options->json, "print one JSON object");
  verify->callback([&program, options] {
    program.action = [&program, options] { return RunVerify(program, *options); };
  });

  AddAuditTrustCommand(*audit, program);
  AddAuditSearchCommand(*audit, program);
  AddAuditSubjectCommand(*audit, program);
  AddAuditPersonsCommand(*audit, program);
  AddAuditAffectedCommand(*audit, program);
  AddAuditAnomaliesCommand(*audit, program);
  AddAuditReconcileCommand(*audit, program);
  AddAuditExplainCommand(*audit, program);
  AddAuditReportCommand(*audit, program);
  AddAuditSampleCommand(*audit, program);
  AddAuditEntryCommand(*audit, program);
  AddAuditEraseCommand(*audit, program);
  AddAuditHoldCommands(*audit, program);
}

}  // namespace chayan::cli
