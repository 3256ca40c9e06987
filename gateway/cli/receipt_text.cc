#include "gateway/cli/receipt_text.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "gateway/base/clock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace chayan::cli {
namespace {

struct StepWords {
  CheckStep step;
  const char* zh_tw;
  const char* en;
};
constexpr StepWords kSteps[] = {
    {CheckStep::kFile, "證據檔格式", "evidence file"},
    {CheckStep::kEntry, "日誌紀錄格式", "log entry"},
    {CheckStep::kCheckpoint, "檢查點簽章", "checkpoint signature"},
    {CheckStep::kInclusion, "紀錄確在日誌內", "entry is in the log"},
    {CheckStep::kWitnesses, "見證人", "witnesses"},
    {CheckStep::kRequestCommitment, "問題內容承諾值", "commitment to the question"},
    {CheckStep::kAnswerCommitment, "答覆內容承諾值", "commitment to the answer"},
    {CheckStep::kAgreement, "問題、答覆與紀錄一致", "question, answer and entry agree"},
    {CheckStep::kHolderSignature, "資料機關簽章", "holder's signature"},
};

absl::string_view StepTitle(Language language, CheckStep step) {
  for (const StepWords& words : kSteps) {
    if (words.step == step) return Say(language, words.zh_tw, words.en);
  }
  return StepName(step);
}

// What was seen, in words. The report's own detail is bare.
std::string StepDetail(Language language, const CheckedStep& step, const ReceiptReport& report) {
  switch (step.step) {
    case CheckStep::kCheckpoint:
      return absl::StrCat(
          report.standing->checkpoint.checkpoint.origin, Say(language, ",共 ", ", "),
          report.standing->checkpoint.checkpoint.head.size, Say(language, " 筆", " entries"));
    case CheckStep::kInclusion:
      return absl::StrCat(Say(language, "第 ", "index "), step.detail,
                          Say(language, " 筆(自 0 起算)", ""));
    case CheckStep::kWitnesses:
      if (report.witness_count == 0) {
        return std::string(Say(language, "信任檔未列見證人", "the trust file names none"));
      }
      return step.detail;
    case CheckStep::kHolderSignature:
      if (!report.holder_signed) {
        return std::string(Say(language, "無:由閘道答覆", "none: the gateway made this answer"));
      }
      return step.detail;
    default:
      return step.detail;
  }
}

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

struct Remedy {
  const char* reason;
  const char* zh_tw;
  const char* en;
};
constexpr Remedy kRemedies[] = {
    {"CERTIFICATE_EXPIRED", "憑證已到期或尚未生效;請執行 chayan certs renew 換發",
     "the certificate has ended; run chayan certs renew"},
    {"CERTIFICATE_REVOKED", "憑證已廢止;請執行 chayan certs request 並向管理者申請新憑證",
     "the certificate was revoked; run chayan certs request and have the new one signed"},
    {"CERTIFICATE_IDENTITY_UNUSABLE",
     "憑證內沒有可用的身分 URI;請以 chayan certs request --uri 重新申請",
     "the certificate carries no usable URI; ask for a new one with chayan certs request --uri"},
    {"CALLER_UNKNOWN", "註冊檔中沒有這個系統;請管理者加入後執行 chayan registry apply",
     "the registry does not know this system; the operator adds it with chayan registry apply"},
    {"ISSUER_NOT_ALLOWED", "此機關不得使用這個發證單位的憑證;請改用註冊檔所列發證單位",
     "this issuer may not certify the member; use one that the registry names for it"},
    {"REVOCATION_UNKNOWN", "閘道沒有此發證單位的廢止清單;請管理者放入 CRL 資料夾",
     "the gateway has no revocation list of this issuer; the operator puts one into its CRL "
     "folder"},
    {"ROLE_NOT_ALLOWED", "此系統的角色不得呼叫;請改用正確角色的憑證(--cert、--key)",
     "this system's role does not include the call; use the certificate of the right role "
     "(--cert, --key)"},
    {"ACTING_FOR_NOT_ALLOWED", "此系統不得代該機關查驗;請檢查 --acting-for",
     "this system does not act for that office; check --acting-for"},
    {"RATE_LIMITED", "超過流量上限;請稍候再試", "the member's rate is used up; wait and ask again"},
    {"OVERLOADED", "閘道忙碌;請稍候再試", "the gateway is full; ask again shortly"},
    {"LOG_UNAVAILABLE", "日誌無法寫入,閘道因此不答覆;請管理者檢查磁碟(chayan status)",
     "the log cannot be written, so nothing is answered; the operator checks the disk "
     "(chayan status)"},
    {"DRAINING", "閘道停止中;請改連其他閘道或稍候", "the gateway is stopping; ask again shortly"},
    {"NO_GRANT", "沒有此種文件的查驗權限;請向管理者申請授權",
     "no grant covers this kind for this office; ask the operator for one"},
    {"PURPOSE_NOT_GRANTED", "授權不含此查驗目的;請檢查 --purpose",
     "no grant covers the purpose; check --purpose"},
    {"LEGAL_BASIS_NOT_GRANTED", "授權不含此法律依據;請檢查 --basis",
     "no grant covers the legal basis; check --basis"},
    {"PERSON_ROLE_NOT_GRANTED", "授權不含此承辦人角色;請檢查 --person-role",
     "no grant covers the person's role; check --person-role"},
    {"CLAIM_NOT_GRANTED", "授權不含某一查驗項目;請檢查 --claim",
     "a claim is not granted; check --claim"},
    {"FIELD_NOT_GRANTED", "授權不含某一釋出欄位;請檢查 --field",
     "a field is not granted; check --field"},
    {"PERSON_ASSERTION_REQUIRED", "此種文件須附承辦人聲明;請以 --assertion FILE 提供",
     "the kind asks for the person's assertion; give it with --assertion FILE"},
    {"PERSON_ASSERTION_INVALID", "承辦人聲明無效或與本件不符;請重新取得",
     "the person's assertion is not good for this question; get a new one"},
    {"APPROVAL_REQUIRED", "須由第二人核可;請以 --approver、--approver-assertion 提供",
     "a second person must approve this; give --approver and --approver-assertion"},
    {"APPROVAL_INVALID", "核可無效、與本件不符,或核可人即承辦人;請由另一人就本件核可",
     "the approval is not of another person for this very question; have one made"},
    {"GRANT_NOT_IN_FORCE", "授權尚未生效或已屆期;請管理者展延",
     "the grant has not begun or has ended; the operator renews it"},
    {"GRANT_LAPSED", "授權久未使用而失效;請管理者以新編號重新授權",
     "the grant lapsed unused; the operator grants it anew under a new id"},
    {"OUTSIDE_HOURS", "不在授權時段;請於時段內查驗", "ask within the grant's hours"},
    {"COUNTY_RULE", "縣市規則限制;請依說明修正,或以表單洽資料提供機關",
     "a rule of the office's county forbids it; mend what is named, or ask the holder by form"},
    {"QUOTA_EXHAUSTED", "今日授權額度已用完;請於明日再查驗,或請管理者調整",
     "today's quota of the grant is used up; ask tomorrow, or have the operator raise it"},
    {"MEMBER_QUOTA_EXHAUSTED", "本機關今日額度已用完;請於明日再查驗,或請管理者調整",
     "today's questions of the member are used up; ask tomorrow, or have the operator raise them"},
    {"PERSON_STOPPED", "該員今日查驗異常,已停用至午夜;請由另一人員洽管理者解除(chayan lock)",
     "this person is stopped until midnight; another one has the operator lift it (chayan lock)"},
    {"DENIAL_BUDGET_EXHAUSTED", "系統今日遭拒次數過多,已停用;請修正後洽管理者解除(chayan lock)",
     "the system was refused too often today; mend it and have the operator lift it (chayan lock)"},
    {"LOCK_NOT_FOUND", "沒有這個鎖定;chayan lock list 可列出全部",
     "there is no such lock; chayan lock list shows them"},
    {"SECOND_PERSON_REQUIRED", "當事人不得自行解除;請由另一人員辦理",
     "who was locked out may not lift it; another person must"},
    {"DOCUMENT_KIND_UNKNOWN", "沒有此種文件;chayan kinds 可列出全部",
     "there is no such kind; chayan kinds lists them"},
    {"CLAIM_UNKNOWN", "此種文件沒有這個項目;chayan kinds 可列出全部",
     "the kind has no such claim; chayan kinds lists them"},
    {"REQUESTED_FIELD_UNKNOWN", "此種文件沒有這個欄位;chayan kinds 可列出全部",
     "the kind has no such field; chayan kinds lists them"},
    {"REQUEST_ID_REUSED", "此 request id 已用於其他內容;請換新的",
     "the request id was used with other bytes; take a new one"},
    {"DEADLINE_TOO_SHORT", "期限太短;請加大 --timeout",
     "the deadline was too short; raise --timeout"},
    {"REGISTRY_CHANGED", "註冊資料在您檢視差異後已變更;請重新執行 chayan registry apply",
     "the registry changed since the difference was shown; run chayan registry apply again"},
};

}  // namespace

