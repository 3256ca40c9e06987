// What all links of an adapter share.
#ifndef CHAYAN_ADAPTERS_SDK_LINK_PARTS_H_
#define CHAYAN_ADAPTERS_SDK_LINK_PARTS_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "adapters/sdk/adapter.h"
#include "adapters/sdk/answer_log.h"
#include "adapters/sdk/inbox.h"
#include "adapters/sdk/link_client.h"
#include "adapters/sdk/recorded_watch.h"
#include "gateway/base/clock.h"

namespace chayan::sdk {

struct LinkCounters {
  std::atomic<uint64_t> questions = 0;
  std::atomic<uint64_t> answers_sent = 0;
  std::atomic<uint64_t> answers_dropped = 0;
  std::atomic<uint64_t> answers_recorded = 0;
  std::atomic<uint64_t> notices = 0;
  std::atomic<uint64_t> notices_repeated = 0;
  std::atomic<uint64_t> notices_not_taken = 0;
  std::atomic<uint64_t> receipts_sent = 0;
  std::atomic<uint64_t> receipts_recorded = 0;
  std::atomic<uint64_t> receipts_refused = 0;
  std::atomic<uint64_t> alarms = 0;
};

// Notices that are being handled, whatever link they came on. Thread-safe.
class OpenNotices {
 public:
  // Far beyond what gateways have in flight; each waits for the agency's own system.
  static constexpr size_t kCountMax = 4096;

  enum class Opened { kNew, kOpenAlready, kTooMany };
  // With kOpenAlready the reply will go to the new line.
  Opened Open(const std::shared_ptr<OpenNotice>& notice);
  void Close(const Uuid& delivery_id);
  // Whether a reply to one of them would go to `line`.
  bool HasOf(const NoticeLine& line) const;

 private:
  mutable absl::Mutex mu_;
  absl::flat_hash_map<Uuid, std::shared_ptr<OpenNotice>> open_ ABSL_GUARDED_BY(mu_);
};

// What waits for a link: settlements that were said when no notice was under way, and, when a
// process starts or a link has ended, all that the inbox holds unrecorded. Thread-safe.
class Backlog {
 public:
  struct Taken {
    bool all = false;  // what the inbox holds, which is the settlements too
    std::vector<TakenNotice> settled{};
  };

  void AddAll() {
    absl::MutexLock lock(&mu_);
    waiting_ = {.all = true};
  }
  void Add(TakenNotice settled) {
    absl::MutexLock lock(&mu_);
    if (waiting_.all) return;
    waiting_.settled.push_back(std::move(settled));
    if (waiting_.settled.size() > kSettledMax) waiting_ = {.all = true};
  }
  Taken Take() {
    absl::MutexLock lock(&mu_);
    return std::exchange(waiting_, {});
  }

 private:
  // Beyond it, the inbox is read instead.
  static constexpr size_t kSettledMax = 4096;

  absl::Mutex mu_;
  Taken waiting_ ABSL_GUARDED_BY(mu_) = {.all = true};
};

// References outlive the links.
struct LinkParts {
  const AdapterOptions& options;
  Adapter& adapter;
  Clock& clock;
  AnswerLog& log;
  RecordedWatch& watch;
  LinkCounters& counters;
  Inbox* inbox;  // nullptr: the adapter takes no notices
  OpenNotices& open_notices;
  Backlog& backlog;
};

}  // namespace chayan::sdk

#endif  // CHAYAN_ADAPTERS_SDK_LINK_PARTS_H_
