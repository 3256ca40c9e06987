// What proves to anybody that a notice came to a recipient that pulls, and that it said so: an
// evidence file beside the notice. Of a single receipt the gateway sends the proof with its word
// that it is recorded; of many together, the frame is asked for that their entry covers.
#ifndef CHAYAN_GATEWAY_CLI_NOTICE_PROOF_H_
#define CHAYAN_GATEWAY_CLI_NOTICE_PROOF_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "chayan/v1/notice_service.pb.h"
#include "chayan/v1/receipt.pb.h"
#include "gateway/base/uuid.h"
#include "gateway/crypto/bytes.h"
#include "gateway/tlog/bulk_frame.h"

namespace chayan::cli {

// A notice that came: the id of its delivery, and its very bytes.
struct PulledNotice {
  std::string delivery_id;
  std::string bytes;
};

// Writes DIRECTORY/DELIVERY.chayan, with the proof of an entry of its own.
absl::Status WriteProof(const std::string& directory, const PulledNotice& notice,
                        const v1::Receipt& receipt);

// The frame of one bulk entry.
class FrameProofs {
 public:
  // DATA_LOSS when its items are none of a frame.
  static absl::StatusOr<FrameProofs> Create(const v1::GetFrameResponse& response);

  // Writes DIRECTORY/DELIVERY.chayan. False when the notice's receipt does not stand in the frame;
  // INVALID_ARGUMENT when its delivery's id is none.
  absl::StatusOr<bool> WriteProof(const std::string& directory, const PulledNotice& notice) const;
  size_t count() const { return places_.size(); }

 private:
  FrameProofs(v1::Receipt receipt, tlog::BulkFrame frame)
      : receipt_(std::move(receipt)), frame_(std::move(frame)) {}

  v1::Receipt receipt_;
  tlog::BulkFrame frame_;
  absl::flat_hash_map<crypto::Digest, size_t> places_;  // by item
};

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_NOTICE_PROOF_H_
