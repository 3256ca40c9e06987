#include "adapters/agencies/generate/journeys.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace chayan::sample {
namespace {

constexpr const char* kFlights[] = {"CI100", "BR198", "JX800", "CX451", "SQ879",
                                    "JL805", "VN571", "TR898", "D7379", "CI0024"};
constexpr int kFirstYear = 2014;

Crossing Fixed(const Person& traveller, bool is_entry, absl::CivilDay day, std::string passport,
               std::string flight) {
  const bool resident = traveller.scheme != ident::IdentifierScheme::kNationalId;
  return {.traveller = &traveller,
          .is_entry = is_entry,
          .day = day,
          .document_type = resident ? "foreign_passport" : "roc_passport",
          .passport = std::move(passport),
          .flight = std::move(flight)};
}

std::vector<Crossing> FixedCrossings(const std::vector<Person>& people) {
  using Day = absl::CivilDay;
  return {Fixed(people[kWang], false, Day(2025, 1, 25), "312345678", "CI100"),
          Fixed(people[kWang], true, Day(2025, 2, 3), "312345678", "CI101"),
          Fixed(people[kVariantName], false, Day(2024, 7, 1), "323456789", "BR198"),
          Fixed(people[kVariantName], true, Day(2024, 7, 9), "323456789", "BR197"),
          Fixed(people[kMissing], false, Day(2019, 5, 2), "300112233", "JL804"),
          Fixed(people[kMissing], true, Day(2019, 5, 12), "300112233", "JL805"),
          Fixed(people[kIndigenous], false, Day(2025, 8, 20), "355500011", "JX800"),
          Fixed(people[kIndigenous], true, Day(2025, 8, 28), "355500011", "JX801"),
          Fixed(people[kResident], true, Day(2021, 3, 15), "C1234567", "VN570"),
          Fixed(people[kProtected], true, Day(2025, 12, 24), "377700022", "CX450"),
          Fixed(people[kAbroad], false, Day(2022, 6, 30), "366600033", "SQ879")};
}

std::string DrawPassport(Draw& draw, bool resident) {
  if (!resident) return absl::StrFormat("3%08d", draw.Between(0, 99999999));
  return absl::StrFormat("%c%07d", static_cast<char>('A' + draw.Between(0, 25)),
                         draw.Between(0, 9999999));
}

void AppendCrossings(Draw& draw, const Person& person, std::vector<Crossing>& crossings) {
  const bool resident = person.scheme != ident::IdentifierScheme::kNationalId;
  const absl::CivilDay last_day =
      person.is_abroad ? absl::CivilDay(kAsOfYear - 2, 1, 1) : AsOfDay() - 1;
  // Whoever was born later than the records begin crosses no border before birth.
  absl::CivilDay day(std::max(kFirstYear, ident::GregorianYear(person.birth) + 1), 1, 1);
  // A national leaves first, a resident arrives first; whoever is abroad has left last.
  bool is_entry = resident;
  int count = 2 * draw.Between(1, 4) - (resident ? 1 : 0);
  if (person.is_abroad) count += resident ? 1 : -1;
  std::string passport = DrawPassport(draw, resident);
  for (int i = 0; i < count; ++i) {
    day += draw.Between(3, 400);
    if (day > last_day) return;
    crossings.push_back(
        {.traveller = &person,
         .is_entry = is_entry,
         .day = day,
         .document_type =
             resident ? (draw.OneIn(5) ? "entry_permit" : "foreign_passport") : "roc_passport",
         .passport = passport,
         .flight = draw.From(kFlights)});
    is_entry = !is_entry;
    if (draw.OneIn(5)) passport = DrawPassport(draw, resident);
  }
}

}  // namespace

absl::CivilDay AsOfDay() { return absl::CivilDay(kAsOfYear, 1, 15); }

std::vector<Crossing> DrawCrossings(Draw& draw, const std::vector<Person>& people) {
  std::vector<Crossing> crossings = FixedCrossings(people);
  for (size_t i = kFixedCount; i < people.size(); ++i) {
    // The dead of long ago do not fly, and a third of the living never did.
    if (people[i].birth.era == ident::Era::kBeforeRoc) continue;
    if (people[i].is_abroad || !draw.OneIn(3)) AppendCrossings(draw, people[i], crossings);
  }
  return crossings;
}

}  // namespace chayan::sample
