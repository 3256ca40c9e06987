#include "gateway/cli/remedy.h"

namespace chayan::cli {
namespace {

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

}  // namespace chayan::cli
