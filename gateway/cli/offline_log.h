// An exported log as the commands of `chayan audit` use it: proved and read in
// one pass, so that nothing is counted, searched or reported that was not
// proved.
#ifndef CHAYAN_GATEWAY_CLI_OFFLINE_LOG_H_
#define CHAYAN_GATEWAY_CLI_OFFLINE_LOG_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "gateway/cli/log_audit.h"
#include "gateway/cli/program.h"
#include "gateway/cli/trust_flags.h"
#include "gateway/registry/snapshot.h"

namespace chayan::cli {

struct OfflineFlags : TrustFlags {
  std::string directory;
  // Not of the command line: checkpoints that the export must pass through
  // besides.
  std::vector<NamedBytes> old_checkpoints = {};
};
// DIR, and whom to trust. Commands that can ask a gateway instead may go without
// DIR.
void AddOfflineFlags(CLI::App& command, OfflineFlags& flags, bool required = true);

// Proves the export and hands each entry to `visit`. kOk when it holds; else
// the first lie was printed. Findings are left to the caller, in the report.
ExitCode ReadOfflineLog(Program& program, const OfflineFlags& flags,
                        std::function<void(const AuditedEntry&)> visit, AuditReport& report);

// The registry sets of an export, by the digest that leaves write. Each is read
// once.
class ExportedSets {
 public:
  explicit ExportedSets(std::string directory) : directory_(std::move(directory)) {}

  // Null where there is none, or it is no valid set. Lives as long as this.
  const registry::Snapshot* Find(absl::string_view digest);

 private:
  const std::string directory_;
  absl::flat_hash_map<std::string, std::shared_ptr<const registry::Snapshot>> sets_;
};

// "24h" (ago), "2026-01-15", "2026-01-15T08:30:00Z": a moment for --from, --to
// and --since. A day is its beginning in Taiwan, or with `end` its end.
absl::StatusOr<absl::Time> ParseMoment(absl::string_view flag, const std::string& text, bool end,
                                       absl::Time now);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_OFFLINE_LOG_H_
