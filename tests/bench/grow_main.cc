// chayan-bench-grow: makes a log long without asking. Appends entries to the store of a gateway
// that is stopped, in large transactions and with every tile and hash as the gateway would have
// written them, until it has SIZE. The entries have the form and length of ordinary verifications
// and vault rows of the usual length; nobody asked what they say, so they are for measuring alone.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <string>
#include <utility>

#include "gateway/base/check.h"
#include "gateway/base/clock.h"
#include "gateway/base/random.h"
#include "gateway/base/status_macros.h"
#include "gateway/log/entry.h"
#include "gateway/log/tree_reader.h"
#include "gateway/store/sqlite.h"
#include "gateway/tlog/merkle.h"

namespace chayan::bench {
namespace {

// Entries of one transaction: enough that its sync does not count, some 30 MB in memory.
constexpr uint64_t kBatchEntries = 20'000;
constexpr char kGateway[] = "gw-1";
// Of a vault row, as an ordinary verification makes it.
constexpr size_t kWrappedSecretBytes = 60, kSealedDetailBytes = 330, kTagBytes = 48;

class Entries {
 public:
  Entries() {
    entry_.type = log::EntryType::kVerification;
    entry_.member = entry_.acting_for = "hro-shanhua";
    entry_.system = "counter";
    entry_.method = "VerifyDocument";
    entry_.kind = "land.title";
    entry_.holder = "land-ad";
    entry_.purpose = "household.move";
    entry_.basis = "household-act-68";
    entry_.person_proof = "none";
    entry_.grant = "shanhua-land-title";
    entry_.outcome = "MATCH";
    entry_.by = "holder";
    entry_.ms = 5;
    entry_.cert = NewDigest();
    entry_.registry = NewDigest();
  }

  store::NewEntry Make(absl::Time now) {
    entry_.id = Uuid::Version7(now, random_);
    entry_.hsig = NewDigest();
    entry_.c_req = NewDigest();
    entry_.c_res = NewDigest();
    entry_.c_detail = NewDigest();
    return {.leaf = log::RenderLeaf(entry_, now, kGateway),
            .vault = store::VaultRow{.key_id = "2026-11.five-years",
                                     .wrapped_secret = NewBytes(kWrappedSecretBytes),
                                     .sealed_detail = NewBytes(kSealedDetailBytes),
                                     .tags = NewBytes(kTagBytes)}};
  }

  template <size_t size>
  void Fill(std::array<uint8_t, size>& bytes) {
    random_.Fill(bytes);
  }

 private:
  crypto::Digest NewDigest() {
    crypto::Digest digest;
    random_.Fill(digest.bytes);
    return digest;
  }
  std::string NewBytes(size_t size) {
    std::string bytes(size, '\0');
    random_.Fill({reinterpret_cast<uint8_t*>(bytes.data()), size});
    return bytes;
  }

  SystemRandom random_;
  log::Entry entry_;
};

absl::Status Grow(const std::string& path, uint64_t size) {
  CHAYAN_ASSIGN_OR_RETURN(const auto store, store::SqliteStore::Open(path));
  CHAYAN_ASSIGN_OR_RETURN(store::Head head, store->ReadHead());
  if (head.size == 0)
    return absl::FailedPreconditionError("the store is new: start a gateway once");
  CHAYAN_ASSIGN_OR_RETURN(tlog::RightEdge edge, log::RecoverEdge(*store, head));
  CHAYAN_ASSIGN_OR_RETURN(auto tree, tlog::CompactRange::FromPeaks(head.size, head.peaks));
  Entries entries;
  while (head.size < size) {
    store::Batch batch;
    std::vector<tlog::Hash> hashes;
    // One reading for all: the log's time never falls, and the clock might step back.
    const int64_t now_ms = std::max(head.time_ms, absl::ToUnixMillis(SystemClock().Now()));
    for (uint64_t i = std::min(kBatchEntries, size - head.size); i > 0; --i) {
      batch.entries.push_back(entries.Make(absl::FromUnixMillis(now_ms)));
      hashes.push_back(tlog::LeafHash(batch.entries.back().leaf));
      tree.Append(hashes.back());
    }
    for (auto& [tile, bytes] : edge.Append(hashes)) {
      batch.tiles.push_back({.level = tile.level, .index = tile.index, .hashes = std::move(bytes)});
    }
    store::Head next{.size = tree.size(), .peaks = tree.peaks(), .time_ms = now_ms, .batch = {}};
    entries.Fill(next.batch);
    CHAYAN_RETURN_IF_ERROR(store->Append(head, batch, next).cause);
    head = std::move(next);
    CHAYAN_RETURN_IF_ERROR(store->Maintain());
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace chayan::bench

int main(int argc, char** argv) {
  std::string store;
  uint64_t size = 0;
  CLI::App app("Appends entries to the store of a stopped gateway until it has SIZE.",
               "chayan-bench-grow");
  app.add_option("--store", store, "The store file")->required();
  app.add_option("--size", size, "Entries it is to have")->required();
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = chayan::bench::Grow(store, size);
  if (status.ok()) return 0;
  std::cerr << "chayan-bench-grow: " << status.message() << std::endl;
  return 1;
}
