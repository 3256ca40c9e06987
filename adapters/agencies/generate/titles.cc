#include "adapters/agencies/generate/titles.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gateway/base/check.h"

namespace chayan::sample {
namespace {

constexpr const char* kSectionsOfAd[] = {"0863", "0864", "0871", "0902"};
constexpr const char* kSectionsOfQd[] = {"0863", "0102", "0331"};
constexpr const char* kOwnerClasses[] = {"1", "2", "3"};
// Random lots and buildings start here, so that they never meet a fixed one.
constexpr int kFirstNumber = 200;

constexpr ident::EraDate kLongAgo = {.era = ident::Era::kRoc, .year = 42, .month = 7, .day = 1};
constexpr ident::EraDate kLately = {.era = ident::Era::kRoc, .year = 108, .month = 4, .day = 16};

Title FixedLand(std::string number, const Person& owner, ident::EraDate registered = kLately) {
  Title title;
  title.section = "0863";
  title.number = std::move(number);
  title.owner = &owner;
  title.share = "1/1";
  title.owner_class = "1";
  title.address = owner.addresses.land;
  title.registered = registered;
  return title;
}

Title FixedBuilding(std::string number, const Person& owner) {
  Title title = FixedLand(std::move(number), owner);
  title.is_building = true;
  return title;
}

std::vector<Title> FixedTitles(LandOffice office, const std::vector<Person>& people) {
  if (office == LandOffice::kQd) {
    return {FixedLand("00480000", people[kSouthern]), FixedLand("00490000", people[kProtected]),
            FixedLand("00500000", people[kBeforeRoc], kLongAgo),
            FixedBuilding("00173000", people[kSouthern])};
  }
  std::vector<Title> titles = {
      FixedLand("00480000", people[kWang]),
      FixedLand("00490000", people[kVariantName]),
      FixedLand("00500000", people[kMissing]),
      FixedLand("00510000", people[kWang]),
      FixedLand("00520000", people[kNineCharacter], kLongAgo),
      FixedLand("00530000", people[kBeforeRoc], kLongAgo),
      FixedLand("00540000", people[kIndigenous]),
      FixedLand("00550000", people[kResident]),
      FixedLand("00560000", people[kProtected]),
      FixedLand("01791065", people[kWang]),
      FixedLand("01791065", people[kCoOwner]),
      FixedBuilding("00173000", people[kWang]),
      FixedBuilding("00174000", people[kVariantName]),
  };
  for (Title& title : titles) {
    if (title.number == "00510000") title.is_void = true;
    if (title.number != "01791065") continue;
    title.share = "1/2";
    title.owner_sequence = title.owner == &people[kWang] ? 1 : 2;
  }
  return titles;
}

ident::EraDate DrawRegistered(Draw& draw) {
  return {.era = ident::Era::kRoc,
          .year = draw.Between(36, 114),
          .month = draw.Between(1, 12),
          .day = draw.Between(1, 28)};
}

// One random title with all its owners.
void AppendTitle(Draw& draw, const std::vector<Person>& people, Title title,
                 std::vector<Title>& titles) {
  const int owners = draw.OneIn(6) ? draw.Between(2, 4) : 1;
  const bool joint = owners > 1 && draw.OneIn(4);
  title.registered = DrawRegistered(draw);
  title.is_void = draw.OneIn(25);
  // Neighbours in the list are strangers: co-owners are drawn from one place onwards.
  const size_t first = kFixedCount + draw.Below(people.size() - kFixedCount);
  const std::string building_address = DrawAddresses(draw).land;
  for (int i = 0; i < owners; ++i) {
    const Person& owner =
        people[kFixedCount + (first + static_cast<size_t>(i)) % (people.size() - kFixedCount)];
    title.owner = &owner;
    title.owner_sequence = i + 1;
    title.share = joint ? "公同共有1/1" : absl::StrCat("1/", owners);
    title.owner_class = draw.From(kOwnerClasses);
    title.address = title.is_building ? building_address : owner.addresses.land;
    titles.push_back(title);
  }
}

}  // namespace

std::vector<Title> DrawTitles(Draw& draw, LandOffice office, const std::vector<Person>& people) {
  CHAYAN_CHECK(people.size() > kFixedCount);
  std::vector<Title> titles = FixedTitles(office, people);
  // Three titles for five people in each office.
  const int count = static_cast<int>(people.size() * 3 / 5);
  for (int i = 0; i < count; ++i) {
    Title title;
    title.is_building = draw.OneIn(3);
    title.section = office == LandOffice::kAd ? draw.From(kSectionsOfAd) : draw.From(kSectionsOfQd);
    const int sub = draw.OneIn(3) ? draw.Between(1, 120) : 0;
    title.number = title.is_building ? absl::StrFormat("%05d%03d", kFirstNumber + i, sub)
                                     : absl::StrFormat("%04d%04d", kFirstNumber + i, sub);
    CHAYAN_CHECK(title.number.size() == 8);
    AppendTitle(draw, people, std::move(title), titles);
  }
  return titles;
}

std::string StoredDate(LandOffice office, const ident::EraDate& date) {
  const absl::string_view before = office == LandOffice::kAd ? "-" : "前";
  return absl::StrCat(date.era == ident::Era::kRoc ? "" : before,
                      absl::StrFormat("%03d%02d%02d", date.year, date.month, date.day));
}

}  // namespace chayan::sample
