#include "gateway/config.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/base/file.h"
#include "gateway/base/socket_address.h"
#include "gateway/base/status_macros.h"
#include "gateway/registry/text_reader.h"
#include "gateway/store/postgres_settings.h"
#include "google/protobuf/text_format.h"

namespace chayan {
namespace {

using ::google::protobuf::FieldDescriptor;

// Connections are pinned to workers; more than the largest machine's cores only costs memory.
constexpr int kWorkersMax = 64;
constexpr int kDrainGraceMaxMs = 600'000;
// As gateway_config.proto states them.
constexpr uint32_t kAlarmTimeoutMaxSeconds = 300;
constexpr uint32_t kAlarmIntervalMinSeconds = 10;
constexpr uint32_t kAlarmIntervalMaxSeconds = 86'400;

// Fields without a default and without which nothing starts.
bool IsRequired(const FieldDescriptor& field) {
  static const auto* const kOptional =
      new std::map<std::string, bool>{{"gateway_name", true},
                                      {"listen", true},
                                      {"workers", true},
                                      {"denylist_file", true},
                                      {"signature_share", true},
                                      {"drain_grace_ms", true},
                                      // One of file and token: see CheckKeys.
                                      {"log_key_file", true},
                                      {"log_key_token", true},
                                      {"next_log_key_file", true},
                                      {"next_log_key_token", true},
                                      {"vault_kek_file", true},
                                      {"vault_kek_token", true},
                                      {"old_vault_kek_file", true},
                                      {"old_vault_kek_token", true},
                                      {"http_listen", true},
                                      {"http_any_address", true},
                                      {"store_file", true},
                                      {"store_postgres", true},
                                      {"core_dumps", true},
                                      {"notice_ordering_key_file", true},
                                      {"alarm_command", true}};
  return !kOptional->contains(field.name());
}

bool IsPath(const FieldDescriptor& field) {
  return absl::EndsWith(field.name(), "_file") || absl::EndsWith(field.name(), "_directory");
}

v1::GatewayConfig Defaults() {
  v1::GatewayConfig config;
  config.set_gateway_name("gw-1");
  config.set_listen("127.0.0.1:7443");
  config.set_workers(1);
  config.set_denylist_file("");
  config.set_store_file("");
  config.set_store_postgres("");
  config.set_signature_share(0.02);
  config.set_drain_grace_ms(10'000);
  config.set_http_listen("");
  config.set_http_any_address(false);
  config.set_core_dumps(false);
  config.set_notice_ordering_key_file("");
  return config;
}

class Faults {
 public:
  explicit Faults(std::string file) : file_(std::move(file)) {}
  void Add(int line, absl::string_view message) {
    lines_.push_back(line < 0 ? absl::StrCat(file_, ": ", message)
                              : absl::StrCat(file_, ":", line + 1, ": ", message));
  }
  absl::Status ToStatus() const {
    return lines_.empty() ? absl::OkStatus()
                          : absl::InvalidArgumentError(absl::StrJoin(lines_, "\n"));
  }

 private:
  std::string file_;
  std::vector<std::string> lines_;
};

// A file that the service manager hands over (systemd.exec(5), LoadCredential=).
constexpr absl::string_view kCredential = "credential:";

// Relative paths are relative to the settings' folder.
std::string ResolvePath(const std::filesystem::path& folder, const std::string& field,
                        const std::string& value, Faults& faults) {
  if (value.empty() || !absl::StartsWith(value, kCredential)) {
    return value.empty() ? "" : (folder / value).lexically_normal().string();
  }
  const char* const credentials = std::getenv("CREDENTIALS_DIRECTORY");
  if (credentials != nullptr)
    return absl::StrCat(credentials, "/", value.substr(kCredential.size()));
  faults.Add(-1,
             absl::StrCat(field, ": ", value,
                          " is handed over by systemd, and CREDENTIALS_DIRECTORY is not set: "
                          "start the gateway by its unit with LoadCredential=, or write a path"));
  return value;
}

v1::TokenKey ResolveToken(const std::filesystem::path& folder, const std::string& field,
                          v1::TokenKey token, Faults& faults) {
  const std::pair<const char*, std::string*> values[] = {
      {"module", token.mutable_module()},
      {"token_label", token.mutable_token_label()},
      {"key_label", token.mutable_key_label()},
      {"pin_file", token.mutable_pin_file()}};
  for (const auto& [name, value] : values) {
    if (value->empty()) faults.Add(-1, absl::StrCat(field, ".", name, ": is missing"));
  }
  *token.mutable_module() = ResolvePath(folder, field, token.module(), faults);
  *token.mutable_pin_file() = ResolvePath(folder, field, token.pin_file(), faults);
  return token;
}

// Each key is in a file or in a token, and two of them must be somewhere.
void CheckKeys(const v1::GatewayConfig& config, Faults& faults) {
  const struct {
    const char* name;
    bool file, token, required;
  } kKeys[] = {
      {"log_key", !config.log_key_file().empty(), config.has_log_key_token(), true},
      {"next_log_key", !config.next_log_key_file().empty(), config.has_next_log_key_token(), false},
      {"vault_kek", !config.vault_kek_file().empty(), config.has_vault_kek_token(), true},
      {"old_vault_kek", !config.old_vault_kek_file().empty(), config.has_old_vault_kek_token(),
       false}};
  for (const auto& key : kKeys) {
    if (key.required && !key.file && !key.token) {
      faults.Add(-1, absl::StrCat(key.name, "_file: is missing, add a line `", key.name,
                                  "_file: \"…\"`, or `", key.name, "_token { … }`"));
    }
    if (key.file && key.token) {
      faults.Add(-1, absl::StrCat(key.name, "_file, ", key.name, "_token: write one of the two"));
    }
  }
}

bool IsName(absl::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == absl::string_view::npos;
}

void CheckValues(const v1::GatewayConfig& config,
                 const google::protobuf::TextFormat::ParseInfoTree& places, Faults& faults) {
  const auto* descriptor = v1::GatewayConfig::descriptor();
  const auto line = [&](const char* field) {
    return places.GetLocation(descriptor->FindFieldByName(field), -1).line;
  };
  if (!IsName(config.gateway_name())) {
    faults.Add(line("gateway_name"),
               "gateway_name: write 1 to 64 lower-case letters, digits and hyphens");
  }
  if (config.workers() < 1 || config.workers() > kWorkersMax) {
    faults.Add(line("workers"), absl::StrCat("workers: write a number from 1 to ", kWorkersMax));
  }
  if (!absl::StrContains(config.listen(), ':')) {
    faults.Add(line("listen"), "listen: write address and port, such as \"127.0.0.1:7443\"");
  }
  if (!(config.signature_share() >= 0 && config.signature_share() <= 1)) {
    faults.Add(line("signature_share"), "signature_share: write a number from 0 to 1");
  }
  if (config.drain_grace_ms() < 0 || config.drain_grace_ms() > kDrainGraceMaxMs) {
    faults.Add(line("drain_grace_ms"),
               absl::StrCat("drain_grace_ms: write 0 to ", kDrainGraceMaxMs));
  }
  if (!config.http_listen().empty()) {
    const absl::StatusOr<SocketAddress> address = ParseSocketAddress(config.http_listen());
    if (!address.ok()) {
      faults.Add(line("http_listen"), absl::StrCat("http_listen: ", address.status().message()));
    } else if (!address->is_loopback() && !config.http_any_address()) {
      faults.Add(
          line("http_listen"),
          "http_listen: other machines reach this address, and the listener has no TLS; write "
          "127.0.0.1 or [::1] and put deploy/nginx in front, or set http_any_address: true");
    }
  }
  const std::string& origin = config.log_origin();
  if (absl::StrContains(origin, "://") || absl::EndsWith(origin, "/") ||
      absl::StrContains(origin, '+') || absl::StrContains(origin, ' ')) {
    faults.Add(
        line("log_origin"),
        "log_origin: write a URL prefix without scheme, trailing slash, space or plus, such as "
        "\"gw.agency.example/log/2026\"");
  }
}

void CheckAlarmCommand(const v1::AlarmCommand& command, int line, Faults& faults) {
  if (command.program().empty()) {
    faults.Add(line, "alarm_command.program: is missing, write the path of a program");
  } else if (access(command.program().c_str(), X_OK) != 0) {
    faults.Add(line, absl::StrCat("alarm_command.program: ", command.program(),
                                  " cannot be run; write the path of a program, and let the "
                                  "gateway's user execute it"));
  }
  if (command.timeout_seconds() > kAlarmTimeoutMaxSeconds) {
    faults.Add(line, absl::StrCat("alarm_command.timeout_seconds: write 1 to ",
                                  kAlarmTimeoutMaxSeconds, ", or leave it out"));
  }
  const uint32_t interval = command.interval_seconds();
  if (interval != 0 &&
      (interval < kAlarmIntervalMinSeconds || interval > kAlarmIntervalMaxSeconds)) {
    faults.Add(line,
               absl::StrCat("alarm_command.interval_seconds: write ", kAlarmIntervalMinSeconds,
                            " to ", kAlarmIntervalMaxSeconds, ", or leave it out"));
  }
}

// Exactly one store. A connection string is never repeated: it may hold what it must not.
void CheckStore(const v1::GatewayConfig& config, int line, Faults& faults) {
  if (config.store_file().empty() == config.store_postgres().empty()) {
    faults.Add(line, config.store_file().empty()
                         ? "store_file: is missing, add a line `store_file: \"…\"`, or "
                           "`store_postgres: \"…\"` for a database"
                         : "store_postgres: a gateway has one store: remove this line or that of "
                           "store_file");
    return;
  }
  if (config.store_postgres().empty()) return;
  const absl::Status settings = store::PostgresSettings::Parse(config.store_postgres()).status();
  if (!settings.ok()) faults.Add(line, absl::StrCat("store_postgres: ", settings.message()));
}

std::string TextOf(const v1::GatewayConfig& config, const FieldDescriptor& field) {
  std::string text;
  if (field.message_type() != nullptr && !config.GetReflection()->HasField(config, &field)) {
    return text;
  }
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  printer.PrintFieldValueToString(config, &field, -1, &text);
  return text;
}

}  // namespace

absl::StatusOr<LoadedConfig> LoadConfig(const std::string& path) {
  CHAYAN_ASSIGN_OR_RETURN(const std::string content, ReadFile(path));
  Faults faults(path);
  registry::ReadText read;
  v1::GatewayConfig written;
  registry::ReadMessage(
      content,
      [&](int line, int column, absl::string_view what) {
        faults.Add(line - 1, absl::StrCat("column ", column, ": ", what));
      },
      written, read);
  // What is missing or wrong besides may be no more than a name that was misspelt.
  CHAYAN_RETURN_IF_ERROR(faults.ToStatus());
  const google::protobuf::TextFormat::ParseInfoTree& places = read.places;

  LoadedConfig loaded{Defaults(), {}};
  const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
  const auto* reflection = v1::GatewayConfig::GetReflection();
  const auto* descriptor = v1::GatewayConfig::descriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor& field = *descriptor->field(i);
    const bool given = reflection->HasField(written, &field);
    if (!given && IsRequired(field)) {
      faults.Add(
          -1, absl::StrCat(field.name(), ": is missing, add a line `", field.name(), ": \"…\"`"));
    }
    if (given && field.message_type() == v1::TokenKey::descriptor()) {
      auto& token = static_cast<v1::TokenKey&>(*reflection->MutableMessage(&written, &field));
      token = ResolveToken(folder, field.name(), token, faults);
    }
    if (given && IsPath(field)) {
      reflection->SetString(
          &written, &field,
          ResolvePath(folder, field.name(), reflection->GetString(written, &field), faults));
    }
  }
  loaded.config.MergeFrom(written);
  CheckValues(loaded.config, places, faults);
  CheckStore(loaded.config,
             places.GetLocation(descriptor->FindFieldByName("store_postgres"), -1).line, faults);
  CheckKeys(loaded.config, faults);
  if (loaded.config.has_alarm_command()) {
    std::string& program = *loaded.config.mutable_alarm_command()->mutable_program();
    program = ResolvePath(folder, "alarm_command.program", program, faults);
    CheckAlarmCommand(loaded.config.alarm_command(),
                      places.GetLocation(descriptor->FindFieldByName("alarm_command"), -1).line,
                      faults);
  }
  CHAYAN_RETURN_IF_ERROR(faults.ToStatus());
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor& field = *descriptor->field(i);
    const int line = places.GetLocation(&field, -1).line;
    loaded.settings.push_back({field.name(), TextOf(loaded.config, field),
                               line < 0 ? "default" : absl::StrCat(path, ":", line + 1)});
  }
  return loaded;
}

}  // namespace chayan
