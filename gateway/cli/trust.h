// Whom a verifier trusts: a trust file (tlog-policy lines and answer keys), or a log's key alone.
#ifndef CHAYAN_GATEWAY_CLI_TRUST_H_
#define CHAYAN_GATEWAY_CLI_TRUST_H_

#include <string>

#include "absl/status/statusor.h"
#include "gateway/tlog/policy_file.h"

namespace chayan::cli {

// `trust_file` wins over `vkey` when both are given; INVALID_ARGUMENT with the remedy when neither
// is. A log's key alone asks for no witness and knows no holder.
absl::StatusOr<tlog::Policy> LoadTrust(const std::string& trust_file, const std::string& vkey);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_TRUST_H_
