// Making sure that what was erased is gone from the store's files, not only from its tables. Single
// rows are erased by a batch, with the entry that says so; here is what takes longer.
#ifndef CHAYAN_GATEWAY_STORE_ERASURES_H_
#define CHAYAN_GATEWAY_STORE_ERASURES_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace chayan::store {

// Thread-safe.
class Erasures {
 public:
  virtual ~Erasures() = default;

  // Erases some vault rows, with their search tags, of a key that was destroyed. False when there
  // were none any more; finding that out takes milliseconds, so it can be asked at every start.
  virtual absl::StatusOr<bool> EraseSomeOf(absl::string_view key_id) = 0;
  // When it returns OK, no file of the store holds anything that was erased before the call.
  // UNAVAILABLE while a reader still needs old pages: try again.
  // LIMITATION: blocks that the file system frees, and copies made of the files, are beyond it.
  virtual absl::Status Purge() = 0;
};

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_ERASURES_H_
