// What a log sends a witness (c2sp.org/tlog-witness, add-checkpoint): the size the witness is
// thought to know, a consistency proof from there, and the checkpoint to cosign.
#ifndef CHAYAN_GATEWAY_TLOG_ADD_CHECKPOINT_H_
#define CHAYAN_GATEWAY_TLOG_ADD_CHECKPOINT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/tlog/merkle.h"

namespace chayan::tlog {

// The specification's bound on the hashes of a proof.
inline constexpr size_t kAddCheckpointHashesMax = 63;
// A proof, and a checkpoint with as many signatures as any is sent with: a log signs once or twice.
inline constexpr size_t kAddCheckpointBytesMax = 64 * 1024;
// Of the answer that names the size a witness knows.
inline constexpr char kTlogSizeType[] = "text/x.tlog.size";

struct AddCheckpoint {
  uint64_t old_size = 0;
  std::vector<Hash> proof;
  std::string checkpoint;  // a note

  bool operator==(const AddCheckpoint&) const = default;
};

std::string FormatAddCheckpoint(const AddCheckpoint& request);
// The form alone; what stands behind the empty line is not looked at.
absl::StatusOr<AddCheckpoint> ParseAddCheckpoint(absl::string_view body);

// "/HEX/checkpoint", below a witness's monitoring prefix: where it serves what it cosigned last.
std::string MonitoringPath(absl::string_view origin);

}  // namespace chayan::tlog

#endif  // CHAYAN_GATEWAY_TLOG_ADD_CHECKPOINT_H_
