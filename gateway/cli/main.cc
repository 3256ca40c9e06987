// chayan: the command line of offices, operators and auditors.
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "gateway/cli/program.h"

namespace {

std::string ProgramDirectory() {
  std::string path(PATH_MAX, '\0');
  const ssize_t length = readlink("/proc/self/exe", path.data(), path.size());
  if (length <= 0) return "";
  path.resize(static_cast<size_t>(length));
  return path.substr(0, path.rfind('/'));
}

}  // namespace

int main(int argc, char** argv) {
  // gRPC would print its own words beside ours; whoever debugs it sets the variable.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  // The packaged Abseil looks for deadlocks inside gRPC and aborts on its false alarms.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  chayan::SystemClock clock;
  chayan::SystemRandom random;
  chayan::cli::Program program{.language = chayan::cli::LanguageFromEnvironment(),
                               .environment = chayan::cli::ProcessEnvironment(),
                               .clock = clock,
                               .random = random,
                               .in = std::cin,
                               .out = std::cout,
                               .err = std::cerr,
                               .err_is_terminal = isatty(STDERR_FILENO) == 1,
                               .program_directory = ProgramDirectory()};
  return chayan::cli::RunProgram(program, std::vector<std::string>(argv + 1, argv + argc));
}
