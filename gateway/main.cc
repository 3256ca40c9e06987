// chayan-gateway: settings → Gateway::Create → serve until told to stop → drain.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <iostream>
#include <string>

#include "absl/synchronization/mutex.h"
#include "gateway/base/diag.h"
#include "gateway/base/usage.h"
#include "gateway/config.h"
#include "gateway/gateway.h"

namespace {

// As sysexits(3) names them: EX_USAGE, EX_CONFIG, EX_UNAVAILABLE.
constexpr int kExitUsage = 64;
constexpr int kExitConfig = 78;
constexpr int kExitUnavailable = 69;

int Fail(int code, const absl::Status& status) {
  std::cerr << "chayan-gateway: " << status.message() << std::endl;
  return code;
}

// A disk that is full, or a peer that is gone, must be an error where it happens, not a signal.
void IgnoreFaultSignals() {
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
}

// What is in memory, questions in flight and keys, stays there: no core file, no core handler, no
// debugger of another process of this user. Before the first key is read.
bool ForbidCoreDumps() {
  const rlimit none = {.rlim_cur = 0, .rlim_max = 0};
  return setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0) == 0;
}

// Blocked in every thread, so that main alone takes them. REQUIRES: no other thread yet.
sigset_t BlockStopSignals() {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  return stop;
}

// Returns when a stop signal comes, or with the cause when the log is lost to this process.
std::string WaitForStop(const sigset_t& stop, const chayan::Gateway& gateway) {
  constexpr timespec kLook = {.tv_sec = 1, .tv_nsec = 0};
  while (sigtimedwait(&stop, nullptr, &kLook) < 0) {
    if (std::string fault = gateway.fatal_fault(); !fault.empty()) return fault;
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  // The packaged Abseil looks for deadlocks: each lock and unlock takes a lock of the whole
  // process.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  CLI::App app(
      "Chayan gateway: verifies documents between agencies, with a receipt for every answer.",
      "chayan-gateway");
  std::string config_file, bootstrap_directory;
  bool print_vkey = false;
  app.add_option("--config", config_file,
                 "Settings file (gateway.textproto); `chayan gateway check FILE` explains it")
      ->required();
  app.add_option("--bootstrap-registry", bootstrap_directory,
                 "Registry folder of a new store; without effect on a store that has one");
  app.add_flag("--print-vkey", print_vkey,
               "Print the log's verifier keys (C2SP vkey), one a line, and exit");
  app.failure_message(chayan::UsageFault);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }

  IgnoreFaultSignals();
  const sigset_t stop = BlockStopSignals();
  const absl::StatusOr<chayan::LoadedConfig> loaded = chayan::LoadConfig(config_file);
  if (!loaded.ok()) return Fail(kExitConfig, loaded.status());
  if (!loaded->config.core_dumps() && !ForbidCoreDumps()) {
    return Fail(kExitUnavailable, absl::ErrnoToStatus(errno, "forbid core dumps"));
  }
  if (print_vkey) {
    const auto keys = chayan::LogVerifierKeys(loaded->config);
    if (!keys.ok()) return Fail(kExitConfig, keys.status());
    for (const std::string& key : *keys) std::cout << key << std::endl;
    return 0;
  }
  auto gateway = chayan::Gateway::Create(loaded->config, bootstrap_directory);
  if (!gateway.ok()) return Fail(kExitUnavailable, gateway.status());
  chayan::diag::Info("gateway.listening",
                     {{"address", (*gateway)->address()}, {"http", (*gateway)->http_address()}});
  const std::string fault = WaitForStop(stop, **gateway);
  if (!fault.empty()) {
    // Whoever watches the process starts it anew; the start reads what the log came to.
    chayan::diag::Error("gateway.stopping_on_fault", {{"cause", fault}});
    return kExitUnavailable;
  }
  chayan::diag::Info("gateway.draining");
  (*gateway)->Drain();
  chayan::diag::Info("gateway.stopped");
  return 0;
}
