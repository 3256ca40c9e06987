// Goal: each offline command of `chayan audit` says what the log holds, believes nothing that is
// not proved, ends with the right code, and names the remedy. Method: a sample log with exchanges
// of each kind, exported; RunProgram with its world passed in; files that commands write are read
// back.
#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/cli/program_for_test.h"
#include "gateway/cli/sample_log_for_test.h"
#include "gateway/report/formats.h"

namespace chayan::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class AuditCommandsTest : public ProgramFixture {
 protected:
  AuditCommandsTest() : ProgramFixture(absl::FromUnixSeconds(1767312000)) {  // a day later
    variables_["CHAYAN_TRUST"] = Put("trust", log_.TrustText());
    // The log's clock stands at 08:00 in Taiwan on 2026-01-01, a Thursday. Entry 0 is the genesis.
    evidence_ = log_.Ask({});                  // 1
    log_.Ask({.entry_outcome = "NOT_FOUND"});  // 2
    log_.Ask({.status = "\x08\x07"});          // 3, denied
    log_.Wait(absl::Hours(14));                // 22:00
    log_.Ask({});                              // 4
    log_.AppendReads(2);                       // 5, 6
    log_.Prove(evidence_);
    Export();
  }

  void Export() {
    std::filesystem::remove_all(Path("log"));
    log_.Export(Path("log"));
  }
  int Audit(std::vector<std::string> arguments) { return Run("audit", std::move(arguments)); }
  std::string Receipts() {
    Put("receipts/one.chayan", evidence_.SerializeAsString());
    return Path("receipts");
  }

  SampleLog log_;
  v1::EvidenceFile evidence_;
};

