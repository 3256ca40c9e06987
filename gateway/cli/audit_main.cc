// chayan-audit: checks an exported log with public keys alone. It contains nothing of the server:
// who checks the server must not rest on it.
#include <malloc.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/clock.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/base/usage.h"
#include "gateway/cli/anchor_audit.h"
#include "gateway/cli/exit_code.h"
#include "gateway/cli/json_writer.h"
#include "gateway/cli/language.h"
#include "gateway/cli/log_audit.h"
#include "gateway/cli/reopen_check.h"
#include "gateway/cli/trust.h"

namespace chayan::cli {
namespace {

constexpr char kDescription[] =
    "Check an exported transparency log offline, with public keys alone.\n"
    "離線檢查匯出的透明日誌;只用公鑰。";
constexpr char kFooter[] =
    "Exit codes: 0 the export is exactly what the log signed, and nothing in it is found to be "
    "wrong; 1 it is not (the first lie is named), or it holds entries that should not be there "
    "(each is named); 2 usage.\nEvery stored hash is computed again from the entries; the root "
    "must be the one that "
    "was signed.";

struct Options {
  AuditOptions audit;
  std::string trust_file;
  std::string vkey;
  std::vector<std::string> witnesses;
  std::vector<std::string> old_files;
  std::string receipts_directory;
  std::string timestamp_root_file;
  std::vector<Anchor> anchors;  // of the export, with a timestamp that holds
  std::string prior_directory;
  bool json = false;
};

// A person looks at the first ones; --json has more.
constexpr size_t kFindingsShown = 20;

void PrintFindings(Language language, const Findings& findings) {
  if (findings.count == 0) return;
  std::cout << Say(language, "所簽署的日誌內有 ", "in the log as it was signed, found ")
            << findings.count
            << Say(language, " 筆不當紀錄:\n", " entries that should not be there:\n");
  for (size_t i = 0; i < findings.kept.size() && i < kFindingsShown; ++i) {
    std::cout << "  " << findings.kept[i].what << "\n"
              << Say(language, "    依據: ", "    known by: ") << findings.kept[i].how << "\n";
  }
  if (findings.count > kFindingsShown) {
    std::cout << Say(language, "  其餘見 --json\n", "  for more see --json\n");
  }
}

void PrintJson(const Options& options, const AuditReport& report,
               const std::optional<ReopenReport>& reopened) {
  JsonWriter json;
  json.BeginObject().Bool("proved", !report.first_lie.has_value());
  json.Number("entries", static_cast<int64_t>(report.entries));
  if (report.standing.has_value()) {
    json.Text("origin", report.standing->checkpoint.origin);
    json.Number("size", static_cast<int64_t>(report.standing->checkpoint.head.size));
    json.Text("root", report.standing->checkpoint.head.root.ToBase64());
    json.Text("level", report.standing->witnesses.empty() ? "signed" : "witnessed");
  }
  json.Number("registry_sets", static_cast<int64_t>(report.registry_sets));
  json.Number("receipts", static_cast<int64_t>(report.receipts));
  json.Number("receipts_of_other_logs", static_cast<int64_t>(report.receipts_elsewhere));
  json.Number("old_checkpoints", static_cast<int64_t>(report.old_checkpoints));
  json.Number("held_size", static_cast<int64_t>(report.held_size));
  json.Number("frames", static_cast<int64_t>(report.frames.proved));
  json.Number("frame_items", static_cast<int64_t>(report.frames.items));
  json.Number("frames_not_there", static_cast<int64_t>(report.frames.not_there));
  json.Number("timestamps", static_cast<int64_t>(options.anchors.size()));
  json.Number("findings_count", static_cast<int64_t>(report.findings.count));
  json.BeginArray("findings");
  for (const Finding& finding : report.findings.kept) {
    json.BeginObject().Number("index", static_cast<int64_t>(finding.index));
    json.Text("what", finding.what).Text("how", finding.how).EndObject();
  }
  json.EndArray();
  if (report.first_lie.has_value()) {
    json.Text("first_lie", report.first_lie->what).Text("how", report.first_lie->how);
    if (report.first_lie->index.has_value()) {
      json.Number("index", static_cast<int64_t>(*report.first_lie->index));
    }
  }
  if (reopened.has_value() && !reopened->first_lie.has_value()) {
    json.BeginObject("prior").Text("origin", reopened->origin);
    json.Number("size", static_cast<int64_t>(reopened->size));
    json.Number("lost_from", static_cast<int64_t>(reopened->lost));
    json.Number("lost_count", static_cast<int64_t>(reopened->size - reopened->lost));
    json.Number("lost_receipts", static_cast<int64_t>(reopened->lost_receipts)).EndObject();
  }
  json.EndObject();
  std::cout << std::move(json).Take() << "\n";
}

void PrintText(const Options& options, const AuditReport& report) {
  const Language language = LanguageFromEnvironment();
  PrintFindings(language, report.findings);
  if (report.first_lie.has_value()) {
    std::cout << Say(language, "不可信: ", "NOT PROVED: ") << report.first_lie->what << "\n";
    if (report.first_lie->index.has_value()) {
      std::cout << Say(language, "  紀錄索引: ", "  index: ") << *report.first_lie->index << "\n";
    }
    std::cout << Say(language, "  依據: ", "  known by: ") << report.first_lie->how << "\n";
    return;
  }
  const tlog::Checkpoint& checkpoint = report.standing->checkpoint;
  std::cout << Say(language, "日誌 ", "log ") << checkpoint.origin << "\n"
            << Say(language, "  紀錄數: ", "  entries: ") << report.entries << "\n"
            << Say(language, "  根雜湊: ", "  root: ") << checkpoint.head.root.ToBase64() << "\n";
  if (report.first_time.has_value()) {
    std::cout << Say(language, "  期間: ", "  from: ") << TimeText(language, *report.first_time)
              << Say(language, " 至 ", " to ") << TimeText(language, *report.last_time) << "\n";
  }
  std::cout << Say(language, "  註冊資料版本: ", "  registry sets: ") << report.registry_sets
            << "\n";
  if (report.unknown_types > 0) {
    std::cout << Say(language, "  較新版本的紀錄種類(僅檢查雜湊): ",
                     "  entries of types this program does not know (hashes checked): ")
              << report.unknown_types << "\n";
  }
  // Also when there are none: somebody meant them to be compared.
  if (!options.receipts_directory.empty()) {
    std::cout << Say(language, "  相符的收據: ", "  receipts that agree: ") << report.receipts
              << "\n";
  }
  if (report.receipts_elsewhere > 0) {
    std::cout << Say(language,
                     "  他日誌的收據(未比對): ", "  receipts of other logs, not compared: ")
              << report.receipts_elsewhere << "\n";
  }
  if (!options.anchors.empty()) {
    const Anchor& last = options.anchors.back();
    std::cout << Say(language, "  時戳: ", "  timestamps: ") << options.anchors.size()
              << Say(language, ",最後一個於 ", ", the last at ") << TimeText(language, last.time)
              << Say(language, " 涵蓋 ", " over ") << last.head.size
              << Say(language, " 筆\n", " entries\n");
  }
  if (const FrameCounts& frames = report.frames; frames.proved + frames.not_there > 0) {
    std::cout << Say(language, "  整批紀錄: ", "  frames of bulk entries: ") << frames.proved
              << Say(language, ",共 ", ", with ") << frames.items
              << Say(language, " 項;不在匯出檔者 ", " items; not in the export: ")
              << frames.not_there << "\n";
  }
  if (report.old_checkpoints > 0) {
    std::cout << Say(language, "  相符的舊檢查點: ", "  old checkpoints that it continues: ")
              << report.old_checkpoints << "\n";
  }
  if (report.held_size < report.entries) {
    std::cout << Say(language, "  仍可被改寫而無從察覺之紀錄: ",
                     "  entries that could still be rewritten unseen: ")
              << report.held_size << "–" << report.entries - 1
              << Say(language, "(無見證人、舊檢查點或收據涵蓋)\n",
                     " (no witness, old checkpoint or receipt reaches them)\n");
  }
  const size_t witnesses = report.standing->witnesses.size();
  if (witnesses == 0) {
    std::cout << Say(language, "已證明;證明等級:營運者簽署的承諾(尚無見證人)\n",
                     "proved; level of proof: the operator's signed promise (no witness yet)\n");
  } else {
    std::cout << Say(language, "已證明;證明等級:經見證,見證人 ",
                     "proved; level of proof: witnessed by ")
              << witnesses << "/" << report.witness_count << "\n";
  }
}

absl::Status LoadInputs(Options& options, const tlog::Policy& trust) {
  for (const std::string& file : options.old_files) {
    CHAYAN_ASSIGN_OR_RETURN(std::string checkpoint, ReadFile(file));
    options.audit.old_checkpoints.emplace_back(file, std::move(checkpoint));
  }
  if (!options.receipts_directory.empty()) {
    CHAYAN_ASSIGN_OR_RETURN(options.audit.receipts,
                            ReadTree(options.receipts_directory, ".chayan"));
  }
  if (!options.timestamp_root_file.empty()) {
    CHAYAN_ASSIGN_OR_RETURN(const std::string root, ReadFile(options.timestamp_root_file));
    CHAYAN_ASSIGN_OR_RETURN(options.anchors, ReadAnchors(options.audit.directory, trust, root));
    // Each is a checkpoint kept from before, with the time at which it stood.
    for (const Anchor& anchor : options.anchors) {
      options.audit.old_checkpoints.emplace_back(anchor.name, anchor.note);
    }
  }
  if (isatty(STDERR_FILENO) == 1) {
    options.audit.progress = [](uint64_t read, uint64_t size) {
      std::cerr << "\r" << read << "/" << size << (read == size ? "\n" : "") << std::flush;
    };
  }
  return absl::OkStatus();
}

absl::StatusOr<ReopenReport> CheckPrior(const Options& options, const AuditReport& report,
                                        const tlog::Policy& trust) {
  if (!report.reopen_leaf.has_value()) {
    return absl::FailedPreconditionError(
        "--prior: the log does not say that it goes on for another one");
  }
  return CheckReopening(*report.reopen_leaf, options.prior_directory, trust,
                        options.audit.receipts);
}

void PrintReopening(const ReopenReport& reopened) {
  const Language language = LanguageFromEnvironment();
  std::cout << Say(language, "接續日誌 ", "goes on for ") << reopened.origin
            << Say(language, ",其最後檢查點 ", ", whose last checkpoint signs ") << reopened.size
            << Say(language, " 筆;遺失 ", " entries; lost ");
  if (reopened.lost == reopened.size) {
    std::cout << Say(language, "無\n", "nothing\n");
    return;
  }
  std::cout << reopened.lost << "–" << reopened.size - 1
            << Say(language, ",其中有收據可證 ", ", of which receipts prove ")
            << reopened.lost_receipts << "\n";
}

std::string Environment(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

ExitCode Verify(Options& options) {
  auto trust = LoadTrustOr(Environment, options.trust_file, options.vkey, options.witnesses);
  if (!options.prior_directory.empty()) {
    trust = FollowExport(std::move(trust), options.prior_directory);
  }
  absl::Status status = trust.status();
  if (status.ok()) status = LoadInputs(options, *trust);
  if (!status.ok()) {
    std::cerr << "chayan-audit: " << status.message() << "\n";
    // A timestamp that does not hold is a finding, not a slip of the command line.
    return absl::IsDataLoss(status) ? ExitCode::kCheckFailed : ExitCode::kUsage;
  }
  auto report = AuditLog(options.audit, *trust);
  if (!report.ok()) {
    std::cerr << "chayan-audit: " << report.status().message() << "\n";
    return ExitCode::kUsage;
  }
  std::optional<ReopenReport> reopened;
  if (!report->first_lie.has_value() && !options.prior_directory.empty()) {
    auto checked = CheckPrior(options, *report, *trust);
    if (!checked.ok()) {
      std::cerr << "chayan-audit: " << checked.status().message() << "\n";
      return ExitCode::kUsage;
    }
    report->first_lie = checked->first_lie;
    reopened = *std::move(checked);
  }
  if (options.json) {
    PrintJson(options, *report, reopened);
  } else {
    PrintText(options, *report);
    if (reopened.has_value() && !report->first_lie.has_value()) PrintReopening(*reopened);
  }
  const bool clean = !report->first_lie.has_value() && report->findings.count == 0;
  return clean ? ExitCode::kOk : ExitCode::kCheckFailed;
}

}  // namespace
}  // namespace chayan::cli

int main(int argc, char** argv) {
  using chayan::cli::ExitCode;
  // Bundles are read one after the other: keep their memory instead of mapping it anew each time.
  mallopt(M_MMAP_THRESHOLD, 64 << 20);
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
  CLI::App app(chayan::cli::kDescription, "chayan-audit");
  app.failure_message(chayan::UsageFault);
  app.footer(chayan::cli::kFooter);
  app.require_subcommand(1);
  chayan::cli::Options options;
  CLI::App* verify = app.add_subcommand(
      "verify", "check every entry, hash, registry set and the signature of an export");
  verify
      ->add_option("DIR", options.audit.directory, "the exported log: checkpoint, tile/, registry/")
      ->required();
  verify->add_option("--trust,--policy", options.trust_file,
                     "trust file: log, witness, group, quorum and answer-key lines [CHAYAN_TRUST]");
  verify->add_option("--vkey", options.vkey,
                     "the log's verifier key, where there is no trust file (NAME+HEX+BASE64) "
                     "[CHAYAN_LOG_VKEY]");
  verify
      ->add_option("--witness", options.witnesses,
                   "with --vkey: verifier key of a witness that must have cosigned; may be given "
                   "several times")
      ->allow_extra_args(false);
  verify
      ->add_option("--old", options.old_files,
                   "a checkpoint kept from before: the log must be its continuation; may be "
                   "given several times")
      ->allow_extra_args(false);
  verify->add_option("--receipts", options.receipts_directory,
                     "folder of evidence files (*.chayan): each must hold and stand in the export");
  verify->add_option("--timestamp-root", options.timestamp_root_file,
                     "root certificate of the timestamp authority (PEM): each timestamp must hold, "
                     "and the log must have passed through its checkpoint");
  verify->add_option(
      "--prior", options.prior_directory,
      "export of the log that this one goes on for: its end, and what was lost, must "
      "be as the reopen entry says");
  verify->add_flag("--json", options.json, "print one JSON object");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(ExitCode::kUsage);
  }
  return static_cast<int>(chayan::cli::Verify(options));
}
