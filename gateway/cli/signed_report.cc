#include "gateway/cli/signed_report.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/audit_calls.h"
#include "gateway/cli/entry_rule.h"
#include "gateway/cli/report_pack.h"
#include "gateway/crypto/digest.h"
#include "gateway/log/leaf_view.h"
#include "gateway/tlog/proof_file.h"

namespace chayan::cli {
namespace {

constexpr char kMethod[] = "ExportReport";
constexpr char kLeafSuffix[] = ".leaf";

absl::StatusOr<tlog::InclusionStanding> CheckProof(absl::string_view leaf,
                                                   absl::string_view tlog_proof,
                                                   const tlog::Policy& trust) {
  CHAYAN_ASSIGN_OR_RETURN(const tlog::ProofFile proof, tlog::ParseProofFile(tlog_proof));
  return tlog::CheckInclusion(leaf, proof, trust);
}

bool IsOfReport(absl::string_view leaf) {
  const auto entry = log::ReadLeaf(leaf);
  return entry.ok() && entry->known_type == log::EntryType::kRead &&
         entry->Get(log::Key::kMethod) == kMethod;
}

}  // namespace

absl::StatusOr<tlog::InclusionStanding> CheckSignedReport(absl::string_view report,
                                                          absl::string_view leaf,
                                                          absl::string_view tlog_proof,
                                                          const tlog::Policy& trust) {
  CHAYAN_ASSIGN_OR_RETURN(tlog::InclusionStanding standing, CheckProof(leaf, tlog_proof, trust));
  if (!IsOfReport(leaf)) {
    return absl::InvalidArgumentError("the entry that was proved is not of a report");
  }
  CHAYAN_ASSIGN_OR_RETURN(const log::LeafView entry, log::ReadLeaf(leaf));
  if (entry.Get(log::Key::kDigest) != absl::string_view(crypto::Sha256(report).ToBase64())) {
    return absl::InvalidArgumentError(
        absl::StrCat("the report is not the one that ", At(standing.index), " signs"));
  }
  return standing;
}

ExitCode FetchSignedReport(Program& program, const report::Period& period,
                           const tlog::Policy& trust, const std::string& directory,
                           const std::optional<tlog::NoteSigner>& signer) {
  v1::ExportReportRequest request;
  request.mutable_from_time()->set_seconds(absl::ToUnixSeconds(period.begin()));
  request.mutable_until_time()->set_seconds(absl::ToUnixSeconds(period.end()));
  std::unique_ptr<Client> client;
  if (!program.Connect(CallerRole::kAuditor, client).ok()) return ExitCode::kUsage;
  AuditCalls calls(program, *client);
  const auto response = calls.Call<v1::ExportReportResponse>(kMethod, request);
  if (!response.ok()) return calls.Fail(response.status());
  const v1::Receipt& receipt = response->receipt();
  const auto standing =
      CheckSignedReport(response->report(), receipt.leaf(), receipt.tlog_proof(), trust);
  const auto proof = tlog::ParseProofFile(receipt.tlog_proof());
  if (!standing.ok() || !proof.ok()) {
    return calls.Fail(standing.ok() ? proof.status() : standing.status());
  }
  ReportPack pack;
  pack.Add(kSignedReportName, response->report());
  pack.Add("checkpoint", proof->checkpoint);
  const std::string name = absl::StrCat("proofs/", standing->index);
  pack.Add(name + kLeafSuffix, receipt.leaf());
  pack.Add(name + ".tlog-proof", receipt.tlog_proof());
  const absl::Status written =
      pack.Write(directory, period, standing->checkpoint.checkpoint, signer);
  if (!written.ok()) return program.Fail(ExitCode::kCheckFailed, written.message());
  program.out << directory << ": " << kSignedReportName
              << program.Say(",其雜湊載於紀錄 ", ", whose digest stands in entry ")
              << standing->index << "\n";
  return ExitCode::kOk;
}

absl::StatusOr<PackProofs> CheckPackProofs(const std::string& directory,
                                           const tlog::Policy& trust) {
  const std::string folder = directory + "/proofs/";
  PackProofs proved;
  const auto leaves = ReadTree(folder, kLeafSuffix);
  if (absl::IsNotFound(leaves.status())) return proved;
  CHAYAN_RETURN_IF_ERROR(leaves.status());
  for (const auto& [name, leaf] : *leaves) {
    const std::string stem = name.substr(0, name.size() - (sizeof(kLeafSuffix) - 1));
    CHAYAN_ASSIGN_OR_RETURN(const std::string proof, ReadFile(folder + stem + ".tlog-proof"));
    absl::StatusOr<tlog::InclusionStanding> standing = absl::UnknownError("not checked");
    if (IsOfReport(leaf)) {
      CHAYAN_ASSIGN_OR_RETURN(const std::string report,
                              ReadFile(absl::StrCat(directory, "/", kSignedReportName)));
      standing = CheckSignedReport(report, leaf, proof, trust);
      if (standing.ok()) proved.signed_report = standing->index;
    } else {
      standing = CheckProof(leaf, proof, trust);
    }
    if (!standing.ok()) return Annotate(standing.status(), absl::StrCat("proofs/", name));
    ++proved.entries;
  }
  return proved;
}

}  // namespace chayan::cli
