#include "gateway/cli/language.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "gateway/base/clock.h"

namespace chayan::cli {
namespace {

struct Words {
  int value;
  const char* zh_tw;
  const char* en;
};

constexpr Words kOutcomes[] = {
    {v1::OUTCOME_MATCH, "相符", "match"},
    {v1::OUTCOME_VARIANT, "異體字相符,須由承辦人判斷",
     "match but for variant characters: a person decides"},
    {v1::OUTCOME_MISMATCH, "不符", "mismatch"},
    {v1::OUTCOME_NOT_FOUND, "查無資料", "not found"},
    {v1::OUTCOME_UNCOMPARABLE, "無法由機器比對", "cannot be compared by machine"},
    {v1::OUTCOME_LOCKED, "錯誤次數過多,已鎖定", "locked after too many wrong attempts"},
    {v1::OUTCOME_VOID, "文件已失效(遺失、補發或註銷)", "void (lost, replaced or cancelled)"},
    {v1::OUTCOME_NOT_COMPARED, "未比對", "not compared"},
    {v1::OUTCOME_PENDING, "處理中", "pending"},
    {v1::OUTCOME_SOURCE_DOWN, "資料機關無法連線", "the holder cannot be reached"},
};
constexpr Words kVerdicts[] = {
    {v1::VERDICT_UNSPECIFIED, "未比對", "not compared"},
    {v1::VERDICT_MATCH, "相符", "match"},
    {v1::VERDICT_VARIANT, "異體字相符", "variant"},
    {v1::VERDICT_MISMATCH, "不符", "mismatch"},
    {v1::VERDICT_UNCOMPARABLE, "無法比對", "uncomparable"},
    {v1::VERDICT_NOT_COMPARED, "未比對", "not compared"},
};
constexpr Words kMatchLevels[] = {
    {v1::MATCH_LEVEL_EXACT, "完全相同", "exact"},
    {v1::MATCH_LEVEL_EQUIVALENT, "寫法不同但等同", "equivalent spelling"},
    {v1::MATCH_LEVEL_VARIANT, "異體字", "variant characters"},
    {v1::MATCH_LEVEL_MISMATCH, "不同", "different"},
    {v1::MATCH_LEVEL_UNCOMPARABLE, "含無法辨識的字", "a character without shared meaning"},
};
constexpr Words kNotCompared[] = {
    {v1::NOT_COMPARED_REASON_ASK_HOLDER, "請洽資料機關", "ask the holder"},
    {v1::NOT_COMPARED_REASON_NO_VALUE, "資料機關無此欄位資料", "the holder has no value for it"},
    {v1::NOT_COMPARED_REASON_CLAIM_UNKNOWN, "資料機關不識此項目",
     "the holder does not know the claim"},
    {v1::NOT_COMPARED_REASON_NOT_NEEDED, "前項已足以判定", "an earlier claim decided already"},
    {v1::NOT_COMPARED_REASON_AMBIGUOUS, "有多筆資料符合", "several records fit"},
};

template <size_t kCount>
std::string Find(const Words (&words)[kCount], int value, Language language,
                 absl::string_view name) {
  for (const Words& word : words) {
    if (word.value == value) return std::string(Say(language, word.zh_tw, word.en));
  }
  return std::string(name);
}

std::string WithoutPrefix(const std::string& name, absl::string_view prefix) {
  return std::string(absl::StripPrefix(name, prefix));
}

}  // namespace

Language LanguageOf(const char* lc_all, const char* lc_messages, const char* lang) {
  for (const char* value : {lc_all, lc_messages, lang}) {
    if (value == nullptr || *value == '\0') continue;
    return absl::string_view(value).substr(0, 2) == "zh" ? Language::kZhTw : Language::kEn;
  }
  return Language::kEn;
}

Language LanguageFromEnvironment() {
  return LanguageOf(std::getenv("LC_ALL"), std::getenv("LC_MESSAGES"), std::getenv("LANG"));
}

absl::string_view Say(Language language, const v1::LocalizedText& text) {
  const std::string& wanted = language == Language::kZhTw ? text.zh_tw() : text.en();
  const std::string& other = language == Language::kZhTw ? text.en() : text.zh_tw();
  return wanted.empty() ? other : wanted;
}

std::string DateText(Language language, const ident::EraDate& date) {
  if (language == Language::kZhTw) return ident::DisplayText(date);
  return absl::StrCat(ident::PrintIso(date),
                      date.era == ident::Era::kRoc ? " (ROC " : " (before ROC ", date.year, ")");
}

std::string DateText(Language language, const v1::EraDate& date) {
  const ident::EraDate parsed = FromProto(date);
  if (date.era() == v1::ERA_UNSPECIFIED || !ident::Validate(parsed).ok()) {
    return std::string(Say(language, "(不是有效日期)", "(not a date)"));
  }
  return DateText(language, parsed);
}

std::string TimeText(Language language, absl::Time time) {
  const absl::TimeZone zone = TaipeiTimeZone();
  const std::string clock = absl::FormatTime("%H:%M:%S", time, zone);
  const absl::StatusOr<ident::EraDate> date = ident::FromCivilDay(absl::ToCivilDay(time, zone));
  if (!date.ok()) return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
  return absl::StrCat(DateText(language, *date), " ", clock);
}

std::string OutcomeText(Language language, v1::Outcome outcome) {
  return Find(kOutcomes, outcome, language, OutcomeName(outcome));
}
std::string VerdictText(Language language, v1::Verdict verdict) {
  return Find(kVerdicts, verdict, language, VerdictName(verdict));
}
std::string MatchLevelText(Language language, v1::MatchLevel level) {
  return Find(kMatchLevels, level, language, MatchLevelName(level));
}
std::string NotComparedText(Language language, v1::NotComparedReason reason) {
  return Find(kNotCompared, reason, language, v1::NotComparedReason_Name(reason));
}

std::string OutcomeName(v1::Outcome outcome) {
  return WithoutPrefix(v1::Outcome_Name(outcome), "OUTCOME_");
}
std::string VerdictName(v1::Verdict verdict) {
  return WithoutPrefix(v1::Verdict_Name(verdict), "VERDICT_");
}
std::string MatchLevelName(v1::MatchLevel level) {
  return WithoutPrefix(v1::MatchLevel_Name(level), "MATCH_LEVEL_");
}

ident::EraDate FromProto(const v1::EraDate& date) {
  return {.era = date.era() == v1::ERA_BEFORE_ROC ? ident::Era::kBeforeRoc : ident::Era::kRoc,
          .year = date.year(),
          .month = date.month(),
          .day = date.day()};
}

v1::EraDate ToProto(const ident::EraDate& date) {
  v1::EraDate proto;
  proto.set_era(date.era == ident::Era::kRoc ? v1::ERA_ROC : v1::ERA_BEFORE_ROC);
  proto.set_year(date.year);
  proto.set_month(date.month);
  proto.set_day(date.day);
  return proto;
}

}  // namespace chayan::cli
