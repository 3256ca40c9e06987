#include "gateway/cli/trust.h"

#include "absl/strings/str_cat.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"

namespace chayan::cli {

absl::StatusOr<tlog::Policy> LoadTrust(const std::string& trust_file, const std::string& vkey) {
  if (trust_file.empty() && vkey.empty()) {
    return absl::InvalidArgumentError(
        "no key to check against: give --trust FILE (or set CHAYAN_TRUST), or --vkey VKEY (or set "
        "CHAYAN_LOG_VKEY); keys are never taken from what is checked");
  }
  if (trust_file.empty()) {
    auto policy = tlog::Policy::Parse(absl::StrCat("log ", vkey, "\nquorum none\n"));
    if (!policy.ok()) return Annotate(policy.status(), "--vkey");
    return policy;
  }
  CHAYAN_ASSIGN_OR_RETURN(const std::string text, ReadFile(trust_file));
  auto policy = tlog::Policy::Parse(text);
  if (!policy.ok()) return Annotate(policy.status(), trust_file);
  return policy;
}

}  // namespace chayan::cli
