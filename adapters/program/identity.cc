#include "adapters/program/identity.h"

#include <optional>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/base/file.h"
#include "gateway/crypto/certificate.h"
#include "gateway/crypto/certificate_request.h"
#include "gateway/crypto/signing_key.h"

namespace chayan::adapter {
namespace {

using crypto::Certificate;

class Checker {
 public:
  Checker(const v1::AdapterConfig& config, absl::Time now) : config_(config), now_(now) {}

  IdentityReport Check() {
    const auto own = CheckOwn();
    const auto key = Read("key_file", config_.key_file(), "`chayan certs request` makes it");
    if (own.has_value() && key.has_value() && !crypto::KeyBelongsTo(*key, *own)) {
      Fault("key_file", absl::StrCat(config_.key_file(),
                                     ": is not the certificate's, name the one that was made "
                                     "with certificate_file"));
    }
    CheckRoots();
    if (Read("answer_key_file", config_.answer_key_file(), "`chayan certs answer-key` makes it")) {
      const auto answer_key = crypto::Ed25519Key::FromPemFile(config_.answer_key_file());
      if (!answer_key.ok()) {
        Fault("answer_key_file", absl::StrCat(answer_key.status().message(),
                                              ", name what `chayan certs answer-key` made"));
      }
    }
    return std::move(report_);
  }

 private:
  void Fault(absl::string_view field, absl::string_view what) {
    report_.faults.push_back(absl::StrCat(field, ": ", what));
  }

  std::optional<std::string> Read(absl::string_view field, const std::string& path,
                                  absl::string_view remedy) {
    absl::StatusOr<std::string> content = ReadFile(path);
    if (content.ok()) return *std::move(content);
    const std::string line = absl::StrCat(field, ": ", content.status().message(), ", ", remedy);
    (absl::IsNotFound(content.status()) ? report_.missing : report_.faults).push_back(line);
    return std::nullopt;
  }

  // All of the file, at least one; none: that is said.
  std::vector<Certificate> ReadCertificates(absl::string_view field, const std::string& path,
                                            absl::string_view remedy) {
    const auto pem = Read(field, path, remedy);
    if (!pem.has_value()) return {};
    auto chain = Certificate::ChainFromPem(*pem);
    if (chain.ok()) return *std::move(chain);
    Fault(field, absl::StrCat(path, ": ", chain.status().message(),
                              ", name a file of certificates in PEM form"));
    return {};
  }

  void SayWhenItHolds(absl::string_view field, const std::string& path,
                      const Certificate& certificate, absl::string_view remedy) {
    Fault(field, absl::StrCat(
                     path, ": holds from ",
                     absl::FormatTime(certificate.not_before(), absl::UTCTimeZone()), " to ",
                     absl::FormatTime(certificate.not_after(), absl::UTCTimeZone()), ", ", remedy));
  }

  // The leaf, whether it holds now or not; none when there is no certificate.
  std::optional<Certificate> CheckOwn() {
    const std::string& path = config_.certificate_file();
    const auto chain =
        ReadCertificates("certificate_file", path, "`chayan certs request` begins one");
    if (chain.empty()) return std::nullopt;
    if (!chain.front().IsValidAt(now_)) {
      SayWhenItHolds("certificate_file", path, chain.front(), "renew it (`chayan certs renew`)");
    }
    CheckName(chain.front());
    return chain.front();
  }

  // While one root replaces another both stand there: one that holds is enough.
  void CheckRoots() {
    const auto roots = ReadCertificates("roots_file", config_.roots_file(),
                                        "the gateway's operator hands it over");
    const auto holds = [this](const Certificate& root) { return root.IsValidAt(now_); };
    if (roots.empty() || absl::c_any_of(roots, holds)) return;
    SayWhenItHolds("roots_file", config_.roots_file(), roots.back(),
                   "ask the gateway's operator for the present roots");
  }

  // One without such names may be bound by the registry (issuer and serial, or its key).
  void CheckName(const Certificate& own) {
    const std::string name = absl::StrCat("spiffe://", config_.trust_domain(), "/",
                                          config_.member(), "/", config_.system());
    if (own.uri_sans().empty() || absl::c_linear_search(own.uri_sans(), name)) return;
    Fault("certificate_file",
          absl::StrCat(config_.certificate_file(), ": is for ", absl::StrJoin(own.uri_sans(), ", "),
                       ", not for ", name, ": name another, or mend member, system, trust_domain"));
  }

  const v1::AdapterConfig& config_;
  const absl::Time now_;
  IdentityReport report_;
};

}  // namespace

IdentityReport CheckIdentity(const v1::AdapterConfig& config, absl::Time now) {
  return Checker(config, now).Check();
}

}  // namespace chayan::adapter
