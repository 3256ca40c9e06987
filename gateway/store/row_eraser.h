// Erases one vault row with its search tags, on a connection inside the caller's transaction.
//
// Everything is overwritten in place with zeros of the same length and stays as an empty place.
// Deleting would let SQLite merge pages and move neighbours about, and a moved row leaves a copy in
// the gap of the page it came from, which secure_delete does not overwrite and no later erasure
// would find. What never moves has no copies. Private to this room.
#ifndef CHAYAN_GATEWAY_STORE_ROW_ERASER_H_
#define CHAYAN_GATEWAY_STORE_ROW_ERASER_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/store/connection.h"

namespace chayan::store {

// Entries of one run of the search index. Larger runs make a search look into fewer places and the
// tail that it scans longer: at 10 million entries 611 places, and at most some milliseconds of
// tail.
inline constexpr uint64_t kRunEntries = 16384;
// Blocks of a run: by a tag's first byte. About 190 tags each, which fit one page.
inline constexpr uint64_t kRunBlocks = 256;
// A block is tags of 16 bytes, each with its entry's place in the run, big-endian.
inline constexpr size_t kTagBytes = 16;
inline constexpr size_t kPlaceBytes = 2;
inline constexpr size_t kBlockItemBytes = kTagBytes + kPlaceBytes;

// The block of a run in which a tag stands.
int64_t BlockOf(uint64_t run, absl::string_view tag);
bool IsNoTag(absl::string_view tag);
// Whether a vault row's key id is that of an erased row: zeros alone, which is no key's name.
bool IsErased(absl::string_view key_id);

// Not thread-safe.
class RowEraser {
 public:
  static absl::StatusOr<RowEraser> Prepare(Connection& connection);
  RowEraser() = default;

  // OK also when there is no row, or none any more.
  absl::Status Erase(uint64_t index);

 private:
  absl::Status EraseTags(uint64_t index, absl::string_view tags);

  Statement select_row_, erase_row_;
  Statement select_block_, update_block_;
};

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_ROW_ERASER_H_
