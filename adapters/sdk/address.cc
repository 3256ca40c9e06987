#include "adapters/sdk/address.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/sdk/match_key.h"
#include "adapters/sdk/numeral.h"

namespace chayan::sdk {
namespace {

constexpr std::array<std::u32string_view, 5> kFormerCounties = {U"臺北縣", U"桃園縣", U"臺中縣",
                                                                U"臺南縣", U"高雄縣"};
constexpr std::array<std::u32string_view, 22> kCounties = {
    U"臺北市", U"新北市", U"桃園市", U"臺中市", U"臺南市", U"高雄市", U"基隆市", U"新竹市",
    U"嘉義市", U"宜蘭縣", U"新竹縣", U"苗栗縣", U"彰化縣", U"南投縣", U"雲林縣", U"嘉義縣",
    U"屏東縣", U"臺東縣", U"花蓮縣", U"澎湖縣", U"金門縣", U"連江縣"};
constexpr std::u32string_view kTownshipEnds = U"鄉鎮市區";
constexpr std::u32string_view kVillageEnds = U"村里";
constexpr std::u32string_view kRoadEnds = U"路街";
// By rank. 層 is another word for 樓, 鄰 is recognised and dropped.
constexpr std::u32string_view kUnits = U"段巷弄衖號樓室";
constexpr char32_t kNeighbourhood = U'鄰';
constexpr int kFloorRank = 5;

bool IsOneOf(char32_t c, std::u32string_view set) { return set.find(c) != set.npos; }

std::optional<int> RankOf(char32_t unit) {
  if (unit == U'層') return kFloorRank;
  const size_t rank = kUnits.find(unit);
  if (rank == kUnits.npos) return std::nullopt;
  return static_cast<int>(rank);
}

// Reads one address from front to back.
class AddressReader {
 public:
  explicit AddressReader(std::u32string_view text) : rest_(text) {}

  Address Read() {
    SkipPostalCode();
    for (const std::u32string_view province : {U"臺灣省", U"福建省"}) Consume(province);
    TakeCounty();
    TakeTownship();
    TakeVillage();
    while (!rest_.empty()) {
      if (!TakePart()) TakePlace();
    }
    std::stable_sort(address_.parts.begin(), address_.parts.end(),
                     [](const AddressPart& a, const AddressPart& b) { return a.rank < b.rank; });
    return std::move(address_);
  }

 private:
  bool Consume(std::u32string_view prefix) {
    if (!rest_.starts_with(prefix)) return false;
    rest_.remove_prefix(prefix.size());
    return true;
  }

  char32_t At(size_t i) const { return i < rest_.size() ? rest_[i] : U'\0'; }

  // The end of the run of numerals of one kind: in 16號之2十一樓 a number ends before the 十.
  size_t NumeralsFrom(size_t begin) const {
    const auto is_arabic = [](char32_t c) { return c >= U'0' && c <= U'9'; };
    size_t end = begin;
    while (IsNumeral(At(end)) && is_arabic(At(end)) == is_arabic(At(begin))) ++end;
    return end;
  }

  void SkipPostalCode() {
    size_t digits = 0;
    while (At(digits) >= U'0' && At(digits) <= U'9') ++digits;
    if (digits == 3 || digits == 5 || digits == 6) rest_.remove_prefix(digits);
  }

  void TakeCounty() {
    const auto take = [this](const auto& counties) {
      for (const std::u32string_view county : counties) {
        if (Consume(county)) address_.county = county;
      }
    };
    take(kCounties);
    if (address_.county.empty()) take(kFormerCounties);
  }

  // The shortest front of two to four characters that ends as a township, and one more where that
  // end belongs to the name (新市區, 左鎮區).
  void TakeTownship() {
    constexpr size_t kSizeMax = 4;
    for (size_t size = 2; size <= kSizeMax; ++size) {
      if (!IsOneOf(At(size - 1), kTownshipEnds)) continue;
      if (At(size - 1) != U'區' && IsOneOf(At(size), kTownshipEnds)) ++size;
      address_.township = rest_.substr(0, size);
      rest_.remove_prefix(size);
      return;
    }
  }

