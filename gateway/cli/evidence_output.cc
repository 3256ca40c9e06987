#include "gateway/cli/evidence_output.h"

#include "absl/strings/str_cat.h"
#include "gateway/base/file.h"
#include "gateway/cli/check_text.h"
#include "gateway/cli/trust.h"

namespace chayan::cli {

CLI::Option* AddEvidenceFlags(CLI::App& command, EvidenceFlags& flags) {
  command.add_option("--trust", flags.trust, "trust file to check the receipt with [CHAYAN_TRUST]");
  return command.add_option("--evidence", flags.file, "write the evidence file (.chayan) here");
}

absl::StatusOr<std::optional<ReceiptReport>> CheckReceipt(const Program& program,
                                                          const EvidenceFlags& flags,
                                                          const v1::EvidenceFile& evidence) {
  const std::string file = program.OrEnvironment(flags.trust, "CHAYAN_TRUST");
  if (file.empty() || !evidence.has_receipt()) return std::optional<ReceiptReport>();
  const auto trust = FollowLogKeys(LoadTrust(file, ""), program.environment("CHAYAN_LOG_KEYS"));
  if (!trust.ok()) return trust.status();
  return std::optional(CheckEvidence(evidence.SerializeAsString(), *trust));
}

void PrintVerdict(const Program& program, const v1::EvidenceFile& evidence,
                  const std::optional<ReceiptReport>& report) {
  if (!evidence.has_receipt()) return;
  program.out << program.Say("收據: ", "receipt: ");
  if (report.has_value()) {
    program.out << VerdictLine(program.language, *report) << "\n";
  } else {
    program.out << program.Say("未檢查(請以 --trust FILE 或 CHAYAN_TRUST 指定信任檔)\n",
                               "not checked (name a trust file with --trust FILE or "
                               "CHAYAN_TRUST)\n");
  }
}

absl::Status WriteEvidence(const v1::EvidenceFile& evidence, const std::string& path) {
  if (!evidence.has_receipt()) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " was not written: nothing was recorded, so there is no receipt"));
  }
  return WriteFile(path, evidence.SerializeAsString(), 0600);
}

}  // namespace chayan::cli
