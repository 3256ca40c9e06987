// Goal: the command line says what it means: exit codes, languages, help that fits a screen,
// connection settings from flags and environment with remedies, completion of every word. Method:
// RunProgram with its world passed in; nothing here needs a gateway.
#include "gateway/cli/program.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/cli/program_for_test.h"
#include "gateway/cli/sample_log_for_test.h"
#include "gateway/crypto/certificate_authority.h"

namespace chayan::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ProgramTest : public ProgramFixture {
 protected:
  ProgramTest() : ProgramFixture(SystemClock().Now()) {}

  int Certs(std::vector<std::string> arguments) { return Run("certs", std::move(arguments)); }
  // ca.pem, ca.key, me.pem, me.key of spiffe://chayan.example/hro-shanhua/counter.
  void MakeCertificates(const std::string& days) {
    const std::string command = absl::StrCat(
        "cd ", directory_,
        " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key "
        "-out ca.pem -days 3650 -subj /CN=Root -addext basicConstraints=critical,CA:TRUE -addext "
        "keyUsage=critical,keyCertSign,cRLSign >/dev/null 2>&1");
    ASSERT_EQ(std::system(command.c_str()), 0);
    ASSERT_EQ(Certs({"request", "--uri", "spiffe://chayan.example/hro-shanhua/counter", "--key",
                     Path("me.key"), "--out", Path("me.csr")}),
              0)
        << err_.str();
    ASSERT_EQ(Certs({"sign", "--ca-cert", Path("ca.pem"), "--ca-key", Path("ca.key"), "--request",
                     Path("me.csr"), "--out", Path("me.pem"), "--days", days}),
              0)
        << err_.str();
  }
};

TEST_F(ProgramTest, HelpFitsOneScreenAndNamesEveryCommand) {
  EXPECT_EQ(Run({"--help"}), 0);
  const std::string help = out_.str();
  EXPECT_LE(std::count(help.begin(), help.end(), '\n'), 30);
  for (const char* command : {"verify", "kinds", "status", "receipt", "audit", "registry", "policy",
                              "lock", "gateway", "certs", "completion", "Exit codes"}) {
    EXPECT_THAT(help, HasSubstr(command));
  }
}

TEST_F(ProgramTest, EveryOptionOfEveryCommandIsDescribed) {
  const std::vector<std::vector<std::string>> commands = {{"verify"},
                                                          {"kinds"},
                                                          {"status"},
                                                          {"receipt", "check"},
                                                          {"receipt", "show"},
                                                          {"audit", "export"},
                                                          {"audit", "verify"},
                                                          {"registry", "check"},
                                                          {"registry", "apply"},
                                                          {"policy", "explain"},
                                                          {"policy", "who-can"},
                                                          {"policy", "diff"},
                                                          {"lock", "list"},
                                                          {"lock", "clear"},
                                                          {"gateway", "check"},
                                                          {"certs", "request"},
                                                          {"certs", "sign"},
                                                          {"certs", "renew"},
                                                          {"certs", "revoke"},
                                                          {"certs", "due"},
                                                          {"completion"}};
  for (std::vector<std::string> command : commands) {
    command.push_back("--help");
    EXPECT_EQ(Run(command), 0);
    std::istringstream lines(out_.str());
    std::string line, next;
    std::vector<std::string> all;
    while (std::getline(lines, line)) all.push_back(line);
    for (size_t i = 0; i < all.size(); ++i) {
      if (all[i].rfind("  -", 0) != 0) continue;
      // A description stands from column 30 on, or on the next line.
      const bool here = all[i].size() > 31 && all[i][29] == ' ';
      const bool below = i + 1 < all.size() && all[i + 1].rfind(std::string(30, ' '), 0) == 0;
      EXPECT_TRUE(here || below) << command.front() << ": " << all[i];
    }
  }
}

