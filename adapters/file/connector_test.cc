// Goal: what a late, missing, cut-off or replaced file answers is what the agency configured, and
// the last good file stays until a better one is there. Method: a real folder, a clock that this
// test moves; nobody waits.
#include "adapters/file/connector.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "adapters/connector/config.h"
#include "adapters/connector/testing_folder.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "google/protobuf/text_format.h"

namespace chayan::file {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kKinds[] = R"(
document_kinds { code: "tax.house" claims { code: "owner" type: VALUE_TYPE_NAME } })";

constexpr char kHead[] = R"(member: "a" system: "b" trust_domain: "c" gateways: "127.0.0.1:1"
certificate_file: "c" key_file: "k" roots_file: "r" answer_key_file: "a" answer_log_file: "l"
kind_files: "kinds.textproto" files { folder: "inbox" }
kinds { document_kind: "tax.house" subject { number_column: "number" }
        claims { claim: "owner" column: "name" } )";

constexpr char kFile[] = R"(file { name: "tax-{date}.csv" form: FILE_FORM_CSV key_column: "number"
  count_line: "COUNT" none_today_name: "tax-{roc_date}.none" due: "09:30" )";

absl::Time At(int day, int hour, int minute = 0) {
  return absl::FromCivil(absl::CivilMinute(2026, 1, day, hour, minute), TaipeiTimeZone());
}

class FileConnectorTest : public ::testing::Test {
 protected:
  FileConnectorTest() {
    CHAYAN_CHECK(MakeDirectories(folder_.File("inbox")).ok());
    folder_.Write("kinds.textproto", kKinds);
  }

  absl::StatusOr<Settings> Load(const std::string& rest) {
    folder_.Write("adapter.textproto", kHead + rest);
    auto file = connector::ConfigFile::Read(folder_.File("adapter.textproto"));
    CHAYAN_CHECK(file.ok());
    if (!(*file)->parsed()) return (*file)->ToStatus();
    Settings settings = LoadSettings(**file);
    const absl::Status faults = (*file)->ToStatus();
    if (!faults.ok()) return faults;
    return settings;
  }

  void Start(const std::string& policy) {
    auto settings = Load(absl::StrCat(kFile, policy, " } }"));
    ASSERT_OK(settings);
    const std::string inbox = settings->folder;
    connector_ =
        std::make_unique<FileConnector>(clock_, *std::move(settings), NewLocalFolder(inbox));
  }

  void Put(const std::string& name, const std::string& content) {
    CHAYAN_CHECK(WriteFile(folder_.File("inbox/") + name, content).ok());
  }
  void PutRegister(const std::string& name, const std::string& owner) {
    Put(name, absl::StrCat("number,name\nA123456789,", owner, "\nCOUNT,1\n"));
  }

  // Sets the clock, looks, asks.
  v1::VerificationAnswer AskAt(absl::Time now) {
    clock_.Advance(now - clock_.Now());
    connector_->Look();
    v1::VerifyDocumentRequest request;
    CHAYAN_CHECK(google::protobuf::TextFormat::ParseFromString(
        R"(document_kind: "tax.house"
           subject { identifier { scheme: IDENTIFIER_SCHEME_NATIONAL_ID value: "A123456789" } }
           claims { code: "owner" text: "王小明" })",
        &request));
    v1::QuestionPermit permit;
    permit.add_claims("owner");
    v1::VerificationAnswer answer;
    connector_->Answer({request, permit, absl::Seconds(1)},
                       [&](connector::HolderAnswer given) { answer = given.answer; });
    return answer;
  }
  v1::Outcome OutcomeAt(absl::Time now) { return AskAt(now).outcome(); }

  connector::TestingFolder folder_;
  SimulatedClock clock_{At(15, 8)};
  std::unique_ptr<FileConnector> connector_;
};

TEST_F(FileConnectorTest, AnswersFromTheNewestFileAndSaysAsOfWhen) {
  Start("");
  PutRegister("tax-20260114.csv", "王大明");
  PutRegister("tax-20260115.csv", "王小明");
  const auto answer = AskAt(At(15, 10));
  EXPECT_EQ(answer.outcome(), v1::OUTCOME_MATCH);
  EXPECT_EQ(answer.as_of_time().seconds(), absl::ToUnixSeconds(At(15, 0)));
  EXPECT_THAT(connector_->Health().detail, HasSubstr("tax-20260115.csv, 1 records"));
}

