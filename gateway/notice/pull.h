// Streams on which recipients pull their notices. A recipient says how many it takes; each counts
// as delivered when its receipt came back on the stream on which it went, or on the one that took
// that one's place with its resume token.
#ifndef CHAYAN_GATEWAY_NOTICE_PULL_H_
#define CHAYAN_GATEWAY_NOTICE_PULL_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "chayan/v1/notice_service.pb.h"
#include "gateway/notice/bulk_lane.h"
#include "gateway/notice/bulk_settler.h"
#include "gateway/notice/collaborators.h"
#include "gateway/notice/deliverer.h"
#include "gateway/notice/settler.h"
#include "gateway/rpc/call.h"

namespace chayan::notice {

// Thread-safe.
class PullStreams final : public Outlet {
 public:
  // All outlive it. `reachable`: a stream takes more than before. `returned`: nothing of these is
  // kept where they were sent.
  PullStreams(const Collaborators& with, Settler& settler, std::function<void()> reachable,
              std::function<void(std::vector<Uuid>)> returned, BulkSettler& bulk_settler,
              BulkLane& bulk_lane)
      : with_(with),
        settler_(settler),
        bulk_settler_(bulk_settler),
        bulk_lane_(bulk_lane),
        reachable_(std::move(reachable)),
        returned_(std::move(returned)) {}

  // Handler of ReceiveNotices.
  rpc::StreamEvents Receive(std::shared_ptr<rpc::StreamCall> call);
  // Ends streams that have been open for long, and forgets those that nobody resumed.
  void Tick();

  // Tells the recipient's streams that a period had none. False: there is no such stream.
  bool TellNone(const std::string& recipient, const v1::NoneToday& none);

  link::NoticePlace PlaceFor(const std::string& recipient,
                             const std::string& subscription) override;
  bool Send(uint64_t place, std::vector<link::OutgoingNotice> notices) override;

 private:
  struct Stream {
    std::shared_ptr<rpc::StreamCall> call;  // null once it has ended
    policy::Caller caller{};
    std::string token{};
    absl::flat_hash_set<std::string> subscriptions{};
    size_t credit = 0;
    absl::flat_hash_set<Uuid> sent{};  // without a receipt
    absl::Duration until{};            // reading of Elapsed(): its end, or when it is forgotten
  };

  void OnMessage(uint64_t number, absl::string_view bytes);
  void OnOpening(uint64_t number, const v1::ReceiveOpening& opening);
  void OnCredit(uint64_t number, uint32_t credit);
  void OnReceipts(uint64_t number, const v1::NoticeReceipts& receipts);
  void OnEnd(uint64_t number);
  void Settle(const std::shared_ptr<rpc::StreamCall>& call, const Uuid& delivery);
  // The same for those of the bulk lane.
  void SettleInBulk(const std::shared_ptr<rpc::StreamCall>& call, std::vector<Uuid> deliveries);
  void Finish(uint64_t number, std::optional<policy::Refusal> refusal);
  // What an ended stream of the same system had sent: taken over with its token, else returned.
  std::vector<Uuid> TakeOver(Stream& stream, const std::string& token)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const Collaborators& with_;
  Settler& settler_;
  BulkSettler& bulk_settler_;
  BulkLane& bulk_lane_;
  const std::function<void()> reachable_;
  const std::function<void(std::vector<Uuid>)> returned_;

  absl::Mutex mu_;
  uint64_t next_number_ ABSL_GUARDED_BY(mu_) = 1;
  std::map<uint64_t, Stream> streams_ ABSL_GUARDED_BY(mu_);
};

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_PULL_H_
