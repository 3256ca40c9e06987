#include "gateway/crypto/crl.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/openssl.h"

namespace chayan::crypto {
namespace {

using DistributionPointPtr = OpensslPtr<ISSUING_DIST_POINT, ISSUING_DIST_POINT_free>;

// A critical extension that is not understood changes what the list means (RFC 5280 section 5.2).
absl::Status CheckExtensions(const X509_CRL* crl) {
  for (int i = 0; i < X509_CRL_get_ext_count(crl); ++i) {
    X509_EXTENSION* const extension = X509_CRL_get_ext(crl, i);
    const int kind = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
    if (kind == NID_delta_crl) return absl::InvalidArgumentError("delta list, not a full one");
    if (kind == NID_issuing_distribution_point) {
      const DistributionPointPtr point(static_cast<ISSUING_DIST_POINT*>(X509V3_EXT_d2i(extension)));
      if (point == nullptr) {
        TakeOpensslError();
        return absl::InvalidArgumentError("malformed issuing distribution point");
      }
      if (point->indirectCRL > 0 || point->onlyattr > 0) {
        return absl::InvalidArgumentError("list for other issuers or for attributes");
      }
      continue;
    }
    if (X509_EXTENSION_get_critical(extension) == 1 && kind != NID_authority_key_identifier &&
        kind != NID_crl_number) {
      return absl::InvalidArgumentError("unknown critical extension");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Crl> Crl::Adopt(std::shared_ptr<X509_crl_st> crl) {
  CHAYAN_RETURN_IF_ERROR(CheckExtensions(crl.get()));
  auto facts = std::make_shared<Facts>();
  CHAYAN_ASSIGN_OR_RETURN(facts->issuer_der, NameToDer(X509_CRL_get_issuer(crl.get())));
  facts->issuer_text = NameToText(X509_CRL_get_issuer(crl.get()));
  CHAYAN_ASSIGN_OR_RETURN(facts->this_update, TimeFromAsn1(X509_CRL_get0_lastUpdate(crl.get())));
  if (const ASN1_TIME* next = X509_CRL_get0_nextUpdate(crl.get()); next != nullptr) {
    CHAYAN_ASSIGN_OR_RETURN(facts->next_update, TimeFromAsn1(next));
  }
  const STACK_OF(X509_REVOKED)* const revoked = X509_CRL_get_REVOKED(crl.get());
  const int count = revoked == nullptr ? 0 : sk_X509_REVOKED_num(revoked);
  facts->revoked.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    facts->revoked.insert(
        SerialToHex(X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(revoked, i))));
  }
  facts->crl = std::move(crl);
  return Crl(std::move(facts));
}

absl::StatusOr<Crl> Crl::FromDer(absl::string_view der) {
  ERR_clear_error();
  const unsigned char* cursor = Bytes(der);
  std::shared_ptr<X509_crl_st> crl(d2i_X509_CRL(nullptr, &cursor, static_cast<long>(der.size())),
                                   X509_CRL_free);
  if (crl == nullptr) {
    return absl::InvalidArgumentError("malformed revocation list: " + TakeOpensslError());
  }
  if (cursor != Bytes(der) + der.size()) {
    return absl::InvalidArgumentError("bytes after the revocation list");
  }
  return Adopt(std::move(crl));
}

absl::StatusOr<std::vector<Crl>> Crl::AllFromPem(absl::string_view pem) {
  ERR_clear_error();
  CHAYAN_ASSIGN_OR_RETURN(const BioPtr bio, ReadOnlyBio(pem));
  std::vector<Crl> lists;
  while (true) {
    std::shared_ptr<X509_crl_st> crl(PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr),
                                     X509_CRL_free);
    if (crl == nullptr) {
      const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
      const std::string error = TakeOpensslError();
      if (at_end && !lists.empty()) return lists;
      return absl::InvalidArgumentError(
          at_end ? "no revocation list in PEM form"
                 : absl::StrCat("revocation list ", lists.size() + 1, ": malformed: ", error));
    }
    absl::StatusOr<Crl> list = Adopt(std::move(crl));
    if (!list.ok()) {
      return Annotate(list.status(), absl::StrCat("revocation list ", lists.size() + 1));
    }
    lists.push_back(*std::move(list));
  }
}

bool Crl::IsSignedBy(const Certificate& issuer) const {
  x509_st* const x509 = issuer.facts_->x509.get();
  // Without a key usage extension OpenSSL answers all bits set.
  const bool is_signed = issuer.is_ca() && issuer.subject_der() == issuer_der() &&
                         (X509_get_key_usage(x509) & KU_CRL_SIGN) != 0 &&
                         X509_CRL_verify(facts_->crl.get(), X509_get0_pubkey(x509)) == 1;
  if (!is_signed) ERR_clear_error();
  return is_signed;
}

bool Crl::Revokes(const Certificate& certificate) const {
  return certificate.issuer_der() == issuer_der() && facts_->revoked.contains(certificate.serial());
}

}  // namespace chayan::crypto
