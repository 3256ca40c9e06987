// A CA that signs requests (certificate_request.h) and revokes what it signed.
//
// What the CA puts into a certificate is decided here, not by the request: from the request come
// the public key and the subject alternative names, and nothing else.
#ifndef CHAYAN_GATEWAY_CRYPTO_CERTIFICATE_AUTHORITY_H_
#define CHAYAN_GATEWAY_CRYPTO_CERTIFICATE_AUTHORITY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/base/random.h"
#include "gateway/crypto/certificate.h"
#include "gateway/crypto/certificate_request.h"

struct evp_pkey_st;

namespace chayan::crypto {

// Extended key usage: a gateway's certificate alone serves.
enum class CertificateUse { kClient, kServer };
// FAILED_PRECONDITION for a certificate that names neither use, or both.
absl::StatusOr<CertificateUse> UseOf(const Certificate& certificate);

// Thread-safe.
class CertificateAuthority {
 public:
  // The first certificate of `chain_pem` is the CA's own; those behind it are above it. Refuses a
  // certificate that is no CA, and a key that is not its own.
  static absl::StatusOr<CertificateAuthority> Create(absl::string_view chain_pem,
                                                     absl::string_view key_pem);

  const Certificate& certificate() const { return chain_.front(); }

  struct Terms {
    CertificateUse use = CertificateUse::kClient;
    absl::Time not_before;
    absl::Time not_after;
  };
  // The certificate in PEM, followed by the CA's chain without its self-signed root: what a server
  // or client sends. Refuses a request without exactly one URI, and terms that outlive the CA.
  absl::StatusOr<std::string> Sign(absl::string_view request_pem, const Terms& terms,
                                   Random& random) const;

  struct CrlTerms {
    absl::Time this_update;
    absl::Time next_update;
  };
  // A revocation list in PEM: all of `previous_pem` (empty: there was none) and `serials`
  // (lower-case hexadecimal), under the next number. Refuses a previous list that is not ours.
  absl::StatusOr<std::string> IssueCrl(absl::string_view previous_pem,
                                       const std::vector<std::string>& serials,
                                       const CrlTerms& terms) const;

 private:
  CertificateAuthority(std::vector<Certificate> chain, std::shared_ptr<evp_pkey_st> key)
      : chain_(std::move(chain)), key_(std::move(key)) {}

  std::vector<Certificate> chain_;
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace chayan::crypto

#endif  // CHAYAN_GATEWAY_CRYPTO_CERTIFICATE_AUTHORITY_H_
