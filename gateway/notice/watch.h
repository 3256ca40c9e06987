// Streams on which publishers hear what becomes of their notices.
#ifndef CHAYAN_GATEWAY_NOTICE_WATCH_H_
#define CHAYAN_GATEWAY_NOTICE_WATCH_H_

#include <cstdint>
#include <map>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "gateway/notice/collaborators.h"
#include "gateway/rpc/call.h"

namespace chayan::notice {

// Thread-safe.
class Watchers {
 public:
  explicit Watchers(const Collaborators& with) : with_(with) {}

  // Handler of WatchNotices.
  rpc::StreamEvents Watch(std::shared_ptr<rpc::StreamCall> call);
  // Writes what has happened since to each. On the room's thread.
  void Tell();
  bool empty() const;

 private:
  struct Watcher {
    std::shared_ptr<rpc::StreamCall> call;
    bool is_open = false;  // its request came
    int64_t after = 0;     // the last event it was told
  };
  void OnRequest(uint64_t number, absl::string_view bytes);
  // Begins to tell after this event, or ends the stream. On the room's thread.
  void Open(uint64_t number, int64_t after);
  void Finish(uint64_t number, policy::Refusal refusal);
  // Tells one page; the last event that was told.
  absl::StatusOr<int64_t> TellPage(const Watcher& watcher);

  const Collaborators& with_;
  mutable absl::Mutex mu_;
  uint64_t next_number_ ABSL_GUARDED_BY(mu_) = 1;
  std::map<uint64_t, Watcher> watchers_ ABSL_GUARDED_BY(mu_);
};

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_WATCH_H_
