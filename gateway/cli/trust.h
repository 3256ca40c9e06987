// Whom a verifier trusts: a trust file (tlog-policy lines and answer keys), or a log's key alone.
#ifndef CHAYAN_GATEWAY_CLI_TRUST_H_
#define CHAYAN_GATEWAY_CLI_TRUST_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/tlog/policy_file.h"

namespace chayan::cli {

// The policy with the keys to which a file `log-keys` of an export leads (key_chain.h); the same
// policy when `log_keys_file` is empty.
absl::StatusOr<tlog::Policy> FollowLogKeys(absl::StatusOr<tlog::Policy> trust,
                                           const std::string& log_keys_file);

// The same with the file of the export in `directory`, if it has one: else the log has its first
// key.
absl::StatusOr<tlog::Policy> FollowExport(absl::StatusOr<tlog::Policy> trust,
                                          const std::string& directory);

// What the command line names wins over what the environment does (CHAYAN_TRUST, CHAYAN_LOG_VKEY):
// a key that was written out is never passed over for a file that was not. Else as LoadTrust.
absl::StatusOr<tlog::Policy> LoadTrustOr(
    const std::function<std::string(const std::string& name)>& environment,
    const std::string& trust_flag, const std::string& vkey_flag,
    const std::vector<std::string>& witnesses = {});

// `trust_file` wins over `vkey` when both are given; INVALID_ARGUMENT with the remedy when neither
// is. A log's key alone knows no holder, and asks for the cosignature of each of `witnesses`
// (verifier keys); a trust file says itself which witnesses it wants.
absl::StatusOr<tlog::Policy> LoadTrust(const std::string& trust_file, const std::string& vkey,
                                       const std::vector<std::string>& witnesses = {});

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_TRUST_H_
