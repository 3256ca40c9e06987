#include "adapters/sdk/link_connection.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/diag.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/digest.h"
#include "google/protobuf/util/time_util.h"

namespace chayan::sdk {
namespace {

constexpr uint32_t kProtocolVersion = 1;
constexpr absl::string_view kSourceHealthFeature = "source-health";
// As adapter_link_service.proto states it.
constexpr int kMessageBytesMax = 1 << 20;
constexpr size_t kFrameAnswersMax = 256;
constexpr size_t kFrameBytesMax = 512 << 10;
constexpr int kHeartbeatsMissedMax = 3;
// The gateway welcomes after one commit of its log; a handshake and that take far less.
constexpr absl::Duration kWelcomeTimeout = absl::Seconds(15);
// Bounds of what a gateway may set, so that neither side spins nor sleeps for ever.
constexpr absl::Duration kHeartbeatMin = absl::Milliseconds(100);
constexpr absl::Duration kHeartbeatMax = absl::Seconds(60);
// How long the writer may look away from the clock.
constexpr absl::Duration kWriterNap = absl::Milliseconds(500);
// Questions an adapter holds on one link: four times what a gateway keeps in flight, since those it
// gave up may still be worked on. More are not taken, and time out at the gateway.
constexpr size_t kOpenQuestionsMax = 1024;

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

}  // namespace

LinkConnection::LinkConnection(LinkParts parts, std::string address, FrameSigner signer,
                               std::shared_ptr<grpc::ChannelCredentials> credentials)
    : parts_(parts),
      address_(std::move(address)),
      signer_(std::move(signer)),
      credentials_(std::move(credentials)),
      started_(parts.clock.Elapsed()),
      notices_(std::make_shared<LinkNotices>(parts_, address_,
                                             [this] {
                                               absl::MutexLock lock(&mu_);
                                               notices_ready_ = true;
                                             })),
      last_heard_ns_(absl::ToInt64Nanoseconds(started_)) {}

LinkConnection::~LinkConnection() {
  notices_->Close();
  CHAYAN_CHECK(!reader_.joinable());
}

void LinkConnection::Start() {
  reader_ = std::thread([this] { Read(); });
}

void LinkConnection::Cancel() { context_.TryCancel(); }

void LinkConnection::Join() {
  if (reader_.joinable()) reader_.join();
}

bool LinkConnection::welcomed() const {
  absl::MutexLock lock(&mu_);
  return welcomed_;
}

bool LinkConnection::draining() const {
  absl::MutexLock lock(&mu_);
  return drain_ || gateway_drains_;
}

bool LinkConnection::ended() const {
  absl::MutexLock lock(&mu_);
  return ended_;
}

std::string LinkConnection::gateway() const {
  absl::MutexLock lock(&mu_);
  return gateway_;
}

absl::Status LinkConnection::status() const {
  absl::MutexLock lock(&mu_);
  return status_;
}

void LinkConnection::CheckAlive() {
  const absl::Duration now = parts_.clock.Elapsed();
  bool cancel = false;
  {
    absl::MutexLock lock(&mu_);
    if (ended_) return;
    const absl::Duration silent = now - absl::Nanoseconds(last_heard_ns_.load());
    if (!welcomed_) {
      cancel = now - started_ >= kWelcomeTimeout;
      if (cancel) status_ = absl::DeadlineExceededError("not welcomed in time");
    } else {
      cancel = silent >= kHeartbeatsMissedMax * heartbeat_interval_;
      if (cancel) status_ = absl::DeadlineExceededError("nothing heard for too long");
    }
  }
  if (cancel) Cancel();
}

void LinkConnection::CheckSource() {
  std::vector<std::string> down = parts_.adapter.DownKinds();
  absl::MutexLock lock(&mu_);
  if (!takes_source_health_ || down == down_kinds_) return;
  down_kinds_ = std::move(down);
  down_kinds_said_ = false;
}

// The reader: opens the stream, reads it to its end, cleans up.
void LinkConnection::Read() {
  absl::Status status = OpenStream();
  if (status.ok()) {
    writer_ = std::thread([this] { Write(); });
    v1::ToAdapter message;
    while (stream_->Read(&message)) {
      last_heard_ns_ = absl::ToInt64Nanoseconds(parts_.clock.Elapsed());
      if (message.has_questions()) {
        OnQuestions(*message.mutable_questions());
      } else if (message.has_notices()) {
        notices_->OnFrame(*message.mutable_notices());
      } else if (message.has_none_today()) {
        notices_->OnNoneToday(message.none_today());
      } else if (message.has_recorded()) {
        OnRecorded(message.recorded());
        notices_->OnRecorded(message.recorded().receipts());
      } else if (message.has_draining()) {
        absl::MutexLock lock(&mu_);
        gateway_drains_ = true;
      }
    }
    {
      absl::MutexLock lock(&mu_);
      stop_writing_ = true;
    }
    writer_.join();
  }
  // Finish waits for the gateway's status: there is one, since nothing can be read any more.
  if (stream_ != nullptr) {
    if (!status.ok()) Cancel();
    const absl::Status end = FromGrpc(stream_->Finish());
    if (status.ok()) status = end;
  }
  notices_->Close();
  std::vector<Ready> dropped;
  absl::flat_hash_map<Uuid, std::shared_ptr<OpenQuestion>> open;
  {
    absl::MutexLock lock(&mu_);
    dropped.swap(ready_);
    open.swap(open_);
  }
  for (const auto& [id, question] : open) question->cancelled = true;
  for (const Ready& ready : dropped) Drop(ready);
  absl::MutexLock lock(&mu_);
  if (status_.ok()) status_ = status;
  ended_ = true;
}

absl::Status LinkConnection::OpenStream() {
  grpc::ChannelArguments arguments;
  // Each link has a connection of its own, made with the certificate that is in force now.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  channel_ = grpc::CreateCustomChannel(address_, credentials_, arguments);
  stream_ = v1::AdapterLinkService::NewStub(channel_)->Connect(&context_);

  v1::FromAdapter message;
  v1::Hello& hello = *message.mutable_hello();
  hello.set_protocol_version(kProtocolVersion);
  hello.set_answer_key_id(signer_.key_id().ToString());
  hello.set_software(parts_.options.software);
  hello.set_in_flight_max(parts_.options.in_flight_max);
  *hello.mutable_subscriptions() = {parts_.options.subscriptions.begin(),
                                    parts_.options.subscriptions.end()};
  hello.set_notices_in_flight_max(parts_.options.notices_in_flight_max);
  for (const OfferedKind& kind : parts_.options.kinds) {
    v1::KindOffer& offer = *hello.add_kinds();
    offer.set_document_kind(kind.document_kind);
    offer.set_digest(kind.digest.ToString());
    *offer.mutable_areas() = {kind.areas.begin(), kind.areas.end()};
    *offer.mutable_elements() = {kind.elements.begin(), kind.elements.end()};
  }
  v1::ToAdapter answer;
  if (!stream_->Write(message) || !stream_->Read(&answer)) {
    const absl::Status status = FromGrpc(stream_->Finish());
    stream_ = nullptr;
    return status.ok() ? absl::UnavailableError("the gateway ended the stream") : status;
  }
  if (!answer.has_welcome() || answer.welcome().protocol_version() != kProtocolVersion) {
    return absl::InternalError("the gateway did not answer the hello");
  }
  CHAYAN_RETURN_IF_ERROR(CheckGateway());
  // Before anything comes on this link.
  notices_->Say(parts_.backlog.Take());
  const absl::Duration now = parts_.clock.Elapsed();
  last_heard_ns_ = absl::ToInt64Nanoseconds(now);
  absl::MutexLock lock(&mu_);
  welcomed_ = true;
  gateway_ = answer.welcome().gateway();
  takes_source_health_ = absl::c_linear_search(answer.welcome().features(), kSourceHealthFeature);
  heartbeat_interval_ = std::clamp(absl::Milliseconds(answer.welcome().heartbeat_interval_ms()),
                                   kHeartbeatMin, kHeartbeatMax);
  last_sent_ = now;
  return absl::OkStatus();
}

absl::Status LinkConnection::CheckGateway() const {
  const std::string& wanted = parts_.options.gateway_uri;
  if (wanted.empty()) return absl::OkStatus();
  for (const grpc::string_ref& found :
       context_.auth_context()->FindPropertyValues(GRPC_PEER_URI_PROPERTY_NAME)) {
    const absl::string_view uri(found.data(), found.size());
    if (wanted.back() == '/' ? absl::StartsWith(uri, wanted) : uri == wanted) {
      return absl::OkStatus();
    }
  }
  return absl::UnauthenticatedError(
      absl::StrCat("the gateway's certificate does not name ", wanted));
}

void LinkConnection::OnQuestions(v1::QuestionFrame& frame) {
  for (v1::Question& question : *frame.mutable_questions()) OnQuestion(question);
  for (const std::string& raw : frame.cancelled_exchange_ids()) {
    auto id = Uuid::FromRaw(raw);
    if (id.ok()) OnGivenUp(*id);
  }
}

// An answer that is on its way already is not recorded by a gateway that gave the question up.
void LinkConnection::OnGivenUp(const Uuid& id) {
  {
    absl::MutexLock lock(&mu_);
    auto it = open_.find(id);
    if (it != open_.end()) {
      it->second->cancelled = true;
      open_.erase(it);
      return;
    }
    // Before it is sent, SendAnswers sees that it is gone from here.
    if (answered_.erase(id) == 0 || !parts_.watch.GivenUp(id)) return;
  }
  diag::Warning("sdk.answer_given_up", {{"gateway", address_}, {"exchange", id.ToText()}});
}

void LinkConnection::OnQuestion(v1::Question& wire) {
  parts_.counters.questions.fetch_add(1, std::memory_order_relaxed);
  auto question = std::make_shared<OpenQuestion>();
  auto id = Uuid::FromRaw(wire.exchange_id());
  if (!id.ok() || !question->request.ParseFromString(wire.request())) {
    // The gateway checks both before it asks; it will hear nothing and say so to the caller.
    diag::Error("sdk.question_malformed", {{"gateway", address_}});
    return;
  }
  question->exchange_id = *id;
  question->deadline = parts_.clock.Elapsed() + absl::Milliseconds(wire.timeout_ms());
  question->clock = &parts_.clock;
  question->sink = weak_from_this();
  question->wire = std::move(wire);
  {
    absl::MutexLock lock(&mu_);
    // Dropped responders leave questions behind: those past their deadline make room.
    if (open_.size() >= kOpenQuestionsMax) {
      const absl::Duration now = parts_.clock.Elapsed();
      absl::erase_if(open_, [now](const auto& entry) { return entry.second->deadline <= now; });
    }
    if (open_.size() >= kOpenQuestionsMax || !open_.try_emplace(*id, question).second) {
      diag::Error("sdk.question_not_taken", {{"gateway", address_}, {"open", open_.size()}});
      return;
    }
  }
  parts_.adapter.Answer(Question(question), Responder(question));
}

void LinkConnection::OnRecorded(const v1::RecordedFrame& frame) {
  std::vector<Uuid> recorded;
  std::vector<std::pair<Uuid, uint64_t>> entries;
  for (const v1::RecordedAnswer& answer : frame.answers()) {
    auto id = Uuid::FromRaw(answer.exchange_id());
    if (!id.ok()) continue;
    recorded.push_back(*id);
    if (parts_.watch.Recorded(*id)) entries.emplace_back(*id, answer.entry_index());
  }
  if (absl::Status status = parts_.log.Recorded(entries, parts_.clock.Now()); !status.ok()) {
    diag::Error("sdk.answer_log", {{"error", status.message()}});
  }
  // Counted once it is written: who sees the count finds the lines.
  parts_.counters.answers_recorded.fetch_add(entries.size(), std::memory_order_release);
  absl::MutexLock lock(&mu_);
  for (const Uuid& id : recorded) answered_.erase(id);
}

absl::Status LinkConnection::Submit(std::shared_ptr<OpenQuestion> question, std::string answer,
                                    bool restricted) {
  absl::MutexLock lock(&mu_);
  if (ended_ || stop_writing_) return absl::UnavailableError("the link is gone");
  if (open_.erase(question->exchange_id) == 0) return absl::CancelledError("given up");
  answered_.insert(question->exchange_id);
  ready_.push_back({std::move(question), std::move(answer), restricted});
  return absl::OkStatus();
}

void LinkConnection::Drain() {
  absl::MutexLock lock(&mu_);
  drain_ = true;
}

bool LinkConnection::drained() const {
  return (drain_said_ || gateway_drains_) && open_.empty() && ready_.empty() && answered_.empty() &&
         !notices_ready_ && notices_->idle();
}

bool LinkConnection::HasWork() const {
  return stop_writing_ ||
         (!finished_ && (!ready_.empty() || notices_ready_ || (drain_ && !drain_said_) ||
                         !down_kinds_said_ || drained()));
}

bool LinkConnection::WaitForWork(Work& work) {
  absl::MutexLock lock(&mu_);
  while (true) {
    mu_.AwaitWithTimeout(absl::Condition(this, &LinkConnection::HasWork), kWriterNap);
    if (stop_writing_) return false;
    const absl::Duration now = parts_.clock.Elapsed();
    if (finished_) continue;
    if (drain_ && !drain_said_) work.draining = drain_said_ = true;
    work.notices = std::exchange(notices_ready_, false);
    if (!std::exchange(down_kinds_said_, true)) work.down_kinds = down_kinds_;
    size_t bytes = 0;
    size_t count = 0;
    while (count < ready_.size() && count < kFrameAnswersMax &&
           (count == 0 || bytes + ready_[count].answer.size() <= kFrameBytesMax)) {
      bytes += ready_[count++].answer.size();
    }
    const auto end = ready_.begin() + static_cast<ptrdiff_t>(count);
    work.answers.assign(std::make_move_iterator(ready_.begin()), std::make_move_iterator(end));
    ready_.erase(ready_.begin(), end);
    if (!work.draining && !work.notices && !work.down_kinds && work.answers.empty()) {
      // Questions nobody will answer any more do not keep a draining link open.
      if (drain_said_ || gateway_drains_) {
        absl::erase_if(open_, [now](const auto& entry) { return entry.second->deadline <= now; });
        // Nor do answers whose minute is over: all of these were sent, since none is ready.
        absl::erase_if(answered_, [this](const Uuid& id) { return !parts_.watch.Watches(id); });
      }
      work.finish = drained();
      work.heartbeat = !work.finish && now - last_sent_ >= heartbeat_interval_;
      if (!work.finish && !work.heartbeat) continue;
      finished_ = work.finish;
    }
    last_sent_ = now;
    return true;
  }
}

void LinkConnection::Write() {
  while (true) {
    Work work;
    if (!WaitForWork(work)) return;
    bool sent = true;
    if (work.draining) {
      v1::FromAdapter message;
      message.mutable_draining();
      sent = stream_->Write(message);
    }
    if (work.down_kinds) {
      v1::FromAdapter message;
      *message.mutable_source_health()->mutable_down_kinds() = {work.down_kinds->begin(),
                                                                work.down_kinds->end()};
      sent = stream_->Write(message);
    }
    if (work.heartbeat) {
      v1::FromAdapter message;
      *message.mutable_heartbeat()->mutable_send_time() =
          google::protobuf::util::TimeUtil::NanosecondsToTimestamp(
              absl::ToUnixNanos(parts_.clock.Now()));
      sent = stream_->Write(message);
    }
    if (work.finish) sent = stream_->WritesDone();
    absl::Status status;
    if (!work.answers.empty()) status = SendAnswers(std::move(work.answers));
    if (work.notices && status.ok()) status = SendNotices();
    if (!status.ok()) {
      diag::Error("sdk.answers_withheld", {{"gateway", address_}, {"error", status.message()}});
      absl::MutexLock lock(&mu_);
      if (status_.ok()) status_ = status;
      sent = false;
    }
    if (!sent) {  // the reader sees the end and stops us
      Cancel();
      absl::MutexLock lock(&mu_);
      finished_ = true;
    }
  }
}

absl::Status LinkConnection::SendAnswers(std::vector<Ready> ready) {
  const absl::Duration now = parts_.clock.Elapsed();
  std::erase_if(ready, [this, now](const Ready& answer) {
    absl::ReleasableMutexLock lock(&mu_);
    const Uuid& id = answer.question->exchange_id;
    if (answer.question->deadline > now && answered_.contains(id)) return false;
    answered_.erase(id);
    lock.Release();
    Drop(answer);
    return true;
  });
  absl::Status status;
  if (!ready.empty()) {
    std::vector<SignedAnswer> answers;
    answers.reserve(ready.size());
    for (const Ready& answer : ready) {
      answers.push_back({answer.question->exchange_id,
                         crypto::Sha256(answer.question->wire.request()),
                         crypto::Sha256(answer.answer)});
    }
    CHAYAN_ASSIGN_OR_RETURN(const SignedFrame frame, signer_.Sign(std::move(answers)));
    // Fail closed: what our own log does not hold is not said.
    CHAYAN_RETURN_IF_ERROR(parts_.log.Answered(frame, parts_.clock.Now()));
    v1::FromAdapter message;
    v1::AnswerFrame& out = *message.mutable_answers();
    out.set_key_id(signer_.key_id().ToString());
    out.set_signature(frame.proofs.front().signature.ToString());
    for (Ready& answer : ready) {
      v1::Answer& item = *out.add_answers();
      item.set_exchange_id(std::string(answer.question->exchange_id.raw()));
      item.set_answer(std::move(answer.answer));
      item.set_restricted(answer.restricted);
      absl::MutexLock lock(&mu_);  // with the lock of OnGivenUp: one that comes now is not watched
      if (answered_.contains(answer.question->exchange_id)) {
        parts_.watch.Sent(answer.question->exchange_id, now);
      }
    }
    if (!stream_->Write(message)) status = absl::UnavailableError("the link is gone");
    parts_.counters.answers_sent.fetch_add(ready.size(), std::memory_order_relaxed);
  }
  return status;
}

absl::Status LinkConnection::SendNotices() {
  while (true) {
    CHAYAN_ASSIGN_OR_RETURN(const std::optional<v1::FromAdapter> message,
                            notices_->TakeMessage(signer_));
    if (!message.has_value()) return absl::OkStatus();
    if (!stream_->Write(*message)) return absl::UnavailableError("the link is gone");
  }
}

void LinkConnection::Drop(const Ready& ready) {
  parts_.counters.answers_dropped.fetch_add(1, std::memory_order_relaxed);
  diag::Warning("sdk.answer_dropped",
                {{"gateway", address_}, {"exchange", ready.question->exchange_id.ToText()}});
}

}  // namespace chayan::sdk
