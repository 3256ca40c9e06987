#include "gateway/cli/certs.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/crl.h"
#include "gateway/crypto/signing_key.h"

namespace chayan::cli {
namespace {

constexpr mode_t kPrivate = 0600;
// A machine whose clock is a little behind must accept what was just signed.
constexpr absl::Duration kClockSkew = absl::Minutes(5);

bool Exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

absl::StatusOr<crypto::CertificateAuthority> OpenAuthority(const AuthorityFiles& files) {
  CHAYAN_ASSIGN_OR_RETURN(const std::string chain, ReadFile(files.certificate));
  CHAYAN_ASSIGN_OR_RETURN(const std::string key, ReadFile(files.key));
  auto authority = crypto::CertificateAuthority::Create(chain, key);
  if (!authority.ok()) {
    return Annotate(authority.status(), absl::StrCat(files.certificate, ", ", files.key));
  }
  return authority;
}

absl::StatusOr<crypto::Certificate> ReadLeaf(const std::string& path) {
  CHAYAN_ASSIGN_OR_RETURN(const std::string pem, ReadFile(path));
  auto chain = crypto::Certificate::ChainFromPem(pem);
  if (!chain.ok()) return Annotate(chain.status(), path);
  return chain->front();
}

// As the reader of certificates spells serials: lower case, whole bytes, no leading zero bytes.
std::string NormalSerial(absl::string_view text) {
  std::string serial = absl::AsciiStrToLower(text);
  if (serial.size() % 2 == 1) serial = absl::StrCat("0", serial);
  while (serial.size() > 2 && absl::StartsWith(serial, "00")) serial.erase(0, 2);
  return serial;
}

absl::Status Rename(const std::string& from, const std::string& to) {
  std::error_code error;
  std::filesystem::rename(from, to, error);
  if (error) return absl::InternalError(absl::StrCat(to, ": ", error.message()));
  const size_t slash = to.rfind('/');
  return SyncFolder(slash == std::string::npos ? "." : to.substr(0, slash));
}

}  // namespace

absl::Status RequestCertificate(const std::string& key_path, const std::string& request_path,
                                const crypto::SubjectNames& names) {
  if (Exists(key_path)) {
    return absl::AlreadyExistsError(
        absl::StrCat(key_path,
                     " is there already and is not overwritten; for a new key of a certificate you "
                     "have, run chayan certs renew"));
  }
  CHAYAN_ASSIGN_OR_RETURN(const std::string key, crypto::GenerateTlsKeyPem());
  // Before the key is written: a name that is wrong leaves nothing behind.
  CHAYAN_ASSIGN_OR_RETURN(const std::string request, crypto::MakeCertificateRequest(key, names));
  CHAYAN_RETURN_IF_ERROR(WriteFile(key_path, key, kPrivate));
  return WriteFile(request_path, request);
}

absl::StatusOr<std::string> MakeAnswerKey(const std::string& key_path, Random& random) {
  if (Exists(key_path)) {
    return absl::AlreadyExistsError(
        absl::StrCat(key_path,
                     " is there already and is not overwritten; for a new key name another file, "
                     "and register both until the old one is out of use"));
  }
  const crypto::Ed25519Key key = crypto::Ed25519Key::Generate(random);
  CHAYAN_RETURN_IF_ERROR(WriteFile(key_path, key.ToPem(), kPrivate));
  return Base64Encode(crypto::SpkiFromPublicKey(key.public_key()));
}

absl::StatusOr<crypto::SubjectNames> SignRequest(const SignOrder& order, absl::Time now,
                                                 Random& random) {
  CHAYAN_ASSIGN_OR_RETURN(const crypto::CertificateAuthority authority,
                          OpenAuthority(order.authority));
  CHAYAN_ASSIGN_OR_RETURN(const std::string request, ReadFile(order.request));
  auto names = crypto::ReadCertificateRequest(request);
  if (!names.ok()) return Annotate(names.status(), order.request);
  if (!order.expected_uri.empty() && names->uris != std::vector<std::string>{order.expected_uri}) {
    return absl::FailedPreconditionError(absl::StrCat(
        order.request, " asks for ", names->uris.empty() ? "no URI" : names->uris.front(),
        ", not for ", order.expected_uri, "; nothing was signed"));
  }
  auto certificate = authority.Sign(
      request,
      {.use = order.use, .not_before = now - kClockSkew, .not_after = now + order.lifetime},
      random);
  if (!certificate.ok()) return Annotate(certificate.status(), order.request);
  CHAYAN_RETURN_IF_ERROR(WriteFile(order.out, *certificate));
  return names;
}

absl::Status BeginRenewal(const std::string& certificate_path, const std::string& key_path,
                          const std::string& request_path) {
  CHAYAN_ASSIGN_OR_RETURN(const crypto::Certificate old, ReadLeaf(certificate_path));
  CHAYAN_ASSIGN_OR_RETURN(const crypto::SubjectNames names, crypto::NamesOf(old));
  const std::string next = key_path + ".next";
  if (!Exists(next)) return RequestCertificate(next, request_path, names);
  CHAYAN_ASSIGN_OR_RETURN(const std::string key, ReadFile(next));
  CHAYAN_ASSIGN_OR_RETURN(const std::string request, crypto::MakeCertificateRequest(key, names));
  return WriteFile(request_path, request);
}

absl::StatusOr<crypto::CertificateUse> ReadUse(const std::string& certificate_path) {
  CHAYAN_ASSIGN_OR_RETURN(const crypto::Certificate certificate, ReadLeaf(certificate_path));
  auto use = crypto::UseOf(certificate);
  if (!use.ok()) return Annotate(use.status(), certificate_path);
  return use;
}

absl::Status FinishRenewal(const std::string& certificate_path, const std::string& key_path,
                           const std::string& signed_path, absl::Time now) {
  const std::string next = key_path + ".next";
  CHAYAN_ASSIGN_OR_RETURN(const std::string chain, ReadFile(signed_path));
  CHAYAN_ASSIGN_OR_RETURN(const crypto::Certificate fresh, ReadLeaf(signed_path));
  CHAYAN_ASSIGN_OR_RETURN(const crypto::Certificate old, ReadLeaf(certificate_path));
  CHAYAN_ASSIGN_OR_RETURN(const crypto::CertificateUse use, ReadUse(certificate_path));
  CHAYAN_ASSIGN_OR_RETURN(const crypto::CertificateUse fresh_use, ReadUse(signed_path));
  CHAYAN_ASSIGN_OR_RETURN(const std::string key_in_use, ReadFile(key_path));
  // A run that was cut short may have put the key in place already.
  const bool key_is_in_place = crypto::KeyBelongsTo(key_in_use, fresh);
  if (!key_is_in_place) {
    CHAYAN_ASSIGN_OR_RETURN(const std::string key, ReadFile(next));
    if (!crypto::KeyBelongsTo(key, fresh)) {
      return absl::FailedPreconditionError(
          absl::StrCat(signed_path, " was not made for ", next, "; nothing was changed"));
    }
  }
  if (!fresh.IsValidAt(now)) {
    return absl::FailedPreconditionError(
        absl::StrCat(signed_path, " is not valid now; nothing was changed"));
  }
  if (fresh.uri_sans() != old.uri_sans()) {
    return absl::FailedPreconditionError(absl::StrCat(signed_path, " is for another system than ",
                                                      certificate_path, "; nothing was changed"));
  }
  if (fresh_use != use) {
    return absl::FailedPreconditionError(absl::StrCat(
        signed_path,
        fresh_use == crypto::CertificateUse::kServer ? " may serve and is no client's, unlike "
                                                     : " is a client's and may not serve, unlike ",
        certificate_path, "; nothing was changed"));
  }
  // What can run out of disk comes first; the two renames then stand side by side. The key first:
  // whoever reads the pair in between finds them unlike and keeps the old ones.
  const std::string ready = certificate_path + ".ready";
  CHAYAN_RETURN_IF_ERROR(WriteFile(ready, chain));
  if (!key_is_in_place) {
    CHAYAN_RETURN_IF_ERROR(Rename(next, key_path));
  }
  return Rename(ready, certificate_path);
}

absl::StatusOr<size_t> Revoke(const RevokeOrder& order, absl::Time now) {
  CHAYAN_ASSIGN_OR_RETURN(const crypto::CertificateAuthority authority,
                          OpenAuthority(order.authority));
  std::vector<std::string> serials;
  for (const std::string& serial : order.serials) serials.push_back(NormalSerial(serial));
  for (const std::string& path : order.certificates) {
    CHAYAN_ASSIGN_OR_RETURN(const crypto::Certificate certificate, ReadLeaf(path));
    if (!certificate.IsIssuedBy(authority.certificate())) {
      return absl::FailedPreconditionError(absl::StrCat(path, " was not issued by ",
                                                        order.authority.certificate,
                                                        "; only its own issuer can revoke it"));
    }
    serials.push_back(certificate.serial());
  }
  std::string previous;
  if (Exists(order.crl)) {
    CHAYAN_ASSIGN_OR_RETURN(previous, ReadFile(order.crl));
  }
  auto list = authority.IssueCrl(previous, serials,
                                 {.this_update = now, .next_update = now + order.lifetime});
  if (!list.ok()) return Annotate(list.status(), order.crl);
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<crypto::Crl> read, crypto::Crl::AllFromPem(*list));
  CHAYAN_RETURN_IF_ERROR(WriteFile(order.crl, *list));
  return read.front().revoked_serials().size();
}

