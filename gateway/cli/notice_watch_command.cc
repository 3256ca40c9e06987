// chayan notice show and watch: what becomes of a notice, now and as it happens.
#include <memory>

#include "absl/strings/str_cat.h"
#include "gateway/base/usage.h"
#include "gateway/cli/audit_calls.h"
#include "gateway/cli/json_writer.h"
#include "gateway/cli/notice_commands.h"

namespace chayan::cli {
namespace {

struct Options {
  std::string notice_id;
  uint64_t after_event = 0;
  uint64_t count = 0;
  double quiet_seconds = 86'400;
  bool json = false;
};

void DeliveryInto(JsonWriter& json, const v1::DeliveryStatus& delivery) {
  json.Text("delivery_id", delivery.delivery_id()).Text("notice_id", delivery.notice_id());
  json.Text("notice_kind", delivery.notice_kind()).Text("recipient", delivery.recipient());
  json.Text("subscription", delivery.subscription());
  json.Text("state", CodeWord("DELIVERY_STATE_", v1::DeliveryState_Name(delivery.state())));
  json.Text("reason", delivery.reason()).Number("attempts", delivery.attempts());
  json.Bool("waits_for_earlier", delivery.waits_for_earlier());
  json.Text("rejection_text", delivery.rejection_text());
  json.Text("case_number", delivery.recipient_case_number());
}

std::string ToJson(const v1::NoticeStatus& notice) {
  JsonWriter json;
  json.BeginObject()
      .Text("notice_id", notice.notice_id())
      .Text("notice_kind", notice.notice_kind());
  json.Text("acting_for", notice.acting_for());
  json.Number("entry", static_cast<int64_t>(notice.entry_index())).Bool("test", notice.test());
  json.Text("follows", notice.follows_notice_id())
      .Text("followed_by", notice.followed_by_notice_id());
  json.Text("exception_owner", notice.exception_owner()).BeginArray("deliveries");
  for (const v1::DeliveryStatus& delivery : notice.deliveries()) {
    json.BeginObject();
    DeliveryInto(json, delivery);
    json.BeginArray("steps");
    for (const v1::DeliveryStep& step : delivery.steps()) {
      json.BeginObject().Text("time", FormatTimestamp(TimeFrom(step.time())));
      json.Text("state", CodeWord("DELIVERY_STATE_", v1::DeliveryState_Name(step.state())));
      json.Text("reason", step.reason());
      json.Number("entry", static_cast<int64_t>(step.entry_index())).EndObject();
    }
    json.EndArray().EndObject();
  }
  json.EndArray().EndObject();
  return std::move(json).Take();
}

void Print(const Program& program, const v1::NoticeStatus& notice) {
  program.out << notice.notice_kind() << " " << notice.notice_id()
              << (notice.test() ? program.Say(" (測試)", " (a trial)") : "") << "\n  "
              << program.Say("發布機關 ", "published for ") << notice.acting_for() << ", "
              << TimeText(program.language, TimeFrom(notice.accept_time()))
              << program.Say(",紀錄 ", ", entry ") << notice.entry_index() << "\n";
  if (!notice.follows_notice_id().empty()) {
    program.out << program.Say("  更正或撤銷 ", "  replaces or undoes ")
                << notice.follows_notice_id() << "\n";
  }
  if (!notice.followed_by_notice_id().empty()) {
    program.out << program.Say("  已由下列通報更正或撤銷 ", "  replaced or undone by ")
                << notice.followed_by_notice_id() << "\n";
  }
  if (notice.deliveries().empty()) {
    program.out << program.Say("  無收受機關;由 ", "  nobody is to get it; it is looked after by ")
                << notice.exception_owner() << "\n";
  }
  for (const v1::DeliveryStatus& delivery : notice.deliveries()) {
    PrintDelivery(program, delivery, /*history=*/true);
  }
}

ExitCode Show(Program& program, Options& options) {
  std::unique_ptr<Client> client;
  if (!program.Connect(CallerRole::kHousehold, client).ok()) return ExitCode::kUsage;
  NoticeCalls calls(program, *client);
  v1::GetNoticeRequest request;
  request.set_notice_id(options.notice_id);
  const auto response = calls.Call<v1::GetNoticeResponse>("GetNotice", request);
  if (!response.ok()) return calls.Fail(response.status());
  if (options.json) {
    program.out << ToJson(response->notice()) << "\n";
  } else {
    Print(program, response->notice());
  }
  return ExitCode::kOk;
}

absl::string_view KindText(Language language, v1::NoticeEventKind kind) {
  switch (kind) {
    case v1::NOTICE_EVENT_KIND_STEP:
      return Say(language, "進展", "a step");
    case v1::NOTICE_EVENT_KIND_DUE_SOON:
      return Say(language, "回報期限將屆", "to be acted on soon");
    case v1::NOTICE_EVENT_KIND_OVERDUE:
      return Say(language, "逾期未回報", "not acted on in time");
    case v1::NOTICE_EVENT_KIND_NOT_FETCHED:
      return Say(language, "逾期未接收", "not fetched in time");
    default:
      return Say(language, "其他", "another event");
  }
}

void PrintEvent(const Program& program, const Options& options,
                const v1::WatchNoticesResponse& event) {
  if (options.json) {
    JsonWriter json;
    json.BeginObject().Number("event", static_cast<int64_t>(event.event()));
    json.Text("time", FormatTimestamp(TimeFrom(event.time())));
    json.Text("kind", CodeWord("NOTICE_EVENT_KIND_", v1::NoticeEventKind_Name(event.kind())));
    DeliveryInto(json, event.delivery());
    json.EndObject();
    program.out << std::move(json).Take() << std::endl;
    return;
  }
  program.out << event.event() << "  " << TimeText(program.language, TimeFrom(event.time())) << "  "
              << KindText(program.language, event.kind()) << "  " << event.delivery().notice_kind()
              << program.Say(",現況:", "; it stands now:") << "\n";
  PrintDelivery(program, event.delivery(), /*history=*/false);
  program.out.flush();  // whoever watches reads it as it happens
}

ExitCode Watch(Program& program, Options& options) {
  std::unique_ptr<Client> client;
  if (!program.Connect(CallerRole::kHousehold, client).ok()) return ExitCode::kUsage;
  v1::WatchNoticesRequest request;
  request.set_after_event(options.after_event);
  bool said = false;
  bool unreadable = false;
  uint64_t seen = 0;
  Client::Exchange exchange;
  exchange.quiet_max = absl::Seconds(options.quiet_seconds);
  exchange.next = [&]() -> std::optional<std::string> {
    if (said) return std::nullopt;
    said = true;
    return request.SerializeAsString();
  };
  exchange.answered = [&](absl::string_view message) {
    v1::WatchNoticesResponse event;
    if (!event.ParseFromArray(message.data(), static_cast<int>(message.size()))) {
      unreadable = true;
    } else if (options.count == 0 || seen < options.count) {
      PrintEvent(program, options, event);
      ++seen;
    }
  };
  exchange.enough = [&] { return unreadable || (options.count > 0 && seen >= options.count); };
  const CallResult result = client->CallStream("/chayan.v1.NoticeService/WatchNotices", exchange);
  if (unreadable) return program.Fail(ExitCode::kCheckFailed, "an event cannot be read");
  // It was asked to end: that nothing more was heard, or that enough was, is no failure.
  if (exchange.enough() || absl::IsDeadlineExceeded(result.status)) return ExitCode::kOk;
  return result.status.ok() ? ExitCode::kOk : program.FailCall(result);
}

}  // namespace

void AddNoticeWatchCommands(CLI::App& notice, Program& program) {
  CLI::App* show = notice.add_subcommand(
      "show", std::string(program.Say("一則通報及各收受機關之經過",
                                      "a notice, and the history of each delivery")));
  const auto shown = std::make_shared<Options>();
  show->add_option("NOTICE", shown->notice_id, "the notice's id")->required();
  show->add_flag("--json", shown->json, "print one JSON object");
  RunOn(*show, program, shown, Show);
  CLI::App* watch = notice.add_subcommand(
      "watch", std::string(program.Say("持續顯示通報之進展與逾期提醒",
                                       "each step and each warning, as it happens")));
  const auto watched = std::make_shared<Options>();
  watch->add_option("--after", watched->after_event, "start after this event's number");
  watch->add_option("--count", watched->count, "end after this many events; 0: never");
  watch
      ->add_option("--wait,--quiet", watched->quiet_seconds,
                   "end when nothing was heard for this many seconds")
      ->check(Positive())
      ->capture_default_str();
  watch->add_flag("--json", watched->json, "print one JSON object a line");
  RunOn(*watch, program, watched, Watch);
}

}  // namespace chayan::cli
