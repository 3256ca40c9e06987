#include "gateway/notice/watch.h"

#include <utility>
#include <vector>

#include "chayan/v1/notice_service.pb.h"
#include "gateway/base/diag.h"
#include "gateway/base/status_macros.h"
#include "gateway/notice/delivered.h"
#include "gateway/notice/recorded_call.h"
#include "gateway/notice/view.h"
#include "gateway/rpc/request.h"

namespace chayan::notice {
namespace {

// Events written at once, so that no watcher keeps the room's thread.
constexpr size_t kEventsMax = 256;
// What may wait for a watcher that reads slowly.
constexpr size_t kQueuedBytesMax = 1 << 20;

}  // namespace

rpc::StreamEvents Watchers::Watch(std::shared_ptr<rpc::StreamCall> call) {
  uint64_t number = 0;
  {
    absl::MutexLock lock(&mu_);
    number = next_number_++;
    watchers_[number].call = std::move(call);
  }
  return {.on_message = [this, number](absl::string_view bytes) { OnRequest(number, bytes); },
          .on_half_close = [] {},  // its one request has come; events go on
          .on_end =
              [this, number] {
                absl::MutexLock lock(&mu_);
                watchers_.erase(number);
              }};
}

void Watchers::OnRequest(uint64_t number, absl::string_view bytes) {
  v1::WatchNoticesRequest request;
  if (auto refusal = rpc::ReadRequest(bytes, request)) {
    return Finish(number, *std::move(refusal));
  }
  const auto after = static_cast<int64_t>(request.after_event());
  if (with_.thread.Run([this, number, after] { Open(number, after); })) return;
  Finish(number, policy::Refused(v1::ERROR_REASON_OVERLOADED, "too many calls wait; try again"));
}

void Watchers::Open(uint64_t number, int64_t after) {
  const absl::StatusOr<int64_t> last = with_.notices.LastEvent();
  if (!last.ok()) return Finish(number, StoreFault(last.status()));
  if (after < 0 || after > *last) {
    return Finish(number,
                  policy::RefusedField(v1::ERROR_REASON_EVENT_IN_FUTURE, "after_event",
                                       "write the number of the last event that came, or 0"));
  }
  absl::MutexLock lock(&mu_);
  auto it = watchers_.find(number);
  if (it == watchers_.end()) return;
  it->second.is_open = true;
  it->second.after = after;
}

void Watchers::Finish(uint64_t number, policy::Refusal refusal) {
  std::shared_ptr<rpc::StreamCall> call;
  {
    absl::MutexLock lock(&mu_);
    auto it = watchers_.find(number);
    if (it != watchers_.end()) call = it->second.call;
  }
  if (call != nullptr) call->Finish(std::move(refusal));
}

bool Watchers::empty() const {
  absl::MutexLock lock(&mu_);
  return watchers_.empty();
}

void Watchers::Tell() {
  std::vector<std::pair<uint64_t, Watcher>> watchers;
  {
    absl::MutexLock lock(&mu_);
    for (const auto& [number, watcher] : watchers_) {
      if (watcher.is_open) watchers.emplace_back(number, watcher);
    }
  }
  for (const auto& [number, watcher] : watchers) {
    if (watcher.call->queued_bytes() > kQueuedBytesMax) continue;
    const absl::StatusOr<int64_t> told = TellPage(watcher);
    if (!told.ok()) {
      watcher.call->Finish(StoreFault(told.status()));
      continue;
    }
    absl::MutexLock lock(&mu_);
    auto it = watchers_.find(number);
    if (it != watchers_.end()) it->second.after = *told;
  }
}

absl::StatusOr<int64_t> Watchers::TellPage(const Watcher& watcher) {
  CHAYAN_ASSIGN_OR_RETURN(
      const std::vector<store::NoticeEvent> events,
      with_.notices.Events(watcher.call->caller().member, watcher.after, kEventsMax));
  int64_t told = watcher.after;
  for (const store::NoticeEvent& event : events) {
    CHAYAN_ASSIGN_OR_RETURN(const store::StoredDelivery delivery,
                            with_.notices.ReadDelivery(event.seq));
    CHAYAN_ASSIGN_OR_RETURN(const store::StoredNotice notice,
                            with_.notices.ReadNotice(delivery.notice));
    v1::WatchNoticesResponse response;
    response.set_event(static_cast<uint64_t>(event.event));
    *response.mutable_time() = ToProto(absl::FromUnixMillis(event.time_ms));
    response.set_kind(static_cast<v1::NoticeEventKind>(static_cast<int>(event.kind)));
    CHAYAN_ASSIGN_OR_RETURN(*response.mutable_delivery(), StatusOf(with_, notice, delivery));
    watcher.call->Write(response.SerializeAsString());
    told = event.event;
  }
  return told;
}

}  // namespace chayan::notice
