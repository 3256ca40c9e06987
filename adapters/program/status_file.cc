#include "adapters/program/status_file.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "adapters/connector/json_tree.h"
#include "gateway/base/clock.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"

namespace chayan::adapter {
namespace {

using connector::JsonNode;
using connector::JsonPointer;

std::string Quoted(absl::string_view text) {
  std::string out;
  // What a server or the system said may be anything.
  AppendJsonString(out, IsValidUtf8(text) ? text : "(not text)");
  return out;
}

std::string Flag(bool value) { return value ? "true" : "false"; }

std::string KindJson(const std::string& code, const KindCounts& counts) {
  std::vector<std::string> outcomes;
  for (const auto& [outcome, count] : counts.outcomes) {
    outcomes.push_back(absl::StrCat(Quoted(outcome), ":", count));
  }
  const std::string last = counts.last == absl::InfinitePast() ? "" : FormatTimestamp(counts.last);
  return absl::StrCat("{\"kind\":", Quoted(code), ",\"paused\":", Flag(counts.paused),
                      ",\"last_question\":", Quoted(last), ",\"outcomes\":{",
                      absl::StrJoin(outcomes, ","), "},\"refused_paused\":", counts.refused_paused,
                      ",\"refused_budget\":", counts.refused_budget,
                      ",\"refused_office_budget\":", counts.refused_office_budget,
                      ",\"not_sent\":", counts.not_sent, "}");
}

std::string NoticeJson(const std::string& code, const NoticeCounts& counts) {
  const std::string last = counts.last == absl::InfinitePast() ? "" : FormatTimestamp(counts.last);
  return absl::StrCat("{\"kind\":", Quoted(code), ",\"last_notice\":", Quoted(last),
                      ",\"received\":", counts.received, ",\"acknowledged\":", counts.acknowledged,
                      ",\"rejected\":", counts.rejected, ",\"not_taken\":", counts.not_taken,
                      ",\"last_cause\":", Quoted(counts.last_cause), "}");
}

std::string HealthJson(const std::optional<connector::SourceHealth>& health) {
  if (!health.has_value()) return "null";
  return absl::StrCat("{\"down\":", Flag(health->down), ",\"detail\":", Quoted(health->detail),
                      "}");
}

const std::string& Text(const JsonNode& node, absl::string_view pointer) {
  static const std::string& nothing = *new std::string();
  const absl::StatusOr<JsonPointer> compiled = JsonPointer::Create(pointer);
  const JsonNode* found = compiled.ok() ? compiled->Find(node) : nullptr;
  return found == nullptr ? nothing : found->text;
}

const std::vector<JsonNode>& Children(const JsonNode& node, absl::string_view pointer) {
  static const std::vector<JsonNode>& nothing = *new std::vector<JsonNode>();
  const absl::StatusOr<JsonPointer> compiled = JsonPointer::Create(pointer);
  const JsonNode* found = compiled.ok() ? compiled->Find(node) : nullptr;
  return found == nullptr ? nothing : found->children;
}

std::string KindText(const JsonNode& kind) {
  std::string text = absl::StrCat("kind      ", Text(kind, "/kind"),
                                  Text(kind, "/paused") == "true" ? "  PAUSED" : "");
  const std::string& last = Text(kind, "/last_question");
  absl::StrAppend(&text, "  last question ", last.empty() ? "none" : last, "\n");
  const auto compiled = JsonPointer::Create("/outcomes");
  const JsonNode* outcomes = compiled.ok() ? compiled->Find(kind) : nullptr;
  for (size_t i = 0; outcomes != nullptr && i < outcomes->keys.size(); ++i) {
    absl::StrAppend(&text, "          ", outcomes->keys[i], " ", outcomes->children[i].text, "\n");
  }
  const std::pair<const char*, const char*> refusals[] = {
      {"/refused_paused", "refused: the kind is paused"},
      {"/refused_budget", "refused: over the kind's budget"},
      {"/refused_office_budget", "refused: over an office's budget"},
      {"/not_sent", "not sent: too late, or the answer broke a rule (see the diagnostics)"}};
  for (const auto& [pointer, words] : refusals) {
    if (Text(kind, pointer) != "0") {
      absl::StrAppend(&text, "          ", words, ": ", Text(kind, pointer), "\n");
    }
  }
  return text;
}

std::string HealthText(absl::string_view what, const JsonNode& root, absl::string_view pointer) {
  const std::string& down = Text(root, absl::StrCat(pointer, "/down"));
  if (down.empty()) return "";  // there is none
  return absl::StrCat(what, down == "true" ? "DOWN" : "up", "  ",
                      Text(root, absl::StrCat(pointer, "/detail")), "\n");
}

std::string NoticeText(const JsonNode& notice) {
  const std::string& last = Text(notice, "/last_notice");
  std::string text = absl::StrCat(
      "notice    ", Text(notice, "/kind"), "  last ", last.empty() ? "none" : last, "\n          ",
      Text(notice, "/received"), " received, ", Text(notice, "/acknowledged"), " acknowledged, ",
      Text(notice, "/rejected"), " rejected\n");
  if (Text(notice, "/not_taken") != "0") {
    absl::StrAppend(&text, "          not taken, to come again: ", Text(notice, "/not_taken"),
                    "; the last: ", Text(notice, "/last_cause"), "\n");
  }
  return text;
}

}  // namespace

std::string StatusJson(const StatusReport& report) {
  std::vector<std::string> gateways, kinds, notices;
  for (const auto& gateway : report.link.gateways) {
    gateways.push_back(absl::StrCat("{\"address\":", Quoted(gateway.address),
                                    ",\"connected\":", Flag(gateway.connected),
                                    ",\"gateway\":", Quoted(gateway.gateway),
                                    ",\"last_error\":", Quoted(gateway.last_error), "}"));
  }
  for (const auto& [code, counts] : report.kinds) kinds.push_back(KindJson(code, counts));
  for (const auto& [code, counts] : report.notices) notices.push_back(NoticeJson(code, counts));
  return absl::StrCat(
      "{\"member\":", Quoted(report.member), ",\"connector\":", Quoted(report.connector),
      ",\"time\":", Quoted(FormatTimestamp(report.time)), ",\"gateways\":[",
      absl::StrJoin(gateways, ","), "],\"questions\":", report.link.questions,
      ",\"answers_sent\":", report.link.answers_sent,
      ",\"answers_dropped\":", report.link.answers_dropped,
      ",\"answers_recorded\":", report.link.answers_recorded, ",\"alarms\":", report.link.alarms,
      ",\"source\":", HealthJson(report.source), ",\"sink_name\":", Quoted(report.sink),
      ",\"sink\":", HealthJson(report.sink_health), ",\"notices_received\":", report.link.notices,
      ",\"notices_repeated\":", report.link.notices_repeated,
      ",\"receipts_sent\":", report.link.receipts_sent,
      ",\"receipts_recorded\":", report.link.receipts_recorded,
      ",\"receipts_refused\":", report.link.receipts_refused,
      ",\"reload_fault\":", Quoted(report.reload_fault), ",\"kinds\":[", absl::StrJoin(kinds, ","),
      "],\"notices\":[", absl::StrJoin(notices, ","), "]}\n");
}

absl::StatusOr<std::string> StatusText(absl::string_view json, absl::Time now) {
  constexpr int kDepthMax = 8;
  constexpr size_t kNodesMax = 10'000;  // 128 kinds and a few gateways need far less
  CHAYAN_ASSIGN_OR_RETURN(const JsonNode root, connector::ParseJson(json, kDepthMax, kNodesMax));
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, Text(root, "/time"), &time, &error)) {
    return absl::InvalidArgumentError("is no status file");
  }
  std::string text = absl::StrCat("adapter   ", Text(root, "/member"), " (",
                                  Text(root, "/connector"), "), as of ", Text(root, "/time"), "\n");
  if (now - time > kStatusAgeMax) {
    absl::StrAppend(&text, "          NOT RUNNING: nothing written for ",
                    absl::FormatDuration(absl::Trunc(now - time, absl::Seconds(1))), "\n");
  }
  for (const JsonNode& gateway : Children(root, "/gateways")) {
    const bool up = Text(gateway, "/connected") == "true";
    absl::StrAppend(&text, "link      ", Text(gateway, "/address"), "  ",
                    up ? absl::StrCat("up, ", Text(gateway, "/gateway")) : std::string("DOWN"));
    const std::string& why = Text(gateway, "/last_error");
    absl::StrAppend(&text, up || why.empty() ? "" : ": ", up ? "" : why, "\n");
  }
  absl::StrAppend(&text, HealthText("source    ", root, "/source"),
                  HealthText("sink      ", root, "/sink"));
  absl::StrAppend(&text, "exchanges ", Text(root, "/questions"), " questions, ",
                  Text(root, "/answers_sent"), " answers sent, ", Text(root, "/answers_recorded"),
                  " recorded, ", Text(root, "/answers_dropped"), " dropped, ",
                  Text(root, "/alarms"), " alarms\n");
  if (!Text(root, "/reload_fault").empty()) {
    absl::StrAppend(&text, "settings  the last reload was REFUSED, the old ones are in force:\n",
                    Text(root, "/reload_fault"), "\n");
  }
  for (const JsonNode& kind : Children(root, "/kinds")) absl::StrAppend(&text, KindText(kind));
  if (!Text(root, "/sink_name").empty()) {
    absl::StrAppend(&text, "notices   ", Text(root, "/notices_received"), " came, ",
                    Text(root, "/notices_repeated"), " of them again; ",
                    Text(root, "/receipts_sent"), " receipts sent, ",
                    Text(root, "/receipts_recorded"), " recorded, ",
                    Text(root, "/receipts_refused"), " of them without effect\n");
  }
  for (const JsonNode& notice : Children(root, "/notices")) {
    absl::StrAppend(&text, NoticeText(notice));
  }
  return text;
}

}  // namespace chayan::adapter
