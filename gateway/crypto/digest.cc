#include "gateway/crypto/digest.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>

#include "gateway/base/check.h"
#include "gateway/crypto/openssl.h"

namespace chayan::crypto {
namespace {

constexpr size_t kSha256BlockBytes = 64;

// Fetched once and never freed: threads that outlive main() may still hash.
const EVP_MD* Sha256Algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  CHAYAN_CHECK(algorithm != nullptr);
  return algorithm;
}

MdContextPtr NewSha256Context() {
  MdContextPtr context(EVP_MD_CTX_new());
  CHAYAN_CHECK(context != nullptr);
  return context;
}

void Start(EVP_MD_CTX* context) {
  CHAYAN_CHECK(EVP_DigestInit_ex2(context, Sha256Algorithm(), nullptr) == 1);
}

void Add(EVP_MD_CTX* context, absl::string_view part) {
  CHAYAN_CHECK(EVP_DigestUpdate(context, part.data(), part.size()) == 1);
}

void EndInto(EVP_MD_CTX* context, uint8_t* out) {
  CHAYAN_CHECK(EVP_DigestFinal_ex(context, out, nullptr) == 1);
}

Digest End(EVP_MD_CTX* context) {
  Digest digest;
  EndInto(context, digest.bytes.data());
  return digest;
}

EVP_MD_CTX* ThreadSha256Context() {
  thread_local const MdContextPtr context = NewSha256Context();
  return context.get();
}

// RFC 2104 over the digest. EVP_MAC makes the same bytes, but copies three digest contexts a call,
// each an allocation in the provider: an entry's eleven HMACs were the vault's largest cost. The
// thread's context keeps the last block until the next hash: process memory, as the keys
// themselves.
void Hmac(absl::string_view key, std::initializer_list<absl::string_view> parts, uint8_t* out) {
  constexpr uint8_t kInnerPad = 0x36;
  constexpr uint8_t kOuterPad = 0x5c;
  std::array<uint8_t, kSha256BlockBytes> pad{};
  if (key.size() > pad.size()) {
    const Digest shortened = Sha256(key);
    std::copy(shortened.bytes.begin(), shortened.bytes.end(), pad.begin());
  } else {
    std::copy(key.begin(), key.end(), pad.begin());
  }
  const absl::string_view block(reinterpret_cast<const char*>(pad.data()), pad.size());
  EVP_MD_CTX* const context = ThreadSha256Context();
  for (uint8_t& byte : pad) byte ^= kInnerPad;
  Start(context);
  Add(context, block);
  for (const absl::string_view part : parts) Add(context, part);
  const Digest inner = End(context);
  for (uint8_t& byte : pad) byte ^= kInnerPad ^ kOuterPad;
  Start(context);
  Add(context, block);
  Add(context, inner.raw());
  EndInto(context, out);
  Wipe(pad);
}

}  // namespace

Digest Sha256(absl::string_view bytes) { return Sha256({bytes}); }

Digest Sha256(std::initializer_list<absl::string_view> parts) {
  EVP_MD_CTX* const context = ThreadSha256Context();
  Start(context);
  for (const absl::string_view part : parts) Add(context, part);
  return End(context);
}

Sha256Hasher::Sha256Hasher() : context_(NewSha256Context().release()) { Start(context_); }

Sha256Hasher::~Sha256Hasher() { EVP_MD_CTX_free(context_); }

Sha256Hasher& Sha256Hasher::Update(absl::string_view bytes) {
  Add(context_, bytes);
  return *this;
}

Digest Sha256Hasher::Finish() {
  const Digest digest = End(context_);
  Start(context_);
  return digest;
}

Digest HmacSha256(absl::string_view key, absl::string_view bytes) {
  return HmacSha256(key, {bytes});
}

Digest HmacSha256(absl::string_view key, std::initializer_list<absl::string_view> parts) {
  Digest result;
  Hmac(key, parts, result.bytes.data());
  return result;
}

Secret32 HkdfExtract(const Secret32& input) {
  Secret32 extracted;
  // An empty salt stands for 32 zero bytes, and a shorter HMAC key is padded with zeros.
  Hmac("", {input.Expose()}, extracted.ExposeMutable().data());
  return extracted;
}

Secret32 HkdfExpand(const Secret32& extracted, absl::string_view info) {
  Secret32 output;
  // The first block, T(1), is all of the 32 bytes.
  Hmac(extracted.Expose(), {info, absl::string_view("\x01", 1)}, output.ExposeMutable().data());
  return output;
}

Secret32 HkdfSha256(const Secret32& input, absl::string_view info) {
  return HkdfExpand(HkdfExtract(input), info);
}

bool ConstantTimeEquals(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void Wipe(std::span<uint8_t> bytes) { OPENSSL_cleanse(bytes.data(), bytes.size()); }

absl::StatusOr<Secret32> Secret32::FromRaw(absl::string_view raw) {
  if (raw.size() != kSize) {
    return absl::InvalidArgumentError(
        absl::StrCat("secret: ", raw.size(), " bytes in place of 32"));
  }
  Secret32 secret;
  std::copy(raw.begin(), raw.end(), secret.bytes_.begin());
  return secret;
}

bool Secret32::Equals(const Secret32& other) const {
  return ConstantTimeEquals(Expose(), other.Expose());
}

}  // namespace chayan::crypto
