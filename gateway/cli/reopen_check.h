// A log that goes on for another says so in its second entry: the other's last checkpoint, and from
// which entry on it was lost. This holds that against an export of the log before, and against
// receipts: the gap must be the one that is stated, and no larger.
#ifndef CHAYAN_GATEWAY_CLI_REOPEN_CHECK_H_
#define CHAYAN_GATEWAY_CLI_REOPEN_CHECK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/cli/log_audit.h"
#include "gateway/tlog/policy_file.h"

namespace chayan::cli {

// Takes the `reopen` entry out, which is the second of a log or none.
class ReopenRule final : public EntryRule {
 public:
  explicit ReopenRule(std::optional<std::string>& leaf) : leaf_(leaf) {}
  std::optional<Lie> Check(const AuditedEntry& entry) override;

 private:
  std::optional<std::string>& leaf_;
};

struct ReopenReport {
  std::optional<Lie> first_lie;
  std::string origin;        // of the log before
  uint64_t size = 0;         // of its last checkpoint
  uint64_t lost = 0;         // first entry that is lost; `size` when none is
  uint64_t read = 0;         // entries of the export of the log before
  size_t lost_receipts = 0;  // receipts of entries that are lost: what they prove is all there is
};

// `reopen_leaf`: of the new log, whose audit passed. `directory`: the export of the log before.
// `receipts` as in AuditOptions; those of other logs are skipped. `trust` has the keys of the log
// before (FollowExport). An error only if the folder cannot be read at all.
absl::StatusOr<ReopenReport> CheckReopening(absl::string_view reopen_leaf,
                                            const std::string& directory, const tlog::Policy& trust,
                                            const std::vector<NamedBytes>& receipts);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_REOPEN_CHECK_H_