TEST_F(FileConnectorTest, YesterdaysFileAnswersUntilTodaysIsDue) {
  Start("");
  PutRegister("tax-20260114.csv", "王小明");
  EXPECT_EQ(OutcomeAt(At(15, 9, 29)), v1::OUTCOME_MATCH);
  EXPECT_FALSE(connector_->Health().down);
  const auto late = AskAt(At(15, 9, 30));
  EXPECT_EQ(late.outcome(), v1::OUTCOME_SOURCE_DOWN);
  EXPECT_FALSE(late.forwarded());
  EXPECT_TRUE(connector_->Health().down);
  EXPECT_THAT(connector_->Health().resting_kinds, ElementsAre("tax.house"));
  EXPECT_THAT(connector_->Health().detail, HasSubstr("LATE: nothing for 2026-01-15"));
  PutRegister("tax-20260115.csv", "王小明");
  EXPECT_EQ(OutcomeAt(At(15, 11)), v1::OUTCOME_MATCH);
  EXPECT_THAT(connector_->Health().resting_kinds, IsEmpty());
}

TEST_F(FileConnectorTest, ALateFileAnswersAsConfigured) {
  PutRegister("tax-20260113.csv", "王小明");
  Start("when_late: LATE_POLICY_NOT_COMPARED");
  EXPECT_EQ(OutcomeAt(At(15, 10)), v1::OUTCOME_NOT_COMPARED);
  // It is answered by the adapter, so the gateway must go on asking it.
  EXPECT_THAT(connector_->Health().resting_kinds, IsEmpty());
  Start("when_late: LATE_POLICY_USE_LAST");
  const auto answer = AskAt(At(15, 10));
  EXPECT_EQ(answer.outcome(), v1::OUTCOME_MATCH);
  EXPECT_EQ(answer.as_of_time().seconds(), absl::ToUnixSeconds(At(13, 0)));
}

TEST_F(FileConnectorTest, NoneTodayKeepsTheLastFileRightDayByDay) {
  Start("");
  PutRegister("tax-20260113.csv", "王小明");
  Put("tax-1150115.none", "");
  // The note for the 14th is missing, so nothing is known of that day.
  EXPECT_EQ(OutcomeAt(At(15, 10)), v1::OUTCOME_SOURCE_DOWN);
  Put("tax-1150114.none", "");
  EXPECT_EQ(OutcomeAt(At(15, 10)), v1::OUTCOME_MATCH);
  EXPECT_THAT(connector_->Health().detail, HasSubstr("none since"));
}

TEST_F(FileConnectorTest, AFileThatIsNotWholeIsNotTakenAndTheLastStays) {
  Start("");
  PutRegister("tax-20260114.csv", "王小明");
  Put("tax-20260115.csv", "number,name\nA123456789,王大明\n");
  EXPECT_EQ(OutcomeAt(At(15, 9)), v1::OUTCOME_MATCH);
  EXPECT_THAT(connector_->Health().detail,
              AllOf(HasSubstr("tax-20260114.csv"), HasSubstr("no count line")));
  EXPECT_EQ(OutcomeAt(At(15, 10)), v1::OUTCOME_SOURCE_DOWN);
  PutRegister("tax-20260115.csv", "王小明");
  EXPECT_EQ(OutcomeAt(At(15, 10)), v1::OUTCOME_MATCH);
}

TEST_F(FileConnectorTest, AFileOfOtherColumnsIsNotTaken) {
  Start("");
  Put("tax-20260115.csv", "number,nom\nA123456789,x\nCOUNT,1\n");
  EXPECT_EQ(OutcomeAt(At(15, 8)), v1::OUTCOME_SOURCE_DOWN);
  EXPECT_THAT(connector_->Health().detail, HasSubstr("gives no column name"));
}

TEST_F(FileConnectorTest, AFolderThatIsGoneIsSaidAndTheLastFileStays) {
  Start("");
  PutRegister("tax-20260115.csv", "王小明");
  ASSERT_EQ(OutcomeAt(At(15, 10)), v1::OUTCOME_MATCH);
  std::filesystem::remove_all(folder_.File("inbox"));
  EXPECT_EQ(OutcomeAt(At(15, 10)), v1::OUTCOME_MATCH);
  EXPECT_THAT(connector_->Health().detail, HasSubstr("No such file"));
  EXPECT_FALSE(connector_->Probe().ok());
}

TEST_F(FileConnectorTest, TellsEveryFaultOfItsSettings) {
  EXPECT_THAT(Load(R"(parameters { name: "x" claim: "owner" }
                      file { name: "../etc/{date}" due: "9:30" form: FILE_FORM_JSON_LINES
                             encoding: FILE_ENCODING_BIG5 } })"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("kinds[0].file.name"), HasSubstr("file.due: is no time"),
                             HasSubstr("file.encoding"), HasSubstr("count_line: is missing"),
                             HasSubstr("key_column: is missing"), HasSubstr("parameters"))));
}

}  // namespace
}  // namespace chayan::file
