// For the sources of this room alone: OpenSSL's objects with owners, its error queue as text. No
// public header of the room includes this or anything of OpenSSL.
#ifndef CHAYAN_GATEWAY_CRYPTO_OPENSSL_H_
#define CHAYAN_GATEWAY_CRYPTO_OPENSSL_H_

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace chayan::crypto {

template <auto free_function>
struct FreedBy {
  template <typename T>
  void operator()(T* object) const {
    free_function(object);
  }
};
template <typename T, auto free_function>
using OpensslPtr = std::unique_ptr<T, FreedBy<free_function>>;

using BioPtr = OpensslPtr<BIO, BIO_free_all>;
using PkeyPtr = OpensslPtr<EVP_PKEY, EVP_PKEY_free>;
using MdContextPtr = OpensslPtr<EVP_MD_CTX, EVP_MD_CTX_free>;
using CipherContextPtr = OpensslPtr<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;
using X509Ptr = OpensslPtr<X509, X509_free>;
using X509CrlPtr = OpensslPtr<X509_CRL, X509_CRL_free>;

inline const unsigned char* Bytes(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// The oldest entry of this thread's error queue as text; empties the queue. gRPC shares the queue:
// entries of ours that stay behind would be read as failures of its own.
std::string TakeOpensslError();

// A read-only view of `text`, which outlives the result.
absl::StatusOr<BioPtr> ReadOnlyBio(absl::string_view text);

// Lower-case hexadecimal of the magnitude, no leading zero bytes, "-" in front if negative.
std::string SerialToHex(const ASN1_INTEGER* serial);

absl::StatusOr<absl::Time> TimeFromAsn1(const ASN1_TIME* time);

absl::StatusOr<std::string> NameToDer(const X509_NAME* name);

// RFC 2253 text, for people.
std::string NameToText(const X509_NAME* name);

}  // namespace chayan::crypto

#endif  // CHAYAN_GATEWAY_CRYPTO_OPENSSL_H_
