#include "gateway/rpc/deny_list.h"

#include <google/protobuf/text_format.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gateway/registry/shapes.h"
#include "gateway/rpc/identity.h"

namespace chayan::rpc {

absl::StatusOr<DenyList> DenyList::Parse(const std::string& text,
                                         const registry::Snapshot& snapshot) {
  v1::DenyList proto;
  if (!google::protobuf::TextFormat::ParseFromString(text, &proto)) {
    return absl::InvalidArgumentError(
        "not a readable text file of chayan.v1.DenyList; write entries such as certificates { uri: "
        "\"spiffe://…\" reason: \"…\" }");
  }
  DenyList list;
  for (int i = 0; i < proto.certificates_size(); ++i) {
    if (const absl::Status status = list.Add(proto.certificates(i), snapshot); !status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("certificates[", i, "]: ", status.message()));
    }
  }
  return list;
}

absl::Status DenyList::Add(const v1::DeniedCertificate& entry, const registry::Snapshot& snapshot) {
  switch (entry.target_case()) {
    case v1::DeniedCertificate::kSpkiSha256:
      if (!registry::kSpkiDigest.matches(entry.spki_sha256())) {
        return absl::InvalidArgumentError(absl::StrCat("spki_sha256 matches no certificate; write ",
                                                       registry::kSpkiDigest.expected));
      }
      keys_.insert(entry.spki_sha256());
      return absl::OkStatus();
    case v1::DeniedCertificate::kUri: {
      UriParts parts;
      if (!ParseUri(entry.uri(), parts) || parts.domain != snapshot.trust_domain()) {
        return absl::InvalidArgumentError(absl::StrCat("uri matches no system; write spiffe://",
                                                       snapshot.trust_domain(), "/MEMBER/SYSTEM"));
      }
      uris_.insert(entry.uri());
      return absl::OkStatus();
    }
    case v1::DeniedCertificate::kIssuerSerial: {
      const v1::IssuerSerial& named = entry.issuer_serial();
      const crypto::Certificate* const issuer = snapshot.FindIssuer(named.issuer());
      if (issuer == nullptr) {
        return absl::InvalidArgumentError(
            "issuer_serial names an issuer that the registry lacks; write the id of one of its "
            "issuers, or deny by spki_sha256 or uri");
      }
      const absl::string_view serial = registry::WithoutLeadingZeros(named.serial());
      if (!registry::kSerial.matches(serial)) {
        return absl::InvalidArgumentError(absl::StrCat(
            "issuer_serial.serial matches no certificate; write ", registry::kSerial.expected));
      }
      serials_.emplace(issuer->spki_digest().ToHex(), serial);
      return absl::OkStatus();
    }
    case v1::DeniedCertificate::TARGET_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("denies nobody; write spki_sha256, uri or issuer_serial");
}

bool DenyList::Denies(const std::vector<crypto::Certificate>& chain, absl::string_view uri) const {
  const std::vector<std::string>& carried = chain.front().uri_sans();
  if (uris_.contains(uri) || std::any_of(carried.begin(), carried.end(),
                                         [&](const auto& name) { return uris_.contains(name); })) {
    return true;
  }
  if (keys_.empty() && serials_.empty()) return false;
  for (size_t i = 0; i < chain.size(); ++i) {
    if (keys_.contains(chain[i].spki_digest().ToHex())) return true;
    // The root at the end is nobody's to number.
    if (i + 1 < chain.size() &&
        serials_.contains({chain[i + 1].spki_digest().ToHex(),
                           std::string(registry::WithoutLeadingZeros(chain[i].serial()))})) {
      return true;
    }
  }
  return false;
}

}  // namespace chayan::rpc
