// The anchors of an exported log: timestamps over checkpoints (checkpoints/SIZE with SIZE.tsr
// beside it). Each must hold, and the log must have passed through each checkpoint; then the log
// was at least so long at that time, whatever its operator says.
#ifndef CHAYAN_GATEWAY_CLI_ANCHOR_AUDIT_H_
#define CHAYAN_GATEWAY_CLI_ANCHOR_AUDIT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/tlog/merkle.h"
#include "gateway/tlog/policy_file.h"

namespace chayan::cli {

struct Anchor {
  std::string name;  // of the timestamp's file
  std::string note;  // the checkpoint
  tlog::TreeHead head;
  absl::Time time;  // that the authority vouches for
};

// Where the checkpoint of a size and its timestamp lie in an export.
std::string AnchorCheckpointPath(const std::string& directory, uint64_t size);
std::string AnchorTimestampPath(const std::string& directory, uint64_t size);

// One more than the largest that has a timestamp there: where the next export goes on.
uint64_t NextAnchorSize(const std::string& directory);

// Reads and checks every timestamped checkpoint, by size. DATA_LOSS, with the file's name, for one
// that does not hold. Without a root (empty) timestamps cannot be checked, and there is no anchor.
absl::StatusOr<std::vector<Anchor>> ReadAnchors(const std::string& directory,
                                                const tlog::Policy& trust,
                                                absl::string_view timestamp_root_pem);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_ANCHOR_AUDIT_H_
