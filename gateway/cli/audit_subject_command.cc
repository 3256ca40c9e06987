// chayan audit subject: who asked about a person, why, and what they got; and
// the letter that answers the person (Personal Data Protection Act art. 10).
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "chayan/v1/entry_detail.pb.h"
#include "gateway/cli/audit_calls.h"
#include "gateway/cli/audit_commands.h"
#include "gateway/cli/document_output.h"
#include "gateway/cli/entry_filter.h"
#include "gateway/report/formats.h"
#include "gateway/report/period.h"

namespace chayan::cli {
namespace {

using log::Key;

struct Options {
  std::string subject;
  FilterFlags filter;  // --from and --to alone
  PurposeFlags purpose;
  OutputFlags output;
};

struct Accesses {
  report::Table table;
  uint32_t not_shown = 0;
};

report::Row Header(Language language) {
  const auto say = [&](absl::string_view zh, absl::string_view en) {
    return std::string(Say(language, zh, en));
  };
  return {
      say("時間", "time"),         say("民國時間", "ROC time"), say("機關", "office"),
      say("文件", "kind"),         say("目的", "purpose"),      say("法律依據", "legal basis"),
      say("資料機關", "holder"),   say("結果", "outcome"),      say("比對項目", "claims compared"),
      say("提供欄位", "released"), say("通知", "notified"),     say("紀錄索引", "entry")};
}

// What was compared and released, as far as the detail is open.
void AddDetail(Language language, const v1::Access& access, report::Row& row) {
  v1::EntryDetail detail;
  if (access.detail_state() != v1::DETAIL_STATE_OPEN || !detail.ParseFromString(access.detail())) {
    row.emplace_back(Say(language, "(已刪除)", "(erased)"));
    row.emplace_back();
    return;
  }
  std::vector<std::string> claims;
  for (const v1::ClaimVerdict& verdict : detail.verdicts()) {
    claims.push_back(absl::StrCat(verdict.code(), ": ", VerdictText(language, verdict.verdict())));
  }
  row.push_back(absl::StrJoin(claims, "\n"));
  row.push_back(absl::StrJoin(detail.released_fields(), ", "));
}

absl::Status AddAccess(Language language, const v1::Access& access, Accesses& accesses) {
  CHAYAN_ASSIGN_OR_RETURN(const log::LeafView leaf, log::ReadLeaf(access.leaf()));
  const absl::Time time = report::TimeOfEntry(leaf.timestamp);
  const absl::string_view office = leaf.Get(Key::kFor);
  report::Row row = {report::IsoTime(time), report::RocTime(time),
                     std::string(office.empty() ? leaf.Get(Key::kMember) : office)};
  for (const Key key : {Key::kKind, Key::kPurpose, Key::kBasis, Key::kHolder}) {
    row.emplace_back(leaf.Get(key));
  }
  const absl::string_view outcome = leaf.Get(Key::kOutcome);
  row.emplace_back(outcome.empty() ? leaf.Get(Key::kReason) : outcome);
  AddDetail(language, access, row);
  row.push_back(absl::StrJoin(access.notified_members(), ", "));
  row.push_back(absl::StrCat(access.index()));
  accesses.table.rows.push_back(std::move(row));
  return absl::OkStatus();
}

// The letter names no number and no name: the office writes those by hand, or
// prints them itself.
report::Letter AnswerLetter(Language language, const Accesses& accesses, absl::Time now) {
  const auto say = [&](absl::string_view zh, absl::string_view en) {
    return std::string(Say(language, zh, en));
  };
  report::Letter letter;
  letter.title = say("個人資料查詢紀錄答復書", "Who asked about you");
  letter.Paragraph(
      absl::StrCat(say("日期:", "Date: "), report::IsoTime(now), "(", report::RocTime(now), ")"));
  letter.Paragraph(say("受文者:____________________ 君", "To: ____________________"));
  letter.Heading(say("主旨", "Subject"));
  letter.Paragraph(say("復 臺端申請查閱本閘道有關 臺端個人資料之查驗紀錄。",
                       "You asked who verified documents about you through this gateway."));
  letter.Heading(say("說明", "Answer"));
  letter.Paragraph(absl::StrCat(say("一、依個人資料保護法第十條辦理。查得紀錄 ",
                                    "1. Under article 10 of the Personal Data "
                                    "Protection Act. Accesses found: "),
                                accesses.table.rows.size(),
                                say(" 筆,如下表。", ", in the table below.")));
  if (accesses.not_shown > 0) {
    letter.Paragraph(absl::StrCat(say("二、另有 ", "2. Besides, "), accesses.not_shown,
                                  say(" 筆不在本機關稽核範圍,請向其稽核機關申請。",
                                      " accesses are outside this auditor's remit; please "
                                      "ask their auditor.")));
  }
  letter.Add(accesses.table);
  letter.Paragraph(say("每筆紀錄均載於已簽署之透明日誌,可憑紀錄索引索取證明。",
                       "Each access stands in a signed log; its proof can be had by the entry's "
                       "number."));
  letter.Paragraph(say("承辦人:____________________  簽章:____________________",
                       "Handled by: ____________________  Signature: ____________________"));
  return letter;
}

ExitCode AnswerSubject(Program& program, const Options& options) {
  const auto subject = ParseSubject(program, options.subject);
  if (!subject.ok()) return program.FailUsage(subject.status());
  const auto filter = ToProto(options.filter, program.clock.Now());
  if (!filter.ok()) return program.FailUsage(filter.status());
  v1::ListAccessesRequest request;
  *request.mutable_subject() = *subject;
  *request.mutable_purpose() = ToProto(options.purpose);
  if (filter->has_from_time()) *request.mutable_from_time() = filter->from_time();
  if (filter->has_until_time()) *request.mutable_until_time() = filter->until_time();
  std::unique_ptr<Client> client;
  if (!program.Connect(CallerRole::kAuditor, client).ok()) return ExitCode::kUsage;
  AuditCalls calls(program, *client);
  const Language language = DocumentLanguage(program, options.output);
  Accesses accesses;
  accesses.table = {.name = "accesses",
                    .title = std::string(Say(language, "查詢紀錄", "accesses"))};
  accesses.table.header = Header(language);
  absl::Status added;
  const absl::Status called = calls.CallPages<v1::ListAccessesResponse>(
      "ListAccesses", request, [&](const v1::ListAccessesResponse& page) {
        accesses.not_shown += page.not_shown();
        for (const v1::Access& access : page.accesses()) {
          if (added.ok()) added = AddAccess(language, access, accesses);
        }
      });
  if (!called.ok() || !added.ok()) return calls.Fail(called.ok() ? added : called);
  if (absl::EndsWith(options.output.file, ".odt")) {
    const auto odt = report::WriteOdt(AnswerLetter(language, accesses, program.clock.Now()));
    if (!odt.ok()) return program.Fail(ExitCode::kCheckFailed, odt.status().message());
    return WriteOutput(program, options.output.file, *odt);
  }
  report::Document document;
  document.title = std::string(Say(language, "誰查詢過此人", "who asked about this person"));
  document.facts = {
      {std::string(Say(language, "紀錄", "accesses")), absl::StrCat(accesses.table.rows.size())},
      {std::string(Say(language, "不在稽核範圍", "outside your grants")),
       absl::StrCat(accesses.not_shown)}};
  document.tables.push_back(std::move(accesses.table));
  return PrintDocument(program, options.output, document);
}

}  // namespace

void AddAuditSubjectCommand(CLI::App& audit, Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* subject = audit.add_subcommand(
      "subject", std::string(program.Say("向閘道查詢誰查詢過某人,並產生答復書(.odt)",
                                         "ask a gateway who asked about a person; the answer to a "
                                         "citizen as a letter (--out FILE.odt)")));
  subject
      ->add_option("SUBJECT", options->subject,
                   "the person's number, SCHEME:NUMBER or a national id; \"-\" "
                   "reads it from "
                   "standard input, where no list of processes shows it")
      ->required();
  subject->add_option("--from", options->filter.from, "not before: a day, a time, or how long ago");
  subject->add_option("--to", options->filter.to, "not after");
  AddPurposeFlags(*subject, options->purpose);
  AddOutputFlags(*subject, options->output);
  AddConnectionFlags(*subject, program);
  subject->callback([&program, options] {
    program.action = [&program, options] { return AnswerSubject(program, *options); };
  });
}

}  // namespace chayan::cli
