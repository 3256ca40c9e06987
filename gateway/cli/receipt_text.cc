#include "gateway/cli/receipt_text.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "gateway/cli/notice_text.h"
#include "gateway/cli/remedy.h"
#include "gateway/log/entry.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace chayan::cli {
namespace {

void Row(std::string& out, absl::string_view title, absl::string_view value) {
  if (!value.empty()) absl::StrAppend(&out, "  ", title, ": ", value, "\n");
}

std::string Colon(absl::string_view code, absl::string_view value) {
  return absl::StrCat(code, " = ", value);
}

std::string ClaimValue(Language language, const v1::Claim& claim) {
  return claim.has_date() ? DateText(language, claim.date()) : claim.text();
}

absl::Time FromTimestamp(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

}  // namespace

std::string QuestionText(Language language, const v1::VerifyDocumentRequest& request) {
  std::string out =
      absl::StrCat(Say(language, "查驗", "question"), " ", request.request_id(), "\n");
  Row(out, Say(language, "文件種類", "document kind"), request.document_kind());
  Row(out, Say(language, "代表機關", "acting for"), request.acting_for());
  const v1::Purpose& purpose = request.purpose();
  Row(out, Say(language, "承辦人", "person"),
      absl::StrCat(purpose.person().id(), " (", purpose.person().role(), ")"));
  Row(out, Say(language, "目的", "purpose"), purpose.purpose_code());
  Row(out, Say(language, "法律依據", "legal basis"), purpose.legal_basis());
  Row(out, Say(language, "案號", "case number"), purpose.case_number());
  const v1::Subject& subject = request.subject();
  Row(out, Say(language, "對象", "subject"),
      absl::StrCat(subject.identifier().value(), subject.name().empty() ? "" : " ",
                   subject.name()));
  if (subject.has_birth_date()) {
    Row(out, Say(language, "出生日期", "birth date"), DateText(language, subject.birth_date()));
  }
  for (const v1::Claim& claim : request.claims()) {
    Row(out, Say(language, "查驗項目", "claim"), Colon(claim.code(), ClaimValue(language, claim)));
  }
  if (request.requested_fields_size() > 0) {
    Row(out, Say(language, "請求欄位", "fields asked for"),
        absl::StrJoin(request.requested_fields(), ", "));
  }
  if (request.has_as_of_date()) {
    Row(out, Say(language, "基準日", "as of"), DateText(language, request.as_of_date()));
  }
  return out;
}

std::string AnswerText(Language language, const v1::VerificationAnswer& answer) {
  std::string out =
      absl::StrCat(Say(language, "結果: ", "answer: "), OutcomeText(language, answer.outcome()),
                   " [", OutcomeName(answer.outcome()), "]\n");
  for (const v1::ClaimVerdict& verdict : answer.verdicts()) {
    std::string value = VerdictText(language, verdict.verdict());
    if (verdict.match_level() != v1::MATCH_LEVEL_UNSPECIFIED) {
      absl::StrAppend(&value, " (", MatchLevelText(language, verdict.match_level()), ")");
    }
    if (verdict.not_compared_reason() != v1::NOT_COMPARED_REASON_UNSPECIFIED) {
      absl::StrAppend(&value, " (", NotComparedText(language, verdict.not_compared_reason()), ")");
    }
    Row(out, verdict.code(), value);
  }
  for (const v1::ReleasedField& field : answer.released_fields()) {
    Row(out, absl::StrCat(Say(language, "欄位 ", "field "), field.code()),
        field.has_date() ? DateText(language, field.date()) : field.text());
  }
  if (answer.not_compared_reason() != v1::NOT_COMPARED_REASON_UNSPECIFIED) {
    Row(out, Say(language, "原因", "because"),
        NotComparedText(language, answer.not_compared_reason()));
  }
  if (answer.outcome() == v1::OUTCOME_SOURCE_DOWN) {
    Row(out, Say(language, "問題是否已送達資料機關", "question had reached the holder"),
        answer.forwarded() ? Say(language, "是", "yes") : Say(language, "否", "no"));
  }
  if (answer.has_attempts_left()) {
    Row(out, Say(language, "今日剩餘次數", "attempts left today"),
        absl::StrCat(answer.attempts_left()));
  }
  Row(out, Say(language, "文件字號", "document reference"), answer.document_reference());
  Row(out, Say(language, "資料機關案號", "holder's number"), answer.holder_case_number());
  if (answer.has_as_of_time()) {
    Row(out, Say(language, "資料時間", "data as of"),
        TimeText(language, FromTimestamp(answer.as_of_time())));
  }
  return out;
}

std::string ErrorText(Language language, absl::string_view status_bytes) {
  google::rpc::Status status;
  if (!status.ParseFromArray(status_bytes.data(), static_cast<int>(status_bytes.size()))) {
    return std::string(Say(language, "錯誤內容無法讀取\n", "an error that cannot be read\n"));
  }
  std::string out = absl::StrCat(Say(language, "未獲答覆: ", "refused: "), status.message());
  std::string below;
  for (const google::protobuf::Any& any : status.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::BadRequest bad;
    google::rpc::RetryInfo retry;
    if (any.UnpackTo(&info)) {
      absl::StrAppend(&out, " [", info.reason(), "]");
      Row(below, Say(language, "處理方式", "what to do"), RemedyFor(language, info.reason()));
    } else if (any.UnpackTo(&bad)) {
      for (const auto& violation : bad.field_violations()) {
        if (absl::StrCat(violation.field(), ": ", violation.description()) == status.message()) {
          continue;  // said above
        }
        Row(below, violation.field(), violation.description());
      }
    } else if (any.UnpackTo(&retry)) {
      Row(below, Say(language, "可重試,等候秒數", "may be tried again, after seconds"),
          absl::StrCat(retry.retry_delay().seconds() + (retry.retry_delay().nanos() > 0 ? 1 : 0)));
    }
  }
  return absl::StrCat(out, "\n", below);
}

std::string NextStepText(Language language, const v1::NextStep& step) {
  std::string out;
  Row(out, Say(language, "下一步", "next step"), Say(language, step.text()));
  Row(out, Say(language, "替代表單", "form"), step.fallback_form());
  if (step.has_desk()) {
    std::string desk(Say(language, step.desk().name()));
    if (!step.desk().phone().empty()) absl::StrAppend(&desk, ", ", step.desk().phone());
    const absl::string_view hours = Say(language, step.desk().hours());
    if (!hours.empty()) absl::StrAppend(&desk, ", ", hours);
    Row(out, Say(language, "洽詢", "ask"), desk);
  }
  Row(out, Say(language, "回復期限", "answered by the end of"), step.due_date());
  if (step.has_lock()) {
    const v1::LockState& lock = step.lock();
    if (lock.lock().empty()) {
      Row(out, Say(language, "今日剩餘次數", "attempts left today"),
          absl::StrCat(lock.attempts_left()));
    }
    Row(out, Say(language, "鎖定編號", "lock"), lock.lock());
    Row(out, Say(language, "計次至", "counted until"),
        TimeText(language, FromTimestamp(lock.until_time())));
  }
  if (step.has_earliest_retry_time()) {
    Row(out, Say(language, "最早重試時間", "try again from"),
        TimeText(language, FromTimestamp(step.earliest_retry_time())));
  }
  return out;
}

std::string EvidenceText(Language language, const v1::EvidenceFile& evidence) {
  const auto leaf = log::ParseLeaf(evidence.receipt().leaf());
  const bool is_notice = leaf.ok() && ShowsNotice(*leaf);
  std::string out;
  v1::VerifyDocumentRequest request;
  if (is_notice) {
    out += NoticeRequestText(language, *leaf, evidence.request());
  } else if (request.ParseFromString(evidence.request())) {
    out += QuestionText(language, request);
  } else {
    absl::StrAppend(&out, Say(language, "問題內容無法讀取\n", "a question that cannot be read\n"));
  }
  v1::VerificationAnswer answer;
  if (evidence.has_status()) {
    out += ErrorText(language, evidence.status());
  } else if (is_notice) {
    out += NoticeAnswerText(language, *leaf, evidence.answer());
  } else if (answer.ParseFromString(evidence.answer())) {
    out += AnswerText(language, answer);
  } else {
    absl::StrAppend(&out, Say(language, "答覆內容無法讀取\n", "an answer that cannot be read\n"));
  }
  if (leaf.ok()) {
    absl::StrAppend(&out, Say(language, "日誌紀錄", "log entry"), " ", leaf->id.ToText(), "\n");
    Row(out, Say(language, "時間", "time"), TimeText(language, leaf->time));
    Row(out,
        is_notice ? Say(language, "收受機關", "recipient") : Say(language, "資料機關", "holder"),
        leaf->Get("holder"));
    Row(out, Say(language, "授權", "grant"), leaf->Get("grant"));
  }
  return out;
}

void AnswerInto(JsonWriter& json, const v1::VerificationAnswer& answer) {
  json.Text("request_id", answer.request_id());
  json.Text("outcome", OutcomeName(answer.outcome()));
  json.BeginArray("verdicts");
  for (const v1::ClaimVerdict& verdict : answer.verdicts()) {
    json.BeginObject().Text("code", verdict.code());
    json.Text("verdict", VerdictName(verdict.verdict()));
    json.Text("match_level", MatchLevelName(verdict.match_level())).EndObject();
  }
  json.EndArray().BeginArray("released_fields");
  for (const v1::ReleasedField& field : answer.released_fields()) {
    json.BeginObject().Text("code", field.code());
    json.Text("value", field.has_date() ? ident::PrintIso(FromProto(field.date())) : field.text());
    json.EndObject();
  }
  json.EndArray();
  if (answer.not_compared_reason() != v1::NOT_COMPARED_REASON_UNSPECIFIED) {
    json.Text("not_compared_reason",
              absl::StripPrefix(v1::NotComparedReason_Name(answer.not_compared_reason()),
                                "NOT_COMPARED_REASON_"));
  }
  json.Text("answered_by", answer.answered_by() == v1::ANSWER_SOURCE_HOLDER ? "holder" : "gateway");
  if (answer.outcome() == v1::OUTCOME_SOURCE_DOWN) json.Bool("forwarded", answer.forwarded());
}

void ErrorInto(JsonWriter& json, absl::string_view status_bytes) {
  google::rpc::Status status;
  if (!status.ParseFromArray(status_bytes.data(), static_cast<int>(status_bytes.size()))) return;
  json.BeginObject("error").Number("code", status.code()).Text("message", status.message());
  for (const google::protobuf::Any& any : status.details()) {
    google::rpc::ErrorInfo info;
    if (any.UnpackTo(&info)) json.Text("reason", info.reason());
  }
  json.EndObject();
}

std::string EvidenceJson(const v1::EvidenceFile& evidence) {
  JsonWriter json;
  json.BeginObject();
  const auto leaf = log::ParseLeaf(evidence.receipt().leaf());
  const bool is_notice = leaf.ok() && ShowsNotice(*leaf);
  if (is_notice) NoticeInto(json, *leaf, evidence);
  v1::VerifyDocumentRequest request;
  if (!is_notice && request.ParseFromString(evidence.request())) {
    json.BeginObject("question").Text("request_id", request.request_id());
    json.Text("document_kind", request.document_kind()).Text("acting_for", request.acting_for());
    json.Text("case_number", request.purpose().case_number()).BeginArray("claims");
    for (const v1::Claim& claim : request.claims()) {
      json.BeginObject().Text("code", claim.code());
      json.Text("value",
                claim.has_date() ? ident::PrintIso(FromProto(claim.date())) : claim.text());
      json.EndObject();
    }
    json.EndArray().EndObject();
  }
  v1::VerificationAnswer answer;
  if (evidence.has_status()) {
    ErrorInto(json, evidence.status());
  } else if (!is_notice && answer.ParseFromString(evidence.answer())) {
    json.BeginObject("answer");
    AnswerInto(json, answer);
    json.EndObject();
  }
  json.Text("entry", evidence.receipt().leaf());
  json.EndObject();
  return std::move(json).Take();
}

}  // namespace chayan::cli
