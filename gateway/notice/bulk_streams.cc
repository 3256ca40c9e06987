#include "gateway/notice/bulk_streams.h"

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "chayan/v1/notice_service.pb.h"
#include "gateway/base/wire.h"
#include "gateway/notice/bulk_publication.h"
#include "gateway/notice/publication.h"
#include "gateway/rpc/recorded.h"
#include "gateway/verify/limits.h"
#include "gateway/verify/plain_wire.h"

namespace chayan::notice {
namespace {

using policy::Refused;

// Campaigns are few; each stream may hold a MiB of what waits.
constexpr int kStreamsMax = 32;
// What may wait of one stream: some frames, so that the lane never waits for the network.
constexpr size_t kWaitingMax = 256;
constexpr size_t kWaitingBytesMax = 1 << 20;
// Requests of a stream at a time, before other streams have their turn.
constexpr size_t kTurnMax = 64;

policy::Refusal Overloaded(const char* message) {
  policy::Refusal refusal = Refused(v1::ERROR_REASON_OVERLOADED, message);
  refusal.retry_delay = absl::Seconds(1);
  return refusal;
}

// A request of a stream as a call of its own, for whoever waits for its end.
class ItemCall final : public rpc::UnaryCall {
 public:
  ItemCall(std::shared_ptr<rpc::StreamCall> stream, std::string request, absl::Duration arrival)
      : stream_(std::move(stream)), request_(std::move(request)), arrival_(arrival) {}

  const policy::Caller& caller() const override { return stream_->caller(); }
  absl::string_view method() const override { return stream_->method(); }
  absl::string_view request() const override { return request_; }
  absl::Duration timeout() const override { return absl::InfiniteDuration(); }
  absl::Duration arrival() const override { return arrival_; }
  void Reply(std::string message) override {
    wire::AppendBytes(response_, v1::PublishNoticesResponse::kNoticeFieldNumber, message);
    answered_.Notify();
  }
  void Fail(const policy::Refusal& refusal, std::string status_bytes,
            std::string receipt_bytes) override {
    using View = v1::PublishNoticeResponseView;
    v1::PublishNoticeRequest request;
    std::string message;
    // Of bytes that are no request there is no id to repeat.
    if (request.ParseFromString(request_)) {
      wire::AppendText(message, View::kRequestIdFieldNumber, request.request_id());
    }
    wire::AppendBytes(message, View::kStatusFieldNumber,
                      status_bytes.empty() ? refusal.ToStatusBytes() : status_bytes);
    wire::AppendText(message, View::kReceiptFieldNumber, receipt_bytes);
    Reply(std::move(message));
  }
  void OnCancel(absl::AnyInvocable<void()>) override {}

  std::string Wait() {
    answered_.WaitForNotification();
    return std::move(response_);
  }

 private:
  const std::shared_ptr<rpc::StreamCall> stream_;
  const std::string request_;
  const absl::Duration arrival_;
  std::string response_;
  absl::Notification answered_;
};

}  // namespace

class BulkStreams::Stream : public std::enable_shared_from_this<Stream> {
 public:
  Stream(BulkStreams& streams, std::shared_ptr<rpc::StreamCall> call)
      : streams_(streams),
        open_(streams.open_),
        call_(std::move(call)),
        frame_(streams.with_, streams.lane_, call_->caller(), std::string(call_->method())) {
    ++*open_;
  }
  ~Stream() { --*open_; }

  void OnMessage(absl::string_view message);
  void OnHalfClose();
  void OnEnd();

 private:
  // On the stream's worker.
  void GoOn();
  // Has the lane take a turn, unless it is about to. False: too much waits there.
  bool Schedule() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // On the lane's thread. The last two are false when the stream is over.
  void TakeTurn();
  bool Handle(const std::string& request);
  bool Flush();
  void Alone(const std::string& request);
  std::vector<std::string> TakeWaiting();

  BulkStreams& streams_;
  const std::shared_ptr<std::atomic<int>> open_;
  const std::shared_ptr<rpc::StreamCall> call_;
  BulkPublication frame_;  // the lane's

