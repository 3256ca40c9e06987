// Goal: the sample is the same for a seed, holds the awkward cases on purpose and no others by
// accident. Method: read back every row of generated files, and let the matcher compare what the
// household office knows with what the land office keeps.
#include "adapters/agencies/generate/sample_files.h"

#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "adapters/sdk/match_address.h"
#include "adapters/sdk/match_name.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/ident/era_date.h"
#include "gateway/ident/fold.h"
#include "gateway/ident/identifier.h"

namespace chayan::sample {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Row = std::vector<std::string>;

// All rows of a query, each value as text.
std::vector<Row> Query(const std::string& path, const std::string& sql) {
  sqlite3* db = nullptr;
  EXPECT_EQ(sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK);
  sqlite3_stmt* statement = nullptr;
  EXPECT_EQ(sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr), SQLITE_OK)
      << sqlite3_errmsg(db);
  std::vector<Row> rows;
  while (sqlite3_step(statement) == SQLITE_ROW) {
    Row row;
    for (int i = 0; i < sqlite3_column_count(statement); ++i) {
      row.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(statement, i)));
    }
    rows.push_back(std::move(row));
  }
  sqlite3_finalize(statement);
  sqlite3_close(db);
  return rows;
}

int Count(const std::string& path, const std::string& from) {
  return std::atoi(Query(path, "SELECT COUNT(*) FROM " + from).at(0).at(0).c_str());
}

// Every row of every table, in the order in which it was written.
std::string Dump(const std::string& path) {
  std::string dump;
  for (const Row& table : Query(path, "SELECT name, sql FROM sqlite_master WHERE type = 'table'")) {
    absl::StrAppend(&dump, table[1], "\n");
    for (const Row& row : Query(path, "SELECT * FROM " + table[0] + " ORDER BY rowid")) {
      absl::StrAppend(&dump, absl::StrJoin(row, "|"), "\n");
    }
  }
  return dump;
}

class SampleFilesTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { directory_ = Generate(1, kPeopleDefault); }
  static void TearDownTestSuite() { std::filesystem::remove_all(directory_); }

  static std::string Generate(uint64_t seed, size_t people) {
    std::string name = ::testing::TempDir() + "/chayan-sample-XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    EXPECT_OK(WriteSampleFiles({.directory = name, .seed = seed, .people = people}));
    return name;
  }
  static std::string Ad() { return directory_ + "/land-ad.db"; }
  static std::string Qd() { return directory_ + "/land-qd.db"; }
  static std::string Immigration() { return directory_ + "/immigration.db"; }
  // scheme, number, name, birth date, address, office, section, lot.
  static std::vector<Row> People() {
    std::vector<Row> people;
    const auto csv = ReadFile(directory_ + "/people.csv");
    for (const absl::string_view line : absl::StrSplit(csv.value(), '\n', absl::SkipEmpty())) {
      people.push_back(absl::StrSplit(line, ','));
    }
    people.erase(people.begin());
    return people;
  }

  static std::string directory_;
};

std::string SampleFilesTest::directory_;

TEST_F(SampleFilesTest, IsTheSameForASeedAndAnotherForAnother) {
  const std::string again = Generate(1, kPeopleDefault);
  const std::string other = Generate(2, kPeopleDefault);
  for (const char* name : {"/land-ad.db", "/land-qd.db", "/immigration.db"}) {
    EXPECT_EQ(Dump(directory_ + name), Dump(again + name)) << name;
    EXPECT_NE(Dump(directory_ + name), Dump(other + name)) << name;
  }
  EXPECT_EQ(*ReadFile(directory_ + "/people.csv"), *ReadFile(again + "/people.csv"));
  std::filesystem::remove_all(again);
  std::filesystem::remove_all(other);
}

TEST_F(SampleFilesTest, ReplacesAnOlderSample) {
  const std::string directory = Generate(3, kPeopleMin);
  const std::string before = Dump(directory + "/land-ad.db");
  EXPECT_OK(WriteSampleFiles({.directory = directory, .seed = 3, .people = kPeopleMin}));
  EXPECT_EQ(Dump(directory + "/land-ad.db"), before);
  EXPECT_FALSE(std::filesystem::exists(directory + "/land-ad.db.unfinished"));
  std::filesystem::remove_all(directory);
}

TEST_F(SampleFilesTest, RefusesWhatItCannotWrite) {
  EXPECT_THAT(WriteSampleFiles({.directory = directory_, .people = kPeopleMin - 1}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("between")));
  EXPECT_THAT(WriteSampleFiles({.directory = directory_, .people = kPeopleMax + 1}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("between")));
  EXPECT_THAT(WriteSampleFiles({.directory = "/proc/no-such-folder"}), Not(IsOk()));
}

