// Streams on which notices are published in bulk. Requests are answered in their order; while many
// of a stream wait it is not read, so that the peer's flow control is its credit. Nothing is kept
// of a stream that is cut: its publisher sends again what has no answer.
#ifndef CHAYAN_GATEWAY_NOTICE_BULK_STREAMS_H_
#define CHAYAN_GATEWAY_NOTICE_BULK_STREAMS_H_

#include <atomic>
#include <functional>
#include <memory>

#include "gateway/notice/bulk_lane.h"
#include "gateway/notice/collaborators.h"
#include "gateway/rpc/call.h"

namespace chayan::notice {

// Thread-safe. Outlives the lane's last task.
class BulkStreams {
 public:
  // All outlive it. `accepted` is called when there are new deliveries.
  BulkStreams(const Collaborators& with, BulkLane& lane, std::function<void()> accepted)
      : with_(with), lane_(lane), accepted_(std::move(accepted)) {}

  // Handler of PublishNotices.
  rpc::StreamEvents Serve(std::shared_ptr<rpc::StreamCall> call);

 private:
  class Stream;

  const Collaborators& with_;
  BulkLane& lane_;
  const std::function<void()> accepted_;
  // Streams that are open; the last of them may outlive this.
  const std::shared_ptr<std::atomic<int>> open_ = std::make_shared<std::atomic<int>>(0);
};

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_BULK_STREAMS_H_
