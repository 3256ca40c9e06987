#include "gateway/gateway.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "gateway/audit/auditor.h"
#include "gateway/audit/published_log.h"
#include "gateway/base/clock.h"
#include "gateway/base/diag.h"
#include "gateway/base/random.h"
#include "gateway/base/status_macros.h"
#include "gateway/gateway_metrics.h"
#include "gateway/http/health.h"
#include "gateway/http/listener.h"
#include "gateway/http/listener_metrics.h"
#include "gateway/http/tiles.h"
#include "gateway/key_ring.h"
#include "gateway/link/link_metrics.h"
#include "gateway/link/links.h"
#include "gateway/log/checkpoint_signer.h"
#include "gateway/log/committer.h"
#include "gateway/log/fetch_transport.h"
#include "gateway/log/key_chain.h"
#include "gateway/log/lanes.h"
#include "gateway/log/publisher.h"
#include "gateway/log/publisher_metrics.h"
#include "gateway/log/start_question.h"
#include "gateway/log/vault.h"
#include "gateway/notice/notice_service.h"
#include "gateway/operate/alarm_bell.h"
#include "gateway/operate/lock_desk.h"
#include "gateway/operate/operator.h"
#include "gateway/operate/registry_desk.h"
#include "gateway/registry/current.h"
#include "gateway/rpc/cork.h"
#include "gateway/rpc/recorded.h"
#include "gateway/rpc/server.h"
#include "gateway/rpc/server_metrics.h"
#include "gateway/store/postgres.h"
#include "gateway/store/sqlite.h"
#include "gateway/tally/book.h"
#include "gateway/tlog/note_key.h"
#include "gateway/verify/verifier.h"

namespace chayan {
namespace {

constexpr char kVersion[] = "0.1.0";

// Deadlines and heartbeats are no finer than this.
constexpr absl::Duration kTick = absl::Milliseconds(50);
// How soon a cosignature that came is shown, and how soon after its second a checkpoint goes out.
constexpr absl::Duration kPublishTick = absl::Milliseconds(50);
// Retention and purges are driven this often.
constexpr absl::Duration kAuditTick = absl::Seconds(1);
// An alarm is for people.
constexpr absl::Duration kAlarmTick = absl::Seconds(1);
// How soon a load balancer learns that calls should go elsewhere.
constexpr absl::Duration kReadinessLook = absl::Milliseconds(500);

// Calls a function again and again until it is destroyed.
class Periodic {
 public:
  Periodic(absl::Duration interval, std::function<void()> work)
      : thread_([this, interval, work = std::move(work)] {
          while (!stopping_) {
            work();
            absl::SleepFor(interval);
          }
        }) {}
  ~Periodic() {
    stopping_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

absl::StatusOr<std::shared_ptr<const registry::Snapshot>> LoadRegistry(
    const std::string& directory) {
  std::vector<std::string> faults;
  absl::StatusOr<std::shared_ptr<const registry::Snapshot>> snapshot =
      registry::Snapshot::Load(directory, &faults);
  if (!snapshot.ok() && !faults.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("registry ", directory, ":\n", absl::StrJoin(faults, "\n")));
  }
  return snapshot;
}

absl::StatusOr<std::unique_ptr<store::Store>> OpenStore(const v1::GatewayConfig& config,
                                                        const Clock& clock) {
  if (config.store_postgres().empty()) return store::SqliteStore::Open(config.store_file());
  CHAYAN_ASSIGN_OR_RETURN(store::PostgresSettings settings,
                          store::PostgresSettings::Parse(config.store_postgres()));
  return store::PostgresStore::Open(std::move(settings), clock);
}

// For people: which store a fault is of.
std::string StoreName(const v1::GatewayConfig& config) {
  return config.store_postgres().empty() ? config.store_file() : "store_postgres";
}

store::RegistrySet SetOf(const registry::Snapshot& snapshot) {
  return {snapshot.digest(), snapshot.files()};
}

}  // namespace

// In the order in which they are built; torn down backwards.
struct Gateway::Rooms {
  v1::GatewayConfig config;
  std::atomic<bool> draining = false;
  SystemClock clock;
  SystemRandom random;
  metrics::Stages stages;
  LogKeys log_keys;
  std::unique_ptr<log::Vault> vault;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<registry::Current> registry;
  std::unique_ptr<log::Committer> committer;
  log::FetchTransport anchors;
  std::unique_ptr<log::Publisher> publisher;
  std::unique_ptr<log::ThreadLanes> anchor_lanes;  // their tasks end before the publisher goes
  std::unique_ptr<tally::Book> book;
  std::unique_ptr<link::Links> links;
  std::unique_ptr<verify::Verifier> verifier;
  std::unique_ptr<notice::NoticeService> notices;  // null without an ordering key
  std::unique_ptr<audit::Auditor> auditor;
  std::unique_ptr<audit::PublishedLog> published_log;
  std::unique_ptr<rpc::Server> server;
  std::unique_ptr<operate::Operator> operator_service;
  std::unique_ptr<operate::LockDesk> lock_desk;
  std::unique_ptr<operate::RegistryDesk> registry_desk;
  std::unique_ptr<operate::AlarmBell> alarm_bell;  // null: nobody is to be told
  std::unique_ptr<Periodic> ticker;
  std::unique_ptr<Periodic> publishing;
  std::unique_ptr<Periodic> readiness;
  std::unique_ptr<Periodic> audit_ticker;
  std::unique_ptr<Periodic> alarm_ticker;
  std::unique_ptr<http::Tiles> tiles;
  std::unique_ptr<http::Listener> http;
  std::atomic<const http::Listener*> counted_http{nullptr};  // http, for its own handlers

