// The writing side of the SQLite store's tallies, on a connection inside the caller's transaction.
// Private to this room.
#ifndef CHAYAN_GATEWAY_STORE_SQLITE_TALLIES_H_
#define CHAYAN_GATEWAY_STORE_SQLITE_TALLIES_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/store/connection.h"
#include "gateway/store/tallies.h"

namespace chayan::store {

// Not thread-safe.
class TallyWriter {
 public:
  static absl::StatusOr<TallyWriter> Prepare(Connection& connection);
  TallyWriter() = default;

  // REQUIRES: each kind and key once. What belongs to days that are over goes with the first change
  // of a new day.
  absl::Status Write(const std::vector<Tally>& tallies);

 private:
  absl::Status ForgetBefore(int64_t day);

  Statement add_, forget_;
  int64_t newest_day_ = 0;
};

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_SQLITE_TALLIES_H_
