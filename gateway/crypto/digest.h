// SHA-256, HMAC-SHA256 and HKDF-SHA256. Inputs may come in several parts, hashed as if joined, so
// that nobody concatenates just to hash. Whoever signs again and again under one key: hmac_key.h.
#ifndef CHAYAN_GATEWAY_CRYPTO_DIGEST_H_
#define CHAYAN_GATEWAY_CRYPTO_DIGEST_H_

#include <initializer_list>
#include <memory>

#include "absl/strings/string_view.h"
#include "gateway/crypto/bytes.h"
#include "gateway/crypto/secret.h"

struct evp_md_ctx_st;

namespace chayan::crypto {

Digest Sha256(absl::string_view bytes);
Digest Sha256(std::initializer_list<absl::string_view> parts);

// For input that arrives over time. Not thread-safe.
class Sha256Hasher {
 public:
  Sha256Hasher();
  ~Sha256Hasher();
  Sha256Hasher(const Sha256Hasher&) = delete;
  Sha256Hasher& operator=(const Sha256Hasher&) = delete;

  Sha256Hasher& Update(absl::string_view bytes);
  // The digest of all that was added; the hasher is empty again.
  Digest Finish();

 private:
  evp_md_ctx_st* const context_;
};

Digest HmacSha256(absl::string_view key, absl::string_view bytes);
Digest HmacSha256(absl::string_view key, std::initializer_list<absl::string_view> parts);

// RFC 5869 with empty salt and 32 bytes out. Whoever derives several secrets of one input extracts
// once: HkdfSha256(x, info) == HkdfExpand(HkdfExtract(x), info).
Secret32 HkdfSha256(const Secret32& input, absl::string_view info);
Secret32 HkdfExtract(const Secret32& input);
Secret32 HkdfExpand(const Secret32& extracted, absl::string_view info);

// Takes the same time wherever the first difference is. Lengths are not secret.
bool ConstantTimeEquals(absl::string_view a, absl::string_view b);

}  // namespace chayan::crypto

#endif  // CHAYAN_GATEWAY_CRYPTO_DIGEST_H_
