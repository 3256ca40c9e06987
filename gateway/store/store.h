// What must last, in our own operations. Implementations: sqlite (in the process, one gateway) and
// postgres. Every promise here is a test of the conformance suite, which each implementation runs.
#ifndef CHAYAN_GATEWAY_STORE_STORE_H_
#define CHAYAN_GATEWAY_STORE_STORE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/crypto/digest.h"
#include "gateway/store/erasures.h"
#include "gateway/store/notice_change.h"
#include "gateway/store/notices.h"
#include "gateway/store/publications.h"
#include "gateway/store/records.h"
#include "gateway/store/search_index.h"
#include "gateway/store/tallies.h"
#include "gateway/tlog/merkle.h"
#include "gateway/tlog/tile.h"

namespace chayan::store {

// The committed end of the log. Changes only by Append.
struct Head {
  uint64_t size = 0;
  std::vector<crypto::Digest> peaks;  // of the tree of `size` leaves, left to right
  int64_t time_ms = 0;                // of the last entry, Unix milliseconds
  std::array<uint8_t, 16> batch{};    // id of the batch that made it; settles an unknown outcome
};

// The erasable side of one entry.
struct VaultRow {
  std::string key_id;          // which (month, class) key wraps it: "2026-11.five-years"
  std::string wrapped_secret;  // nonce || AES-256-GCM(s) || tag
  std::string sealed_detail;   // AES-256-GCM(EntryDetail) || tag
  std::string tags;            // search tags, 16 bytes each: subject, person, case; see log-format
};

struct NewEntry {
  std::string leaf;
  std::optional<VaultRow> vault;
  // Entries whose vault rows, with their search tags, are erased by this one; of those that have
  // none (any more) nothing is said.
  std::vector<uint64_t> erasures{};
  // Records that change with it.
  std::vector<Record> records{};
  // What the entry does to notices; only where the store keeps them.
  std::shared_ptr<const NoticeChange> change{};
  // What it counts.
  std::vector<Tally> tallies{};
};

// A full tile that the batch completed.
struct NewTile {
  uint32_t level;
  uint64_t index;
  std::string hashes;  // 256 * 32 bytes
};

// A registry set that takes effect with a batch.
struct RegistrySet {
  crypto::Digest digest;
  std::vector<std::pair<std::string, std::string>> files;
};

struct Batch {
  std::vector<NewEntry> entries;
  std::vector<NewTile> tiles;
  std::optional<RegistrySet> registry;
  // Indexes of entries in the batch that a start must find again without reading the whole log:
  // those by which log keys came and went.
  std::vector<uint64_t> landmarks;
};

// Append's two tempers. kFailed: nothing of the batch is in the store and the next batch may go on.
// kUnknown: it may or may not be; only reading the head again tells (compare Head::batch).
enum class AppendResult { kCommitted, kFailed, kUnknown };
struct Appended {
  AppendResult result;
  absl::Status cause;  // OK when committed
  // With kFailed: the entry of the batch whose change does not apply to what stands. Without it the
  // rest may be appended. The cause is ALREADY_EXISTS (the request key is taken) or ABORTED.
  std::optional<size_t> conflict{};
};

// Thread-safe; Append by one thread at a time.
class Store {
 public:
  virtual ~Store() = default;

  virtual absl::StatusOr<Head> ReadHead() = 0;
  // One transaction, durable when it returns kCommitted: the entries at old.size, old.size + 1, …,
  // their vault rows, what they change of notices and count, the tiles, the registry set, the
  // landmarks, and the head, which must still be `old`.
  virtual Appended Append(const Head& old, const Batch& batch, const Head& next) = 0;

  // Leaves first, first + 1, … of at most `count` and at least one leaf, and at most `bytes_max`
  // beyond the first. OUT_OF_RANGE when there is no entry `first`.
  virtual absl::StatusOr<std::vector<std::string>> ReadLeaves(uint64_t first, uint64_t count,
                                                              uint64_t bytes_max) = 0;
  // A full tile. NOT_FOUND when it is not complete.
  virtual absl::StatusOr<std::string> ReadTile(uint32_t level, uint64_t index) = 0;
  // NOT_FOUND when the entry has none (any more).
  virtual absl::StatusOr<VaultRow> ReadVault(uint64_t index) = 0;

  // The landmarks of all batches, in order.
  virtual absl::StatusOr<std::vector<uint64_t>> ReadLandmarks() = 0;

  // Tallies of a kind whose key is greater than `after`, in the order of their keys; at most
  // `count_max`. None where the engine keeps none.
  virtual absl::StatusOr<std::vector<KeptTally>> ReadTallies(TallyKind, absl::string_view /*after*/,
                                                             size_t /*count_max*/) {
    return std::vector<KeptTally>();
  }

  // The set in force; NOT_FOUND in a new store.
  virtual absl::StatusOr<RegistrySet> ReadCurrentRegistry() = 0;
  // NOT_FOUND when no such set was ever in force.
  virtual absl::StatusOr<RegistrySet> ReadRegistry(const crypto::Digest& digest) = 0;

  // What was published of the log. Lives as long as the store; null where the engine keeps none.
  virtual Publications* publications() { return nullptr; }
  // What the audit searches and keeps, and how what was erased is made to be gone. Each lives as
  // long as the store; null where the engine has none, and then no batch brings erasures or
  // records.
  virtual SearchIndex* search_index() { return nullptr; }
  virtual Records* records() { return nullptr; }
  virtual Erasures* erasures() { return nullptr; }
  // Notices and deliveries, in the same way.
  virtual Notices* notices() { return nullptr; }

  // Work off the commit path, such as SQLite's checkpoint. Called by a thread of its own every
  // second, and more often under load.
  virtual absl::Status Maintain() = 0;
};

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_STORE_H_
