// The store in one SQLite file, in the process: exactly one gateway. The default.
//
// Invariants:
// - WAL with synchronous=FULL, read back at the start: a commit that returned is on the disk.
// - An entry, its vault row, what it does to notices, the tiles, the registry set and the head
//   change in one transaction of one file. (A commit over attached files is not atomic in WAL
//   mode.)
// - Nothing but Append writes rows, but those of the search index and of published checkpoints, and
//   of deliveries the lease, the next attempt and the shredded payload, which no append waits for
//   longer than a write to memory takes. Checkpoints of the write-ahead log run on another
//   connection, never inside a commit (they stall it for tens of milliseconds).
// - What is erased is overwritten in place (row_eraser.h) and, once Purge returned, in no file.
// - After a failed sync, or when the file is no longer where it was, nothing is known: the head is
//   not readable any more and nothing is appended until the store is opened anew.
//
// LIMITATION: the owner of the file is every role at once; who may only read the log or only
// erase is told apart by the gateway, not by the store.
#ifndef CHAYAN_GATEWAY_STORE_SQLITE_H_
#define CHAYAN_GATEWAY_STORE_SQLITE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "gateway/store/store.h"

namespace chayan::store {

class SqliteStore {
 public:
  // Creates the file when it is not there (mode 0600; its folder must be there).
  // FAILED_PRECONDITION when another gateway has it open, when it is newer than this build or
  // another program's, or when it cannot be written; DATA_LOSS when it is damaged.
  static absl::StatusOr<std::unique_ptr<Store>> Open(const std::string& path);
};

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_SQLITE_H_
