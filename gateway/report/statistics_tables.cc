#include "gateway/report/statistics_tables.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace chayan::report {
namespace {

std::string Number(uint64_t value) { return absl::StrCat(value); }

std::string Text(Language language, const v1::LocalizedText& text) {
  const std::string& wanted = language == Language::kZhTw ? text.zh_tw() : text.en();
  return wanted.empty() ? (language == Language::kZhTw ? text.en() : text.zh_tw()) : wanted;
}

// The columns that every count has, behind those that name what is counted.
Row CountHeader(Language language, Row names) {
  for (const auto& [zh, en] :
       {std::pair("查驗件數", "questions"), std::pair("電子查復", "answered electronically"),
        std::pair("電子查復比率", "share answered"), std::pair("減附書證張數", "sheets avoided"),
        std::pair("拒絕", "denied"), std::pair("失敗", "failed")}) {
    names.emplace_back(Say(language, zh, en));
  }
  return names;
}

Row CountRow(Row names, const Count& count) {
  names.push_back(Number(count.questions));
  names.push_back(Number(count.answered));
  names.push_back(Share(count.answered, count.questions));
  names.push_back(Number(count.sheets_avoided));
  names.push_back(Number(count.denied));
  names.push_back(Number(count.failed));
  return names;
}

Table ByMonth(Language language, const Statistics& statistics) {
  Table table{.name = "months", .title = std::string(Say(language, "各月件數", "by month"))};
  table.header = CountHeader(language, {std::string(Say(language, "月份", "month")),
                                        std::string(Say(language, "民國月份", "ROC month"))});
  for (const auto& [month, count] : statistics.by_month()) {
    table.rows.push_back(CountRow({IsoMonth(month), RocMonth(month)}, count));
  }
  return table;
}

Table Tally(Language language, const char* name, absl::string_view title, absl::string_view what,
            const std::map<std::string, uint64_t, std::less<>>& counts) {
  Table table{.name = name, .title = std::string(title)};
  table.header = {std::string(what), std::string(Say(language, "件數", "count")),
                  std::string(Say(language, "比率", "share"))};
  uint64_t all = 0;
  for (const auto& [code, count] : counts) all += count;
  for (const auto& [code, count] : counts) {
    table.rows.push_back({code, Number(count), Share(count, all)});
  }
  return table;
}

template <typename Title>
Table ByCode(Language language, const char* name, absl::string_view title, absl::string_view what,
             const Statistics::ByCode& counts, const Title& title_of) {
  Table table{.name = name, .title = std::string(title)};
  table.header =
      CountHeader(language, {std::string(what), std::string(Say(language, "名稱", "name"))});
  for (const auto& [code, count] : counts) {
    table.rows.push_back(CountRow({code, title_of(code)}, count));
  }
  return table;
}

Table ByKindAndOffice(Language language, const Statistics& statistics) {
  Table table{.name = "kinds-offices",
              .title = std::string(Say(language, "文件類別與機關", "by kind and office"))};
  const registry::Snapshot* const set = statistics.newest_set();
  table.header = CountHeader(language, {std::string(Say(language, "文件類別", "kind")),
                                        std::string(Say(language, "類別名稱", "kind's name")),
                                        std::string(Say(language, "機關", "office")),
                                        std::string(Say(language, "機關名稱", "office's name"))});
  for (const auto& [key, count] : statistics.by_kind_and_office()) {
    table.rows.push_back(CountRow({key.first, KindTitle(language, set, key.first), key.second,
                                   MemberName(language, set, key.second)},
                                  count));
  }
  return table;
}

}  // namespace

std::string Share(uint64_t part, uint64_t all) {
  if (all == 0) return "–";
  return absl::StrFormat("%.1f %%", 100.0 * static_cast<double>(part) / static_cast<double>(all));
}

std::string KindTitle(Language language, const registry::Snapshot* set, absl::string_view code) {
  if (set == nullptr) return "";
  if (const registry::Kind* const kind = set->FindKind(code)) {
    return Text(language, kind->proto->title());
  }
  const v1::NoticeKind* const notice = set->FindNoticeKind(code);
  return notice == nullptr ? "" : Text(language, notice->title());
}

std::string MemberName(Language language, const registry::Snapshot* set, absl::string_view id) {
  const v1::Member* const member = set == nullptr ? nullptr : set->FindMember(id);
  return member == nullptr ? "" : Text(language, member->name());
}

std::vector<Row> PeriodFacts(Language language, const Period& period) {
  return {
      {std::string(Say(language, "期間", "period")),
       absl::StrCat(IsoDate(period.first), Say(language, " 至 ", " to "), IsoDate(period.last))},
      {std::string(Say(language, "期間(民國)", "period (ROC)")),
       absl::StrCat(RocDate(period.first), Say(language, " 至 ", " to "), RocDate(period.last))}};
}

std::vector<Row> TotalFacts(Language language, const Statistics& statistics) {
  const Count& total = statistics.total();
  const auto fact = [&](absl::string_view zh, absl::string_view en, std::string value) {
    return Row{std::string(Say(language, zh, en)), std::move(value)};
  };
  return {fact("日誌紀錄數", "entries of the log", Number(statistics.entries())),
          fact("查驗件數", "questions", Number(total.questions)),
          fact("電子查復", "answered electronically", Number(total.answered)),
          fact("電子查復比率", "share answered", Share(total.answered, total.questions)),
          fact("減附書證張數", "sheets avoided", Number(total.sheets_avoided)),
          fact("拒絕", "denied", Number(total.denied)),
          fact("失敗", "failed", Number(total.failed))};
}

std::vector<Table> StatisticsTables(Language language, const Statistics& statistics) {
  const registry::Snapshot* const set = statistics.newest_set();
  const auto say = [&](absl::string_view zh, absl::string_view en) {
    return Say(language, zh, en);
  };
  const auto kind = [&](absl::string_view code) { return KindTitle(language, set, code); };
  const auto member = [&](absl::string_view id) { return MemberName(language, set, id); };
  const auto proof = [&](absl::string_view code) {
    return std::string(code == "member" ? say("機關保證", "vouched for by the member")
                       : code == "none" ? say("僅具名", "named only")
                                        : "");
  };
  return {ByMonth(language, statistics),
          Tally(language, "outcomes", say("查驗結果", "outcomes"), say("結果", "outcome"),
                statistics.outcomes()),
          Tally(language, "denials", say("拒絕原因", "denials by reason"), say("原因", "reason"),
                statistics.denials()),
          ByCode(language, "kinds", say("文件類別", "by kind"), say("代碼", "kind"),
                 statistics.by_kind(), kind),
          ByCode(language, "offices", say("機關", "by office"), say("代碼", "office"),
                 statistics.by_office(), member),
          ByKindAndOffice(language, statistics),
          ByCode(language, "members", say("會員", "by member"), say("代碼", "member"),
                 statistics.by_member(), member),
          ByCode(language, "persons", say("承辦人證明", "by the person's proof"),
                 say("證明", "proof"), statistics.by_person_proof(), proof),
          Tally(language, "types", say("紀錄種類", "entries by type"), say("種類", "type"),
                statistics.types())};
}

}  // namespace chayan::report
