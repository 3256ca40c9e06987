// chayan audit affected: what a stolen certificate, a person or a span of time
// touched, for the incident report that is due within the hour.
#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "gateway/cli/audit_commands.h"
#include "gateway/cli/document_output.h"
#include "gateway/cli/entry_filter.h"
#include "gateway/cli/offline_log.h"
#include "gateway/cli/opened_evidence.h"
#include "gateway/report/period.h"

namespace chayan::cli {
namespace {

using log::Key;

struct Options {
  OfflineFlags log;
  FilterFlags filter;
  OutputFlags output;
  std::string receipts;
  std::string person;
};

// What happened, in the words of a report.
struct Affected {
  report::Table entries;
  std::map<std::string, uint64_t> by_type;
  std::map<report::Row, uint64_t> by_office_and_kind;
  std::string first;
  std::string last;

  void Add(const AuditedEntry& entry) {
    const log::LeafView& leaf = entry.leaf;
    if (first.empty()) first = std::string(leaf.timestamp);
    last = std::string(leaf.timestamp);
    ++by_type[std::string(leaf.type)];
    ++by_office_and_kind[{std::string(leaf.Get(Key::kMember)), std::string(leaf.Get(Key::kFor)),
                          std::string(leaf.Get(Key::kKind)), std::string(leaf.Get(Key::kHolder)),
                          std::string(leaf.Get(Key::kOutcome))}];
    entries.rows.push_back(EntryRow(entry.index, leaf));
  }
};

report::Document IncidentReport(Language language, const AuditReport& audit, Affected affected) {
  const auto say = [&](absl::string_view zh, absl::string_view en) {
    return std::string(Say(language, zh, en));
  };
  report::Document document;
  document.title = say("資安事件影響範圍", "what the incident touched");
  document.facts = {
      {say("日誌", "log"), audit.standing->checkpoint.origin},
      {say("檢查點紀錄數", "entries under the checkpoint"),
       absl::StrCat(audit.standing->checkpoint.head.size)},
      {say("受影響紀錄", "entries touched"), absl::StrCat(affected.entries.rows.size())}};
  if (!affected.first.empty()) {
    const absl::Time first = report::TimeOfEntry(affected.first);
    const absl::Time last = report::TimeOfEntry(affected.last);
    document.facts.push_back({say("首筆", "first"), report::IsoTime(first)});
    document.facts.push_back({say("首筆(民國)", "first (ROC)"), report::RocTime(first)});
    document.facts.push_back({say("末筆", "last"), report::IsoTime(last)});
    document.facts.push_back({say("末筆(民國)", "last (ROC)"), report::RocTime(last)});
  }
  for (const auto& [type, count] : affected.by_type) {
    document.facts.push_back({type, absl::StrCat(count)});
  }
  report::Table summary{.name = "summary", .title = say("彙總", "by office and kind")};
  summary.header = {say("會員", "member"),     say("機關", "office"),  say("類別", "kind"),
                    say("資料機關", "holder"), say("結果", "outcome"), say("件數", "count")};
  for (const auto& [key, count] : affected.by_office_and_kind) {
    report::Row row = key;
    row.push_back(absl::StrCat(count));
    summary.rows.push_back(std::move(row));
  }
  document.tables = {std::move(summary), std::move(affected.entries)};
  return document;
}

ExitCode FindAffected(Program& program, const Options& options) {
  const FilterFlags& flags = options.filter;
  if (flags.cert.empty() && flags.from.empty() && flags.system.empty() && options.person.empty()) {
    return program.Fail(ExitCode::kUsage,
                        program.Say("請給 --cert、--system、--person 或 --since",
                                    "affected by what? give --cert, --system, --person or "
                                    "--since"));
  }
  if (!options.person.empty() && options.receipts.empty()) {
    return program.Fail(ExitCode::kUsage,
                        program.Say("--person 須配合 --receipts:日誌內沒有人名;或向閘道查詢:"
                                    "chayan audit search --person",
                                    "--person needs --receipts: no person stands in the log; or "
                                    "ask a gateway: chayan audit search --person"));
  }
  const auto filter = EntryFilter::Create(flags, program.clock.Now());
  if (!filter.ok()) return program.FailUsage(filter.status());
  OpenedEvidence evidence;
  const absl::Status opened = evidence.Load(options.receipts);
  if (!opened.ok()) return program.FailUsage(opened);
  const Language language = DocumentLanguage(program, options.output);
  Affected affected;
  affected.entries = {.name = "entries", .title = std::string(Say(language, "紀錄", "entries"))};
  affected.entries.header = EntryHeader(language);
  AuditReport report;
  const ExitCode read = ReadOfflineLog(
      program, options.log,
      [&](const AuditedEntry& entry) {
        if (!filter->Matches(entry.index, entry.leaf)) return;
        const report::Opened* const who = evidence.Find(entry);
        if (!options.person.empty() && (who == nullptr || who->person != options.person)) return;
        affected.Add(entry);
      },
      report);
  if (read != ExitCode::kOk) return read;
  return PrintDocument(program, options.output,
                       IncidentReport(language, report, std::move(affected)));
}

}  // namespace

void AddAuditAffectedCommand(CLI::App& audit, Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* affected = audit.add_subcommand(
      "affected", std::string(program.Say("資安事件通報:某憑證、系統、承辦人或時段觸及的紀錄",
                                          "for an incident report: all that a certificate, a "
                                          "system, a person or a span of time touched")));
  AddOfflineFlags(*affected, options->log);
  AddFilterFlags(*affected, options->filter);
  affected->add_option("--since", options->filter.from, "the same as --from: 24h, a day, a time");
  affected->add_option("--person", options->person, "id of a person; needs --receipts");
  affected->add_option("--receipts", options->receipts,
                       "folder of evidence files (*.chayan) that say who asked");
  AddOutputFlags(*affected, options->output);
  affected->callback([&program, options] {
    program.action = [&program, options] { return FindAffected(program, *options); };
  });
}

}  // namespace chayan::cli
