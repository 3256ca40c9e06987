// A few connections for reading, each lent to one thread at a time, so that reads never wait for
// the committer nor it for them. Private to this room.
#ifndef CHAYAN_GATEWAY_STORE_POOL_H_
#define CHAYAN_GATEWAY_STORE_POOL_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

namespace chayan::store {

// Thread-safe.
template <typename Reader>
class Pool {
 public:
  // More connections than cores read no faster.
  static constexpr size_t kReadersMax = 4;
  using Opener = std::function<absl::StatusOr<std::unique_ptr<Reader>>()>;

  explicit Pool(Opener open) : open_(std::move(open)) {}

  // A reader on loan.
  class Loan {
   public:
    Loan(Pool& pool, std::unique_ptr<Reader> reader) : pool_(&pool), reader_(std::move(reader)) {}
    Loan(Loan&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)), reader_(std::move(other.reader_)) {}
    Loan& operator=(Loan&&) = delete;
    ~Loan() {
      if (pool_ != nullptr) pool_->Return(std::move(reader_));
    }
    Reader* operator->() { return reader_.get(); }
    Reader& operator*() { return *reader_; }
    // The reader is of no use any more: nobody else gets it.
    void Discard() { reader_.reset(); }

   private:
    Pool* pool_;
    std::unique_ptr<Reader> reader_;
  };

  // Waits for one when all are out.
  absl::StatusOr<Loan> Borrow() {
    std::unique_ptr<Reader> reader;
    {
      absl::MutexLock lock(&mu_);
      const auto available = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
        return !idle_.empty() || lent_ < kReadersMax;
      };
      mu_.Await(absl::Condition(&available));
      ++lent_;
      if (!idle_.empty()) {
        reader = std::move(idle_.back());
        idle_.pop_back();
      }
    }
    if (reader == nullptr) {
      absl::StatusOr<std::unique_ptr<Reader>> opened = open_();
      if (!opened.ok()) {
        Return(nullptr);
        return opened.status();
      }
      reader = *std::move(opened);
    }
    return Loan(*this, std::move(reader));
  }

 private:
  void Return(std::unique_ptr<Reader> reader) {
    absl::MutexLock lock(&mu_);
    --lent_;
    if (reader != nullptr) idle_.push_back(std::move(reader));
  }

  const Opener open_;
  absl::Mutex mu_;
  std::vector<std::unique_ptr<Reader>> idle_ ABSL_GUARDED_BY(mu_);
  size_t lent_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_POOL_H_
