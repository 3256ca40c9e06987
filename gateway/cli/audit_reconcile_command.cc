// chayan audit reconcile: an agency's answer log joined with an exported log.
#include <memory>

#include "absl/strings/str_cat.h"
#include "gateway/cli/audit_commands.h"
#include "gateway/cli/document_output.h"
#include "gateway/cli/offline_log.h"
#include "gateway/cli/reconcile.h"
#include "gateway/report/period.h"

namespace chayan::cli {
namespace {

struct Options {
  OfflineFlags log;
  std::string holder;
  std::vector<std::string> answers;
  std::string late = "60s";
  OutputFlags output;
};

std::string KindText(Language language, Discrepancy::Kind kind) {
  switch (kind) {
    case Discrepancy::Kind::kNotInLog:
      return std::string(Say(language, "機關已答,日誌無紀錄(可能繞過日誌查詢)",
                             "answered by the agency, no entry: asked around the log, or a crash"));
    case Discrepancy::Kind::kNotAtHolder:
      return std::string(Say(language, "日誌稱機關已答,機關無紀錄",
                             "an answer in the agency's name that the agency does not know"));
    case Discrepancy::Kind::kNotUsed:
      return std::string(Say(language, "機關已答,日誌記為未答",
                             "answered by the agency, recorded as not answered"));
    case Discrepancy::Kind::kSignature:
      return std::string(Say(language, "簽章不同", "another signature than the agency made"));
    case Discrepancy::Kind::kBadSignature:
      return std::string(
          Say(language, "機關紀錄的簽章無效", "the agency's line is not signed by its key"));
    case Discrepancy::Kind::kIndex:
      return std::string(Say(language, "告知的索引不同", "another index than was told"));
    case Discrepancy::Kind::kLate:
      return std::string(Say(language, "時間相差過大", "too far apart in time"));
  }
  return "";
}

report::Document Describe(Language language, const Options& options, const AuditReport& audit,
                          Reconciler& reconciler) {
  const std::vector<Discrepancy> found = reconciler.Take();
  const auto say = [&](absl::string_view zh, absl::string_view en) {
    return std::string(Say(language, zh, en));
  };
  report::Document document;
  document.title = say("資料機關紀錄核對", "the agency's answers against the log");
  document.facts = {
      {say("日誌", "log"), audit.standing->checkpoint.origin},
      {say("資料機關", "holder"), options.holder},
      {say("機關紀錄", "answers of the agency"), absl::StrCat(reconciler.answers())},
      {say("兩邊皆有", "on both sides"), absl::StrCat(reconciler.joined())},
      {say("因鎖定而未轉達", "withheld by a lock"), absl::StrCat(reconciler.withheld())},
      {say("比匯出的日誌新", "newer than the export"), absl::StrCat(reconciler.newer())},
      {say("不一致", "discrepancies"), absl::StrCat(found.size())}};
  report::Table table{.name = "discrepancies", .title = say("不一致", "discrepancies")};
  table.header = {say("代碼", "code"),    say("說明", "what"), say("交換", "exchange"),
                  say("索引", "index"),   say("時間", "time"), say("民國時間", "ROC time"),
                  say("依據", "known by")};
  for (const Discrepancy& one : found) {
    table.rows.push_back({std::string(KindName(one.kind)), KindText(language, one.kind),
                          one.exchange, one.index.has_value() ? absl::StrCat(*one.index) : "",
                          report::IsoTime(one.time), report::RocTime(one.time), one.detail});
  }
  document.tables.push_back(std::move(table));
  return document;
}

ExitCode Reconcile(Program& program, const Options& options) {
  absl::Duration late;
  if (!absl::ParseDuration(options.late, &late) || late < absl::ZeroDuration()) {
    return program.Fail(ExitCode::kUsage, "--late: no duration; write it as 60s or 5m");
  }
  Reconciler reconciler(options.holder, late);
  for (const std::string& path : options.answers) {
    const absl::Status read = reconciler.ReadAnswers(path);
    if (!read.ok()) return program.FailUsage(read);
  }
  ExportedSets sets(options.log.directory);
  AuditReport report;
  const ExitCode read = ReadOfflineLog(
      program, options.log,
      [&](const AuditedEntry& entry) {
        const absl::string_view digest = entry.leaf.Get(log::Key::kRegistry);
        reconciler.Add(entry, digest.empty() ? nullptr : sets.Find(digest));
      },
      report);
  if (read != ExitCode::kOk) return read;
  const report::Document document =
      Describe(DocumentLanguage(program, options.output), options, report, reconciler);
  const ExitCode printed = PrintDocument(program, options.output, document);
  if (printed != ExitCode::kOk) return printed;
  return document.tables.back().rows.empty() ? ExitCode::kOk : ExitCode::kCheckFailed;
}

}  // namespace

void AddAuditReconcileCommand(CLI::App& audit, Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* reconcile = audit.add_subcommand(
      "reconcile", std::string(program.Say("將資料機關自己的回答紀錄與日誌核對",
                                           "hold an agency's own answer log against the log: "
                                           "one-sided, late, differing")));
  AddOfflineFlags(*reconcile, options->log);
  reconcile->add_option("--holder", options->holder, "member id of the agency")->required();
  reconcile
      ->add_option("--answers", options->answers,
                   "a file of its adapter's answer log; may be given several "
                   "times (PATH, PATH.1 …)")
      ->required()
      ->allow_extra_args(false);
  reconcile->add_option("--late", options->late, "how far apart the two times may be")
      ->capture_default_str();
  AddOutputFlags(*reconcile, options->output);
  reconcile->footer(
      "Exit codes: 0 both sides agree; 1 they do not, or the "
      "export lies; 2 usage.");
  reconcile->callback([&program, options] {
    program.action = [&program, options] { return Reconcile(program, *options); };
  });
}

}  // namespace chayan::cli
