// Whole numbers in Arabic digits, Chinese numerals, or a mixture of neither kind.
#ifndef CHAYAN_ADAPTERS_SDK_NUMERAL_H_
#define CHAYAN_ADAPTERS_SDK_NUMERAL_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace chayan::sdk {

// 0–9 and 〇零○ 一 … 九 十 百 千 廿 卅, after width folding.
bool IsNumeral(char32_t code_point);

// "16", "016", "十六", "二十", "廿三", "一百零五", "一六八" (digit by digit). Nothing for anything
// else, for a mixture such as "1十", and from 10^9 on: no door plate and no share is so large.
std::optional<uint64_t> ParseNumeral(std::u32string_view text);

}  // namespace chayan::sdk

#endif  // CHAYAN_ADAPTERS_SDK_NUMERAL_H_
