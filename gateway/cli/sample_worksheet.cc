#include "gateway/cli/sample_worksheet.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/entry_filter.h"
#include "gateway/report/formats.h"

namespace chayan::cli {
namespace {

constexpr absl::string_view kPrefix = "FINDING_";
// The sheet of entries: behind that of facts.
constexpr size_t kSheet = 1;
// A person may write more than the gateway keeps.
constexpr size_t kNoteCharactersMax = 500;

struct FindingWords {
  v1::Finding finding;
  const char* zh_tw;
  const char* en;
};
constexpr FindingWords kFindings[] = {
    {v1::FINDING_IN_ORDER, "符合規定", "in order"},
    {v1::FINDING_NO_CASE, "無此案件或案件不需查詢", "no such case, or not needed"},
    {v1::FINDING_WRONG_PURPOSE, "目的或法律依據不符", "purpose or basis is not the case's"},
    {v1::FINDING_EXCESSIVE, "查詢逾越必要範圍", "more than the case needed"},
    {v1::FINDING_WRONG_PERSON, "非所載承辦人", "the person named did not ask"},
    {v1::FINDING_FILE_DIFFERS, "卷內資料不同", "the file holds something else"},
    {v1::FINDING_UNRESOLVED, "無法查明", "could not be found out"},
};

std::string CodeOf(v1::Finding finding) {
  return std::string(absl::StripPrefix(v1::Finding_Name(finding), kPrefix));
}

std::string Codes() {
  std::vector<std::string> codes;
  for (const FindingWords& words : kFindings) codes.push_back(CodeOf(words.finding));
  return absl::StrJoin(codes, ", ");
}

// How many columns name the entry.
size_t EntryColumns() { return EntryHeader(Language::kEn).size(); }

size_t CharacterCount(absl::string_view text) {
  size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return count;
}

absl::StatusOr<v1::SampleFinding> ReadRow(const report::Row& row) {
  v1::SampleFinding finding;
  CHAYAN_ASSIGN_OR_RETURN(const uint64_t index, ParseDecimal(row[0]));
  finding.set_index(index);
  v1::Finding code;
  if (!v1::Finding_Parse(absl::StrCat(kPrefix, absl::AsciiStrToUpper(absl::StripAsciiWhitespace(
                                                   row[EntryColumns()]))),
                         &code) ||
      code == v1::FINDING_UNSPECIFIED) {
    return absl::InvalidArgumentError(absl::StrCat("no finding; write one of ", Codes()));
  }
  finding.set_finding(code);
  if (row.size() > EntryColumns() + 1) finding.set_note(row[EntryColumns() + 1]);
  if (CharacterCount(finding.note()) > kNoteCharactersMax) {
    return absl::InvalidArgumentError("the note has more than 500 characters");
  }
  return finding;
}

}  // namespace

report::Document SampleWorksheet(Language language, const v1::RevealSampleResponse& revealed) {
  const v1::Draw& draw = revealed.draw();
  const auto say = [&](absl::string_view zh, absl::string_view en) {
    return std::string(Say(language, zh, en));
  };
  report::Document document;
  document.title = absl::StrCat(say("抽樣 ", "sample "), draw.draw());
  document.facts = {{say("抽樣紀錄索引", "entry of the draw"), absl::StrCat(draw.draw())},
                    {say("母體", "population"), absl::StrCat(draw.population())},
                    {say("樣本", "sample"), absl::StrCat(draw.sample_size())}};
  for (const FindingWords& words : kFindings) {
    document.facts.push_back({CodeOf(words.finding), say(words.zh_tw, words.en)});
  }
  report::Table table{.name = "sample", .title = say("樣本", "sample")};
  table.header = EntryHeader(language);
  table.header.push_back(say("結論(代碼)", "finding (code)"));
  table.header.push_back(say("說明", "note"));
  for (const v1::FoundEntry& entry : revealed.entries()) {
    const auto leaf = log::ReadLeaf(entry.leaf());
    report::Row row = leaf.ok() ? EntryRow(entry.index(), *leaf)
                                : report::Row(EntryColumns(), absl::StrCat(entry.index()));
    row.resize(table.header.size());
    table.rows.push_back(std::move(row));
  }
  document.tables.push_back(std::move(table));
  return document;
}

absl::StatusOr<std::vector<v1::SampleFinding>> ReadFindings(absl::string_view ods) {
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<report::Table> sheets, report::ReadOds(ods));
  if (sheets.size() <= kSheet) {
    return absl::InvalidArgumentError("no worksheet of a sample: its second sheet is missing");
  }
  std::vector<v1::SampleFinding> findings;
  const std::vector<report::Row>& rows = sheets[kSheet].rows;
  for (size_t i = 1; i < rows.size(); ++i) {
    const bool is_empty = rows[i].size() <= EntryColumns() || rows[i][EntryColumns()].empty();
    if (is_empty) continue;
    auto finding = ReadRow(rows[i]);
    if (!finding.ok()) return Annotate(finding.status(), absl::StrCat("row ", i + 1));
    findings.push_back(*std::move(finding));
  }
  if (findings.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the worksheet has no finding yet; write one of ", Codes(),
                     " into the column before the last"));
  }
  return findings;
}

}  // namespace chayan::cli
