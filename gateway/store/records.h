// Small records that are kept beside the log: legal holds, erasures, draws, and up to when a
// schedule's periods were looked at. They change with a batch alone, in its transaction, so that
// none exists without the entry that made it. They hold registry values, indexes and digests, never
// a person.
#ifndef CHAYAN_GATEWAY_STORE_RECORDS_H_
#define CHAYAN_GATEWAY_STORE_RECORDS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace chayan::store {

// The numbers are stored.
enum class RecordKind { kHold = 1, kErasure = 2, kDraw = 3, kDispatch = 4 };

// A change that comes with an entry: takes the place of the record of its kind and key.
struct Record {
  RecordKind kind;
  std::string key;    // empty: RecordKey of the entry it comes with
  std::string bytes;  // empty: the record goes away
};

struct KeptRecord {
  std::string key;
  std::string bytes;
  uint64_t index = 0;  // of the entry that last changed it
};

// The key of what belongs to an entry: its index, so that keys sort as indexes do.
std::string RecordKey(uint64_t index);

// Thread-safe.
class Records {
 public:
  virtual ~Records() = default;

  // NOT_FOUND when there is none.
  virtual absl::StatusOr<KeptRecord> Read(RecordKind kind, absl::string_view key) = 0;
  // Records of the kind whose key is greater than `after`, in the order of their keys; at most
  // `count_max`.
  virtual absl::StatusOr<std::vector<KeptRecord>> List(RecordKind kind, absl::string_view after,
                                                       size_t count_max) = 0;
};

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_RECORDS_H_
