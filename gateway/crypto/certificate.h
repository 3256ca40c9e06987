// X.509 certificates as the gateway reads them: parsed once, immutable. What is said here is what
// the certificate says; whether to believe it is decided by IsIssuedBy, the revocation lists and
// the registry. A certificate with a malformed extension, or a name with a zero byte in it, is
// refused whole: two readers could read it differently.
#ifndef CHAYAN_GATEWAY_CRYPTO_CERTIFICATE_H_
#define CHAYAN_GATEWAY_CRYPTO_CERTIFICATE_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/crypto/bytes.h"

struct x509_st;

namespace chayan::crypto {

// A chain longer than this is an attack or a mistake: root, two intermediates and a leaf are 4.
inline constexpr size_t kChainCertificatesMax = 64;

// Copies share the parsed form. Thread-safe.
class Certificate {
 public:
  static absl::StatusOr<Certificate> FromDer(absl::string_view der);
  // One that OpenSSL has parsed already, such as a peer's: shares it.
  static absl::StatusOr<Certificate> FromX509(x509_st* x509);
  // All certificates of a PEM text in their order; at least one. Text between them is ignored.
  static absl::StatusOr<std::vector<Certificate>> ChainFromPem(absl::string_view pem);

  const std::string& der() const { return facts_->der; }
  // SHA-256 of the DER form.
  const Digest& digest() const { return facts_->digest; }
  // SHA-256 of the SubjectPublicKeyInfo.
  const Digest& spki_digest() const { return facts_->spki_digest; }
  // Lower-case hexadecimal, whole bytes, no leading zero bytes.
  const std::string& serial() const { return facts_->serial; }
  const std::string& issuer_der() const { return facts_->issuer_der; }
  const std::string& subject_der() const { return facts_->subject_der; }
  // RFC 2253 text, for people.
  const std::string& issuer_text() const { return facts_->issuer_text; }
  const std::string& subject_text() const { return facts_->subject_text; }
  const std::vector<std::string>& uri_sans() const { return facts_->uri_sans; }
  const std::vector<std::string>& dns_sans() const { return facts_->dns_sans; }
  absl::Time not_before() const { return facts_->not_before; }
  absl::Time not_after() const { return facts_->not_after; }
  // Basic constraints say CA.
  bool is_ca() const { return facts_->is_ca; }

  bool IsValidAt(absl::Time now) const { return not_before() <= now && now <= not_after(); }
  // `issuer` is a CA, bears the issuer's name and key identifier, may sign certificates, and its
  // key made this signature. Says nothing of time or revocation.
  bool IsIssuedBy(const Certificate& issuer) const;

 private:
  friend class Crl;

  struct Facts {
    std::string der;
    Digest digest;
    Digest spki_digest;
    std::string serial;
    std::string issuer_der;
    std::string subject_der;
    std::string issuer_text;
    std::string subject_text;
    std::vector<std::string> uri_sans;
    std::vector<std::string> dns_sans;
    absl::Time not_before;
    absl::Time not_after;
    bool is_ca = false;
    std::shared_ptr<x509_st> x509;
  };
  explicit Certificate(std::shared_ptr<const Facts> facts) : facts_(std::move(facts)) {}
  static absl::StatusOr<Certificate> Adopt(std::shared_ptr<x509_st> x509);

  std::shared_ptr<const Facts> facts_;
};

}  // namespace chayan::crypto

#endif  // CHAYAN_GATEWAY_CRYPTO_CERTIFICATE_H_
