// What stored values must look like, whichever engine holds them. Private to this room.
#ifndef CHAYAN_GATEWAY_STORE_ROWS_H_
#define CHAYAN_GATEWAY_STORE_ROWS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/store/store.h"

namespace chayan::store {

// Beyond any index a store can have, and safe as a signed number of SQL.
inline constexpr uint64_t kIndexMax = uint64_t{1} << 62;

// DATA_LOSS with the remedy.
absl::Status Damaged(absl::string_view what);

// The head as its row has it, and back. DATA_LOSS when the values do not go together.
struct HeadRow {
  int64_t size;
  absl::string_view peaks;  // one after the other
  int64_t time_ms;
  absl::string_view batch;
};
absl::StatusOr<Head> HeadFromRow(const HeadRow& row);
std::string JoinedPeaks(const Head& head);
absl::string_view BatchBytes(const Head& head);
// DATA_LOSS when `entries`, the number of entries by their last index, is not what the head counts:
// the cheapest sign of a half-restored store.
absl::Status CheckHeadEndsWith(const Head& head, uint64_t entries);

// What the entries of a batch count, each kind and key once: a batch counts the same thing often.
std::vector<Tally> TalliesOf(const Batch& batch);

// DATA_LOSS when it has not the length of a full tile.
absl::Status CheckTile(absl::string_view hashes, uint32_t level, uint64_t index);

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_ROWS_H_
