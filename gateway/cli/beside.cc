#include "gateway/cli/beside.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"

namespace chayan::cli {

ExitCode RunBeside(Program& program, const std::string& name, std::vector<std::string> words) {
  const std::string path =
      program.program_directory.empty() ? name : absl::StrCat(program.program_directory, "/", name);
  words.insert(words.begin(), path);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  program.out << std::flush;
  const pid_t child = fork();
  if (child == 0) {
    execvp(argv[0], argv.data());
    _exit(127);
  }
  int status = 0;
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (child < 0 || !WIFEXITED(status) || WEXITSTATUS(status) == 127) {
    return program.Fail(ExitCode::kUsage,
                        absl::StrCat(path, program.Say(":無法執行;它應與 chayan 在同一資料夾",
                                                       ": cannot be run; it belongs into the "
                                                       "folder of chayan")));
  }
  return static_cast<ExitCode>(WEXITSTATUS(status));
}

}  // namespace chayan::cli
