// The catalogue as a web page. The page is Chinese, and what is English says so; every section has
// a heading, every table a caption and scopes; nothing is told by colour alone; nothing is loaded.
// On a phone the overview shows names and ways alone: the rest stands in each section.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gateway/cli/published_catalogue.h"

namespace chayan::cli {
namespace {

// Every pair of colours has a contrast of at least 7 : 1.
constexpr char kStyle[] = R"(
:root { --ink: #1a1d21; --soft: #474d55; --line: #c5cbd3; --band: #f3f5f8; --link: #0a4a8f; --mark: #6b3400;
  --mark-band: #fff2d9; }
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: #fff; font: 100%/1.6 "Noto Sans TC", "Microsoft JhengHei",
  "PingFang TC", "Noto Sans CJK TC", system-ui, sans-serif; overflow-wrap: break-word; }
header, main, footer { max-width: 68rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2rem; }
h1 { margin: 0 0 .5rem; font-size: 1.9rem; line-height: 1.3; }
h2 { margin: 3rem 0 0; font-size: 1.5rem; line-height: 1.4; }
h3 { margin: 0; font-size: 1.25rem; line-height: 1.4; }
h1 [lang=en], h2 [lang=en], h3 [lang=en] { display: block; color: var(--soft); font-weight: 400; }
h1 [lang=en] { font-size: 1.2rem; }
h2 [lang=en], h3 [lang=en] { font-size: 1rem; }
p { margin: .4rem 0; }
p[lang=en], dd [lang=en], td [lang=en], th [lang=en], dt [lang=en] { color: var(--soft); }
td [lang=en], th [lang=en], dt [lang=en], dd [lang=en] { display: block; font-size: .9rem; }
a { color: var(--link); }
a:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; padding: .5rem 1rem; background: #fff; }
code { font: .9em ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }
article { margin: 2.5rem 0; padding-top: 1.25rem; border-top: 3px solid var(--ink); }
td p { margin: 0 0 .3rem; }
.overview th code { display: block; }
.mark { display: inline-block; padding: 0 .5rem; border: 1px solid var(--mark); border-radius: .25rem;
  color: var(--mark); background: var(--mark-band); font-size: .9rem; }
td .mark [lang=en], .mark [lang=en] { display: inline; color: inherit; font-size: inherit; }
dl { display: grid; grid-template-columns: 13rem 1fr; margin: 1rem 0; }
dt, dd { margin: 0; padding: .45rem .5rem .45rem 0; border-top: 1px solid var(--line); }
dt { font-weight: 700; }
dt [lang=en] { font-weight: 400; }
table { width: 100%; margin: 1.25rem 0; border-collapse: collapse; table-layout: fixed; }
caption { padding: .4rem 0; text-align: left; font-weight: 700; }
caption [lang=en] { margin-left: .3rem; color: var(--soft); font-weight: 400; }
th, td { padding: .45rem .5rem; border-top: 1px solid var(--line); text-align: left; vertical-align: top;
  overflow-wrap: anywhere; }
thead th { background: var(--band); }
tbody th { font-weight: 400; }
footer { margin-top: 3rem; padding-bottom: 2rem; color: var(--soft); }
@media (max-width: 40rem) {
  dl { grid-template-columns: 1fr; }
  dd { border-top: 0; padding-top: 0; }
  thead th, th, td { padding: .35rem .25rem; font-size: .9rem; }
  .overview col { width: 50%; }
  .overview :is(col, th, td):nth-child(n + 3) { display: none; }
}
@media print {
  @page { margin: 18mm; }
  body { font-size: 10pt; }
  header, main, footer { max-width: none; padding: 0; }
  .skip { display: none; }
  a { color: inherit; text-decoration: none; }
  article { break-inside: avoid-page; }
  h2, h3, caption { break-after: avoid; }
  tr { break-inside: avoid; }
}
)";

std::string Escape(absl::string_view text) {
  return absl::StrReplaceAll(
      text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

// Chinese, then English marked as such. A text that is the same in both stands there once.
std::string Both(absl::string_view zh_tw, absl::string_view en) {
  if (zh_tw == en) return Escape(zh_tw);
  return absl::StrCat(Escape(zh_tw), " <span lang=\"en\">", Escape(en), "</span>");
}

std::string Both(const v1::LocalizedText& text) { return Both(text.zh_tw(), text.en()); }

std::string UnconfirmedMark() {
  return absl::StrCat("<span class=\"mark\">", Both(kUnconfirmedZh, kUnconfirmedEn), "</span>");
}

bool HasUnconfirmed(const v1::DocumentKindDescription& kind) {
  const auto is = [](const v1::ElementDescription& element) { return element.unconfirmed(); };
  return kind.unconfirmed() || std::any_of(kind.claims().begin(), kind.claims().end(), is) ||
         std::any_of(kind.fields().begin(), kind.fields().end(), is);
}

bool HasUnconfirmed(const v1::NoticeKindDescription& kind) {
  return kind.unconfirmed() ||
         std::any_of(kind.payload().begin(), kind.payload().end(),
                     [](const v1::ElementDescription& element) { return element.unconfirmed(); }) ||
         std::any_of(kind.recipient_descriptions().begin(), kind.recipient_descriptions().end(),
                     [](const v1::NoticeRecipientDescription& recipient) {
                       return recipient.unconfirmed();
                     });
}

template <typename Kinds>
auto CountUnconfirmed(const Kinds& kinds) {
  return std::count_if(kinds.begin(), kinds.end(),
                       [](const auto& kind) { return HasUnconfirmed(kind); });
}

// "land.title" → "land-title": what an address of the page can end in. A notice may share the code
// of a document.
std::string Anchor(absl::string_view code, absl::string_view prefix = "") {
  return absl::StrCat(prefix, Escape(absl::StrReplaceAll(code, {{".", "-"}})));
}

struct Column {
  absl::string_view zh_tw, en, width;
};

template <size_t N>
std::string TableHead(absl::string_view caption, const Column (&columns)[N],
                      absl::string_view style = "") {
  std::string out =
      absl::StrCat("<table", style.empty() ? "" : " class=\"", style, style.empty() ? "" : "\"",
                   ">\n<caption>", caption, "</caption>\n<colgroup>");
  for (const Column& column : columns) {
    absl::StrAppend(&out, "<col style=\"width: ", column.width, "\">");
  }
  out += "</colgroup>\n<thead><tr>";
  for (const Column& column : columns) {
    absl::StrAppend(&out, "<th scope=\"col\">", Both(column.zh_tw, column.en), "</th>");
  }
  return out + "</tr></thead>\n<tbody>\n";
}

constexpr char kTableEnd[] = "</tbody>\n</table>\n";
constexpr char kNoticePrefix[] = "notice-";

// The first cell of an overview's row: what it is called, linked to its section, and its code.
std::string RowHead(const std::string& anchor, const v1::LocalizedText& title,
                    absl::string_view code) {
  return absl::StrCat("<tr><th scope=\"row\"><a href=\"#", anchor, "\">", Both(title), "</a><code>",
                      Escape(code), "</code></th>");
}

std::string Overview(const DocumentKinds& kinds) {
  constexpr Column kColumns[] = {{"文件", "Document", "32%"},
                                 {"回復方式", "How it is answered", "24%"},
                                 {"資料提供機關", "Holder", "28%"},
                                 {"人工回復期限", "A person answers within", "16%"}};
  std::string out = TableHead(Both(kDocumentsZh, kDocumentsEn), kColumns, "overview");
  for (const v1::DocumentKindDescription& kind : kinds) {
    const uint32_t days = kind.service_level_workdays();
    absl::StrAppend(&out, RowHead(Anchor(kind.document_kind()), kind.title(), kind.document_kind()),
                    "<td>", Both(AnswerModeText(kind.answer_mode())), "</td><td>");
    for (const v1::HolderDescription& holder : kind.holder_descriptions()) {
      absl::StrAppend(&out, "<p>", Both(holder.name()), "</p>");
    }
    absl::StrAppend(&out, "</td><td>",
                    Both(absl::StrCat(days, " 個工作日"),
                         absl::StrCat(days, days == 1 ? " workday" : " workdays")),
                    "</td></tr>\n");
  }
  return out + kTableEnd;
}

std::string Overview(const NoticeKinds& kinds) {
  constexpr Column kColumns[] = {{"通報", "Notice", "40%"},
                                 {"依法通報機關數", "Recipients by law", "30%"},
                                 {"經同意通報機關數", "With consent", "30%"}};
  std::string out = TableHead(Both(kNoticesZh, kNoticesEn), kColumns, "overview");
  for (const v1::NoticeKindDescription& kind : kinds) {
    absl::StrAppend(
        &out, RowHead(Anchor(kind.notice_kind(), kNoticePrefix), kind.title(), kind.notice_kind()),
        "<td>", kind.statutory_recipients_size(), "</td><td>", kind.opt_in_recipients_size(),
        "</td></tr>\n");
  }
  return out + kTableEnd;
}

std::string Remarks(const v1::ElementDescription& element) {
  std::string out;
  if (element.required()) absl::StrAppend(&out, "<p>", Both("必填", "required"), "</p>");
  if (element.unconfirmed()) absl::StrAppend(&out, "<p>", UnconfirmedMark(), "</p>");
  if (element.codes().empty()) return out;
  out += "<p>";
  for (int i = 0; i < element.codes_size(); ++i) {
    absl::StrAppend(&out, i == 0 ? "" : ", ", "<code>", Escape(element.codes(i)), "</code>");
  }
  return out + "</p>";
}

using Elements = google::protobuf::RepeatedPtrField<v1::ElementDescription>;

// `what` is the caption's beginning, in both languages.
std::string ElementTable(const std::string& what, const v1::LocalizedText& title,
                         const Elements& elements) {
  if (elements.empty()) return "";
  constexpr Column kColumns[] = {{"代碼", "Code", "22%"},
                                 {"名稱", "Name", "28%"},
                                 {"格式", "Form", "22%"},
                                 {"備註", "Remarks", "28%"}};
  std::string out = TableHead(absl::StrCat(what, " — ", Both(title)), kColumns);
  for (const v1::ElementDescription& element : elements) {
    absl::StrAppend(&out, "<tr><th scope=\"row\"><code>", Escape(element.code()),
                    "</code></th><td>", Both(element.title()), "</td><td>",
                    Both(ValueTypeText(element.type())), "</td><td>");
    absl::StrAppend(&out, Remarks(element), "</td></tr>\n");
  }
  return out + kTableEnd;
}

std::string ArticleHead(const std::string& anchor, const v1::LocalizedText& title,
                        absl::string_view code, bool unconfirmed,
                        const std::vector<CatalogueFact>& facts) {
  std::string out = absl::StrCat("<article aria-labelledby=\"", anchor, "\">\n<h3 id=\"", anchor,
                                 "\">", Both(title), "</h3>\n<p><code>", Escape(code), "</code>");
  if (unconfirmed) absl::StrAppend(&out, " ", UnconfirmedMark());
  out += "</p>\n";
  if (facts.empty()) return out;
  out += "<dl>\n";
  for (const CatalogueFact& fact : facts) {
    absl::StrAppend(&out, "<dt>", Both(fact.zh_tw, fact.en), "</dt><dd>", Both(fact.value),
                    "</dd>\n");
  }
  return out + "</dl>\n";
}

std::string Article(const v1::DocumentKindDescription& kind) {
  return absl::StrCat(
      ArticleHead(Anchor(kind.document_kind()), kind.title(), kind.document_kind(),
                  kind.unconfirmed(), FactsOf(kind)),
      ElementTable(Both("查驗項目", "What is compared"), kind.title(), kind.claims()),
      ElementTable(Both("可提供欄位", "What can be released"), kind.title(), kind.fields()),
      "</article>\n");
}

std::string Article(const v1::NoticeKindDescription& kind) {
  return absl::StrCat(ArticleHead(Anchor(kind.notice_kind(), kNoticePrefix), kind.title(),
                                  kind.notice_kind(), kind.unconfirmed(), FactsOf(kind)),
                      ElementTable(Both("通報內容", "What it says"), kind.title(), kind.payload()),
                      "</article>\n");
}

std::string Section(absl::string_view zh_tw, absl::string_view en) {
  return absl::StrCat("<h2>", Both(zh_tw, en), "</h2>\n");
}

std::string Introduction(const Catalogue& catalogue) {
  const size_t documents = catalogue.documents.size(), notices = catalogue.notices.size();
  const auto unconfirmed_documents = CountUnconfirmed(catalogue.documents);
  const auto unconfirmed_notices = CountUnconfirmed(catalogue.notices);
  return absl::StrCat(
      "<p>共 ", documents, " 種文件、", notices, " 種通報。其中 ", unconfirmed_documents,
      " 種文件、", unconfirmed_notices, " 種通報含有尚無來源佐證的內容，以「", kUnconfirmedZh,
      "」標示。</p>\n<p lang=\"en\">", documents, " kinds of documents, ", notices,
      " kinds of notices. ", unconfirmed_documents, " of the documents and ", unconfirmed_notices,
      " of the notices have something that no source confirms; it is marked “", kUnconfirmedEn,
      "”.</p>\n");
}

}  // namespace

std::string CatalogueHtml(const Catalogue& catalogue) {
  std::string out = absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"zh-Hant-TW\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
      kCatalogueTitleZh, " ", kCatalogueTitleEn, "</title>\n<style>", kStyle,
      "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#content\">跳到主要內容</a>\n<header>\n"
      "<h1>",
      Both(kCatalogueTitleZh, kCatalogueTitleEn), "</h1>\n");
  absl::StrAppend(&out, Introduction(catalogue),
                  "</header>\n<main id=\"content\">\n<nav aria-label=\"總覽\">\n",
                  Overview(catalogue.documents));
  if (!catalogue.notices.empty()) out += Overview(catalogue.notices);
  absl::StrAppend(&out, "</nav>\n", Section(kDocumentsZh, kDocumentsEn));
  for (const v1::DocumentKindDescription& kind : catalogue.documents) out += Article(kind);
  if (!catalogue.notices.empty()) out += Section(kNoticesZh, kNoticesEn);
  for (const v1::NoticeKindDescription& kind : catalogue.notices) out += Article(kind);
  return out +
         "</main>\n<footer>\n<p>目錄由登錄檔產生。 <span lang=\"en\">Made from the registry in "
         "force.</span></p>\n</footer>\n</body>\n</html>\n";
}

}  // namespace chayan::cli
