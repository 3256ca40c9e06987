// A question on its way, and where to find it. An exchange has one owner at a time: the link in
// whose table it stands, or whoever took it out of there; so it ends once, without a lock of its
// own.
#ifndef CHAYAN_GATEWAY_LINK_EXCHANGE_H_
#define CHAYAN_GATEWAY_LINK_EXCHANGE_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gateway/base/check.h"
#include "gateway/base/uuid.h"
#include "gateway/crypto/bytes.h"
#include "gateway/link/links.h"

namespace chayan::link {

struct Exchange {
  Uuid id;
  std::string route;   // RouteKey of holder, kind and area
  std::string member;  // that asks
  uint32_t share = 1;
  crypto::Digest request_digest;
  // The Question on the wire, all but its timeout. Shared with the frame that carries it.
  std::shared_ptr<const std::string> question;
  absl::Duration deadline;  // reading of Elapsed()
  bool repeatable = false;
  bool check_signature = false;
  int places = 0;          // links it was put on
  bool written = false;    // handed to the transport of the link that holds it
  bool forwarded = false;  // or of any link before
  absl::AnyInvocable<void(Reply)> done;

  // Ends the exchange without an answer. REQUIRES: in no table any more.
  void End(Reply::Kind kind) {
    Reply reply;
    reply.kind = kind;
    done(std::move(reply));
  }
};

class Link;

// Which link holds an exchange, for Cancel. Thread-safe; in shards, because every question passes
// twice.
class ExchangeIndex {
 public:
  void Insert(const Uuid& id, std::shared_ptr<Link> link) {
    Shard& shard = ShardOf(id);
    absl::MutexLock lock(&shard.mu);
    CHAYAN_CHECK(shard.links.try_emplace(id, std::move(link)).second);
  }
  void Erase(const Uuid& id) {
    Shard& shard = ShardOf(id);
    absl::MutexLock lock(&shard.mu);
    shard.links.erase(id);
  }
  // nullptr where there is none.
  std::shared_ptr<Link> Find(const Uuid& id) const {
    const Shard& shard = ShardOf(id);
    absl::MutexLock lock(&shard.mu);
    auto it = shard.links.find(id);
    return it == shard.links.end() ? nullptr : it->second;
  }

 private:
  static constexpr size_t kShards = 16;  // a power of two, several per core
  struct Shard {
    mutable absl::Mutex mu;
    absl::flat_hash_map<Uuid, std::shared_ptr<Link>> links ABSL_GUARDED_BY(mu);
  };
  // The last byte of a version 7 id is random.
  Shard& ShardOf(const Uuid& id) { return shards_[id.bytes[15] % kShards]; }
  const Shard& ShardOf(const Uuid& id) const { return shards_[id.bytes[15] % kShards]; }

  std::array<Shard, kShards> shards_;
};

}  // namespace chayan::link

#endif  // CHAYAN_GATEWAY_LINK_EXCHANGE_H_
