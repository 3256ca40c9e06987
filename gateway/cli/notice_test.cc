// Goal: what is typed becomes the notice that is meant or an error that names the flag and its
// remedy; the list to check has what somebody must look at. Method: RunProgram with its world
// passed in, and the pure parts; nothing here needs a gateway. tests/notices has the rest.
#include <sstream>

#include "absl/strings/str_cat.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/cli/notice_checklist.h"
#include "gateway/cli/notice_commands.h"
#include "gateway/cli/notice_request.h"
#include "gateway/cli/program.h"
#include "gateway/report/formats.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace chayan::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

v1::NoticeKindDescription Death() {
  v1::NoticeKindDescription kind;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"(notice_kind: "person.death" legal_bases: "household-act-68"
         payload { code: "death_date" type: "DATE" } payload { code: "death_place" type: "TEXT" })",
      &kind));
  return kind;
}

TypedNotice Typed() {
  TypedNotice typed;
  typed.request_id = "018bcfe5-6800-7000-8000-000000000001";
  typed.acting_for = "hro-banqiao";
  typed.person = "clerk-7";
  typed.person_role = "clerk";
  typed.basis = "household-act-68";
  typed.case_number = "115-1";
  typed.id.emplace().set_value("A123456789");
  typed.id->set_scheme(v1::IDENTIFIER_SCHEME_NATIONAL_ID);
  typed.birth_date = "民國77年5月20日";
  typed.effective_date = "1150114";
  typed.elements = {"death_date=2026-01-14", "death_place=臺南市=善化區"};
  typed.accounts = {"taipower=P-1"};
  typed.new_area = "67000";
  typed.consents = {"power"};
  typed.test = true;
  return typed;
}

std::string Refusal(const TypedNotice& typed, const v1::PublishNoticeRequest& base = {}) {
  return BuildNotice(typed, base, Death()).status().ToString();
}

TEST(NoticeRequestTest, BuildsWhatWasTyped) {
  const auto request = BuildNotice(Typed(), {}, Death());
  ASSERT_OK(request.status());
  EXPECT_EQ(request->notice_kind(), "person.death");
  EXPECT_EQ(request->purpose().person().role(), "clerk");
  ASSERT_THAT(request->subjects(), SizeIs(1));
  EXPECT_EQ(request->subjects(0).birth_date().year(), 77);
  ASSERT_THAT(request->payload(), SizeIs(2));
  EXPECT_EQ(request->payload(0).date().year(), 115);
  EXPECT_EQ(request->payload(1).text(), "臺南市=善化區");
  EXPECT_EQ(request->routing().customer_accounts(0).provider(), "taipower");
  EXPECT_EQ(request->routing().new_area(), "67000");
  EXPECT_THAT(request->consents(), ElementsAre("power"));
  EXPECT_EQ(request->effective_date().month(), 1);
  EXPECT_TRUE(request->test());
}

TEST(NoticeRequestTest, BuildsAReversalOrNamesWhatIsMissing) {
  const auto request = BuildReversal(Typed(), "018bcfe5-6800-7000-8000-000000000002");
  ASSERT_OK(request.status());
  EXPECT_EQ(request->notice_id(), "018bcfe5-6800-7000-8000-000000000002");
  EXPECT_EQ(request->request_id(), Typed().request_id);
  EXPECT_EQ(request->purpose().case_number(), "115-1");
  EXPECT_EQ(request->effective_date().day(), 14u);
  TypedNotice typed = Typed();
  typed.effective_date.clear();
  EXPECT_THAT(BuildReversal(typed, "n").status().ToString(), HasSubstr("give --effective"));
  typed = Typed();
  typed.basis.clear();
  EXPECT_THAT(BuildReversal(typed, "n").status().ToString(),
              HasSubstr("a legal basis: give --basis"));
}

