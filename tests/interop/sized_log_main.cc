// chayan-sized-log: real logs of an exact size, for programs that others wrote to check. Never run
// on a store that matters.
//   fill --config FILE --registry DIR --size N   appends entries to the store of FILE, which no
//                                                gateway has open, until the log has N
//   empty --config FILE --out DIR                exports an empty log into DIR, serves it over
//   HTTP,
//                                                prints its URL and waits for the end of its input
// Entries go the way of every other one: through the committer, in its batches, into the store.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <limits>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "gateway/base/clock.h"
#include "gateway/base/random.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/audit_export.h"
#include "gateway/config.h"
#include "gateway/crypto/signing_key.h"
#include "gateway/http/listener.h"
#include "gateway/http/tiles.h"
#include "gateway/log/committer.h"
#include "gateway/registry/snapshot.h"
#include "gateway/store/sqlite.h"
#include "gateway/tlog/checkpoint.h"
#include "gateway/tlog/note_key.h"
#include "gateway/tlog/policy_file.h"

namespace {

using namespace chayan;

// Half of what the committer lets wait.
constexpr uint64_t kSubmittedMax = log::kQueuedEntriesMax / 2;

log::Entry ReadEntry(Clock& clock, Random& random) {
  log::Entry entry;
  entry.type = log::EntryType::kRead;
  entry.id = Uuid::Version7(clock.Now(), random);
  entry.member = "audit-office";
  entry.system = "auditor-1";
  entry.method = "ListEntries";
  return entry;
}

absl::Status Fill(const v1::GatewayConfig& config, const std::string& registry, uint64_t size) {
  SystemClock clock;
  SystemRandom random;
  CHAYAN_ASSIGN_OR_RETURN(const crypto::Ed25519Key key,
                          crypto::Ed25519Key::FromPemFile(config.log_key_file()));
  CHAYAN_ASSIGN_OR_RETURN(const auto store, store::SqliteStore::Open(config.store_file()));
  std::vector<std::string> faults;
  const auto snapshot = registry::Snapshot::Load(registry, &faults);
  if (!snapshot.ok()) return Annotate(snapshot.status(), absl::StrJoin(faults, "\n"));
  CHAYAN_ASSIGN_OR_RETURN(
      const auto committer,
      log::Committer::Create({config.gateway_name(), config.log_origin(), config.head_file()},
                             *store, key, clock, random,
                             store::RegistrySet{(*snapshot)->digest(), (*snapshot)->files()}));
  absl::Mutex mu;
  absl::Status failed;
  for (uint64_t now = committer->Status().size; now < size && failed.ok();) {
    const uint64_t count = std::min(kSubmittedMax, size - now);
    absl::BlockingCounter left(static_cast<int>(count));
    for (uint64_t i = 0; i < count; ++i) {
      committer->Submit({ReadEntry(clock, random), std::nullopt, std::nullopt,
                         [&](absl::StatusOr<log::Committed> committed) {
                           if (!committed.ok()) {
                             absl::MutexLock lock(&mu);
                             failed = committed.status();
                           }
                           left.DecrementCount();
                         }});
    }
    left.Wait();
    now += count;
  }
  CHAYAN_RETURN_IF_ERROR(failed);
  const uint64_t reached = committer->Status().size;
  committer->Stop();
  if (reached == size) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the log has ", reached, " entries already, more than ", size));
}

absl::Status Empty(const v1::GatewayConfig& config, const std::string& out) {
  CHAYAN_ASSIGN_OR_RETURN(crypto::Ed25519Key key,
                          crypto::Ed25519Key::FromPemFile(config.log_key_file()));
  const tlog::NoteSigner signer(config.log_origin(), tlog::KeyType::kEd25519,
                                std::make_shared<crypto::Ed25519Key>(std::move(key)));
  CHAYAN_ASSIGN_OR_RETURN(const std::string checkpoint, tlog::SignCheckpoint({}, signer));
  CHAYAN_ASSIGN_OR_RETURN(const tlog::Policy trust,
                          tlog::Policy::Parse(absl::StrCat("log ", signer.verifier_key().ToString(),
                                                           "\nquorum none\n")));
  cli::LogSource source;
  source.checkpoint = [&]() -> absl::StatusOr<std::string> { return checkpoint; };
  CHAYAN_RETURN_IF_ERROR(cli::ExportLog(out, trust, source).status());

  CHAYAN_ASSIGN_OR_RETURN(const auto store, store::SqliteStore::Open(config.store_file()));
  http::Tiles tiles(
      *store, [&] { return checkpoint; }, [](uint64_t) { return std::string(); });
  const SystemClock clock;
  CHAYAN_ASSIGN_OR_RETURN(const auto listener, http::Listener::Create({}, tiles.Routes(), clock));
  std::cout << "http://" << listener->address() << std::endl;
  std::cin.ignore(std::numeric_limits<std::streamsize>::max());
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Real logs of an exact size, to be checked by others' programs.",
               "chayan-sized-log");
  app.require_subcommand(1);
  std::string config_file, registry, out;
  uint64_t size = 0;
  CLI::App* fill = app.add_subcommand("fill", "append entries until the log has N");
  fill->add_option("--config", config_file, "settings; only store, head, origin and log key count")
      ->required();
  fill->add_option("--registry", registry, "registry folder of a new store")->required();
  fill->add_option("--size", size, "N")->required();
  CLI::App* empty = app.add_subcommand("empty", "export and serve a log without any entry");
  empty->add_option("--config", config_file, "settings, of a store that is not there yet")
      ->required();
  empty->add_option("--out", out, "folder of the export")->required();
  CLI11_PARSE(app, argc, argv);

  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  const auto loaded = LoadConfig(config_file);
  const absl::Status status = !loaded.ok()     ? loaded.status()
                              : fill->parsed() ? Fill(loaded->config, registry, size)
                                               : Empty(loaded->config, out);
  if (status.ok()) return 0;
  std::cerr << "chayan-sized-log: " << status.message() << std::endl;
  return 1;
}
