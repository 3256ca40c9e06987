// Statistics that a gateway gave: the entry of the read holds the digest of the report's bytes, so
// whoever has that entry's proof has the report signed. Asked for with ExportReport, delivered as
// a ReportPack, checked again offline.
#ifndef CHAYAN_GATEWAY_CLI_SIGNED_REPORT_H_
#define CHAYAN_GATEWAY_CLI_SIGNED_REPORT_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/cli/program.h"
#include "gateway/report/period.h"
#include "gateway/tlog/inclusion_check.h"
#include "gateway/tlog/note_key.h"
#include "gateway/tlog/policy_file.h"

namespace chayan::cli {

// The name of the report in its pack.
inline constexpr char kSignedReportName[] = "report.json";

// Asks the gateway for the statistics of `period`, checks them against `trust` and writes the pack
// to `directory`.
ExitCode FetchSignedReport(Program& program, const report::Period& period,
                           const tlog::Policy& trust, const std::string& directory,
                           const std::optional<tlog::NoteSigner>& signer);

// That a log of `trust` holds `leaf`, and that it is the entry of an ExportReport that gave these
// bytes. INVALID_ARGUMENT says which of it is not so.
absl::StatusOr<tlog::InclusionStanding> CheckSignedReport(absl::string_view report,
                                                          absl::string_view leaf,
                                                          absl::string_view tlog_proof,
                                                          const tlog::Policy& trust);

// What a pack in `directory` proves under `trust`.
struct PackProofs {
  size_t entries = 0;                     // whose proofs hold
  std::optional<uint64_t> signed_report;  // the entry that holds the report's digest
};
// Every proof of the pack must hold. INVALID_ARGUMENT names the file of the first that does not.
absl::StatusOr<PackProofs> CheckPackProofs(const std::string& directory, const tlog::Policy& trust);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_SIGNED_REPORT_H_
