#include "gateway/cli/notice_proof.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/evidence_output.h"
#include "gateway/crypto/digest.h"

namespace chayan::cli {

namespace {

std::string ProofPath(const std::string& directory, const PulledNotice& notice) {
  return absl::StrCat(directory, "/", notice.delivery_id, ".chayan");
}

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

}  // namespace

absl::Status WriteProof(const std::string& directory, const PulledNotice& notice,
                        const v1::Receipt& receipt) {
  v1::EvidenceFile evidence = EvidenceOf(notice);
  *evidence.mutable_receipt() = receipt;
  return WriteEvidence(evidence, ProofPath(directory, notice));
}

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
  for (size_t i = 0; i < items.size(); ++i) proofs.places_.emplace(items[i], i);
  return proofs;
}

absl::StatusOr<bool> FrameProofs::WriteProof(const std::string& directory,
                                             const PulledNotice& notice) const {
  CHAYAN_ASSIGN_OR_RETURN(const Uuid id, Uuid::FromText(notice.delivery_id));
  v1::EvidenceFile evidence = EvidenceOf(notice);
  const auto found = places_.find(
      tlog::BulkItem(id, crypto::Sha256(evidence.request()), crypto::Sha256(evidence.answer())));
  if (found == places_.end()) return false;
  const tlog::BulkPlace place = frame_.PlaceOf(found->second);
  v1::FrameProof& proof = *evidence.mutable_frame();
  proof.set_index(place.index);
  proof.set_count(place.count);
  for (const tlog::Hash& hash : place.path) proof.add_path(hash.ToString());
  *evidence.mutable_receipt() = receipt_;
  CHAYAN_RETURN_IF_ERROR(WriteEvidence(evidence, ProofPath(directory, notice)));
  return true;
}

}  // namespace chayan::cli
