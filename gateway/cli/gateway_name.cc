#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gateway/cli/client.h"

namespace chayan::cli {

absl::Status CheckGatewayNames(const std::vector<std::string>& uris,
                               absl::string_view trust_domain) {
  if (uris.size() != 1) {
    return absl::UnauthenticatedError(absl::StrCat("the other side's certificate has ", uris.size(),
                                                   " URI names; a gateway's has one"));
  }
  absl::string_view rest = uris.front();
  if (!absl::ConsumePrefix(&rest, "spiffe://")) {
    return absl::UnauthenticatedError("the other side's certificate names no spiffe:// URI");
  }
  const std::vector<absl::string_view> parts = absl::StrSplit(rest, '/');
  if (parts.size() != 3 || parts[1] != "gateway" || parts[0].empty() || parts[2].empty()) {
    return absl::UnauthenticatedError(
        absl::StrCat("the other side is ", uris.front(), ", which is no gateway"));
  }
  if (!trust_domain.empty() && parts[0] != trust_domain) {
    return absl::UnauthenticatedError(absl::StrCat("the gateway is of trust domain ", parts[0],
                                                   ", our certificate of ", trust_domain));
  }
  return absl::OkStatus();
}

}  // namespace chayan::cli
