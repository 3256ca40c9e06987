#include "gateway/cli/published_catalogue.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace chayan::cli {
namespace {

struct Word {
  absl::string_view code, zh_tw, en;
};

v1::LocalizedText Text(absl::string_view zh_tw, absl::string_view en) {
  v1::LocalizedText text;
  text.set_zh_tw(std::string(zh_tw));
  text.set_en(std::string(en));
  return text;
}

// The words of `code`, or the code itself: a server may be newer than this program.
template <size_t N>
v1::LocalizedText Find(const Word (&words)[N], absl::string_view code) {
  for (const Word& word : words) {
    if (word.code == code) return Text(word.zh_tw, word.en);
  }
  return Text(code, code);
}

constexpr Word kModes[] = {
    {"SYNC", "即時回復", "at once"},
    {"ASYNC", "系統隨後回復；目前以表單洽辦", "by machine, later; for now by form"},
    {"HUMAN", "承辦人回復", "by a person at the holder's desk"},
    {"NOTICE", "即時與機關通報比對", "at once, from what the holder reported"},
};
constexpr Word kSensitivities[] = {
    {"OPEN", "公開登記", "open register"},
    {"PERSONAL", "個人資料", "personal data"},
    {"SPECIAL", "特種或高敏感個人資料", "special or highly sensitive personal data"},
};
constexpr Word kRetentions[] = {
    {"FIVE_YEARS", "5 年", "5 years"},
    {"TEN_YEARS", "10 年", "10 years"},
    {"PERMANENT", "永久", "for ever"},
};
constexpr Word kTypes[] = {
    {"TEXT", "文字", "text"},
    {"NAME", "姓名", "name"},
    {"DATE", "日期", "date"},
    {"PERSON_NUMBER", "國民身分證或居留證統一編號", "national id or resident number"},
    {"BUSINESS_NUMBER", "營利事業統一編號", "business number"},
    {"ADDRESS", "地址", "address"},
    {"LAND_OFFICE", "地政事務所代碼", "land office code"},
    {"LAND_SECTION", "段代碼", "land section code"},
    {"LAND_LOT", "地號", "lot number"},
    {"BUILDING_NUMBER", "建號", "building number"},
    {"PASSPORT", "護照號碼", "passport number"},
    {"INTEGER", "整數", "whole number"},
    {"CODE", "代碼", "code"},
    {"VEHICLE_PLATE", "車牌", "vehicle plate"},
};

template <typename Kind>
v1::LocalizedText Bases(const Kind& kind) {
  std::vector<std::string> zh_tw, en;
  for (const v1::LegalBasisDescription& basis : kind.basis_descriptions()) {
    zh_tw.push_back(basis.title().zh_tw());
    en.push_back(basis.title().en());
  }
  return Text(absl::StrJoin(zh_tw, "、"), absl::StrJoin(en, "; "));
}

v1::LocalizedText Holders(const v1::DocumentKindDescription& kind) {
  std::vector<std::string> zh_tw, en;
  for (const v1::HolderDescription& holder : kind.holder_descriptions()) {
    std::string areas = absl::StrJoin(holder.areas(), ", ");
    if (!areas.empty()) areas = absl::StrCat(" (", areas, ")");
    zh_tw.push_back(holder.name().zh_tw() + areas);
    en.push_back(holder.name().en() + areas);
  }
  return Text(absl::StrJoin(zh_tw, "、"), absl::StrJoin(en, "; "));
}

std::string WithRemarks(const std::string& name, const std::vector<std::string>& remarks) {
  return remarks.empty() ? name : absl::StrCat(name, " (", absl::StrJoin(remarks, "; "), ")");
}

// Those whom the law names, or those to whom a consent leads, each with it.
v1::LocalizedText Recipients(const v1::NoticeKindDescription& kind, bool with_consent) {
  std::vector<std::string> zh_tw, en;
  for (const v1::NoticeRecipientDescription& recipient : kind.recipient_descriptions()) {
    if (recipient.has_consent() != with_consent) continue;
    std::vector<std::string> zh_tw_remarks, en_remarks;
    if (with_consent) {
      zh_tw_remarks.push_back(recipient.consent().zh_tw());
      en_remarks.push_back(recipient.consent().en());
    }
    if (recipient.unconfirmed()) {
      zh_tw_remarks.emplace_back(kUnconfirmedZh);
      en_remarks.emplace_back(kUnconfirmedEn);
    }
    zh_tw.push_back(WithRemarks(recipient.name().zh_tw(), zh_tw_remarks));
    en.push_back(WithRemarks(recipient.name().en(), en_remarks));
  }
  return Text(absl::StrJoin(zh_tw, "、"), absl::StrJoin(en, "; "));
}

v1::LocalizedText Fallback(const v1::DocumentKindDescription& kind) {
  std::string zh_tw = kind.fallback_form(), en = kind.fallback_form();
  for (const v1::HolderDescription& holder : kind.holder_descriptions()) {
    if (!holder.has_desk()) continue;
    absl::StrAppend(&zh_tw, zh_tw.empty() ? "" : "；", holder.name().zh_tw(),
                    holder.desk().name().zh_tw(), " ", holder.desk().phone());
    absl::StrAppend(&en, en.empty() ? "" : "; ", holder.name().en(), ", ",
                    holder.desk().name().en(), " ", holder.desk().phone());
  }
  return Text(zh_tw, en);
}

v1::LocalizedText Replaced(const v1::DocumentKindDescription& kind) {
  if (kind.replaces().zh_tw().empty() && kind.replaces().en().empty()) return {};
  const uint32_t sheets = kind.replaces_sheets();
  return Text(absl::StrCat(kind.replaces().zh_tw(), "，", sheets, " 張"),
              absl::StrCat(kind.replaces().en(), ", ", sheets, sheets == 1 ? " sheet" : " sheets"));
}

void RemoveEmpty(std::vector<CatalogueFact>& facts) {
  std::erase_if(facts, [](const CatalogueFact& fact) {
    return fact.value.zh_tw().empty() && fact.value.en().empty();
  });
}

// Unique in a document, and of the characters that a table's name may have.
std::string TableName(absl::string_view code, absl::string_view part) {
  return absl::StrCat(absl::StrReplaceAll(code, {{".", "-"}, {"_", "-"}}), "-", part);
}

using Elements = google::protobuf::RepeatedPtrField<v1::ElementDescription>;

report::Table ElementTable(std::string name, absl::string_view title, const Elements& elements) {
  report::Table table;
  table.name = std::move(name);
  table.title = std::string(title);
  table.header = {"代碼 / Code", "名稱 / Name", "格式 / Form", "備註 / Remarks"};
  for (const v1::ElementDescription& element : elements) {
    const v1::LocalizedText type = ValueTypeText(element.type());
    table.rows.push_back({element.code(),
                          absl::StrCat(element.title().zh_tw(), " / ", element.title().en()),
                          absl::StrCat(type.zh_tw(), " / ", type.en()), RemarksOf(element)});
  }
  return table;
}

constexpr char kClaims[] = "查驗項目 / What is compared";
constexpr char kFields[] = "可提供欄位 / What can be released";
constexpr char kPayload[] = "通報內容 / What it says";

// A kind of document or notice, as Markdown and letter show it.
struct Entry {
  std::string code;
  std::string heading;
  bool unconfirmed;
  std::vector<CatalogueFact> facts;
  std::vector<report::Table> tables;  // none is empty
};

template <typename Kind>
Entry NewEntry(const Kind& kind, const std::string& code) {
  return {code,
          absl::StrCat(kind.title().zh_tw(), " / ", kind.title().en(), " (", code, ")"),
          kind.unconfirmed(),
          FactsOf(kind),
          {}};
}

void AddTable(Entry& entry, absl::string_view part, absl::string_view title,
              const Elements& elements) {
  if (elements.empty()) return;
  entry.tables.push_back(ElementTable(TableName(entry.code, part), title, elements));
}

std::vector<Entry> EntriesOf(const DocumentKinds& kinds) {
  std::vector<Entry> entries;
  for (const v1::DocumentKindDescription& kind : kinds) {
    Entry& entry = entries.emplace_back(NewEntry(kind, kind.document_kind()));
    AddTable(entry, "claims", kClaims, kind.claims());
    AddTable(entry, "fields", kFields, kind.fields());
  }
  return entries;
}

std::vector<Entry> EntriesOf(const NoticeKinds& kinds) {
  std::vector<Entry> entries;
  for (const v1::NoticeKindDescription& kind : kinds) {
    Entry& entry = entries.emplace_back(NewEntry(kind, kind.notice_kind()));
    AddTable(entry, "payload", kPayload, kind.payload());
  }
  return entries;
}

std::string Both(absl::string_view zh_tw, absl::string_view en) {
  return absl::StrCat(zh_tw, " / ", en);
}

std::string MarkdownCell(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"|", "\\|"}, {"\n", "<br>"}, {"<", "&lt;"}});
}

