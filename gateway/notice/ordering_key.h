// By which notices about one person find their places in one queue, whatever their months: a key of
// its own, so that the store alone does not say whom a delivery is about.
#ifndef CHAYAN_GATEWAY_NOTICE_ORDERING_KEY_H_
#define CHAYAN_GATEWAY_NOTICE_ORDERING_KEY_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "chayan/v1/verification_service.pb.h"
#include "gateway/crypto/hmac_key.h"
#include "gateway/crypto/secret.h"
#include "gateway/store/notice_change.h"

namespace chayan::notice {

// Thread-safe. Moves only.
class OrderingKey {
 public:
  // 32 bytes in base64, in a file that others may not read. Another key would begin new queues
  // beside those that stand: it never changes.
  static absl::StatusOr<OrderingKey> FromFile(const std::string& path);
  explicit OrderingKey(const crypto::Secret32& key) : key_(key) {}

  // `number`: its normal form, as log::SubjectKey gives it.
  store::SubjectKey OfNumber(v1::IdentifierScheme scheme, absl::string_view number) const;
  store::SubjectKey OfPublisherKey(absl::string_view publisher, absl::string_view key) const;

 private:
  crypto::HmacKey key_;
};

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_ORDERING_KEY_H_
