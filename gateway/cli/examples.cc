#include "gateway/cli/examples.h"

#include <string>
#include <vector>

#include "absl/strings/str_split.h"

namespace chayan::cli {
namespace {

constexpr char kLot48[] = "land_office=AD|section=0863|lot=48|owner_name=王小明";

constexpr Example kExamples[] = {
    {"match", "land.title", "MATCH", "地號、姓名相符", "lot and name agree", "A123456789", "王小明",
     "0770520", kLot48, "share|registered_date"},
    {"mismatch", "land.title", "MISMATCH", "姓名不符", "another name", "A123456789", "王大明",
     "0770520", "land_office=AD|section=0863|lot=48|owner_name=王大明", ""},
    {"variant", "land.title", "VARIANT", "異體字:峰與峯、青與靑", "variant characters",
     "F120000020", "林青峰", "0650308", "land_office=AD|section=0863|lot=49|owner_name=林青峰", ""},
    {"missing", "land.title", "NOT_FOUND", "查無此地號", "no such lot", "A123456789", "王小明",
     "0770520", "land_office=AD|section=0863|lot=1|owner_name=王小明", ""},
    {"address", "land.title", "MATCH", "住址寫法不同但等同", "an address spelled differently",
     "A123456789", "王小明", "0770520",
     "land_office=AD|section=0863|lot=48|address=臺北市松山區東光里005鄰南京東路四段16號11樓之2",
     ""},
    {"void", "land.title", "VOID", "已註銷的權狀", "a cancelled title", "A123456789", "王小明",
     "0770520", "land_office=AD|section=0863|lot=51|owner_name=王小明", ""},
    {"uncomparable", "land.title", "UNCOMPARABLE", "姓名含無法辨識的字",
     "a name with a character nobody else knows", "B220000019", "陳𤧟英", "0501201",
     "land_office=AD|section=0863|lot=50|owner_name=陳𤧟英", ""},
    {"protected", "land.title", "NOT_COMPARED", "受保護者:與無法答覆者無從分辨",
     "a protected person: looks like any question that cannot be answered", "T220000078", "張雅婷",
     "0800615", "land_office=AD|section=0863|lot=56|owner_name=張雅婷", ""},
    {"before-roc", "land.title", "MATCH", "民國前出生", "born before the Republic", "E220000058",
     "林罔市", "民前10年3月2日", "land_office=AD|section=0863|lot=53|owner_name=林罔市", ""},
    {"two-numbers", "land.title", "MATCH", "新舊統一證號", "one person, an old and a new number",
     "A800000014", "NGUYEN VAN AN", "0741111",
     "land_office=AD|section=0863|lot=55|owner_name=NGUYEN VAN AN", ""},
    {"other-office", "land.title", "MATCH", "由另一地政事務所答覆", "answered by the other office",
     "D100000004", "蔡志宏", "0600404", "land_office=QD|section=0863|lot=48|owner_name=蔡志宏", ""},
    {"no-route", "land.title", "NO_ROUTE", "無此地政事務所", "no such land office", "A123456789",
     "王小明", "0770520", "land_office=ZZ|section=0863|lot=48|owner_name=王小明", ""},
    {"denied", "land.title", "PURPOSE_NOT_GRANTED", "目的不在授權內", "a purpose without a grant",
     "A123456789", "王小明", "0770520", kLot48, ""},
    {"building", "land.building", "MATCH", "建號相符", "a building", "A123456789", "王小明",
     "0770520", "land_office=AD|section=0863|building_number=173|owner_name=王小明", ""},
    {"entry-exit", "immigration.entry_exit", "MATCH", "入出國紀錄", "entry and exit records",
     "A123456789", "王小明", "0770520", "direction=in|date=2025-02-03|passport=312345678",
     "last_direction|last_date"},
};

}  // namespace

std::span<const Example> Examples() { return kExamples; }

const Example* FindExample(absl::string_view name_or_kind) {
  if (name_or_kind.empty()) return &kExamples[0];
  for (const Example& example : kExamples) {
    if (name_or_kind == example.name) return &example;
  }
  for (const Example& example : kExamples) {
    if (name_or_kind == example.kind) return &example;
  }
  return nullptr;
}

void FillFrom(const Example& example, TypedQuestion& typed) {
  const auto fill = [](std::string& field, absl::string_view value) {
    if (field.empty()) field = std::string(value);
  };
  const auto fill_list = [](std::vector<std::string>& list, absl::string_view values) {
    if (list.empty()) list = absl::StrSplit(values, '|', absl::SkipEmpty());
  };
  fill(typed.kind, example.kind);
  fill(typed.id, example.id);
  fill(typed.name, example.subject_name);
  fill(typed.birth_date, example.birth_date);
  fill_list(typed.claims, example.claims);
  fill_list(typed.fields, example.fields);
  fill(typed.person, "example-clerk");
  // The one example that must be refused asks for a purpose that no land grant of a clerk covers.
  fill(typed.purpose, absl::string_view(example.expected) == "PURPOSE_NOT_GRANTED"
                          ? "household.move-abroad"
                          : "household.move");
  fill(typed.basis, "household-act-68");
  fill(typed.case_number, "EXAMPLE-1");
}

}  // namespace chayan::cli
