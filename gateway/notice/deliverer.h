// Brings deliveries to those who can be reached: claims what is due, sends it, and puts it off when
// it does not arrive.
//
// Invariants: a delivery leaves only under a lease of this gateway, and while it is under way here
// it does not leave again; of one subject of a recipient the store lends one at a time. A recipient
// at whom delivery after delivery fails is tried with one at a time, less and less often, for as
// long as its deliveries live: only one that fails by itself is given up. What is under way is not
// kept: the next process of this gateway ends its leases, and it leaves again under the same id.
#ifndef CHAYAN_GATEWAY_NOTICE_DELIVERER_H_
#define CHAYAN_GATEWAY_NOTICE_DELIVERER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gateway/crypto/digest.h"
#include "gateway/link/links.h"
#include "gateway/notice/bulk_lane.h"
#include "gateway/notice/collaborators.h"
#include "gateway/notice/settler.h"

namespace chayan::notice {

// A way to recipients: their links, or the streams on which they pull.
class Outlet {
 public:
  virtual ~Outlet() = default;
  // Where notices of the subscription can go now.
  virtual link::NoticePlace PlaceFor(const std::string& recipient,
                                     const std::string& subscription) = 0;
  // False: it is gone or full, and none was sent.
  virtual bool Send(uint64_t place, std::vector<link::OutgoingNotice> notices) = 0;
};

// A delivery of the bulk lane that is under way.
struct BulkSent {
  std::string recipient{};
  crypto::Digest notice_digest{};  // of the bytes that left
  bool hosted = false;
  bool test = false;
};

// What deliveries of a recipient did since the start.
struct DeliveryCounts {
  uint64_t sent = 0;
  uint64_t failed = 0;
  uint64_t dead = 0;
  uint64_t under_way = 0;  // now
  bool circuit_open = false;
};

// Thread-safe, but for Tick.
class Deliverer {
 public:
  // `gateway`: whose leases they are. All outlive it; `outlets` are asked in their order.
  Deliverer(const Collaborators& with, std::string gateway, std::vector<Outlet*> outlets,
            Settler& settler, const BulkLane& lane)
      : with_(with),
        gateway_(std::move(gateway)),
        outlets_(std::move(outlets)),
        settler_(settler),
        lane_(lane) {}

  // One round. Never two at a time.
  void Tick();
  // The delivery has left its queue.
  void Settled(const Uuid& delivery);
  // Nothing of it is kept where it was sent. `recipient_down`: nor would the next one be.
  void Returned(const Uuid& delivery, const std::string& reason, bool recipient_down);

  // Nothing when it is of the other lane, or not under way here.
  std::optional<BulkSent> FindBulk(const Uuid& delivery) const;

  // By recipient, those with any.
  std::map<std::string, DeliveryCounts> Counts() const;

 private:
  struct UnderWay {
    int64_t seq = 0;
    uint32_t attempts = 0;
    std::string recipient{};
    absl::Duration until{};  // reading of Elapsed()
    bool being_buried = false;
    // Of the bulk lane, once it has left.
    std::optional<BulkSent> bulk{};
  };
  struct Recipient {
    DeliveryCounts counts{};
    uint32_t failures = 0;  // one after another
    uint64_t taken = 0;     // deliveries
    absl::Duration closed_until = absl::ZeroDuration();
  };

  // What a delivery that comes to nothing has to do with it itself.
  struct Blame {
    uint64_t taken_before = 0;  // by its recipient, when it last came to nothing
    uint32_t attempts = 0;
  };
  // Whether the delivery is given up: too often it failed, while its recipient took others.
  bool IsLast(const Uuid& delivery, const Recipient& recipient, const std::string& reason)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  void EndOldLeases();
  // What had been due before the wall clock was set back is due, some thousands a round.
  void MakeReady();
  void GiveUpLapsed();
  // While others commit, one lane a round, in turn, so that counters wait for one claim at most.
  void ServeBulk(const std::vector<store::DueLane>& due);  // in the order of recipients
  // False: nothing may go there now, and nothing was claimed.
  bool Serve(const store::DueLane& lane);
  // How many to claim: none while the circuit is open, one to try it.
  size_t Share(const store::DueLane& lane, size_t room);
  // The bytes that leave; empty when it was put off or buried instead.
  std::shared_ptr<const std::string> Prepare(const store::Claimed& claimed);
  void Leaves(const store::StoredDelivery& delivery, bool test, const std::string& bytes);
  void Fail(const Uuid& delivery, const UnderWay& under_way, const std::string& reason);
  void PutOff(int64_t seq, absl::Duration wait, const std::string& reason);
  void Bury(const store::StoredDelivery& delivery, const std::string& reason);

  const Collaborators& with_;
  const std::string gateway_;
  const std::vector<Outlet*> outlets_;
  Settler& settler_;
  const BulkLane& lane_;
  // Of Tick alone.
  bool began_ = false;
  absl::Time due_by_ = absl::InfinitePast();
  int64_t make_ready_from_ = 0;  // 0: there is nothing to do
  store::DueLane last_bulk_{};   // that was served while others committed

  mutable absl::Mutex mu_;
  absl::flat_hash_map<Uuid, UnderWay> under_way_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, Recipient> recipients_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<Uuid, Blame> blamed_ ABSL_GUARDED_BY(mu_);  // of this process alone
};

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_DELIVERER_H_
