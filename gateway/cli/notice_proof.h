// What proves to anybody that a notice came to a recipient that pulls, and that it said so: an
// evidence file beside the notice. Of a single receipt the gateway sends the proof with its word
// that it is recorded; of many together, the frame is asked for that their entry covers.
#ifndef CHAYAN_GATEWAY_CLI_NOTICE_PROOF_H_
#define CHAYAN_GATEWAY_CLI_NOTICE_PROOF_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "chayan/v1/notice_service.pb.h"
#include "chayan/v1/receipt.pb.h"
#include "gateway/base/uuid.h"
#include "gateway/cli/receipt_check.h"
#include "gateway/crypto/bytes.h"
#include "gateway/tlog/bulk_frame.h"

namespace chayan::cli {

// A notice that came: the id of its delivery, and its very bytes.
struct PulledNotice {
  std::string delivery_id;
  std::string bytes;
};

// The frame of one bulk entry.
class FrameProofs {
 public:
  // DATA_LOSS when its items are none of a frame, or of another than its receipt's entry covers.
  static absl::StatusOr<FrameProofs> Create(const v1::GetFrameResponse& response);

  // Nothing when the notice's receipt does not stand in the frame; INVALID_ARGUMENT when its
  // delivery's id is none.
  absl::StatusOr<std::optional<v1::EvidenceFile>> Prove(const PulledNotice& notice) const;
  size_t count() const { return places_.size(); }

 private:
  FrameProofs(v1::Receipt receipt, tlog::BulkFrame frame)
      : receipt_(std::move(receipt)), frame_(std::move(frame)) {}

  v1::Receipt receipt_;
  tlog::BulkFrame frame_;
  absl::flat_hash_map<crypto::Digest, size_t> places_;  // by item
};

// A folder of proofs, DELIVERY.chayan each. Where it is known whom to trust, each is checked once
// it is written: also what fails now may hold once witnesses have cosigned. DATA_LOSS when it
// fails.
class ProofFolder {
 public:
  ProofFolder(std::string directory, std::optional<tlog::Policy> trust);

  // With the proof of an entry of its own.
  absl::Status Write(const PulledNotice& notice, const v1::Receipt& receipt);
  // With the notice's place in the frame. False when it has none.
  absl::StatusOr<bool> Write(const PulledNotice& notice, const FrameProofs& frame);
  // Something was written, and whom to trust is not known.
  bool unchecked() const { return written_ > 0 && !trust_.has_value(); }

 private:
  absl::Status Put(const PulledNotice& notice, const v1::EvidenceFile& evidence);

  const std::string directory_;
  const std::optional<tlog::Policy> trust_;
  std::optional<EvidenceChecker> checker_;  // of trust_
  size_t written_ = 0;
};

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_NOTICE_PROOF_H_
