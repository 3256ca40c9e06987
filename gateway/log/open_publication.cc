#include "gateway/log/open_publication.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"
#include "gateway/tlog/checkpoint.h"

namespace chayan::log {

absl::StatusOr<OpenPublication> OpenPublication::Create(store::Publication row) {
  CHAYAN_ASSIGN_OR_RETURN(const tlog::Note note, tlog::ParseNote(row.note));
  CHAYAN_ASSIGN_OR_RETURN(const tlog::Checkpoint checkpoint, tlog::ParseCheckpoint(note.text));
  OpenPublication publication;
  publication.origin_ = checkpoint.origin;
  std::string log_lines;
  for (const tlog::NoteSignature& signature : note.signatures) {
    // A log signs under its origin, a witness under a name of its own.
    if (signature.name == checkpoint.origin) {
      absl::StrAppend(&log_lines, tlog::FormatSignatureLine(signature));
    } else {
      publication.cosignatures_.push_back(signature);
    }
  }
  publication.log_note_ = tlog::FormatNote(note.text, log_lines);
  publication.row_ = std::move(row);
  publication.row_.size = checkpoint.head.size;
  return publication;
}

bool OpenPublication::IsCosignedBy(const tlog::VerifierKey& key) const {
  for (const tlog::NoteSignature& signature : cosignatures_) {
    if (signature.name == key.name() && signature.key_id == key.id()) return true;
  }
  return false;
}

void OpenPublication::Add(tlog::NoteSignature cosignature) {
  std::erase_if(cosignatures_, [&cosignature](const tlog::NoteSignature& signature) {
    return signature.name == cosignature.name && signature.key_id == cosignature.key_id;
  });
  cosignatures_.push_back(std::move(cosignature));
  row_.note = log_note_;
  for (const tlog::NoteSignature& signature : cosignatures_) {
    absl::StrAppend(&row_.note, tlog::FormatSignatureLine(signature));
  }
}

bool OpenPublication::IsQuorum(const registry::WitnessPolicy& policy) const {
  const auto cosigned = std::make_unique<bool[]>(policy.keys.size());
  for (size_t i = 0; i < policy.keys.size(); ++i) cosigned[i] = IsCosignedBy(policy.keys[i]);
  return policy.quorum.IsQuorum({cosigned.get(), policy.keys.size()});
}

}  // namespace chayan::log
