#include "adapters/agencies/generate/name_pool.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace chayan::sample {
namespace {

constexpr const char* kSurnames[] = {
    "陳", "林", "黃", "張", "李", "王", "吳", "劉", "蔡", "楊", "許",   "鄭",   "謝",   "郭",  "洪",
    "邱", "曾", "廖", "賴", "徐", "周", "葉", "蘇", "莊", "呂", "江",   "何",   "蕭",   "羅",  "高",
    "潘", "簡", "朱", "鍾", "彭", "游", "詹", "胡", "施", "沈", "余",   "盧",   "梁",   "趙",  "顏",
    "柯", "翁", "魏", "孫", "戴", "范", "方", "宋", "鄧", "杜", "傅",   "侯",   "曹",   "薛",  "丁",
    "卓", "阮", "馬", "董", "溫", "唐", "藍", "石", "蔣", "田", "涂",   "凃",   "塗",   "甯",  "巫",
    "尤", "姜", "連", "俞", "衛", "全", "于", "后", "干", "黨", "歐陽", "張簡", "范姜", "司徒"};
constexpr const char* kGiven[] = {
    "志", "明", "美", "玲", "淑", "芬", "家", "豪", "怡", "君", "雅", "婷", "建", "宏", "俊",
    "傑", "麗", "華", "秀", "英", "金", "土", "文", "雄", "惠", "珍", "國", "榮", "昇", "升",
    "祐", "佑", "宜", "庭", "承", "恩", "子", "軒", "品", "睿", "詩", "涵", "欣", "妤", "柏",
    "翰", "冠", "宇", "阿", "木", "水", "來", "春", "桂", "月", "娥", "添", "福", "進", "財",
    "萬", "益", "清", "標", "火", "旺", "罔", "市", "招", "弟", "順", "興", "德", "海"};
// As the household register has it, as another register has it.
constexpr std::pair<const char*, const char*> kVariants[] = {
    {"峰", "峯"}, {"溫", "温"}, {"坤", "堃"}, {"哲", "喆"}, {"耀", "燿"}, {"真", "眞"},
    {"教", "敎"}, {"群", "羣"}, {"啟", "啓"}, {"強", "强"}, {"恆", "恒"}, {"清", "淸"},
    {"青", "靑"}, {"妍", "姸"}, {"彥", "彦"}, {"靜", "静"}, {"穎", "頴"}, {"柏", "栢"}};
// As the household register has it, and its compatibility ideograph.
constexpr std::pair<const char*, const char*> kCompatibility[] = {
    {"福", "\xEF\xA8\x9B"}, {"隆", "\xEF\xA7\x9C"}, {"神", "\xEF\xA8\x99"}, {"諸", "\xEF\xA8\xA2"}};
// Outside the basic plane: four bytes of UTF-8.
constexpr const char* kRare[] = {"𠮷", "𡍼", "𤧟", "𣘃", "𠅤", "𨑨", "𤆬", "𡘙", "𥻗", "𣛮"};
// What each holder's own code for a missing character looks like from outside.
constexpr const char* kPrivateUse[] = {"\xEE\x82\xA1", "\xEE\x84\x80", "\xF3\xB0\x80\x81"};
constexpr const char* kIndigenousChinese[] = {"瓦歷斯", "尤命", "巴奈", "馬躍", "撒韵",
                                              "比令",   "阿布", "達魯", "伊萬", "拉黑"};
constexpr const char* kIndigenousLatin[] = {"Kacaw",  "Panay", "Sra’an", "Mayaw", "Yumin",
                                            "Ci’ang", "Walis", "Pilin",  "Abus",  "Tiyang-Nahu"};
constexpr const char* kCommonFullNames[] = {"陳怡君", "林志明", "張家豪", "陳淑芬"};
constexpr const char* kForeignFamily[] = {"NGUYEN", "TRAN", "SANTOS", "WIJAYA", "SMITH", "TANAKA"};
constexpr const char* kForeignGiven[] = {"THI HOA", "VAN AN", "MARIA ANGELA", "SITI",
                                         "JOHN",    "YUKO",   "ANNE-MARIE",   "DEWI"};

Names Same(std::string name) { return {.household = name, .land = name, .immigration = name}; }

std::string DrawGiven(Draw& draw) {
  std::string given = draw.From(kGiven);
  // Two of ten people have one character.
  if (!draw.OneIn(5)) absl::StrAppend(&given, draw.From(kGiven));
  return given;
}

Names DrawIndigenous(Draw& draw) {
  if (draw.OneIn(2)) {
    const std::string name =
        absl::StrCat(draw.From(kIndigenousChinese), "‧", draw.From(kIndigenousChinese));
    // One Big5 code, two tables.
    return {.household = name,
            .land = absl::StrReplaceAll(name, {{"‧", "•"}}),
            .immigration = absl::StrReplaceAll(name, {{"‧", "．"}})};
  }
  const std::string name =
      absl::StrCat(draw.From(kIndigenousLatin), " ", draw.From(kIndigenousLatin));
  return {.household = name,
          .land = absl::StrReplaceAll(name, {{"’", "'"}}),
          .immigration = absl::AsciiStrToUpper(name)};
}

}  // namespace

Names DrawNames(Draw& draw) {
  const std::string surname = draw.From(kSurnames);
  // Percent of people. The rest, 79, have a name that every register writes alike.
  const size_t percent = draw.Below(100);
  if (percent < 5) {
    const auto& [usual, other] = draw.From(kVariants);
    const std::string front = absl::StrCat(surname, draw.From(kGiven));
    const bool at_immigration = draw.OneIn(2);
    return {.household = front + usual,
            .land = front + other,
            .immigration = front + (at_immigration ? other : usual)};
  }
  if (percent < 8) return Same(absl::StrCat(surname, draw.From(kRare), draw.From(kGiven)));
  if (percent < 11) {
    const std::string last = draw.From(kGiven);
    const std::string rare = draw.From(kRare);
    return {.household = surname + rare + last,
            .land = surname + "■" + last,
            .immigration = surname + draw.From(kPrivateUse) + last};
  }
  if (percent < 12) {
    const auto& [usual, compatibility] = draw.From(kCompatibility);
    const std::string last = draw.From(kGiven);
    return {.household = surname + usual + last,
            .land = surname + compatibility + last,
            .immigration = surname + usual + last};
  }
  if (percent < 16) return DrawIndigenous(draw);
  if (percent < 18) return Same(draw.From(kCommonFullNames));
  if (percent < 21) {
    const std::string given = DrawGiven(draw);
    return {.household = surname + given,
            .land = absl::StrCat(surname, "　", given),
            .immigration = absl::StrCat(surname, given, " ")};
  }
  return Same(surname + DrawGiven(draw));
}

Names DrawForeignNames(Draw& draw) {
  const std::string name = absl::StrCat(draw.From(kForeignFamily), " ", draw.From(kForeignGiven));
  return {.household = name, .land = absl::StrReplaceAll(name, {{" ", "　"}}), .immigration = name};
}

}  // namespace chayan::sample