absl::string_view RemedyFor(Language language, absl::string_view reason) {
  for (const Remedy& remedy : kRemedies) {
    if (reason == remedy.reason) return Say(language, remedy.zh_tw, remedy.en);
  }
  return {};
}

std::string VerdictLine(Language language, const ReceiptReport& report) {
  if (!report.ok()) {
    const CheckedStep& lie = report.first_lie();
    return absl::StrCat(Say(language, "不可信:", "NOT PROVED: "), StepTitle(language, lie.step),
                        Say(language, "(", " ("), StepName(lie.step), Say(language, "):", "): "),
                        lie.status.message());
  }
  const size_t seen = report.standing->checkpoint.witnesses.size();
  if (seen == 0) {
    return std::string(
        Say(language, "已證明;證明等級:營運者簽署的承諾(尚無見證人)",
            "proved; level of proof: the operator's signed promise (no witness yet)"));
  }
  return absl::StrCat(
      Say(language, "已證明;證明等級:經見證,見證人 ", "proved; level of proof: witnessed by "),
      seen, "/", report.witness_count);
}

std::string CheckText(Language language, const ReceiptReport& report) {
  std::string out;
  for (const CheckedStep& step : report.steps) {
    if (!step.status.ok()) continue;  // the last line says it
    const std::string detail = StepDetail(language, step, report);
    absl::StrAppend(&out, Say(language, "  [符合] ", "  [ok] "), StepTitle(language, step.step),
                    detail.empty() ? "" : ": ", detail, "\n");
  }
  absl::StrAppend(&out, VerdictLine(language, report), "\n");
  return out;
}

