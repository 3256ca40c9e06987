// The searchable index of the vault: which entries carry a search tag. Built from vault rows off
// the commit path, in runs of consecutive entries; entries behind the last run are searched in the
// vault rows themselves. A tag belongs to the key of its month and class and dies with it.
#ifndef CHAYAN_GATEWAY_STORE_SEARCH_INDEX_H_
#define CHAYAN_GATEWAY_STORE_SEARCH_INDEX_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace chayan::store {

using SearchTag = std::array<uint8_t, 16>;

// A tag, and the vault key that made it: where else would it stand.
struct KeyedTag {
  std::string key_id;
  SearchTag tag;
};

// Consecutive entries [first, end).
struct EntryRange {
  uint64_t first = 0;
  uint64_t end = 0;
};

// Thread-safe.
class SearchIndex {
 public:
  virtual ~SearchIndex() = default;

  // Indexes of the entries in the range whose vault row has one of the tags, ascending, each once;
  // at most `count_max`, then the lowest. A tag of zeros is none and finds nothing.
  virtual absl::StatusOr<std::vector<uint64_t>> Find(std::span<const KeyedTag> tags,
                                                     EntryRange range, size_t count_max) = 0;
  // Indexes some entries more, if enough wait. False when they do not. A commit waits for it no
  // longer than some hundred KiB take to write to memory.
  virtual absl::StatusOr<bool> BuildSome() = 0;
  // Entries below this one are indexed: the stored high-water mark.
  virtual absl::StatusOr<uint64_t> IndexedEnd() = 0;
};

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_SEARCH_INDEX_H_