TEST_F(SampleFilesTest, HasTwoThousandPeopleWithValidUniqueNumbers) {
  std::set<std::string> numbers;
  std::map<std::string, int> schemes;
  for (const Row& person : People()) {
    ASSERT_EQ(person.size(), 8u);
    const auto scheme = ident::SchemeNamed(person[0]);
    ASSERT_TRUE(scheme.has_value());
    const auto normal = ident::Normalize(*scheme, person[1]);
    ASSERT_THAT(normal, IsOk()) << person[1];
    EXPECT_EQ(normal->value, person[1]);
    EXPECT_TRUE(numbers.insert(person[1]).second) << person[1];
    EXPECT_OK(ident::CheckName(person[2])) << person[2];
    EXPECT_FALSE(ident::HasUnknownCharacter(person[2])) << person[2];
    EXPECT_OK(ident::ParseEraDate(person[3])) << person[3];
    ++schemes[person[0]];
  }
  EXPECT_GE(numbers.size(), 2000u);
  EXPECT_GE(schemes["national_id"], 1800);
  EXPECT_GE(schemes["resident_number"], 50);
  EXPECT_GE(schemes["old_resident_number"], 50);
}

TEST_F(SampleFilesTest, EachStoredDateCanBeRead) {
  int before_roc = 0;
  int year_only = 0;
  for (const std::string& path : {Ad(), Qd()}) {
    for (const Row& row : Query(path,
                                "SELECT owner_birth, registered_date FROM land_title UNION ALL "
                                "SELECT owner_birth, registered_date FROM building_title")) {
      const auto birth = ident::ParseStoredDate(row[0]);
      ASSERT_THAT(birth, IsOk()) << row[0];
      before_roc += birth->era == ident::Era::kBeforeRoc;
      year_only += !ident::IsComplete(*birth);
      EXPECT_OK(ident::ParseRoc7(row[1])) << row[1];
    }
  }
  for (const Row& row : Query(Immigration(), "SELECT birth_date FROM traveller")) {
    EXPECT_OK(ident::ParseIso(row[0])) << row[0];
  }
  EXPECT_GE(before_roc, 50);
  EXPECT_GE(year_only, 5);
}

TEST_F(SampleFilesTest, HoldsTheAwkwardCases) {
  for (const std::string& path : {Ad(), Qd()}) {
    EXPECT_GE(Count(path, "land_title WHERE length(owner_number) = 9"), 5);
    EXPECT_GE(Count(path, "land_title WHERE owner_number = ''"), 2);
    EXPECT_GE(Count(path, "land_title WHERE owner_name LIKE '%■%'"), 10);
    EXPECT_GE(Count(path, "land_title WHERE owner_name LIKE '%•%'"), 5);
    EXPECT_GE(Count(path, "land_title WHERE owner_sequence > 1 AND share LIKE '1/%'"), 50);
    EXPECT_GE(Count(path, "land_title WHERE share LIKE '公同共有%'"), 20);
    EXPECT_GE(Count(path, "land_title WHERE status = 'VOID'"), 10);
    EXPECT_GE(Count(path, "building_title WHERE status = 'VOID'"), 5);
    EXPECT_GE(Count(path, "land_title WHERE restricted = 1"), 3);
    EXPECT_GE(Count(path, "number_history"), 30);
  }
  EXPECT_GE(Count(Immigration(), "traveller WHERE restricted = 1"), 5);
  EXPECT_GE(Count(Immigration(), "traveller WHERE name GLOB '*\xEE\x82\xA1*'"), 3);
  EXPECT_GE(Count(Immigration(), "traveller WHERE last_direction = 'out' AND last_date < '2024'"),
            20);
  std::map<std::string, int> namesakes;
  for (const Row& person : People()) ++namesakes[person[2]];
  EXPECT_GE(namesakes["陳怡君"], 2);
}

TEST_F(SampleFilesTest, TravellersAlternateAndEndAsTheirRecordSays) {
  std::map<std::string, Row> last;
  for (const Row& row :
       Query(Immigration(),
             "SELECT person_number, direction, date FROM entry_exit ORDER BY record_number")) {
    if (const auto before = last.find(row[0]); before != last.end()) {
      EXPECT_NE(before->second[1], row[1]) << row[0];
      EXPECT_LT(before->second[2], row[2]) << row[0];
    }
    last[row[0]] = row;
  }
  for (const Row& row :
       Query(Immigration(), "SELECT person_number, last_direction, last_date FROM traveller")) {
    EXPECT_EQ(last[row[0]], row);
  }
  EXPECT_EQ(last.size(), static_cast<size_t>(Count(Immigration(), "traveller")));
}

