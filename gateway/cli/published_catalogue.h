// The catalogue as it is published: for a web page, a text, an office program. Both languages
// stand side by side, whatever language the program speaks.
#ifndef CHAYAN_GATEWAY_CLI_PUBLISHED_CATALOGUE_H_
#define CHAYAN_GATEWAY_CLI_PUBLISHED_CATALOGUE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "chayan/v1/notice_service.pb.h"
#include "chayan/v1/verification_service.pb.h"
#include "gateway/report/table.h"

namespace chayan::cli {

using DocumentKinds = std::vector<v1::DocumentKindDescription>;
using NoticeKinds = std::vector<v1::NoticeKindDescription>;

struct Catalogue {
  DocumentKinds documents;
  NoticeKinds notices;
};

inline constexpr char kCatalogueTitleZh[] = "查驗文件與通報目錄";
inline constexpr char kCatalogueTitleEn[] = "Catalogue of documents and notices";
inline constexpr char kDocumentsZh[] = "可查驗文件";
inline constexpr char kDocumentsEn[] = "Documents that can be verified";
inline constexpr char kNoticesZh[] = "跨機關通報";
inline constexpr char kNoticesEn[] = "Notices between agencies";
inline constexpr char kUnconfirmedZh[] = "待確認";
inline constexpr char kUnconfirmedEn[] = "unconfirmed";

// One row of a kind's description: what it is called in both languages, and its value in both.
struct CatalogueFact {
  absl::string_view zh_tw;
  absl::string_view en;
  v1::LocalizedText value;
};
// What is said of a kind besides its claims and fields. Nothing that is empty.
std::vector<CatalogueFact> FactsOf(const v1::DocumentKindDescription& kind);
std::vector<CatalogueFact> FactsOf(const v1::NoticeKindDescription& kind);

// "NAME" → 姓名 / name.
v1::LocalizedText ValueTypeText(absl::string_view type);
// "SYNC" → 即時回復 / at once.
v1::LocalizedText AnswerModeText(absl::string_view mode);
// Whether it is required or unconfirmed, and the codes it may have.
std::string RemarksOf(const v1::ElementDescription& element);

// CommonMark with tables.
std::string CatalogueMarkdown(const Catalogue& catalogue);
// One page that needs nothing else: WCAG 2.1 AA, and fit to be printed.
std::string CatalogueHtml(const Catalogue& catalogue);
// For report::WriteOdt.
report::Letter CatalogueLetter(const Catalogue& catalogue);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_PUBLISHED_CATALOGUE_H_
