#include "adapters/http/notice_hook.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/connector/json_tree.h"
#include "adapters/http/config.h"
#include "gateway/base/check.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "google/protobuf/util/json_util.h"

namespace chayan::http_connector {
namespace {

using connector::JsonNode;
using connector::JsonPointer;
using connector::NoticeResult;
using connector::Place;

// A notice waits this long for its turn before the gateway is asked to send it again.
constexpr absl::Duration kWaitMax = absl::Seconds(30);
constexpr int kConflict = 409;
constexpr int kUnprocessable = 422;
constexpr uint32_t kStatusMin = 200;
constexpr uint32_t kStatusMax = 599;
// An answer is an object of a few texts.
constexpr int kAnswerDepthMax = 8;
constexpr size_t kAnswerNodesMax = 100;
constexpr char kTypePrefixDefault[] = "chayan.notice.";

void Member(std::string& json, absl::string_view name, absl::string_view value) {
  json += json.empty() ? "{" : ",";
  AppendJsonString(json, name);
  json += ":";
  AppendJsonString(json, value);
}

std::string DataOf(const v1::DeliveredNotice& notice) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  CHAYAN_CHECK(google::protobuf::util::MessageToJsonString(notice, &json, options).ok());
  return json;
}

std::string EventOf(const NoticeHookSettings& settings, const v1::DeliveredNotice& notice) {
  const v1::NoticeHook& hook = settings.hook;
  std::string event;
  Member(event, "specversion", "1.0");
  Member(event, "id", notice.delivery_id());
  Member(event, "source",
         hook.event_source().empty()
             ? absl::StrCat("spiffe://", settings.trust_domain, "/", notice.publisher())
             : hook.event_source());
  Member(event, "type", absl::StrCat(hook.event_type_prefix(), notice.notice_kind()));
  if (notice.has_accept_time()) {
    const google::protobuf::Timestamp& time = notice.accept_time();
    Member(
        event, "time",
        FormatTimestamp(absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos())));
  }
  Member(event, "datacontenttype", "application/json");
  Member(event, "noticeid", notice.notice_id());
  Member(event, "subscription", notice.subscription());
  if (notice.test()) event += ",\"test\":true";
  absl::StrAppend(&event, ",\"data\":", DataOf(notice), "}");
  return event;
}

// The value of an enum by the word that follows `prefix`; 0 for a word that is none.
template <typename Enum>
Enum FromWord(absl::string_view prefix, absl::string_view word,
              const google::protobuf::EnumDescriptor& values) {
  const auto* value = values.FindValueByName(absl::StrCat(prefix, word));
  return value == nullptr ? Enum() : static_cast<Enum>(value->number());
}

std::string TextAt(const JsonNode& answer, absl::string_view pointer) {
  const absl::StatusOr<JsonPointer> compiled = JsonPointer::Create(pointer);
  CHAYAN_CHECK(compiled.ok());
  const JsonNode* node = compiled->Find(answer);
  return node != nullptr && node->type == JsonNode::Type::kText ? node->text : "";
}

NoticeResult Refused(absl::string_view cause) {
  return connector::NotTaken(v1::NOT_TAKEN_REASON_SYSTEM_REFUSED, cause);
}

// What an answer that means RECEIVED says besides.
NoticeResult ReceivedWith(const std::string& body) {
  const absl::StatusOr<JsonNode> answer =
      connector::ParseJson(body, kAnswerDepthMax, kAnswerNodesMax);
  if (!answer.ok() || answer->type != JsonNode::Type::kObject) return connector::Received();
  const std::string state = TextAt(*answer, "/state");
  if (state.empty()) return connector::Received();
  if (state == "ACKNOWLEDGED") return connector::Acknowledged(TextAt(*answer, "/case_number"));
  if (state != "REJECTED") {
    return Refused("the answer's state is neither ACKNOWLEDGED nor REJECTED");
  }
  const auto reason = FromWord<v1::RejectionReason>("REJECTION_REASON_", TextAt(*answer, "/reason"),
                                                    *v1::RejectionReason_descriptor());
  if (reason == v1::REJECTION_REASON_UNSPECIFIED) {
    return Refused("the answer rejects without one of the reasons");
  }
  NoticeResult result = connector::Rejected(reason, TextAt(*answer, "/text"));
  result.settlement.set_recipient_case_number(TextAt(*answer, "/case_number"));
  return result;
}

