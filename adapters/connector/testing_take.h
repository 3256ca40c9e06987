// For tests alone.
#ifndef CHAYAN_ADAPTERS_CONNECTOR_TESTING_TAKE_H_
#define CHAYAN_ADAPTERS_CONNECTOR_TESTING_TAKE_H_

#include <utility>

#include "absl/synchronization/notification.h"
#include "adapters/connector/notice_sink.h"

namespace chayan::connector {

// What becomes of one notice; waits for it.
inline NoticeResult TakeNow(NoticeSink& sink, const v1::DeliveredNotice& notice) {
  NoticeResult result;
  absl::Notification taken;
  sink.Take(notice, [&](NoticeResult given) {
    result = std::move(given);
    taken.Notify();
  });
  taken.WaitForNotification();
  return result;
}

}  // namespace chayan::connector

#endif  // CHAYAN_ADAPTERS_CONNECTOR_TESTING_TAKE_H_
