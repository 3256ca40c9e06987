// chayan audit search: entries by what stands in their leaves, of an export or
// of a gateway; and, of a gateway alone, by the subject, person or case that
// only its vault knows.
#include <memory>

#include "absl/strings/str_cat.h"
#include "gateway/cli/audit_commands.h"
#include "gateway/cli/audit_search_call.h"
#include "gateway/cli/document_output.h"
#include "gateway/cli/offline_log.h"

namespace chayan::cli {
namespace {

struct Options {
  OfflineFlags log;
  FilterFlags filter;
  VaultFlags vault;
  OutputFlags output;
  uint64_t limit = 1000;
};

// What was found.
struct Found {
  report::Table table;
  uint64_t count = 0;
  std::string where;  // origin, or the gateway
};

// Shows the first ones, counts all.
void Add(const Options& options, uint64_t index, const log::LeafView& leaf, Found& found) {
  if (++found.count <= options.limit) found.table.rows.push_back(EntryRow(index, leaf));
}

ExitCode SearchOnline(Program& program, const Options& options, Found& found) {
  const auto request = ToProto(program, options.filter, options.vault);
  if (!request.ok()) return program.FailUsage(request.status());
  return SearchGateway(
      program, *request,
      [&](uint64_t index, const log::LeafView& leaf) { Add(options, index, leaf, found); },
      found.where);
}

ExitCode SearchExport(Program& program, const Options& options, Found& found) {
  if (!options.vault.empty()) {
    return program.Fail(ExitCode::kUsage,
                        program.Say("匯出的日誌不含當事人、承辦人與案號;請不給 DIR,向閘道查詢",
                                    "an export holds no subject, person or case: leave DIR out "
                                    "and ask the gateway"));
  }
  const auto filter = EntryFilter::Create(options.filter, program.clock.Now());
  if (!filter.ok()) return program.FailUsage(filter.status());
  AuditReport report;
  const ExitCode read = ReadOfflineLog(
      program, options.log,
      [&](const AuditedEntry& entry) {
        if (filter->Matches(entry.index, entry.leaf)) Add(options, entry.index, entry.leaf, found);
      },
      report);
  if (read == ExitCode::kOk) found.where = report.standing->checkpoint.origin;
  return read;
}

ExitCode Search(Program& program, const Options& options) {
  const Language language = DocumentLanguage(program, options.output);
  Found found;
  found.table = {.name = "entries", .title = std::string(Say(language, "紀錄", "entries"))};
  found.table.header = EntryHeader(language);
  const ExitCode searched = options.log.directory.empty() ? SearchOnline(program, options, found)
                                                          : SearchExport(program, options, found);
  if (searched != ExitCode::kOk) return searched;
  report::Document document;
  document.title = std::string(Say(language, "日誌查詢", "search of the log"));
  document.facts = {
      {std::string(Say(language, "符合", "found")), absl::StrCat(found.count)},
      {std::string(Say(language, "列出", "shown")), absl::StrCat(found.table.rows.size())},
      {std::string(Say(language, "日誌", "log")), found.where}};
  document.tables.push_back(std::move(found.table));
  return PrintDocument(program, options.output, document);
}

}  // namespace

void AddAuditSearchCommand(CLI::App& audit, Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* search = audit.add_subcommand(
      "search",
      std::string(program.Say("依時間、機關、類別、結果等查詢紀錄(匯出的日誌,或不給 DIR 時向閘道)",
                              "find entries by time, member, office, kind, outcome … of "
                              "an export, or without DIR of a gateway")));
  AddOfflineFlags(*search, options->log, /*required=*/false);
  AddFilterFlags(*search, options->filter, "--caller-cert");
  search->add_option("--subject", options->vault.subject,
                     "of a gateway: about this number; \"-\" reads it from standard input");
  search->add_option("--person", options->vault.person,
                     "of a gateway: asked by this person, MEMBER:ID");
  search->add_option("--case", options->vault.case_of_office,
                     "of a gateway: of this case, OFFICE:NUMBER");
  search->add_option("--limit", options->limit, "show at most this many; all are counted")
      ->capture_default_str();
  AddPurposeFlags(*search, options->vault.purpose);
  AddOutputFlags(*search, options->output);
  AddConnectionFlags(*search, program);
  search->callback([&program, options] {
    program.action = [&program, options] { return Search(program, *options); };
  });
}

}  // namespace chayan::cli
