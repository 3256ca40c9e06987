// A leaf read without copying, for whoever reads a whole log: everything points into the leaf.
#ifndef CHAYAN_GATEWAY_LOG_LEAF_VIEW_H_
#define CHAYAN_GATEWAY_LOG_LEAF_VIEW_H_

#include <array>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/log/entry.h"
#include "gateway/log/entry_table.h"

namespace chayan::log {

struct LeafView {
  // As it stands in the leaf: as text it sorts as it does in time.
  absl::string_view timestamp;
  absl::string_view gateway;
  absl::string_view id;
  absl::string_view type;
  std::optional<EntryType> known_type;  // absent: a type of a later version
  // By the number of their key, as they stand; empty when absent: no value is empty.
  std::array<absl::string_view, kKeyCount> values;

  absl::string_view Get(Key key) const { return values[static_cast<size_t>(key)]; }
};

// Accepts exactly the leaves that ParseLeaf accepts, with the same errors.
absl::StatusOr<LeafView> ReadLeaf(absl::string_view leaf);

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_LEAF_VIEW_H_
