#define OPENSSL_SUPPRESS_DEPRECATED  // see sha256_state.h
#include "gateway/crypto/digest.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "gateway/base/check.h"
#include "gateway/crypto/openssl.h"
#include "gateway/crypto/sha256_state.h"

namespace chayan::crypto {
namespace {

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

}  // namespace

Digest Sha256(absl::string_view bytes) { return Sha256({bytes}); }

Digest Sha256(std::initializer_list<absl::string_view> parts) {
  Sha256State state;
  for (const absl::string_view part : parts) state.Add(part);
  return state.End();
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