void CheckInto(JsonWriter& json, const ReceiptReport& report) {
  json.Bool("proved", report.ok());
  if (!report.ok()) {
    json.Text("first_lie", StepName(report.first_lie().step));
    json.Text("why", report.first_lie().status.message());
  } else {
    const tlog::CheckpointStanding& standing = report.standing->checkpoint;
    json.Text("level", standing.witnesses.empty() ? "signed" : "witnessed");
    json.Number("witnesses", static_cast<int64_t>(standing.witnesses.size()));
    json.Number("witnesses_known", static_cast<int64_t>(report.witness_count));
    json.Text("origin", standing.checkpoint.origin);
    json.Number("size", static_cast<int64_t>(standing.checkpoint.head.size));
    json.Number("index", static_cast<int64_t>(report.standing->index));
    json.Text("entry_time", FormatTimestamp(report.leaf.time));
    json.Bool("holder_signed", report.holder_signed);
  }
  json.BeginArray("checks");
  for (const CheckedStep& step : report.steps) {
    json.BeginObject().Text("check", StepName(step.step)).Bool("ok", step.status.ok());
    if (!step.detail.empty()) json.Text("detail", step.detail);
    json.EndObject();
  }
  json.EndArray();
}

std::string CheckJson(const ReceiptReport& report) {
  JsonWriter json;
  json.BeginObject();
  CheckInto(json, report);
  json.EndObject();
  return std::move(json).Take();
}

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
  std::string out;
  v1::VerifyDocumentRequest request;
  if (request.ParseFromString(evidence.request())) {
    out += QuestionText(language, request);
  } else {
    absl::StrAppend(&out, Say(language, "問題內容無法讀取\n", "a question that cannot be read\n"));
  }
  v1::VerificationAnswer answer;
  if (evidence.has_status()) {
    out += ErrorText(language, evidence.status());
  } else if (answer.ParseFromString(evidence.answer())) {
    out += AnswerText(language, answer);
  } else {
    absl::StrAppend(&out, Say(language, "答覆內容無法讀取\n", "an answer that cannot be read\n"));
  }
  const auto leaf = log::ParseLeaf(evidence.receipt().leaf());
  if (leaf.ok()) {
    absl::StrAppend(&out, Say(language, "日誌紀錄", "log entry"), " ", leaf->id.ToText(), "\n");
    Row(out, Say(language, "時間", "time"), TimeText(language, leaf->time));
    Row(out, Say(language, "資料機關", "holder"), leaf->Get("holder"));
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
  v1::VerifyDocumentRequest request;
  if (request.ParseFromString(evidence.request())) {
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
  } else if (answer.ParseFromString(evidence.answer())) {
    json.BeginObject("answer");
    AnswerInto(json, answer);
    json.EndObject();
  }
  json.Text("entry", evidence.receipt().leaf());
  json.EndObject();
  return std::move(json).Take();
}

}  // namespace chayan::cli
