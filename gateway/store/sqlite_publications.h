// The publications of the SQLite store, over a connection of their own. Private to this room.
#ifndef CHAYAN_GATEWAY_STORE_SQLITE_PUBLICATIONS_H_
#define CHAYAN_GATEWAY_STORE_SQLITE_PUBLICATIONS_H_

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "gateway/store/connection.h"
#include "gateway/store/publications.h"

namespace chayan::store {

// Its connection does not sync its commits (synchronous=NORMAL): one writes a page or two into the
// write-ahead log, and the next append's sync, which covers the whole of that file, makes it
// durable. So whoever appends waits for it some microseconds.
class SqlitePublications final : public Publications {
 public:
  // `write_mu` orders writes with those of the committer's connection; `check` gives the store's
  // fault, if it has one. Both outlive the result.
  static absl::StatusOr<std::unique_ptr<SqlitePublications>> Open(
      const std::string& path, absl::Mutex& write_mu, std::function<absl::Status()> check);

  absl::Status Put(const Publication& publication) override;
  absl::StatusOr<Publication> ReadNewest(PublicationKind kind) override;
  absl::StatusOr<Publication> ReadFirst(uint64_t size_min, PublicationKind kind) override;

  // The connection closes without touching the write-ahead log.
  void KeepLogOnClose();

 private:
  SqlitePublications(absl::Mutex& write_mu, std::function<absl::Status()> check)
      : write_mu_(write_mu), check_(std::move(check)) {}

  absl::Mutex& write_mu_;
  const std::function<absl::Status()> check_;
  absl::Mutex mu_;  // taken before write_mu_
  Connection connection_ ABSL_GUARDED_BY(mu_);
  Statement put_ ABSL_GUARDED_BY(mu_);
  std::array<Statement, kPublicationKinds> newest_ ABSL_GUARDED_BY(mu_);
  std::array<Statement, kPublicationKinds> first_ ABSL_GUARDED_BY(mu_);
};

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_SQLITE_PUBLICATIONS_H_
