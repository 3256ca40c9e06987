#include "gateway/tlog/note_key.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "gateway/base/check.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/digest.h"
#include "gateway/tlog/cosignature.h"
#include "gateway/tlog/note.h"

namespace chayan::tlog {
namespace {

constexpr absl::string_view kPrivateKeyStart = "PRIVATE+KEY+";

// The white space of Unicode (property White_Space) beyond ASCII, in UTF-8.
constexpr absl::string_view kUnicodeSpaces[] = {
    "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81",
    "\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86",
    "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8",
    "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"};

// The parts of NAME+HEX+BASE64. The base64 alphabet has a '+' too, the others have none.
struct KeyText {
  absl::string_view name;
  uint32_t id = 0;
  KeyType type{};
  std::string bytes;  // After the type byte.
};

absl::StatusOr<KeyText> SplitKeyText(absl::string_view text) {
  const absl::Status malformed =
      absl::InvalidArgumentError("key is not NAME+8 lower-case hex digits+base64");
  KeyText key;
  const size_t first = text.find('+');
  if (first == absl::string_view::npos) return malformed;
  const size_t second = text.find('+', first + 1);
  if (second != first + 9) return malformed;
  key.name = text.substr(0, first);
  if (!IsValidKeyName(key.name)) return absl::InvalidArgumentError("key has no valid name");
  const absl::string_view hex = text.substr(first + 1, 8);
  if (hex.find_first_not_of("0123456789abcdef") != absl::string_view::npos) return malformed;
  for (const char c : hex) {
    key.id = key.id << 4 | static_cast<uint32_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  }
  const absl::string_view base64 = text.substr(second + 1);
  if (base64.size() > kKeyBytesMax / 3 * 4 + 8)
    return absl::InvalidArgumentError("key is too long");
  absl::StatusOr<std::string> bytes = Base64Decode(base64);
  if (!bytes.ok() || bytes->size() < 2) return malformed;
  key.type = static_cast<KeyType>((*bytes)[0]);
  key.bytes = bytes->substr(1);
  return key;
}

bool HoldsEd25519Key(KeyType type) {
  return type == KeyType::kEd25519 || type == KeyType::kCosignatureV1;
}

}  // namespace

bool IsValidKeyName(absl::string_view name) {
  if (name.empty() || name.size() > kKeyNameBytesMax || !IsValidUtf8(name)) return false;
  const bool has_bad_byte = std::any_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '+' || c == '\x7f';
  });
  if (has_bad_byte) return false;
  return std::none_of(std::begin(kUnicodeSpaces), std::end(kUnicodeSpaces),
                      [&](absl::string_view space) { return absl::StrContains(name, space); });
}

uint32_t KeyIdOf(absl::string_view name, KeyType type, absl::string_view public_key) {
  const char type_byte = static_cast<char>(type);
  // ECDSA keys came before the rule and are named by their SPKI alone.
  const crypto::Digest digest =
      type == KeyType::kEcdsa
          ? crypto::Sha256(public_key)
          : crypto::Sha256({name, "\n", absl::string_view(&type_byte, 1), public_key});
  return static_cast<uint32_t>(digest.bytes[0]) << 24 |
         static_cast<uint32_t>(digest.bytes[1]) << 16 |
         static_cast<uint32_t>(digest.bytes[2]) << 8 | digest.bytes[3];
}

VerifierKey::VerifierKey(absl::string_view name, KeyType type, absl::string_view public_key)
    : name_(name), type_(type), id_(KeyIdOf(name, type, public_key)), public_key_(public_key) {
  CHAYAN_CHECK(IsValidKeyName(name));
}

absl::StatusOr<VerifierKey> VerifierKey::Parse(absl::string_view vkey) {
  CHAYAN_ASSIGN_OR_RETURN(const KeyText text, SplitKeyText(vkey));
  if (HoldsEd25519Key(text.type) && text.bytes.size() != crypto::Ed25519PublicKey::kSize) {
    return absl::InvalidArgumentError("key is not a 32 byte Ed25519 key");
  }
  VerifierKey key(text.name, text.type, text.bytes);
  if (key.id_ != text.id) return absl::InvalidArgumentError("key id does not belong to the key");
  return key;
}

std::string VerifierKey::ToString() const {
  return absl::StrCat(
      name_, "+", absl::StrFormat("%08x", id_), "+",
      Base64Encode(absl::StrCat(std::string(1, static_cast<char>(type_)), public_key_)));
}

bool VerifierKey::CanVerify() const {
  return HoldsEd25519Key(type_) && public_key_.size() == crypto::Ed25519PublicKey::kSize;
}

std::optional<uint64_t> VerifierKey::Verify(absl::string_view text,
                                            absl::string_view signature) const {
  if (!CanVerify()) return std::nullopt;
  const crypto::Ed25519PublicKey key = crypto::Ed25519PublicKey::FromRaw(public_key_).value();
  if (type_ == KeyType::kCosignatureV1) {
    const absl::StatusOr<Cosignature> cosignature = DecodeCosignature(signature);
    if (!cosignature.ok() || !VerifyCosignature(key, text, *cosignature)) return std::nullopt;
    return cosignature->posix_seconds;
  }
  if (!crypto::VerifyEd25519(key, text, signature)) return std::nullopt;
  return 0;
}

NoteSigner::NoteSigner(absl::string_view name, KeyType type,
                       std::shared_ptr<const crypto::Signer> key)
    : verifier_key_(name, type, key->public_key().raw()), key_(std::move(key)) {
  CHAYAN_CHECK(HoldsEd25519Key(type));
}

absl::StatusOr<NoteSigner> NoteSigner::ParsePrivate(absl::string_view text) {
  if (!absl::ConsumePrefix(&text, kPrivateKeyStart)) {
    return absl::InvalidArgumentError("private key does not start with PRIVATE+KEY+");
  }
  CHAYAN_ASSIGN_OR_RETURN(const KeyText parts, SplitKeyText(text));
  if (!HoldsEd25519Key(parts.type)) {
    return absl::InvalidArgumentError("private key is of a type that cannot sign here");
  }
  CHAYAN_ASSIGN_OR_RETURN(const crypto::Secret32 seed, crypto::Secret32::FromRaw(parts.bytes));
  CHAYAN_ASSIGN_OR_RETURN(crypto::Ed25519Key key, crypto::Ed25519Key::FromSeed(seed));
  NoteSigner signer(parts.name, parts.type, std::make_shared<crypto::Ed25519Key>(std::move(key)));
  if (signer.verifier_key_.id() != parts.id) {
    return absl::InvalidArgumentError("key id does not belong to the private key");
  }
  return signer;
}

std::string NoteSigner::Line(absl::string_view signature) const {
  return FormatSignatureLine({.name = verifier_key_.name(),
                              .key_id = verifier_key_.id(),
                              .bytes = std::string(signature)});
}

absl::StatusOr<std::string> NoteSigner::Sign(absl::string_view text) const {
  CHAYAN_CHECK(verifier_key_.type() == KeyType::kEd25519);
  CHAYAN_ASSIGN_OR_RETURN(const crypto::Ed25519Signature signature, key_->Sign(text));
  return Line(signature);
}

absl::StatusOr<std::string> NoteSigner::Cosign(absl::string_view text,
                                               uint64_t posix_seconds) const {
  CHAYAN_CHECK(verifier_key_.type() == KeyType::kCosignatureV1);
  CHAYAN_ASSIGN_OR_RETURN(const Cosignature cosignature,
                          MakeCosignature(*key_, text, posix_seconds));
  return Line(EncodeCosignature(cosignature));
}

}  // namespace chayan::tlog