  // 善化里, but neither 新村路 nor 三村一路.
  void TakeVillage() {
    constexpr size_t kSizeMax = 5;
    for (size_t i = 1; i < kSizeMax && i < rest_.size(); ++i) {
      const char32_t c = rest_[i];
      // 新街里 and 後巷里 are villages; what comes after 中山路 or a number is none.
      const bool ends_a_road = IsOneOf(c, kRoadEnds) || RankOf(c).has_value();
      if ((ends_a_road && i >= 2) || (c >= U'0' && c <= U'9')) return;
      if (!IsOneOf(c, kVillageEnds) || IsOneOf(At(i + 1), kVillageEnds)) continue;  // 萬里里
      const char32_t after_numerals = At(NumeralsFrom(i + 1));
      if (IsOneOf(after_numerals, kRoadEnds) || At(i + 1) == U'\0' || At(i + 1) == U'巷') return;
      address_.village = rest_.substr(0, i + 1);
      rest_.remove_prefix(i + 1);
      return;
    }
  }

  // "-2" or "之2" at `begin`, as often as it stands there. Returns where it ends.
  size_t ReadSubNumbers(size_t begin, std::string& number) const {
    while (At(begin) == U'-' || At(begin) == U'之') {
      const size_t end = NumeralsFrom(begin + 1);
      const std::optional<uint64_t> sub = ParseNumeral(rest_.substr(begin + 1, end - begin - 1));
      if (!sub.has_value()) break;
      absl::StrAppend(&number, "-", *sub);
      begin = end;
    }
    return begin;
  }

  // A number with its unit: 16號, 臨16之2號, 十一樓之2, 地下1層, B1.
  bool TakePart() {
    std::string number;
    size_t begin = 0;
    const bool below = rest_.starts_with(U"地下");
    const bool letter_b = At(0) == U'b';
    if (below) begin = 2;
    if (letter_b) begin = 1;
    if (below || letter_b) number = "B";
    if (At(0) == U'臨' || At(0) == U'附') {
      number = At(0) == U'臨' ? "臨" : "附";
      begin = 1;
    }
    size_t end = NumeralsFrom(begin);
    const std::optional<uint64_t> main = ParseNumeral(rest_.substr(begin, end - begin));
    if (!main.has_value()) return false;
    absl::StrAppend(&number, *main);
    end = ReadSubNumbers(end, number);
    std::optional<int> rank = RankOf(At(end));
    if (At(end) == kNeighbourhood) {
      rest_.remove_prefix(end + 1);
      return true;
    }
    if (rank.has_value()) {
      ++end;
    } else if (letter_b) {
      rank = kFloorRank;  // "B1" alone
    } else {
      return false;
    }
    end = TakeTrailingSub(end, number);
    address_.parts.push_back({.rank = *rank, .number = std::move(number)});
    rest_.remove_prefix(end);
    return true;
  }

  // 16號之2 is 16之2號; but in 16號之2樓 the 2 is the floor's.
  size_t TakeTrailingSub(size_t end, std::string& number) const {
    if (At(end) != U'-' && At(end) != U'之') return end;
    std::string with_sub = number;
    const size_t sub_end = ReadSubNumbers(end, with_sub);
    if (sub_end == end) return end;
    if (RankOf(At(sub_end)).has_value()) return end + 1;
    number = std::move(with_sub);
    return sub_end;
  }

  // A run of numerals before 路 or 街 in digits (中山三路 is 中山3路), else as it stands: 三民路.
  void TakePlace() {
    const size_t end = NumeralsFrom(0);
    if (end == 0) {
      address_.place.push_back(rest_[0]);
      rest_.remove_prefix(1);
      return;
    }
    const std::optional<uint64_t> ordinal = ParseNumeral(rest_.substr(0, end));
    const bool of_road = IsOneOf(At(end), kRoadEnds) || rest_.substr(end).starts_with(U"大道");
    if (of_road && ordinal.has_value()) {
      for (const char digit : std::to_string(*ordinal)) {
        address_.place.push_back(static_cast<char32_t>(digit));
      }
    } else {
      address_.place.append(rest_.substr(0, end));
    }
    rest_.remove_prefix(end);
  }

  std::u32string_view rest_;
  Address address_;
};

}  // namespace

bool IsFormerCounty(std::u32string_view county) {
  return std::find(kFormerCounties.begin(), kFormerCounties.end(), county) != kFormerCounties.end();
}

Address ParseAddress(absl::string_view text) {
  std::u32string key = MatchKey(text);
  std::replace(key.begin(), key.end(), U'台', U'臺');
  return AddressReader(key).Read();
}

}  // namespace chayan::sdk
