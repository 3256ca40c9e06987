// A TLS key and a request for its certificate, made where the key will be used: it never travels.
// Who signs requests: certificate_authority.h.
#ifndef CHAYAN_GATEWAY_CRYPTO_CERTIFICATE_REQUEST_H_
#define CHAYAN_GATEWAY_CRYPTO_CERTIFICATE_REQUEST_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/crypto/certificate.h"

namespace chayan::crypto {

// Subject alternative names. IP addresses in text.
struct SubjectNames {
  std::string common_name;  // for people alone: nothing trusts it; at most 64 bytes
  std::vector<std::string> uris;
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;
};

// A new P-256 key as unencrypted PKCS#8. Whoever writes it to a file uses mode 0600.
absl::StatusOr<std::string> GenerateTlsKeyPem();

// A PKCS#10 request in PEM, signed with the key (PEM). INVALID_ARGUMENT for a name that is empty,
// not ASCII, or no IP address.
absl::StatusOr<std::string> MakeCertificateRequest(absl::string_view key_pem,
                                                   const SubjectNames& names);
// The names a request asks for, after its own signature was checked.
absl::StatusOr<SubjectNames> ReadCertificateRequest(absl::string_view request_pem);

// The names of a certificate, to ask for them again.
absl::StatusOr<SubjectNames> NamesOf(const Certificate& certificate);

// The private key (PEM) belongs to the certificate.
bool KeyBelongsTo(absl::string_view key_pem, const Certificate& certificate);

}  // namespace chayan::crypto

#endif  // CHAYAN_GATEWAY_CRYPTO_CERTIFICATE_REQUEST_H_