TEST_F(SampleFilesTest, NamesOfOnePersonDifferInEveryWayButNeverByAnotherName) {
  std::map<sdk::MatchLevel, int> levels;
  for (const Row& person : People()) {
    for (const Row& row :
         Query(Ad(), "SELECT DISTINCT owner_name FROM land_title WHERE owner_number = '" +
                         person[1] + "'")) {
      ++levels[sdk::MatchName(person[2], row[0]).level];
    }
  }
  EXPECT_GE(levels[sdk::MatchLevel::kExact], 300);
  EXPECT_GE(levels[sdk::MatchLevel::kEquivalent], 10);
  EXPECT_GE(levels[sdk::MatchLevel::kVariant], 10);
  EXPECT_GE(levels[sdk::MatchLevel::kUncomparable], 5);
  EXPECT_EQ(levels[sdk::MatchLevel::kMismatch], 0);
}

TEST_F(SampleFilesTest, AddressesOfOnePersonMeanOneDoor) {
  int compared = 0;
  for (const Row& person : People()) {
    for (const Row& row :
         Query(Ad(), "SELECT DISTINCT owner_address FROM land_title WHERE owner_number = '" +
                         person[1] + "'")) {
      EXPECT_EQ(sdk::MatchAddress(person[4], row[0]).level, sdk::MatchLevel::kEquivalent)
          << person[4] << " | " << row[0];
      ++compared;
    }
  }
  EXPECT_GE(compared, 500);
}

TEST_F(SampleFilesTest, KeepsTheExamplesThatTheReadmeNames) {
  const auto land = [](const std::string& path, const std::string& lot) {
    return Query(path,
                 "SELECT owner_number, owner_name, owner_birth, share, status, restricted FROM "
                 "land_title WHERE section_code = '0863' AND lot_number = '" +
                     lot + "' ORDER BY owner_sequence");
  };
  using Rows = std::vector<Row>;
  EXPECT_EQ(land(Ad(), "00480000"),
            (Rows{{"A123456789", "王小明", "0770520", "1/1", "CURRENT", "0"}}));
  EXPECT_EQ(land(Ad(), "00490000"),
            (Rows{{"F120000020", "林靑峯", "0650308", "1/1", "CURRENT", "0"}}));
  EXPECT_EQ(land(Ad(), "00500000"),
            (Rows{{"B220000019", "陳■英", "0501201", "1/1", "CURRENT", "0"}}));
  EXPECT_EQ(land(Ad(), "00510000"),
            (Rows{{"A123456789", "王小明", "0770520", "1/1", "VOID", "0"}}));
  EXPECT_EQ(land(Ad(), "00520000"),
            (Rows{{"G12000008", "李金土", "0150131", "1/1", "CURRENT", "0"}}));
  EXPECT_EQ(land(Ad(), "00530000"),
            (Rows{{"E220000058", "林罔市", "-0100302", "1/1", "CURRENT", "0"}}));
  EXPECT_EQ(land(Ad(), "00540000"),
            (Rows{{"U120000040", "Kacaw' Mayaw", "0840801", "1/1", "CURRENT", "0"}}));
  EXPECT_EQ(land(Ad(), "00550000"),
            (Rows{{"AC01234567", "NGUYEN VAN AN", "0741111", "1/1", "CURRENT", "0"}}));
  EXPECT_EQ(land(Ad(), "00560000"),
            (Rows{{"T220000078", "張雅婷", "0800615", "1/1", "CURRENT", "1"}}));
  EXPECT_EQ(land(Ad(), "01791065"),
            (Rows{{"A123456789", "王小明", "0770520", "1/2", "CURRENT", "0"},
                  {"A220000036", "李美玉", "0790228", "1/2", "CURRENT", "0"}}));
  EXPECT_THAT(land(Ad(), "00010000"), IsEmpty());
  EXPECT_EQ(land(Qd(), "00480000"),
            (Rows{{"D100000004", "蔡志宏", "0600404", "1/1", "CURRENT", "0"}}));
  EXPECT_EQ(land(Qd(), "00500000"),
            (Rows{{"E220000058", "林罔市", "前0100302", "1/1", "CURRENT", "0"}}));
  EXPECT_THAT(Query(Ad(), "SELECT person_number, former_number FROM number_history"),
              Contains(Row{"A800000014", "AC01234567"}));
  EXPECT_EQ(Query(Immigration(),
                  "SELECT name, last_direction, last_date, document_type FROM traveller "
                  "WHERE person_number = 'A123456789'"),
            (Rows{{"王小明", "in", "2025-02-03", "roc_passport"}}));
  EXPECT_EQ(Query(Immigration(),
                  "SELECT last_direction, last_date FROM traveller "
                  "WHERE person_number = 'H120000068'"),
            (Rows{{"out", "2022-06-30"}}));
}

}  // namespace
}  // namespace chayan::sample
