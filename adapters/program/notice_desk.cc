#include "adapters/program/notice_desk.h"

#include <utility>

#include "gateway/base/diag.h"

namespace chayan::adapter {
namespace {

// A month of days of some dozen subscriptions, as the gateway keeps them. LIMITATION: what the sink
// does not take before the process ends stands in the log alone.
constexpr size_t kSilencesMax = 1024;

absl::Status Say(const sdk::NoticeResponder& responder, const connector::NoticeResult& result) {
  if (result.not_taken.has_value()) return responder.NotTaken(*result.not_taken);
  const v1::DeliveryReceipt& settlement = result.settlement;
  switch (settlement.state()) {
    case v1::DELIVERY_STATE_ACKNOWLEDGED:
      return responder.Acknowledge(settlement.recipient_case_number());
    case v1::DELIVERY_STATE_REJECTED:
      return responder.Reject(settlement.rejection_reason(), settlement.rejection_text(),
                              settlement.recipient_case_number());
    default:
      return responder.Received();
  }
}

void Count(const connector::NoticeResult& result, NoticeCounts& counts) {
  if (result.not_taken.has_value()) {
    ++counts.not_taken;
    counts.last_cause = result.cause;
  } else if (result.settlement.state() == v1::DELIVERY_STATE_ACKNOWLEDGED) {
    ++counts.acknowledged;
  } else if (result.settlement.state() == v1::DELIVERY_STATE_REJECTED) {
    ++counts.rejected;
  } else {
    ++counts.received;
  }
}

}  // namespace

void NoticeDesk::Use(std::unique_ptr<connector::NoticeSink> sink) {
  absl::MutexLock lock(&mu_);
  sink_ = retired_.Keep(std::move(sink));
}

std::shared_ptr<connector::NoticeSink> NoticeDesk::sink() const {
  absl::MutexLock lock(&mu_);
  return sink_;
}

void NoticeDesk::OnNotice(const sdk::Notice& notice, const sdk::NoticeResponder& responder) {
  const std::shared_ptr<connector::NoticeSink> sink = this->sink();
  if (sink == nullptr) {
    return Reply(notice, responder,
                 connector::NotTaken(v1::NOT_TAKEN_REASON_SYSTEM_DOWN, "the adapter stops"));
  }
  sink->Take(notice.message(), [this, notice, responder](const connector::NoticeResult& result) {
    Reply(notice, responder, result);
  });
}

void NoticeDesk::Reply(const sdk::Notice& notice, const sdk::NoticeResponder& responder,
                       const connector::NoticeResult& result) {
  connector::NoticeResult said = result;
  absl::Status status = Say(responder, said);
  if (absl::IsInvalidArgument(status)) {
    // What the agency's system said does not fit into a receipt: somebody has to look at it.
    said = connector::NotTaken(v1::NOT_TAKEN_REASON_SYSTEM_REFUSED, status.message());
    status = Say(responder, said);
  }
  if (said.not_taken.has_value() || !status.ok()) {
    diag::Warning("adapter.notice_not_taken",
                  {{"notice_kind", notice.message().notice_kind()},
                   {"delivery", notice.delivery_id().ToText()},
                   {"cause", status.ok() ? said.cause : std::string(status.message())}});
  }
  absl::MutexLock lock(&mu_);
  NoticeCounts& counts = counts_[notice.message().notice_kind()];
  counts.last = clock_.Now();
  // Without a link the reply is lost, and the notice comes again.
  if (status.ok()) Count(said, counts);
}

void NoticeDesk::OnNoneToday(const v1::NoneToday& none) {
  diag::Info("adapter.none_today",
             {{"subscription", none.subscription()}, {"entry", none.entry_index()}});
  absl::MutexLock lock(&mu_);
  silences_.push_back(none);
  if (silences_.size() <= kSilencesMax) return;
  diag::Warning("adapter.none_today_dropped", {{"subscription", silences_.front().subscription()},
                                               {"entry", silences_.front().entry_index()}});
  silences_.pop_front();
}

void NoticeDesk::HandOnSilences() {
  while (true) {
    v1::NoneToday none;
    std::shared_ptr<connector::NoticeSink> sink;
    {
      absl::MutexLock lock(&mu_);
      if (silences_.empty() || sink_ == nullptr) return;
      none = std::move(silences_.front());
      silences_.pop_front();
      sink = sink_;
    }
    const absl::Status status = sink->NoneToday(none);
    absl::MutexLock lock(&mu_);
    const std::string before = std::exchange(silences_cause_, std::string(status.message()));
    if (status.ok()) continue;
    // Looks are seconds apart: what stays as it is was said.
    if (before != silences_cause_) {
      diag::Warning("adapter.none_today_not_taken",
                    {{"subscription", none.subscription()}, {"cause", silences_cause_}});
    }
    silences_.push_front(std::move(none));
    return;
  }
}

std::map<std::string, NoticeCounts> NoticeDesk::Counts() const {
  absl::MutexLock lock(&mu_);
  return counts_;
}

std::optional<connector::SourceHealth> NoticeDesk::Health() const {
  const std::shared_ptr<connector::NoticeSink> sink = this->sink();
  if (sink == nullptr) return std::nullopt;
  return sink->Health();
}

}  // namespace chayan::adapter
