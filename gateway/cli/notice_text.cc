#include "gateway/cli/notice_text.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/protobuf/util/json_util.h"

namespace chayan::cli {
namespace {

using log::EntryType;

// A title, then a row a line; what is empty is left out.
class Lines {
 public:
  explicit Lines(Language language) : language_(language) {}

  absl::string_view Say(absl::string_view zh, absl::string_view en) const {
    return cli::Say(language_, zh, en);
  }
  void Title(absl::string_view zh, absl::string_view en, absl::string_view value) {
    absl::StrAppend(&text_, Say(zh, en), " ", value, "\n");
  }
  void Row(absl::string_view zh, absl::string_view en, absl::string_view value) {
    if (!value.empty()) absl::StrAppend(&text_, "  ", Say(zh, en), ": ", value, "\n");
  }
  void Date(absl::string_view zh, absl::string_view en, const v1::EraDate& date) {
    Row(zh, en, DateText(language_, date));
  }
  Language language() const { return language_; }
  std::string Take() && { return std::move(text_); }

 private:
  const Language language_;
  std::string text_;
};

void Add(const v1::Purpose& purpose, Lines& lines) {
  lines.Row("承辦人", "person", purpose.person().id());
  lines.Row("法律依據", "legal basis", purpose.legal_basis());
  lines.Row("案號", "case number", purpose.case_number());
  lines.Row("理由", "reason", purpose.reason());
}

// Of a notice as it was published or delivered.
template <typename Notice>
void AddContent(const Notice& notice, Lines& lines) {
  for (const v1::NoticeSubject& subject : notice.subjects()) {
    lines.Row("當事人", "subject", subject.identifier().value());
    lines.Row("變更前統一編號", "number before", subject.former_identifier().value());
    lines.Row("姓名", "name", subject.name());
    if (subject.has_birth_date()) lines.Date("出生日期", "birth date", subject.birth_date());
    lines.Row("發布機關之編號", "the publisher's own key", subject.publisher_key());
  }
  for (const v1::Claim& claim : notice.payload()) {
    lines.Row(
        "事項", "element",
        absl::StrCat(claim.code(), " = ",
                     claim.has_date() ? DateText(lines.language(), claim.date()) : claim.text()));
  }
  if (notice.has_effective_date()) {
    lines.Date("生效日", "effective", notice.effective_date());
  }
  if (notice.test()) lines.Row("測試", "a trial", lines.Say("是", "yes"));
}

void Add(const v1::PublishNoticeRequest& request, Lines& lines) {
  lines.Title("通報", "notice", request.notice_kind());
  lines.Row("代表機關", "acting for", request.acting_for());
  Add(request.purpose(), lines);
  AddContent(request, lines);
}

void Add(const v1::SupersedeNoticeRequest& request, Lines& lines) {
  Add(request.replacement(), lines);
  lines.Row("更正之通報", "replaces", request.notice_id());
}

void Add(const v1::ReverseNoticeRequest& request, Lines& lines) {
  lines.Title("撤銷通報", "undoes notice", request.notice_id());
  lines.Row("代表機關", "acting for", request.acting_for());
  Add(request.purpose(), lines);
  lines.Date("生效日", "effective", request.effective_date());
}

void Add(const v1::AcceptedNotice& answer, Lines& lines) {
  lines.Title("已受理", "accepted", answer.notice_id());
  lines.Row("承接", "follows", answer.follows_notice_id());
  for (const v1::ExpectedDelivery& delivery : answer.deliveries()) {
    lines.Row("收受機關", "recipient",
              absl::StrCat(delivery.recipient(), ", ", delivery.subscription(), ", ",
                           delivery.delivery_id()));
  }
  lines.Row("例外處理", "nobody is to get it; looked after by", answer.exception_owner());
}

void Add(const v1::DeliveredNotice& notice, Lines& lines) {
  lines.Title("送達之通報", "notice as it came", notice.notice_kind());
  lines.Row("送達編號", "delivery", notice.delivery_id());
  lines.Row("通報編號", "notice", notice.notice_id());
  lines.Row("發布機關", "publisher", notice.publisher());
  lines.Row("代表機關", "acting for", notice.acting_for());
  lines.Row("法律依據", "legal basis", notice.legal_basis());
  lines.Row("更正之通報", "replaces", notice.supersedes_notice_id());
  lines.Row("撤銷之通報", "undoes", notice.reverses_notice_id());
  for (const std::string& account : notice.customer_accounts()) {
    lines.Row("用戶號碼", "customer account", account);
  }
  AddContent(notice, lines);
  if (notice.thin()) lines.Row("簡式", "thin", lines.Say("內容須另調取", "the rest is fetched"));
}

void Add(const v1::DeliveryReceipt& receipt, Lines& lines) {
  lines.Title("收受機關回報", "the recipient said", StateText(lines.language(), receipt.state()));
  lines.Row("送達編號", "delivery", receipt.delivery_id());
  lines.Row("案號", "case number", receipt.recipient_case_number());
  if (receipt.rejection_reason() != v1::REJECTION_REASON_UNSPECIFIED) {
    lines.Row("退回原因", "rejected because", RejectionCode(receipt.rejection_reason()));
  }
  lines.Row("說明", "in words", receipt.rejection_text());
  lines.Row("後續處理", "followed up by", receipt.follow_up_owner());
}

void Add(const v1::AcknowledgeNoticeRequest& request, Lines& lines) {
  Add(request.acknowledgement(), lines);
}

void Add(const v1::ReplayDeliveryRequest& request, Lines& lines) {
  lines.Title("重送", "send again", request.delivery_id());
  lines.Row("理由", "reason", request.reason());
}

void Add(const v1::FetchNoticeDetailRequest& request, Lines& lines) {
  lines.Title("調取內容", "fetch", request.delivery_id());
  Add(request.purpose(), lines);
}

void Add(const v1::DeliveryStatus& status, Lines& lines) {
  lines.Title("送達", "delivery", status.delivery_id());
  lines.Row("收受機關", "recipient", status.recipient());
  lines.Row("狀態", "state", StateText(lines.language(), status.state()));
  lines.Row("案號", "case number", status.recipient_case_number());
}

// Calls `use` with the message of the bytes; false when they are none.
template <typename Message, typename Use>
bool With(const std::string& bytes, const Use& use) {
  Message message;
  if (!message.ParseFromString(bytes)) return false;
  use(message);
  return true;
}

bool IsReceipt(const log::ParsedLeaf& leaf) {
  return (leaf.known_type == EntryType::kDelivery && leaf.Get("by") == "holder") ||
         (leaf.known_type == EntryType::kBulk && !leaf.Get("holder").empty());
}

template <typename Use>
bool WithRequest(const log::ParsedLeaf& leaf, const std::string& bytes, const Use& use) {
  const absl::string_view method = leaf.Get("method");
  if (IsReceipt(leaf)) return With<v1::DeliveredNotice>(bytes, use);
  if (method == "SupersedeNotice") return With<v1::SupersedeNoticeRequest>(bytes, use);
  if (method == "ReverseNotice") return With<v1::ReverseNoticeRequest>(bytes, use);
  if (method == "AcknowledgeNotice") return With<v1::AcknowledgeNoticeRequest>(bytes, use);
  if (method == "ReplayDelivery") return With<v1::ReplayDeliveryRequest>(bytes, use);
  if (method == "FetchNoticeDetail") return With<v1::FetchNoticeDetailRequest>(bytes, use);
  return With<v1::PublishNoticeRequest>(bytes, use);
}

template <typename Use>
bool WithAnswer(const log::ParsedLeaf& leaf, const std::string& bytes, const Use& use) {
  const absl::string_view method = leaf.Get("method");
  if (IsReceipt(leaf)) return With<v1::DeliveryReceipt>(bytes, use);
  if (method == "FetchNoticeDetail") return With<v1::DeliveredNotice>(bytes, use);
  if (method == "AcknowledgeNotice" || method == "ReplayDelivery") {
    return With<v1::DeliveryStatus>(bytes, use);
  }
  return With<v1::AcceptedNotice>(bytes, use);
}

std::string Json(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  return google::protobuf::util::MessageToJsonString(message, &json, options).ok() ? json : "null";
}

}  // namespace

bool ShowsNotice(const log::ParsedLeaf& leaf) {
  const absl::string_view method = leaf.Get("method");
  return IsReceipt(leaf) || method == "PublishNotice" || method == "PublishNotices" ||
         method == "SupersedeNotice" || method == "ReverseNotice" ||
         method == "AcknowledgeNotice" || method == "ReplayDelivery" ||
         method == "FetchNoticeDetail";
}

std::string NoticeRequestText(Language language, const log::ParsedLeaf& leaf,
                              const std::string& bytes) {
  Lines lines(language);
  if (WithRequest(leaf, bytes, [&](const auto& message) { Add(message, lines); })) {
    return std::move(lines).Take();
  }
  return std::string(Say(language, "通報內容無法讀取\n", "a notice that cannot be read\n"));
}

std::string NoticeAnswerText(Language language, const log::ParsedLeaf& leaf,
                             const std::string& bytes) {
  Lines lines(language);
  if (WithAnswer(leaf, bytes, [&](const auto& message) { Add(message, lines); })) {
    return std::move(lines).Take();
  }
  return std::string(Say(language, "答覆內容無法讀取\n", "an answer that cannot be read\n"));
}

void NoticeInto(JsonWriter& json, const log::ParsedLeaf& leaf, const v1::EvidenceFile& evidence) {
  WithRequest(leaf, evidence.request(),
              [&](const auto& message) { json.Json("request", Json(message)); });
  if (!evidence.has_answer()) return;
  WithAnswer(leaf, evidence.answer(),
             [&](const auto& message) { json.Json("answer", Json(message)); });
}

std::string PartCode(v1::NoticePart part) {
  return absl::AsciiStrToLower(absl::StripPrefix(v1::NoticePart_Name(part), "NOTICE_PART_"));
}

std::string PartText(Language language, v1::NoticePart part) {
  switch (part) {
    case v1::NOTICE_PART_IDENTIFIER:
      return std::string(Say(language, "統一編號", "number"));
    case v1::NOTICE_PART_NAME:
      return std::string(Say(language, "姓名", "name"));
    case v1::NOTICE_PART_BIRTH_DATE:
      return std::string(Say(language, "出生日期", "birth date"));
    case v1::NOTICE_PART_FORMER_IDENTIFIER:
      return std::string(Say(language, "變更前統一編號", "number before"));
    case v1::NOTICE_PART_PUBLISHER_KEY:
      return std::string(Say(language, "發布機關之編號", "the publisher's own key"));
    case v1::NOTICE_PART_CUSTOMER_ACCOUNT:
      return std::string(Say(language, "用戶號碼", "customer account"));
    default:
      return PartCode(part);
  }
}

std::string RejectionCode(v1::RejectionReason reason) {
  return std::string(absl::StripPrefix(v1::RejectionReason_Name(reason), "REJECTION_REASON_"));
}

std::string StateText(Language language, v1::DeliveryState state) {
  switch (state) {
    case v1::DELIVERY_STATE_SCHEDULED:
      return std::string(Say(language, "待送達", "scheduled"));
    case v1::DELIVERY_STATE_DELIVERED:
      return std::string(Say(language, "已送達", "delivered"));
    case v1::DELIVERY_STATE_HANDED_OVER:
      return std::string(Say(language, "已交付代管介接", "handed over"));
    case v1::DELIVERY_STATE_ACKNOWLEDGED:
      return std::string(Say(language, "已辦理", "acknowledged"));
    case v1::DELIVERY_STATE_REJECTED:
      return std::string(Say(language, "退回", "rejected"));
    case v1::DELIVERY_STATE_DEAD:
      return std::string(Say(language, "無法送達", "dead"));
    case v1::DELIVERY_STATE_SUPERSEDED:
      return std::string(Say(language, "已由後通報取代", "superseded"));
    case v1::DELIVERY_STATE_WITHDRAWN:
      return std::string(Say(language, "已撤回", "withdrawn"));
    default:
      return v1::DeliveryState_Name(state);
  }
}

}  // namespace chayan::cli
