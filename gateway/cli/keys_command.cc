// chayan log rotate-key | vault rewrap: on the gateway's own machine, over its settings.
#include <sys/stat.h>

#include <filesystem>
#include <memory>
#include <regex>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/program.h"
#include "gateway/config.h"
#include "gateway/crypto/signing_key.h"
#include "gateway/key_ring.h"
#include "gateway/log/key_rewrap.h"
#include "gateway/tlog/checkpoint.h"
#include "gateway/tlog/note_key.h"

namespace chayan::cli {
namespace {

struct Options {
  std::string config;
  std::string key_file;
};

tlog::VerifierKey VerifierKeyOf(const v1::GatewayConfig& config, const crypto::Signer& key) {
  return {config.log_origin(), tlog::KeyType::kEd25519, key.public_key().raw()};
}

// A settings file, by lines `NAME: "VALUE"`; what else stands in it is kept.
class SettingsText {
 public:
  static absl::StatusOr<SettingsText> Read(const std::string& path) {
    CHAYAN_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
    SettingsText settings;
    settings.lines_ = absl::StrSplit(text, '\n');
    return settings;
  }
  void Append(const std::string& line) {
    if (!lines_.empty() && lines_.back().empty()) lines_.pop_back();
    lines_.push_back(line);
    lines_.emplace_back();
  }
  // FAILED_PRECONDITION unless exactly one line sets it.
  absl::StatusOr<std::string*> Line(const std::string& name) {
    std::string* found = nullptr;
    const std::regex begins(absl::StrCat("\\s*", name, "\\s*:\\s*\"[^\"]*\"\\s*(#.*)?"));
    for (std::string& line : lines_) {
      if (!std::regex_match(line, begins)) continue;
      if (found != nullptr) return NoLine(name);
      found = &line;
    }
    if (found == nullptr) return NoLine(name);
    return found;
  }
  void Remove(const std::string* line) { lines_.erase(lines_.begin() + (line - lines_.data())); }
  // Keeps the file's mode.
  absl::Status Write(const std::string& path) const {
    struct stat facts;
    const mode_t mode = stat(path.c_str(), &facts) == 0 ? facts.st_mode & 0777 : 0600;
    return WriteFile(path, absl::StrJoin(lines_, "\n"), mode);
  }

 private:
  static absl::Status NoLine(const std::string& name) {
    return absl::FailedPreconditionError(
        absl::StrCat("the settings have not exactly one line `", name,
                     ": \"…\"`: change them by hand, as the README's section on keys says"));
  }
  std::vector<std::string> lines_;
};

absl::Status BeginRotation(Program& program, const Options& options) {
  CHAYAN_ASSIGN_OR_RETURN(const LoadedConfig loaded, LoadConfig(options.config));
  const v1::GatewayConfig& config = loaded.config;
  if (!config.next_log_key_file().empty() || config.has_next_log_key_token()) {
    return absl::FailedPreconditionError(
        "a rotation has begun: start the gateway, let verifiers follow, then "
        "`chayan log rotate-key finish`");
  }
  const std::string path = std::filesystem::absolute(options.key_file).string();
  std::error_code error;
  if (std::filesystem::exists(path, error)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " is there already: name a file that is new"));
  }
  const crypto::Ed25519Key key = crypto::Ed25519Key::Generate(program.random);
  CHAYAN_RETURN_IF_ERROR(WriteFile(path, key.ToPem(), 0600));
  CHAYAN_ASSIGN_OR_RETURN(SettingsText settings, SettingsText::Read(options.config));
  settings.Append(absl::StrCat("next_log_key_file: \"", path, "\""));
  CHAYAN_RETURN_IF_ERROR(settings.Write(options.config));
  program.out << VerifierKeyOf(config, key).ToString() << "\n"
              << program.Say("接著:重新啟動閘道;新舊金鑰即同時簽署。查驗者更新後執行 finish\n",
                             "next: start the gateway anew, and both keys sign; when verifiers "
                             "have followed: chayan log rotate-key finish\n");
  return absl::OkStatus();
}

// Whether checkpoints are signed with the next key too, as the guard file shows. Without that the
// log would know no key that is left, and a gateway could not go on with it.
absl::Status MustSignAlready(const v1::GatewayConfig& config, const crypto::Signer& next) {
  CHAYAN_ASSIGN_OR_RETURN(const std::string note, ReadFile(config.head_file()));
  if (tlog::OpenCheckpoint(note, VerifierKeyOf(config, next)).ok()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "the log has not announced the next key yet: start the gateway anew first");
}

