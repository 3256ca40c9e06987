// chayan audit explain: one entry, decided again step by step with the registry
// set that it names.
#include <memory>

#include "absl/strings/str_cat.h"
#include "gateway/base/encoding.h"
#include "gateway/cli/audit_commands.h"
#include "gateway/cli/decide_notice_again.h"
#include "gateway/cli/document_output.h"
#include "gateway/cli/offline_log.h"
#include "gateway/report/period.h"
#include "gateway/report/statistics_tables.h"

namespace chayan::cli {
namespace {

using log::EntryType;
using log::Key;

struct Options {
  OfflineFlags log;
  uint64_t index = 0;
  OutputFlags output;
};

struct StepWords {
  DecisionStep step;
  const char* zh_tw;
  const char* en;
};
constexpr StepWords kSteps[] = {
    {DecisionStep::kSystem, "系統屬於該會員且得查詢", "the system is the member's and may ask"},
    {DecisionStep::kOffice, "系統得代該機關查詢", "the system acts for the office"},
    {DecisionStep::kKind, "類別存在", "the kind exists"},
    {DecisionStep::kGrant, "有授權", "there is a grant"},
    {DecisionStep::kGrantCovers, "授權涵蓋該系統與機關", "the grant covers system and office"},
    {DecisionStep::kPurpose, "目的在授權內", "the purpose is granted"},
    {DecisionStep::kLegalBasis, "法律依據在授權內", "the legal basis is granted"},
    {DecisionStep::kCounty, "縣市規則未禁止", "the county's rules do not bar it"},
    {DecisionStep::kPersonProof, "承辦人證明符合要求", "the person is proved as it is asked for"},
    {DecisionStep::kApproval, "已有第二人核可", "a second person approved where it is asked for"},
    {DecisionStep::kHolder, "由該資料機關持有", "the holder holds this kind"},
    {DecisionStep::kInForce, "授權期間內", "the grant was in force"},
    {DecisionStep::kHours, "授權時段內", "within the granted hours"},
};

std::string StepText(Language language, DecisionStep step) {
  for (const StepWords& words : kSteps) {
    if (words.step == step) return std::string(Say(language, words.zh_tw, words.en));
  }
  return std::string(StepName(step));
}

// The leaf's own words.
report::Table LeafTable(Language language, const log::LeafView& leaf) {
  report::Table table{.name = "entry", .title = std::string(Say(language, "紀錄", "entry"))};
  table.header = {std::string(Say(language, "鍵", "key")),
                  std::string(Say(language, "值", "value"))};
  table.rows = {{"t", std::string(leaf.timestamp)},
                {"gw", std::string(leaf.gateway)},
                {"id", std::string(leaf.id)},
                {"type", std::string(leaf.type)}};
  for (const log::KeyRule& key : log::kKeys) {
    const absl::string_view value = leaf.Get(key.key);
    if (!value.empty()) table.rows.push_back({key.name, std::string(value)});
  }
  return table;
}

std::string Conclusion(Language language, const log::LeafView& leaf, const DecidedAgain& decided) {
  const DecidedStep* const fault = decided.fault();
  const bool refused = leaf.known_type == EntryType::kDenied;
  if (refused && fault != nullptr) {
    return absl::StrCat(Say(language, "拒絕有據:", "the refusal has its reason: "),
                        StepText(language, fault->step));
  }
  if (refused) {
    return std::string(Say(language,
                           "紀錄所載代碼本可准許;拒絕的原因在封存的內容裡("
                           "項目、欄位、承辦人職務、配額)",
                           "its codes would be allowed; the reason lies in what is sealed "
                           "(claims, fields, the person's role) or was counted (quota)"));
  }
  if (fault != nullptr) {
    return absl::StrCat(Say(language, "依當時註冊資料不應准許:", "should not have been allowed: "),
                        StepText(language, fault->step));
  }
  return std::string(Say(language, "依當時註冊資料應准許", "allowed by the registry of its time"));
}

report::Table DecisionTable(Language language, const DecidedAgain& decided) {
  report::Table table{.name = "steps",
                      .title = std::string(Say(language, "逐步重新判斷", "decided again"))};
  table.header = {std::string(Say(language, "步驟", "step")),
                  std::string(Say(language, "結果", "holds")),
                  std::string(Say(language, "註冊資料", "what the registry says"))};
  for (const DecidedStep& step : decided.steps) {
    table.rows.push_back(
        {StepText(language, step.step),
         std::string(step.holds ? Say(language, "是", "yes") : Say(language, "否", "no")),
         step.detail});
  }
  return table;
}

DecidedAgain Decide(const log::LeafView& leaf, const registry::Snapshot& set, absl::Time time) {
  if (IsAboutNotice(leaf)) return DecideNoticeAgain(leaf, set, time);
  DecidedAgain decided = DecideCodes(leaf, set);
  if (decided.times.grant == nullptr) return decided;
  for (DecidedStep& step : DecideTime(decided.times, time)) {
    decided.steps.push_back(std::move(step));
  }
  return decided;
}

// Decides `leaf` again; fills facts and tables.
void Explain(Language language, const log::LeafView& leaf, ExportedSets& sets,
             report::Document& document) {
  const auto fact = [&](absl::string_view zh, absl::string_view en, std::string value) {
    document.facts.push_back({std::string(Say(language, zh, en)), std::move(value)});
  };
  const absl::Time time = report::TimeOfEntry(leaf.timestamp);
  fact("時間", "time", report::IsoTime(time));
  fact("民國時間", "ROC time", report::RocTime(time));
  document.tables.push_back(LeafTable(language, leaf));
  const bool decides = leaf.known_type == EntryType::kVerification || IsAboutNotice(leaf) ||
                       leaf.known_type == EntryType::kForward ||
                       (leaf.known_type == EntryType::kDenied && !leaf.Get(Key::kKind).empty());
  const absl::string_view digest = leaf.Get(Key::kRegistry);
  const registry::Snapshot* const set = digest.empty() ? nullptr : sets.Find(digest);
  if (!decides || set == nullptr) {
    fact("結論", "conclusion",
         std::string(decides ? Say(language, "沒有可用的註冊資料,無法重新判斷",
                                   "no registry set to decide it again with")
                             : Say(language, "此種紀錄不涉及准許與否",
                                   "an entry of this type is not decided by grants")));
    return;
  }
  fact("註冊資料", "registry set", set->digest().ToHex());
  fact("類別", "kind", report::KindTitle(language, set, leaf.Get(Key::kKind)));
  fact("機關", "office", report::MemberName(language, set, leaf.Get(Key::kFor)));
  const DecidedAgain decided = Decide(leaf, *set, time);
  document.tables.push_back(DecisionTable(language, decided));
  fact("結論", "conclusion", Conclusion(language, leaf, decided));
}

ExitCode RunExplain(Program& program, const Options& options) {
  const Language language = DocumentLanguage(program, options.output);
  ExportedSets sets(options.log.directory);
  report::Document document;
  document.title = absl::StrCat(Say(language, "紀錄 ", "entry "), options.index);
  AuditReport report;
  const ExitCode read = ReadOfflineLog(
      program, options.log,
      [&](const AuditedEntry& entry) {
        if (entry.index == options.index) Explain(language, entry.leaf, sets, document);
      },
      report);
  if (read != ExitCode::kOk) return read;
  if (document.tables.empty()) {
    return program.Fail(ExitCode::kUsage,
                        absl::StrCat("ENTRY: the export has ", report.entries,
                                     " entries; write 0 to ", report.entries - 1));
  }
  return PrintDocument(program, options.output, document);
}

}  // namespace

void AddAuditExplainCommand(CLI::App& audit, Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* explain = audit.add_subcommand(
      "explain", std::string(program.Say("以當時的註冊資料逐步重新判斷一筆紀錄",
                                         "decide one entry again, step by step, with the registry "
                                         "set then in force")));
  AddOfflineFlags(*explain, options->log);
  explain->add_option("ENTRY", options->index, "index of the entry")->required();
  AddOutputFlags(*explain, options->output);
  explain->callback([&program, options] {
    program.action = [&program, options] { return RunExplain(program, *options); };
  });
}

}  // namespace chayan::cli
