// The half of Exchange that handlers call, from any thread.
#include <utility>

#include "gateway/base/check.h"
#include "gateway/rpc/connection.h"
#include "gateway/rpc/exchange.h"
#include "gateway/rpc/limits.h"

namespace chayan::rpc {

void Exchange::ReplyShared(std::shared_ptr<const std::string> message) {
  CHAYAN_CHECK(!answered_.exchange(true));
  Mail mail{.kind = Mail::Kind::kReply, .to = shared_from_this(), .message = std::move(message)};
  if (mailbox_->IsThisThread()) return Receive(std::move(mail));
  mailbox_->Post(std::move(mail));
}

void Exchange::Fail(const policy::Refusal& refusal, std::string status_bytes,
                    std::string receipt_bytes) {
  CHAYAN_CHECK(!answered_.exchange(true));
  if (status_bytes.empty()) status_bytes = refusal.ToStatusBytes();
  PostEnding(Mail::Kind::kEnd, {.code = static_cast<int>(refusal.code()),
                                .message = refusal.message,
                                .details = std::move(status_bytes),
                                .receipt = std::move(receipt_bytes)});
}

void Exchange::PostEnding(Mail::Kind kind, Ending ending) {
  Mail mail{.kind = kind,
            .to = shared_from_this(),
            .ending = std::make_unique<Ending>(std::move(ending))};
  if (mailbox_->IsThisThread()) return Receive(std::move(mail));
  mailbox_->Post(std::move(mail));
}

void Exchange::OnCancel(absl::AnyInvocable<void()> on_cancel) {
  if (!mailbox_->IsThisThread()) {
    return Post([self = shared_from_this(), on_cancel = std::move(on_cancel)]() mutable {
      self->OnCancel(std::move(on_cancel));
    });
  }
  if (cancelled_) return on_cancel();
  if (phase_ == Phase::kRunning) on_cancel_ = std::move(on_cancel);
}

bool Exchange::TakeFromRate() {
  const bool taken = load_->rate.Take(mailbox_->front().clock.Elapsed(), requests_per_second_,
                                      requests_per_second_ * absl::ToDoubleSeconds(kRateSpan));
  if (!taken) mailbox_->front().shed.With({"RATE_LIMITED"}).Add();
  return taken;
}

void Exchange::WriteShared(std::shared_ptr<const std::string> message) {
  queued_bytes_.fetch_add(message->size(), std::memory_order_relaxed);
  Mail mail{.kind = Mail::Kind::kWrite, .to = shared_from_this(), .message = std::move(message)};
  if (mailbox_->IsThisThread()) return Receive(std::move(mail));
  mailbox_->Post(std::move(mail));
}

void Exchange::Finish(std::optional<policy::Refusal> refusal) {
  Ending ending;
  if (refusal) {
    ending = {.code = static_cast<int>(refusal->code()),
              .message = refusal->message,
              .details = refusal->ToStatusBytes()};
  }
  PostEnding(Mail::Kind::kEnd, std::move(ending));
}

void Exchange::Post(absl::AnyInvocable<void()> work) {
  mailbox_->Post({.kind = Mail::Kind::kWork, .to = shared_from_this(), .work = std::move(work)});
}

void Exchange::Pause() {
  CHAYAN_CHECK(mailbox_->IsThisThread());
  paused_ = true;
}

void Exchange::Resume() {
  CHAYAN_CHECK(mailbox_->IsThisThread());
  paused_ = false;
  if (delivering_ || phase_ != Phase::kRunning) return;
  ReadMessages({});
  if (phase_ != Phase::kRunning) return;
  const size_t held = paused_ ? std::min(unconsumed_, reader_->buffered()) : 0;
  if (const size_t taken = std::exchange(unconsumed_, held) - held; taken > 0) {
    connection_->Consume(*this, taken);
  }
  TellHalfClose();
}

}  // namespace chayan::rpc
