// Goal: whoever mistypes a command learns everything that is wrong with it, and what was meant.
// Method: a small program's command line.
#include "gateway/base/usage.h"

#include <algorithm>
#include <sstream>

#include "gtest/gtest.h"

namespace chayan {
namespace {

// What is said of the words.
std::string Said(std::vector<std::string> words) {
  CLI::App app("a program", "tool");
  app.failure_message(UsageFault);
  app.require_subcommand(1);
  std::string member, kind, file;
  double seconds = 0;
  CLI::App* explain = app.add_subcommand("explain", "says why");
  explain->add_option("FILE", file, "settings")->required();
  explain->add_option("--member", member, "who asks")->required();
  explain->add_option("--kind", kind, "what for")->required();
  explain->add_option("--timeout", seconds, "how long")->check(Positive());
  std::reverse(words.begin(), words.end());
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    app.exit(error, out, out);
    return out.str();
  }
  return "";
}

TEST(UsageTest, SaysEverythingAtOnceAndWhatWasMeant) {
  EXPECT_EQ(Said({"explain", "--membr", "x", "--kindd=y"}),
            "--membr: there is no such option; did you mean --member?\n"
            "--kindd: there is no such option; did you mean --kind?\n"
            "--member is missing: who asks\n--kind is missing: what for\n"
            "tool explain --help says more\n");
}

TEST(UsageTest, ACommandThatIsNoneAndNone) {
  EXPECT_EQ(Said({"explian", "x"}),
            "explian: there is no such command; did you mean explain?\ntool --help says more\n");
  EXPECT_EQ(Said({"publish"}),
            "publish: there is no such command; there are: explain\ntool --help says more\n");
  EXPECT_EQ(Said({"--conf", "x"}), "--conf: there is no such option\ntool --help says more\n");
  EXPECT_EQ(Said({}), "A subcommand is required\ntool --help says more\n");
}

TEST(UsageTest, AfterAnOptionWithoutItsValueNothingElseIsSaidToBeMissing) {
  EXPECT_EQ(Said({"explain", "--kind"}),
            "--kind: 1 required TEXT missing\ntool explain --help says more\n");
  EXPECT_EQ(Said({"explain", "--timeout", "-1"}),
            "--timeout: is -1; write a number above 0\ntool explain --help says more\n");
}

TEST(UsageTest, WordsTooManyAndValuesThatAreNone) {
  EXPECT_EQ(Said({"explain", "f", "g", "--member", "a", "--kind", "b"}),
            "g: nothing more was expected\ntool explain --help says more\n");
  EXPECT_EQ(Said({"explain", "f", "--member", "a", "--kind", "b", "--timeout", "-1"}),
            "--timeout: is -1; write a number above 0\ntool explain --help says more\n");
}

}  // namespace
}  // namespace chayan
