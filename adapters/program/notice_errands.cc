#include "adapters/program/notice_errands.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "adapters/connector/notice_sink.h"
#include "gateway/base/diag.h"

namespace chayan::adapter {
namespace {

// Offices act after hours; their database shall not notice that it is asked.
constexpr absl::Duration kLookInterval = absl::Seconds(5);

// What is written beside it: its entry, or why there will be none. Empty: it is on its way.
absl::StatusOr<std::string> Tell(const connector::Outcome& outcome, sdk::LinkClient& client) {
  if (!outcome.fault.empty()) return outcome.fault;
  const absl::StatusOr<std::optional<uint64_t>> entry = client.Settle(outcome.settlement);
  if (entry.ok()) return entry->has_value() ? absl::StrCat("entry ", **entry) : "";
  // LIMITATION: of two adapters that look into one chayan_outcome, the one that took no such notice
  // writes so beside it before the one that did can tell it. Each needs a database of its own.
  const bool is_final = absl::IsInvalidArgument(entry.status()) ||
                        absl::IsNotFound(entry.status()) ||
                        absl::IsFailedPrecondition(entry.status());
  // Anything else may be over at the next look.
  if (!is_final) return entry.status();
  return std::string(entry.status().message());
}

}  // namespace

void TellOutcomes(const NoticeDesk& desk, sdk::LinkClient& client) {
  const std::shared_ptr<connector::NoticeSink> sink = desk.sink();
  if (sink == nullptr) return;
  const auto outcomes = sink->Outcomes();
  absl::Status status = outcomes.status();
  for (size_t i = 0; status.ok() && i < outcomes->size(); ++i) {
    const connector::Outcome& outcome = (*outcomes)[i];
    const absl::StatusOr<std::string> told = Tell(outcome, client);
    status = told.status();
    if (!told.ok() || told->empty()) continue;
    status = sink->OutcomeTold(outcome, *told);
  }
  if (status.ok()) return;
  diag::Warning("adapter.outcomes_not_told", {{"cause", std::string(status.message())}});
}

NoticeErrands::NoticeErrands(NoticeDesk& desk, sdk::LinkClient& client)
    : thread_([this, &desk, &client] {
        while (true) {
          {
            absl::MutexLock lock(&mu_);
            if (mu_.AwaitWithTimeout(absl::Condition(&stopping_), kLookInterval)) return;
          }
          desk.HandOnSilences();
          TellOutcomes(desk, client);
        }
      }) {}

NoticeErrands::~NoticeErrands() {
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
  }
  thread_.join();
}

}  // namespace chayan::adapter
