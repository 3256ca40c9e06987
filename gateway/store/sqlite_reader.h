// The reading side of the SQLite store: a few read-only connections, each lent to one thread at a
// time, so that reads never wait for the committer nor it for them. Private to this room.
#ifndef CHAYAN_GATEWAY_STORE_SQLITE_READER_H_
#define CHAYAN_GATEWAY_STORE_SQLITE_READER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
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
  absl::StatusOr<RegistrySet> ReadCurrentRegistry();
  absl::StatusOr<RegistrySet> ReadRegistry(const crypto::Digest& digest);

 private:
  SqliteReader() = default;

  Connection connection_;
  Statement select_head_;
  Statement select_leaves_;
  Statement select_tile_;
  Statement select_vault_;
  Statement select_registry_;
  Statement select_current_;
};

// Thread-safe.
class ReaderPool {
 public:
  // More connections than cores read no faster.
  static constexpr size_t kReadersMax = 4;

  explicit ReaderPool(std::string path) : path_(std::move(path)) {}

  // A reader on loan; waits for one when all are out.
  class Loan {
   public:
    Loan(ReaderPool& pool, std::unique_ptr<SqliteReader> reader)
        : pool_(&pool), reader_(std::move(reader)) {}
    Loan(Loan&& other) noexcept = default;
    Loan& operator=(Loan&&) = delete;
    ~Loan() {
      if (reader_ != nullptr) pool_->Return(std::move(reader_));
    }
    SqliteReader* operator->() { return reader_.get(); }

   private:
    ReaderPool* pool_;
    std::unique_ptr<SqliteReader> reader_;
  };
  absl::StatusOr<Loan> Borrow();

 private:
  void Return(std::unique_ptr<SqliteReader> reader);

  const std::string path_;
  absl::Mutex mu_;
  std::vector<std::unique_ptr<SqliteReader>> idle_ ABSL_GUARDED_BY(mu_);
  size_t lent_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_SQLITE_READER_H_
