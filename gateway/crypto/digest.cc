#include "gateway/crypto/digest.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#include "gateway/base/check.h"
#include "gateway/crypto/openssl.h"

namespace chayan::crypto {
namespace {

using MacContextPtr = OpensslPtr<EVP_MAC_CTX, EVP_MAC_CTX_free>;

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

Digest End(EVP_MD_CTX* context) {
  Digest digest;
  CHAYAN_CHECK(EVP_DigestFinal_ex(context, digest.bytes.data(), nullptr) == 1);
  return digest;
}

EVP_MD_CTX* ThreadSha256Context() {
  thread_local const MdContextPtr context = NewSha256Context();
  return context.get();
}

MacContextPtr NewHmacContext() {
  static EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  CHAYAN_CHECK(algorithm != nullptr);
  MacContextPtr context(EVP_MAC_CTX_new(algorithm));
  CHAYAN_CHECK(context != nullptr);
  char name[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, /*bsize=*/0),
      OSSL_PARAM_construct_end()};
  CHAYAN_CHECK(EVP_MAC_CTX_set_params(context.get(), parameters) == 1);
  return context;
}

// The context keeps the digest it was given, so that a new key costs no fetch. It also keeps the
// last key of its thread until the next one: process memory, as the keys themselves.
EVP_MAC_CTX* ThreadHmacContext() {
  thread_local const MacContextPtr context = NewHmacContext();
  return context.get();
}

void Hmac(absl::string_view key, std::initializer_list<absl::string_view> parts, uint8_t* out) {
  EVP_MAC_CTX* const context = ThreadHmacContext();
  // A null key would mean the previous one.
  const unsigned char empty = 0;
  const unsigned char* key_bytes = key.empty() ? &empty : Bytes(key);
  CHAYAN_CHECK(EVP_MAC_init(context, key_bytes, key.size(), nullptr) == 1);
  for (const absl::string_view part : parts) {
    CHAYAN_CHECK(EVP_MAC_update(context, Bytes(part), part.size()) == 1);
  }
  size_t length = 0;
  CHAYAN_CHECK(EVP_MAC_final(context, out, &length, Digest::kSize) == 1);
  CHAYAN_CHECK(length == Digest::kSize);
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
