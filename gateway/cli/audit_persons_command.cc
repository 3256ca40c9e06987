// chayan audit persons: who used the gateway: first and last use, volume,
// denials. A leaf names systems and certificates, not persons; with the
// evidence files of an office, in which its questions lie open, its persons are
// listed too.
#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/audit_commands.h"
#include "gateway/cli/document_output.h"
#include "gateway/cli/entry_filter.h"
#include "gateway/cli/offline_log.h"
#include "gateway/cli/opened_evidence.h"
#include "gateway/report/period.h"

namespace chayan::cli {
namespace {

using log::EntryType;
using log::Key;

struct Options {
  OfflineFlags log;
  FilterFlags filter;
  OutputFlags output;
  std::string receipts;
};

// What somebody did.
struct Use {
  std::string first;
  std::string last;
  uint64_t questions = 0;
  uint64_t notices = 0;
  uint64_t denied = 0;
  uint64_t reads = 0;

  void Add(const log::LeafView& leaf) {
    if (first.empty()) first = std::string(leaf.timestamp);
    last = std::string(leaf.timestamp);
    questions += leaf.known_type == EntryType::kVerification ? 1 : 0;
    notices += leaf.known_type == EntryType::kNotice ? 1 : 0;
    denied += leaf.known_type == EntryType::kDenied ? 1 : 0;
    reads += leaf.known_type == EntryType::kRead ? 1 : 0;
  }
};
// By the columns that name somebody.
using Uses = std::map<report::Row, Use>;

report::Table UseTable(Language language, const char* name, std::string title, report::Row header,
                       const Uses& uses) {
  report::Table table{.name = name, .title = std::move(title)};
  table.header = std::move(header);
  for (const auto& [zh, en] :
       {std::pair("首次使用", "first use"), std::pair("首次使用(民國)", "first use (ROC)"),
        std::pair("最近使用", "last use"), std::pair("最近使用(民國)", "last use (ROC)"),
        std::pair("查驗", "questions"), std::pair("通報", "notices"), std::pair("拒絕", "denied"),
        std::pair("調閱日誌", "reads of the log")}) {
    table.header.emplace_back(Say(language, zh, en));
  }
  for (const auto& [who, use] : uses) {
    report::Row row = who;
    for (const std::string& time : {use.first, use.last}) {
      row.push_back(report::IsoTime(report::TimeOfEntry(time)));
      row.push_back(report::RocTime(report::TimeOfEntry(time)));
    }
    for (const uint64_t count : {use.questions, use.notices, use.denied, use.reads}) {
      row.push_back(absl::StrCat(count));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::string CertificateText(absl::string_view base64) {
  const auto raw = Base64Decode(base64);
  return raw.ok() ? HexEncode(*raw) : "";
}

ExitCode Persons(Program& program, const Options& options) {
  const auto filter = EntryFilter::Create(options.filter, program.clock.Now());
  if (!filter.ok()) return program.FailUsage(filter.status());
  OpenedEvidence evidence;
  const absl::Status opened = evidence.Load(options.receipts);
  if (!opened.ok()) return program.FailUsage(opened);
  Uses systems, persons;
  AuditReport report;
  const ExitCode read = ReadOfflineLog(
      program, options.log,
      [&](const AuditedEntry& entry) {
        const log::LeafView& leaf = entry.leaf;
        if (leaf.Get(Key::kSystem).empty() || !filter->Matches(entry.index, leaf)) return;
        systems[{std::string(leaf.Get(Key::kMember)), std::string(leaf.Get(Key::kSystem)),
                 std::string(leaf.Get(Key::kFor)), CertificateText(leaf.Get(Key::kCert))}]
            .Add(leaf);
        const report::Opened* const who = evidence.Find(entry);
        if (who == nullptr) return;
        persons[{std::string(leaf.Get(Key::kMember)), who->person}].Add(leaf);
      },
      report);
  if (read != ExitCode::kOk) return read;
  const Language language = DocumentLanguage(program, options.output);
  const auto say = [&](absl::string_view zh, absl::string_view en) {
    return std::string(Say(language, zh, en));
  };
  report::Document document;
  document.title = say("使用情形", "who used the gateway");
  document.facts = {{say("日誌", "log"), report.standing->checkpoint.origin},
                    {say("開啟的證明檔", "evidence files opened"), absl::StrCat(evidence.size())}};
  document.tables.push_back(UseTable(
      language, "systems", say("系統", "systems"),
      {say("會員", "member"), say("系統", "system"), say("機關", "office"), say("憑證", "cert")},
      systems));
  if (!options.receipts.empty()) {
    document.tables.push_back(UseTable(language, "persons", say("承辦人", "persons"),
                                       {say("會員", "member"), say("承辦人", "person")}, persons));
  }
  return PrintDocument(program, options.output, document);
}

}  // namespace

void AddAuditPersonsCommand(CLI::App& audit, Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* persons = audit.add_subcommand(
      "persons", std::string(program.Say("各系統、憑證(及承辦人)的首末次使用、件數與拒絕數",
                                         "systems, certificates (and persons) with first and last "
                                         "use, volume, denials")));
  AddOfflineFlags(*persons, options->log);
  AddFilterFlags(*persons, options->filter);
  persons->add_option("--receipts", options->receipts,
                      "folder of evidence files (*.chayan): lists the persons "
                      "who stand in them");
  AddOutputFlags(*persons, options->output);
  persons->callback([&program, options] {
    program.action = [&program, options] { return Persons(program, *options); };
  });
}

}  // namespace chayan::cli
