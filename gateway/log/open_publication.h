// A published checkpoint that still takes cosignatures.
#ifndef CHAYAN_GATEWAY_LOG_OPEN_PUBLICATION_H_
#define CHAYAN_GATEWAY_LOG_OPEN_PUBLICATION_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/registry/witness_policy.h"
#include "gateway/store/publications.h"
#include "gateway/tlog/note.h"
#include "gateway/tlog/note_key.h"

namespace chayan::log {

// Not thread-safe.
class OpenPublication {
 public:
  // Of a signed note; the row's size is taken from it. Cosignatures that it carries are kept.
  static absl::StatusOr<OpenPublication> Create(store::Publication row);

  const store::Publication& row() const { return row_; }
  const std::string& origin() const { return origin_; }
  // With the log's signatures alone: what witnesses are sent.
  const std::string& log_note() const { return log_note_; }

  bool IsCosignedBy(const tlog::VerifierKey& key) const;
  // Verified by the caller. A later one of the same key takes the place of the earlier.
  void Add(tlog::NoteSignature cosignature);
  bool IsQuorum(const registry::WitnessPolicy& policy) const;
  void SetWitnessed() { row_.witnessed = true; }
  void SetTimestamp(std::string timestamp) { row_.timestamp = std::move(timestamp); }

 private:
  store::Publication row_;
  std::string origin_;
  std::string log_note_;
  std::vector<tlog::NoteSignature> cosignatures_;
};

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_OPEN_PUBLICATION_H_
