#include "gateway/crypto/timestamp.h"

#include <openssl/ts.h>
#include <openssl/x509_vfy.h>

#include <array>
#include <ctime>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/digest.h"
#include "gateway/crypto/openssl.h"

namespace chayan::crypto {
namespace {

using RequestPtr = OpensslPtr<TS_REQ, TS_REQ_free>;
using ResponsePtr = OpensslPtr<TS_RESP, TS_RESP_free>;
using ImprintPtr = OpensslPtr<TS_MSG_IMPRINT, TS_MSG_IMPRINT_free>;
using AlgorithmPtr = OpensslPtr<X509_ALGOR, X509_ALGOR_free>;
using IntegerPtr = OpensslPtr<ASN1_INTEGER, ASN1_INTEGER_free>;
using StorePtr = OpensslPtr<X509_STORE, X509_STORE_free>;
using VerifyContextPtr = OpensslPtr<TS_VERIFY_CTX, TS_VERIFY_CTX_free>;

absl::Status Refused(absl::string_view reason) {
  return absl::DataLossError(absl::StrCat("timestamp: ", reason));
}

absl::StatusOr<StorePtr> StoreOf(absl::string_view root_pem, absl::Time at) {
  CHAYAN_ASSIGN_OR_RETURN(const BioPtr bio, ReadOnlyBio(root_pem));
  const X509Ptr root(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (root == nullptr) {
    TakeOpensslError();
    return absl::InvalidArgumentError("the authority's root is not a certificate in PEM");
  }
  StorePtr store(X509_STORE_new());
  CHAYAN_CHECK(store != nullptr && X509_STORE_add_cert(store.get(), root.get()) == 1);
  // A timestamp outlives its authority's certificate: what counts is that it was valid then.
  X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store.get()), absl::ToTimeT(at));
  return store;
}

absl::StatusOr<ResponsePtr> ParseReply(absl::string_view reply) {
  if (reply.size() > kTimestampBytesMax) return Refused("longer than any can be");
  const unsigned char* at = Bytes(reply);
  ResponsePtr response(d2i_TS_RESP(nullptr, &at, static_cast<long>(reply.size())));
  if (response == nullptr || at != Bytes(reply) + reply.size()) {
    TakeOpensslError();
    return Refused("not a TimeStampResp");
  }
  if (TS_RESP_get_tst_info(response.get()) == nullptr) return Refused("the authority granted none");
  return response;
}

// GeneralizedTime may have fractions of a second, which ASN1_TIME_to_tm refuses: they are left out.
absl::StatusOr<absl::Time> TimeOf(const TS_TST_INFO* info) {
  const ASN1_GENERALIZEDTIME* const given = TS_TST_INFO_get_time(info);
  const std::string text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(given)),
                         static_cast<size_t>(ASN1_STRING_length(given)));
  // YYYYMMDDHHMMSS, perhaps a fraction, Z. In the form that ParseTime tells apart:
  constexpr size_t kDigits = 14;
  if (text.size() <= kDigits || text.back() != 'Z') return Refused("its time cannot be read");
  const absl::string_view digits = absl::string_view(text).substr(0, kDigits);
  const std::string spaced =
      absl::StrCat(digits.substr(0, 4), "-", digits.substr(4, 2), "-", digits.substr(6, 2), " ",
                   digits.substr(8, 2), ":", digits.substr(10, 2), ":", digits.substr(12, 2));
  absl::Time time;
  std::string error;
  if (!absl::ParseTime("%Y-%m-%d %H:%M:%S", spaced, absl::UTCTimeZone(), &time, &error)) {
    return Refused("its time cannot be read");
  }
  return time;
}

}  // namespace

std::string MakeTimestampQuery(absl::string_view text, Random& random) {
  const Digest digest = Sha256(text);
  const AlgorithmPtr algorithm(X509_ALGOR_new());
  CHAYAN_CHECK(algorithm != nullptr && X509_ALGOR_set0(algorithm.get(), OBJ_nid2obj(NID_sha256),
                                                       V_ASN1_NULL, nullptr) == 1);
  const ImprintPtr imprint(TS_MSG_IMPRINT_new());
  CHAYAN_CHECK(imprint != nullptr && TS_MSG_IMPRINT_set_algo(imprint.get(), algorithm.get()) == 1);
  std::array<uint8_t, Digest::kSize> bytes = digest.bytes;
  CHAYAN_CHECK(
      TS_MSG_IMPRINT_set_msg(imprint.get(), bytes.data(), static_cast<int>(bytes.size())) == 1);
  const IntegerPtr nonce(ASN1_INTEGER_new());
  CHAYAN_CHECK(nonce != nullptr && ASN1_INTEGER_set_uint64(nonce.get(), random.Uint64()) == 1);
  const RequestPtr request(TS_REQ_new());
  CHAYAN_CHECK(request != nullptr && TS_REQ_set_version(request.get(), 1) == 1 &&
               TS_REQ_set_msg_imprint(request.get(), imprint.get()) == 1 &&
               TS_REQ_set_nonce(request.get(), nonce.get()) == 1 &&
               TS_REQ_set_cert_req(request.get(), 1) == 1);
  unsigned char* der = nullptr;
  const int length = i2d_TS_REQ(request.get(), &der);
  CHAYAN_CHECK(length > 0);
  std::string query(reinterpret_cast<const char*>(der), static_cast<size_t>(length));
  OPENSSL_free(der);
  return query;
}

absl::StatusOr<absl::Time> VerifyTimestamp(absl::string_view reply, absl::string_view text,
                                           absl::string_view root_pem) {
  CHAYAN_ASSIGN_OR_RETURN(const ResponsePtr response, ParseReply(reply));
  CHAYAN_ASSIGN_OR_RETURN(const absl::Time time, TimeOf(TS_RESP_get_tst_info(response.get())));
  CHAYAN_ASSIGN_OR_RETURN(StorePtr store, StoreOf(root_pem, time));
  CHAYAN_ASSIGN_OR_RETURN(BioPtr data, ReadOnlyBio(text));
  const VerifyContextPtr context(TS_VERIFY_CTX_new());
  CHAYAN_CHECK(context != nullptr);
  TS_VERIFY_CTX_set_flags(context.get(), TS_VFY_VERSION | TS_VFY_DATA | TS_VFY_SIGNATURE);
  // The context owns both from here on.
  TS_VERIFY_CTX_set_data(context.get(), data.release());
  TS_VERIFY_CTX_set_store(context.get(), store.release());
  if (TS_RESP_verify_response(context.get(), response.get()) == 1) return time;
  return Refused(absl::StrCat("it does not hold: ", TakeOpensslError()));
}

absl::StatusOr<absl::Time> VerifyTimestampReply(absl::string_view reply, absl::string_view query,
                                                absl::string_view text,
                                                absl::string_view root_pem) {
  CHAYAN_ASSIGN_OR_RETURN(const ResponsePtr response, ParseReply(reply));
  const unsigned char* at = Bytes(query);
  const RequestPtr request(d2i_TS_REQ(nullptr, &at, static_cast<long>(query.size())));
  CHAYAN_CHECK(request != nullptr);
  const ASN1_INTEGER* const nonce = TS_TST_INFO_get_nonce(TS_RESP_get_tst_info(response.get()));
  if (nonce == nullptr || ASN1_INTEGER_cmp(nonce, TS_REQ_get_nonce(request.get())) != 0) {
    return Refused("it answers another query");
  }
  return VerifyTimestamp(reply, text, root_pem);
}

}  // namespace chayan::crypto
