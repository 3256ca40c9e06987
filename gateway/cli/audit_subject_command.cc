// chayan audit subject: who asked about a person, why, and what they got; and
// the letter that answers the person (Personal Data Protection Act art. 10).
#include <memory>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "chayan/v1/entry_detail.pb.h"
#include "gateway/base/encoding.h"
#include "gateway/cli/audit_calls.h"
#include "gateway/cli/audit_commands.h"
#include "gateway/cli/code_names.h"
#include "gateway/cli/document_output.h"
#include "gateway/cli/entry_filter.h"
#include "gateway/cli/notice_text.h"
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
  std::vector<v1::Access> all;
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
void AddDetail(Language language, const CodeNames& names, const v1::Access& access,
               absl::string_view kind, report::Row& row) {
  v1::EntryDetail detail;
  if (access.detail_state() != v1::DETAIL_STATE_OPEN || !detail.ParseFromString(access.detail())) {
    row.emplace_back(Say(language, "(已刪除)", "(erased)"));
    row.emplace_back();
    return;
  }
  std::vector<std::string> claims;
  for (const v1::ClaimVerdict& verdict : detail.verdicts()) {
    claims.push_back(absl::StrCat(names.Claim(kind, verdict.code()), ": ",
                                  VerdictText(language, verdict.verdict())));
  }
  std::vector<std::string> released;
  for (const std::string& code : detail.released_fields()) {
    released.push_back(names.Field(kind, code));
  }
  row.push_back(absl::StrJoin(claims, "\n"));
  row.push_back(absl::StrJoin(released, ", "));
}

// An access as codes; with the `names` of a letter, in words.
struct Teller {
  Language language;
  CodeNames names;
  bool in_words = false;

  std::string Outcome(const log::LeafView& leaf) const {
    const absl::string_view code = leaf.Get(Key::kOutcome);
    const absl::string_view reason = leaf.Get(Key::kReason);
    if (!in_words) return std::string(code.empty() ? reason : code);
    v1::Outcome outcome;
    if (v1::Outcome_Parse(absl::StrCat("OUTCOME_", code), &outcome)) {
      return OutcomeText(language, outcome);
    }
    v1::DeliveryState state;
    if (v1::DeliveryState_Parse(absl::StrCat("DELIVERY_STATE_", code), &state)) {
      return StateText(language, state);
    }
    if (code == "ACCEPTED") return std::string(Say(language, "已發布通報", "notice published"));
    if (leaf.Get(Key::kMethod) == "FetchNoticeDetail" && reason.empty()) {
      return std::string(Say(language, "調取通報內容", "fetched what the notice says"));
    }
    if (reason.empty()) return std::string(code);
    return absl::StrCat(Say(language, "未提供答覆(", "not answered ("), reason,
                        Say(language, ")", ")"));
  }
  std::string Kind(const log::LeafView& leaf) const {
    const absl::string_view kind = leaf.Get(Key::kKind);
    if (in_words && kind.empty() && leaf.known_type == log::EntryType::kRead) {
      return std::string(
          Say(language, "稽核機關調閱本表所列紀錄", "an auditor looked at these records"));
    }
    return names.Kind(kind);
  }
  // Of a notice: who was told, and which parts and elements.
  std::vector<std::string> Notified(const v1::Access& access, absl::string_view kind) const {
    v1::EntryDetail detail;
    if (!detail.ParseFromString(access.detail())) return {};
    std::vector<std::string> notified;
    const auto tell = [&](const v1::NoticeRecipient& recipient) {
      std::vector<std::string> what;
      for (const int part : recipient.subject_parts()) {
        const auto known = static_cast<v1::NoticePart>(part);
        what.push_back(in_words ? PartText(language, known) : PartCode(known));
      }
      for (const std::string& code : recipient.fields()) what.push_back(names.Field(kind, code));
      notified.push_back(
          absl::StrCat(names.Member(recipient.recipient()), ": ", absl::StrJoin(what, ", ")));
    };
    absl::c_for_each(detail.notice_recipients(), tell);
    for (const v1::BulkNotice& notice : detail.bulk_notices()) {
      absl::c_for_each(notice.recipients(), tell);
    }
    return notified;
  }
};

absl::StatusOr<report::Row> AccessRow(const Teller& teller, const v1::Access& access) {
  CHAYAN_ASSIGN_OR_RETURN(const log::LeafView leaf, log::ReadLeaf(access.leaf()));
  const absl::Time time = report::TimeOfEntry(leaf.timestamp);
  const absl::string_view office = leaf.Get(Key::kFor);
  const CodeNames& names = teller.names;
  report::Row row = {report::IsoTime(time),
                     report::RocTime(time),
                     names.Member(office.empty() ? leaf.Get(Key::kMember) : office),
                     teller.Kind(leaf),
                     names.Purpose(leaf.Get(Key::kPurpose)),
                     names.LegalBasis(leaf.Get(Key::kBasis)),
                     names.Member(leaf.Get(Key::kHolder)),
                     teller.Outcome(leaf)};
  AddDetail(teller.language, names, access, leaf.Get(Key::kKind), row);
  row.push_back(absl::StrJoin(teller.Notified(access, leaf.Get(Key::kKind)), "\n"));
  row.push_back(absl::StrCat(access.index()));
  return row;
}

