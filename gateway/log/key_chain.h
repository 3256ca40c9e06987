// The keys of a log over its life, as the log itself tells them: the genesis entry names the first,
// and each `key` entry, signed by a key that the log has then, brings one or takes one away.
// Whoever trusts one of them can follow the entries to the others, with no word of the operator.
//
// A `key` entry's `sig` is Ed25519 over "chayan/log-key/v1\0" || reason || "\0" || vkey. No
// checkpoint holds a NUL, so neither signature can be taken for the other.
//
// The file form (`log-keys` of an export): a line "INDEX LEAF\n" for the genesis entry and each
// `key` entry, in the order of the log. It proves itself, up to the key that one trusts already.
//
// Target chayan_key_chain: no store, no writer; the offline verifier links it.
#ifndef CHAYAN_GATEWAY_LOG_KEY_CHAIN_H_
#define CHAYAN_GATEWAY_LOG_KEY_CHAIN_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/tlog/note_key.h"
#include "gateway/tlog/policy_file.h"

namespace chayan::log {

inline constexpr char kKeyAdded[] = "KEY_ADDED";
inline constexpr char kKeyRetired[] = "KEY_RETIRED";
// Keys that a log has at one time: the one and its successor.
inline constexpr size_t kLogKeysMax = 2;
// Name of the file form in an export.
inline constexpr char kLogKeysFile[] = "log-keys";

// What the signature of a `key` entry is over.
std::string KeyStatement(absl::string_view reason, absl::string_view vkey);

struct ChainedEntry {
  uint64_t index = 0;
  std::string leaf;
};

class KeyChain {
 public:
  struct Key {
    tlog::VerifierKey key;
    uint64_t since = 0;                  // index of the entry that brought it
    std::optional<uint64_t> until{};     // index of the entry that took it away
    std::optional<size_t> brought_by{};  // which key signed for it; nothing for the first
  };

  // INVALID_ARGUMENT, naming the entry, when they are not the chain of one log: the first is a
  // genesis entry, each other one a `key` entry that is rightly signed and changes something.
  static absl::StatusOr<KeyChain> Read(std::vector<ChainedEntry> entries);
  static absl::StatusOr<KeyChain> Parse(absl::string_view file);

  // The file form; of the entries before `size` alone.
  std::string Format(uint64_t size = UINT64_MAX) const;

  const std::vector<ChainedEntry>& entries() const { return entries_; }
  const std::vector<Key>& keys() const { return keys_; }
  const std::string& origin() const { return keys_[0].key.name(); }
  bool Has(const tlog::VerifierKey& key) const;
  bool IsActive(const tlog::VerifierKey& key) const;
  std::vector<std::string> ActiveKeys() const;

  // The policy with a `log` line more for each key to which the chain leads from a log of the
  // policy, and each retired key held to the sizes at which the log had it; the same policy when
  // the chain leads from none.
  tlog::Policy Follow(tlog::Policy policy) const;

 private:
  absl::Status Add(const ChainedEntry& entry);

  std::vector<ChainedEntry> entries_;
  std::vector<Key> keys_;
};

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_KEY_CHAIN_H_
