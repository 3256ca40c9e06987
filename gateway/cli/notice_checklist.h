// The list that an office goes through each week: what is late, what nobody acted on, what came
// back, what cannot be delivered. Pure.
#ifndef CHAYAN_GATEWAY_CLI_NOTICE_CHECKLIST_H_
#define CHAYAN_GATEWAY_CLI_NOTICE_CHECKLIST_H_

#include <vector>

#include "absl/time/time.h"
#include "chayan/v1/notice_service.pb.h"
#include "gateway/cli/language.h"
#include "gateway/report/table.h"

namespace chayan::cli {

struct NoticeFindings {
  bool dead_only = false;
  std::vector<v1::DeliveryStatus> scheduled{};  // those whose time has passed are late
  std::vector<v1::DeliveryStatus> overdue{};    // delivered, and the office has not acted in time
  std::vector<v1::DeliveryStatus> rejected{};
  std::vector<v1::DeliveryStatus> dead{};
  std::vector<v1::DeliveryStatus> unmatched{};  // of notices that nobody was to get
};

// How many of each, and one table of all, the first to look at first.
report::Document NoticeChecklist(Language language, const NoticeFindings& findings, absl::Time now);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_NOTICE_CHECKLIST_H_
