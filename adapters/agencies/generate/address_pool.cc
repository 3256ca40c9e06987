#include "adapters/agencies/generate/address_pool.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace chayan::sample {
namespace {

struct Street {
  const char* township;
  const char* village;
  const char* road;  // empty where a village has no road names
};
constexpr Street kStreets[] = {{"臺北市松山區", "東光里", "南京東路四段"},
                               {"臺北市松山區", "中崙里", "八德路三段"},
                               {"臺北市信義區", "景勤里", "信義路五段"},
                               {"臺北市中正區", "南門里", "羅斯福路一段"},
                               {"新北市板橋區", "留侯里", "文化路一段"},
                               {"新北市三重區", "中民里", "重新路二段"},
                               {"新北市萬里區", "萬里里", "瑪鋉路"},
                               {"桃園市中壢區", "新街里", "中正路"},
                               {"臺中市西區", "民龍里", "三民路一段"},
                               {"臺中市北屯區", "平和里", "崇德路二段"},
                               {"臺南市善化區", "文昌里", "中山路"},
                               {"臺南市新市區", "社內里", "中興街"},
                               {"臺南市左鎮區", "中正里", "中正路"},
                               {"高雄市前金區", "長城里", "中正四路"},
                               {"高雄市前鎮區", "竹東里", "中山二路"},
                               {"基隆市中正區", "義重里", "義一路"},
                               {"嘉義市東區", "太平里", "中山路"},
                               {"嘉義縣水上鄉", "水上村", "正義路"},
                               {"嘉義縣太保市", "祥和里", "祥和一路東段"},
                               {"屏東縣三地門鄉", "三地村", "中正路二段"},
                               {"花蓮縣花蓮市", "主權里", "中華路"},
                               {"臺東縣池上鄉", "福原村", "中山路"},
                               {"連江縣南竿鄉", "介壽村", ""},
                               {"金門縣金城鎮", "東門里", "民生路"}};

// 1 to 99 in Chinese numerals.
std::string ChineseNumber(int number) {
  constexpr const char* kDigits[] = {"", "一", "二", "三", "四", "五", "六", "七", "八", "九"};
  if (number < 10) return kDigits[number];
  return absl::StrCat(number < 20 ? "" : kDigits[number / 10], "十", kDigits[number % 10]);
}

std::string FullWidthNumber(int number) {
  return absl::StrReplaceAll(absl::StrCat(number), {{"0", "０"},
                                                    {"1", "１"},
                                                    {"2", "２"},
                                                    {"3", "３"},
                                                    {"4", "４"},
                                                    {"5", "５"},
                                                    {"6", "６"},
                                                    {"7", "７"},
                                                    {"8", "８"},
                                                    {"9", "９"}});
}

}  // namespace

Addresses DrawAddresses(Draw& draw) {
  const Street& street = draw.From(kStreets);
  Addresses result;
  result.household = absl::StrCat(street.township, street.village,
                                  absl::StrFormat("%03d鄰", draw.Between(1, 40)), street.road);
  // The land register has no villages, except where nothing else names the place.
  result.land = absl::StrCat(
      draw.OneIn(3) ? absl::StrReplaceAll(street.township, {{"臺", "台"}}) : street.township,
      *street.road == '\0' ? street.village : street.road);
  const auto append = [&result](const std::string& household, const std::string& land) {
    result.household += household;
    result.land += land;
  };
  if (draw.OneIn(3)) {
    const int lane = draw.Between(1, 400);
    append(absl::StrCat(lane, "巷"), FullWidthNumber(lane) + "巷");
  }
  if (draw.OneIn(8)) {
    const int alley = draw.Between(1, 60);
    append(absl::StrCat(alley, "弄"), FullWidthNumber(alley) + "弄");
  }
  const int number = draw.Between(1, 320);
  if (draw.OneIn(6)) {
    const int sub = draw.Between(1, 20);
    append(absl::StrCat(number, "之", sub, "號"),
           absl::StrCat(FullWidthNumber(number), "號之", FullWidthNumber(sub)));
  } else {
    append(absl::StrCat(number, "號"), FullWidthNumber(number) + "號");
  }
  if (draw.OneIn(2)) {
    const int floor = draw.Between(2, 24);
    append(absl::StrCat(floor, "樓"), ChineseNumber(floor) + "樓");
    if (draw.OneIn(3)) {
      const int flat = draw.Between(1, 12);
      append(absl::StrCat("之", flat), "之" + FullWidthNumber(flat));
    }
  }
  return result;
}

}  // namespace chayan::sample
