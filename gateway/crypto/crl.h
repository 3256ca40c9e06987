// X.509 revocation lists: parsed once, immutable. A list counts only after IsSignedBy said yes of
// the issuer's certificate. Delta lists and lists that speak for other issuers are refused, for
// they do not mean what their serials seem to say.
#ifndef CHAYAN_GATEWAY_CRYPTO_CRL_H_
#define CHAYAN_GATEWAY_CRYPTO_CRL_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/crypto/certificate.h"

struct X509_crl_st;

namespace chayan::crypto {

// Copies share the parsed form. Thread-safe.
class Crl {
 public:
  static absl::StatusOr<Crl> FromDer(absl::string_view der);
  // All lists of a PEM text; at least one.
  static absl::StatusOr<std::vector<Crl>> AllFromPem(absl::string_view pem);

  const std::string& issuer_der() const { return facts_->issuer_der; }
  // RFC 2253 text, for people.
  const std::string& issuer_text() const { return facts_->issuer_text; }
  absl::Time this_update() const { return facts_->this_update; }
  // Absent where the issuer promises none. A list past this time still revokes what it revoked.
  std::optional<absl::Time> next_update() const { return facts_->next_update; }
  // Spelled as Certificate::serial().
  const absl::flat_hash_set<std::string>& revoked_serials() const { return facts_->revoked; }

  // The issuer's name and key made this list, and the key may sign lists.
  bool IsSignedBy(const Certificate& issuer) const;
  // The list is of the certificate's issuer and names its serial.
  bool Revokes(const Certificate& certificate) const;

 private:
  struct Facts {
    std::string issuer_der;
    std::string issuer_text;
    absl::Time this_update;
    std::optional<absl::Time> next_update;
    absl::flat_hash_set<std::string> revoked;
    std::shared_ptr<X509_crl_st> crl;
  };
  explicit Crl(std::shared_ptr<const Facts> facts) : facts_(std::move(facts)) {}
  static absl::StatusOr<Crl> Adopt(std::shared_ptr<X509_crl_st> crl);

  std::shared_ptr<const Facts> facts_;
};

}  // namespace chayan::crypto

#endif  // CHAYAN_GATEWAY_CRYPTO_CRL_H_
