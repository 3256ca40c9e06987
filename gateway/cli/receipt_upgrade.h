// One evidence file's way from the operator's promise to a witnessed proof. A file is replaced in
// one step or not at all, and only by what was checked: a run that is stopped is begun again, and
// skips what it finds witnessed.
#ifndef CHAYAN_GATEWAY_CLI_RECEIPT_UPGRADE_H_
#define CHAYAN_GATEWAY_CLI_RECEIPT_UPGRADE_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "chayan/v1/audit_service.pb.h"
#include "gateway/cli/program.h"
#include "gateway/tlog/policy_file.h"

namespace chayan::cli {

enum class UpgradeOutcome { kUpgraded, kWitnessedBefore, kNotYetWitnessed };

// Leaf and proof of an entry, as the gateway has them now.
using ReceiptSource = std::function<absl::StatusOr<v1::GetReceiptResponse>(uint64_t index)>;

// DATA_LOSS when the file or what came does not hold, and when they contradict each other: then the
// file stays as it is.
absl::StatusOr<UpgradeOutcome> UpgradeReceipt(const std::string& path, const tlog::Policy& trust,
                                              const ReceiptSource& source);

// Adds `chayan receipt upgrade`.
void AddReceiptUpgrade(CLI::App& receipt, Program& program);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_RECEIPT_UPGRADE_H_
