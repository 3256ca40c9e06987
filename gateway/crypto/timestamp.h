// Timestamps of RFC 3161: a query over a text, and the check of what an authority answered. The
// answer is kept as it came (TimeStampResp, DER), so that `openssl ts -verify` reads it too.
#ifndef CHAYAN_GATEWAY_CRYPTO_TIMESTAMP_H_
#define CHAYAN_GATEWAY_CRYPTO_TIMESTAMP_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/base/random.h"

namespace chayan::crypto {

// An answer with its certificates has 1 to 6 KB.
inline constexpr size_t kTimestampBytesMax = 64 * 1024;

// A TimeStampReq (DER) over SHA-256 of `text`, with a nonce, that asks for the certificates.
std::string MakeTimestampQuery(absl::string_view text, Random& random);

// The time that an authority vouches for: DATA_LOSS unless `reply` grants a token over `text`,
// signed for time stamping by a certificate that leads to `root_pem` and was valid at that time.
absl::StatusOr<absl::Time> VerifyTimestamp(absl::string_view reply, absl::string_view text,
                                           absl::string_view root_pem);

// Likewise, and the reply must carry the nonce of `query`: it was made for this query, not before.
absl::StatusOr<absl::Time> VerifyTimestampReply(absl::string_view reply, absl::string_view query,
                                                absl::string_view text, absl::string_view root_pem);

}  // namespace chayan::crypto

#endif  // CHAYAN_GATEWAY_CRYPTO_TIMESTAMP_H_
