#include "gateway/rpc/exchange.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/diag.h"
#include "gateway/policy/decide.h"
#include "gateway/policy/fair_share.h"
#include "gateway/rpc/connection.h"
#include "gateway/rpc/limits.h"

namespace chayan::rpc {
namespace {

// The most a unary body reserves ahead: the peer's word for the size costs the peer nothing.
constexpr size_t kReservedBytesMax = 64 << 10;

Ending EndingOf(const policy::Refusal& refusal, std::string status_bytes, std::string receipt) {
  if (status_bytes.empty()) status_bytes = refusal.ToStatusBytes();
  return {.code = static_cast<int>(refusal.code()),
          .message = refusal.message,
          .details = std::move(status_bytes),
          .receipt = std::move(receipt)};
}

policy::Refusal RefusalOf(const absl::Status& status) {
  return {.reason = absl::IsResourceExhausted(status) ? v1::ERROR_REASON_MESSAGE_TOO_LARGE
                                                      : v1::ERROR_REASON_MESSAGE_MALFORMED,
          .message = std::string(status.message())};
}

policy::Refusal Overloaded() {
  return {.reason = v1::ERROR_REASON_OVERLOADED,
          .message = "The gateway holds as much as it may.",
          .retry_delay = kRetryDelay};
}

}  // namespace

Exchange::Exchange(Connection* connection, int32_t stream_id, std::shared_ptr<Mailbox> mailbox)
    : connection_(connection), stream_id_(stream_id), mailbox_(std::move(mailbox)) {}

void Exchange::AddHeader(absl::string_view name, absl::string_view value) {
  constexpr size_t kHeaderOverhead = 32;  // RFC 9113 10.5.1
  headers_.bytes += name.size() + value.size() + kHeaderOverhead;
  if (phase_ != Phase::kHeaders || headers_.bytes > kHeaderListBytesMax) return;
  if (name == ":path") {
    const auto& methods = mailbox_->front().methods;
    const auto found = methods.find(value);
    headers_.method = found == methods.end() ? nullptr : &found->second;
  } else if (name == ":method") {
    headers_.is_post = value == "POST";
  } else if (name == "content-type") {
    headers_.is_grpc = IsGrpcContentType(value);
  } else if (name == "grpc-timeout") {
    const std::optional<absl::Duration> timeout = ParseTimeout(value);
    headers_.timeout_malformed = !timeout.has_value();
    headers_.timeout = timeout.value_or(absl::InfiniteDuration());
  } else if (name == "grpc-encoding") {
    headers_.gzip = value == "gzip";
    headers_.encoding_unknown = value != "gzip" && value != "identity";
  }
}

void Exchange::Open() {
  const Standing& standing = connection_->CurrentStanding();
  const View& view = connection_->view();
  caller_ = standing.caller;
  arrival_ = view.elapsed;
  if (standing.refusal) return Refuse(*standing.refusal);
  if (!Admit(standing)) return;
  if (!headers_.is_post || !headers_.is_grpc) {
    // No gRPC, so no call that could be recorded: counted.
    phase_ = Phase::kEnding;
    mailbox_->front().shed.With({"NOT_GRPC"}).Add();
    connection_->SendHttpError(*this, headers_.is_post ? 415 : 405);
    return;
  }
  if (std::optional<policy::Refusal> refusal = CheckHeaders()) return Refuse(*std::move(refusal));
  if (headers_.timeout != absl::InfiniteDuration()) {
    connection_->ArmDeadline(*this, arrival_ + headers_.timeout);
  }
  if (headers_.method->stream) {
    OpenStream();
  } else {
    phase_ = Phase::kBody;
  }
}

// Sheds the call and says no when the member has used up what it may have.
bool Exchange::Admit(const Standing& standing) {
  load_ = standing.load;
  requests_per_second_ = standing.bounds.requests_per_second;
  const double burst = requests_per_second_ * absl::ToDoubleSeconds(kRateSpan);
  policy::Refusal refusal{.reason = v1::ERROR_REASON_RATE_LIMITED, .retry_delay = kRetryDelay};
  if (!load_->rate.Take(arrival_, requests_per_second_, burst)) {
    refusal.message = absl::StrCat("The member may ask ", requests_per_second_,
                                   " questions a second, averaged over ten seconds.");
    refusal.retry_delay =
        std::max(absl::Milliseconds(1), load_->rate.Wait(arrival_, requests_per_second_, burst));
    Shed(std::move(refusal));
    return false;
  }
  const uint32_t max = standing.bounds.in_flight_max;
  if (!member_slot_.Take({load_, &load_->in_flight}, max)) {
    refusal.message = absl::StrCat("The member may have ", max, " calls in flight.");
    Shed(std::move(refusal));
    return false;
  }
  // This call stands among the member's already.
  const policy::Places places = {kCallsInFlightMax, *mailbox_->front().calls,
                                 load_->in_flight - uint64_t{1}};
  if (!policy::HasFairShare(places, standing.bounds.share) ||
      !call_slot_.Take(mailbox_->front().calls, kCallsInFlightMax)) {
    Shed(Overloaded());
    return false;
  }
  return true;
}

std::optional<policy::Refusal> Exchange::CheckHeaders() const {
  if (headers_.bytes > kHeaderListBytesMax) {
    return policy::Refusal{.reason = v1::ERROR_REASON_MESSAGE_TOO_LARGE,
                           .message = absl::StrCat("The call's metadata is larger than ",
                                                   kHeaderListBytesMax, " bytes.")};
  }
  if (headers_.method == nullptr) {
    return policy::Refusal{.reason = v1::ERROR_REASON_METHOD_UNKNOWN,
                           .message = "There is no such method."};
  }
  if (!policy::RoleMayCall(caller_->role, headers_.method->path)) {
    return policy::Refusal{.reason = v1::ERROR_REASON_ROLE_NOT_ALLOWED,
                           .message = "The system's role does not include this method."};
  }
  if (headers_.encoding_unknown) {
    // gRPC wants UNIMPLEMENTED here, so that clients try again without compression.
    return policy::Refusal{.reason = v1::ERROR_REASON_METHOD_UNKNOWN,
                           .message = "Requests may be compressed with gzip or not at all."};
  }
  if (headers_.timeout_malformed) {
    return policy::Refusal{.reason = v1::ERROR_REASON_MESSAGE_MALFORMED,
                           .message = "The header grpc-timeout is malformed."};
  }
  return std::nullopt;
}

void Exchange::OpenStream() {
  phase_ = Phase::kRunning;
  reader_.emplace(headers_.method->message_bytes_max, headers_.gzip);
  // While the handler opens, what it says is queued, never answered into its own call.
  delivering_ = true;
  events_ = headers_.method->stream(shared_from_this());
  delivering_ = false;
  if (phase_ == Phase::kRunning && !response_started_) {
    // The peer learns at once that the stream was accepted.
    response_started_ = true;
    connection_->StartResponse(*this);
  }
}

size_t Exchange::TakeBody(absl::string_view chunk) {
  if (phase_ == Phase::kBody) return TakeUnary(chunk);
  if (phase_ != Phase::kRunning || !reader_) return chunk.size();
  if (paused_ || delivering_) {
    reader_->Keep(chunk);
    CountBuffered(reader_->buffered());
    unconsumed_ += chunk.size();
    return 0;
  }
  ReadMessages(chunk);
  if (phase_ != Phase::kRunning || !paused_) return chunk.size();
  unconsumed_ = std::min(chunk.size(), reader_->buffered());
  return chunk.size() - unconsumed_;
}

size_t Exchange::TakeUnary(absl::string_view chunk) {
  const size_t before = body_.size();
  if (before == 0) body_.reserve(std::min(chunk.size(), kReservedBytesMax));
  body_.append(chunk.data(), chunk.size());
  CountBuffered(body_.size());
  if (phase_ != Phase::kBody || body_.size() < kPrefixBytes) return chunk.size();
  const absl::StatusOr<Prefix> prefix = ParsePrefix(body_, headers_.method->message_bytes_max);
  if (!prefix.ok()) {
    Refuse(RefusalOf(prefix.status()));
  } else if (body_.size() > kPrefixBytes + prefix->size) {
    Refuse({.reason = v1::ERROR_REASON_MESSAGE_MALFORMED,
            .message = "The call carries more than one message."});
  } else if (before < kPrefixBytes) {
    body_.reserve(std::min(kPrefixBytes + prefix->size, kReservedBytesMax));
  }
  return chunk.size();
}

// Over the bound of the connection the call is refused; it frees what it held.
void Exchange::CountBuffered(size_t now) {
  const bool fits = connection_->CountBuffered(buffered_, now);
  buffered_ = now;
  if (fits) return;
  if (phase_ == Phase::kRunning) Abandon();
  Shed(Overloaded());
}

void Exchange::ReadMessages(absl::string_view chunk) {
  delivering_ = true;
  const absl::Status status = reader_->Read(chunk, [&](absl::string_view message) {
    // Every message of a stream is asked by somebody who has the right to ask now.
    if (connection_->CurrentStanding().refusal) return false;
    if (events_.on_message) events_.on_message(message);
    return phase_ == Phase::kRunning && !paused_;
  });
  delivering_ = false;
  if (phase_ != Phase::kRunning) return;
  if (!status.ok()) {
    Abandon();
    Refuse(RefusalOf(status));
    return;
  }
  CountBuffered(reader_->buffered());
}

void Exchange::HalfClose() {
  half_closed_ = true;
  if (phase_ == Phase::kBody) {
    RunUnary();
  } else if (phase_ == Phase::kRunning) {
    TellHalfClose();
  }
}

void Exchange::TellHalfClose() {
  if (!half_closed_ || half_close_told_ || paused_ || phase_ != Phase::kRunning || !reader_) return;
  half_close_told_ = true;
  if (reader_->buffered() != 0) {
    Abandon();
    Refuse({.reason = v1::ERROR_REASON_MESSAGE_MALFORMED,
            .message = "The stream ended within a message."});
    return;
  }
  if (events_.on_half_close) events_.on_half_close();
}

void Exchange::RunUnary() {
  absl::StatusOr<Prefix> prefix = body_.size() < kPrefixBytes
                                      ? absl::InvalidArgumentError("The call carries no message.")
                                      : ParsePrefix(body_, headers_.method->message_bytes_max);
  if (prefix.ok() && body_.size() != kPrefixBytes + prefix->size) {
    prefix = absl::InvalidArgumentError("The call ended within its message.");
  }
  if (prefix.ok() && prefix->compressed && !headers_.gzip) {
    prefix = absl::InvalidArgumentError("The message is compressed, but grpc-encoding is not.");
  }
  if (!prefix.ok()) return Refuse(RefusalOf(prefix.status()));
  request_ = absl::string_view(body_).substr(kPrefixBytes);
  if (prefix->compressed) {
    absl::StatusOr<std::string> plain = Gunzip(request_, headers_.method->message_bytes_max);
    if (!plain.ok()) return Refuse(RefusalOf(plain.status()));
    body_ = *std::move(plain);
    request_ = body_;
  }
  connection_->CountBuffered(buffered_, 0);
  buffered_ = 0;
  phase_ = Phase::kRunning;
  // Handlers get a count of references of their own, so that the last one to go is noticed.
  auto drop = [held = shared_from_this()](UnaryCall*) mutable {
    const std::shared_ptr<Exchange> self = std::move(held);
    // Later: whoever let go may hold a lock.
    if (!self->answered_.load()) self->Post([self] { self->OnDropped(); });
  };
  headers_.method->unary(
      std::shared_ptr<UnaryCall>(static_cast<UnaryCall*>(this), std::move(drop)));
}

// No handler is left that could answer.
void Exchange::OnDropped() {
  if (phase_ != Phase::kRunning) return;
  diag::Error("rpc.call_unanswered", {{"method", headers_.method->name}});
  Refuse({.reason = v1::ERROR_REASON_INTERNAL,
          .message = "The gateway failed to answer; its operators have been told."});
}

void Exchange::Refuse(policy::Refusal refusal) {
  if (phase_ >= Phase::kEnding) return;
  Front& front = mailbox_->front();
  if (front.options.record_refusal &&
      !front.admission.TakeRecordedRefusal(caller_->certificate, connection_->view().elapsed)) {
    return Shed(std::move(refusal));
  }
  phase_ = Phase::kRefusing;
  connection_->DisarmDeadline(*this);
  std::string status_bytes = refusal.ToStatusBytes();
  if (!front.options.record_refusal) {
    return PostEnding(Mail::Kind::kRefused, EndingOf(refusal, std::move(status_bytes), {}));
  }
  DoorRefusal door{.caller = *caller_,
                   .method = headers_.method == nullptr ? "unknown" : headers_.method->name,
                   .refusal = refusal,
                   .status_bytes = status_bytes};
  door.done = [self = shared_from_this(), refusal = std::move(refusal),
               status_bytes =
                   std::move(status_bytes)](absl::StatusOr<std::string> receipt) mutable {
    if (receipt.ok()) {
      self->PostEnding(Mail::Kind::kRefused,
                       EndingOf(refusal, std::move(status_bytes), *std::move(receipt)));
      return;
    }
    self->PostEnding(Mail::Kind::kRefused,
                     EndingOf({.reason = v1::ERROR_REASON_LOG_UNAVAILABLE,
                               .message = "The log cannot be written, so nothing is answered."},
                              {}, {}));
  };
  front.options.record_refusal(std::move(door));
}

void Exchange::Shed(policy::Refusal refusal) {
  if (phase_ >= Phase::kEnding) return;
  phase_ = Phase::kRefusing;
  connection_->DisarmDeadline(*this);
  mailbox_->front().shed.With({refusal.reason_name()}).Add();
  PostEnding(Mail::Kind::kRefused, EndingOf(refusal, {}, {}));
}

void Exchange::Queue(std::shared_ptr<const std::string> message) {
  const size_t size = kPrefixBytes + message->size();
  connection_->CountQueued(static_cast<int64_t>(size));
  frames_.push_back({.message = std::move(message)});
}

void Exchange::End(Ending ending) {
  phase_ = Phase::kEnding;
  ending_ = std::move(ending);
  // It may hold this call itself.
  on_cancel_ = nullptr;
  connection_->DisarmDeadline(*this);
  connection_->CountBuffered(buffered_, 0);
  buffered_ = 0;
  if (unconsumed_ > 0) connection_->Consume(*this, std::exchange(unconsumed_, 0));
  if (!delivering_) reader_.reset();
  if (response_started_) {
    connection_->ResumeOutput(*this);
  } else if (frames_.empty()) {
    connection_->SendTrailersOnly(*this);
  } else {
    response_started_ = true;
    connection_->StartResponse(*this);
  }
}

ssize_t Exchange::Produce(char* out, size_t size, bool* done) {
  size_t written = 0;
  while (written < size && next_frame_ < frames_.size()) {
    Frame& frame = frames_[next_frame_];
    if (frame.sent < kPrefixBytes) {
      char prefix[kPrefixBytes];
      WritePrefix(static_cast<uint32_t>(frame.message->size()), prefix);
      const size_t count = std::min(size - written, kPrefixBytes - frame.sent);
      std::memcpy(out + written, prefix + frame.sent, count);
      frame.sent += count;
      written += count;
      if (frame.sent < kPrefixBytes) break;
    }
    const size_t offset = frame.sent - kPrefixBytes;
    const size_t count = std::min(size - written, frame.message->size() - offset);
    std::memcpy(out + written, frame.message->data() + offset, count);
    frame.sent += count;
    written += count;
    if (frame.sent < kPrefixBytes + frame.message->size()) break;
    queued_bytes_.fetch_sub(frame.message->size(), std::memory_order_relaxed);
    frame.message.reset();
    ++next_frame_;
  }
  connection_->CountQueued(-static_cast<int64_t>(written));
  if (next_frame_ == frames_.size()) {
    frames_.clear();
    next_frame_ = 0;
    *done = phase_ == Phase::kEnding;
  }
  return written == 0 && !*done ? -1 : static_cast<ssize_t>(written);
}

void Exchange::DropOutput() {
  int64_t dropped = 0;
  // A message that is half sent is sent whole, or the peer could not read what follows it.
  const size_t keep =
      next_frame_ < frames_.size() && frames_[next_frame_].sent > 0 && phase_ != Phase::kClosed
          ? next_frame_ + 1
          : next_frame_;
  for (size_t i = keep; i < frames_.size(); ++i) {
    dropped += static_cast<int64_t>(kPrefixBytes + frames_[i].message->size() - frames_[i].sent);
    queued_bytes_.fetch_sub(frames_[i].message->size(), std::memory_order_relaxed);
  }
  frames_.resize(std::min(keep, frames_.size()));
  connection_->CountQueued(-dropped);
}

void Exchange::Abandon() {
  if (headers_.method->stream) {
    if (!end_scheduled_) {
      end_scheduled_ = true;
      connection_->ScheduleEnd(shared_from_this());
    }
    return;
  }
  cancelled_ = true;
  if (on_cancel_) std::exchange(on_cancel_, nullptr)();
}

void Exchange::Detach() {
  if (connection_ == nullptr) return;
  const Phase before = std::exchange(phase_, Phase::kClosed);
  DropOutput();
  connection_->CountBuffered(buffered_, 0);
  connection_->DisarmDeadline(*this);
  if (before == Phase::kRunning) Abandon();
  connection_ = nullptr;
}

void Exchange::DeadlinePassed() {
  if (phase_ != Phase::kBody && phase_ != Phase::kRunning) return;
  policy::Refusal passed{.reason = v1::ERROR_REASON_DEADLINE_TOO_SHORT,
                         .message = "The call's deadline has passed."};
  // Nobody was asked anything yet, so nothing is recorded.
  if (phase_ == Phase::kBody) return Shed(std::move(passed));
  Abandon();
  // What a handler has begun it also ends: an outcome is released when it is recorded, not before.
  if (!headers_.method->stream) return;
  DropOutput();
  // The answers of a stream were recorded one by one; its own end is none.
  End(EndingOf(passed, {}, {}));
}

void Exchange::Expel(const policy::Refusal& refusal) {
  if (phase_ != Phase::kBody && phase_ != Phase::kRunning) return;
  if (phase_ == Phase::kRunning) Abandon();
  DropOutput();
  Refuse(refusal);
}

void Exchange::RunEnd() {
  StreamEvents events = std::move(events_);
  events_ = {};
  if (events.on_end) events.on_end();
}

void Exchange::Receive(Mail mail) {
  switch (mail.kind) {
    case Mail::Kind::kReply:
      if (phase_ != Phase::kRunning) return;
      queued_bytes_.fetch_add(mail.message->size(), std::memory_order_relaxed);
      Queue(std::move(mail.message));
      End({});
      return;
    case Mail::Kind::kEnd:
      if (phase_ != Phase::kRunning) return;
      if (headers_.method->stream) Abandon();
      End(std::move(*mail.ending));
      return;
    case Mail::Kind::kRefused:
      if (phase_ == Phase::kRefusing) End(std::move(*mail.ending));
      return;
    case Mail::Kind::kWrite:
      if (phase_ != Phase::kRunning || connection_->closed()) {
        queued_bytes_.fetch_sub(mail.message->size(), std::memory_order_relaxed);
        return;
      }
      Queue(std::move(mail.message));
      if (!response_started_) {
        response_started_ = true;
        connection_->StartResponse(*this);
      } else {
        connection_->ResumeOutput(*this);
      }
      return;
    case Mail::Kind::kWork:
      mail.work();
      return;
  }
}

}  // namespace chayan::rpc
