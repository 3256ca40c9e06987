// chayan backup | restore | log reopen: on the gateway's own machine, over its settings.
#include <memory>

#include "absl/strings/str_cat.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/backup.h"
#include "gateway/cli/log_reopen.h"
#include "gateway/cli/program.h"
#include "gateway/cli/trust_flags.h"
#include "gateway/config.h"
#include "gateway/key_ring.h"

namespace chayan::cli {
namespace {

struct Options {
  std::string config;
  std::string directory;
  std::string keys_into;
  std::string out;
  TrustFlags trust;
  std::vector<std::string> checkpoints;
  std::string log_keys;
  std::string mirror;
  std::string reason = "restored";
  bool nothing_newer = false;
};

absl::StatusOr<std::vector<KeptCheckpoint>> ReadKept(const Options& options) {
  std::vector<KeptCheckpoint> kept;
  for (const std::string& path : options.checkpoints) {
    CHAYAN_ASSIGN_OR_RETURN(std::string note, ReadFile(path));
    kept.push_back({path, std::move(note)});
  }
  return kept;
}

absl::Status RunBackup(Program& program, const Options& options) {
  CHAYAN_ASSIGN_OR_RETURN(const LoadedConfig loaded, LoadConfig(options.config));
  CHAYAN_ASSIGN_OR_RETURN(const LogKeys keys, OpenLogKeys(loaded.config));
  CHAYAN_ASSIGN_OR_RETURN(const BackupFacts facts, MakeBackup(loaded.config, options.config, keys,
                                                              options.directory, program.clock));
  if (!options.keys_into.empty()) {
    CHAYAN_RETURN_IF_ERROR(BackUpKeys(loaded.config, options.directory, options.keys_into));
  }
  program.out << options.directory << ": " << facts.origin << ", " << facts.size
              << program.Say(" 筆", " entries") << "\n";
  return absl::OkStatus();
}

absl::Status RunRestore(Program& program, const Options& options) {
  CHAYAN_ASSIGN_OR_RETURN(const LoadedConfig loaded, LoadConfig(options.config));
  CHAYAN_ASSIGN_OR_RETURN(const auto kept, ReadKept(options));
  CHAYAN_ASSIGN_OR_RETURN(
      const BackupFacts facts,
      Restore(loaded.config, options.directory, {kept, options.log_keys, options.nothing_newer}));
  program.out << loaded.config.store_file() << ": " << facts.origin << ", " << facts.size
              << program.Say(" 筆;接著:放回金鑰並啟動閘道\n",
                             " entries; next: put the keys back, start the gateway\n");
  return absl::OkStatus();
}

absl::Status RunReopen(Program& program, const Options& options) {
  CHAYAN_ASSIGN_OR_RETURN(const LoadedConfig loaded, LoadConfig(options.config));
  CHAYAN_ASSIGN_OR_RETURN(const auto kept, ReadKept(options));
  CHAYAN_ASSIGN_OR_RETURN(const LogKeys keys, OpenLogKeys(loaded.config));
  CHAYAN_ASSIGN_OR_RETURN(
      const Reopened reopened,
      ReopenLog(loaded.config, *keys.now,
                {options.directory, options.mirror, kept, options.log_keys},
                options.reason == "compromised" ? "LOG_COMPROMISED" : "LOG_RESTORED", program.clock,
                program.random));
  program.out << reopened.origin << program.Say(" 接續 ", " goes on for ") << reopened.old_origin
              << program.Say(";遺失 ", "; lost ");
  if (reopened.lost == reopened.old_size) {
    program.out << program.Say("無", "nothing");
  } else {
    program.out << program.Say("紀錄 ", "entries ") << reopened.lost << "–"
                << reopened.old_size - 1;
  }
  program.out << program.Say(";接著:把新的驗證金鑰交給稽核者,啟動閘道\n",
                             "; next: give auditors the new verifier key, start the gateway\n");
  return absl::OkStatus();
}

absl::Status RunExport(Program& program, const Options& options) {
  CHAYAN_ASSIGN_OR_RETURN(const tlog::Policy trust, LoadTrust(program, options.trust));
  CHAYAN_ASSIGN_OR_RETURN(const ExportReport report,
                          ExportBackup(options.directory, options.out, trust));
  program.out << options.out << ": " << report.origin << ", " << report.size
              << program.Say(" 筆", " entries") << "\n";
  return absl::OkStatus();
}

}  // namespace

void AddBackupCommands(CLI::App& app, Program& program) {
  const auto options = std::make_shared<Options>();
  const auto add = [&](CLI::App& parent, const char* name, absl::string_view help,
                       absl::Status (*run)(Program&, const Options&)) {
    CLI::App* command = parent.add_subcommand(name, std::string(help));
    command->add_option("DIR", options->directory, "folder of the backup")->required();
    command->callback([&program, options, run] {
      program.action = [&program, options, run] {
        const absl::Status status = run(program, *options);
        return status.ok() ? ExitCode::kOk : program.Fail(ExitCode::kCheckFailed, status.message());
      };
    });
    return command;
  };
  const auto add_config = [&](CLI::App* command) {
    command->add_option("--config", options->config, "the gateway's settings file")->required();
  };
  const auto add_checkpoint = [&](CLI::App* command) {
    command->add_option("--checkpoint", options->checkpoints,
                        "a checkpoint that an auditor, a witness or an export has kept; may be "
                        "given again");
    command->add_option("--log-keys", options->log_keys,
                        "file log-keys of an export, when the log's key has changed since the "
                        "backup");
  };

  CLI::App* backup = add(app, "backup",
                         program.Say("備份閘道(可在執行中);不含金鑰",
                                     "back up a gateway, running or not; without its keys"),
                         RunBackup);
  add_config(backup);
  backup->add_option("--keys-into", options->keys_into,
                     "also copy the keys, into another folder, to be kept apart");

  CLI::App* restore = add(app, "restore",
                          program.Say("還原備份;若已有更新的紀錄則拒絕",
                                      "restore a backup; refused when anything newer is known"),
                          RunRestore);
  add_config(restore);
  add_checkpoint(restore);
  restore->add_flag("--nothing-newer", options->nothing_newer,
                    "say that the gateway had stopped before the backup was made");

  CLI::App& log = *app.get_subcommand("log");
  CLI::App* reopen = add(log, "reopen",
                         program.Say("以新來源與新金鑰接續:載明最後檢查點與遺失範圍",
                                     "go on under a new origin and key: carries the last "
                                     "checkpoint and states what was lost"),
                         RunReopen);
  add_config(reopen);
  add_checkpoint(reopen);
  reopen->add_option("--mirror", options->mirror,
                     "an export that reaches further than the backup: what it has is not lost");
  reopen->add_option("--reason", options->reason, "restored or compromised")
      ->check(CLI::IsMember({"restored", "compromised"}))
      ->capture_default_str();

  CLI::App* copy = add(log, "export",
                       program.Say("把備份中的日誌匯出給稽核者(離線)",
                                   "export the log in a backup for auditors, offline"),
                       RunExport);
  copy->add_option("OUT", options->out, "folder of the copy")->required();
  AddTrustFlags(*copy, options->trust);
}

}  // namespace chayan::cli