absl::Status FinishRotation(Program& program, const Options& options) {
  CHAYAN_ASSIGN_OR_RETURN(const LoadedConfig loaded, LoadConfig(options.config));
  const std::string next = loaded.config.next_log_key_file();
  if (next.empty()) {
    return absl::FailedPreconditionError(
        "no rotation of a key file has begun: chayan log rotate-key begin");
  }
  CHAYAN_ASSIGN_OR_RETURN(const LogKeys keys, OpenLogKeys(loaded.config));
  CHAYAN_RETURN_IF_ERROR(MustSignAlready(loaded.config, *keys.next));
  CHAYAN_ASSIGN_OR_RETURN(SettingsText settings, SettingsText::Read(options.config));
  CHAYAN_ASSIGN_OR_RETURN(std::string* const now_line, settings.Line("log_key_file"));
  CHAYAN_ASSIGN_OR_RETURN(std::string* const next_line, settings.Line("next_log_key_file"));
  *now_line = absl::StrCat("log_key_file: \"", next, "\"");
  settings.Remove(next_line);
  CHAYAN_RETURN_IF_ERROR(settings.Write(options.config));
  program.out << program.Say("接著:重新啟動閘道;日誌記下舊金鑰停用後,銷毀 ",
                             "next: start the gateway anew; once the log has retired the old key, "
                             "destroy ")
              << loaded.config.log_key_file() << "\n";
  return absl::OkStatus();
}

absl::Status RewrapVault(Program& program, const Options& options) {
  CHAYAN_ASSIGN_OR_RETURN(const LoadedConfig loaded, LoadConfig(options.config));
  CHAYAN_ASSIGN_OR_RETURN(const VaultKeys keys, OpenVaultKeys(loaded.config));
  if (keys.old == nullptr) {
    return absl::FailedPreconditionError(
        "the settings name one key-encryption key: write the new one as vault_kek_file, the one "
        "before as old_vault_kek_file, start the gateway anew, and run this again");
  }
  CHAYAN_ASSIGN_OR_RETURN(const log::RewrapReport report,
                          log::RewrapClassKeys(loaded.config.vault_key_directory(), *keys.old,
                                               *keys.now, program.random));
  program.out << program.Say("已重新包裝 ", "rewrapped ") << report.rewrapped
              << program.Say(",先前已是新金鑰 ", ", with the new key before ")
              << report.wrapped_before
              << program.Say(";接著:自設定移除 old_vault_kek 並重新啟動,再銷毀舊金鑰\n",
                             "; next: remove old_vault_kek from the settings, start the gateway "
                             "anew, then destroy the old key\n");
  return absl::OkStatus();
}

}  // namespace

void AddKeysCommands(CLI::App& app, Program& program) {
  const auto options = std::make_shared<Options>();
  const auto add = [&](CLI::App* parent, const char* name, absl::string_view help,
                       absl::Status (*run)(Program&, const Options&)) {
    CLI::App* command = parent->add_subcommand(name, std::string(help));
    command->add_option("--config", options->config, "the gateway's settings file")->required();
    command->callback([&program, options, run] {
      program.action = [&program, options, run] {
        const absl::Status status = run(program, *options);
        return status.ok() ? ExitCode::kOk : program.Fail(ExitCode::kCheckFailed, status.message());
      };
    });
    return command;
  };
  CLI::App* log =
      app.add_subcommand("log", std::string(program.Say("日誌金鑰輪替;在新日誌接續",
                                                        "rotate the log's key; go on in a "
                                                        "new log")));
  log->require_subcommand(1);
  CLI::App* rotate = log->add_subcommand(
      "rotate-key", std::string(program.Say("輪替日誌金鑰:begin,重新啟動,finish,重新啟動",
                                            "change the log's key: begin, restart, finish, "
                                            "restart")));
  rotate->require_subcommand(1);
  CLI::App* begin = add(rotate, "begin",
                        program.Say("產生新金鑰並寫入設定",
                                    "make the new key and name it in the "
                                    "settings"),
                        BeginRotation);
  begin
      ->add_option("--key-file", options->key_file, "file for the new key, which must not be there")
      ->required();
  add(rotate, "finish", program.Say("設定只留新金鑰", "leave only the new key in the settings"),
      FinishRotation);

  CLI::App* vault =
      app.add_subcommand("vault", std::string(program.Say("保險庫金鑰", "keys of the vault")));
  vault->require_subcommand(1);
  add(vault, "rewrap",
      program.Say("以新的金鑰加密金鑰重新包裝各月金鑰;閘道可同時執行",
                  "wrap the vault's keys with a new key-encryption key; the gateway may run"),
      RewrapVault);
}

}  // namespace chayan::cli
