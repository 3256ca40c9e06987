// Goal: a wrong settings file names every fault with its line and remedy; a right one shows where
// each value is from.
#include "gateway/config.h"

#include <cstdlib>
#include <filesystem>

#include "absl/strings/str_replace.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"

namespace chayan {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kComplete[] = R"(certificate_file: "tls/gateway.pem"
key_file: "tls/gateway.key"
roots_file: "/etc/roots.pem"
crl_directory: "crl"
store_file: "store.db"
head_file: "../head"
log_origin: "gw.example/log/2026"
log_key_file: "log.key"
vault_kek_file: "kek"
vault_key_directory: "vault"
)";

class ConfigTest : public ::testing::Test {
 protected:
  ConfigTest() {
    std::string pattern = ::testing::TempDir() + "chayan-config-XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  ~ConfigTest() override { std::filesystem::remove_all(directory_); }
  absl::StatusOr<LoadedConfig> Load(absl::string_view content) {
    const std::string path = directory_ + "/gateway.textproto";
    if (absl::Status status = WriteFile(path, content); !status.ok()) return status;
    return LoadConfig(path);
  }
  std::string directory_;
};

TEST_F(ConfigTest, EveryNameThatIsNoneIsSaidAtOnce) {
  EXPECT_THAT(Load(absl::StrReplaceAll(kComplete, {{"crl_directory", "crl_directroy"},
                                                   {"vault_kek_file", "vault_keck_file"}})),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr(":4: column "), HasSubstr("did you mean crl_directory?"),
                             HasSubstr(":9: column "), HasSubstr("did you mean vault_kek_file?"),
                             Not(HasSubstr("is missing")))));
}

TEST_F(ConfigTest, PathsAreRelativeToTheFileAndDefaultsAreNamed) {
  const absl::StatusOr<LoadedConfig> loaded = Load(absl::StrCat(kComplete, "workers: 2\n"));
  ASSERT_OK(loaded);
  EXPECT_EQ(loaded->config.certificate_file(), directory_ + "/tls/gateway.pem");
  EXPECT_EQ(loaded->config.roots_file(), "/etc/roots.pem");
  EXPECT_EQ(loaded->config.head_file(),
            std::filesystem::path(directory_).parent_path().string() + "/head");
  EXPECT_EQ(loaded->config.listen(), "127.0.0.1:7443");
  ASSERT_EQ(loaded->settings.size(),
            static_cast<size_t>(v1::GatewayConfig::descriptor()->field_count()));
  EXPECT_EQ(loaded->settings[1].name, "listen");
  EXPECT_EQ(loaded->settings[1].source, "default");
  EXPECT_EQ(loaded->settings[2].value, "2");
  EXPECT_THAT(loaded->settings[2].source, HasSubstr("gateway.textproto:11"));
}

TEST_F(ConfigTest, NamesEveryFaultAtOnce) {
  EXPECT_THAT(
      Load("workers: 0\nlisten: \"7443\"\nlog_origin: \"https://gw.example\"\n"),
      StatusIs(absl::StatusCode::kInvalidArgument,
               AllOf(HasSubstr(":1: workers: write"), HasSubstr(":2: listen: write"),
                     HasSubstr(":3: log_origin: write"), HasSubstr("store_file: is missing"))));
}

TEST_F(ConfigTest, AnHttpListenerThatOthersReachMustBeMeant) {
  EXPECT_OK(Load(absl::StrCat(kComplete, "http_listen: \"127.0.0.1:0\"\n")));
  EXPECT_OK(Load(absl::StrCat(kComplete, "http_listen: \"[::1]:7480\"\n")));
  EXPECT_THAT(Load(absl::StrCat(kComplete, "http_listen: \"0.0.0.0:7480\"\n")),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr(":11: http_listen:"), HasSubstr("http_any_address: true"))));
  EXPECT_OK(
      Load(absl::StrCat(kComplete, "http_listen: \"0.0.0.0:7480\"\nhttp_any_address: true\n")));
  EXPECT_THAT(Load(absl::StrCat(kComplete, "http_listen: \"localhost:80\"\n")),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("write IP:PORT")));
}

std::string OnPostgres(absl::string_view connection_string) {
  return absl::StrReplaceAll(
      kComplete,
      {{"store_file: \"store.db\"", absl::StrCat("store_postgres: \"", connection_string, "\"")}});
}

TEST_F(ConfigTest, AStoreIsAFileOrADatabase) {
  const auto loaded = Load(OnPostgres("host=/run/postgresql dbname=chayan user=gateway"));
  ASSERT_OK(loaded);
  EXPECT_EQ(loaded->config.store_file(), "");
  EXPECT_OK(Load(OnPostgres("postgresql://gw@db1,db2/chayan?sslmode=verify-full")));
  EXPECT_THAT(Load(absl::StrCat(kComplete, "store_postgres: \"host=localhost dbname=chayan\"\n")),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr(":11: store_postgres: a gateway has one store")));
}

