#include "adapters/program/outcome_teller.h"

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gateway/base/diag.h"

namespace chayan::adapter {
namespace {

// Offices act after hours; their database shall not notice that it is asked.
constexpr absl::Duration kLookInterval = absl::Seconds(5);

}  // namespace

void TellOutcomes(const NoticeDesk& desk, sdk::LinkClient& client) {
  const std::shared_ptr<connector::NoticeSink> sink = desk.sink();
  if (sink == nullptr) return;
  const auto outcomes = sink->Outcomes();
  absl::Status status = outcomes.status();
  for (size_t i = 0; status.ok() && i < outcomes->size(); ++i) {
    const connector::Outcome& outcome = (*outcomes)[i];
    const absl::Status said = outcome.fault.empty() ? client.Settle(outcome.settlement)
                                                    : absl::InvalidArgumentError(outcome.fault);
    // Anything else may be over at the next look.
    const bool is_final = said.ok() || absl::IsInvalidArgument(said) || absl::IsNotFound(said) ||
                          absl::IsFailedPrecondition(said);
    status = is_final ? sink->OutcomeTold(outcome.settlement.delivery_id(),
                                          said.ok() ? "yes" : std::string(said.message()))
                      : said;
  }
  if (status.ok()) return;
  diag::Warning("adapter.outcomes_not_told", {{"cause", std::string(status.message())}});
}

OutcomeTeller::OutcomeTeller(const NoticeDesk& desk, sdk::LinkClient& client)
    : thread_([this, &desk, &client] {
        while (true) {
          {
            absl::MutexLock lock(&mu_);
            if (mu_.AwaitWithTimeout(absl::Condition(&stopping_), kLookInterval)) return;
          }
          TellOutcomes(desk, client);
        }
      }) {}

OutcomeTeller::~OutcomeTeller() {
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
  }
  thread_.join();
}

}  // namespace chayan::adapter
