// What recording costs: entries a second and CPU time an entry, with and without the vault, at
// several numbers of entries in flight. One worker thread stands for the request threads; it
// submits an entry for each answer that comes back, as callers in a closed loop would.
//
//   committer_bench FOLDER [SECONDS]     FOLDER: on the disk to be measured
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "gateway/base/check.h"
#include "gateway/base/clock.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/base/random.h"
#include "gateway/crypto/signing_key.h"
#include "gateway/log/committer.h"
#include "gateway/log/vault.h"
#include "gateway/store/sqlite.h"

namespace chayan::log {
namespace {

double CpuSeconds() {
  rusage usage{};
  CHAYAN_CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

crypto::Digest DigestOf(uint8_t fill) {
  crypto::Digest digest;
  digest.bytes.fill(fill);
  return digest;
}

// An ordinary verification with all its keys.
Entry Verification() {
  Entry entry;
  entry.type = EntryType::kVerification;
  entry.member = "hro-taipei-zhongzheng";
  entry.system = "counter";
  entry.acting_for = "hro-taipei-zhongzheng";
  entry.cert = DigestOf(1);
  entry.method = "VerifyDocument";
  entry.kind = "land.title";
  entry.holder = "land-taipei";
  entry.purpose = "household.move";
  entry.basis = "household-act-68";
  entry.person_proof = "none";
  entry.grant = "hro-land-title";
  entry.registry = DigestOf(2);
  entry.outcome = "MATCH";
  entry.by = "holder";
  entry.ms = 12;
  entry.hsig = DigestOf(3);
  entry.c_req = entry.c_res = entry.c_detail = DigestOf(4);
  return entry;
}

// The worker's side: tokens that came back, to be submitted again.
class Tokens {
 public:
  explicit Tokens(size_t count) : ready_(count) {}
  void Return() {
    absl::MutexLock lock(&mu_);
    ++ready_;
    ++returned_;
  }
  size_t Take() {
    absl::MutexLock lock(&mu_);
    mu_.Await(absl::Condition(
        +[](Tokens* tokens) { return tokens->ready_ > 0; }, this));
    return std::exchange(ready_, 0);
  }
  uint64_t returned() {
    absl::MutexLock lock(&mu_);
    return returned_;
  }

 private:
  absl::Mutex mu_;
  size_t ready_;
  uint64_t returned_ = 0;
};

struct Sample {
  size_t in_flight;
  bool with_vault;
  absl::Duration duration;
};

void Measure(Committer& committer, Vault& vault, const Sample& sample) {
  SystemClock clock;
  SystemRandom random;
  Tokens tokens(sample.in_flight);
  const std::string request(409, 'q');
  const std::string response(558, 'a');
  const std::string detail(300, 'd');
  const Entry model = Verification();
  const uint64_t commits_before = committer.Status().commits;
  const double cpu_before = CpuSeconds();
  const absl::Duration start = clock.Elapsed();
  size_t open = 0;
  while (clock.Elapsed() - start < sample.duration) {
    open = tokens.Take();
    for (size_t i = 0; i < open; ++i) {
      Submission submission{.entry = model, .vault = {}, .registry = {}, .done = {}};
      submission.entry.id = Uuid::Version7(clock.Now(), random);
      if (sample.with_vault) {
        absl::StatusOr<VaultOutput> sealed =
            vault.Seal({.id = submission.entry.id,
                        .retention_class = v1::RETENTION_CLASS_FIVE_YEARS,
                        .request = request,
                        .response = response,
                        .detail = detail,
                        .subject = "A123456789",
                        .person = "hro-taipei-zhongzheng clerk-7",
                        .case_number = "115-0001234"});
        CHAYAN_CHECK(sealed.ok());
        submission.entry.c_req = sealed->c_req;
        submission.entry.c_res = sealed->c_res;
        submission.entry.c_detail = sealed->c_detail;
        submission.vault = std::move(sealed->row);
      }
      submission.done = [&tokens](absl::StatusOr<Committed> committed) {
        CHAYAN_CHECK(committed.ok());
        tokens.Return();
      };
      committer.Submit(std::move(submission));
    }
  }
  const double seconds = absl::ToDoubleSeconds(clock.Elapsed() - start);
  const double cpu = CpuSeconds() - cpu_before;
  const auto entries = static_cast<double>(tokens.returned());
  const CommitterStatus status = committer.Status();
  const auto commits = static_cast<double>(status.commits - commits_before);
  std::printf("%9zu  %-5s  %9.0f  %12.1f  %9.1f  %10u\n", sample.in_flight,
              sample.with_vault ? "yes" : "no", entries / seconds, 1e6 * cpu / entries,
              entries / commits, status.commit_p50_us);
  // All that is open refers to this frame: wait for the last.
  size_t home = 0;
  while (home < sample.in_flight) home += tokens.Take();
}

void MeasureSeal(Vault& vault) {
  constexpr int kRounds = 50000;
  SystemClock clock;
  SystemRandom random;
  const std::string request(409, 'q'), response(558, 'a'), detail(300, 'd');
  const Uuid id = Uuid::Version7(clock.Now(), random);
  const absl::Duration start = clock.Elapsed();
  for (int i = 0; i < kRounds; ++i) {
    CHAYAN_CHECK(vault
                     .Seal({.id = id,
                            .retention_class = v1::RETENTION_CLASS_FIVE_YEARS,
                            .request = request,
                            .response = response,
                            .detail = detail,
                            .subject = "A123456789",
                            .person = "hro-taipei-zhongzheng clerk-7",
                            .case_number = "115-0001234"})
                     .ok());
  }
  std::printf("vault: %.2f us a Seal\n",
              absl::ToDoubleMicroseconds(clock.Elapsed() - start) / kRounds);
}

void MeasureRender() {
  constexpr int kRounds = 200000;
  SystemClock clock;
  const Entry entry = Verification();
  size_t bytes = 0;
  const absl::Duration start = clock.Elapsed();
  for (int i = 0; i < kRounds; ++i) bytes += RenderUnstampedLeaf(entry, "gw-1").value().size();
  std::printf("leaf: %.2f us to write, %zu bytes\n",
              absl::ToDoubleMicroseconds(clock.Elapsed() - start) / kRounds, bytes / kRounds);
  const std::string leaf = RenderLeaf(entry, absl::UnixEpoch(), "gw-1");
  const absl::Duration parse_start = clock.Elapsed();
  for (int i = 0; i < kRounds; ++i) CHAYAN_CHECK(ParseLeaf(leaf).ok());
  std::printf("leaf: %.2f us to read\n",
              absl::ToDoubleMicroseconds(clock.Elapsed() - parse_start) / kRounds);
}

int Run(const std::string& folder, int seconds) {
  CHAYAN_CHECK(MakeDirectories(folder).ok());
  SystemClock clock;
  SystemRandom random;
  const std::string kek_file = folder + "/kek";
  CHAYAN_CHECK(WriteFile(kek_file, Base64Encode(crypto::Secret32(random).Expose()), 0600).ok());
  std::filesystem::remove_all(folder + "/keys");
  auto vault = Vault::Create(kek_file, folder + "/keys", clock, random);
  CHAYAN_CHECK(vault.ok());
  MeasureRender();
  MeasureSeal(**vault);
  for (const char* name : {"/bench.db", "/bench.db-wal", "/bench.db-shm", "/head"}) {
    std::filesystem::remove(folder + name);
  }
  auto store = store::SqliteStore::Open(folder + "/bench.db");
  CHAYAN_CHECK(store.ok());
  const crypto::Ed25519Key key = crypto::Ed25519Key::Generate(random);
  store::RegistrySet registry{.digest = {}, .files = {{"empty.textproto", ""}}};
  const Committer::Options options = {
      .gateway = "gw-1", .origin = "bench.example/log", .head_file = folder + "/head"};
  auto committer = Committer::Create(options, **store, key, clock, random, std::move(registry));
  CHAYAN_CHECK(committer.ok());
  std::printf("in flight  vault  entries/s  CPU us/entry  entries/commit  p50 us\n");
  for (const size_t in_flight : {1, 8, 64, 256}) {
    for (const bool with_vault : {false, true}) {
      Measure(
          **committer, **vault,
          {.in_flight = in_flight, .with_vault = with_vault, .duration = absl::Seconds(seconds)});
    }
  }
  const uint64_t size = (*committer)->Status().size;
  committer->reset();
  store->reset();
  const absl::Duration start = clock.Elapsed();
  store = store::SqliteStore::Open(folder + "/bench.db");
  CHAYAN_CHECK(store.ok());
  committer = Committer::Create(options, **store, key, clock, random, std::nullopt);
  CHAYAN_CHECK(committer.ok());
  std::printf("restart: %.1f ms at %llu entries\n",
              absl::ToDoubleMilliseconds(clock.Elapsed() - start),
              static_cast<unsigned long long>(size));
  return 0;
}

}  // namespace
}  // namespace chayan::log

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: committer_bench FOLDER [SECONDS]\n");
    return 2;
  }
  return chayan::log::Run(argv[1], argc > 2 ? std::atoi(argv[2]) : 3);
}
