#include "gateway/crypto/certificate.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/digest.h"
#include "gateway/crypto/openssl.h"

namespace chayan::crypto {
namespace {

using NamesPtr = OpensslPtr<GENERAL_NAMES, GENERAL_NAMES_free>;

absl::StatusOr<std::string> SpkiDer(const X509* x509) {
  unsigned char* der = nullptr;
  const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &der);
  if (length < 0) return absl::InvalidArgumentError("malformed public key: " + TakeOpensslError());
  std::string result(reinterpret_cast<const char*>(der), static_cast<size_t>(length));
  OPENSSL_free(der);
  return result;
}

absl::Status ReadAlternativeNames(const X509* x509, std::vector<std::string>& uris,
                                  std::vector<std::string>& dns_names) {
  int state = 0;
  const NamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x509, NID_subject_alt_name, &state, nullptr)));
  if (names == nullptr) {
    TakeOpensslError();
    // -1: no such extension; otherwise it is malformed or there twice.
    if (state == -1) return absl::OkStatus();
    return absl::InvalidArgumentError("malformed subject alternative name");
  }
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    if (type != GEN_URI && type != GEN_DNS) continue;
    const auto* text = static_cast<const ASN1_STRING*>(value);
    std::string name(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                     static_cast<size_t>(ASN1_STRING_length(text)));
    if (name.empty() || name.find('\0') != std::string::npos) {
      return absl::InvalidArgumentError("subject alternative name is empty or has a zero byte");
    }
    (type == GEN_URI ? uris : dns_names).push_back(std::move(name));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Certificate> Certificate::Adopt(std::shared_ptr<x509_st> x509) {
  auto facts = std::make_shared<Facts>();
  unsigned char* der = nullptr;
  const int length = i2d_X509(x509.get(), &der);
  if (length < 0) return absl::InvalidArgumentError("malformed certificate: " + TakeOpensslError());
  facts->der.assign(reinterpret_cast<const char*>(der), static_cast<size_t>(length));
  OPENSSL_free(der);
  facts->digest = Sha256(facts->der);

  // Parses and caches all extensions that OpenSSL knows; without this they are read lazily later.
  const uint32_t flags = X509_get_extension_flags(x509.get());
  if ((flags & EXFLAG_INVALID) != 0) {
    TakeOpensslError();
    return absl::InvalidArgumentError("certificate with a malformed extension");
  }
  CHAYAN_ASSIGN_OR_RETURN(const std::string spki, SpkiDer(x509.get()));
  facts->spki_digest = Sha256(spki);
  facts->serial = SerialToHex(X509_get0_serialNumber(x509.get()));
  CHAYAN_ASSIGN_OR_RETURN(facts->issuer_der, NameToDer(X509_get_issuer_name(x509.get())));
  CHAYAN_ASSIGN_OR_RETURN(facts->subject_der, NameToDer(X509_get_subject_name(x509.get())));
  facts->issuer_text = NameToText(X509_get_issuer_name(x509.get()));
  facts->subject_text = NameToText(X509_get_subject_name(x509.get()));
  CHAYAN_ASSIGN_OR_RETURN(facts->not_before, TimeFromAsn1(X509_get0_notBefore(x509.get())));
  CHAYAN_ASSIGN_OR_RETURN(facts->not_after, TimeFromAsn1(X509_get0_notAfter(x509.get())));
  CHAYAN_RETURN_IF_ERROR(ReadAlternativeNames(x509.get(), facts->uri_sans, facts->dns_sans));
  // OpenSSL also answers yes to certificates that merely might be CAs of old; only 1 is said so.
  facts->is_ca = X509_check_ca(x509.get()) == 1;
  facts->x509 = std::move(x509);
  return Certificate(std::move(facts));
}

absl::StatusOr<Certificate> Certificate::FromDer(absl::string_view der) {
  ERR_clear_error();
  const unsigned char* cursor = Bytes(der);
  std::shared_ptr<x509_st> x509(d2i_X509(nullptr, &cursor, static_cast<long>(der.size())),
                                X509_free);
  if (x509 == nullptr) {
    return absl::InvalidArgumentError("malformed certificate: " + TakeOpensslError());
  }
  if (cursor != Bytes(der) + der.size()) {
    return absl::InvalidArgumentError("bytes after the certificate");
  }
  return Adopt(std::move(x509));
}

absl::StatusOr<Certificate> Certificate::FromX509(x509_st* x509) {
  ERR_clear_error();
  CHAYAN_CHECK(X509_up_ref(x509) == 1);
  return Adopt(std::shared_ptr<x509_st>(x509, X509_free));
}

absl::StatusOr<std::vector<Certificate>> Certificate::ChainFromPem(absl::string_view pem) {
  ERR_clear_error();
  CHAYAN_ASSIGN_OR_RETURN(const BioPtr bio, ReadOnlyBio(pem));
  std::vector<Certificate> chain;
  while (true) {
    std::shared_ptr<x509_st> x509(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr),
                                  X509_free);
    if (x509 == nullptr) {
      const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
      const std::string error = TakeOpensslError();
      if (at_end && !chain.empty()) return chain;
      return absl::InvalidArgumentError(
          at_end ? "no certificate in PEM form"
                 : absl::StrCat("certificate ", chain.size() + 1, ": malformed: ", error));
    }
    if (chain.size() == kChainCertificatesMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("more than ", kChainCertificatesMax, " certificates"));
    }
    absl::StatusOr<Certificate> certificate = Adopt(std::move(x509));
    if (!certificate.ok()) {
      return Annotate(certificate.status(), absl::StrCat("certificate ", chain.size() + 1));
    }
    chain.push_back(*std::move(certificate));
  }
}

bool Certificate::IsIssuedBy(const Certificate& issuer) const {
  x509_st* const own = facts_->x509.get();
  x509_st* const other = issuer.facts_->x509.get();
  const bool issued = issuer.is_ca() && X509_check_issued(other, own) == X509_V_OK &&
                      X509_verify(own, X509_get0_pubkey(other)) == 1;
  if (!issued) ERR_clear_error();
  return issued;
}

}  // namespace chayan::crypto
