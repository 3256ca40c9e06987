// A person's assertion: RFC 7515 compact form, EdDSA (RFC 8037) alone. The algorithm is ours to
// choose, not the header's: anything else than the one we would have checked is refused, and so is
// every extension that claims to be critical.
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <cmath>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/digest.h"
#include "gateway/crypto/signing_key.h"
#include "gateway/policy/decide.h"

namespace chayan::policy {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

// 9999-12-31: later seconds are no time that anybody means.
constexpr double kUnixSecondsMax = 253402300799.0;

absl::StatusOr<Struct> ParsePart(absl::string_view part, absl::string_view name) {
  const absl::StatusOr<std::string> json = Base64UrlDecode(part);
  if (!json.ok()) return absl::InvalidArgumentError(absl::StrCat(name, " is no base64url"));
  Struct object;
  const auto parsed = google::protobuf::util::JsonStringToMessage(*json, &object);
  if (!parsed.ok()) return absl::InvalidArgumentError(absl::StrCat(name, " is no JSON object"));
  return object;
}

absl::StatusOr<std::string> StringAt(const Struct& object, const char* name) {
  const auto found = object.fields().find(name);
  if (found == object.fields().end() || found->second.kind_case() != Value::kStringValue ||
      found->second.string_value().empty()) {
    return absl::InvalidArgumentError(absl::StrCat("\"", name, "\" is missing or no text"));
  }
  return found->second.string_value();
}

absl::StatusOr<absl::Time> TimeAt(const Struct& object, const char* name) {
  const auto found = object.fields().find(name);
  const double seconds =
      found != object.fields().end() && found->second.kind_case() == Value::kNumberValue
          ? found->second.number_value()
          : -1;
  if (!(seconds >= 0 && seconds <= kUnixSecondsMax) || std::floor(seconds) != seconds) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", name, "\" is missing or no whole number of seconds since 1970"));
  }
  return absl::FromUnixSeconds(static_cast<int64_t>(seconds));
}

// The key that the header names.
absl::StatusOr<crypto::Ed25519PublicKey> KeyFor(const Struct& header, const Caller& caller,
                                                const registry::Snapshot& snapshot) {
  CHAYAN_ASSIGN_OR_RETURN(const std::string algorithm, StringAt(header, "alg"));
  if (algorithm != "EdDSA") return absl::InvalidArgumentError("\"alg\" is not EdDSA");
  if (header.fields().contains("crit")) {
    return absl::InvalidArgumentError("\"crit\" asks for extensions that are not known here");
  }
  CHAYAN_ASSIGN_OR_RETURN(const std::string key_id, StringAt(header, "kid"));
  const absl::string_view raw = snapshot.FindAssertionKey(caller.member, key_id);
  if (raw.empty()) {
    return absl::InvalidArgumentError("\"kid\" names no assertion key of the calling member");
  }
  return crypto::Ed25519PublicKey::FromRaw(raw);
}

absl::Status ExpectText(const Struct& payload, const char* name, absl::string_view expected) {
  CHAYAN_ASSIGN_OR_RETURN(const std::string text, StringAt(payload, name));
  if (text == expected) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("\"", name, "\" does not belong to this request"));
}

absl::Status CheckTimes(const Struct& payload, absl::Time now) {
  CHAYAN_ASSIGN_OR_RETURN(const absl::Time issued, TimeAt(payload, "iat"));
  CHAYAN_ASSIGN_OR_RETURN(const absl::Time expires, TimeAt(payload, "exp"));
  if (expires <= issued || expires - issued > kAssertionLifetimeMax) {
    return absl::InvalidArgumentError("\"exp\" is not within 12 hours after \"iat\"");
  }
  if (issued > now + kAssertionClockSkew) {
    return absl::InvalidArgumentError("\"iat\" lies in the future");
  }
  if (payload.fields().contains("nbf")) {
    CHAYAN_ASSIGN_OR_RETURN(const absl::Time not_before, TimeAt(payload, "nbf"));
    if (not_before > now + kAssertionClockSkew) {
      return absl::InvalidArgumentError("\"nbf\" lies in the future");
    }
  }
  if (expires <= now - kAssertionClockSkew) return absl::InvalidArgumentError("it has expired");
  return absl::OkStatus();
}

}  // namespace

absl::Status VerifyAssertion(absl::string_view assertion, const Caller& caller,
                             absl::string_view person_id, absl::string_view person_role,
                             const registry::Snapshot& snapshot, absl::Time now,
                             absl::string_view approves) {
  if (assertion.size() > kAssertionBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("it is longer than ", kAssertionBytesMax, " bytes"));
  }
  const std::vector<absl::string_view> parts = absl::StrSplit(assertion, '.');
  if (parts.size() != 3) return absl::InvalidArgumentError("it does not have three parts");

  CHAYAN_ASSIGN_OR_RETURN(const Struct header, ParsePart(parts[0], "the header"));
  CHAYAN_ASSIGN_OR_RETURN(const crypto::Ed25519PublicKey key, KeyFor(header, caller, snapshot));
  const absl::StatusOr<std::string> signature = Base64UrlDecode(parts[2]);
  const absl::string_view signed_bytes = assertion.substr(0, parts[0].size() + 1 + parts[1].size());
  if (!signature.ok() || !crypto::VerifyEd25519(key, signed_bytes, *signature)) {
    return absl::InvalidArgumentError("its signature does not verify");
  }

  CHAYAN_ASSIGN_OR_RETURN(const Struct payload, ParsePart(parts[1], "the payload"));
  CHAYAN_RETURN_IF_ERROR(ExpectText(payload, "iss", caller.member));
  CHAYAN_RETURN_IF_ERROR(ExpectText(payload, "sub", person_id));
  CHAYAN_RETURN_IF_ERROR(ExpectText(payload, "role", person_role));
  CHAYAN_RETURN_IF_ERROR(ExpectText(payload, "aud", snapshot.trust_domain()));
  if (!approves.empty()) CHAYAN_RETURN_IF_ERROR(ExpectText(payload, "apr", approves));
  return CheckTimes(payload, now);
}

std::string ApprovalOf(const v1::VerifyDocumentRequest& request) {
  const absl::string_view end("\0", 1);
  const crypto::Digest digest = crypto::Sha256(
      {"chayan/approval/v1", end, request.document_kind(), end, request.purpose().case_number(),
       end, request.purpose().person().id(), end, request.subject().identifier().value(), end});
  return Base64UrlEncode(digest.raw());
}

std::string ApprovalOfSet(const crypto::Digest& in_force, const crypto::Digest& next,
                          absl::string_view person_id) {
  const absl::string_view end("\0", 1);
  const crypto::Digest digest =
      crypto::Sha256({"chayan/registry-approval/v1", end, in_force.ToHex(), end, next.ToHex(), end,
                      person_id, end});
  return Base64UrlEncode(digest.raw());
}

}  // namespace chayan::policy