  absl::Mutex mu_;
  std::deque<std::string> waiting_ ABSL_GUARDED_BY(mu_);
  size_t waiting_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  bool scheduled_ ABSL_GUARDED_BY(mu_) = false;
  bool paused_ ABSL_GUARDED_BY(mu_) = false;
  bool half_closed_ ABSL_GUARDED_BY(mu_) = false;
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
};

rpc::StreamEvents BulkStreams::Serve(std::shared_ptr<rpc::StreamCall> call) {
  if (*open_ >= kStreamsMax) {
    call->Finish(Overloaded("too many streams publish in bulk; try again later"));
    return {.on_message = [](absl::string_view) {}, .on_half_close = [] {}, .on_end = [] {}};
  }
  auto stream = std::make_shared<Stream>(*this, std::move(call));
  return {.on_message = [stream](absl::string_view message) { stream->OnMessage(message); },
          .on_half_close = [stream] { stream->OnHalfClose(); },
          .on_end = [stream] { stream->OnEnd(); }};
}

void BulkStreams::Stream::OnMessage(absl::string_view message) {
  static const auto* const wire =
      new verify::PlainWire(*v1::PublishNoticesRequestView::descriptor());
  v1::PublishNoticesRequestView view;
  if (!wire->Accepts(message) ||
      !view.ParseFromArray(message.data(), static_cast<int>(message.size()))) {
    return call_->Finish(Refused(v1::ERROR_REASON_MESSAGE_MALFORMED,
                                 "a message of the stream is not one PublishNoticesRequest; use "
                                 "this gateway's version of the protos"));
  }
  // A peer that publishes on and on without reading its answers.
  if (call_->queued_bytes() > verify::kStreamQueuedBytesMax) {
    return call_->Finish(Overloaded("the answers on this stream are not read; read them"));
  }
  bool scheduled = false;
  bool pauses = false;
  {
    absl::MutexLock lock(&mu_);
    if (ended_) return;
    waiting_bytes_ += view.notice().size();
    waiting_.push_back(std::move(*view.mutable_notice()));
    const bool full = waiting_.size() >= kWaitingMax || waiting_bytes_ >= kWaitingBytesMax;
    pauses = full && !std::exchange(paused_, full);
    scheduled = Schedule();
  }
  if (!scheduled) return call_->Finish(Overloaded("too much is published in bulk; try again"));
  if (pauses) call_->Pause();
}

void BulkStreams::Stream::OnHalfClose() {
  {
    absl::MutexLock lock(&mu_);
    half_closed_ = true;
  }
  GoOn();
}

void BulkStreams::Stream::OnEnd() {
  absl::MutexLock lock(&mu_);
  ended_ = true;
  waiting_.clear();
}

void BulkStreams::Stream::GoOn() {
  bool resumes = false;
  bool is_done = false;
  {
    absl::MutexLock lock(&mu_);
    const bool room = waiting_.size() <= kWaitingMax / 2 && waiting_bytes_ <= kWaitingBytesMax / 2;
    resumes = room && std::exchange(paused_, false);
    is_done = half_closed_ && waiting_.empty() && !scheduled_;
  }
  if (resumes) call_->Resume();
  if (is_done) call_->Finish(std::nullopt);
}

bool BulkStreams::Stream::Schedule() {
  if (scheduled_) return true;
  scheduled_ = streams_.lane_.Run([self = shared_from_this()] { self->TakeTurn(); });
  return scheduled_;
}

std::vector<std::string> BulkStreams::Stream::TakeWaiting() {
  absl::MutexLock lock(&mu_);
  std::vector<std::string> taken;
  while (!waiting_.empty() && taken.size() < kTurnMax) {
    waiting_bytes_ -= waiting_.front().size();
    taken.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return taken;
}

void BulkStreams::Stream::TakeTurn() {
  bool goes_on = true;
  for (const std::string& request : TakeWaiting()) {
    goes_on = Handle(request);
    if (!goes_on) break;
  }
  goes_on = goes_on && Flush();
  bool scheduled = true;
  {
    absl::MutexLock lock(&mu_);
    scheduled_ = false;
    ended_ = ended_ || !goes_on;
    if (ended_) waiting_.clear();
    if (!waiting_.empty()) scheduled = Schedule();
  }
  if (!scheduled) call_->Finish(Overloaded("too much is published in bulk; try again"));
  call_->Post([self = shared_from_this()] { self->GoOn(); });
}

bool BulkStreams::Stream::Handle(const std::string& request) {
  {
    // What was not begun is left: nobody would hear of it.
    absl::MutexLock lock(&mu_);
    if (ended_) return false;
  }
  BulkPublication::Added added = frame_.Add(request);
  if (added == BulkPublication::Added::kNextFrame) {
    if (!Flush()) return false;
    added = frame_.Add(request);
  }
  if (added == BulkPublication::Added::kYes) return true;
  if (!Flush()) return false;
  Alone(request);
  return true;
}

bool BulkStreams::Stream::Flush() {
  if (frame_.empty()) return true;
  std::vector<std::string> requests;
  absl::StatusOr<std::vector<std::string>> answers = frame_.Commit(requests);
  if (answers.ok()) {
    for (std::string& answer : *answers) call_->Write(std::move(answer));
    streams_.accepted_();
    return true;
  }
  // One of them was overtaken: each for itself finds out what became of it.
  if (absl::IsAborted(answers.status()) || absl::IsAlreadyExists(answers.status())) {
    for (const std::string& request : requests) Alone(request);
    return true;
  }
  call_->Finish(rpc::LogUnavailable(answers.status()));
  return false;
}

void BulkStreams::Stream::Alone(const std::string& request) {
  absl::StatusOr<std::optional<std::string>> again = frame_.AnswerAgain(request);
  if (again.ok() && again->has_value()) return call_->Write(**std::move(again));
  auto item = std::make_shared<ItemCall>(call_, request, streams_.with_.clock.Elapsed());
  Publication::Start(streams_.with_, Publication::How::kPublishInBulk, item, streams_.accepted_);
  call_->Write(item->Wait());
}

}  // namespace chayan::notice
