#include "gateway/cli/policy_diff.h"

#include "absl/strings/str_cat.h"
#include "gateway/cli/decide_again.h"
#include "gateway/cli/document_output.h"
#include "gateway/cli/offline_log.h"
#include "gateway/report/period.h"

namespace chayan::cli {
namespace {

using log::EntryType;
using log::Key;

struct Options {
  std::string before, after;
  OfflineFlags log;
  std::string since = "744h";  // 31 days
  OutputFlags output;
};

// A forward entry precedes the one that says what came of it.
bool IsQuestion(const log::LeafView& leaf) {
  if (leaf.Get(Key::kKind).empty()) return false;
  return leaf.known_type == EntryType::kVerification || leaf.known_type == EntryType::kDenied ||
         leaf.known_type == EntryType::kFailed;
}

ExitCode Run(Program& program, const Options& options) {
  const auto since = ParseMoment("--since", options.since, /*end=*/false, program.clock.Now());
  if (!since.ok()) return program.FailUsage(since.status());
  const auto before = LoadSet(program, options.before);
  const auto after = LoadSet(program, options.after);
  if (before == nullptr || after == nullptr) return ExitCode::kUsage;
  PolicyDiff diff(*before, *after, *since);
  AuditReport audited;
  const ExitCode read = ReadOfflineLog(
      program, options.log, [&diff](const AuditedEntry& entry) { diff.Take(entry); }, audited);
  if (read != ExitCode::kOk) return read;
  const Language language = DocumentLanguage(program, options.output);
  const auto say = [&](absl::string_view zh, absl::string_view en) {
    return std::string(Say(language, zh, en));
  };
  report::Document document;
  document.title = say("兩組註冊資料的差異", "what the other set changes");
  document.facts = {
      {say("自", "since"), report::IsoTime(*since)},
      {say("重新判斷之查驗", "questions decided again"), absl::StrCat(diff.questions())}};
  report::Table table{.name = "changes", .title = say("判斷不同者", "decided differently")};
  table.header = {say("變化", "change"),    say("會員", "member"),     say("系統", "system"),
                  say("機關", "office"),    say("類別", "kind"),       say("目的", "purpose"),
                  say("依據", "basis"),     say("步驟", "step"),       say("說明", "why"),
                  say("次數", "questions"), say("首筆", "first entry")};
  for (const ChangedDecision& change : diff.Changes()) {
    table.rows.push_back({change.permitted_before ? say("不再准許", "no longer permitted")
                                                  : say("將准許", "permitted now"),
                          change.member, change.system, change.office, change.kind, change.purpose,
                          change.basis, change.step, change.detail, absl::StrCat(change.count),
                          absl::StrCat(change.first_index)});
  }
  document.tables.push_back(std::move(table));
  return PrintDocument(program, options.output, document);
}

}  // namespace

std::shared_ptr<const registry::Snapshot> LoadSet(const Program& program,
                                                  const std::string& directory) {
  std::vector<std::string> faults;
  const auto snapshot = registry::Snapshot::Load(directory, &faults);
  if (snapshot.ok()) return *snapshot;
  for (const std::string& fault : faults) program.err << fault << "\n";
  if (faults.empty()) program.Fail(ExitCode::kUsage, snapshot.status().message());
  return nullptr;
}

void PolicyDiff::Take(const AuditedEntry& entry) {
  const log::LeafView& leaf = entry.leaf;
  if (!IsQuestion(leaf)) return;
  absl::Time time;
  if (!absl::ParseTime(absl::RFC3339_full, leaf.timestamp, &time, nullptr) || time < since_) return;
  ++questions_;
  const DecidedAgain before = DecideAnew(leaf, before_, time);
  const DecidedAgain after = DecideAnew(leaf, after_, time);
  const DecidedStep* const fault_before = before.fault();
  const DecidedStep* const fault_after = after.fault();
  if ((fault_before == nullptr) == (fault_after == nullptr)) return;
  const DecidedStep& fault = fault_before == nullptr ? *fault_after : *fault_before;
  ChangedDecision change = {.member = std::string(leaf.Get(Key::kMember)),
                            .system = std::string(leaf.Get(Key::kSystem)),
                            .office = std::string(leaf.Get(Key::kFor)),
                            .kind = std::string(leaf.Get(Key::kKind)),
                            .purpose = std::string(leaf.Get(Key::kPurpose)),
                            .basis = std::string(leaf.Get(Key::kBasis)),
                            .permitted_before = fault_before == nullptr,
                            .step = std::string(StepName(fault.step)),
                            .detail = fault.detail,
                            .first_index = entry.index};
  ++changes_
        .try_emplace({change.member, change.system, change.office, change.kind, change.purpose,
                      change.basis, change.step},
                     change)
        .first->second.count;
}

std::vector<ChangedDecision> PolicyDiff::Changes() const {
  std::vector<ChangedDecision> changes;
  for (const auto& [key, change] : changes_) changes.push_back(change);
  return changes;
}

void AddPolicyDiffCommand(CLI::App& policy, Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* diff = policy.add_subcommand(
      "diff", std::string(program.Say("以新舊註冊資料重新判斷近一個月的查驗",
                                      "decide the last month's questions again, under both sets")));
  diff->add_option("OLD", options->before, "folder of the set from before")->required();
  diff->add_option("NEW", options->after, "folder of the other set")->required();
  AddOfflineFlags(*diff, options->log);
  diff->add_option("--since", options->since, "from when on; hours ago, or a moment")
      ->capture_default_str();
  AddOutputFlags(*diff, options->output);
  diff->callback([&program, options] {
    program.action = [&program, options] { return Run(program, *options); };
  });
}

}  // namespace chayan::cli