TEST_F(ProgramTest, WrongUsageEndsWithTwo) {
  EXPECT_EQ(Run({}), 2);
  EXPECT_EQ(Run({"bogus"}), 2);
  EXPECT_EQ(Run({"receipt", "check"}), 2);
  EXPECT_EQ(Run({"verify", "--batch", "x.csv"}), 2);  // --out is missing
  EXPECT_EQ(Run({"receipt", "check", Path("none.chayan")}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("--trust FILE"));
}

TEST_F(ProgramTest, SpeaksTheLanguageOfTheEnvironment) {
  EXPECT_EQ(LanguageOf(nullptr, nullptr, "zh_TW.UTF-8"), Language::kZhTw);
  EXPECT_EQ(LanguageOf("en_US.UTF-8", nullptr, "zh_TW.UTF-8"), Language::kEn);
  EXPECT_EQ(LanguageOf("", "zh_TW", "C"), Language::kZhTw);
  EXPECT_EQ(LanguageOf(nullptr, nullptr, nullptr), Language::kEn);
  language_ = Language::kZhTw;
  EXPECT_EQ(Run({"kinds"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("缺少閘道位址"));
}

TEST_F(ProgramTest, ListsExamplesWithoutAGateway) {
  EXPECT_EQ(Run({"verify", "--example", "list"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("MISMATCH"));
  EXPECT_EQ(Run({"verify", "--help-batch"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("claim.CODE"));
}

TEST_F(ProgramTest, ChecksAndShowsReceipts) {
  SampleLog log;
  v1::EvidenceFile evidence = log.Ask({});
  log.Prove(evidence);
  const std::string trust = Put("trust", log.TrustText());
  const std::string good = Put("good.chayan", evidence.SerializeAsString());
  EXPECT_EQ(Run({"receipt", "check", good, "--trust", trust}), 0) << err_.str();
  variables_["CHAYAN_TRUST"] = trust;
  EXPECT_EQ(Run({"receipt", "check", good, "--json"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("\"proved\":true"));
  evidence.mutable_answer()->back() ^= 1;
  const std::string bad = Put("bad.chayan", evidence.SerializeAsString());
  EXPECT_EQ(Run({"receipt", "check", bad}), 1);
  EXPECT_THAT(out_.str(), HasSubstr("NOT PROVED: commitment to the answer"));
  language_ = Language::kZhTw;
  EXPECT_EQ(Run({"receipt", "show", good}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("民國77年5月20日"));
  EXPECT_EQ(Run({"receipt", "show", trust}), 2);
}

TEST_F(ProgramTest, RunsTheOfflineVerifierBesideIt) {
  SampleLog log;
  log.AppendReads(5);
  log.Export(Path("log"));
  const std::string trust = Put("trust", log.TrustText());
  EXPECT_EQ(Run({"audit", "verify", Path("log"), "--trust", trust}), 0);
  ASSERT_OK(WriteFile(Path("log/checkpoint"), "forged"));
  EXPECT_EQ(Run({"audit", "verify", Path("log"), "--trust", trust}), 1);
  EXPECT_EQ(Run({"audit", "verify", Path("nowhere"), "--trust", trust}), 2);
}

TEST_F(ProgramTest, ChecksRegistriesOffline) {
  EXPECT_EQ(Run({"registry", "check", directory_}), 1);
  std::filesystem::create_directories(Path("set"));
  ASSERT_OK(WriteFile(Path("set/a.textproto"), "nonsense: 1\n"));
  EXPECT_EQ(Run({"registry", "check", Path("set")}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("a.textproto:1"));
}

TEST_F(ProgramTest, ShowsGatewaySettingsOrTheirFaults) {
  EXPECT_EQ(Run({"gateway", "check", Put("gateway.textproto", "workers: 900\n")}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("workers"));
}

TEST_F(ProgramTest, TakesTheCertificateOfTheRoleItNeeds) {
  MakeCertificates("30");
  const Environment environment = [this](const std::string& name) { return variables_[name]; };
  variables_ = {{"CHAYAN_GATEWAY", "127.0.0.1:1"},
                {"CHAYAN_CA", Path("ca.pem")},
                {"CHAYAN_HOUSEHOLD_CERT", Path("me.pem")},
                {"CHAYAN_HOUSEHOLD_KEY", Path("me.key")}};
  const auto resolve = [&](CallerRole role, absl::Duration later = absl::ZeroDuration()) {
    return ResolveConnection({}, role, environment, clock_.Now() + later, Language::kEn);
  };
  const auto household = resolve(CallerRole::kHousehold);
  ASSERT_OK(household);
  EXPECT_EQ(household->member, "hro-shanhua");
  EXPECT_EQ(household->endpoint.trust_domain, "chayan.example");
  EXPECT_THAT(resolve(CallerRole::kOperator),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("CHAYAN_OPERATOR_CERT")));
  variables_["CHAYAN_CERT"] = Path("me.pem");
  variables_["CHAYAN_KEY"] = Path("me.key");
  EXPECT_OK(resolve(CallerRole::kOperator));  // what is named for all roles is taken
  EXPECT_THAT(resolve(CallerRole::kHousehold, absl::Hours(24 * 31)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("run chayan certs renew")));
  variables_["CHAYAN_KEY"] = Path("ca.key");
  EXPECT_THAT(resolve(CallerRole::kHousehold),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is not the key of")));
}

TEST_F(ProgramTest, SaysThatNobodyListens) {
  MakeCertificates("30");
  variables_ = {{"CHAYAN_CA", Path("ca.pem")},
                {"CHAYAN_CERT", Path("me.pem")},
                {"CHAYAN_KEY", Path("me.key")}};
  // Port 1 on the loopback: refused at once.
  EXPECT_EQ(Run({"kinds", "--gateway", "127.0.0.1:1"}), 4);
  EXPECT_THAT(err_.str(), HasSubstr("check --gateway"));
}

TEST_F(ProgramTest, CertificatesRenewAndFallDue) {
  MakeCertificates("10");
  EXPECT_EQ(Certs({"due", directory_, "--days", "5"}), 0);
  EXPECT_EQ(Certs({"due", directory_, "--days", "15", "--json"}), 1);
  EXPECT_THAT(out_.str(), HasSubstr("hro-shanhua/counter"));
  EXPECT_EQ(Certs({"renew", "--cert", Path("me.pem"), "--key", Path("me.key"), "--ca-cert",
                   Path("ca.pem"), "--ca-key", Path("ca.key"), "--days", "90"}),
            0)
      << err_.str();
  std::filesystem::remove(Path("me.pem.next"));
  EXPECT_EQ(Certs({"due", directory_, "--days", "15"}), 0) << out_.str();
  EXPECT_EQ(Certs({"request", "--uri", "https://x", "--key", Path("x"), "--out", Path("y")}), 2);
}

TEST_F(ProgramTest, RenewsAGatewaysCertificateForServing) {
  MakeCertificates("10");
  ASSERT_EQ(Certs({"sign", "--ca-cert", Path("ca.pem"), "--ca-key", Path("ca.key"), "--request",
                   Path("me.csr"), "--out", Path("me.pem"), "--server"}),
            0)
      << err_.str();
  ASSERT_EQ(Certs({"renew", "--cert", Path("me.pem"), "--key", Path("me.key"), "--ca-cert",
                   Path("ca.pem"), "--ca-key", Path("ca.key")}),
            0)
      << err_.str();
  const auto chain = crypto::Certificate::ChainFromPem(*ReadFile(Path("me.pem")));
  ASSERT_OK(chain);
  const auto use = crypto::UseOf(chain->front());
  ASSERT_OK(use);
  EXPECT_EQ(*use, crypto::CertificateUse::kServer);
}

TEST(CheckGatewayNames, TakesOneGatewayOfTheOwnTrustDomain) {
  EXPECT_OK(CheckGatewayNames({"spiffe://chayan.example/gateway/gw-1"}, "chayan.example"));
  EXPECT_OK(CheckGatewayNames({"spiffe://chayan.example/gateway/gw-1"}, ""));
  const std::vector<std::vector<std::string>> strangers = {
      {},
      {"spiffe://chayan.example/nia/adapter-1"},
      {"spiffe://chayan.example/gateway"},
      {"spiffe://chayan.example/gateway/"},
      {"spiffe://chayan.example/gateway/gw-1/x"},
      {"spiffe://evil.example/gateway/gw-1"},
      {"https://chayan.example/gateway/gw-1"},
      {"spiffe://chayan.example/gateway/gw-1", "spiffe://chayan.example/gateway/gw-2"}};
  for (const auto& uris : strangers) {
    EXPECT_THAT(CheckGatewayNames(uris, "chayan.example"),
                StatusIs(absl::StatusCode::kUnauthenticated, ::testing::_));
  }
}

TEST_F(ProgramTest, CompletionKnowsEveryWordAndIsValidBash) {
  ASSERT_EQ(Run({"completion", "bash"}), 0);
  const std::string script = Put("completion.bash", out_.str());
  Put("ask.bash", absl::StrCat("source ", script,
                               "\nCOMP_WORDS=(chayan certs re)\nCOMP_CWORD=2\n_chayan\n"
                               "echo \"${COMPREPLY[*]}\"\n"
                               "COMP_WORDS=(chayan verify --ex)\n_chayan\n"
                               "echo \"${COMPREPLY[*]}\"\n"));
  FILE* pipe = popen(absl::StrCat("bash ", Path("ask.bash"), " 2>&1").c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string answer;
  char buffer[1024];
  while (const size_t count = fread(buffer, 1, sizeof(buffer), pipe)) answer.append(buffer, count);
  EXPECT_EQ(pclose(pipe), 0);
  EXPECT_EQ(answer, "request renew revoke\n--example\n");
  EXPECT_EQ(Run({"completion", "zsh"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("bashcompinit"));
  EXPECT_EQ(Run({"completion", "fish"}), 2);
}

}  // namespace
}  // namespace chayan::cli