  // The front goes first: nothing may call a room that is gone, nor wait for a commit that never
  // comes.
  ~Rooms() {
    if (alarm_bell != nullptr) alarm_bell->Stop();
    if (server != nullptr) server->Drain(absl::ZeroDuration());
    if (committer != nullptr) committer->Stop();
  }

  absl::Status OpenLog(const std::string& bootstrap_directory, const Wrappers& wrappers);
  // By which a checkpoint is known as this log's own.
  absl::StatusOr<std::vector<tlog::VerifierKey>> KnownLogKeys();
  absl::Status OpenPublisher(std::string start_alarm);
  absl::Status OpenNotices();
  absl::Status OpenFront();
  void HangAlarmBell();
  // Empty where the store keeps no publications.
  audit::FirstPublished FirstPublished();
  absl::Status OpenHttp();
  void RecordRefusal(rpc::DoorRefusal refusal);
  // Why a load balancer should not send calls here, in short codes; empty when it should.
  std::vector<std::string> Hindrances() const;
  bool IsReady() const { return Hindrances().empty(); }
  void AddMetrics(metrics::Page& page) const;
};

absl::StatusOr<std::vector<std::string>> LogVerifierKeys(const v1::GatewayConfig& config) {
  CHAYAN_ASSIGN_OR_RETURN(const LogKeys log_keys, OpenLogKeys(config));
  std::vector<std::string> keys;
  for (const crypto::Signer* key : {log_keys.now.get(), log_keys.next.get()}) {
    if (key == nullptr) continue;
    keys.push_back(
        tlog::VerifierKey(config.log_origin(), tlog::KeyType::kEd25519, key->public_key().raw())
            .ToString());
  }
  return keys;
}

absl::Status Gateway::Rooms::OpenLog(const std::string& bootstrap_directory,
                                     const Wrappers& wrappers) {
  CHAYAN_ASSIGN_OR_RETURN(log_keys, OpenLogKeys(config));
  CHAYAN_ASSIGN_OR_RETURN(VaultKeys vault_keys, OpenVaultKeys(config));
  CHAYAN_ASSIGN_OR_RETURN(vault,
                          log::Vault::Create(std::move(vault_keys.now), std::move(vault_keys.old),
                                             config.vault_key_directory(), clock, random));
  CHAYAN_ASSIGN_OR_RETURN(store, OpenStore(config, clock));
  if (wrappers.vault) vault = wrappers.vault(std::move(vault));
  if (wrappers.store) store = wrappers.store(std::move(store));

  std::optional<store::RegistrySet> bootstrap;
  absl::StatusOr<store::RegistrySet> current = store->ReadCurrentRegistry();
  if (absl::IsNotFound(current.status())) {
    if (bootstrap_directory.empty()) {
      return absl::FailedPreconditionError(
          absl::StrCat("the store ", StoreName(config),
                       " is new and has no registry: start once with --bootstrap-registry DIR, or "
                       "restore the store"));
    }
    CHAYAN_ASSIGN_OR_RETURN(const auto snapshot, LoadRegistry(bootstrap_directory));
    bootstrap = SetOf(*snapshot);
    registry = std::make_unique<registry::Current>(snapshot);
  } else {
    CHAYAN_RETURN_IF_ERROR(current.status());
    std::vector<std::string> faults;
    CHAYAN_ASSIGN_OR_RETURN(auto snapshot, registry::Snapshot::Create(current->files, &faults));
    if (snapshot->digest() != current->digest) {
      return absl::DataLossError(
          absl::StrCat("the registry in ", StoreName(config),
                       " is not the one its digest names: it was changed in the "
                       "store; restore the store, or compare it with an exported log"));
    }
    registry = std::make_unique<registry::Current>(std::move(snapshot));
  }
  std::string start_alarm;
  const auto snapshot = registry->Get();
  if (const registry::WitnessPolicy* const policy = snapshot->witness_policy()) {
    // Those that were retired too: a witness may have seen nothing since.
    CHAYAN_ASSIGN_OR_RETURN(const std::vector<tlog::VerifierKey> own_keys, KnownLogKeys());
    CHAYAN_ASSIGN_OR_RETURN(start_alarm,
                            log::AskWitnessesAtStart(*policy, own_keys, *store, anchors));
  }
  CHAYAN_ASSIGN_OR_RETURN(
      committer,
      log::Committer::Create(
          {config.gateway_name(), config.log_origin(), config.head_file(), log_keys.next.get(),
           [](absl::FunctionRef<void()> release) {
             const rpc::Cork cork;
             release();
           },
           &stages},
          *store, *log_keys.now, clock, random, std::move(bootstrap)));
  return OpenPublisher(std::move(start_alarm));
}

absl::StatusOr<std::vector<tlog::VerifierKey>> Gateway::Rooms::KnownLogKeys() {
  std::vector<const crypto::Signer*> held = {log_keys.now.get()};
  if (log_keys.next != nullptr) held.push_back(log_keys.next.get());
  log::CheckpointSigner signer(config.log_origin(), std::move(held));
  CHAYAN_ASSIGN_OR_RETURN(const store::Head head, store->ReadHead());
  if (head.size > 0) CHAYAN_RETURN_IF_ERROR(signer.Follow(*store));
  return signer.KnownKeys();
}

absl::Status Gateway::Rooms::OpenPublisher(std::string start_alarm) {
  CHAYAN_ASSIGN_OR_RETURN(const log::KeyChain chain, log::KeyChain::Parse(committer->LogKeys()));
  std::vector<tlog::VerifierKey> own_keys;
  for (const log::KeyChain::Key& key : chain.keys()) own_keys.push_back(key.key);
  anchor_lanes = std::make_unique<log::ThreadLanes>();
  CHAYAN_ASSIGN_OR_RETURN(
      publisher, log::Publisher::Create({.own_keys = std::move(own_keys),
                                         .registry = [this] { return registry->Get(); },
                                         .start_alarm = std::move(start_alarm)},
                                        *committer, *store, anchors, *anchor_lanes, clock, random));
  // What was published before is known to the first caller.
  publisher->Tick();
  return absl::OkStatus();
}

audit::FirstPublished Gateway::Rooms::FirstPublished() {
  store::Publications* const publications = store->publications();
  if (publications == nullptr) return {};
  return [publications](uint64_t index) -> absl::StatusOr<std::string> {
    CHAYAN_ASSIGN_OR_RETURN(store::Publication publication,
                            publications->ReadFirst(index + 1, store::PublicationKind::kAny));
    return std::move(publication.note);
  };
}

absl::Status Gateway::Rooms::OpenNotices() {
  if (config.notice_ordering_key_file().empty()) return absl::OkStatus();
  if (store->notices() == nullptr) {
    return absl::FailedPreconditionError(
        "notice_ordering_key_file: a store in a database keeps no notices yet; remove the line");
  }
  CHAYAN_ASSIGN_OR_RETURN(notice::OrderingKey ordering,
                          notice::OrderingKey::FromFile(config.notice_ordering_key_file()));
  notices = std::make_unique<notice::NoticeService>(
      notice::NoticeService::Options{config.gateway_name(), std::move(ordering)},
      [this] { return registry->Get(); }, *links, *committer, *store, *vault, clock, random);
  return absl::OkStatus();
}

absl::Status Gateway::Rooms::OpenFront() {
  const rpc::RegistrySource source = [this] { return registry->Get(); };
  links = link::Links::Create({config.gateway_name(), config.signature_share()}, source, *committer,
                              clock, random);
  // Beside the vault's keys, and like them outside the store and its backups.
  CHAYAN_ASSIGN_OR_RETURN(
      book, tally::Book::Open(*store, absl::StrCat(config.vault_key_directory(), "/lock-key"),
                              clock, random));
  book->grants.Look(*registry->Get());
  verifier = std::make_unique<verify::Verifier>(source, *links, *committer, *vault, *book, clock,
                                                random, &stages);
  auditor = std::make_unique<audit::Auditor>(source, FirstPublished(), *committer, *store, *vault,
                                             clock, random);
  CHAYAN_RETURN_IF_ERROR(OpenNotices());
  published_log =
      std::make_unique<audit::PublishedLog>(*publisher, *committer, *store, clock, random);

  rpc::Server::Options options;
  options.address = config.listen();
  options.certificate_file = config.certificate_file();
  options.key_file = config.key_file();
  options.roots_file = config.roots_file();
  options.crl_directory = config.crl_directory();
  options.denylist_file = config.denylist_file();
  options.workers = config.workers();
  options.registry = source;
  options.record_refusal = [this](rpc::DoorRefusal refusal) { RecordRefusal(std::move(refusal)); };
  CHAYAN_ASSIGN_OR_RETURN(server, rpc::Server::Create(std::move(options), clock));
  operator_service = std::make_unique<operate::Operator>(
      operate::Operator::Options{
          config.gateway_name(), kVersion, config.log_origin(),
          [this] { return !book->grants.Unused().empty(); },
          [this] { return notices == nullptr ? std::vector<std::string>() : notices->Alarms(); }},
      *server, *links, *committer, *publisher, *registry, clock, random);

  server->HandleStream("/chayan.v1.AdapterLinkService/Connect",
                       [this](std::shared_ptr<rpc::StreamCall> stream) {
                         return links->Connect(std::move(stream));
                       });
  verifier->ServeOn(*server);
  if (notices != nullptr) notices->ServeOn(*server);
  auditor->ServeOn(*server);
  published_log->ServeOn(*server);
  operator_service->ServeOn();
  lock_desk =
      std::make_unique<operate::LockDesk>(*committer, *vault, *book, *registry, clock, random);
  lock_desk->ServeOn(*server);
  registry_desk =
      std::make_unique<operate::RegistryDesk>(*committer, *vault, *registry, clock, random);
  registry_desk->ServeOn(*server);
  CHAYAN_RETURN_IF_ERROR(server->Start());
  server->SetServing(IsReady());

  ticker = std::make_unique<Periodic>(kTick, [this] {
    links->Tick();
    if (notices != nullptr) notices->Tick();
    verifier->Tick();
  });
  publishing = std::make_unique<Periodic>(kPublishTick, [this] { publisher->Tick(); });
  audit_ticker = std::make_unique<Periodic>(kAuditTick, [this] { auditor->Tick(); });
  readiness = std::make_unique<Periodic>(kReadinessLook, [this] { server->SetServing(IsReady()); });
  HangAlarmBell();
  return absl::OkStatus();
}

void Gateway::Rooms::HangAlarmBell() {
  if (!config.has_alarm_command()) return;
  alarm_bell = std::make_unique<operate::AlarmBell>(
      config.gateway_name(), config.alarm_command(), [this] { return operator_service->Alarms(); },
      clock);
  alarm_ticker = std::make_unique<Periodic>(kAlarmTick, [this] { alarm_bell->Tick(); });
}

void Gateway::Rooms::RecordRefusal(rpc::DoorRefusal refusal) {
  log::Entry entry = rpc::EntryOf(refusal.caller, refusal.method, log::EntryType::kDenied,
                                  Uuid::Version7(clock.Now(), random));
  entry.reason = refusal.refusal.reason_name();
  committer->Submit(
      {.entry = std::move(entry),
       .vault = std::nullopt,
       .registry = std::nullopt,
       .done = [done = std::move(refusal.done)](absl::StatusOr<log::Committed> committed) mutable {
         if (!committed.ok()) return done(committed.status());
         done(rpc::PlainReceipt(*committed));
       }});
}

std::vector<std::string> Gateway::Rooms::Hindrances() const {
  std::vector<std::string> codes;
  if (draining) codes.push_back("draining");
  const log::CommitterStatus log = committer->Status();
  if (log.stopped_by_fault) codes.push_back("log.stopped");
  if (!log.hold.empty()) codes.push_back("log.closed");
  for (const std::string& alarm : server->Status().alarms) {
    if (alarm == "denylist.unreadable") codes.push_back(alarm);
  }
  return codes;
}

absl::Status Gateway::Rooms::OpenHttp() {
  if (config.http_listen().empty()) return absl::OkStatus();
  // The keys change at a start alone.
  CHAYAN_ASSIGN_OR_RETURN(log::KeyChain chain, log::KeyChain::Parse(committer->LogKeys()));
  tiles = std::make_unique<http::Tiles>(
      *store, [this] { return publisher->BestCheckpoint(); },
      [chain = std::move(chain)](uint64_t size) { return chain.Format(size); });
  std::vector<http::Route> routes = tiles->Routes();
  for (http::Route& route : http::HealthRoutes([this] { return Hindrances(); },
                                               [this](metrics::Page& page) { AddMetrics(page); })) {
    routes.push_back(std::move(route));
  }
  http::Listener::Options options;
  options.address = config.http_listen();
  options.any_address = config.http_any_address();
  CHAYAN_ASSIGN_OR_RETURN(http,
                          http::Listener::Create(std::move(options), std::move(routes), clock));
  counted_http = http.get();
  return absl::OkStatus();
}

void Gateway::Rooms::AddMetrics(metrics::Page& page) const {
  AddGatewayMetrics({.name = config.gateway_name(),
                     .version = kVersion,
                     .hindrances = Hindrances(),
                     .registry = *registry->Get()},
                    page);
  rpc::AddMetrics(server->Status(), page);
  link::AddMetrics(*links, *registry->Get(), page);
  if (notices != nullptr) notices->AddMetrics(page);
  committer->AddMetrics(page);
  log::AddMetrics(publisher->Status(), page);
  stages.AddTo(page);
  if (const http::Listener* const listener = counted_http) {
    http::AddMetrics(listener->Counts(), page);
  }
  metrics::CollectProcess(page);
}

Gateway::Gateway(std::unique_ptr<Rooms> rooms) : rooms_(std::move(rooms)) {}
Gateway::~Gateway() = default;

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Create(const v1::GatewayConfig& config,
                                                         const std::string& bootstrap_directory,
                                                         const Wrappers& wrappers) {
  auto rooms = std::make_unique<Rooms>();
  rooms->config = config;
  CHAYAN_RETURN_IF_ERROR(rooms->OpenLog(bootstrap_directory, wrappers));
  CHAYAN_RETURN_IF_ERROR(rooms->OpenFront());
  CHAYAN_RETURN_IF_ERROR(rooms->OpenHttp());
  return std::unique_ptr<Gateway>(new Gateway(std::move(rooms)));
}

std::string Gateway::address() const { return rooms_->server->address(); }

std::string Gateway::http_address() const {
  return rooms_->http == nullptr ? std::string() : rooms_->http->address();
}

std::string Gateway::fatal_fault() const {
  const log::CommitterStatus status = rooms_->committer->Status();
  return status.stopped_by_fault ? status.fault : std::string();
}

void Gateway::Drain() {
  rooms_->draining = true;
  rooms_->server->SetServing(false);
  rooms_->links->DrainAll();
  rooms_->server->Drain(absl::Milliseconds(rooms_->config.drain_grace_ms()));
  rooms_->committer->Stop();
  if (rooms_->http != nullptr) rooms_->http->Stop();
}

}  // namespace chayan
