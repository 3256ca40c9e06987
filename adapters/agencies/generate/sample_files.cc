#include "adapters/agencies/generate/sample_files.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "adapters/agencies/generate/database.h"
#include "adapters/agencies/generate/journeys.h"
#include "adapters/agencies/generate/people.h"
#include "adapters/agencies/generate/titles.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"

namespace chayan::sample {
namespace {

constexpr absl::string_view kAsOfTime = "2026-01-15T08:00:00+08:00";

constexpr absl::string_view kCommonSchema = R"(
CREATE TABLE register_state (as_of_time TEXT NOT NULL);
CREATE TABLE number_history (
  person_number TEXT NOT NULL PRIMARY KEY,
  former_number TEXT NOT NULL
);
CREATE INDEX number_history_by_former ON number_history (former_number);
)";

constexpr absl::string_view kLandSchema = R"(
CREATE TABLE land_title (
  section_code TEXT NOT NULL CHECK (length(section_code) = 4),
  lot_number TEXT NOT NULL CHECK (length(lot_number) = 8),
  owner_sequence INTEGER NOT NULL,
  owner_number TEXT NOT NULL,
  owner_name TEXT NOT NULL,
  owner_birth TEXT NOT NULL,
  owner_class TEXT NOT NULL CHECK (owner_class IN ('1', '2', '3')),
  share TEXT NOT NULL,
  owner_address TEXT NOT NULL,
  registered_date TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('CURRENT', 'VOID')),
  case_number TEXT NOT NULL,
  restricted INTEGER NOT NULL CHECK (restricted IN (0, 1)),
  PRIMARY KEY (section_code, lot_number, owner_sequence)
);
CREATE INDEX land_title_by_owner ON land_title (owner_number);
CREATE TABLE building_title (
  section_code TEXT NOT NULL CHECK (length(section_code) = 4),
  building_number TEXT NOT NULL CHECK (length(building_number) = 8),
  owner_sequence INTEGER NOT NULL,
  owner_number TEXT NOT NULL,
  owner_name TEXT NOT NULL,
  owner_birth TEXT NOT NULL,
  owner_class TEXT NOT NULL CHECK (owner_class IN ('1', '2', '3')),
  share TEXT NOT NULL,
  building_address TEXT NOT NULL,
  registered_date TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('CURRENT', 'VOID')),
  case_number TEXT NOT NULL,
  restricted INTEGER NOT NULL CHECK (restricted IN (0, 1)),
  PRIMARY KEY (section_code, building_number, owner_sequence)
);
CREATE INDEX building_title_by_owner ON building_title (owner_number);
)";

constexpr absl::string_view kImmigrationSchema = R"(
CREATE TABLE traveller (
  person_number TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  birth_date TEXT NOT NULL,
  last_direction TEXT NOT NULL CHECK (last_direction IN ('in', 'out')),
  last_date TEXT NOT NULL,
  document_type TEXT NOT NULL,
  restricted INTEGER NOT NULL CHECK (restricted IN (0, 1))
);
CREATE TABLE entry_exit (
  record_number INTEGER NOT NULL PRIMARY KEY,
  person_number TEXT NOT NULL REFERENCES traveller (person_number),
  direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
  date TEXT NOT NULL,
  document_type TEXT NOT NULL,
  passport TEXT NOT NULL,
  flight TEXT NOT NULL
);
CREATE INDEX entry_exit_by_person ON entry_exit (person_number, date);
)";

// A database with its tables, the state of the register and who had which number before.
absl::StatusOr<Database> Start(const std::string& path, absl::string_view tables,
                               const std::vector<Person>& people) {
  CHAYAN_ASSIGN_OR_RETURN(Database database,
                          Database::Create(path, absl::StrCat(kCommonSchema, tables)));
  CHAYAN_RETURN_IF_ERROR(database.Insert("register_state", {std::string(kAsOfTime)}));
  for (const Person& person : people) {
    // Whole former numbers alone: a nine-character one lacks what would tell it from its like, and
    // no number leads nowhere.
    if (person.land_number.size() != person.number.size() || person.land_number == person.number) {
      continue;
    }
    CHAYAN_RETURN_IF_ERROR(database.Insert("number_history", {person.number, person.land_number}));
  }
  return database;
}

