#include "gateway/cli/trust.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/log/key_chain.h"

namespace chayan::cli {

namespace {

absl::StatusOr<tlog::Policy> TrustKeys(const std::string& vkey,
                                       const std::vector<std::string>& witnesses) {
  std::string text = absl::StrCat("log ", vkey, "\n");
  std::string names;
  for (size_t i = 0; i < witnesses.size(); ++i) {
    absl::StrAppend(&text, "witness w", i + 1, " ", witnesses[i], "\n");
    absl::StrAppend(&names, " w", i + 1);
  }
  absl::StrAppend(&text, names.empty() ? "quorum none\n"
                                       : absl::StrCat("group each all", names, "\nquorum each\n"));
  auto policy = tlog::Policy::Parse(text);
  if (!policy.ok()) return Annotate(policy.status(), "--vkey, --witness");
  return policy;
}

}  // namespace

absl::StatusOr<tlog::Policy> FollowLogKeys(absl::StatusOr<tlog::Policy> trust,
                                           const std::string& log_keys_file) {
  if (!trust.ok() || log_keys_file.empty()) return trust;
  CHAYAN_ASSIGN_OR_RETURN(const std::string text, ReadFile(log_keys_file));
  const absl::StatusOr<log::KeyChain> chain = log::KeyChain::Parse(text);
  if (!chain.ok()) return Annotate(chain.status(), log_keys_file);
  return chain->Follow(*std::move(trust));
}

absl::StatusOr<tlog::Policy> FollowExport(absl::StatusOr<tlog::Policy> trust,
                                          const std::string& directory) {
  const std::string file = absl::StrCat(directory, "/", log::kLogKeysFile);
  std::error_code error;
  return FollowLogKeys(std::move(trust), std::filesystem::exists(file, error) ? file : "");
}

absl::StatusOr<tlog::Policy> LoadTrustOr(
    const std::function<std::string(const std::string& name)>& environment,
    const std::string& trust_flag, const std::string& vkey_flag,
    const std::vector<std::string>& witnesses) {
  const bool is_named = !trust_flag.empty() || !vkey_flag.empty();
  return LoadTrust(is_named ? trust_flag : environment("CHAYAN_TRUST"),
                   is_named ? vkey_flag : environment("CHAYAN_LOG_VKEY"), witnesses);
}

absl::StatusOr<tlog::Policy> LoadTrust(const std::string& trust_file, const std::string& vkey,
                                       const std::vector<std::string>& witnesses) {
  if (trust_file.empty() && vkey.empty()) {
    return absl::InvalidArgumentError(
        "no key to check against: give --trust FILE (or set CHAYAN_TRUST), or --vkey VKEY (or set "
        "CHAYAN_LOG_VKEY); keys are never taken from what is checked");
  }
  if (trust_file.empty()) return TrustKeys(vkey, witnesses);
  if (!witnesses.empty()) {
    return absl::InvalidArgumentError(
        "--witness goes with --vkey; a trust file names its witnesses itself");
  }
  CHAYAN_ASSIGN_OR_RETURN(const std::string text, ReadFile(trust_file));
  auto policy = tlog::Policy::Parse(text);
  if (!policy.ok()) return Annotate(policy.status(), trust_file);
  return policy;
}

}  // namespace chayan::cli
