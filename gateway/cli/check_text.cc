#include "gateway/cli/check_text.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/clock.h"

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

}  // namespace

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

}  // namespace chayan::cli