absl::StatusOr<WrittenFile> WriteLand(const std::string& path, LandOffice office,
                                      const std::vector<Person>& people,
                                      const std::vector<Title>& titles) {
  CHAYAN_ASSIGN_OR_RETURN(Database database, Start(path, kLandSchema, people));
  int64_t case_number = 0;
  for (const Title& title : titles) {
    const Person& owner = *title.owner;
    CHAYAN_RETURN_IF_ERROR(database.Insert(
        title.is_building ? "building_title" : "land_title",
        {title.section, title.number, int64_t{title.owner_sequence}, owner.land_number,
         owner.names.land, StoredDate(office, owner.birth), title.owner_class, title.share,
         title.address, StoredDate(office, title.registered),
         std::string(title.is_void ? "VOID" : "CURRENT"),
         absl::StrFormat("%s%03d-%06d", office == LandOffice::kAd ? "松山" : "水上",
                         title.registered.year, ++case_number),
         int64_t{owner.is_protected}}));
  }
  CHAYAN_RETURN_IF_ERROR(database.Finish());
  return WrittenFile{path, titles.size()};
}

std::string DirectionText(const Crossing& crossing) { return crossing.is_entry ? "in" : "out"; }

absl::StatusOr<WrittenFile> WriteImmigration(const std::string& path,
                                             const std::vector<Person>& people,
                                             const std::vector<Crossing>& crossings) {
  CHAYAN_ASSIGN_OR_RETURN(Database database, Start(path, kImmigrationSchema, people));
  int64_t record_number = 0;
  for (size_t i = 0; i < crossings.size(); ++i) {
    const Crossing& crossing = crossings[i];
    const Person& person = *crossing.traveller;
    CHAYAN_RETURN_IF_ERROR(
        database.Insert("entry_exit", {++record_number, person.number, DirectionText(crossing),
                                       absl::FormatCivilTime(crossing.day), crossing.document_type,
                                       crossing.passport, crossing.flight}));
    const bool last = i + 1 == crossings.size() || crossings[i + 1].traveller != &person;
    if (!last) continue;
    CHAYAN_RETURN_IF_ERROR(database.Insert(
        "traveller", {person.number, person.names.immigration, ident::PrintIso(person.birth),
                      DirectionText(crossing), absl::FormatCivilTime(crossing.day),
                      crossing.document_type, int64_t{person.is_protected}}));
  }
  CHAYAN_RETURN_IF_ERROR(database.Finish());
  return WrittenFile{path, crossings.size()};
}

// What the household office knows: questions to ask. No value holds a comma or a quote.
absl::StatusOr<WrittenFile> WritePeople(const std::string& path, const std::vector<Person>& people,
                                        const std::vector<Title>& titles_of_ad) {
  std::map<const Person*, const Title*> land;
  for (const Title& title : titles_of_ad) {
    if (!title.is_building) land.try_emplace(title.owner, &title);
  }
  std::string csv = "scheme,number,name,birth_date,address,land_office,section,lot\n";
  for (const Person& person : people) {
    const auto found = land.find(&person);
    absl::StrAppend(&csv, ident::SchemeName(person.scheme), ",", person.number, ",",
                    person.names.household, ",", ident::DisplayText(person.birth), ",",
                    person.addresses.household, ",");
    if (found == land.end()) {
      absl::StrAppend(&csv, ",,\n");
    } else {
      absl::StrAppend(&csv, "AD,", found->second->section, ",", found->second->number, "\n");
    }
  }
  CHAYAN_RETURN_IF_ERROR(WriteFile(path, csv));
  return WrittenFile{path, people.size()};
}

}  // namespace

absl::StatusOr<std::vector<WrittenFile>> WriteSampleFiles(const SampleOptions& options) {
  if (options.people < kPeopleMin || options.people > kPeopleMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("the number of people must be between ", kPeopleMin, " and ", kPeopleMax));
  }
  CHAYAN_RETURN_IF_ERROR(MakeDirectories(options.directory));
  Draw draw(options.seed);
  const std::vector<Person> people = DrawPeople(draw, options.people);
  const std::vector<Title> ad = DrawTitles(draw, LandOffice::kAd, people);
  const std::vector<Title> qd = DrawTitles(draw, LandOffice::kQd, people);
  const std::vector<Crossing> crossings = DrawCrossings(draw, people);
  const auto path = [&options](absl::string_view name) {
    return absl::StrCat(options.directory, "/", name);
  };
  std::vector<WrittenFile> files;
  CHAYAN_ASSIGN_OR_RETURN(files.emplace_back(),
                          WriteLand(path("land-ad.db"), LandOffice::kAd, people, ad));
  CHAYAN_ASSIGN_OR_RETURN(files.emplace_back(),
                          WriteLand(path("land-qd.db"), LandOffice::kQd, people, qd));
  CHAYAN_ASSIGN_OR_RETURN(files.emplace_back(),
                          WriteImmigration(path("immigration.db"), people, crossings));
  CHAYAN_ASSIGN_OR_RETURN(files.emplace_back(), WritePeople(path("people.csv"), people, ad));
  return files;
}

}  // namespace chayan::sample
