#include "gateway/cli/evidence_output.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/check_text.h"
#include "gateway/cli/trust.h"

namespace chayan::cli {

CLI::Option* AddEvidenceFlags(CLI::App& command, EvidenceFlags& flags) {
  AddTrustFlag(command, flags.trust);
  return command.add_option("--evidence", flags.file, "write the evidence file (.chayan) here");
}

void AddTrustFlag(CLI::App& command, std::string& trust) {
  command.add_option("--trust", trust, "trust file to check the receipt with [CHAYAN_TRUST]");
}

absl::StatusOr<std::optional<tlog::Policy>> KnownTrust(const Program& program,
                                                       const std::string& flag) {
  const std::string file = program.OrEnvironment(flag, "CHAYAN_TRUST");
  if (file.empty()) return std::nullopt;
  CHAYAN_ASSIGN_OR_RETURN(
      tlog::Policy trust,
      FollowLogKeys(LoadTrust(file, ""), program.environment("CHAYAN_LOG_KEYS")));
  return trust;
}

absl::string_view UncheckedText(const Program& program) {
  return program.Say("未檢查(請以 --trust FILE 或 CHAYAN_TRUST 指定信任檔)\n",
                     "not checked (name a trust file with --trust FILE or CHAYAN_TRUST)\n");
}

absl::Status RemoveOlderEvidence(const EvidenceFlags& flags) {
  std::error_code fault;
  if (flags.file.empty() || !std::filesystem::is_regular_file(flags.file, fault)) {
    return absl::OkStatus();
  }
  if (std::filesystem::remove(flags.file, fault)) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("--evidence: the older ", flags.file,
                                                    " cannot be removed: ", fault.message(),
                                                    "; name another file"));
}

absl::StatusOr<std::optional<ReceiptReport>> CheckReceipt(const Program& program,
                                                          const EvidenceFlags& flags,
                                                          const v1::EvidenceFile& evidence) {
  if (!evidence.has_receipt()) return std::nullopt;
  CHAYAN_ASSIGN_OR_RETURN(const auto trust, KnownTrust(program, flags.trust));
  if (!trust.has_value()) return std::nullopt;
  return CheckEvidence(evidence.SerializeAsString(), *trust);
}

void PrintVerdict(const Program& program, const v1::EvidenceFile& evidence,
                  const std::optional<ReceiptReport>& report) {
  if (!evidence.has_receipt()) return;
  program.out << program.Say("收據: ", "receipt: ");
  if (report.has_value()) {
    program.out << VerdictLine(program.language, *report) << "\n";
  } else {
    program.out << UncheckedText(program);
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
