// HMAC-SHA256 under a key that signs again and again, and several secrets of one extraction: what
// depends on the key alone is done once.
#ifndef CHAYAN_GATEWAY_CRYPTO_HMAC_KEY_H_
#define CHAYAN_GATEWAY_CRYPTO_HMAC_KEY_H_

#include <initializer_list>
#include <memory>
#include <utility>

#include "absl/strings/string_view.h"
#include "gateway/crypto/bytes.h"
#include "gateway/crypto/secret.h"

namespace chayan::crypto {

// Thread-safe. Moves only.
class HmacKey {
 public:
  explicit HmacKey(const Secret32& key);
  HmacKey(HmacKey&&) noexcept;
  ~HmacKey();

  // HmacSha256(key, parts).
  Digest Sign(std::initializer_list<absl::string_view> parts) const;

 private:
  struct State;
  std::unique_ptr<const State> state_;
};

// Each output is HkdfExpand(extracted, its info).
void HkdfExpandAll(const Secret32& extracted,
                   std::initializer_list<std::pair<absl::string_view, Secret32*>> outputs);

}  // namespace chayan::crypto

#endif  // CHAYAN_GATEWAY_CRYPTO_HMAC_KEY_H_