TEST_F(ConfigTest, ADatabaseIsNamedWithoutAPasswordAndReachedSafely) {
  const struct {
    const char* connection_string;
    const char* fault;
  } kFaults[] = {
      {"host=localhost dbname=c password=hush", "holds a password: put it into a file"},
      {"postgresql://gw:hush@localhost/c", "holds a password"},
      {"host=localhost dbname=c hush", "is no connection string"},
      {"host=localhost dbname=c sslpassword=hush", "holds a password"},
      {"dbname=hush", "names no server"},
      {"host=localhost user=hush", "names no database"},
      {"service=hush", "names a service"},
      {"host=hush dbname=c", "goes over a network"},
      {"host=localhost,hush dbname=c sslmode=require", "goes over a network"},
      {"host=localhost hostaddr=10.0.0.7 dbname=hush", "goes over a network"},
  };
  for (const auto& [connection_string, fault] : kFaults) {
    EXPECT_THAT(Load(OnPostgres(connection_string)),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr(absl::StrCat(":5: store_postgres: ", fault)),
                               Not(HasSubstr("hush")))))
        << connection_string;
  }
}

TEST_F(ConfigTest, AKeyIsInAFileOrInATokenAndNotInBoth) {
  const std::string token =
      "log_key_token { module: \"/m.so\" token_label: \"t\" key_label: \"k\" pin_file: \"pin\" }\n";
  EXPECT_THAT(Load(absl::StrCat(kComplete, token)),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("log_key_file, log_key_token: write one of the two")));
  std::string in_token = kComplete;
  in_token.replace(in_token.find("log_key_file"), sizeof("log_key_file: \"log.key\"\n") - 1, "");
  EXPECT_THAT(Load(in_token),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("log_key_file: is missing")));
  const auto loaded = Load(in_token + token);
  ASSERT_OK(loaded);
  EXPECT_EQ(loaded->config.log_key_token().module(), "/m.so");
  EXPECT_EQ(loaded->config.log_key_token().pin_file(), directory_ + "/pin");
  EXPECT_THAT(Load(in_token + "log_key_token { module: \"/m.so\" key_label: \"k\" }\n"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("log_key_token.token_label: is missing"),
                             HasSubstr("log_key_token.pin_file: is missing"))));
}

TEST_F(ConfigTest, ACredentialIsWhatTheServiceManagerHandedOver) {
  std::string content = kComplete;
  content.replace(content.find("log.key"), 7, "credential:log-key");
  unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_THAT(Load(content), StatusIs(absl::StatusCode::kInvalidArgument,
                                      HasSubstr("log_key_file: credential:log-key")));
  setenv("CREDENTIALS_DIRECTORY", "/run/credentials/chayan.service", 1);
  const auto loaded = Load(content);
  unsetenv("CREDENTIALS_DIRECTORY");
  ASSERT_OK(loaded);
  EXPECT_EQ(loaded->config.log_key_file(), "/run/credentials/chayan.service/log-key");
}

TEST_F(ConfigTest, AnAlarmCommandIsAProgramThatCanBeRun) {
  ASSERT_OK(WriteFile(directory_ + "/tell", "#!/bin/sh\n", 0700));
  const auto loaded = Load(absl::StrCat(
      kComplete, "alarm_command { program: \"tell\" arguments: \"-v\" interval_seconds: 300 }\n"));
  ASSERT_OK(loaded);
  EXPECT_EQ(loaded->config.alarm_command().program(), directory_ + "/tell");
  EXPECT_THAT(Load(absl::StrCat(kComplete,
                                "alarm_command { program: \"nowhere\" "
                                "timeout_seconds: 301 interval_seconds: 9 }\n")),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr(":11: alarm_command.program:"), HasSubstr("cannot be run"),
                             HasSubstr("alarm_command.timeout_seconds: write 1 to 300"),
                             HasSubstr("alarm_command.interval_seconds: write 10 to 86400"))));
  EXPECT_THAT(
      Load(absl::StrCat(kComplete, "alarm_command { }\n")),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("alarm_command.program: is missing")));
}

TEST_F(ConfigTest, NamesAnUnknownField) {
  EXPECT_THAT(Load("worker: 1\n"), StatusIs(absl::StatusCode::kInvalidArgument,
                                            AllOf(HasSubstr(":1:"), HasSubstr("worker"))));
}

}  // namespace
}  // namespace chayan
