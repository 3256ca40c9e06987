#include "gateway/operate/command_runner.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "absl/cleanup/cleanup.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"

namespace chayan::operate {
namespace {

constexpr int kStandardFiles = 3;

// For C: pointers into the texts, and a null.
std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Its process id.
absl::StatusOr<pid_t> Spawn(const Command& command) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  CHAYAN_CHECK(posix_spawn_file_actions_init(&files) == 0);
  CHAYAN_CHECK(posix_spawnattr_init(&attributes) == 0);
  const absl::Cleanup destroyer = [&] {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  };
  for (int file = 0; file < kStandardFiles; ++file) {
    CHAYAN_CHECK(posix_spawn_file_actions_addopen(&files, file, "/dev/null",
                                                  file == 0 ? O_RDONLY : O_WRONLY, 0) == 0);
  }
  CHAYAN_CHECK(posix_spawn_file_actions_addclosefrom_np(&files, kStandardFiles) == 0);
  // As a shell would start it: what the gateway ignores or blocks is its own affair.
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  CHAYAN_CHECK(posix_spawnattr_setsigmask(&attributes, &none) == 0);
  CHAYAN_CHECK(posix_spawnattr_setsigdefault(&attributes, &all) == 0);
  CHAYAN_CHECK(posix_spawnattr_setpgroup(&attributes, 0) == 0);
  CHAYAN_CHECK(posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK |
                                                         POSIX_SPAWN_SETSIGDEF |
                                                         POSIX_SPAWN_SETPGROUP) == 0);
  pid_t process = 0;
  const int error =
      posix_spawn(&process, command.words[0].c_str(), &files, &attributes,
                  Pointers(command.words).data(), Pointers(command.environment).data());
  if (error == 0) return process;
  return absl::NotFoundError(
      absl::StrCat(command.words[0], " cannot be run: ", std::strerror(error)));
}

}  // namespace

absl::Status CommandRunner::Run(const Command& command) {
  CHAYAN_CHECK(!command.words.empty());
  {
    absl::MutexLock lock(&mu_);
    if (stopped_) return absl::CancelledError("the gateway stops");
    ended_ = false;
  }
  const absl::StatusOr<pid_t> process = Spawn(command);
  if (!process.ok()) return process.status();
  return Await(*process, command.timeout);
}

absl::Status CommandRunner::Await(pid_t process, absl::Duration timeout) {
  std::thread waiter([this, process] {
    siginfo_t info;
    // Not reaped yet: its id, and its group's, stay its own until it is.
    while (waitid(P_PID, static_cast<id_t>(process), &info, WEXITED | WNOWAIT) != 0) {
      CHAYAN_CHECK(errno == EINTR);
    }
    absl::MutexLock lock(&mu_);
    ended_ = true;
  });
  bool in_time = false;
  bool stopped = false;
  {
    absl::MutexLock lock(&mu_);
    const auto over = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return ended_ || stopped_; };
    mu_.AwaitWithTimeout(absl::Condition(&over), timeout);
    in_time = ended_;
    stopped = stopped_;
  }
  kill(-process, SIGKILL);  // it, and what it has left behind
  waiter.join();
  int status = 0;
  while (waitpid(process, &status, 0) < 0) CHAYAN_CHECK(errno == EINTR);
  if (!in_time && stopped) return absl::CancelledError("the gateway stops");
  if (!in_time) {
    return absl::DeadlineExceededError(
        absl::StrCat("it ran for longer than ", absl::FormatDuration(timeout), " and was killed"));
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  return absl::AbortedError(WIFEXITED(status)
                                ? absl::StrCat("it ended with ", WEXITSTATUS(status))
                                : absl::StrCat("it was ended by signal ", WTERMSIG(status)));
}

void CommandRunner::Stop() {
  absl::MutexLock lock(&mu_);
  stopped_ = true;
}

}  // namespace chayan::operate
