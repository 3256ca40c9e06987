// chayan-bench-adapter: an agency's adapter on the SDK, signing as every adapter does, that answers
// from memory: what Chayan forwards to while its peers forward to chayan-bench-backend. Or it takes
// notices, each durable before its receipt, as every adapter does.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "adapters/sdk/adapter.h"
#include "adapters/sdk/link_client.h"
#include "gateway/base/clock.h"
#include "gateway/base/diag.h"
#include "gateway/base/random.h"
#include "gateway/registry/snapshot.h"
#include "tests/bench/fixed_answer.h"

namespace chayan::bench {
namespace {

constexpr char kKind[] = "land.title";
constexpr char kGatewayUri[] = "spiffe://chayan.example/gateway/";

// An agency that hangs: it takes questions and answers none.
class SilentAdapter final : public sdk::Adapter {
 public:
  void Answer(sdk::Question, sdk::Responder) override {}
};

class FixedAdapter final : public sdk::Adapter {
 public:
  void Answer(sdk::Question question, sdk::Responder responder) override {
    v1::VerificationAnswer answer;
    FixedAnswer(question.request(), answer);
    if (const absl::Status status = responder.Send(std::move(answer)); !status.ok()) {
      diag::Warning("bench.answer_refused", {{"cause", std::string(status.message())}});
    }
  }
  void OnNotice(sdk::Notice, sdk::NoticeResponder responder) override {
    if (const absl::Status status = responder.Received(); !status.ok()) {
      diag::Warning("bench.receipt_refused", {{"cause", std::string(status.message())}});
    }
  }
};

int Fail(absl::string_view what) {
  std::cerr << "chayan-bench-adapter: " << what << std::endl;
  return 1;
}

int Serve(sdk::AdapterOptions options, sdk::Adapter& adapter, const std::string& registry_directory,
          int links) {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);

  std::vector<std::string> faults;
  const auto registry = registry::Snapshot::Load(registry_directory, &faults);
  if (!registry.ok()) return Fail(registry.status().message());
  const registry::Kind* kind = (*registry)->FindKind(kKind);
  if (kind == nullptr) return Fail(absl::StrCat("the registry has no ", kKind));
  // Who takes notices answers nothing here.
  if (options.subscriptions.empty()) options.kinds = {{kKind, kind->digest, {}}};

  SystemClock clock;
  SystemRandom random;
  // Replicas of an agency, each with a log of its own.
  std::vector<std::unique_ptr<sdk::LinkClient>> clients;
  const std::string answer_log = options.answer_log;
  for (int i = 0; i < links; ++i) {
    if (i > 0) options.answer_log = absl::StrCat(answer_log, ".", i);
    if (!options.subscriptions.empty()) options.inbox_file = options.answer_log + ".inbox";
    auto client = sdk::LinkClient::Create(options, adapter, clock, random);
    if (!client.ok()) return Fail(client.status().message());
    clients.push_back(*std::move(client));
  }
  int signal_number = 0;
  sigwait(&stop, &signal_number);
  return 0;
}

}  // namespace
}  // namespace chayan::bench

int main(int argc, char** argv) {
  // Detection costs time and may abort inside gRPC.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  chayan::sdk::AdapterOptions options;
  std::string registry;
  int links = 1;
  bool silent = false;
  CLI::App app("Answers land.title from memory on a link to each gateway.", "chayan-bench-adapter");
  app.add_option("--gateway", options.gateways, "host:port; once for each gateway")->required();
  app.add_option("--ca", options.ca_file, "Roots of gateways, PEM")->required();
  app.add_option("--cert", options.certificate_file, "Certificate, then intermediates, PEM")
      ->required();
  app.add_option("--key", options.key_file, "Its key, PEM")->required();
  app.add_option("--answer-key", options.answer_key_file, "Ed25519 key, PEM")->required();
  app.add_option("--answer-log", options.answer_log, "Its own log of answers")->required();
  app.add_option("--registry", registry, "Registry folder that the gateways use")->required();
  app.add_option("--links", links, "Links to each gateway")->check(CLI::Range(1, 1000));
  app.add_option("--subscription", options.subscriptions,
                 "Take the notices of this subscription, and answer nothing; repeatable");
  app.add_flag("--silent", silent, "Take questions and answer none");
  CLI11_PARSE(app, argc, argv);
  options.gateway_uri = chayan::bench::kGatewayUri;
  options.software = "chayan-bench";
  chayan::bench::FixedAdapter fixed;
  chayan::bench::SilentAdapter mute;
  chayan::sdk::Adapter& adapter =
      silent ? static_cast<chayan::sdk::Adapter&>(mute) : static_cast<chayan::sdk::Adapter&>(fixed);
  return chayan::bench::Serve(std::move(options), adapter, registry, links);
}
