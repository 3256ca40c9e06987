// Frames that bulk entries cover, as they are proved again.
#ifndef CHAYAN_GATEWAY_NOTICE_FRAME_READS_H_
#define CHAYAN_GATEWAY_NOTICE_FRAME_READS_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "chayan/v1/receipt.pb.h"
#include "gateway/notice/collaborators.h"
#include "gateway/notice/step.h"
#include "gateway/rpc/call.h"
#include "gateway/tlog/bulk_frame.h"

namespace chayan::notice {

// NOT_FOUND when the entry covers no frame.
absl::StatusOr<std::vector<crypto::Digest>> ReadFrame(const Collaborators& with, uint64_t entry);

v1::FrameProof ToProto(const tlog::BulkPlace& place);

// Handler of the call of the name.
void GetFrame(const Collaborators& with, std::shared_ptr<rpc::UnaryCall> call);

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_FRAME_READS_H_
