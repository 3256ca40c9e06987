// What those who only read see of what is published. The publisher's Tick leaves a new one; nobody
// changes one.
#ifndef CHAYAN_GATEWAY_LOG_PUBLISHED_PICTURE_H_
#define CHAYAN_GATEWAY_LOG_PUBLISHED_PICTURE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/log/committer.h"
#include "gateway/log/publisher.h"
#include "gateway/registry/snapshot.h"
#include "gateway/store/publications.h"
#include "gateway/store/store.h"
#include "gateway/tlog/note_key.h"

namespace chayan::log {

struct PublishedPicture {
  std::shared_ptr<const registry::Snapshot> registry;
  store::Publication published;
  store::Publication witnessed;
  std::map<uint64_t, std::string> open;  // what still takes cosignatures: size → note
  PublisherStatus status;

  // As Publisher::BestCheckpoint; empty: the newest that the log signed.
  std::string Best() const;
  // The key of the witness that dials in by this system; null when none does.
  const tlog::VerifierKey* KeyOf(absl::string_view member, absl::string_view system) const;
  // As Publisher::Prove.
  absl::StatusOr<Committed> Prove(uint64_t index, Committer& committer, store::Store& store) const;
};

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_PUBLISHED_PICTURE_H_
