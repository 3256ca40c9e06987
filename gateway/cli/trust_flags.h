// Whom a command trusts: --trust, --vkey and --log-keys, each of which may stand in the environment
// instead.
#ifndef CHAYAN_GATEWAY_CLI_TRUST_FLAGS_H_
#define CHAYAN_GATEWAY_CLI_TRUST_FLAGS_H_

#include <string>

#include "absl/status/statusor.h"
#include "gateway/cli/program.h"
#include "gateway/tlog/policy_file.h"

namespace chayan::cli {

struct TrustFlags {
  std::string trust;
  std::string vkey;
  std::string log_keys;
};
void AddTrustFlags(CLI::App& command, TrustFlags& flags);

// As LoadTrustOr and FollowLogKeys (trust.h).
absl::StatusOr<tlog::Policy> LoadTrust(const Program& program, const TrustFlags& flags);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_TRUST_FLAGS_H_
