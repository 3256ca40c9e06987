// The folder that a half-year report is delivered as: the report in each
// format, the checkpoint it rests on, proofs that tie its first and last
// entries to that checkpoint, the worksheets of samples, and a manifest with
// the digest of every file, signed by whoever made it.
//
// The manifest is a signed note (c2sp.org/signed-note). Its lines after the
// empty one have the form of sha256sum, so that any machine can check them.
#ifndef CHAYAN_GATEWAY_CLI_REPORT_PACK_H_
#define CHAYAN_GATEWAY_CLI_REPORT_PACK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/report/period.h"
#include "gateway/tlog/checkpoint.h"
#include "gateway/tlog/note_key.h"

namespace chayan::cli {

inline constexpr char kManifestName[] = "manifest";

class ReportPack {
 public:
  // `path` is relative, with forward slashes; each stands there once.
  void Add(std::string path, std::string bytes);

  // The proof of an entry of the export in `directory` under `checkpoint` (a
  // note of `head`), with its leaf: proofs/N.leaf and proofs/N.tlog-proof.
  absl::Status AddProof(const std::string& directory, const std::string& checkpoint,
                        const tlog::TreeHead& head, uint64_t index, absl::string_view leaf);

  // Writes all files, the manifest last. Without a signer the manifest has no
  // signature.
  absl::Status Write(const std::string& directory, const report::Period& period,
                     const tlog::Checkpoint& checkpoint,
                     const std::optional<tlog::NoteSigner>& signer) const;

  size_t size() const { return files_.size(); }

 private:
  std::vector<std::pair<std::string, std::string>> files_;
};

// Checks a delivered folder: every file of the manifest is there with its
// digest and no other is, and `signer` signed it. INVALID_ARGUMENT names the
// first file that is wrong.
absl::Status CheckReportPack(const std::string& directory,
                             const std::optional<tlog::VerifierKey>& signer);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_REPORT_PACK_H_
