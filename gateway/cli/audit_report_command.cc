// chayan audit report: the half-year pack from an exported log, or a gateway's own statistics; and
// the check of either.
#include <filesystem>
#include <map>
#include <memory>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/audit_commands.h"
#include "gateway/cli/offline_log.h"
#include "gateway/cli/opened_evidence.h"
#include "gateway/cli/report_pack.h"
#include "gateway/cli/signed_report.h"
#include "gateway/report/anomalies.h"
#include "gateway/report/formats.h"
#include "gateway/report/statistics.h"
#include "gateway/report/statistics_tables.h"

namespace chayan::cli {
namespace {

struct Options {
  OfflineFlags log;
  std::string from;
  std::string to;
  std::string out;
  std::string language = "both";
  std::string rules;
  std::string receipts;
  std::vector<std::string> samples;
  std::string key_file;
  std::string signer;
};

// What the tables are made of.
struct Content {
  const report::Statistics& statistics;
  const std::vector<report::Anomaly>* anomalies;  // null: no rules were given
  std::vector<report::Table> samples;
  const AuditReport& audit;
};

// Entries of the period at its edges, with their leaves.
using Edges = std::map<uint64_t, std::string>;

report::Table FindingsTable(Language language, const AuditReport& audit) {
  report::Table table{
      .name = "conduct",
      .title = std::string(Say(language, "不當紀錄", "entries that should not be"))};
  table.header = {std::string(Say(language, "索引", "index")),
                  std::string(Say(language, "內容", "what")),
                  std::string(Say(language, "依據", "known by"))};
  for (const Finding& finding : audit.findings.kept) {
    table.rows.push_back({absl::StrCat(finding.index), finding.what, finding.how});
  }
  return table;
}

report::Document HalfYearReport(Language language, const Content& content) {
  report::Document document;
  document.title = std::string(Say(language, "跨機關電子查驗稽核報告",
                                   "audit report of electronic "
                                   "verification"));
  document.facts = report::PeriodFacts(language, content.statistics.period());
  const tlog::Checkpoint& checkpoint = content.audit.standing->checkpoint;
  document.facts.push_back({std::string(Say(language, "日誌", "log")), checkpoint.origin});
  document.facts.push_back(
      {std::string(Say(language, "檢查點紀錄數", "entries under the checkpoint")),
       absl::StrCat(checkpoint.head.size)});
  document.facts.push_back(
      {std::string(Say(language, "根雜湊", "root")), checkpoint.head.root.ToBase64()});
  document.facts.push_back({std::string(Say(language, "見證人", "witnesses that cosigned")),
                            absl::StrCat(content.audit.standing->witnesses.size())});
  for (report::Row& row : report::TotalFacts(language, content.statistics)) {
    document.facts.push_back(std::move(row));
  }
  document.tables = report::StatisticsTables(language, content.statistics);
  if (content.anomalies != nullptr) {
    document.tables.push_back(report::AnomalyTable(language, *content.anomalies));
  }
  document.tables.push_back(FindingsTable(language, content.audit));
  for (const report::Table& sample : content.samples) document.tables.push_back(sample);
  return document;
}

// The sheets of worksheets that came back, as tables: the first row of each is
// its header.
absl::StatusOr<std::vector<report::Table>> ReadSamples(const std::vector<std::string>& files,
                                                       ReportPack& pack) {
  std::vector<report::Table> tables;
  for (size_t i = 0; i < files.size(); ++i) {
    const std::string& file = files[i];
    CHAYAN_ASSIGN_OR_RETURN(std::string bytes, ReadFile(file));
    auto sheets = report::ReadOds(bytes);
    if (!sheets.ok()) return Annotate(sheets.status(), file);
    for (report::Table& sheet : *sheets) {
      sheet.name = absl::StrCat("sample-", tables.size() + 1);
      if (!sheet.rows.empty()) {
        sheet.header = sheet.rows.front();
        sheet.rows.erase(sheet.rows.begin());
      }
      tables.push_back(std::move(sheet));
    }
    // Two auditors may have called theirs the same.
    pack.Add(absl::StrCat("samples/worksheet-", i + 1, ".ods"), std::move(bytes));
  }
  return tables;
}

absl::Status AddReports(const Options& options, const Content& content, ReportPack& pack) {
  // One JSON, for programs; the others for people, in their language.
  pack.Add("report.json", report::WriteJson(HalfYearReport(Language::kEn, content)));
  const std::pair<const char*, Language> languages[] = {{"zh", Language::kZhTw},
                                                        {"en", Language::kEn}};
  for (const auto& [name, language] : languages) {
    if (options.language != "both" && options.language != name) continue;
    CHAYAN_ASSIGN_OR_RETURN(const auto files, report::WriteAll(absl::StrCat("report-", name),
                                                               HalfYearReport(language, content)));
    for (const auto& [path, bytes] : files) {
      if (path != absl::StrCat("report-", name, ".json")) pack.Add(path, bytes);
    }
  }
  return absl::OkStatus();
}

absl::Status AddEvidence(const Options& options, const AuditReport& audit, const Edges& edges,
                         ReportPack& pack) {
  CHAYAN_ASSIGN_OR_RETURN(const std::string checkpoint,
                          ReadFile(options.log.directory + "/checkpoint"));
  pack.Add("checkpoint", checkpoint);
  for (const auto& [index, leaf] : edges) {
    CHAYAN_RETURN_IF_ERROR(pack.AddProof(options.log.directory, checkpoint,
                                         audit.standing->checkpoint.head, index, leaf));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<tlog::NoteSigner>> LoadSigner(const std::string& file) {
  if (file.empty()) return std::optional<tlog::NoteSigner>();
  CHAYAN_ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
  auto signer = tlog::NoteSigner::ParsePrivate(absl::StripSuffix(text, "\n"));
  if (!signer.ok()) return Annotate(signer.status(), "--sign-key");
  return std::optional<tlog::NoteSigner>(*std::move(signer));
}

// What the command line names, read and checked before the log is.
struct Inputs {
  report::Period period;
  std::optional<report::Anomalies> anomalies;
  OpenedEvidence evidence;
  std::vector<report::Table> samples;
  std::optional<tlog::NoteSigner> signer;
  ReportPack pack;
};

absl::Status LoadInputs(const Options& options, Inputs& inputs) {
  // What is left of another report would not stand in the manifest of this one.
  std::error_code none;
  if (std::filesystem::exists(options.out, none) && !std::filesystem::is_empty(options.out, none)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--out: ", options.out, " is not empty; name a new folder"));
  }
  CHAYAN_ASSIGN_OR_RETURN(inputs.period, report::Period::Parse(options.from, options.to));
  if (!options.rules.empty()) {
    CHAYAN_ASSIGN_OR_RETURN(const std::string text, ReadFile(options.rules));
    auto anomalies = report::Anomalies::Create(text);
    if (!anomalies.ok()) return Annotate(anomalies.status(), options.rules);
    inputs.anomalies = *std::move(anomalies);
  }
  CHAYAN_RETURN_IF_ERROR(inputs.evidence.Load(options.receipts));
  CHAYAN_ASSIGN_OR_RETURN(inputs.samples, ReadSamples(options.samples, inputs.pack));
  CHAYAN_ASSIGN_OR_RETURN(inputs.signer, LoadSigner(options.key_file));
  return absl::OkStatus();
}

// A gateway counts leaves; what an auditor adds needs the entries themselves.
ExitCode AskGateway(Program& program, const Options& options, const Inputs& inputs) {
  if (!options.rules.empty() || !options.receipts.empty() || !options.samples.empty()) {
    return program.Fail(ExitCode::kUsage,
                        program.Say("--rules、--receipts、--sample 需匯出的日誌:請給 DIR",
                                    "--rules, --receipts and --sample need an exported log: name "
                                    "its DIR"));
  }
  const auto trust = LoadTrust(program, options.log);
  if (!trust.ok()) return program.FailUsage(trust.status());
  return FetchSignedReport(program, inputs.period, *trust, options.out, inputs.signer);
}

ExitCode MakeReport(Program& program, const Options& options) {
  Inputs inputs;
  const absl::Status loaded = LoadInputs(options, inputs);
  if (!loaded.ok()) return program.FailUsage(loaded);
  if (options.log.directory.empty()) return AskGateway(program, options, inputs);
  ExportedSets sets(options.log.directory);
  report::Statistics statistics(inputs.period,
                                [&](absl::string_view digest) { return sets.Find(digest); });
  const std::string begin = inputs.period.begin_timestamp(), end = inputs.period.end_timestamp();
  std::optional<std::pair<uint64_t, std::string>> first, last;
  AuditReport audit;
  const ExitCode read = ReadOfflineLog(
      program, options.log,
      [&](const AuditedEntry& entry) {
        const absl::string_view time = entry.leaf.timestamp;
        if (time < absl::string_view(begin) || time >= absl::string_view(end)) return;
        statistics.Add(entry.leaf);
        if (inputs.anomalies.has_value()) {
          inputs.anomalies->Add(entry.index, entry.leaf, inputs.evidence.Find(entry));
        }
        last.emplace(entry.index, std::string(entry.bytes));
        if (!first.has_value()) first = last;
      },
      audit);
  if (read != ExitCode::kOk) return read;
  std::vector<report::Anomaly> anomalies;
  if (inputs.anomalies.has_value()) anomalies = inputs.anomalies->Take();
  const Content content{statistics, inputs.anomalies.has_value() ? &anomalies : nullptr,
                        std::move(inputs.samples), audit};
  Edges edges;
  if (first.has_value()) edges = {*first, *last};
  absl::Status made = AddReports(options, content, inputs.pack);
  if (made.ok()) made = AddEvidence(options, audit, edges, inputs.pack);
  if (made.ok()) {
    made = inputs.pack.Write(options.out, inputs.period, audit.standing->checkpoint, inputs.signer);
  }
  if (!made.ok()) return program.Fail(ExitCode::kCheckFailed, made.message());
  program.out << options.out << ": " << inputs.pack.size() << program.Say(" 個檔案;", " files; ")
              << (inputs.signer.has_value() ? program.Say("清單已簽署:", "manifest signed: ")
                                            : program.Say("清單未簽署:", "manifest not signed: "))
              << kManifestName << "\n";
  return ExitCode::kOk;
}

// With a trust file also the proofs, and whose statistics these are.
ExitCode CheckProofs(Program& program, const Options& options) {
  const bool has_trust = !program.OrEnvironment(options.log.trust, "CHAYAN_TRUST").empty() ||
                         !program.OrEnvironment(options.log.vkey, "CHAYAN_LOG_VKEY").empty();
  if (!has_trust) {
    program.out << program.Say("未檢查證明:請以 --trust 指定信任檔\n",
                               "its proofs were not checked: name a trust file with --trust\n");
    return ExitCode::kOk;
  }
  const auto trust = LoadTrust(program, options.log);
  if (!trust.ok()) return program.FailUsage(trust.status());
  const auto proved = CheckPackProofs(options.out, *trust);
  if (!proved.ok()) return program.Fail(ExitCode::kCheckFailed, proved.status().message());
  program.out << program.Say("成立的證明:", "proofs that hold: ") << proved->entries << "\n";
  if (proved->signed_report.has_value()) {
    program.out << kSignedReportName
                << program.Say(":閘道所簽署之統計,見紀錄 ",
                               ": the statistics that the gateway signed with entry ")
                << *proved->signed_report << "\n";
  }
  return ExitCode::kOk;
}

ExitCode CheckReport(Program& program, const Options& options) {
  std::optional<tlog::VerifierKey> signer;
  if (!options.signer.empty()) {
    const auto key = tlog::VerifierKey::Parse(options.signer);
    if (!key.ok()) return program.FailUsage(Annotate(key.status(), "--signer"));
    signer = *key;
  }
  const absl::Status checked = CheckReportPack(options.out, signer);
  if (!checked.ok()) return program.Fail(ExitCode::kCheckFailed, checked.message());
  program.out << options.out
              << (signer.has_value() ? program.Say(":每個檔案皆如清單,清單由該金鑰簽署\n",
                                                   ": every file is as the manifest says, and "
                                                   "that key signed it\n")
                                     : program.Say(":每個檔案皆如清單(未檢查簽署)\n",
                                                   ": every file is as the manifest says (no "
                                                   "signature asked)\n"));
  return CheckProofs(program, options);
}

}  // namespace

void AddAuditReportCommand(CLI::App& audit, Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* report = audit.add_subcommand(
      "report", std::string(program.Say("由匯出的日誌產生稽核報告(ODS、CSV、JSON)與證明;不給 DIR "
                                        "時取閘道簽署之統計",
                                        "make the audit report of a period (ODS, CSV, JSON) with "
                                        "checkpoint and proofs; without DIR, get a gateway's "
                                        "signed statistics")));
  AddOfflineFlags(*report, options->log, /*required=*/false);
  report->add_option("--from", options->from, "first day: 2026-01-01, 1150101")->required();
  report->add_option("--to", options->to, "last day")->required();
  report->add_option("--out", options->out, "folder of the report")->required();
  report->add_option("--lang", options->language, "zh, en or both")
      ->check(CLI::IsMember({"zh", "en", "both"}))
      ->capture_default_str();
  report->add_option("--rules", options->rules,
                     "rules of anomalies, such as deploy/anomalies.textproto; "
                     "without, none are "
                     "looked for");
  report->add_option("--receipts", options->receipts,
                     "folder of evidence files (*.chayan) for the rule about one person");
  report
      ->add_option("--sample", options->samples,
                   "worksheet of a sample with its findings (.ods); may be "
                   "given several times")
      ->allow_extra_args(false);
  report->add_option("--sign-key", options->key_file,
                     "file of the key that signs the manifest: PRIVATE+KEY+NAME+HEX+BASE64");
  AddConnectionFlags(*report, program);
  report->callback([&program, options] {
    program.action = [&program, options] { return MakeReport(program, *options); };
  });

  CLI::App* check = audit.add_subcommand(
      "report-check", std::string(program.Say("檢查一份報告:每個檔案皆如清單,清單由誰簽署",
                                              "check a report: every file is as its manifest says, "
                                              "and who signed that")));
  check->add_option("DIR", options->out, "folder of the report")->required();
  AddTrustFlags(*check, options->log);  // without, its proofs are not checked
  check->add_option("--signer", options->signer, "verifier key of whoever must have signed it");
  check->callback([&program, options] {
    program.action = [&program, options] { return CheckReport(program, *options); };
  });
}

}  // namespace chayan::cli
