// Commitments of an entry and the keys of its vault row. One secret a row opens everything of the
// entry; with the secret gone the commitments say nothing and bind no one.
#ifndef CHAYAN_GATEWAY_TLOG_COMMITMENT_H_
#define CHAYAN_GATEWAY_TLOG_COMMITMENT_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/base/random.h"
#include "gateway/base/uuid.h"
#include "gateway/crypto/bytes.h"
#include "gateway/crypto/hmac_key.h"
#include "gateway/crypto/secret.h"

namespace chayan::tlog {

// What is committed to: the request as received, the answer as sent, the plaintext of the detail.
enum class Committed { kRequest, kResponse, kDetail };

// All that one vault secret s gives: HKDF(s, "chayan/vault/v1/" + req | res | detail | seal).
struct EntrySecrets {
  explicit EntrySecrets(const crypto::Secret32& vault_secret);

  crypto::Secret32 request;   // r_req
  crypto::Secret32 response;  // r_res
  crypto::Secret32 detail;    // r_detail
  crypto::Secret32 sealing;
};

// c_x = HMAC-SHA256(r_x, "chayan/commit/v1\0" || x || "\0" || bytes).
crypto::Digest Commit(Committed what, const crypto::Secret32& opening, absl::string_view bytes);
// Opens a commitment. Refuses an opening of any length but 32: HMAC pads and shortens its keys, so
// other lengths would let one commitment have two openings.
absl::Status VerifyCommitment(Committed what, absl::string_view opening, absl::string_view bytes,
                              absl::string_view commitment);

// The vault secret under the key of its month and class, bound to its exchange.
std::string WrapVaultSecret(const crypto::Secret32& class_key, const Uuid& exchange_id,
                            const crypto::Secret32& vault_secret, Random& random);
absl::StatusOr<crypto::Secret32> UnwrapVaultSecret(const crypto::Secret32& class_key,
                                                   const Uuid& exchange_id,
                                                   absl::string_view wrapped);

// The detail under the row's sealing key, which seals nothing else.
std::string SealDetail(const EntrySecrets& secrets, const Uuid& exchange_id,
                       absl::string_view detail);
absl::StatusOr<std::string> OpenDetail(const EntrySecrets& secrets, const Uuid& exchange_id,
                                       absl::string_view sealed);

// K_index of a month and class: gone when their key is.
crypto::HmacKey IndexKey(const crypto::Secret32& class_key);
using SearchTag = std::array<uint8_t, 16>;
// The first 16 bytes of HMAC-SHA256(K_index, label || 0x00 || value). REQUIRES: a label without a
// zero byte.
SearchTag MakeSearchTag(const crypto::HmacKey& index_key, absl::string_view label,
                        absl::string_view normalised_value);

}  // namespace chayan::tlog

#endif  // CHAYAN_GATEWAY_TLOG_COMMITMENT_H_
