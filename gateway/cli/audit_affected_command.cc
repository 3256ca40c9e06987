// chayan audit affected: what a stolen certificate, a person or a span of time
// touched, for the incident report that is due within the hour.
#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "gateway/cli/audit_commands.h"
#include "gateway/cli/audit_search_call.h"
#include "gateway/cli/document_output.h"
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
  VaultFlags vault;  // the person alone
};

// What happened, in the words of a report.
struct Affected {
  report::Table entries;
  std::map<std::string, uint64_t> by_type;
  std::map<report::Row, uint64_t> by_office_and_kind;
  std::string first;
  std::string last;
  std::vector<report::Row> source;  // where it was read

  void Add(uint64_t index, const log::LeafView& leaf) {
    if (first.empty()) first = std::string(leaf.timestamp);
    last = std::string(leaf.timestamp);
    ++by_type[std::string(leaf.type)];
    ++by_office_and_kind[{std::string(leaf.Get(Key::kMember)), std::string(leaf.Get(Key::kFor)),
                          std::string(leaf.Get(Key::kKind)), std::string(leaf.Get(Key::kHolder)),
                          std::string(leaf.Get(Key::kOutcome))}];
    entries.rows.push_back(EntryRow(index, leaf));
  }
};

report::Document IncidentReport(Language language, Affected affected) {
  const auto say = [&](absl::string_view zh, absl::string_view en) {
    return std::string(Say(language, zh, en));
  };
  report::Document document;
  document.title = say("資安事件影響範圍", "what the incident touched");
  document.facts = std::move(affected.source);
  document.facts.push_back(
      {say("受影響紀錄", "entries touched"), absl::StrCat(affected.entries.rows.size())});
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

// `person`: ID or MEMBER:ID.
bool IsOf(const std::string& person, const AuditedEntry& entry, const report::Opened* who) {
  return who != nullptr && (person == who->person ||
                            person == absl::StrCat(entry.leaf.Get(Key::kMember), ":", who->person));
}

// Of an export: a person is found by the evidence files that name one.
ExitCode FindInExport(Program& program, const Options& options, Language language,
                      Affected& affected) {
  const std::string& person = options.vault.person;
  if (!person.empty() && options.receipts.empty()) {
    return program.Fail(
        ExitCode::kUsage,
        program.Say("--person 須配合 --receipts:日誌內沒有人名;或不給 DIR,向閘道查詢",
                    "--person needs --receipts, for no person stands in the log; "
                    "or leave DIR out and ask the gateway"));
  }
  const auto filter = EntryFilter::Create(options.filter, program.clock.Now());
  if (!filter.ok()) return program.FailUsage(filter.status());
  OpenedEvidence evidence;
  const absl::Status opened = evidence.Load(options.receipts);
  if (!opened.ok()) return program.FailUsage(opened);
  AuditReport report;
  const ExitCode read = ReadOfflineLog(
      program, options.log,
      [&](const AuditedEntry& entry) {
        if (!filter->Matches(entry.index, entry.leaf)) return;
        if (person.empty() || IsOf(person, entry, evidence.Find(entry))) {
          affected.Add(entry.index, entry.leaf);
        }
      },
      report);
  if (read != ExitCode::kOk) return read;
  const tlog::Checkpoint& checkpoint = report.standing->checkpoint;
  affected.source = {{std::string(Say(language, "日誌", "log")), checkpoint.origin},
                     {std::string(Say(language, "檢查點紀錄數", "entries under the checkpoint")),
                      absl::StrCat(checkpoint.head.size)}};
  return ExitCode::kOk;
}

// Of a gateway, which finds a person in its vault; the search is recorded.
ExitCode FindOnline(Program& program, const Options& options, Language language,
                    Affected& affected) {
  if (!options.receipts.empty()) {
    return program.Fail(ExitCode::kUsage,
                        program.Say("--receipts 須配合 DIR", "--receipts goes with DIR"));
  }
  const auto request = ToProto(program, options.filter, options.vault);
  if (!request.ok()) return program.FailUsage(request.status());
  std::string gateway;
  const ExitCode searched = SearchGateway(
      program, *request,
      [&](uint64_t index, const log::LeafView& leaf) { affected.Add(index, leaf); }, gateway);
  affected.source = {{std::string(Say(language, "閘道", "gateway")), gateway},
                     {std::string(Say(language, "證明", "proof")),
                      std::string(Say(language, "無;逐筆證明:chayan audit entry 索引",
                                      "none; `chayan audit entry INDEX` proves an entry"))}};
  return searched;
}

ExitCode FindAffected(Program& program, const Options& options) {
  const FilterFlags& flags = options.filter;
  if (flags.cert.empty() && flags.from.empty() && flags.system.empty() &&
      options.vault.person.empty()) {
    return program.Fail(ExitCode::kUsage,
                        program.Say("請給 --cert、--system、--person 或 --since",
                                    "affected by what? give --cert, --system, --person or "
                                    "--since"));
  }
  const Language language = DocumentLanguage(program, options.output);
  Affected affected;
  affected.entries = {.name = "entries", .title = std::string(Say(language, "紀錄", "entries"))};
  affected.entries.header = EntryHeader(language);
  const auto find = options.log.directory.empty() ? FindOnline : FindInExport;
  const ExitCode found = find(program, options, language, affected);
  if (found != ExitCode::kOk) return found;
  return PrintDocument(program, options.output, IncidentReport(language, std::move(affected)));
}

}  // namespace

void AddAuditAffectedCommand(CLI::App& audit, Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* affected = audit.add_subcommand(
      "affected", std::string(program.Say("資安事件通報:某憑證、系統、承辦人或時段觸及的紀錄",
                                          "for an incident report: all that a certificate, a "
                                          "system, a person or a span of time touched")));
  AddOfflineFlags(*affected, options->log, /*required=*/false);
  AddFilterFlags(*affected, options->filter);
  affected->add_option("--since", options->filter.from, "the same as --from: 24h, a day, a time");
  affected->add_option("--person", options->vault.person,
                       "what this person did, MEMBER:ID: of a gateway, which is asked where no DIR "
                       "is given; of an export with --receipts");
  affected->add_option("--receipts", options->receipts,
                       "folder of evidence files (*.chayan) that say who asked");
  AddPurposeFlags(*affected, options->vault.purpose);
  AddConnectionFlags(*affected, program, "--own-cert");
  AddOutputFlags(*affected, options->output);
  affected->callback([&program, options] {
    program.action = [&program, options] { return FindAffected(program, *options); };
  });
}

}  // namespace chayan::cli