v1::HookStatus MeaningOf(const v1::NoticeHook& hook, int status) {
  for (const v1::HookStatus& known : hook.statuses()) {
    if (static_cast<int>(known.status()) == status) return known;
  }
  v1::HookStatus meaning;
  meaning.set_meaning((status >= 200 && status < 300) || status == kConflict
                          ? v1::HOOK_MEANING_RECEIVED
                      : status == kUnprocessable ? v1::HOOK_MEANING_REJECTED
                                                 : v1::HOOK_MEANING_RETRY);
  return meaning;
}

void LoadKeys(connector::ConfigFile& file, const Place& place, NoticeHookSettings& settings) {
  const v1::NoticeHook& hook = settings.hook;
  for (int i = 0; i < hook.secrets_size(); ++i) {
    const absl::StatusOr<std::string> text = file.Secret(hook.secrets(i));
    const absl::Status status = text.ok() ? settings.signer.AddSecret(*text) : text.status();
    if (!status.ok()) place.Fault("secrets", status.message(), i);
  }
  for (int i = 0; i < hook.signing_keys_size(); ++i) {
    const absl::StatusOr<std::string> pem = file.SecretText(hook.signing_keys(i));
    const absl::Status status = pem.ok() ? settings.signer.AddKey(*pem) : pem.status();
    if (!status.ok()) place.Fault("signing_keys", status.message(), i);
  }
  if (hook.secrets().empty() && hook.signing_keys().empty()) {
    place.Fault("secrets", "is missing, add a line `secrets: \"file:hook.secret\"`");
  }
}

void CheckStatuses(const Place& place, const v1::NoticeHook& hook) {
  std::set<uint32_t> seen;
  for (int i = 0; i < hook.statuses_size(); ++i) {
    const v1::HookStatus& status = hook.statuses(i);
    const Place here = place.Nested("statuses", status, i);
    if (status.status() < kStatusMin || status.status() > kStatusMax) {
      here.Fault("status", "is no status of an answer, write one of 200 to 599");
    }
    if (!seen.insert(status.status()).second) here.Fault("status", "stands twice, keep one");
    here.Require("meaning", "HOOK_MEANING_RETRY");
  }
}

}  // namespace

NoticeHookSettings LoadNoticeHook(connector::ConfigFile& file) {
  v1::NoticeSettings& notices = *file.config().mutable_notices();
  v1::NoticeHook& hook = *notices.mutable_hook();
  const Place place = file.place().Nested("notices", notices).Nested("hook", hook);
  NoticeHookSettings settings;
  const Place system = place.Nested("system", hook.system());
  settings.client = LoadSystem(file, system, *hook.mutable_system());
  if (hook.system().has_oauth() || hook.system().has_jwt()) {
    system.Fault(hook.system().has_oauth() ? "oauth" : "jwt",
                 "a hook's signatures say who sends, remove it");
  }
  if (!hook.test_url().empty()) {
    const absl::Status status = fetch::CheckUrl(hook.test_url());
    if (!status.ok()) place.Fault("test_url", status.message());
  }
  if (hook.event_type_prefix().empty()) hook.set_event_type_prefix(kTypePrefixDefault);
  settings.hook = hook;
  settings.trust_domain = file.config().trust_domain();
  LoadKeys(file, place, settings);
  CheckStatuses(place, hook);
  return settings;
}

absl::StatusOr<fetch::Request> EventRequest(const NoticeHookSettings& settings,
                                            const v1::DeliveredNotice& notice, absl::Time now) {
  fetch::Request request;
  request.method = fetch::Method::kPost;
  request.url = notice.test() ? settings.hook.test_url() : settings.hook.system().base_url();
  request.timeout = absl::Milliseconds(settings.hook.system().timeout_ms());
  request.repeatable = true;  // by its id
  request.body = EventOf(settings, notice);
  const int64_t seconds = absl::ToUnixSeconds(now);
  CHAYAN_ASSIGN_OR_RETURN(const std::string signature,
                          settings.signer.Sign(notice.delivery_id(), seconds, request.body));
  request.headers = {{"Content-Type", "application/cloudevents+json; charset=utf-8"},
                     {"webhook-id", notice.delivery_id()},
                     {"webhook-timestamp", absl::StrCat(seconds)},
                     {"webhook-signature", signature}};
  return request;
}

