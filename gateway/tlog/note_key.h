// Keys of signed notes (c2sp.org/signed-note): a name, a type byte and a public key, and the key id
// that follows from them. This file is the one place that knows what a type byte means: Ed25519
// (0x01) and Ed25519 cosignature/v1 (0x04) are made and verified; keys of other types are read and
// written as they are, and what they signed counts as signed by a stranger.
#ifndef CHAYAN_GATEWAY_TLOG_NOTE_KEY_H_
#define CHAYAN_GATEWAY_TLOG_NOTE_KEY_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/crypto/bytes.h"
#include "gateway/crypto/signing_key.h"

namespace chayan::tlog {

// c2sp.org/signed-note, "Signature types"; every other byte is possible too.
enum class KeyType : uint8_t {
  kEd25519 = 0x01,
  kEcdsa = 0x02,
  kCosignatureV1 = 0x04,
  kRfc6962TreeHead = 0x05,
  kMlDsa44Cosignature = 0x06,
};

// A key name is a host name with a path; this is longer than any of them.
inline constexpr size_t kKeyNameBytesMax = 255;
// An ML-DSA-44 key has 1312 bytes; this leaves room for the larger kinds.
inline constexpr size_t kKeyBytesMax = 4096;

// Not empty, UTF-8, no Unicode space, no '+', no control character, at most kKeyNameBytesMax.
bool IsValidKeyName(absl::string_view name);

uint32_t KeyIdOf(absl::string_view name, KeyType type, absl::string_view public_key);

class VerifierKey {
 public:
  // NAME+HEX+BASE64. Refuses a key id that does not follow from the rest.
  static absl::StatusOr<VerifierKey> Parse(absl::string_view vkey);
  // REQUIRES: a valid name.
  VerifierKey(absl::string_view name, KeyType type, absl::string_view public_key);

  const std::string& name() const { return name_; }
  KeyType type() const { return type_; }
  uint32_t id() const { return id_; }
  const std::string& public_key() const { return public_key_; }
  std::string ToString() const;

  // This build can tell good signatures of this type from bad ones.
  bool CanVerify() const;
  // `signature`: the bytes after the key id. A valid cosignature gives its POSIX seconds, another
  // valid signature 0; an invalid one, or one of a type that cannot be verified, nothing.
  std::optional<uint64_t> Verify(absl::string_view text, absl::string_view signature) const;

  bool operator==(const VerifierKey&) const = default;

 private:
  std::string name_;
  KeyType type_;
  uint32_t id_;
  std::string public_key_;
};

// Makes signature lines under a name. Holds the key; thread-safe if the key is.
class NoteSigner {
 public:
  // REQUIRES: a valid name; `type` is kEd25519 or kCosignatureV1.
  NoteSigner(absl::string_view name, KeyType type, std::shared_ptr<const crypto::Signer> key);
  // Go's form: PRIVATE+KEY+NAME+HEX+BASE64 of the type byte and the 32 byte seed.
  static absl::StatusOr<NoteSigner> ParsePrivate(absl::string_view text);

  const VerifierKey& verifier_key() const { return verifier_key_; }

  // The signature line over the text of a note, ending in a newline. REQUIRES: type kEd25519.
  absl::StatusOr<std::string> Sign(absl::string_view text) const;
  // Likewise, a cosignature at `posix_seconds`. REQUIRES: type kCosignatureV1.
  absl::StatusOr<std::string> Cosign(absl::string_view text, uint64_t posix_seconds) const;

 private:
  std::string Line(absl::string_view signature) const;

  VerifierKey verifier_key_;
  std::shared_ptr<const crypto::Signer> key_;
};

}  // namespace chayan::tlog

#endif  // CHAYAN_GATEWAY_TLOG_NOTE_KEY_H_
