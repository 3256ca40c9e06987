// chayan-bench-issue: certificates for many systems at once, each with a key of its own, by the
// development CA. Reads lines "NAME URI"; writes NAME.pem and NAME.key into a folder.
#include <CLI/CLI.hpp>
#include <iostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gateway/base/clock.h"
#include "gateway/base/file.h"
#include "gateway/base/random.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/certificate_authority.h"

namespace chayan::bench {
namespace {

constexpr absl::Duration kValid = absl::Hours(24);

absl::Status Issue(const std::string& ca_certificate, const std::string& ca_key,
                   const std::string& folder) {
  CHAYAN_ASSIGN_OR_RETURN(const std::string chain, ReadFile(ca_certificate));
  CHAYAN_ASSIGN_OR_RETURN(const std::string ca_key_pem, ReadFile(ca_key));
  CHAYAN_ASSIGN_OR_RETURN(const auto authority,
                          crypto::CertificateAuthority::Create(chain, ca_key_pem));
  SystemRandom random;
  const absl::Time now = SystemClock().Now();
  std::string name, uri;
  while (std::cin >> name >> uri) {
    CHAYAN_ASSIGN_OR_RETURN(const std::string key, crypto::GenerateTlsKeyPem());
    CHAYAN_ASSIGN_OR_RETURN(
        const std::string request,
        crypto::MakeCertificateRequest(
            key, {.common_name = name, .uris = {uri}, .dns_names = {}, .ip_addresses = {}}));
    CHAYAN_ASSIGN_OR_RETURN(const std::string certificate,
                            authority.Sign(request,
                                           {.use = crypto::CertificateUse::kClient,
                                            .not_before = now - absl::Minutes(1),
                                            .not_after = now + kValid},
                                           random));
    CHAYAN_RETURN_IF_ERROR(WriteFile(absl::StrCat(folder, "/", name, ".pem"), certificate));
    CHAYAN_RETURN_IF_ERROR(WriteFile(absl::StrCat(folder, "/", name, ".key"), key, 0600));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace chayan::bench

int main(int argc, char** argv) {
  std::string ca_certificate, ca_key, folder;
  CLI::App app("Issues a client certificate for each line \"NAME URI\" it reads.",
               "chayan-bench-issue");
  app.add_option("--ca-cert", ca_certificate, "The CA's certificate, then those above it, PEM")
      ->required();
  app.add_option("--ca-key", ca_key, "Its key, PEM")->required();
  app.add_option("--folder", folder, "Where the files go")->required();
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = chayan::bench::Issue(ca_certificate, ca_key, folder);
  if (status.ok()) return 0;
  std::cerr << "chayan-bench-issue: " << status.message() << std::endl;
  return 1;
}
