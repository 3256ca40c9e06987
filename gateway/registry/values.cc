#include "gateway/registry/values.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/signing_key.h"
#include "gateway/ident/identifier.h"
#include "gateway/registry/shapes.h"

namespace chayan::registry {

absl::StatusOr<absl::Time> ParseUtcTime(absl::string_view text) {
  absl::Time time;
  std::string error;
  // Abseil also reads "infinite-past", offsets and blanks around it; one spelling is enough.
  if (!absl::EndsWith(text, "Z") || text.size() < 20 || !absl::ascii_isdigit(text[0]) ||
      !absl::ParseTime(absl::RFC3339_full, std::string(text), &time, &error)) {
    return absl::InvalidArgumentError(
        "is no RFC 3339 time in UTC; write it as \"2026-01-01T00:00:00Z\"");
  }
  return time;
}

absl::StatusOr<absl::Time> ParseUtcTimeOr(absl::string_view text, absl::Time open) {
  if (text.empty()) return open;
  return ParseUtcTime(text);
}

absl::StatusOr<int> ParseMinuteOfDay(absl::string_view text) {
  const auto digit = [text](size_t i) { return absl::ascii_isdigit(text[i]) ? text[i] - '0' : 99; };
  if (text.size() == 5 && text[2] == ':') {
    const int hour = digit(0) * 10 + digit(1);
    const int minute = digit(3) * 10 + digit(4);
    if ((hour < 24 && minute < 60) || (hour == 24 && minute == 0)) return hour * 60 + minute;
  }
  return absl::InvalidArgumentError(
      "is no time of day; write hours and minutes as \"08:00\", at most \"24:00\"");
}

absl::StatusOr<crypto::Ed25519PublicKey> ParsePublicKey(absl::string_view base64) {
  const absl::StatusOr<std::string> der = Base64Decode(base64);
  if (der.ok()) {
    absl::StatusOr<crypto::Ed25519PublicKey> key = crypto::PublicKeyFromSpki(*der);
    if (key.ok()) return key;
  }
  return absl::InvalidArgumentError(
      "is no Ed25519 public key; write its SubjectPublicKeyInfo (44 bytes of DER) in base64, as "
      "`openssl pkey -pubout -outform DER | base64 -w0` prints it");
}

absl::StatusOr<crypto::Certificate> ParseIssuer(absl::string_view pem) {
  absl::StatusOr<std::vector<crypto::Certificate>> chain = crypto::Certificate::ChainFromPem(pem);
  if (!chain.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("is no PEM certificate (",
                                                   chain.status().message(),
                                                   "); write the whole PEM text with \\n for each "
                                                   "line's end"));
  }
  if (chain->size() != 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "holds ", chain->size(),
        " certificates; write the issuing one alone, each other as an issuer of its own"));
  }
  if (!chain->front().is_ca()) {
    return absl::InvalidArgumentError(
        "is the certificate of no CA (basic constraints); write the one that issues the members' "
        "certificates");
  }
  return std::move(chain->front());
}

absl::StatusOr<std::string> NormalArea(const v1::Element& routing_claim, absl::string_view text) {
  if (routing_claim.type() == v1::VALUE_TYPE_LAND_OFFICE) {
    absl::StatusOr<ident::Normalized> office =
        ident::Normalize(ident::IdentifierScheme::kLandOffice, text);
    if (!office.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(office.status().message()));
    }
    return std::move(office->value);
  }
  if (routing_claim.type() == v1::VALUE_TYPE_CODE &&
      std::find(routing_claim.codes().begin(), routing_claim.codes().end(), text) ==
          routing_claim.codes().end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("is none of the codes of claim \"", routing_claim.code(), "\""));
  }
  if (text.empty() || text.size() > kNameBytesMax) {
    return absl::InvalidArgumentError("must have 1 to 64 bytes");
  }
  return absl::AsciiStrToUpper(text);
}

absl::string_view TypeName(v1::ValueType type) {
  return absl::StripPrefix(v1::ValueType_Name(type), "VALUE_TYPE_");
}

}  // namespace chayan::registry
