#include "gateway/crypto/openssl.h"

#include <openssl/err.h>

#include <ctime>
#include <limits>

#include "absl/time/civil_time.h"
#include "gateway/base/encoding.h"

namespace chayan::crypto {

std::string TakeOpensslError() {
  const unsigned long code = ERR_get_error();  // NOLINT(google-runtime-int): OpenSSL's type
  ERR_clear_error();
  if (code == 0) return "unknown reason";
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "unknown reason";
}

absl::StatusOr<BioPtr> ReadOnlyBio(absl::string_view text) {
  if (text.size() > static_cast<size_t>(std::numeric_limits<int>::max())) {
    return absl::InvalidArgumentError("text exceeds 2 GiB");
  }
  // OpenSSL takes no null pointer, not even for an empty text.
  BioPtr bio(BIO_new_mem_buf(text.empty() ? "" : text.data(), static_cast<int>(text.size())));
  if (bio == nullptr) return absl::ResourceExhaustedError(TakeOpensslError());
  return bio;
}

std::string SerialToHex(const ASN1_INTEGER* serial) {
  absl::string_view magnitude(reinterpret_cast<const char*>(ASN1_STRING_get0_data(serial)),
                              static_cast<size_t>(ASN1_STRING_length(serial)));
  while (magnitude.size() > 1 && magnitude.front() == '\0') magnitude.remove_prefix(1);
  const bool negative = ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER;
  return (negative ? "-" : "") + (magnitude.empty() ? "00" : HexEncode(magnitude));
}

absl::StatusOr<absl::Time> TimeFromAsn1(const ASN1_TIME* time) {
  std::tm utc{};
  // With a null pointer OpenSSL would answer the current time.
  if (time == nullptr || ASN1_TIME_to_tm(time, &utc) != 1) {
    TakeOpensslError();
    return absl::InvalidArgumentError("malformed time");
  }
  return absl::FromCivil(absl::CivilSecond(utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                                           utc.tm_hour, utc.tm_min, utc.tm_sec),
                         absl::UTCTimeZone());
}

absl::StatusOr<std::string> NameToDer(const X509_NAME* name) {
  unsigned char* der = nullptr;
  const int length = i2d_X509_NAME(name, &der);
  if (length < 0) return absl::InvalidArgumentError("malformed name: " + TakeOpensslError());
  std::string result(reinterpret_cast<const char*>(der), static_cast<size_t>(length));
  OPENSSL_free(der);
  return result;
}

std::string NameToText(const X509_NAME* name) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || X509_NAME_print_ex(bio.get(), name, /*indent=*/0, XN_FLAG_RFC2253) < 0) {
    return "(name not printable: " + TakeOpensslError() + ")";
  }
  char* text = nullptr;
  const auto length = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<size_t>(length));
}

}  // namespace chayan::crypto
