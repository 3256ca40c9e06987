// Goal: each day has one file, whole, with every notice once and a count, whatever ends the process
// in between. Method: a folder of this test, a simulated clock; a process that ends is a sink that
// is made anew on its spool.
#include "adapters/file/notice_file.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "adapters/connector/testing_notices.h"
#include "adapters/connector/testing_take.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chayan::file {
namespace {

using ::testing::HasSubstr;

// A test that waits this long has failed.
constexpr absl::Duration kPatience = absl::Seconds(60);

class NoticeFileTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_OK(MakeDirectories(folder_.File("outbox"))); }

  absl::StatusOr<NoticeFileSettings> Load(const std::string& files) {
    return connector::LoadNoticesTo(folder_, absl::StrCat("files {", files, "}"), LoadNoticeFile);
  }
  void Start(const std::string& more = "") {
    sink_.reset();
    auto settings = Load(absl::StrCat(
        R"(folder: "outbox" name: "notices-{roc_date}.csv" due: "17:30" count_line: "COUNT"
           columns { name: "delivery" item: NOTICE_ITEM_DELIVERY_ID }
           columns { name: "name" part: NOTICE_PART_NAME })",
        more));
    ASSERT_OK(settings.status());
    auto sink = NoticeFile::Create(clock_, *std::move(settings));
    ASSERT_OK(sink.status());
    sink_ = *std::move(sink);
  }
  static v1::DeliveredNotice Notice(int number, const std::string& name) {
    v1::DeliveredNotice notice;
    notice.set_delivery_id(absl::StrCat("018bcfe5-6800-7000-8000-00000000000", number));
    notice.add_subjects()->set_name(name);
    return notice;
  }
  connector::NoticeResult Take(const v1::DeliveredNotice& notice) {
    return connector::TakeNow(*sink_, notice);
  }
  // Waits for what the sink's own thread does when it looks, as often as the clock says.
  template <typename Predicate>
  [[nodiscard]] bool Eventually(Predicate predicate) {
    for (const absl::Time end = absl::Now() + kPatience; !predicate();) {
      if (absl::Now() > end) return false;
      clock_.Advance(absl::Seconds(1));
      absl::SleepFor(absl::Milliseconds(1));
    }
    return true;
  }
  std::string Read(const std::string& name) {
    const std::string path = folder_.File("outbox/" + name);
    EXPECT_TRUE(Eventually([&] { return std::filesystem::exists(path); })) << name;
    return ReadFile(path).value_or("");
  }

  connector::TestingFolder folder_;
  // Noon in Taipei of 2026-01-15.
  SimulatedClock clock_{absl::FromUnixSeconds(1'768'449'600)};
  std::unique_ptr<NoticeFile> sink_;
};

TEST_F(NoticeFileTest, WritesTheDaysNoticesWhenTheyAreDueWithACount) {
  Start();
  EXPECT_FALSE(Take(Notice(1, "王小明")).not_taken.has_value());
  EXPECT_FALSE(Take(Notice(2, "a \"b\", c")).not_taken.has_value());
  EXPECT_FALSE(Take(Notice(1, "王小明")).not_taken.has_value());  // again
  EXPECT_TRUE(std::filesystem::is_empty(folder_.File("outbox")));
  clock_.Advance(absl::Hours(5) + absl::Minutes(30));
  EXPECT_EQ(Read("notices-1150115.csv"),
            "delivery,name\r\n018bcfe5-6800-7000-8000-000000000001,王小明\r\n"
            "018bcfe5-6800-7000-8000-000000000002,\"a \"\"b\"\", c\"\r\nCOUNT,2\r\n");
}

TEST_F(NoticeFileTest, WhatComesAfterTheHourIsInTheNextDaysFile) {
  Start();
  clock_.Advance(absl::Hours(6));
  EXPECT_EQ(Read("notices-1150115.csv"), "delivery,name\r\nCOUNT,0\r\n");
  Take(Notice(1, "王小明"));
  clock_.Advance(absl::Hours(24));
  EXPECT_THAT(Read("notices-1150116.csv"), HasSubstr("王小明\r\nCOUNT,1\r\n"));
}

TEST_F(NoticeFileTest, SaysThatThereWasNoneUnderItsOwnName) {
  Start("none_today_name: \"none-{date}.txt\"");
  clock_.Advance(absl::Hours(6));
  EXPECT_THAT(Read("none-20260115.txt"), HasSubstr("COUNT,0"));
}

TEST_F(NoticeFileTest, WhatWasTakenIsInTheFileAfterTheProcessEnded) {
  Start();
  Take(Notice(1, "王小明"));
  Start();
  EXPECT_FALSE(Take(Notice(1, "王小明")).not_taken.has_value());
  clock_.Advance(absl::Hours(6));
  EXPECT_THAT(Read("notices-1150115.csv"), HasSubstr("王小明\r\nCOUNT,1\r\n"));
}

// The process ends after the file is there and before the spool notes it.
TEST_F(NoticeFileTest, AFileThatWasNotNotedIsWrittenAgainWithTheSameLines) {
  Start();
  Take(Notice(1, "王小明"));
  sink_.reset();
  {
    auto spool = NoticeSpool::Open(folder_.File("l.inbox.spool"));
    ASSERT_OK(spool.status());
    ASSERT_OK((*spool)->CloseDay(absl::CivilDay(2026, 1, 15)));
    ASSERT_OK((*spool)->Add({Notice(2, "王大明")}, clock_.Now()));
  }
  Start();
  const std::string content = Read("notices-1150115.csv");
  EXPECT_THAT(content, HasSubstr("王小明\r\nCOUNT,1\r\n"));
}

TEST_F(NoticeFileTest, ForgetsThePersonsOfAWrittenFileAndKnowsTheirDeliveries) {
  auto opened = NoticeSpool::Open(folder_.File("spool"));
  ASSERT_OK(opened.status());
  NoticeSpool& spool = **opened;
  const absl::CivilDay day(2026, 1, 15);
  ASSERT_OK(spool.Add({Notice(1, "王小明")}, clock_.Now()));
  ASSERT_OK(spool.CloseDay(day));
  ASSERT_OK(spool.Written(day, clock_.Now()));
  EXPECT_TRUE(spool.Unwritten()->empty());
  ASSERT_OK(spool.Add({Notice(1, "王小明")}, clock_.Now()));
  ASSERT_OK(spool.CloseDay(day + 1));
  EXPECT_TRUE(spool.NoticesOf(day + 1)->empty());
}

TEST_F(NoticeFileTest, AFolderThatIsGoneIsAFaultAndTheFileComesLater) {
  Start();
  Take(Notice(1, "王小明"));
  std::filesystem::remove(folder_.File("outbox"));
  clock_.Advance(absl::Hours(6));
  ASSERT_TRUE(Eventually([&] { return sink_->Health().down; }));
  EXPECT_THAT(sink_->Health().detail, HasSubstr("outbox"));
  ASSERT_OK(MakeDirectories(folder_.File("outbox")));
  EXPECT_THAT(Read("notices-1150115.csv"), HasSubstr("王小明"));
}

TEST_F(NoticeFileTest, ATrialIsInNoFile) {
  Start();
  v1::DeliveredNotice trial = Notice(1, "王小明");
  trial.set_test(true);
  EXPECT_FALSE(Take(trial).not_taken.has_value());
  clock_.Advance(absl::Hours(6));
  EXPECT_EQ(Read("notices-1150115.csv"), "delivery,name\r\nCOUNT,0\r\n");
}

TEST_F(NoticeFileTest, SaysEveryFaultOfItsSettings) {
  const std::string faults(
      Load(R"(name: "same.csv" due: "25:00" none_today_name: "a/b" columns { name: "x" })")
          .status()
          .message());
  for (const char* fault :
       {"notices.files.folder: is missing", "notices.files.name: is the same every day",
        "notices.files.due: is no time of day", "notices.files.none_today_name: ",
        "notices.files.count_line: is missing", "notices.files.columns[0].name: says not"}) {
    EXPECT_THAT(faults, HasSubstr(fault));
  }
}

}  // namespace
}  // namespace chayan::file
