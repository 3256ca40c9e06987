#include "gateway/link/frames.h"

#include "chayan/v1/adapter_link_service.pb.h"
#include "gateway/base/wire.h"
#include "gateway/link/bounds.h"
#include "google/protobuf/util/time_util.h"

namespace chayan::link {
namespace {

// Collects the items of one field of ToAdapter and starts a new message where a bound is reached.
class FrameWriter {
 public:
  explicit FrameWriter(int frame_field) : frame_field_(frame_field) {}

  // Makes room for an item of about `size` bytes and returns where to append it.
  std::string& Item(size_t size) {
    if (items_ == kFrameItemsMax || (items_ > 0 && body_.size() + size > kFrameBytesMax)) Close();
    ++items_;
    return body_;
  }

  std::vector<std::string> Finish() {
    if (items_ > 0) Close();
    return std::move(frames_);
  }

 private:
  static constexpr size_t kFrameHeadMax = 8;  // tag and length

  void Close() {
    std::string frame;
    frame.reserve(body_.size() + kFrameHeadMax);
    wire::AppendBytes(frame, frame_field_, body_);
    frames_.push_back(std::move(frame));
    body_.clear();
    items_ = 0;
  }

  const int frame_field_;
  std::string body_;
  size_t items_ = 0;
  std::vector<std::string> frames_;
};

constexpr size_t kItemHeadMax = 16;  // tags, lengths and the timeout

size_t CallerSize(const struct Ask& ask) {
  return wire::TextSize(v1::CallerIdentity::kMemberFieldNumber, ask.caller->member.size()) +
         wire::TextSize(v1::CallerIdentity::kSystemFieldNumber, ask.caller->system.size()) +
         wire::TextSize(v1::CallerIdentity::kActingForFieldNumber, ask.acting_for.size());
}

// Codes of the registry, none of which is empty.
size_t PermitSize(const policy::Permit& permit) {
  size_t size = wire::TextSize(v1::QuestionPermit::kGrantFieldNumber, permit.grant.size());
  for (const std::string& claim : permit.claims)
    size += wire::TextSize(v1::QuestionPermit::kClaimsFieldNumber, claim.size());
  for (const std::string& field : permit.released_fields)
    size += wire::TextSize(v1::QuestionPermit::kReleasedFieldsFieldNumber, field.size());
  return size;
}

}  // namespace

std::string EncodeQuestion(const struct Ask& ask) {
  // Straight to the wire as well: a message made and thrown away cost a string for each code.
  const size_t caller_size = CallerSize(ask);
  const size_t permit_size = PermitSize(*ask.permit);
  std::string bytes;
  bytes.reserve(ask.exchange_id.raw().size() + caller_size + permit_size + ask.request.size() +
                4 * wire::kFieldHeadBytesMax);
  wire::AppendBytes(bytes, v1::Question::kExchangeIdFieldNumber, ask.exchange_id.raw());
  wire::AppendHead(bytes, v1::Question::kCallerFieldNumber, caller_size);
  wire::AppendText(bytes, v1::CallerIdentity::kMemberFieldNumber, ask.caller->member);
  wire::AppendText(bytes, v1::CallerIdentity::kSystemFieldNumber, ask.caller->system);
  wire::AppendText(bytes, v1::CallerIdentity::kActingForFieldNumber, ask.acting_for);
  wire::AppendHead(bytes, v1::Question::kPermitFieldNumber, permit_size);
  wire::AppendText(bytes, v1::QuestionPermit::kGrantFieldNumber, ask.permit->grant);
  for (const std::string& claim : ask.permit->claims)
    wire::AppendText(bytes, v1::QuestionPermit::kClaimsFieldNumber, claim);
  for (const std::string& field : ask.permit->released_fields)
    wire::AppendText(bytes, v1::QuestionPermit::kReleasedFieldsFieldNumber, field);
  wire::AppendBytes(bytes, v1::Question::kRequestFieldNumber, ask.request);
  return bytes;
}

std::vector<std::string> EncodeQuestionFrames(const std::vector<OutgoingQuestion>& questions,
                                              const std::vector<Uuid>& cancelled) {
  FrameWriter writer(v1::ToAdapter::kQuestionsFieldNumber);
  for (const OutgoingQuestion& outgoing : questions) {
    std::string timeout;
    wire::AppendNumber(timeout, v1::Question::kTimeoutMsFieldNumber, outgoing.timeout_ms);
    const size_t size = outgoing.question->size() + timeout.size();
    std::string& out = writer.Item(size + kItemHeadMax);
    wire::AppendHead(out, v1::QuestionFrame::kQuestionsFieldNumber, size);
    out.append(*outgoing.question);
    out.append(timeout);
  }
  for (const Uuid& id : cancelled) {
    wire::AppendBytes(writer.Item(id.raw().size() + kItemHeadMax),
                      v1::QuestionFrame::kCancelledExchangeIdsFieldNumber, id.raw());
  }
  return writer.Finish();
}

std::vector<std::string> EncodeNoticeFrames(const std::vector<OutgoingNotice>& notices) {
  FrameWriter writer(v1::ToAdapter::kNoticesFieldNumber);
  for (const OutgoingNotice& outgoing : notices) {
    wire::AppendBytes(writer.Item(outgoing.notice->size() + kItemHeadMax),
                      v1::NoticeFrame::kNoticesFieldNumber, *outgoing.notice);
  }
  return writer.Finish();
}

std::vector<std::string> EncodeNoneTodayFrames(const std::vector<std::string>& none_today) {
  FrameWriter writer(v1::ToAdapter::kNoneTodayFieldNumber);
  for (const std::string& one : none_today) {
    wire::AppendBytes(writer.Item(one.size() + kItemHeadMax),
                      v1::NoneTodayFrame::kNoneTodayFieldNumber, one);
  }
  return writer.Finish();
}

std::vector<std::string> EncodeRecordedFrames(const RecordedIds& answers,
                                              const std::vector<RecordedReceipt>& receipts) {
  FrameWriter writer(v1::ToAdapter::kRecordedFieldNumber);
  const auto append = [&writer](int field, const Uuid& id, uint64_t index,
                                absl::string_view refusal) {
    std::string bytes;
    wire::AppendBytes(bytes, v1::RecordedAnswer::kExchangeIdFieldNumber, id.raw());
    wire::AppendNumber(bytes, v1::RecordedAnswer::kEntryIndexFieldNumber, index);
    if (!refusal.empty()) {
      wire::AppendBytes(bytes, v1::RecordedAnswer::kRefusalFieldNumber, refusal);
    }
    wire::AppendBytes(writer.Item(bytes.size() + kItemHeadMax), field, bytes);
  };
  for (const auto& [id, index] : answers) {
    append(v1::RecordedFrame::kAnswersFieldNumber, id, index, {});
  }
  for (const RecordedReceipt& one : receipts) {
    append(v1::RecordedFrame::kReceiptsFieldNumber, one.delivery, one.index, one.refusal);
  }
  return writer.Finish();
}

std::string EncodeWelcome(uint32_t in_flight_max, absl::string_view gateway) {
  v1::ToAdapter message;
  v1::Welcome& welcome = *message.mutable_welcome();
  welcome.set_protocol_version(kProtocolVersion);
  welcome.set_in_flight_max(in_flight_max);
  welcome.set_gateway(std::string(gateway));
  welcome.set_heartbeat_interval_ms(
      static_cast<uint32_t>(absl::ToInt64Milliseconds(kHeartbeatInterval)));
  welcome.add_features(kSourceHealthFeature);
  return message.SerializeAsString();
}

std::string EncodeHeartbeat(absl::Time now) {
  v1::ToAdapter message;
  *message.mutable_heartbeat()->mutable_send_time() =
      google::protobuf::util::TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(now));
  return message.SerializeAsString();
}

std::string EncodeDraining() {
  v1::ToAdapter message;
  message.mutable_draining();
  return message.SerializeAsString();
}

}  // namespace chayan::link
