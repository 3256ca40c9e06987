// chayan-adapter: an agency on a connector. Everything about the agency stands in its settings
// file; everything about links and signatures is the SDK's.
//
//   chayan-adapter --config FILE     runs. SIGHUP reloads; SIGTERM or SIGINT answers what is open
//                                    and ends
//   chayan-adapter check FILE …      see --help; `chayan adapter …` is the same
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "adapters/program/fixtures.h"
#include "adapters/program/identity.h"
#include "adapters/program/loaded.h"
#include "adapters/program/notice_skeleton.h"
#include "adapters/program/runner.h"
#include "adapters/program/skeleton.h"
#include "adapters/program/status_file.h"
#include "gateway/base/check.h"
#include "gateway/base/clock.h"
#include "gateway/base/diag.h"
#include "gateway/base/file.h"
#include "gateway/base/random.h"
#include "gateway/base/status_macros.h"
#include "gateway/base/usage.h"

namespace chayan::adapter {
namespace {

constexpr int kOk = 0;
constexpr int kFault = 1;     // a check said no
constexpr int kUnusable = 2;  // settings, files, arguments

// The status file is this old at most, plus the time it takes to write.
constexpr timespec kStatusInterval = {.tv_sec = 5, .tv_nsec = 0};

int Complain(const absl::Status& status) {
  std::cerr << status.message() << "\n";
  return kUnusable;
}

int Run(const std::string& path) {
  // A peer that is gone must be an error where it happens, not the end of the process.
  ::signal(SIGPIPE, SIG_IGN);
  // Blocked in this thread and in all that it starts.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
  CHAYAN_CHECK(pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0);
  SystemClock clock;
  SystemRandom random;
  absl::StatusOr<std::unique_ptr<Runner>> runner = Runner::Start(path, clock, random);
  if (!runner.ok()) return Complain(runner.status());
  while (true) {
    const int number = sigtimedwait(&signals, nullptr, &kStatusInterval);
    if (number == SIGHUP) {
      (*runner)->Reload();
    } else if (number == SIGTERM || number == SIGINT) {
      break;
    } else {
      CHAYAN_CHECK(number >= 0 || errno == EAGAIN || errno == EINTR);
      (*runner)->WriteStatus();
    }
  }
  (*runner)->Drain();
  if (!(*runner)->EndSources()) {
    // No driver can be made to come back.
    diag::Warning("adapter.ended_with_source_hanging");
    std::_Exit(kOk);
  }
  return kOk;
}

// `start` makes what is asked whether it is there; without it there is nothing to ask.
template <typename Start>
int Probe(const Start& start, const char* what) {
  if (start == nullptr) return kOk;
  SystemClock clock;
  const auto started = start(clock);
  const absl::Status status = started.ok() ? (*started)->Probe() : started.status();
  std::cout << (status.ok() ? absl::StrCat("ok      ", what, " answers")
                            : absl::StrCat("DOWN    ", status.message()))
            << "\n";
  return status.ok() ? kOk : kFault;
}

int Check(const std::string& path, bool probe) {
  const absl::StatusOr<Loaded> loaded = Load(path);
  if (!loaded.ok()) return Complain(loaded.status());
  std::cout << path << ": no fault\n";
  int result = kOk;
  if (!loaded->config.fixture_file().empty()) {
    const auto fixture = LoadFixture(loaded->config.fixture_file());
    if (!fixture.ok()) return Complain(fixture.status());
    if (!CheckFixture(*loaded, *fixture, SystemClock().Now(), std::cout)) result = kFault;
  }
  const IdentityReport identity = CheckIdentity(loaded->config, SystemClock().Now());
  for (const std::string& line : identity.missing) std::cout << "MISSING " << line << "\n";
  for (const std::string& line : identity.faults) {
    std::cout << "FAULT   " << line << "\n";
    result = kFault;
  }
  if (probe) {
    result = std::max({result, Probe(loaded->start, "the source"),
                       Probe(loaded->start_notices, "the system that takes notices")});
  }
  return result;
}

int Rehearse(const std::string& path) {
  const absl::StatusOr<Loaded> loaded = Load(path);
  if (!loaded.ok()) return Complain(loaded.status());
  if (loaded->config.fixture_file().empty()) {
    return Complain(absl::InvalidArgumentError(
        absl::StrCat(path,
                     ": fixture_file: is missing, add a line `fixture_file: "
                     "\"fixture.textproto\"`")));
  }
  const auto fixture = LoadFixture(loaded->config.fixture_file());
  if (!fixture.ok()) return Complain(fixture.status());
  RehearseFixture(*loaded, *fixture, SystemClock().Now(), std::cout);
  return kOk;
}

// Of a document kind, or of a notice kind, whichever the file defines.
absl::StatusOr<Skeleton> MakeSkeleton(const std::string& code, const std::string& connector,
                                      const std::string& kind_file) {
  CHAYAN_ASSIGN_OR_RETURN(const v1::RegistryFile registry, ReadKinds(kind_file));
  const auto kind = FindKind(registry, code);
  if (kind.ok()) {
    return NewSkeleton(*kind, connector,
                       std::filesystem::absolute(kind_file).lexically_normal().string());
  }
  const auto notice_kind = FindNoticeKind(registry, code);
  if (!notice_kind.ok()) {
    return absl::NotFoundError(absl::StrCat(kind_file, ": ", kind.status().message(), "\n",
                                            kind_file, ": ", notice_kind.status().message()));
  }
  SystemRandom random;
  return NewNoticeSkeleton(*notice_kind, connector, random);
}

int New(const std::string& code, const std::string& connector, const std::string& kind_file,
        const std::string& directory) {
  const auto skeleton = MakeSkeleton(code, connector, kind_file);
  if (!skeleton.ok()) return Complain(skeleton.status());
  std::map<std::string, std::string> files = skeleton->secrets;
  files["adapter.textproto"] = skeleton->settings;
  files["fixture.textproto"] = skeleton->fixture;
  for (const auto& [name, content] : files) {
    if (std::filesystem::exists(directory + "/" + name)) {
      return Complain(absl::AlreadyExistsError(
          absl::StrCat(directory, "/", name, " stands already, name another folder")));
    }
  }
  absl::Status status = MakeDirectories(directory);
  for (const auto& [name, content] : files) {
    const int mode = skeleton->secrets.contains(name) ? 0600 : 0644;
    if (status.ok()) status = WriteFile(directory + "/" + name, content, mode);
    if (status.ok()) std::cout << directory << "/" << name << "\n";
  }
  return status.ok() ? kOk : Complain(status);
}

int ShowStatus(const std::string& path, bool json) {
  const absl::StatusOr<Loaded> loaded = Load(path);
  if (!loaded.ok()) return Complain(loaded.status());
  const auto content = ReadFile(loaded->config.status_file());
  if (!content.ok()) {
    return Complain(absl::NotFoundError(
        absl::StrCat(content.status().message(), ": the adapter has not run with these settings")));
  }
  if (json) {
    std::cout << *content;
    return kOk;
  }
  const auto text = StatusText(*content, SystemClock().Now());
  if (!text.ok()) return Complain(text.status());
  std::cout << *text;
  return kOk;
}

int Main(int argc, char** argv) {
  CLI::App app("An agency's adapter: runs with --config, or one of the commands.",
               "chayan-adapter");
  std::string file, kind, connector = "sql", kind_file, directory = ".";
  bool check_only = false, probe = false, json = false;
  CLI::Option* config =
      app.add_option("--config", file, "settings, a text file of chayan.v1.AdapterConfig");
  app.add_flag("--check", check_only, "as the command check");
  CLI::App* check =
      app.add_subcommand("check", "say every fault, replay what the fixture recorded");
  check->add_option("FILE", file, "settings file")->required();
  check->add_flag("--probe", probe, "ask the source itself whether it is there");
  CLI::App* rehearse =
      app.add_subcommand("rehearse", "show what a clerk would see of each recorded question");
  rehearse->add_option("FILE", file, "settings file")->required();
  CLI::App* made = app.add_subcommand("new", "write settings and recorded questions to begin with");
  made->add_option("KIND", kind, "code of the document kind, or of the notice kind")->required();
  made->add_option("--kinds", kind_file, "registry file that defines it")->required();
  made->add_option("--connector", connector, "sql, http or file");
  made->add_option("--out", directory, "folder to write into");
  CLI::App* status =
      app.add_subcommand("status", "links, source, last questions, refusals and why");
  status->add_option("FILE", file, "settings file")->required();
  status->add_flag("--json", json, "print the JSON as it is");
  app.require_subcommand(0, 1);
  app.failure_message(UsageFault);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kOk : kUnusable;
  }
  if (*check) return Check(file, probe);
  if (*rehearse) return Rehearse(file);
  if (*made) return New(kind, connector, kind_file, directory);
  if (*status) return ShowStatus(file, json);
  if (config->count() == 0) {
    return Complain(
        absl::InvalidArgumentError("--config FILE or a command is missing; see --help"));
  }
  return check_only ? Check(file, false) : Run(file);
}

}  // namespace
}  // namespace chayan::adapter

int main(int argc, char** argv) {
  // Abseil is packaged with deadlock detection on; inside gRPC it may abort for nothing.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  return chayan::adapter::Main(argc, argv);
}
