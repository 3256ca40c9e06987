// For the sources of this room alone: what requests, certificates and revocation lists are made of,
// in OpenSSL's words.
#ifndef CHAYAN_GATEWAY_CRYPTO_CERTIFICATE_PARTS_H_
#define CHAYAN_GATEWAY_CRYPTO_CERTIFICATE_PARTS_H_

#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/crypto/certificate.h"
#include "gateway/crypto/certificate_request.h"
#include "gateway/crypto/openssl.h"

namespace chayan::crypto {

using X509ReqPtr = OpensslPtr<X509_REQ, X509_REQ_free>;
using X509RevokedPtr = OpensslPtr<X509_REVOKED, X509_REVOKED_free>;
using GeneralNamesPtr = OpensslPtr<GENERAL_NAMES, GENERAL_NAMES_free>;
using ExtensionsPtr = std::unique_ptr<STACK_OF(X509_EXTENSION), decltype([](auto* stack) {
                                        sk_X509_EXTENSION_pop_free(stack, X509_EXTENSION_free);
                                      })>;
using ExtensionPtr = OpensslPtr<X509_EXTENSION, X509_EXTENSION_free>;
using IntegerPtr = OpensslPtr<ASN1_INTEGER, ASN1_INTEGER_free>;
using TimePtr = OpensslPtr<ASN1_TIME, ASN1_TIME_free>;

// INTERNAL with OpenSSL's own word.
absl::Status OpensslFailed(absl::string_view what);

absl::StatusOr<PkeyPtr> ReadKey(absl::string_view pem);
std::string TextOf(BIO* bio);
// Ed25519 hashes by itself; every other key signs a SHA-256 digest.
const EVP_MD* SigningDigest(const EVP_PKEY* key);
absl::StatusOr<X509Ptr> ToX509(const Certificate& certificate);
absl::StatusOr<TimePtr> ToAsn1(absl::Time time);

// INVALID_ARGUMENT for names that no certificate of ours may have.
absl::StatusOr<GeneralNamesPtr> ToGeneralNames(const SubjectNames& names);
absl::Status SetCommonName(X509_NAME* name, const std::string& text);

// A request whose own signature was checked.
struct ParsedRequest {
  X509ReqPtr request;
  SubjectNames names;
};
absl::StatusOr<ParsedRequest> ParseRequest(absl::string_view pem);

}  // namespace chayan::crypto

#endif  // CHAYAN_GATEWAY_CRYPTO_CERTIFICATE_PARTS_H_
