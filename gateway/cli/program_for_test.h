// The command line with its world passed in: a folder of its own, variables, time, and what it
// says. For tests.
#ifndef CHAYAN_GATEWAY_CLI_PROGRAM_FOR_TEST_H_
#define CHAYAN_GATEWAY_CLI_PROGRAM_FOR_TEST_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "gateway/base/check.h"
#include "gateway/base/clock.h"
#include "gateway/base/file.h"
#include "gateway/base/random.h"
#include "gateway/cli/program.h"

namespace chayan::cli {

class ProgramFixture : public ::testing::Test {
 protected:
  explicit ProgramFixture(absl::Time now)
      : directory_(::testing::TempDir() + "/program_XXXXXX"), clock_(now) {
    CHAYAN_CHECK(mkdtemp(directory_.data()) != nullptr);
  }
  ~ProgramFixture() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  // The exit code; what it says stands in out_ and err_.
  int Run(std::vector<std::string> arguments) {
    out_.str("");
    err_.str("");
    Program program{.language = language_,
                    .environment = [this](const std::string& name) { return variables_[name]; },
                    .clock = clock_,
                    .random = random_,
                    .in = in_,
                    .out = out_,
                    .err = err_,
                    .program_directory = CHAYAN_AUDIT_PROGRAM_DIRECTORY};
    return RunProgram(program, std::move(arguments));
  }
  // Run of a subcommand of `command`.
  int Run(const char* command, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), command);
    return Run(std::move(arguments));
  }
  std::string Path(const std::string& name) const { return directory_ + "/" + name; }
  // Its path; folders in the name are made.
  std::string Put(const std::string& name, absl::string_view content) const {
    CHAYAN_CHECK(MakeDirectories(Path(name).substr(0, Path(name).rfind('/'))).ok());
    CHAYAN_CHECK(WriteFile(Path(name), content).ok());
    return Path(name);
  }

  std::string directory_;
  Language language_ = Language::kEn;
  std::map<std::string, std::string> variables_;
  SimulatedClock clock_;
  SeededRandom random_{1};
  std::istringstream in_;
  std::ostringstream out_;
  std::ostringstream err_;
};

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_PROGRAM_FOR_TEST_H_
