#include "gateway/link/frames.h"

#include "chayan/v1/adapter_link_service.pb.h"
#include "gateway/link/bounds.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/util/time_util.h"
#include "google/protobuf/wire_format_lite.h"

namespace chayan::link {
namespace {

using ::google::protobuf::internal::WireFormatLite;

void AppendVarint(std::string& out, uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

void AppendTag(std::string& out, int field, WireFormatLite::WireType type) {
  AppendVarint(out, WireFormatLite::MakeTag(field, type));
}

void AppendBytes(std::string& out, int field, absl::string_view bytes) {
  AppendTag(out, field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
  AppendVarint(out, bytes.size());
  out.append(bytes.data(), bytes.size());
}

// A field that is not repeated is absent when it is empty.
void AppendText(std::string& out, int field, absl::string_view text) {
  if (!text.empty()) AppendBytes(out, field, text);
}

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
    AppendBytes(frame, frame_field_, body_);
    frames_.push_back(std::move(frame));
    body_.clear();
    items_ = 0;
  }

  const int frame_field_;
  std::string body_;
  size_t items_ = 0;
  std::vector<std::string> frames_;
};

constexpr size_t kItemHeadMax = 16;        // tags, lengths and the timeout
constexpr size_t kUsualPermitBytes = 256;  // a grant, and some ten codes

}  // namespace

std::string EncodeQuestion(const struct Ask& ask) {
  // Straight to the wire as well: a message made and thrown away cost a string for each code.
  std::string caller;
  caller.reserve(ask.caller->member.size() + ask.caller->system.size() + ask.acting_for.size() +
                 kItemHeadMax);
  AppendText(caller, v1::CallerIdentity::kMemberFieldNumber, ask.caller->member);
  AppendText(caller, v1::CallerIdentity::kSystemFieldNumber, ask.caller->system);
  AppendText(caller, v1::CallerIdentity::kActingForFieldNumber, ask.acting_for);
  std::string permit;
  permit.reserve(kUsualPermitBytes);
  AppendText(permit, v1::QuestionPermit::kGrantFieldNumber, ask.permit->grant);
  for (const std::string& claim : ask.permit->claims)
    AppendBytes(permit, v1::QuestionPermit::kClaimsFieldNumber, claim);
  for (const std::string& field : ask.permit->released_fields)
    AppendBytes(permit, v1::QuestionPermit::kReleasedFieldsFieldNumber, field);
  std::string bytes;
  bytes.reserve(ask.exchange_id.raw().size() + caller.size() + permit.size() + ask.request.size() +
                2 * kItemHeadMax);
  AppendBytes(bytes, v1::Question::kExchangeIdFieldNumber, ask.exchange_id.raw());
  AppendBytes(bytes, v1::Question::kCallerFieldNumber, caller);
  AppendBytes(bytes, v1::Question::kPermitFieldNumber, permit);
  AppendBytes(bytes, v1::Question::kRequestFieldNumber, ask.request);
  return bytes;
}

std::vector<std::string> EncodeQuestionFrames(const std::vector<OutgoingQuestion>& questions,
                                              const std::vector<Uuid>& cancelled) {
  FrameWriter writer(v1::ToAdapter::kQuestionsFieldNumber);
  for (const OutgoingQuestion& outgoing : questions) {
    std::string timeout;
    AppendTag(timeout, v1::Question::kTimeoutMsFieldNumber, WireFormatLite::WIRETYPE_VARINT);
    AppendVarint(timeout, outgoing.timeout_ms);
    const size_t size = outgoing.question->size() + timeout.size();
    std::string& out = writer.Item(size + kItemHeadMax);
    AppendTag(out, v1::QuestionFrame::kQuestionsFieldNumber,
              WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
    AppendVarint(out, size);
    out.append(*outgoing.question);
    out.append(timeout);
  }
  for (const Uuid& id : cancelled) {
    AppendBytes(writer.Item(id.raw().size() + kItemHeadMax),
                v1::QuestionFrame::kCancelledExchangeIdsFieldNumber, id.raw());
  }
  return writer.Finish();
}

std::vector<std::string> EncodeRecordedFrames(
    const std::vector<std::pair<Uuid, uint64_t>>& recorded) {
  FrameWriter writer(v1::ToAdapter::kRecordedFieldNumber);
  for (const auto& [id, index] : recorded) {
    v1::RecordedAnswer answer;
    answer.set_exchange_id(std::string(id.raw()));
    answer.set_entry_index(index);
    const std::string bytes = answer.SerializeAsString();
    AppendBytes(writer.Item(bytes.size() + kItemHeadMax), v1::RecordedFrame::kAnswersFieldNumber,
                bytes);
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