TEST(NoticeRequestTest, AFileIsTheBeginningAndFlagsStandAboveIt) {
  const std::string path = absl::StrCat(testing::TempDir(), "/notice.textproto");
  ASSERT_OK(WriteFile(path, R"(acting_for: "hro-xinyi" notice_kind: "person.death"
      purpose { person { id: "clerk-1" role: "chief" } legal_basis: "household-act-68" case_number: "7" }
      subjects { publisher_key: "k-1" } subjects { publisher_key: "k-2" }
      effective_date { era: ERA_ROC year: 115 month: 1 day: 14 })"));
  const auto base = ReadNoticeFile(path);
  ASSERT_OK(base.status());
  TypedNotice typed;
  typed.acting_for = "hro-banqiao";
  typed.person_role = "clerk";
  const auto request = BuildNotice(typed, *base, Death());
  ASSERT_OK(request.status());
  EXPECT_EQ(request->acting_for(), "hro-banqiao");
  EXPECT_EQ(request->purpose().person().role(), "chief");
  EXPECT_THAT(request->subjects(), SizeIs(2));
  ASSERT_OK(WriteFile(path, "notice_knd: \"person.death\"\nnobody: 1"));
  EXPECT_THAT(ReadNoticeFile(path).status().ToString(),
              AllOf(HasSubstr(path), HasSubstr("line 1:"), HasSubstr("did you mean notice_kind?"),
                    HasSubstr("line 2:")));
  ASSERT_OK(WriteFile(path, "acting_for: 7"));
  EXPECT_THAT(ReadNoticeFile(path).status().ToString(), HasSubstr("line 1:"));
}

TEST(NoticeRequestTest, NamesTheFlagThatIsMissingOrWrong) {
  const auto without = [](auto change) {
    TypedNotice typed = Typed();
    change(typed);
    return Refusal(typed);
  };
  EXPECT_THAT(without([](TypedNotice& t) { t.person.clear(); }), HasSubstr("give --person"));
  EXPECT_THAT(without([](TypedNotice& t) { t.basis.clear(); }),
              HasSubstr("one of household-act-68: give --basis"));
  EXPECT_THAT(without([](TypedNotice& t) { t.case_number.clear(); }), HasSubstr("give --case"));
  EXPECT_THAT(without([](TypedNotice& t) { t.effective_date.clear(); }),
              HasSubstr("give --effective"));
  EXPECT_THAT(without([](TypedNotice& t) { t.effective_date = "soon"; }), HasSubstr("--effective"));
  EXPECT_THAT(without([](TypedNotice& t) {
                t.id.reset();
                t.birth_date.clear();
              }),
              HasSubstr("give --id, or --publisher-key"));
  EXPECT_THAT(without([](TypedNotice& t) { t.elements = {"cause=x"}; }),
              HasSubstr("--element cause: person.death has only death_date, death_place"));
  EXPECT_THAT(without([](TypedNotice& t) { t.elements = {"death_date"}; }),
              HasSubstr("is not of the form CODE=VALUE"));
  EXPECT_THAT(without([](TypedNotice& t) { t.elements = {"death_date=x"}; }),
              HasSubstr("--element death_date"));
  EXPECT_THAT(without([](TypedNotice& t) { t.accounts = {"taipower"}; }),
              HasSubstr("--account 'taipower' is not of the form COMPANY=NUMBER"));
}

TEST(NoticeChecklistTest, ListsWhatSomebodyMustLookAtWorstFirst) {
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  const auto delivery = [&](const char* id, v1::DeliveryState state, absl::Duration due) {
    v1::DeliveryStatus status;
    status.set_delivery_id(id);
    status.set_state(state);
    status.set_recipient("nhi");
    status.mutable_due_time()->set_seconds(absl::ToUnixSeconds(now + due));
    return status;
  };
  NoticeFindings findings;
  findings.scheduled = {delivery("late", v1::DELIVERY_STATE_SCHEDULED, -absl::Hours(1)),
                        delivery("in time", v1::DELIVERY_STATE_SCHEDULED, absl::Hours(1))};
  findings.dead = {delivery("dead", v1::DELIVERY_STATE_DEAD, -absl::Hours(1))};
  findings.dead[0].set_reason("EXPIRED");
  findings.rejected = {delivery("back", v1::DELIVERY_STATE_REJECTED, absl::Hours(0))};
  findings.rejected[0].set_rejection_reason(v1::REJECTION_REASON_NO_SUCH_PERSON);
  findings.rejected[0].set_follow_up_owner("hro-1");
  const report::Document document = NoticeChecklist(Language::kEn, findings, now);
  ASSERT_THAT(document.tables, SizeIs(1));
  const std::vector<report::Row>& rows = document.tables[0].rows;
  ASSERT_THAT(rows, SizeIs(3));
  EXPECT_EQ(rows[0][3], "dead");
  EXPECT_EQ(rows[0][7], "EXPIRED");
  EXPECT_EQ(rows[1][7], "NO_SUCH_PERSON");
  EXPECT_EQ(rows[1][8], "hro-1");
  EXPECT_EQ(rows[2][3], "late");
  EXPECT_THAT(document.facts, testing::Contains(ElementsAre("late", "1")));
  // The formats that offices ask for take it.
  EXPECT_THAT(report::WriteCsv(document.tables[0]), HasSubstr("NO_SUCH_PERSON"));
  EXPECT_OK(report::WriteOds(document).status());
}

class NoticeCommandTest : public ::testing::Test {
 protected:
  Program MakeProgram() {
    out_.str("");
    err_.str("");
    return {.environment = [](const std::string&) { return std::string(); },
            .clock = clock_,
            .random = random_,
            .in = in_,
            .out = out_,
            .err = err_,
            .program_directory = ""};
  }
  int Run(std::vector<std::string> arguments) {
    Program program = MakeProgram();
    arguments.insert(arguments.begin(), "notice");
    return RunProgram(program, std::move(arguments));
  }

  SimulatedClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  SystemRandom random_;
  std::istringstream in_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(NoticeCommandTest, EveryCommandHasHelp) {
  for (const char* command : {"publish", "supersede", "reverse", "show", "watch", "receive",
                              "fetch", "prove", "ack", "dead", "replay", "checklist"}) {
    EXPECT_EQ(Run({command, "--help"}), 0);
    EXPECT_THAT(out_.str(), HasSubstr("--gateway")) << command;
  }
}

TEST_F(NoticeCommandTest, SaysWhatIsWrongBeforeItAsks) {
  EXPECT_EQ(Run({"ack", "d-1", "--reject", "bored"}), 2);
  EXPECT_THAT(err_.str(), AllOf(HasSubstr("--reject"), HasSubstr("no-such-person")));
  EXPECT_EQ(Run({"ack", "d-1", "--reject", "other"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("give --text"));
  EXPECT_EQ(Run({"ack", "d-1", "--text", "x"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("give --reject"));
  EXPECT_EQ(Run({"publish", "--file", "/nowhere"}), 2);
  EXPECT_THAT(err_.str(), AllOf(HasSubstr("--file"), HasSubstr("/nowhere")));
  EXPECT_EQ(Run({"publsh"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("publsh: there is no such command; did you mean publish?"));
  EXPECT_EQ(Run({"telegraph"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("there are: publish, supersede, reverse"));
  EXPECT_EQ(Run({"show", "n-1"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("--gateway"));
  EXPECT_NE(Run({"reverse"}), 0);
  EXPECT_THAT(err_.str(), HasSubstr("NOTICE"));
  EXPECT_NE(Run({"fetch", "d-1", "--person", "clerk-7"}), 0);
  EXPECT_THAT(err_.str(), HasSubstr("--case"));
  EXPECT_NE(Run({"prove", "soon", "--out", "/tmp"}), 0);
  EXPECT_THAT(err_.str(), HasSubstr("ENTRY"));
  EXPECT_NE(Run({"prove", "7", "--out", "/nowhere"}), 0);
  EXPECT_THAT(err_.str(), HasSubstr("/nowhere"));
  EXPECT_NE(Run({"replay", "d-1"}), 0);
  EXPECT_THAT(err_.str(), HasSubstr("--why"));
  EXPECT_NE(Run({"receive", "--out", "/tmp", "--count", "5000"}), 0);
  EXPECT_THAT(err_.str(), HasSubstr("--count"));
}

TEST_F(NoticeCommandTest, JsonNamesTheEvidenceFileThatWasWritten) {
  const EvidenceFlags flags = {.file = absl::StrCat(testing::TempDir(), "/refused.chayan"),
                               .trust = ""};
  RecordedCall call;
  call.result.status = absl::PermissionDeniedError("no");
  call.result.status_details = "\x08\x07";  // a google.rpc.Status of that code
  call.evidence.set_request("request");
  call.evidence.set_status(call.result.status_details);
  const AnswerOutput output = {.text = nullptr,
                               .json = [](JsonWriter&, const std::string&) { return true; }};
  ASSERT_OK(WriteFile(flags.file, "of an older call"));
  ASSERT_OK(RemoveOlderEvidence(flags));
  EXPECT_FALSE(ReadFile(flags.file).ok());
  ASSERT_OK(RemoveOlderEvidence(flags));
  Program program = MakeProgram();
  EXPECT_EQ(ShowRecorded(program, flags, call, output), ExitCode::kRefused);
  EXPECT_THAT(out_.str(), HasSubstr(R"("evidence":"")"));
  EXPECT_FALSE(ReadFile(flags.file).ok());
  call.evidence.mutable_receipt()->set_leaf("leaf");
  EXPECT_EQ(ShowRecorded(program, flags, call, output), ExitCode::kRefused);
  EXPECT_THAT(out_.str(), HasSubstr(absl::StrCat("\"evidence\":\"", flags.file, "\"")));
  EXPECT_OK(ReadFile(flags.file).status());
}

}  // namespace
}  // namespace chayan::cli