absl::StatusOr<report::Table> AccessTable(const Teller& teller, const Accesses& accesses) {
  report::Table table{.name = "accesses",
                      .title = std::string(Say(teller.language, "查詢紀錄", "accesses"))};
  table.header = Header(teller.language);
  for (const v1::Access& access : accesses.all) {
    CHAYAN_ASSIGN_OR_RETURN(report::Row row, AccessRow(teller, access));
    table.rows.push_back(std::move(row));
  }
  return table;
}

// The names of the registry set that decided the newest access.
absl::StatusOr<CodeNames> NamesFor(Language language, const Accesses& accesses, AuditCalls& calls) {
  for (auto access = accesses.all.rbegin(); access != accesses.all.rend(); ++access) {
    CHAYAN_ASSIGN_OR_RETURN(const log::LeafView leaf, log::ReadLeaf(access->leaf()));
    const absl::string_view text = leaf.Get(Key::kRegistry);
    if (text.empty()) continue;
    CHAYAN_ASSIGN_OR_RETURN(const std::string raw, Base64Decode(text));
    CHAYAN_ASSIGN_OR_RETURN(const crypto::Digest digest, crypto::Digest::FromRaw(raw));
    CHAYAN_ASSIGN_OR_RETURN(const registry::Files files, CallRegistrySet(calls, digest));
    return CodeNames(language, files);
  }
  return CodeNames();
}

// The letter names no number and no name: the office writes those by hand, or
// prints them itself.
report::Letter AnswerLetter(Language language, report::Table accesses, uint32_t not_shown,
                            absl::Time now) {
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
                                accesses.rows.size(),
                                say(" 筆,如下表。", ", in the table below.")));
  if (not_shown > 0) {
    letter.Paragraph(absl::StrCat(say("二、另有 ", "2. Besides, "), not_shown,
                                  say(" 筆不在本機關稽核範圍,請向其稽核機關申請。",
                                      " accesses are outside this auditor's remit; please "
                                      "ask their auditor.")));
  }
  letter.Add(std::move(accesses));
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
  const auto purpose = ToProto(options.purpose);
  if (!purpose.ok()) return program.FailUsage(purpose.status());
  v1::ListAccessesRequest request;
  *request.mutable_subject() = *subject;
  *request.mutable_purpose() = *purpose;
  if (filter->has_from_time()) *request.mutable_from_time() = filter->from_time();
  if (filter->has_until_time()) *request.mutable_until_time() = filter->until_time();
  std::unique_ptr<Client> client;
  if (!program.Connect(CallerRole::kAuditor, client).ok()) return ExitCode::kUsage;
  AuditCalls calls(program, *client);
  const Language language = DocumentLanguage(program, options.output);
  const bool is_letter = absl::EndsWith(options.output.file, ".odt");
  Accesses accesses;
  const absl::Status called = calls.CallPages<v1::ListAccessesResponse>(
      "ListAccesses", request, [&](const v1::ListAccessesResponse& page) {
        accesses.not_shown += page.not_shown();
        accesses.all.insert(accesses.all.end(), page.accesses().begin(), page.accesses().end());
      });
  if (!called.ok()) return calls.Fail(called);
  Teller teller{.language = language, .names = {}, .in_words = is_letter};
  if (is_letter) {
    auto names = NamesFor(language, accesses, calls);
    if (!names.ok()) return calls.Fail(names.status());
    teller.names = *std::move(names);
  }
  auto table = AccessTable(teller, accesses);
  if (!table.ok()) return calls.Fail(table.status());
  if (is_letter) {
    const auto odt = report::WriteOdt(
        AnswerLetter(language, *std::move(table), accesses.not_shown, program.clock.Now()));
    if (!odt.ok()) return program.Fail(ExitCode::kCheckFailed, odt.status().message());
    return WriteOutput(program, options.output.file, *odt);
  }
  report::Document document;
  document.title = std::string(Say(language, "誰查詢過此人", "who asked about this person"));
  document.facts = {
      {std::string(Say(language, "紀錄", "accesses")), absl::StrCat(table->rows.size())},
      {std::string(Say(language, "不在稽核範圍", "outside your grants")),
       absl::StrCat(accesses.not_shown)}};
  document.tables.push_back(*std::move(table));
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