void AppendMarkdown(const report::Table& table, std::string& out) {
  absl::StrAppend(&out, "\n**", table.title, "**\n\n");
  const auto append = [&](const report::Row& row) {
    for (const std::string& cell : row) absl::StrAppend(&out, "| ", MarkdownCell(cell), " ");
    out += "|\n";
  };
  append(table.header);
  for (size_t i = 0; i < table.header.size(); ++i) out += "|---";
  out += "|\n";
  for (const report::Row& row : table.rows) append(row);
}

void AppendMarkdown(const Entry& entry, std::string& out) {
  absl::StrAppend(&out, "\n### ", MarkdownCell(entry.heading), "\n\n");
  if (entry.unconfirmed)
    absl::StrAppend(&out, "**", Both(kUnconfirmedZh, kUnconfirmedEn), "**\n\n");
  for (const CatalogueFact& fact : entry.facts) {
    absl::StrAppend(&out, "- ", Both(fact.zh_tw, fact.en), ": ",
                    Both(MarkdownCell(fact.value.zh_tw()), MarkdownCell(fact.value.en())), "\n");
  }
  for (const report::Table& table : entry.tables) AppendMarkdown(table, out);
}

void Append(Entry entry, report::Letter& letter) {
  letter.Heading(entry.heading);
  if (entry.unconfirmed) letter.Paragraph(Both(kUnconfirmedZh, kUnconfirmedEn));
  report::Table facts;
  facts.name = TableName(entry.code, "facts");
  facts.header = {"事項 / Item", "內容", "Content"};
  for (const CatalogueFact& fact : entry.facts) {
    facts.rows.push_back({Both(fact.zh_tw, fact.en), fact.value.zh_tw(), fact.value.en()});
  }
  letter.Add(std::move(facts));
  for (report::Table& table : entry.tables) {
    letter.Paragraph(table.title);
    letter.Add(std::move(table));
  }
}

}  // namespace

