// The file form of an inclusion proof (c2sp.org/tlog-proof@v1): index, path and signed checkpoint.
// The leaf is not in it: a verifier has it from elsewhere.
#ifndef CHAYAN_GATEWAY_TLOG_PROOF_FILE_H_
#define CHAYAN_GATEWAY_TLOG_PROOF_FILE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/tlog/merkle.h"

namespace chayan::tlog {

// A note at its longest, a full path, and as much extra data.
inline constexpr size_t kProofFileBytesMax = 1024 * 1024;

struct ProofFile {
  // Not authenticated by anything: never to be trusted. Not empty where it is there.
  std::optional<std::string> extra;
  uint64_t index = 0;
  std::vector<Hash> path;  // Leaf to root.
  std::string checkpoint;  // The note, with all signatures, as it was.

  bool operator==(const ProofFile&) const = default;
};

std::string FormatProofFile(const ProofFile& proof);
// The form alone; the checkpoint has the form of a note.
absl::StatusOr<ProofFile> ParseProofFile(absl::string_view text);

}  // namespace chayan::tlog

#endif  // CHAYAN_GATEWAY_TLOG_PROOF_FILE_H_
