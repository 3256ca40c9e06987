#include "gateway/verify/question_stream.h"

#include <utility>

#include "chayan/v1/receipt.pb.h"
#include "gateway/verify/limits.h"

namespace chayan::verify {
namespace {

// The response to an item that is not looked at: counted, not recorded, so without a receipt.
std::string RateLimited(absl::string_view message) {
  policy::Refusal refusal;
  refusal.reason = v1::ERROR_REASON_RATE_LIMITED;
  refusal.message = "the member's rate is used up; ask again after the delay";
  refusal.retry_delay = absl::Seconds(1);
  v1::VerifyDocumentRequest request;
  v1::VerifyDocumentResponseView view;
  // Of bytes that are no question there is no id to repeat.
  if (request.ParseFromArray(message.data(), static_cast<int>(message.size()))) {
    view.set_request_id(request.request_id());
  }
  view.set_status(refusal.ToStatusBytes());
  return view.SerializeAsString();
}

}  // namespace

// One question of the stream. Told on any thread; hands over to the stream's worker.
class QuestionStream::Item final : public Asker, public std::enable_shared_from_this<Item> {
 public:
  Item(std::shared_ptr<QuestionStream> stream, absl::string_view request, absl::Duration arrival)
      : stream_(std::move(stream)), request_(request), arrival_(arrival) {}

  const policy::Caller& caller() const override { return stream_->stream_->caller(); }
  absl::string_view method() const override { return stream_->stream_->method(); }
  absl::string_view request() const override { return request_; }
  absl::Duration arrival() const override { return arrival_; }
  absl::Duration timeout() const override { return absl::InfiniteDuration(); }
  void Answer(std::shared_ptr<const std::string> response) override {
    HandOver(std::move(response));
  }
  void Fail(const Failure& failure) override {
    v1::VerifyDocumentResponseView view;
    view.set_request_id(failure.request_id);
    view.set_status(failure.status_bytes.empty() ? failure.refusal.ToStatusBytes()
                                                 : failure.status_bytes);
    if (!failure.receipt_bytes.empty())
      view.mutable_receipt()->ParseFromString(failure.receipt_bytes);
    HandOver(std::make_shared<const std::string>(view.SerializeAsString()));
  }
  void Post(absl::AnyInvocable<void()> work) override { stream_->stream_->Post(std::move(work)); }
  void OnCancel(absl::AnyInvocable<void()> on_cancel) override {
    {
      absl::MutexLock lock(&mu_);
      if (!cancelled_) {
        on_cancel_ = std::move(on_cancel);
        return;
      }
    }
    on_cancel();
  }
  void Cancel() {
    absl::AnyInvocable<void()> on_cancel;
    {
      absl::MutexLock lock(&mu_);
      cancelled_ = true;
      on_cancel = std::exchange(on_cancel_, nullptr);
    }
    if (on_cancel) on_cancel();
  }

 private:
  void HandOver(std::shared_ptr<const std::string> response) {
    if (stream_->stream_->IsOnWorker()) {
      return stream_->OnResponse(shared_from_this(), std::move(response));
    }
    stream_->stream_->Post(
        [stream = stream_, self = shared_from_this(), response = std::move(response)]() mutable {
          stream->OnResponse(self, std::move(response));
        });
  }

  const std::shared_ptr<QuestionStream> stream_;
  const std::string request_;
  const absl::Duration arrival_;
  absl::Mutex mu_;
  absl::AnyInvocable<void()> on_cancel_ ABSL_GUARDED_BY(mu_);
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;
};

rpc::StreamEvents QuestionStream::Serve(const Collaborators& with,
                                        std::shared_ptr<rpc::StreamCall> stream) {
  auto self = std::make_shared<QuestionStream>(with, std::move(stream));
  rpc::StreamEvents events;
  events.on_message = [self](absl::string_view message) { self->OnMessage(message); };
  events.on_half_close = [self] { self->OnHalfClose(); };
  events.on_end = [self] { self->OnEnd(); };
  return events;
}

void QuestionStream::OnMessage(absl::string_view message) {
  // A peer that asks on and on without reading its answers.
  if (stream_->queued_bytes() > kStreamQueuedBytesMax) {
    policy::Refusal refusal;
    refusal.reason = v1::ERROR_REASON_OVERLOADED;
    refusal.message = "the answers on this stream are not read; read them, or ask on more streams";
    return stream_->Finish(std::move(refusal));
  }
  // Shed before anything is recorded, so that nobody can flood the log.
  if (!stream_->TakeFromRate()) return stream_->Write(RateLimited(message));
  auto item = std::make_shared<Item>(shared_from_this(), message, with_.clock.Elapsed());
  items_.insert(item);
  if (!paused_ && items_.size() >= kStreamItemsMax) {
    paused_ = true;
    stream_->Pause();
  }
  Exchange::Start(with_, std::move(item));
}

void QuestionStream::OnHalfClose() {
  half_closed_ = true;
  if (items_.empty()) stream_->Finish(std::nullopt);
}

void QuestionStream::OnEnd() {
  ended_ = true;
  for (const std::shared_ptr<Item>& item : std::exchange(items_, {})) item->Cancel();
}

void QuestionStream::OnResponse(const std::shared_ptr<Item>& item,
                                std::shared_ptr<const std::string> response) {
  if (ended_) return;
  items_.erase(item);
  stream_->WriteShared(std::move(response));
  if (paused_ && items_.size() < kStreamItemsMax) {
    paused_ = false;
    stream_->Resume();
  }
  if (half_closed_ && items_.empty()) stream_->Finish(std::nullopt);
}

}  // namespace chayan::verify