TEST_F(AuditCommandsTest, SearchFindsByWhatStandsInLeaves) {
  EXPECT_EQ(Audit({"search", Path("log"), "--type", "verification", "--json"}), 0) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("\"found\":\"3\""));
  EXPECT_EQ(Audit({"search", Path("log"), "--outcome", "NOT_FOUND", "--json"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("\"index\":\"2\""));
  EXPECT_EQ(Audit({"search", Path("log"), "--from", "2026-01-01T13:00:00Z", "--json"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("\"found\":\"3\""));
  EXPECT_EQ(Audit({"search", Path("log"), "--from", "1150102", "--json"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("\"found\":\"0\""));
  EXPECT_EQ(Audit({"search", Path("log"), "--from", "yesterday"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("--from: no moment; write a day"));
  EXPECT_EQ(Audit({"search", Path("log"), "--subject", "A123456789"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("leave DIR out"));
}

TEST_F(AuditCommandsTest, NothingIsSaidOfALogThatIsNotProved) {
  ASSERT_OK(WriteFile(Path("log/tile/entries/000.p/7"), "forged"));
  for (const char* command : {"search", "persons", "explain"}) {
    std::vector<std::string> words = {command, Path("log")};
    if (absl::string_view(command) == "explain") words.emplace_back("1");
    EXPECT_EQ(Audit(words), 1) << command;
    EXPECT_THAT(err_.str(), HasSubstr("is not what the log signed"));
    EXPECT_EQ(out_.str(), "");
  }
  variables_.erase("CHAYAN_TRUST");
  EXPECT_EQ(Audit({"search", Path("log")}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("--trust FILE"));
}

TEST_F(AuditCommandsTest, PersonsShowsSystemsAndThePersonsOfEvidence) {
  EXPECT_EQ(Audit({"persons", Path("log")}), 0) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("hro-shanhua"));
  EXPECT_THAT(out_.str(), HasSubstr("auditor-1"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("clerk-7")));
  EXPECT_EQ(Audit({"persons", Path("log"), "--receipts", Receipts(), "--json"}), 0) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("\"person\":\"clerk-7\""));
  // An acknowledgement is evidence too, and names nobody.
  v1::EvidenceFile other = evidence_;
  other.mutable_receipt()->set_leaf(
      absl::StrReplaceAll(evidence_.receipt().leaf(), {{"\"VerifyDocument\"", "\"Acknowledge\""}}));
  Put("receipts/two.chayan", other.SerializeAsString());
  EXPECT_EQ(Audit({"persons", Path("log"), "--receipts", Receipts(), "--json"}), 0) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("\"evidence files opened\":\"1\""));
  // So is a notice that stands with others in the frame of its entry.
  v1::EvidenceFile framed = log_.AskInBulk(3)[1];
  Export();
  Put("receipts/three.chayan", framed.SerializeAsString());
  EXPECT_EQ(Audit({"persons", Path("log"), "--receipts", Receipts(), "--json"}), 0) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("\"person\":\"clerk-8\""));
  framed.mutable_frame()->set_index(2);
  Put("receipts/three.chayan", framed.SerializeAsString());
  EXPECT_EQ(Audit({"persons", Path("log"), "--receipts", Receipts()}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("three.chayan: its request is not the one"));
  Put("receipts/three.chayan", other.SerializeAsString());
  evidence_.mutable_request()->back() ^= 1;
  EXPECT_EQ(Audit({"persons", Path("log"), "--receipts", Receipts()}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("one.chayan: its request is not the one"));
}

TEST_F(AuditCommandsTest, AffectedWritesTheIncidentReport) {
  EXPECT_EQ(Audit({"affected", Path("log")}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("affected by what?"));
  const std::string cert = crypto::Sha256("cert").ToHex();
  EXPECT_EQ(Audit({"affected", Path("log"), "--cert", cert, "--out", Path("i.ods")}), 0)
      << err_.str();
  const auto sheets = report::ReadOds(*ReadFile(Path("i.ods")));
  ASSERT_OK(sheets);
  EXPECT_EQ((*sheets)[2].rows.size(), 1u + 4u) << "header and four exchanges";
  EXPECT_EQ(Audit({"affected", Path("log"), "--since", "12h", "--json"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("\"entries touched\":\"3\""));
  EXPECT_EQ(Audit({"affected", Path("log"), "--person", "clerk-7"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("leave DIR out and ask the gateway"));
  EXPECT_EQ(
      Audit({"affected", Path("log"), "--person", "clerk-7", "--receipts", Receipts(), "--json"}),
      0);
  EXPECT_THAT(out_.str(), HasSubstr("\"entries touched\":\"1\""));
  // A person of another member is another person.
  for (const auto& [person, count] :
       {std::pair("hro-shanhua:clerk-7", "1"), {"nia:clerk-7", "0"}}) {
    EXPECT_EQ(
        Audit({"affected", Path("log"), "--person", person, "--receipts", Receipts(), "--json"}),
        0);
    EXPECT_THAT(out_.str(), HasSubstr(absl::StrCat("\"entries touched\":\"", count, "\"")));
  }
  EXPECT_EQ(Audit({"affected", "--person", "clerk-7", "--as", "i", "--file", "1"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("--person: write MEMBER:ID"));
}

TEST_F(AuditCommandsTest, AnomaliesGoByTheFileOfRules) {
  EXPECT_EQ(Audit({"anomalies", Path("log"), "--rules", "deploy/anomalies.textproto", "--json"}), 0)
      << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("\"rule\":\"outside the office's hours\""));
  EXPECT_THAT(out_.str(), HasSubstr("\"entries\":\"4\""));
  const std::string rules = Put("rules", "failed_streak { length: 1 }");
  EXPECT_EQ(Audit({"anomalies", Path("log"), "--rules", rules}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("failed_streak.length: write 2 or more"));
}

TEST_F(AuditCommandsTest, ExplainDecidesOneEntryAgain) {
  EXPECT_EQ(Audit({"explain", Path("log"), "1"}), 0) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("allowed by the registry of its time"));
  EXPECT_THAT(out_.str(), HasSubstr("the purpose is granted"));
  EXPECT_EQ(Audit({"explain", Path("log"), "3"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("its codes would be allowed"));
  EXPECT_EQ(Audit({"explain", Path("log"), "5"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("not decided by grants"));
  EXPECT_EQ(Audit({"explain", Path("log"), "7"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("write 0 to 6"));
  log_.Ask({.entry_holder = "nia"});
  Export();
  language_ = Language::kZhTw;
  EXPECT_EQ(Audit({"explain", Path("log"), "7"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("不應准許:由該資料機關持有"));
}

TEST_F(AuditCommandsTest, ReportIsAPackThatProvesItself) {
  const std::string key = Put("auditor.key",
                              "PRIVATE+KEY+example.com/log/testdata+33d7b496+AeymY/"
                              "SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg\n");
  const std::string signer =
      "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";
  const std::string worksheet =
      Put("sample.ods", *report::WriteOds({.title = "s",
                                           .facts = {{"draw", "9"}},
                                           .tables = {{.name = "x",
                                                       .title = "sample",
                                                       .header = {"index", "finding"},
                                                       .rows = {{"1", "IN_ORDER"}}}}}));
  const std::vector<std::string> make = {
      "report",   Path("log"), "--from",     "2026-01-01", "--to",
      "1150630",  "--out",     Path("out"),  "--rules",    "deploy/anomalies.textproto",
      "--sample", worksheet,   "--sign-key", key};
  ASSERT_EQ(Audit(make), 0) << err_.str();
  EXPECT_EQ(Audit({"report-check", Path("out"), "--signer", signer}), 0) << err_.str();
  EXPECT_EQ(*ReadFile(Path("out/samples/worksheet-1.ods")), *ReadFile(worksheet));
  const auto zh = report::ReadOds(*ReadFile(Path("out/report-zh.ods")));
  ASSERT_OK(zh);
  bool has_period = false;
  for (const report::Row& row : (*zh)[0].rows) {
    has_period |= row[1] == "民國115年1月1日 至 民國115年6月30日";
  }
  EXPECT_TRUE(has_period);
  const std::string json = *ReadFile(Path("out/report.json"));
  EXPECT_THAT(json, HasSubstr("\"questions\":\"3\""));
  EXPECT_THAT(json, HasSubstr("\"finding\":\"IN_ORDER\""));
  EXPECT_THAT(*ReadFile(Path("out/proofs/6.tlog-proof")), HasSubstr("index 6\n"));
  // The same again gives the same bytes.
  const std::string manifest = *ReadFile(Path("out/manifest"));
  EXPECT_EQ(Audit(make), 2);
  EXPECT_THAT(err_.str(), HasSubstr("is not empty; name a new folder"));
  std::filesystem::remove_all(Path("out"));
  ASSERT_EQ(Audit(make), 0);
  EXPECT_EQ(*ReadFile(Path("out/manifest")), manifest);

  ASSERT_OK(WriteFile(Path("out/report.json"), absl::StrReplaceAll(json, {{"\"3\"", "\"4\""}})));
  EXPECT_EQ(Audit({"report-check", Path("out")}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("report.json: was changed"));
  ASSERT_OK(WriteFile(Path("out/report.json"), json));
  Put("out/more.csv", "x");
  EXPECT_EQ(Audit({"report-check", Path("out")}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("more.csv: does not stand in the manifest"));
}

TEST_F(AuditCommandsTest, ReportRefusesDaysThatAreNone) {
  EXPECT_EQ(Audit({"report", Path("log"), "--from", "2026-02-30", "--to", "2026-06-30", "--out",
                   Path("out")}),
            2);
  EXPECT_THAT(err_.str(), HasSubstr("from: no day"));
}

TEST_F(AuditCommandsTest, TrustInitWritesThePageAndTheTrustFile) {
  std::filesystem::create_directories(Path("set"));
  for (const auto& [name, content] : log_.registry()) Put("set/" + name, content);
  EXPECT_EQ(Audit({"trust", "init", "--vkey", log_.log_signer().verifier_key().ToString(),
                   "--witness", log_.witness_signer().verifier_key().ToString(), "--quorum", "any",
                   "--registry", Path("set"), "--out", Path("t"), "--page", Path("page.odt")}),
            0)
      << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("certificate authority  dev-intermediate"));
  EXPECT_THAT(out_.str(), HasSubstr("answers of  land-qd"));
  EXPECT_THAT(*ReadFile(Path("t")), HasSubstr("group agreed any w1\nquorum agreed\n"));
  EXPECT_TRUE(std::filesystem::exists(Path("page.odt")));
  // The export has no cosignature, and now one is asked for.
  EXPECT_EQ(Audit({"verify", Path("log"), "--trust", Path("t")}), 1);
  EXPECT_EQ(Audit({"trust", "init", "--vkey", "nonsense", "--out", Path("t2")}), 2);
  EXPECT_FALSE(std::filesystem::exists(Path("t2")));
}

// README's commands, as they stand there. Those that ask a gateway find none here, and say so; all
// others do what they say.
TEST_F(AuditCommandsTest, ReadmeCommandsRun) {
  const std::string readme = *ReadFile("README.md");
  const size_t section = readme.find("## For auditors");
  const size_t begin = readme.find("```sh\n", section) + 6;
  const std::string block = readme.substr(begin, readme.find("```", begin) - begin);
  std::filesystem::rename(Path("log"), Path("export"));
  for (const auto& [name, content] : log_.registry()) Put("registry/" + name, content);
  Put("checkpoint-kept", log_.CheckpointAt(5));
  Put("dev/agencies/land-ad/answers.log", "");
  Receipts();
  in_.str("A123456789\n");
  variables_.clear();
  int ran = 0;
  for (const absl::string_view line : absl::StrSplit(block, '\n', absl::SkipEmpty())) {
    std::vector<std::string> words;
    for (const absl::string_view word :
         absl::StrSplit(line.substr(0, line.find(" #")), ' ', absl::SkipEmpty())) {
      words.push_back(absl::StrReplaceAll(
          word, {{"build/", directory_ + "/"},
                 {"\"$CHAYAN_LOG_VKEY\"", log_.log_signer().verifier_key().ToString()}}));
    }
    if (words[0] == "export") {
      const std::vector<std::string> setting = absl::StrSplit(words[1], '=');
      // The agreed trust knows the holders of the sample registry; this log has a holder's key of
      // its own.
      variables_[setting[0]] = setting[1];
      setenv("CHAYAN_TRUST", setting[1].c_str(), /*overwrite=*/1);  // for chayan-audit
      Put("trust", log_.TrustText());
      continue;
    }
    ASSERT_EQ(words[0], "chayan");
    // A report is the gateway's own where no export is named.
    const bool asks_gateway = words[2] == "export" || words[2] == "subject" ||
                              words[2] == "entry" ||
                              (words[2] == "report" && words[3] == "--from") ||
                              (words[2] == "affected" && words[3] == "--person");
    EXPECT_EQ(Audit({words.begin() + 2, words.end()}), asks_gateway ? 2 : 0) << line << "\n"
                                                                             << err_.str();
    if (asks_gateway) {
      EXPECT_THAT(err_.str(), HasSubstr("CHAYAN_GATEWAY")) << line;
    }
    ++ran;
  }
  unsetenv("CHAYAN_TRUST");
  EXPECT_GE(ran, 12);
  EXPECT_TRUE(std::filesystem::exists(Path("half-year/manifest")));
  EXPECT_TRUE(std::filesystem::exists(Path("incident.ods")));
}

TEST_F(AuditCommandsTest, EveryOptionIsDescribed) {
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"search"},
                                             {"subject"},
                                             {"persons"},
                                             {"affected"},
                                             {"anomalies"},
                                             {"reconcile"},
                                             {"explain"},
                                             {"report"},
                                             {"report-check"},
                                             {"trust", "init"}}) {
    std::vector<std::string> words = command;
    words.emplace_back("--help");
    EXPECT_EQ(Audit(words), 0);
    std::istringstream lines(out_.str());
    std::string line, before;
    while (std::getline(lines, line)) {
      // An option that is too long for its column has its description on the next line.
      if (before.rfind("  -", 0) == 0 && before.size() <= 31) {
        EXPECT_EQ(line.rfind(std::string(30, ' '), 0), 0u) << command[0] << ": " << before;
      }
      before = line;
    }
  }
}

}  // namespace
}  // namespace chayan::cli
