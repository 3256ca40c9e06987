#include "gateway/notice/frame_reads.h"

#include <utility>

#include "chayan/v1/notice_service.pb.h"
#include "gateway/base/status_macros.h"
#include "gateway/notice/recorded_call.h"
#include "gateway/rpc/recorded.h"
#include "gateway/rpc/request.h"
#include "gateway/verify/response.h"

namespace chayan::notice {
namespace {

// NOT_FOUND also when the frame is somebody else's.
absl::StatusOr<v1::GetFrameResponse> FrameOf(const Collaborators& with, const std::string& member,
                                             uint64_t index) {
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<crypto::Digest> items, ReadFrame(with, index));
  CHAYAN_ASSIGN_OR_RETURN(const Taken entry, ProveAgain(with, index));
  CHAYAN_ASSIGN_OR_RETURN(const log::ParsedLeaf leaf, log::ParseLeaf(entry.committed.leaf));
  if (leaf.Get("member") != member) return absl::NotFoundError("another member's frame");
  v1::GetFrameResponse response;
  for (const crypto::Digest& item : items) response.add_items(item.ToString());
  v1::Receipt& receipt = *response.mutable_receipt();
  receipt.set_leaf(entry.committed.leaf);
  receipt.set_response_opening(entry.openings.response_opening);
  receipt.set_tlog_proof(entry.committed.tlog_proof);
  return response;
}

}  // namespace

absl::StatusOr<std::vector<crypto::Digest>> ReadFrame(const Collaborators& with, uint64_t entry) {
  CHAYAN_ASSIGN_OR_RETURN(std::vector<store::StoredFrame> found,
                          with.notices.Frames(entry, entry + 1, 1));
  if (found.empty()) return absl::NotFoundError("the entry covers no frame");
  return std::move(found.front().items);
}

v1::FrameProof ToProto(const tlog::BulkPlace& place) {
  v1::FrameProof proof;
  proof.set_index(place.index);
  proof.set_count(place.count);
  for (const tlog::Hash& hash : place.path) proof.add_path(hash.ToString());
  return proof;
}

void GetFrame(const Collaborators& with, std::shared_ptr<rpc::UnaryCall> call) {
  v1::GetFrameRequest request;
  if (auto refusal = rpc::ReadRequest(*call, request)) {
    return FailCall(with, std::move(call), *std::move(refusal));
  }
  // Of an index that no entry can have there is none.
  const absl::StatusOr<v1::GetFrameResponse> response =
      request.entry_index() < with.committer.Status().size
          ? FrameOf(with, call->caller().member, request.entry_index())
          : absl::NotFoundError("no such entry");
  if (absl::IsNotFound(response.status())) {
    return FailCall(with, std::move(call),
                    policy::RefusedField(v1::ERROR_REASON_ENTRY_NOT_FOUND, "entry_index",
                                         "write the index of an entry that covers a frame of the "
                                         "caller's member"));
  }
  if (!response.ok()) return FailCall(with, std::move(call), StoreFault(response.status()));
  log::Entry entry = CallEntry(with, *call, log::EntryType::kRead);
  entry.ref = request.entry_index();
  rpc::ReplyRecorded(with.committer, std::move(entry), std::move(call),
                     response->SerializeAsString());
}

}  // namespace chayan::notice