NoticeResult ResultOf(const NoticeHookSettings& settings, const fetch::Response& response) {
  const v1::HookStatus meaning = MeaningOf(settings.hook, response.status);
  const std::string said = absl::StrCat("the system answered ", response.status);
  switch (meaning.meaning()) {
    case v1::HOOK_MEANING_RECEIVED:
      return ReceivedWith(response.body);
    case v1::HOOK_MEANING_REJECTED: {
      const v1::RejectionReason reason =
          meaning.rejection_reason() == v1::REJECTION_REASON_UNSPECIFIED
              ? v1::REJECTION_REASON_OTHER
              : meaning.rejection_reason();
      return connector::Rejected(reason,
                                 reason == v1::REJECTION_REASON_OTHER ? said : std::string());
    }
    default:
      // 4xx is about this notice or our settings, 5xx and 429 about the system.
      return connector::NotTaken(response.status >= 500 || response.status == 429
                                     ? v1::NOT_TAKEN_REASON_SYSTEM_DOWN
                                     : v1::NOT_TAKEN_REASON_SYSTEM_REFUSED,
                                 said);
  }
}

absl::StatusOr<std::unique_ptr<NoticeHook>> NoticeHook::Create(const Clock& clock,
                                                               NoticeHookSettings settings) {
  CHAYAN_ASSIGN_OR_RETURN(auto client, fetch::Client::Create(settings.client));
  return std::make_unique<NoticeHook>(clock, std::move(settings), std::move(client));
}

NoticeHook::NoticeHook(const Clock& clock, NoticeHookSettings settings,
                       std::unique_ptr<fetch::Client> client)
    : clock_(clock),
      settings_(std::move(settings)),
      client_(std::move(client)),
      pool_(clock,
            {.connections = static_cast<int>(settings_.hook.system().connections()),
             .circuit = {.failures_max = static_cast<int>(settings_.hook.system().failures_max()),
                         .retry_after =
                             absl::Milliseconds(settings_.hook.system().retry_after_ms())}},
            []() -> absl::StatusOr<std::unique_ptr<Turn>> { return std::make_unique<Turn>(); }) {}

connector::SourceHealth NoticeHook::Health() const {
  return {pool_.source_is_down(), pool_.source_is_down() ? "the system counts as down" : ""};
}

absl::Status NoticeHook::Probe() {
  const v1::HttpSource& system = settings_.hook.system();
  fetch::Request request;
  request.url = system.base_url() + system.probe_path();
  request.timeout = absl::Milliseconds(system.timeout_ms());
  request.repeatable = true;
  return client_->Fetch(request).status();
}

absl::Status NoticeHook::Post(const v1::DeliveredNotice& notice, NoticeResult& result) const {
  CHAYAN_ASSIGN_OR_RETURN(const fetch::Request request,
                          EventRequest(settings_, notice, clock_.Now()));
  const absl::StatusOr<fetch::Response> response = client_->Fetch(request);
  // The pool would ask again at once on a new connection; the gateway does so later.
  if (absl::IsUnavailable(response.status())) {
    return absl::AbortedError(response.status().message());
  }
  CHAYAN_RETURN_IF_ERROR(response.status());
  result = ResultOf(settings_, *response);
  // A system that answers, but only that it cannot, is as good as down.
  if (result.not_taken == v1::NOT_TAKEN_REASON_SYSTEM_DOWN) {
    return absl::AbortedError(result.cause);
  }
  return absl::OkStatus();
}

void NoticeHook::Take(const v1::DeliveredNotice& notice, Done done) {
  if (notice.test() && settings_.hook.test_url().empty()) return done(connector::Received());
  const auto result = std::make_shared<NoticeResult>();
  pool_.Submit(
      clock_.Elapsed() + kWaitMax, [this, notice, result](Turn&) { return Post(notice, *result); },
      [result, done = std::move(done)](const absl::Status& status) {
        if (status.ok()) return done(std::move(*result));
        done(connector::NotTaken(absl::IsInvalidArgument(status)
                                     ? v1::NOT_TAKEN_REASON_SYSTEM_REFUSED
                                     : v1::NOT_TAKEN_REASON_SYSTEM_DOWN,
                                 status.message()));
      });
}

}  // namespace chayan::http_connector
