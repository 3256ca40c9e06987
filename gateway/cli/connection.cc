#include "gateway/cli/connection.h"

#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/certificate.h"
#include "gateway/crypto/certificate_authority.h"

namespace chayan::cli {
namespace {

std::string FirstOf(const std::string& flag, const std::string& variable,
                    const Environment& environment) {
  return flag.empty() ? environment(variable) : flag;
}

absl::Status Missing(Language language, absl::string_view what, absl::string_view flag,
                     absl::string_view variable) {
  return absl::InvalidArgumentError(
      absl::StrCat(Say(language, "缺少", "no "), what, Say(language, ":請以 ", ": give "), flag,
                   Say(language, " 指定或設定 ", " or set "), variable));
}

absl::Status CheckTerm(const crypto::Certificate& certificate, const std::string& path,
                       absl::Time now, Language language) {
  if (now > certificate.not_after()) {
    return absl::InvalidArgumentError(absl::StrCat(
        Say(language, "憑證 ", "certificate "), path, Say(language, " 已於 ", " expired on "),
        TimeText(language, certificate.not_after()),
        Say(language, " 到期:請執行 chayan certs renew", ": run chayan certs renew")));
  }
  if (now < certificate.not_before()) {
    return absl::InvalidArgumentError(absl::StrCat(
        Say(language, "憑證 ", "certificate "), path, Say(language, " 自 ", " begins on "),
        TimeText(language, certificate.not_before()),
        Say(language, " 才生效:請檢查本機時鐘", ": check this machine's clock")));
  }
  return absl::OkStatus();
}

}  // namespace

Environment ProcessEnvironment() {
  return [](const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return std::string(value == nullptr ? "" : value);
  };
}

const char* RoleVariable(CallerRole role) {
  switch (role) {
    case CallerRole::kHousehold:
      return "HOUSEHOLD";
    case CallerRole::kOperator:
      return "OPERATOR";
    case CallerRole::kAuditor:
      return "AUDITOR";
    case CallerRole::kWitness:
      return "WITNESS";
    case CallerRole::kAdapter:
      return "ADAPTER";
  }
  return "";
}

SystemUri ParseSystemUri(absl::string_view uri) {
  if (!absl::ConsumePrefix(&uri, "spiffe://")) return {};
  const std::vector<std::string> parts = absl::StrSplit(uri, '/');
  if (parts.size() != 3) return {};
  return {parts[0], parts[1], parts[2]};
}

absl::StatusOr<Connection> ResolveConnection(const ConnectionFlags& flags, CallerRole role,
                                             const Environment& environment, absl::Time now,
                                             Language language) {
  Connection connection;
  Endpoint& endpoint = connection.endpoint;
  endpoint.address = FirstOf(flags.gateway, "CHAYAN_GATEWAY", environment);
  if (endpoint.address.empty()) {
    return Missing(language, Say(language, "閘道位址", "address of the gateway"),
                   "--gateway HOST:PORT", "CHAYAN_GATEWAY");
  }
  const std::string ca = FirstOf(flags.ca, "CHAYAN_CA", environment);
  if (ca.empty()) {
    return Missing(language, Say(language, "根憑證", "root certificate"), "--ca FILE", "CHAYAN_CA");
  }
  std::string cert = FirstOf(flags.cert, "CHAYAN_CERT", environment);
  std::string key = FirstOf(flags.key, "CHAYAN_KEY", environment);
  const std::string role_prefix = absl::StrCat("CHAYAN_", RoleVariable(role));
  if (cert.empty() && key.empty()) {
    cert = environment(role_prefix + "_CERT");
    key = environment(role_prefix + "_KEY");
  }
  if (cert.empty()) {
    return Missing(language, Say(language, "憑證", "certificate"), "--cert FILE",
                   absl::StrCat("CHAYAN_CERT / ", role_prefix, "_CERT"));
  }
  if (key.empty()) {
    return Missing(language, Say(language, "私鑰", "private key"), "--key FILE",
                   absl::StrCat("CHAYAN_KEY / ", role_prefix, "_KEY"));
  }
  CHAYAN_ASSIGN_OR_RETURN(endpoint.roots_pem, ReadFile(ca));
  CHAYAN_ASSIGN_OR_RETURN(endpoint.certificate_pem, ReadFile(cert));
  CHAYAN_ASSIGN_OR_RETURN(endpoint.key_pem, ReadFile(key));
  const auto roots = crypto::Certificate::ChainFromPem(endpoint.roots_pem);
  if (!roots.ok()) return Annotate(roots.status(), ca);
  const auto chain = crypto::Certificate::ChainFromPem(endpoint.certificate_pem);
  if (!chain.ok()) return Annotate(chain.status(), cert);
  const crypto::Certificate& leaf = chain->front();
  CHAYAN_RETURN_IF_ERROR(CheckTerm(leaf, cert, now, language));
  if (!crypto::KeyBelongsTo(endpoint.key_pem, leaf)) {
    return absl::InvalidArgumentError(
        absl::StrCat(key, Say(language, " 不是憑證 ", " is not the key of certificate "), cert,
                     Say(language, " 的私鑰:請檢查 --cert 與 --key", ": check --cert and --key")));
  }
  if (leaf.uri_sans().size() == 1) {
    const SystemUri uri = ParseSystemUri(leaf.uri_sans().front());
    endpoint.trust_domain = uri.trust_domain;
    connection.member = uri.member;
  }
  return connection;
}

}  // namespace chayan::cli
