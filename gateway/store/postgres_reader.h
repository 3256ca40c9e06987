// The reading side of the PostgreSQL store: what one session can be asked. Private to this room.
#ifndef CHAYAN_GATEWAY_STORE_POSTGRES_READER_H_
#define CHAYAN_GATEWAY_STORE_POSTGRES_READER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/store/postgres_connection.h"
#include "gateway/store/store.h"

namespace chayan::store {

// One session with its statements. Not thread-safe.
class PostgresReader {
 public:
  static absl::StatusOr<std::unique_ptr<PostgresReader>> Open(const PostgresSettings& settings,
                                                              absl::string_view role,
                                                              const Clock& clock);

  bool IsAlive() { return session_->IsAlive(); }

  absl::StatusOr<Head> ReadHead();
  absl::StatusOr<std::vector<std::string>> ReadLeaves(uint64_t first, uint64_t count,
                                                      uint64_t bytes_max);
  absl::StatusOr<std::string> ReadTile(uint32_t level, uint64_t index);
  // REQUIRES: the auditor's role.
  absl::StatusOr<VaultRow> ReadVault(uint64_t index);
  absl::StatusOr<std::vector<uint64_t>> ReadLandmarks();
  absl::StatusOr<std::vector<KeptTally>> ReadTallies(TallyKind kind, absl::string_view after,
                                                     size_t count_max);
  absl::StatusOr<RegistrySet> ReadCurrentRegistry();
  absl::StatusOr<RegistrySet> ReadRegistry(const crypto::Digest& digest);
  // DATA_LOSS when the head does not end where the entries end.
  absl::Status CheckEntries();
  // Whether the server still keeps what it acknowledges.
  absl::Status CheckDurable();

 private:
  PostgresReader(std::unique_ptr<PostgresConnection> session, absl::Duration timeout)
      : session_(std::move(session)), timeout_(timeout) {}

  absl::StatusOr<PostgresResult> Ask(const PostgresStatement& statement,
                                     PostgresParameters parameters = {}) {
    return session_->Ask(statement, std::move(parameters), timeout_);
  }

  const std::unique_ptr<PostgresConnection> session_;
  const absl::Duration timeout_;
};

// The head in the first columns of a result's only row: size, peaks, time_ms, batch.
absl::StatusOr<Head> HeadOf(const PostgresResult& result);

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_POSTGRES_READER_H_
