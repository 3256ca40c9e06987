#include "gateway/cli/notice_proof.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/evidence_output.h"
#include "gateway/crypto/digest.h"
#include "gateway/log/entry.h"
#include "gateway/tlog/commitment.h"

namespace chayan::cli {

namespace {

// It lacks its receipt.
v1::EvidenceFile EvidenceOf(const PulledNotice& notice) {
  v1::DeliveryReceipt said;
  said.set_delivery_id(notice.delivery_id);
  said.set_state(v1::DELIVERY_STATE_DELIVERED);
  v1::EvidenceFile evidence;
  evidence.set_request(notice.bytes);
  evidence.set_answer(said.SerializeAsString());
  return evidence;
}

// That the entry of the receipt commits to this frame.
absl::Status CheckCovers(const v1::Receipt& receipt, const tlog::BulkFrame& frame) {
  CHAYAN_ASSIGN_OR_RETURN(const log::ParsedLeaf leaf, log::ParseLeaf(receipt.leaf()));
  CHAYAN_ASSIGN_OR_RETURN(const std::string commitment, Base64Decode(leaf.Get("c_res")));
  return tlog::VerifyCommitment(tlog::Committed::kResponse, receipt.response_opening(),
                                frame.CommittedBytes(), commitment);
}

}  // namespace

absl::StatusOr<FrameProofs> FrameProofs::Create(const v1::GetFrameResponse& response) {
  if (response.items().empty() ||
      static_cast<size_t>(response.items_size()) > tlog::kBulkItemsMax) {
    return absl::DataLossError("the gateway's frame has no number of items that a frame can have");
  }
  std::vector<crypto::Digest> items;
  for (const std::string& item : response.items()) {
    CHAYAN_ASSIGN_OR_RETURN(const crypto::Digest digest, crypto::Digest::FromRaw(item));
    items.push_back(digest);
  }
  FrameProofs proofs(response.receipt(), tlog::BulkFrame(items));
  const absl::Status covers = CheckCovers(proofs.receipt_, proofs.frame_);
  if (!covers.ok()) {
    return absl::DataLossError(
        absl::StrCat("the gateway's frame is not the one that the entry of its receipt covers: ",
                     covers.message()));
  }
  for (size_t i = 0; i < items.size(); ++i) proofs.places_.emplace(items[i], i);
  return proofs;
}

absl::StatusOr<std::optional<v1::EvidenceFile>> FrameProofs::Prove(
    const PulledNotice& notice) const {
  CHAYAN_ASSIGN_OR_RETURN(const Uuid id, Uuid::FromText(notice.delivery_id));
  v1::EvidenceFile evidence = EvidenceOf(notice);
  const auto found = places_.find(
      tlog::BulkItem(id, crypto::Sha256(evidence.request()), crypto::Sha256(evidence.answer())));
  if (found == places_.end()) return std::nullopt;
  const tlog::BulkPlace place = frame_.PlaceOf(found->second);
  v1::FrameProof& proof = *evidence.mutable_frame();
  proof.set_index(place.index);
  proof.set_count(place.count);
  for (const tlog::Hash& hash : place.path) proof.add_path(hash.ToString());
  *evidence.mutable_receipt() = receipt_;
  return evidence;
}

ProofFolder::ProofFolder(std::string directory, std::optional<tlog::Policy> trust)
    : directory_(std::move(directory)), trust_(std::move(trust)) {
  if (trust_.has_value()) checker_.emplace(*trust_);
}

absl::Status ProofFolder::Write(const PulledNotice& notice, const v1::Receipt& receipt) {
  v1::EvidenceFile evidence = EvidenceOf(notice);
  *evidence.mutable_receipt() = receipt;
  return Put(notice, evidence);
}

absl::StatusOr<bool> ProofFolder::Write(const PulledNotice& notice, const FrameProofs& frame) {
  CHAYAN_ASSIGN_OR_RETURN(const auto evidence, frame.Prove(notice));
  if (!evidence.has_value()) return false;
  CHAYAN_RETURN_IF_ERROR(Put(notice, *evidence));
  return true;
}

absl::Status ProofFolder::Put(const PulledNotice& notice, const v1::EvidenceFile& evidence) {
  const std::string path = absl::StrCat(directory_, "/", notice.delivery_id, ".chayan");
  CHAYAN_RETURN_IF_ERROR(WriteEvidence(evidence, path));
  ++written_;
  if (!checker_.has_value()) return absl::OkStatus();
  const ReceiptReport report = checker_->Check(evidence.SerializeAsString());
  if (report.ok()) return absl::OkStatus();
  const CheckedStep& lie = report.first_lie();
  return absl::DataLossError(
      absl::StrCat(path, " does not prove it: ", StepName(lie.step), ": ", lie.status.message()));
}

}  // namespace chayan::cli
