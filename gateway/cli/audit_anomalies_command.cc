// chayan audit anomalies: what a person should look at, by rules that are a
// file.
#include <memory>

#include "absl/strings/str_cat.h"
#include "gateway/base/file.h"
#include "gateway/cli/audit_commands.h"
#include "gateway/cli/document_output.h"
#include "gateway/cli/entry_filter.h"
#include "gateway/cli/offline_log.h"
#include "gateway/cli/opened_evidence.h"
#include "gateway/report/anomalies.h"

namespace chayan::cli {
namespace {

struct Options {
  OfflineFlags log;
  FilterFlags filter;
  OutputFlags output;
  std::string rules;
  std::string receipts;
};

ExitCode FindAnomalies(Program& program, const Options& options) {
  const auto text = ReadFile(options.rules);
  if (!text.ok()) return program.FailUsage(text.status());
  auto anomalies = report::Anomalies::Create(*text);
  if (!anomalies.ok()) {
    return program.Fail(ExitCode::kUsage,
                        absl::StrCat(options.rules, ": ", anomalies.status().message()));
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
        anomalies->Add(entry.index, entry.leaf, evidence.Find(entry));
      },
      report);
  if (read != ExitCode::kOk) return read;
  const Language language = DocumentLanguage(program, options.output);
  const std::vector<report::Anomaly> found = anomalies->Take();
  report::Document document;
  document.title = std::string(Say(language, "異常查詢", "anomalies"));
  document.facts = {{std::string(Say(language, "發現", "found")), absl::StrCat(found.size())},
                    {std::string(Say(language, "規則檔", "rules")), options.rules},
                    {std::string(Say(language, "開啟的證明檔", "evidence files opened")),
                     absl::StrCat(evidence.size())}};
  document.tables.push_back(report::AnomalyTable(language, found));
  return PrintDocument(program, options.output, document);
}

}  // namespace

void AddAuditAnomaliesCommand(CLI::App& audit, Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* anomalies = audit.add_subcommand(
      "anomalies", std::string(program.Say("依規則檔找出應由人查看的紀錄",
                                           "find what a person should look at, by a file of "
                                           "rules")));
  AddOfflineFlags(*anomalies, options->log);
  anomalies
      ->add_option("--rules", options->rules,
                   "the rules (AnomalyRules in text format); "
                   "deploy/anomalies.textproto to begin "
                   "with")
      ->required();
  AddFilterFlags(*anomalies, options->filter);
  anomalies->add_option("--receipts", options->receipts,
                        "folder of evidence files (*.chayan): without any, the rule about one "
                        "person and one subject sees nothing");
  AddOutputFlags(*anomalies, options->output);
  anomalies->callback([&program, options] {
    program.action = [&program, options] { return FindAnomalies(program, *options); };
  });
}

}  // namespace chayan::cli
