#include "adapters/agencies/generate/people.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gateway/base/check.h"
#include "gateway/ident/person_number.h"

namespace chayan::sample {
namespace {

using ident::Era;
using ident::IdentifierScheme;

constexpr absl::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
// Serial numbers of random people start here, so that they never meet a fixed one.
constexpr size_t kFirstSerial = 10000;

ident::EraDate Date(Era era, int year, int month, int day) {
  return {.era = era, .year = year, .month = month, .day = day};
}

Person Fixed(std::string number, std::string name, ident::EraDate birth, std::string household,
             std::string land) {
  Person person;
  person.number = number;
  person.land_number = std::move(number);
  person.names = {.household = name, .land = name, .immigration = name};
  person.birth = birth;
  person.addresses = {.household = std::move(household), .land = std::move(land)};
  return person;
}

std::vector<Person> FixedPeople() {
  std::vector<Person> people(kFixedCount);
  people[kWang] = Fixed("A123456789", "王小明", Date(Era::kRoc, 77, 5, 20),
                        "臺北市松山區東光里005鄰南京東路四段16號11樓之2",
                        "臺北市松山區南京東路四段１６號十一樓之２");
  people[kVariantName] =
      Fixed("F120000020", "林青峰", Date(Era::kRoc, 65, 3, 8),
            "新北市板橋區留侯里012鄰文化路一段25號", "新北市板橋區文化路一段２５號");
  people[kVariantName].names.land = "林靑峯";
  people[kMissing] = Fixed("B220000019", "陳𤧟英", Date(Era::kRoc, 50, 12, 1),
                           "臺中市西區民龍里003鄰三民路一段8號", "台中市西區三民路一段８號");
  people[kMissing].names.land = "陳■英";
  people[kMissing].names.immigration = "陳\xEE\x82\xA1英";
  people[kNineCharacter] =
      Fixed("G120000085", "李金土", Date(Era::kRoc, 15, 1, 31),
            "臺南市善化區文昌里009鄰中山路101號", "臺南市善化區中山路１０１號");
  people[kNineCharacter].land_number = "G12000008";
  people[kCoOwner] = Fixed("A220000036", "李美玉", Date(Era::kRoc, 79, 2, 28),
                           "臺北市信義區景勤里001鄰信義路五段7號", "臺北市信義區信義路五段７號");
  people[kIndigenous] = Fixed("U120000040", "Kacaw’ Mayaw", Date(Era::kRoc, 84, 8, 1),
                              "花蓮縣花蓮市主權里020鄰中華路200號", "花蓮縣花蓮市中華路２００號");
  people[kIndigenous].names.land = "Kacaw' Mayaw";
  people[kIndigenous].names.immigration = "KACAW’ MAYAW";
  people[kResident] = Fixed("A800000014", "NGUYEN VAN AN", Date(Era::kRoc, 74, 11, 11),
                            "桃園市中壢區新街里006鄰中正路300號", "桃園市中壢區中正路３００號");
  people[kResident].scheme = IdentifierScheme::kResidentNumber;
  people[kResident].land_number = "AC01234567";
  people[kProtected] =
      Fixed("T220000078", "張雅婷", Date(Era::kRoc, 80, 6, 15),
            "屏東縣三地門鄉三地村002鄰中正路二段40號", "屏東縣三地門鄉中正路二段４０號");
  people[kProtected].is_protected = true;
  people[kAbroad] = Fixed("H120000068", "黃俊傑", Date(Era::kRoc, 72, 9, 9),
                          "基隆市中正區義重里004鄰義一路1號", "基隆市中正區義一路１號");
  people[kAbroad].is_abroad = true;
  people[kSouthern] = Fixed("D100000004", "蔡志宏", Date(Era::kRoc, 60, 4, 4),
                            "嘉義縣水上鄉水上村007鄰正義路150號", "嘉義縣水上鄉正義路一五○號");
  people[kBeforeRoc] =
      Fixed("E220000058", "林罔市", Date(Era::kBeforeRoc, 10, 3, 2),
            "高雄市前金區長城里001鄰中正四路211號", "高雄市前金區中正四路２１１號");
  return people;
}

// Every second character of `seconds` is equally likely. The serial is unique among random people.
std::string DrawNumber(Draw& draw, absl::string_view seconds, size_t serial) {
  const std::string nine =
      absl::StrFormat("%c%c%d%06d", draw.From(kLetters), draw.From(seconds), draw.Between(0, 5),
                      static_cast<int>(kFirstSerial + serial));
  CHAYAN_CHECK(nine.size() == 9);
  return nine + ident::PersonCheckDigit(nine);
}

// Owners who died long ago still stand in land registers; of some only the year is known.
ident::EraDate DrawBirth(Draw& draw) {
  const bool before = draw.OneIn(20);
  ident::EraDate date = Date(before ? Era::kBeforeRoc : Era::kRoc,
                             before ? draw.Between(1, 45) : draw.Between(10, 112), 1, 1);
  if (draw.OneIn(100)) return {.era = date.era, .year = date.year};
  const absl::StatusOr<ident::EraDate> drawn =
      ident::FromCivilDay(ident::ToCivilDay(date) + draw.Between(0, 364));
  CHAYAN_CHECK(drawn.ok());
  return *drawn;
}

Person DrawPerson(Draw& draw, size_t serial) {
  Person person;
  const size_t percent = draw.Below(100);
  if (percent < 88) {
    person.number = DrawNumber(draw, "12", serial);
    person.land_number = person.number;
    person.names = DrawNames(draw);
    // From before check digits; and numbers that changed; and records that never had one.
    if (draw.OneIn(40)) person.land_number.pop_back();
    if (draw.OneIn(60)) person.land_number = DrawNumber(draw, "12", serial + 400000);
    if (draw.OneIn(100)) person.land_number.clear();
  } else {
    const bool old_number = percent >= 95;
    person.scheme =
        old_number ? IdentifierScheme::kOldResidentNumber : IdentifierScheme::kResidentNumber;
    person.number = DrawNumber(draw, old_number ? "ABCD" : "89", serial);
    person.names = DrawForeignNames(draw);
    // Whoever exchanged the number since 2021 is still known by the old one.
    person.land_number =
        !old_number && draw.OneIn(2) ? DrawNumber(draw, "CD", serial + 400000) : person.number;
  }
  person.birth = DrawBirth(draw);
  person.addresses = DrawAddresses(draw);
  person.is_protected = draw.OneIn(80);
  person.is_abroad = draw.OneIn(25);
  return person;
}

}  // namespace

std::vector<Person> DrawPeople(Draw& draw, size_t count) {
  CHAYAN_CHECK(count >= kFixedCount);
  std::vector<Person> people = FixedPeople();
  people.reserve(count);
  while (people.size() < count) people.push_back(DrawPerson(draw, people.size()));
  return people;
}

}  // namespace chayan::sample
