// The reading side of the SQLite store: what one read-only connection can be asked. Private to this
// room.
#ifndef CHAYAN_GATEWAY_STORE_SQLITE_READER_H_
#define CHAYAN_GATEWAY_STORE_SQLITE_READER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/store/connection.h"
#include "gateway/store/store.h"

namespace chayan::store {

// Reads the head row of a statement over `kSelectHead`. DATA_LOSS when it is malformed.
inline constexpr char kSelectHead[] = "SELECT size, peaks, time_ms, batch FROM head WHERE id = 1";
absl::StatusOr<Head> StepHead(Statement& select_head);

// One connection with its statements. Not thread-safe.
class SqliteReader {
 public:
  static absl::StatusOr<std::unique_ptr<SqliteReader>> Open(const std::string& path);

  absl::StatusOr<Head> ReadHead();
  absl::StatusOr<std::vector<std::string>> ReadLeaves(uint64_t first, uint64_t count,
                                                      uint64_t bytes_max);
  absl::StatusOr<std::string> ReadTile(uint32_t level, uint64_t index);
  absl::StatusOr<VaultRow> ReadVault(uint64_t index);
  absl::StatusOr<std::vector<uint64_t>> ReadLandmarks();
  absl::StatusOr<std::vector<KeptTally>> ReadTallies(TallyKind kind, absl::string_view after,
                                                     size_t count_max);
  absl::StatusOr<RegistrySet> ReadCurrentRegistry();
  absl::StatusOr<RegistrySet> ReadRegistry(const crypto::Digest& digest);

 private:
  SqliteReader() = default;

  Connection connection_;
  Statement select_head_;
  Statement select_leaves_;
  Statement select_tile_;
  Statement select_vault_;
  Statement select_landmarks_;
  Statement select_tallies_;
  Statement select_registry_;
  Statement select_current_;
};

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_SQLITE_READER_H_
