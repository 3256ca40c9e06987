// chayan-adapter: an agency on the sql connector. Everything about the agency stands in its
// configuration; everything about links and signatures is the SDK's.
//
// SIGTERM or SIGINT drains: open questions are answered and recorded, then it ends. --check reads
// the configuration, says every fault, and starts nothing.
#include <signal.h>

#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "adapters/sdk/adapter.h"
#include "adapters/sdk/link_client.h"
#include "adapters/sql/config.h"
#include "adapters/sql/connector.h"
#include "gateway/base/check.h"
#include "gateway/base/clock.h"
#include "gateway/base/diag.h"
#include "gateway/base/random.h"

namespace chayan::sql {
namespace {

// Long enough for every question that was in flight: no holder is waited for longer.
constexpr absl::Duration kDrainGrace = absl::Seconds(15);

// The sql connector as the SDK knows adapters.
class SqlAdapter final : public sdk::Adapter {
 public:
  explicit SqlAdapter(SqlConnector& connector) : connector_(connector) {}

  void Answer(sdk::Question question, sdk::Responder responder) override {
    connector_.Answer(
        question.request(), question.permit(), question.time_left(),
        [question, responder](HolderAnswer given) { Send(question, responder, std::move(given)); });
  }

 private:
  static void Send(const sdk::Question& question, const sdk::Responder& responder,
                   HolderAnswer given) {
    if (question.cancelled()) return;
    const absl::Status status = responder.Send(std::move(given.answer), given.restricted);
    if (!status.ok()) {
      diag::Warning("adapter.answer_not_sent",
                    {{"document_kind", question.request().document_kind()},
                     {"cause", std::string(status.message())}});
    }
  }

  SqlConnector& connector_;
};

sdk::AdapterOptions LinkOptions(const AdapterSettings& settings) {
  const v1::AdapterConfig& config = settings.config;
  sdk::AdapterOptions options;
  options.gateways.assign(config.gateways().begin(), config.gateways().end());
  options.gateway_uri = absl::StrCat("spiffe://", config.trust_domain(), "/gateway/");
  options.ca_file = config.roots_file();
  options.certificate_file = config.certificate_file();
  options.key_file = config.key_file();
  options.answer_key_file = config.answer_key_file();
  options.answer_log = config.answer_log_file();
  options.in_flight_max = config.in_flight_max();
  options.software = "chayan-adapter sql";
  for (const KindPlan& plan : settings.kinds) {
    options.kinds.push_back(
        {plan.kind.code(), plan.digest, {plan.source.areas().begin(), plan.source.areas().end()}});
  }
  return options;
}

// Blocks the signals in this thread and in all that it starts.
sigset_t BlockStopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  CHAYAN_CHECK(pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0);
  return signals;
}

int Run(const std::string& path, bool check_only) {
  // A peer that is gone must be an error where it happens, not the end of the process.
  ::signal(SIGPIPE, SIG_IGN);
  const sigset_t signals = BlockStopSignals();
  absl::StatusOr<AdapterSettings> settings = LoadSettings(path);
  if (!settings.ok()) {
    std::cerr << settings.status().message() << "\n";
    return 2;
  }
  if (check_only) {
    std::cout << path << ": no fault\n";
    return 0;
  }
  SystemClock clock;
  SystemRandom random;
  sdk::AdapterOptions options = LinkOptions(*settings);
  const std::string member = settings->config.member();
  SqlConnector connector(clock, *std::move(settings));
  SqlAdapter adapter(connector);
  auto client = sdk::LinkClient::Create(std::move(options), adapter, clock, random);
  if (!client.ok()) {
    std::cerr << path << ": " << client.status().message() << "\n";
    return 2;
  }
  diag::Info("adapter.started", {{"member", member}});
  int stop_signal = 0;
  sigwait(&signals, &stop_signal);
  diag::Info("adapter.draining", {{"member", member}});
  (*client)->Drain(kDrainGrace);
  client->reset();
  diag::Info("adapter.stopped", {{"member", member}});
  return 0;
}

}  // namespace
}  // namespace chayan::sql

int main(int argc, char** argv) {
  // Abseil is packaged with deadlock detection on; inside gRPC it may abort for nothing.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  CLI::App app("An agency's adapter on the sql connector.", "chayan-adapter");
  std::string config;
  bool check = false;
  app.add_option("--config", config, "settings, a text file of chayan.v1.AdapterConfig")
      ->required();
  app.add_flag("--check", check, "only say what is wrong with the settings");
  CLI11_PARSE(app, argc, argv);
  return chayan::sql::Run(config, check);
}
