// What a command does with the evidence of its call: check it where a trust file is known, show the
// verdict, keep it as a file.
#ifndef CHAYAN_GATEWAY_CLI_EVIDENCE_OUTPUT_H_
#define CHAYAN_GATEWAY_CLI_EVIDENCE_OUTPUT_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "chayan/v1/receipt.pb.h"
#include "gateway/cli/program.h"
#include "gateway/cli/receipt_check.h"
#include "gateway/tlog/policy_file.h"

namespace chayan::cli {

struct EvidenceFlags {
  std::string file;   // write it here; empty: nowhere
  std::string trust;  // empty: CHAYAN_TRUST
};
// --evidence, --trust.
CLI::Option* AddEvidenceFlags(CLI::App& command, EvidenceFlags& flags);
void AddTrustFlag(CLI::App& command, std::string& trust);

// The trust file of --trust or CHAYAN_TRUST; nothing where neither names one.
absl::StatusOr<std::optional<tlog::Policy>> KnownTrust(const Program& program,
                                                       const std::string& flag);
// That no trust file is known, and how to name one; a line.
absl::string_view UncheckedText(const Program& program);

// Before the call: an older file must not be taken for this call's.
absl::Status RemoveOlderEvidence(const EvidenceFlags& flags);
// Nothing where no trust file is known or there is no receipt. An error is of the trust file.
absl::StatusOr<std::optional<ReceiptReport>> CheckReceipt(const Program& program,
                                                          const EvidenceFlags& flags,
                                                          const v1::EvidenceFile& evidence);
// "receipt: …", where there is one.
void PrintVerdict(const Program& program, const v1::EvidenceFile& evidence,
                  const std::optional<ReceiptReport>& report);
// FAILED_PRECONDITION: there is no receipt.
absl::Status WriteEvidence(const v1::EvidenceFile& evidence, const std::string& path);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_EVIDENCE_OUTPUT_H_
