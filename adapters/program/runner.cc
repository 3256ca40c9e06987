#include "adapters/program/runner.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "adapters/connector/kind.h"
#include "adapters/program/identity.h"
#include "adapters/program/status_file.h"
#include "gateway/base/diag.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"

namespace chayan::adapter {
namespace {

// Long enough for every question that was in flight: no holder is waited for longer.
constexpr absl::Duration kDrainGrace = absl::Seconds(15);

// What a source still works on after that, nobody waits for.
constexpr absl::Duration kEndGrace = absl::Seconds(5);

sdk::AdapterOptions LinkOptions(const Loaded& loaded) {
  const v1::AdapterConfig& config = loaded.config;
  sdk::AdapterOptions options;
  options.gateways.assign(config.gateways().begin(), config.gateways().end());
  options.gateway_uri = absl::StrCat("spiffe://", config.trust_domain(), "/gateway/");
  options.ca_file = config.roots_file();
  options.certificate_file = config.certificate_file();
  options.key_file = config.key_file();
  options.answer_key_file = config.answer_key_file();
  options.answer_log = config.answer_log_file();
  options.in_flight_max = config.in_flight_max();
  const v1::NoticeSettings& notices = config.notices();
  options.subscriptions.assign(notices.subscriptions().begin(), notices.subscriptions().end());
  options.notices_in_flight_max = notices.in_flight_max();
  options.inbox_file = notices.inbox_file();
  options.software = absl::StrCat(
      "chayan-adapter ", loaded.connector_name.empty() ? loaded.sink_name : loaded.connector_name);
  for (const connector::KindPlan& plan : loaded.kinds) {
    options.kinds.push_back({plan.kind.code(),
                             plan.digest,
                             {plan.source.areas().begin(), plan.source.areas().end()},
                             connector::KindElements(plan.kind)});
  }
  return options;
}

// What the links are made of, as text: equal texts need no new links.
std::string LinkIdentity(const Loaded& loaded) {
  v1::AdapterConfig config = loaded.config;
  config.clear_source();
  config.clear_http();
  config.clear_files();
  config.clear_kinds();
  config.clear_status_file();
  config.clear_fixture_file();
  config.clear_kind_files();
  config.mutable_notices()->clear_sink();
  std::string identity = config.SerializeAsString();
  for (const connector::KindPlan& plan : loaded.kinds) {
    absl::StrAppend(&identity, plan.kind.code(), plan.digest.raw(), "\n");
    for (const std::string& area : plan.source.areas()) absl::StrAppend(&identity, area, "\n");
  }
  return identity;
}

}  // namespace

Runner::Runner(std::string path, Clock& clock, Loaded loaded)
    : path_(std::move(path)), clock_(clock), loaded_(std::move(loaded)), front_(clock) {}

absl::StatusOr<std::unique_ptr<Runner>> Runner::Start(const std::string& path, Clock& clock,
                                                      Random& random) {
  CHAYAN_ASSIGN_OR_RETURN(Loaded loaded, Load(path));
  std::unique_ptr<Runner> runner(new Runner(path, clock, std::move(loaded)));
  CHAYAN_RETURN_IF_ERROR(runner->Use(runner->loaded_));
  const IdentityReport identity = CheckIdentity(runner->loaded_.config, clock.Now());
  if (!identity.missing.empty()) {
    return absl::NotFoundError(
        absl::StrCat(path, ": ", absl::StrJoin(identity.missing, absl::StrCat("\n", path, ": "))));
  }
  // Files are read anew for each link: the right ones may come while it runs.
  for (const std::string& fault : identity.faults) {
    diag::Error("adapter.identity_fault", {{"cause", fault}});
  }
  auto client =
      sdk::LinkClient::Create(LinkOptions(runner->loaded_), runner->front_, clock, random);
  if (!client.ok()) return Annotate(client.status(), path);
  runner->client_ = *std::move(client);
  runner->errands_.emplace(runner->front_.notices(), *runner->client_);
  diag::Info("adapter.started", {{"member", runner->loaded_.config.member()}});
  runner->WriteStatus();
  return runner;
}

absl::Status Runner::Use(const Loaded& loaded) {
  std::unique_ptr<connector::Connector> connector;
  std::unique_ptr<connector::NoticeSink> sink;
  if (loaded.start != nullptr) {
    CHAYAN_ASSIGN_OR_RETURN(connector, loaded.start(clock_));
  }
  if (loaded.start_notices != nullptr) {
    CHAYAN_ASSIGN_OR_RETURN(sink, loaded.start_notices(clock_));
  }
  front_.Use(std::move(connector), loaded.kinds);
  front_.notices().Use(std::move(sink));
  return absl::OkStatus();
}

absl::Status Runner::TryReload() {
  CHAYAN_ASSIGN_OR_RETURN(Loaded loaded, Load(path_));
  if (LinkIdentity(loaded) != LinkIdentity(loaded_)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path_,
                     ": member, system, gateways, key files, kinds, areas or subscriptions differ: "
                     "restart the adapter"));
  }
  if (std::max(front_.retired().count(), front_.notices().retired().count()) >= kRetiredMax) {
    return absl::UnavailableError(
        absl::StrCat(path_, ": the sources of the last ", kRetiredMax,
                     " reloads hang: restart the adapter, or try again when they answer"));
  }
  CHAYAN_RETURN_IF_ERROR(Use(loaded));
  loaded_ = std::move(loaded);
  return absl::OkStatus();
}

void Runner::Reload() {
  const absl::Status status = TryReload();
  reload_fault_ = std::string(status.message());
  if (status.ok()) {
    diag::Info("adapter.reloaded", {{"member", loaded_.config.member()}});
  } else {
    diag::Error("adapter.reload_refused",
                {{"member", loaded_.config.member()}, {"cause", reload_fault_}});
  }
  WriteStatus();
}

void Runner::WriteStatus() {
  const std::string json =
      StatusJson({loaded_.config.member(), loaded_.connector_name, clock_.Now(), client_->Status(),
                  front_.Health(), front_.Counts(), loaded_.sink_name, front_.notices().Health(),
                  front_.notices().Counts(), reload_fault_});
  const absl::Status status = WriteFile(loaded_.config.status_file(), json);
  if (!status.ok()) {
    diag::Warning("adapter.status_not_written", {{"cause", std::string(status.message())}});
  }
}

void Runner::Drain() {
  diag::Info("adapter.draining", {{"member", loaded_.config.member()}});
  errands_.reset();
  client_->Drain(kDrainGrace);
  client_.reset();
  diag::Info("adapter.stopped", {{"member", loaded_.config.member()}});
}

bool Runner::EndSources() {
  front_.Use(nullptr, {});
  front_.notices().Use(nullptr);
  return front_.retired().AwaitAll(kEndGrace) && front_.notices().retired().AwaitAll(kEndGrace);
}

}  // namespace chayan::adapter
