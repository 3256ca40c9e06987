// Goal: `chayan policy` says what a registry permits and why, and what another one would have
// changed of what a log recorded. Method: the sample registry in a folder, a sample log exported
// beside it; RunProgram with its world passed in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <map>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"
#include "gateway/cli/program.h"
#include "gateway/cli/sample_log_for_test.h"

namespace chayan::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class PolicyCommandTest : public ::testing::Test {
 protected:
  PolicyCommandTest() : directory_(::testing::TempDir() + "/policy_command_XXXXXX") {
    CHAYAN_CHECK(mkdtemp(directory_.data()) != nullptr);
    PutSet("old", {}, {});
  }
  ~PolicyCommandTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  // The sample set, with the first `from` of it changed.
  void PutSet(const std::string& name, const std::string& from, const std::string& to) {
    bool changed = from.empty();
    for (auto [path, text] : log_.registry()) {
      const size_t at = changed ? std::string::npos : text.find(from);
      if (at != std::string::npos) {
        text.replace(at, from.size(), to);
        changed = true;
      }
      CHAYAN_CHECK(MakeDirectories(Path(name)).ok());
      CHAYAN_CHECK(WriteFile(absl::StrCat(Path(name), "/", path), text).ok());
    }
    CHAYAN_CHECK(changed);
  }
  std::string Path(const std::string& name) const { return directory_ + "/" + name; }
  int Policy(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "policy");
    out_.str("");
    err_.str("");
    Program program{.language = Language::kEn,
                    .environment = [this](const std::string& name) { return variables_[name]; },
                    .clock = clock_,
                    .random = random_,
                    .in = in_,
                    .out = out_,
                    .err = err_,
                    .program_directory = CHAYAN_AUDIT_PROGRAM_DIRECTORY};
    return RunProgram(program, std::move(arguments));
  }
  std::vector<std::string> Question(const std::string& purpose) {
    return {"explain", Path("old"),  "--member", "hro-shanhua", "--system",  "counter",
            "--kind",  "land.title", "--role",   "clerk",       "--basis",   "household-act-68",
            "--claim", "section",    "--claim",  "lot",         "--purpose", purpose};
  }

  std::string directory_;
  SampleLog log_;
  std::map<std::string, std::string> variables_;
  SimulatedClock clock_{absl::FromUnixSeconds(1767312000)};  // the day after the log's begin
  SeededRandom random_{1};
  std::istringstream in_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(PolicyCommandTest, ExplainSaysWhatEachGrantSays) {
  EXPECT_EQ(Policy(Question("household.move")), 0) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("permitted"));
  EXPECT_THAT(out_.str(), HasSubstr("shanhua-land-title-naturalisation"));
  EXPECT_THAT(out_.str(), HasSubstr("PURPOSE_NOT_GRANTED"));
  EXPECT_EQ(Policy(Question("household.divorce")), 1);
  EXPECT_THAT(out_.str(), HasSubstr("refused"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("permits")));
}

TEST_F(PolicyCommandTest, ExplainSaysWhatElseIsDemanded) {
  PutSet("old", "code: \"land.title\"", "code: \"land.title\" person_assertion_required: true");
  EXPECT_EQ(Policy(Question("household.move")), 0);
  EXPECT_THAT(out_.str(), HasSubstr("PERSON_ASSERTION_REQUIRED"));
}

TEST_F(PolicyCommandTest, WhoCanFindsTheGrantsThatCoverAll) {
  EXPECT_EQ(Policy({"who-can", Path("old"), "--kind", "land.title", "--claim", "address"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("shanhua-land-title"));
  EXPECT_THAT(out_.str(), HasSubstr("banqiao-land-title"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("naturalisation\n")));
  EXPECT_EQ(Policy({"who-can", Path("old"), "--kind", "land.title", "--member", "hro-banqiao",
                    "--field", "owner_class"}),
            0);
  EXPECT_THAT(out_.str(), Not(HasSubstr("banqiao-land-title")));
  EXPECT_EQ(err_.str(), "");
  EXPECT_EQ(Policy({"who-can", Path("old"), "--kind", "land.titel"}), 2);
  EXPECT_THAT(err_.str(),
              HasSubstr("--kind: the set has no kind \"land.titel\"; did you mean land.title?"));
}

TEST_F(PolicyCommandTest, WhoCanSaysWhatNoGrantNames) {
  EXPECT_EQ(Policy({"who-can", Path("old"), "--kind", "land.title", "--member", "hro-banqioa",
                    "--claim", "addres", "--claim", "lot"}),
            0);
  EXPECT_EQ(err_.str(),
            "chayan: --member: no grant of this kind names hro-banqioa; did you mean hro-banqiao?\n"
            "chayan: --claim: no grant of this kind names addres; did you mean address?\n");
}

TEST_F(PolicyCommandTest, WhoCanNamesOnceWhatManyGrantsName) {
  EXPECT_EQ(Policy({"who-can", Path("old"), "--kind", "land.title", "--basis", "telegraph-act"}),
            0);
  EXPECT_EQ(err_.str(),
            "chayan: --basis: no grant of this kind names telegraph-act; write one of "
            "household-act-68, household-rules-7, nationality-rules-9\n");
}

TEST_F(PolicyCommandTest, WhoCanSaysWhenItIsOnlyOnWorkdays) {
  PutSet("office-hours", "quota_per_day: 5000",
         "hours { from: \"08:00\" to: \"17:30\" workdays_only: true }");
  EXPECT_EQ(Policy({"who-can", Path("office-hours"), "--kind", "immigration.entry_exit"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("08:00–17:30 on workdays"));
}

TEST_F(PolicyCommandTest, DiffDecidesRecordedQuestionsUnderBothSets) {
  variables_["CHAYAN_TRUST"] = Path("trust");
  CHAYAN_CHECK(WriteFile(Path("trust"), log_.TrustText()).ok());
  log_.Ask({});
  log_.Ask({});
  log_.Ask({.status = "\x08\x07"});  // denied
  log_.Export(Path("log"));
  // A grant under another id is no difference.
  PutSet("same", "id: \"shanhua-land-title\"", "id: \"shanhua-land-title-renewed\"");
  EXPECT_EQ(Policy({"diff", Path("old"), Path("same"), Path("log")}), 0) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("questions decided again"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("no longer permitted")));
  PutSet("new", "id: \"shanhua-land-title\"\n  member: \"hro-shanhua\"",
         "id: \"shanhua-land-title\"\n  member: \"hro-banqiao\"");
  EXPECT_EQ(Policy({"diff", Path("old"), Path("new"), Path("log")}), 0) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("no longer permitted"));
  EXPECT_THAT(out_.str(), HasSubstr("household.move"));
  EXPECT_EQ(Policy({"diff", Path("new"), Path("old"), Path("log")}), 0) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("permitted now"));
  // What is older than the span is not looked at.
  clock_.Advance(absl::Hours(24 * 40));
  EXPECT_EQ(Policy({"diff", Path("old"), Path("new"), Path("log")}), 0) << err_.str();
  EXPECT_THAT(out_.str(), Not(HasSubstr("no longer permitted")));
}

}  // namespace
}  // namespace chayan::cli