absl::StatusOr<std::vector<Due>> FindDue(const std::string& directory, absl::Time before) {
  CHAYAN_ASSIGN_OR_RETURN(const auto files, ReadTree(directory, ""));
  std::vector<Due> due;
  for (const auto& [path, content] : files) {
    std::set<std::string> seen;  // a certificate file repeats its intermediates
    const auto certificates = absl::StrContains(content, "BEGIN CERTIFICATE-----")
                                  ? crypto::Certificate::ChainFromPem(content)
                                  : absl::NotFoundError("");
    if (certificates.ok()) {
      for (const crypto::Certificate& certificate : *certificates) {
        if (certificate.not_after() >= before || !seen.insert(certificate.der()).second) continue;
        due.push_back({.path = path,
                       .what = certificate.uri_sans().empty() ? certificate.subject_text()
                                                              : certificate.uri_sans().front(),
                       .is_list = false,
                       .end = certificate.not_after()});
      }
    }
    if (!absl::StrContains(content, "BEGIN X509 CRL-----")) continue;
    const auto lists = crypto::Crl::AllFromPem(content);
    if (!lists.ok()) continue;
    for (const crypto::Crl& list : *lists) {
      if (!list.next_update().has_value() || *list.next_update() >= before) continue;
      due.push_back(
          {.path = path, .what = list.issuer_text(), .is_list = true, .end = *list.next_update()});
    }
  }
  std::sort(due.begin(), due.end(), [](const Due& a, const Due& b) {
    return std::tie(a.end, a.path) < std::tie(b.end, b.path);
  });
  return due;
}

}  // namespace chayan::cli
