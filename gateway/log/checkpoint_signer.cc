#include "gateway/log/checkpoint_signer.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/status_macros.h"
#include "gateway/tlog/checkpoint.h"
#include "gateway/tlog/note.h"

namespace chayan::log {
absl::StatusOr<KeyChain> ReadKeyChain(store::Store& store) {
  CHAYAN_ASSIGN_OR_RETURN(std::vector<uint64_t> indexes, store.ReadLandmarks());
  indexes.insert(indexes.begin(), 0);
  std::vector<ChainedEntry> entries;
  for (const uint64_t index : indexes) {
    CHAYAN_ASSIGN_OR_RETURN(std::vector<std::string> leaves, store.ReadLeaves(index, 1, 0));
    entries.push_back({index, std::move(leaves[0])});
  }
  return KeyChain::Read(std::move(entries));
}

CheckpointSigner::CheckpointSigner(const std::string& origin,
                                   std::vector<const crypto::Signer*> keys)
    : origin_(origin) {
  CHAYAN_CHECK(!keys.empty() && keys.size() <= kLogKeysMax);
  for (const crypto::Signer* key : keys) {
    // Not owned: the caller keeps it.
    const std::shared_ptr<const crypto::Signer> shared(std::shared_ptr<void>(), key);
    held_.push_back({tlog::NoteSigner(origin, tlog::KeyType::kEd25519, shared), key, false});
  }
  held_[0].signs = true;
}

absl::Status CheckpointSigner::Follow(store::Store& store) {
  absl::StatusOr<KeyChain> chain = ReadKeyChain(store);
  if (!chain.ok()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the log in the store does not tell its keys, so it is not a log of a gateway or was "
        "changed: ",
        chain.status().message()));
  }
  return Adopt(*std::move(chain));
}

absl::Status CheckpointSigner::Adopt(KeyChain chain) {
  bool any = false;
  for (Held& held : held_) {
    const tlog::VerifierKey& key = held.note_signer.verifier_key();
    held.signs = chain.IsActive(key);
    any = any || held.signs;
    if (chain.Has(key) && !held.signs) {
      return absl::FailedPreconditionError(
          absl::StrCat("the log retired the key ", key.ToString(),
                       " and it can never return: name the key that followed it, or a new one"));
    }
  }
  if (!any) {
    std::string active;
    for (const KeyChain::Key& key : chain.keys()) {
      if (!key.until.has_value()) absl::StrAppend(&active, " ", key.key.ToString());
    }
    return absl::FailedPreconditionError(absl::StrCat(
        "the log in the store was begun as ", chain.origin(), " and has the key", active,
        ", this gateway would continue it as ", origin_, " with key ", verifier_key(),
        ": name the origin with which the log was begun and a key that it has"));
  }
  chain_ = std::move(chain);
  return absl::OkStatus();
}

absl::StatusOr<Entry> CheckpointSigner::Change(const char* reason, const tlog::VerifierKey& key,
                                               const Held& by) const {
  Entry entry;
  entry.type = EntryType::kKey;
  entry.reason = reason;
  entry.vkey = key.ToString();
  CHAYAN_ASSIGN_OR_RETURN(entry.sig, by.key->Sign(KeyStatement(reason, entry.vkey)));
  return entry;
}

absl::StatusOr<std::optional<Entry>> CheckpointSigner::NextChange() const {
  const Held* signer = nullptr;
  const Held* new_key = nullptr;
  for (const Held& held : held_) (held.signs ? signer : new_key) = &held;
  CHAYAN_CHECK(signer != nullptr);
  // First what goes: a log has never three keys.
  for (const KeyChain::Key& key : chain_->keys()) {
    if (key.until.has_value()) continue;
    bool is_held = false;
    for (const Held& held : held_) is_held = is_held || held.note_signer.verifier_key() == key.key;
    if (!is_held) return Change(kKeyRetired, key.key, *signer);
  }
  if (new_key == nullptr) return std::nullopt;
  return Change(kKeyAdded, new_key->note_signer.verifier_key(), *signer);
}

absl::Status CheckpointSigner::Recorded(uint64_t index, const std::string& leaf) {
  std::vector<ChainedEntry> entries;
  if (chain_.has_value()) entries = chain_->entries();
  entries.push_back({index, leaf});
  CHAYAN_ASSIGN_OR_RETURN(KeyChain chain, KeyChain::Read(std::move(entries)));
  return Adopt(std::move(chain));
}

absl::StatusOr<std::string> CheckpointSigner::Sign(const tlog::TreeHead& head) const {
  const std::string text =
      tlog::FormatCheckpoint({.origin = origin_, .head = head, .extensions = {}});
  std::string lines;
  for (const Held& held : held_) {
    if (!held.signs) continue;
    CHAYAN_ASSIGN_OR_RETURN(const std::string line, held.note_signer.Sign(text));
    lines.append(line);
  }
  return tlog::FormatNote(text, lines);
}

std::string CheckpointSigner::verifier_key() const {
  for (const Held& held : held_) {
    if (held.signs) return held.note_signer.verifier_key().ToString();
  }
  return held_[0].note_signer.verifier_key().ToString();
}

std::vector<tlog::VerifierKey> CheckpointSigner::KnownKeys() const {
  std::vector<tlog::VerifierKey> keys;
  if (chain_.has_value()) {
    for (const KeyChain::Key& key : chain_->keys()) keys.push_back(key.key);
  }
  for (const Held& held : held_) {
    if (!chain_.has_value() || !chain_->Has(held.note_signer.verifier_key())) {
      keys.push_back(held.note_signer.verifier_key());
    }
  }
  return keys;
}

}  // namespace chayan::log
