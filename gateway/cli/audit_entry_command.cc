// chayan audit entry: one entry of a gateway, proved, and opened where a grant allows it. What is
// opened is shown only if the proved entry commits to it.
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "chayan/v1/entry_detail.pb.h"
#include "gateway/base/encoding.h"
#include "gateway/cli/audit_calls.h"
#include "gateway/cli/audit_commands.h"
#include "gateway/cli/document_output.h"
#include "gateway/cli/entry_filter.h"
#include "gateway/cli/notice_text.h"
#include "gateway/cli/trust_flags.h"
#include "gateway/tlog/commitment.h"
#include "gateway/tlog/inclusion_check.h"
#include "gateway/tlog/proof_file.h"

namespace chayan::cli {
namespace {

struct Options {
  uint64_t index = 0;
  bool open = false;
  TrustFlags trust;
  PurposeFlags purpose;
  OutputFlags output;
};

// That the entry asked for is this one, and the detail its own.
absl::StatusOr<tlog::CheckpointStanding> Prove(const v1::GetEntryResponse& response, uint64_t index,
                                               const tlog::Policy& trust) {
  CHAYAN_ASSIGN_OR_RETURN(const tlog::ProofFile proof, tlog::ParseProofFile(response.tlog_proof()));
  CHAYAN_ASSIGN_OR_RETURN(const tlog::InclusionStanding standing,
                          tlog::CheckInclusion(response.leaf(), proof, trust));
  if (standing.index != index) {
    return absl::DataLossError(absl::StrCat("the gateway proved entry ", standing.index));
  }
  if (response.detail_state() != v1::DETAIL_STATE_OPEN) return standing.checkpoint;
  CHAYAN_ASSIGN_OR_RETURN(const log::LeafView leaf, log::ReadLeaf(response.leaf()));
  CHAYAN_ASSIGN_OR_RETURN(const std::string commitment, Base64Decode(leaf.Get(log::Key::kCDetail)));
  const absl::Status committed = tlog::VerifyCommitment(
      tlog::Committed::kDetail, response.detail_opening(), response.detail(), commitment);
  if (!committed.ok()) return Annotate(committed, "the detail is not the entry's");
  return standing.checkpoint;
}

std::string SealedText(Language language, v1::DetailState state) {
  switch (state) {
    case v1::DETAIL_STATE_OPEN:
      return std::string(Say(language, "已開啟", "open"));
    case v1::DETAIL_STATE_NONE:
      return std::string(Say(language, "無,或已刪除", "none, or erased"));
    case v1::DETAIL_STATE_KEY_DESTROYED:
      return std::string(Say(language, "金鑰已銷毀", "its key was destroyed"));
    default:
      return std::string(Say(language, "未要求", "not asked for"));
  }
}

// Of a notice whom it is about and who is told what; of a step what the recipient said.
void AddNotice(Language language, const v1::EntryDetail& detail, std::vector<report::Row>& facts) {
  const auto add = [&](absl::string_view zh, absl::string_view en, std::string value) {
    if (!value.empty()) facts.push_back({std::string(Say(language, zh, en)), std::move(value)});
  };
  for (const v1::NoticeSubject& subject : detail.notice_subjects()) {
    add("當事人號碼", "subject's number", subject.identifier().value());
    add("當事人姓名", "subject's name", subject.name());
    add("發布機關之編號", "the publisher's own key", subject.publisher_key());
  }
  for (const v1::NoticeRecipient& recipient : detail.notice_recipients()) {
    std::vector<std::string> what;
    for (const int part : recipient.subject_parts()) {
      what.push_back(PartText(language, static_cast<v1::NoticePart>(part)));
    }
    what.insert(what.end(), recipient.fields().begin(), recipient.fields().end());
    add("通知", "told", absl::StrCat(recipient.recipient(), ": ", absl::StrJoin(what, ", ")));
  }
  for (const v1::BulkNotice& notice : detail.bulk_notices()) {
    add("整批通報", "notice of the frame",
        absl::StrCat(notice.notice_id(), ", ", notice.case_number()));
  }
  const auto said = [&](const v1::DeliveryReceipt& receipt) {
    std::string what =
        absl::StrCat(receipt.delivery_id(), ": ", StateText(language, receipt.state()));
    if (receipt.rejection_reason() != v1::REJECTION_REASON_UNSPECIFIED) {
      absl::StrAppend(&what, ", ", RejectionCode(receipt.rejection_reason()), " ",
                      receipt.rejection_text());
    }
    add("收受機關回報", "the recipient said",
        absl::StrCat(what, receipt.recipient_case_number().empty() ? "" : ", ",
                     receipt.recipient_case_number()));
  };
  if (detail.has_delivery_receipt()) said(detail.delivery_receipt());
  for (const v1::DeliveryReceipt& receipt : detail.bulk_receipts()) said(receipt);
}

// Who asked whom about what; only what there is.
void AddDetail(Language language, const v1::EntryDetail& detail, std::vector<report::Row>& facts) {
  const auto add = [&](absl::string_view zh, absl::string_view en, std::string value) {
    if (!value.empty()) facts.push_back({std::string(Say(language, zh, en)), std::move(value)});
  };
  add("承辦人", "person", detail.person_id());
  add("職稱", "role", detail.person_role());
  add("案號", "case", detail.case_number());
  add("理由", "reason given", detail.reason());
  add("當事人號碼", "subject's number", detail.subject().identifier().value());
  add("當事人姓名", "subject's name", detail.subject().name());
  std::vector<std::string> verdicts;
  for (const v1::ClaimVerdict& verdict : detail.verdicts()) {
    verdicts.push_back(
        absl::StrCat(verdict.code(), ": ", VerdictText(language, verdict.verdict())));
  }
  add("比對項目", "claims compared", absl::StrJoin(verdicts, ", "));
  add("提供欄位", "released", absl::StrJoin(detail.released_fields(), ", "));
  add("拒絕欄位", "refused fields", absl::StrJoin(detail.refused_fields(), ", "));
  add("所查承辦人", "searched for person", detail.searched_person());
  add("所查案件", "searched for case", detail.searched_case());
  add("所開紀錄", "entries opened", absl::StrJoin(detail.opened_indexes(), " "));
}

ExitCode ShowEntry(Program& program, const Options& options) {
  const auto trust = LoadTrust(program, options.trust);
  if (!trust.ok()) return program.FailUsage(trust.status());
  v1::GetEntryRequest request;
  request.set_index(options.index);
  request.set_open_detail(options.open);
  if (options.open) {
    const auto purpose = ToProto(options.purpose);
    if (!purpose.ok()) return program.FailUsage(purpose.status());
    *request.mutable_purpose() = *purpose;
  }
  std::unique_ptr<Client> client;
  if (!program.Connect(CallerRole::kAuditor, client).ok()) return ExitCode::kUsage;
  AuditCalls calls(program, *client);
  const auto response = calls.Call<v1::GetEntryResponse>("GetEntry", request);
  if (!response.ok()) return calls.Fail(response.status());
  const auto standing = Prove(*response, options.index, *trust);
  if (!standing.ok()) return program.Fail(ExitCode::kCheckFailed, standing.status().message());
  const auto leaf = log::ReadLeaf(response->leaf());
  v1::EntryDetail detail;
  if (!leaf.ok() || !detail.ParseFromString(response->detail())) {
    return program.Fail(ExitCode::kCheckFailed, "the entry or its detail cannot be read");
  }
  const Language language = DocumentLanguage(program, options.output);
  report::Document document;
  document.title = absl::StrCat(Say(language, "紀錄 ", "entry "), options.index);
  document.facts = {{std::string(Say(language, "封存內容", "sealed part")),
                     SealedText(language, response->detail_state())},
                    {std::string(Say(language, "證明", "proved under a checkpoint of")),
                     absl::StrCat(standing->checkpoint.head.size)}};
  AddDetail(language, detail, document.facts);
  AddNotice(language, detail, document.facts);
  report::Table table{.name = "entry", .title = std::string(Say(language, "紀錄", "entry"))};
  table.header = EntryHeader(language);
  table.rows = {EntryRow(options.index, *leaf)};
  document.tables.push_back(std::move(table));
  return PrintDocument(program, options.output, document);
}

}  // namespace

void AddAuditEntryCommand(CLI::App& audit, Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* entry = audit.add_subcommand(
      "entry", std::string(program.Say("向閘道取一筆紀錄及其證明;--open 開啟封存內容",
                                       "an entry of a gateway with its proof; --open opens its "
                                       "sealed part")));
  entry->add_option("ENTRY", options->index, "index of the entry")->required();
  entry->add_flag("--open", options->open, "open it: who asked whom; recorded as a read");
  AddTrustFlags(*entry, options->trust);
  AddPurposeFlags(*entry, options->purpose);
  AddOutputFlags(*entry, options->output);
  AddConnectionFlags(*entry, program);
  entry->callback([&program, options] {
    program.action = [&program, options] { return ShowEntry(program, *options); };
  });
}

}  // namespace chayan::cli