v1::LocalizedText ValueTypeText(absl::string_view type) { return Find(kTypes, type); }

v1::LocalizedText AnswerModeText(absl::string_view mode) { return Find(kModes, mode); }

std::string RemarksOf(const v1::ElementDescription& element) {
  std::vector<std::string> remarks;
  if (element.required()) remarks.push_back("必填 / required");
  if (element.unconfirmed()) {
    remarks.push_back(absl::StrCat(kUnconfirmedZh, " / ", kUnconfirmedEn));
  }
  if (!element.codes().empty()) remarks.push_back(absl::StrJoin(element.codes(), ", "));
  return absl::StrJoin(remarks, "; ");
}

std::vector<CatalogueFact> FactsOf(const v1::DocumentKindDescription& kind) {
  const uint32_t days = kind.service_level_workdays();
  std::vector<CatalogueFact> facts = {
      {"資料提供機關", "Holder", Holders(kind)},
      {"法律依據", "Legal basis", Bases(kind)},
      {"回復方式", "How it is answered", Find(kModes, kind.answer_mode())},
      {"人工回復期限", "A person answers within",
       Text(absl::StrCat(days, " 個工作日"),
            absl::StrCat(days, days == 1 ? " workday" : " workdays"))},
      {"替代管道", "When the electronic way fails", Fallback(kind)},
      {"取代紙本", "Paper it replaces", Replaced(kind)},
      {"資料性質", "Sensitivity", Find(kSensitivities, kind.sensitivity())},
      {"紀錄保存", "Records are kept", Find(kRetentions, kind.retention_class())},
  };
  if (kind.person_assertion_required()) {
    facts.push_back({"查詢人員", "Who asks",
                     Text("須由所屬機關證明身分", "must be vouched for by the office")});
  }
  RemoveEmpty(facts);
  return facts;
}

std::vector<CatalogueFact> FactsOf(const v1::NoticeKindDescription& kind) {
  std::vector<CatalogueFact> facts = {
      {"依法通報機關", "Sent by law to", Recipients(kind, /*with_consent=*/false)},
      {"經申請人同意通報機關", "Sent with the applicant's consent to",
       Recipients(kind, /*with_consent=*/true)},
      {"法律依據", "Legal basis", Bases(kind)},
  };
  if (kind.subjects_max() > 1) {
    facts.push_back({"每件人數上限", "Persons in one notice, at most",
                     Text(absl::StrCat(kind.subjects_max()), absl::StrCat(kind.subjects_max()))});
  }
  RemoveEmpty(facts);
  return facts;
}

std::string CatalogueMarkdown(const Catalogue& catalogue) {
  std::string out = absl::StrCat("# ", Both(kCatalogueTitleZh, kCatalogueTitleEn), "\n\n## ",
                                 Both(kDocumentsZh, kDocumentsEn), "\n");
  for (const Entry& entry : EntriesOf(catalogue.documents)) AppendMarkdown(entry, out);
  if (catalogue.notices.empty()) return out;
  absl::StrAppend(&out, "\n## ", Both(kNoticesZh, kNoticesEn), "\n");
  for (const Entry& entry : EntriesOf(catalogue.notices)) AppendMarkdown(entry, out);
  return out;
}

report::Letter CatalogueLetter(const Catalogue& catalogue) {
  report::Letter letter;
  letter.title = Both(kCatalogueTitleZh, kCatalogueTitleEn);
  for (Entry& entry : EntriesOf(catalogue.documents)) Append(std::move(entry), letter);
  for (Entry& entry : EntriesOf(catalogue.notices)) Append(std::move(entry), letter);
  return letter;
}

}  // namespace chayan::cli
