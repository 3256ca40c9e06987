// The one writer of the log in this process: takes all that waits, appends it in one transaction,
// signs the checkpoint after the commit, and only then lets answers go, each with its proof. See
// log-format 2.3 for the order and why.
#ifndef CHAYAN_GATEWAY_LOG_COMMITTER_H_
#define CHAYAN_GATEWAY_LOG_COMMITTER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/base/clock.h"
#include "gateway/base/random.h"
#include "gateway/crypto/signing_key.h"
#include "gateway/log/entry.h"
#include "gateway/log/vault.h"
#include "gateway/metrics/page.h"
#include "gateway/metrics/stages.h"
#include "gateway/store/store.h"
#include "gateway/tlog/tile.h"

namespace chayan::log {

// What a waiter learns when its entry is durable and covered by a signed checkpoint.
struct Committed {
  uint64_t index;
  std::string leaf;
  std::string tlog_proof;  // c2sp.org/tlog-proof@v1
};

// An entry to be recorded. `done` runs once, on the committer's thread, in the order of the log; it
// must only hand over (post to a worker) and return. With an error the caller is answered
// UNAVAILABLE, whatever it says: the entry was not recorded or, when the outcome of a commit could
// not be learned, may have been; no receipt exists. But ALREADY_EXISTS and ABORTED say that
// `change` did not apply to the notices as they stand by then, and that nothing was recorded: plan
// anew.
struct Submission {
  Entry entry;
  std::optional<store::VaultRow> vault;
  std::optional<store::RegistrySet> registry;
  absl::AnyInvocable<void(absl::StatusOr<Committed>)> done;
  // What goes and changes with the entry, in its transaction.
  std::vector<uint64_t> erasures{};
  std::vector<store::Record> records{};
  // What the entry does to notices, in the same transaction. REQUIRES: the store keeps notices.
  std::shared_ptr<const store::NoticeChange> change{};
  // What the entry counts, in the same transaction.
  std::vector<store::Tally> tallies{};
};

// Entries that may wait; beyond it Submit refuses. At 2 KiB each this is 16 MiB.
inline constexpr size_t kQueuedEntriesMax = 8192;
// Entries a transaction takes.
inline constexpr size_t kBatchEntriesMax = 512;

struct CommitterStatus {
  uint64_t size = 0;
  size_t queued = 0;
  uint64_t commits = 0;
  uint32_t commit_p50_us = 0;
  std::vector<std::string> keys;  // verifier keys that the log has now
  std::string fault;              // empty when the last commit went well
  bool stopped_by_fault = false;  // nothing is taken any more until the process starts anew
  std::string hold;               // why nothing but the operator's entries is taken; see Hold
};

// Thread-safe.
class Committer {
 public:
  struct Options {
    std::string gateway;  // leaf key "gw"
    std::string origin;
    std::string head_file;  // guard on another path than the store: a store behind it is refused
    // The log's next key, which overlaps `signer`; see checkpoint_signer.h. May be null; outlives
    // the committer.
    const crypto::Signer* next_signer = nullptr;
    // Runs what calls the `done`s of a batch, so that all of them share a wake-up. Empty: as it is.
    std::function<void(absl::FunctionRef<void()> release)> release_scope{};
    metrics::Stages* stages = nullptr;  // may be null; outlives the committer
    // Of a log that goes on for another: its `reopen` entry, which stands behind the genesis entry.
    std::optional<Entry> reopening{};
  };
  // Reads the head, refuses a store behind the guard file or of another log, signs the checkpoint,
  // records which keys come and go, starts the threads. `bootstrap`, for an empty store, is
  // recorded by the genesis entry; without it an empty store is refused; a store that is not empty
  // ignores it. The references outlive the committer. From here on the committer alone appends, and
  // it calls store.Maintain() every second.
  static absl::StatusOr<std::unique_ptr<Committer>> Create(
      Options options, store::Store& store, const crypto::Signer& signer, Clock& clock,
      Random& random, std::optional<store::RegistrySet> bootstrap);
  virtual ~Committer() = default;

  // Hands an entry over. Refuses (done is called before Submit returns) with UNAVAILABLE when the
  // queue is full or the log cannot be written, with INTERNAL when the entry breaks the table of
  // entry types. Never waits for the disk.
  virtual void Submit(Submission submission) = 0;
  // The newest signed checkpoint, a signed note.
  virtual std::string Checkpoint() const = 0;
  // The keys that the log has and had, in the file form of key_chain.h.
  virtual std::string LogKeys() const = 0;
  virtual CommitterStatus Status() const = 0;
  // The tree of the newest checkpoint, for proofs (tree_reader.h). Immutable.
  virtual std::shared_ptr<const tlog::RightEdge> Edge() const = 0;
  // Refuses, from here on, all entries but those by which the operator is seen to act (operator,
  // registry): what leaves would lack what the witness policy asks for, and the operator must be
  // able to look and to change the policy. Refused with FAILED_PRECONDITION. An empty cause takes
  // everything again.
  virtual void Hold(std::string cause) = 0;
  // Why an entry of a caller would be refused now, or OK: a holder is not asked what could not be
  // recorded. FAILED_PRECONDITION while the log is held. Cheap.
  virtual absl::Status CheckTaking() const = 0;
  // There is proof of a second history: nothing is signed any more, and the process must end.
  virtual void Condemn(const absl::Status& proof) = 0;
  // Proof of entry `index` under the newest checkpoint. OUT_OF_RANGE when there is none.
  virtual absl::StatusOr<Committed> Prove(uint64_t index) = 0;
  // Adds what it counted and holds. What stands in for it in a test counts nothing.
  virtual void AddMetrics(metrics::Page&) const {}
  // Commits what waits, then stops the thread. Later submissions are refused.
  virtual void Stop() = 0;
};

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_COMMITTER_H_
