// The guard file: the last checkpoint, signed, on another path than the store. A store that was
// lost, emptied or put back from a copy is behind it, and a log must never sign a second root for a
// size it has signed before (c2sp.org/tlog-checkpoint), so such a store is refused.
//
// The file is written after the commit it speaks of, so it is never ahead of an honest store. An
// attacker who can change it can at most stop the gateway from starting; one who can change it AND
// the store can put an older log in place, which witnesses and receipts then contradict.
#ifndef CHAYAN_GATEWAY_LOG_HEAD_GUARD_H_
#define CHAYAN_GATEWAY_LOG_HEAD_GUARD_H_

#include <optional>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/store/store.h"
#include "gateway/tlog/merkle.h"
#include "gateway/tlog/note_key.h"
#include "gateway/tlog/tile.h"

namespace chayan::log {

// What the guard says; nothing when there is no file. FAILED_PRECONDITION when the file is not a
// checkpoint signed by one of this log's keys.
absl::StatusOr<std::optional<tlog::TreeHead>> ReadGuard(const std::string& path,
                                                        std::span<const tlog::VerifierKey> log);

// FAILED_PRECONDITION, with what happened and the remedy, when the store's log does not begin with
// the log that the guard saw.
absl::Status CheckGuard(const std::string& path, const tlog::TreeHead& guard, store::Store& store,
                        const tlog::RightEdge& edge);

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_HEAD_GUARD_H_
