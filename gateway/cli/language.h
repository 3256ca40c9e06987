// The language of what people read, decided once from the environment, and the words of each
// language for what the protos say in enums.
#ifndef CHAYAN_GATEWAY_CLI_LANGUAGE_H_
#define CHAYAN_GATEWAY_CLI_LANGUAGE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "chayan/v1/verification_service.pb.h"
#include "gateway/base/language.h"
#include "gateway/ident/era_date.h"

namespace chayan::cli {

using ::chayan::Language;
using ::chayan::Say;

// LC_ALL, else LC_MESSAGES, else LANG, as POSIX orders them: "zh…" is zh-TW, all else en. Empty
// values count as not set.
Language LanguageOf(const char* lc_all, const char* lc_messages, const char* lang);
// The same from this process's environment.
Language LanguageFromEnvironment();

// The text of the catalogue; the other language where one is missing.
absl::string_view Say(Language language, const v1::LocalizedText& text);

// "民國115年1月15日" or "2026-01-15 (ROC 115)"; before the Republic "民前10年3月2日" or
// "1902-03-02 (before ROC 10)".
std::string DateText(Language language, const ident::EraDate& date);
std::string DateText(Language language, const v1::EraDate& date);
// A moment as Taiwan's clocks show it, to the second: "民國115年1月15日 16:30:00".
std::string TimeText(Language language, absl::Time time);

// Words for enums; the enum's own name for a value this program does not know.
std::string OutcomeText(Language language, v1::Outcome outcome);
std::string VerdictText(Language language, v1::Verdict verdict);
std::string MatchLevelText(Language language, v1::MatchLevel level);
std::string NotComparedText(Language language, v1::NotComparedReason reason);

// The name without the prefix that protobuf asks for: "MATCH".
std::string OutcomeName(v1::Outcome outcome);
std::string VerdictName(v1::Verdict verdict);
std::string MatchLevelName(v1::MatchLevel level);

ident::EraDate FromProto(const v1::EraDate& date);
v1::EraDate ToProto(const ident::EraDate& date);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_LANGUAGE_H_
