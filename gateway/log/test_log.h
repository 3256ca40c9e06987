// A committer with all it needs, and a reader that trusts nothing of it. For tests alone.
#ifndef CHAYAN_GATEWAY_LOG_TEST_LOG_H_
#define CHAYAN_GATEWAY_LOG_TEST_LOG_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "gateway/base/check.h"
#include "gateway/base/clock.h"
#include "gateway/base/random.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/signing_key.h"
#include "gateway/log/committer.h"
#include "gateway/log/entry.h"
#include "gateway/store/store.h"
#include "gateway/tlog/checkpoint.h"
#include "gateway/tlog/proof_file.h"
#include "gateway/tlog/tile.h"

namespace chayan::log {

inline constexpr char kTestOrigin[] = "gateway.example/log/test";

inline crypto::Ed25519Key TestKey(uint64_t seed = 1) {
  SeededRandom random(seed);
  return crypto::Ed25519Key::Generate(random);
}

inline tlog::VerifierKey TestVerifierKey(const crypto::Ed25519Key& key) {
  return tlog::VerifierKey(kTestOrigin, tlog::KeyType::kEd25519, key.public_key());
}

inline store::RegistrySet TestRegistry() {
  store::RegistrySet set{.digest = {},
                         .files = {{"a.textproto", "members {}"}, {"b.textproto", ""}}};
  set.digest.bytes.fill(0x42);
  return set;
}

inline Entry TestEntry(const std::string& reason) {
  Entry entry;
  entry.type = EntryType::kDenied;
  entry.member = "hro-taipei";
  entry.reason = reason;
  return entry;
}

// What submissions came to, in the order in which they were told.
class Outcomes {
 public:
  Submission Expect(Entry entry, std::optional<store::VaultRow> vault = std::nullopt) {
    absl::MutexLock lock(&mu_);
    ++expected_;
    return {.entry = std::move(entry),
            .vault = std::move(vault),
            .registry = std::nullopt,
            .done = [this](absl::StatusOr<Committed> result) {
              absl::MutexLock done_lock(&mu_);
              results_.push_back(std::move(result));
            }};
  }
  // Waits until all are told. The bound only ends a test that would hang.
  std::vector<absl::StatusOr<Committed>> Wait() {
    absl::MutexLock lock(&mu_);
    const auto all = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
      return results_.size() >= expected_;
    };
    CHAYAN_CHECK(mu_.AwaitWithTimeout(absl::Condition(&all), absl::Minutes(2)));
    expected_ = 0;
    return std::exchange(results_, {});
  }

 private:
  absl::Mutex mu_;
  size_t expected_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<absl::StatusOr<Committed>> results_ ABSL_GUARDED_BY(mu_);
};

inline absl::StatusOr<Committed> SubmitOne(Committer& committer, Entry entry) {
  Outcomes outcomes;
  committer.Submit(outcomes.Expect(std::move(entry)));
  return outcomes.Wait()[0];
}

// The receipt's leaf is under a checkpoint that the key signed, at its index.
inline absl::StatusOr<tlog::TreeHead> CheckReceipt(const Committed& committed,
                                                   const tlog::VerifierKey& key) {
  CHAYAN_ASSIGN_OR_RETURN(const tlog::ProofFile proof, tlog::ParseProofFile(committed.tlog_proof));
  if (proof.index != committed.index) return absl::DataLossError("proof of another index");
  CHAYAN_ASSIGN_OR_RETURN(const tlog::Checkpoint checkpoint,
                          tlog::OpenCheckpoint(proof.checkpoint, key));
  CHAYAN_RETURN_IF_ERROR(tlog::VerifyInclusion(committed.index, checkpoint.head.size,
                                               tlog::LeafHash(committed.leaf), proof.path,
                                               checkpoint.head.root));
  return checkpoint.head;
}

// Reads the whole log as an auditor would: every leaf parses, times never fall, all full tiles and
// the peaks are those of the leaves. Returns the leaves.
inline absl::StatusOr<std::vector<std::string>> CheckWholeLog(store::Store& store) {
  CHAYAN_ASSIGN_OR_RETURN(const store::Head head, store.ReadHead());
  std::vector<std::string> leaves;
  tlog::CompactRange tree;
  tlog::RightEdge edge;
  absl::Time last = absl::InfinitePast();
  while (leaves.size() < head.size) {
    CHAYAN_ASSIGN_OR_RETURN(std::vector<std::string> some,
                            store.ReadLeaves(leaves.size(), 1000, 1 << 20));
    for (std::string& leaf : some) {
      CHAYAN_ASSIGN_OR_RETURN(const ParsedLeaf parsed, ParseLeaf(leaf));
      if (parsed.time < last) return absl::DataLossError("an entry's time fell");
      last = parsed.time;
      const tlog::Hash hash = tlog::LeafHash(leaf);
      tree.Append(hash);
      for (const auto& [tile, bytes] : edge.Append({&hash, 1})) {
        CHAYAN_ASSIGN_OR_RETURN(const std::string stored, store.ReadTile(tile.level, tile.index));
        if (stored != bytes) return absl::DataLossError("a tile is not that of its leaves");
      }
      leaves.push_back(std::move(leaf));
    }
  }
  if (leaves.size() != head.size) return absl::DataLossError("entries behind the head");
  if (tree.peaks() != head.peaks) return absl::DataLossError("the head is not that of the leaves");
  if (!leaves.empty() && absl::ToUnixMillis(last) != head.time_ms) {
    return absl::DataLossError("the head's time is not that of the last entry");
  }
  return leaves;
}

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_TEST_LOG_H_
