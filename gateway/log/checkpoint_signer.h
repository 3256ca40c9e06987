// Signs the log's checkpoints with the keys that the log has: one, or two while the new one
// overlaps the old. Which keys those are stands in the log and nowhere else (key_chain.h); the
// settings say which keys this gateway holds. Where the two differ, the settings are what is to
// become: a key that the log does not know yet is announced, one that is no longer held is retired.
//
// So a rotation is: add the new key to the settings and start anew; later take the old one out and
// start anew. Each start does what is missing, so one that died halfway is simply repeated.
#ifndef CHAYAN_GATEWAY_LOG_CHECKPOINT_SIGNER_H_
#define CHAYAN_GATEWAY_LOG_CHECKPOINT_SIGNER_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/crypto/signing_key.h"
#include "gateway/log/entry.h"
#include "gateway/log/key_chain.h"
#include "gateway/store/store.h"
#include "gateway/tlog/merkle.h"
#include "gateway/tlog/note_key.h"

namespace chayan::log {

// What the log in a store, which is not empty, says of its keys.
absl::StatusOr<KeyChain> ReadKeyChain(store::Store& store);

// Not thread-safe but for const methods.
class CheckpointSigner {
 public:
  // For a new log, of which keys[0] will be the first key. REQUIRES: one or two keys, which outlive
  // it; a valid origin.
  CheckpointSigner(const std::string& origin, std::vector<const crypto::Signer*> keys);

  // Takes over the keys that the log in `store`, which is not empty, says it has.
  // FAILED_PRECONDITION when it is another log, when none of its keys is held, or when one is held
  // that it took away.
  absl::Status Follow(store::Store& store);

  // What the log must record next so that it has exactly the keys that are held; nothing when it
  // does. Its signature is made here.
  absl::StatusOr<std::optional<Entry>> NextChange() const;
  // The genesis entry, or a change, stands in the log: from now on its keys sign.
  absl::Status Recorded(uint64_t index, const std::string& leaf);

  // A signed note, with a signature by each key that the log has and this gateway holds.
  absl::StatusOr<std::string> Sign(const tlog::TreeHead& head) const;

  // Of the first key that signs.
  std::string verifier_key() const;
  // All that this log has and had, and those that are held: by them an old guard file may be
  // signed.
  std::vector<tlog::VerifierKey> KnownKeys() const;
  // REQUIRES: the log is not empty.
  const KeyChain& chain() const { return *chain_; }

 private:
  struct Held {
    tlog::NoteSigner note_signer;
    const crypto::Signer* key;
    bool signs;
  };
  absl::Status Adopt(KeyChain chain);
  absl::StatusOr<Entry> Change(const char* reason, const tlog::VerifierKey& key,
                               const Held& by) const;

  const std::string origin_;
  std::vector<Held> held_;
  std::optional<KeyChain> chain_;
};

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_CHECKPOINT_SIGNER_H_
