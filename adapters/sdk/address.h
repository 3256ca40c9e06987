// A postal address taken apart: 縣市 › 鄉鎮市區 › 村里 › 鄰 › 路街 or place › 段 › 巷 › 弄 › 衖 ›
// 號 › 樓 › 室. The parts say which door is meant, whichever way the numbers were written.
#ifndef CHAYAN_ADAPTERS_SDK_ADDRESS_H_
#define CHAYAN_ADAPTERS_SDK_ADDRESS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace chayan::sdk {

// One numbered part, such as 16號之2.
struct AddressPart {
  int rank;            // place in the order 段 巷 弄 衖 號 樓 室
  std::string number;  // "16-2"; "臨16" for a temporary plate, "B1" for a floor below ground
  friend bool operator==(const AddressPart&, const AddressPart&) = default;
};

struct Address {
  std::u32string county;           // empty if not written; 臺, never 台
  std::u32string township;         // empty if not written
  std::u32string village;          // 村 or 里
  std::u32string place;            // road or place name, and whatever else is no numbered part
  std::vector<AddressPart> parts;  // by rank; neighbourhoods (鄰) are dropped

  // What names the place: a village where there are no road names (連江縣), else the road. Villages
  // are reorganised often without a change of plates, so they count only there.
  const std::u32string& Place() const { return place.empty() ? village : place; }
};

// Takes any text; what it does not recognise ends up in `place`. Accepts a postal code of 3, 5 or 6
// digits and a province in front and drops them.
Address ParseAddress(absl::string_view text);

// A county that was merged in 2010 or 2014 (臺北縣, 桃園縣, 臺中縣, 臺南縣, 高雄縣).
bool IsFormerCounty(std::u32string_view county);

}  // namespace chayan::sdk

#endif  // CHAYAN_ADAPTERS_SDK_ADDRESS_H_
