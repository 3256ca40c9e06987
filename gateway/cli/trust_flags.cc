#include "gateway/cli/trust_flags.h"

#include "gateway/cli/trust.h"

namespace chayan::cli {

void AddTrustFlags(CLI::App& command, TrustFlags& flags) {
  command.add_option("--trust,--policy", flags.trust,
                     "trust file: log, witness, group, quorum and answer-key lines [CHAYAN_TRUST]");
  command.add_option("--vkey", flags.vkey,
                     "the log's verifier key, where there is no trust file [CHAYAN_LOG_VKEY]");
  command.add_option("--log-keys", flags.log_keys,
                     "file log-keys of an export: leads from the trusted key of a log to those "
                     "that followed it [CHAYAN_LOG_KEYS]");
}

absl::StatusOr<tlog::Policy> LoadTrust(const Program& program, const TrustFlags& flags) {
  return FollowLogKeys(LoadTrustOr(program.environment, flags.trust, flags.vkey),
                       program.OrEnvironment(flags.log_keys, "CHAYAN_LOG_KEYS"));
}

}  // namespace chayan::cli
