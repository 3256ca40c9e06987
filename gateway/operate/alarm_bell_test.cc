// Goal: the operator's program hears of each alarm that begins and ends, is run no more often and
// no longer than the settings say, and gets nothing that it was not given. Method: real programs,
// short scripts that write down what they got; a simulated clock says when the next run is due.
#include "gateway/operate/alarm_bell.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chayan::operate {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

class AlarmBellTest : public ::testing::Test {
 protected:
  AlarmBellTest() {
    std::string pattern = ::testing::TempDir() + "chayan-bell-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~AlarmBellTest() override { std::filesystem::remove_all(folder_); }

  // A program of these lines.
  std::string Program(const std::string& lines) {
    const std::string path = folder_ + "/program";
    CHAYAN_CHECK(WriteFile(path, absl::StrCat("#!/bin/sh\n", lines), 0700).ok());
    return path;
  }
  v1::AlarmCommand Settings(const std::string& lines) {
    v1::AlarmCommand settings;
    settings.set_program(Program(lines));
    settings.add_arguments(folder_ + "/told");
    return settings;
  }
  // Lines of what the program wrote down since the last look.
  std::vector<std::string> Told() {
    const auto text = ReadFile(folder_ + "/told");
    if (!text.ok()) return {};
    std::filesystem::remove(folder_ + "/told");
    std::vector<std::string> lines = absl::StrSplit(*text, '\n', absl::SkipEmpty());
    return lines;
  }

  static constexpr char kWriteDown[] =
      "echo \"$CHAYAN_GATEWAY|$CHAYAN_ALARMS|$CHAYAN_ALARMS_BEGUN|$CHAYAN_ALARMS_ENDED\" "
      ">>\"$1\"\n";

  std::string folder_;
  SimulatedClock clock_{absl::FromUnixSeconds(1'768'435'200)};
  std::vector<std::string> alarms_;
};

TEST_F(AlarmBellTest, TellsWhatBeginsAndWhatEndsAndNothingTwice) {
  AlarmBell bell(
      "gw-1", Settings(kWriteDown), [this] { return alarms_; }, clock_);
  bell.Tick();
  EXPECT_THAT(Told(), IsEmpty()) << "there is no alarm";
  alarms_ = {"log.fault", "notice.dead:nhi"};
  bell.Tick();
  bell.Tick();
  EXPECT_THAT(Told(), ElementsAre("gw-1|log.fault notice.dead:nhi|log.fault notice.dead:nhi|"));
  clock_.Advance(AlarmBell::kInterval);
  bell.Tick();
  EXPECT_THAT(Told(), IsEmpty()) << "nothing has changed";
  alarms_ = {"notice.dead:nhi"};
  bell.Tick();
  EXPECT_THAT(Told(), ElementsAre("gw-1|notice.dead:nhi||log.fault"));
}

TEST_F(AlarmBellTest, AnAlarmThatIsOverBeforeTheNextRunIsToldAllTheSame) {
  AlarmBell bell(
      "gw-1", Settings(kWriteDown), [this] { return alarms_; }, clock_);
  alarms_ = {"a"};
  bell.Tick();
  alarms_ = {"a", "b"};
  bell.Tick();  // too soon for another run
  alarms_ = {"a"};
  bell.Tick();
  EXPECT_THAT(Told(), ElementsAre("gw-1|a|a|"));
  clock_.Advance(AlarmBell::kInterval);
  bell.Tick();
  EXPECT_THAT(Told(), ElementsAre("gw-1|a|b|b"));
}

TEST_F(AlarmBellTest, ARunThatFailsIsMadeAgain) {
  AlarmBell bell(
      "gw-1", Settings(absl::StrCat(kWriteDown, "exit 3\n")), [this] { return alarms_; }, clock_);
  alarms_ = {"a"};
  bell.Tick();
  clock_.Advance(AlarmBell::kInterval);
  Program(kWriteDown);
  bell.Tick();
  clock_.Advance(AlarmBell::kInterval);
  bell.Tick();
  EXPECT_THAT(Told(), ElementsAre("gw-1|a|a|", "gw-1|a|a|"));
}

TEST_F(AlarmBellTest, AProgramGetsNoEnvironmentAndNoFileOfTheGateways) {
  ASSERT_EQ(setenv("CHAYAN_SECRET_OF_THE_GATEWAY", "hush", 1), 0);
  // Without the flag that closes it: the runner must.
  const int open_file = open("/dev/null", O_RDONLY);
  ASSERT_GT(open_file, 2);
  AlarmBell bell(
      "gw-1", Settings("tr '\\0' '\\n' </proc/self/environ >\"$1\"\nls /proc/$$/fd >>\"$1\"\n"),
      [this] { return alarms_; }, clock_);
  alarms_ = {"a"};
  bell.Tick();
  close(open_file);
  std::vector<std::string> names, files;
  for (const std::string& line : Told()) {
    const size_t end = line.find('=');
    if (end == std::string::npos) {
      files.push_back(line);
    } else {
      names.push_back(line.substr(0, end));
    }
  }
  EXPECT_THAT(names, IsSupersetOf({"PATH", "LANG", "CHAYAN_GATEWAY", "CHAYAN_TIME", "CHAYAN_ALARMS",
                                   "CHAYAN_ALARMS_BEGUN", "CHAYAN_ALARMS_ENDED"}));
  EXPECT_THAT(names, Not(Contains("CHAYAN_SECRET_OF_THE_GATEWAY")));
  EXPECT_THAT(files, Not(Contains(absl::StrCat(open_file))));
  EXPECT_THAT(files, IsSupersetOf({"0", "1", "2"}));
}

TEST_F(AlarmBellTest, MoreAlarmsThanFitAreCutAtAWord) {
  for (int i = 0; i < 5000; ++i) alarms_.push_back(absl::StrCat("notice.dead:member-", i));
  AlarmBell bell(
      "gw-1", Settings("echo \"$CHAYAN_ALARMS\" >\"$1\"\n"), [this] { return alarms_; }, clock_);
  bell.Tick();
  const std::vector<std::string> told = Told();
  ASSERT_EQ(told.size(), 1u);
  const std::vector<std::string> words = absl::StrSplit(told[0], ' ');
  EXPECT_EQ(words.back(), "…");
  EXPECT_THAT(alarms_, Contains(words[words.size() - 2]));
}

// Runs for ever, as does what it has started; both ignore all signals but the last, and say who
// they are.
constexpr char kHang[] =
    "trap '' TERM INT HUP\n"
    "sh -c 'echo $$ >>\"$0\"; exec sleep 3600' \"$1\" &\n"
    "echo $$ >>\"$1\"\n"
    "exec sleep 3600\n";

bool Runs(const std::string& pid) {
  const auto status = ReadFile(absl::StrCat("/proc/", pid, "/status"));
  return status.ok() && status->find("State:\tZ") == std::string::npos;
}

TEST_F(AlarmBellTest, AStopKillsWhatRunsWithAllThatItStarted) {
  const std::string pipe = folder_ + "/told";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  // Open for writing too, so that it has no end between two writers.
  std::fstream told(pipe);
  CommandRunner runner;
  absl::Status status;
  std::thread running([&] {
    status = runner.Run({{Program(kHang), pipe}, {"PATH=/usr/bin:/bin"}, absl::InfiniteDuration()});
  });
  std::string first, second;
  told >> first >> second;
  EXPECT_TRUE(Runs(first) && Runs(second));
  runner.Stop();
  running.join();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kCancelled, HasSubstr("stops")));
  for (const std::string& pid : {first, second}) {
    while (Runs(pid)) std::this_thread::yield();  // whom the kernel has yet to end
  }
  EXPECT_THAT(runner.Run({{"/bin/true"}, {}, absl::Minutes(2)}),
              StatusIs(absl::StatusCode::kCancelled, HasSubstr("stops")));
}

TEST_F(AlarmBellTest, AProgramThatTakesTooLongIsKilled) {
  CommandRunner runner;
  EXPECT_THAT(
      runner.Run({{Program(kHang), "/dev/null"}, {"PATH=/usr/bin:/bin"}, absl::Milliseconds(10)}),
      StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("was killed")));
}

TEST_F(AlarmBellTest, SaysHowAProgramEnded) {
  CommandRunner runner;
  const auto run = [&](const std::string& lines) {
    return runner.Run({{Program(lines)}, {}, absl::Minutes(2)});
  };
  EXPECT_OK(run("exit 0\n"));
  EXPECT_THAT(run("exit 3\n"), StatusIs(absl::StatusCode::kAborted, HasSubstr("ended with 3")));
  EXPECT_THAT(run("kill -9 $$\n"), StatusIs(absl::StatusCode::kAborted, HasSubstr("signal 9")));
  EXPECT_THAT(runner.Run({{folder_ + "/nowhere"}, {}, absl::Minutes(2)}),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("cannot be run")));
}

}  // namespace
}  // namespace chayan::operate
