// chayan audit erase propose | confirm | list: the sealed part of one entry goes, by two auditors.
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "gateway/cli/audit_calls.h"
#include "gateway/cli/audit_commands.h"
#include "gateway/cli/document_output.h"
#include "gateway/cli/entry_rule.h"
#include "gateway/report/period.h"

namespace chayan::cli {
namespace {

constexpr char kReasonPrefix[] = "ERASURE_REASON_";

struct Options {
  uint64_t index = 0;
  uint64_t proposal = 0;
  std::string reason;
  PurposeFlags purpose;
  OutputFlags output;
};

// Both steps: without a proposal this makes one.
ExitCode Erase(Program& program, const Options& options, std::optional<uint64_t> proposal) {
  const auto reason = ParseCode<v1::ErasureReason>("--reason", kReasonPrefix, options.reason,
                                                   *v1::ErasureReason_descriptor());
  if (!reason.ok()) return program.FailUsage(reason.status());
  const auto purpose = ToProto(options.purpose);
  if (!purpose.ok()) return program.FailUsage(purpose.status());
  v1::EraseDetailRequest request;
  request.set_index(options.index);
  request.set_reason(*reason);
  *request.mutable_purpose() = *purpose;
  if (proposal.has_value()) request.set_proposal(*proposal);
  std::unique_ptr<Client> client;
  if (!program.Connect(CallerRole::kAuditor, client).ok()) return ExitCode::kUsage;
  AuditCalls calls(program, *client);
  const auto response = calls.Call<v1::EraseDetailResponse>("EraseDetail", request);
  if (!response.ok()) return calls.Fail(response.status());
  const v1::Erasure& erasure = response->erasure();
  if (proposal.has_value()) {
    program.out << At(options.index)
                << program.Say(":已刪除,刪除紀錄 ", ": erased; the erasure is entry ")
                << erasure.erasure()
                << program.Say("。收據與他處副本由其持有者負責\n",
                               ". Receipts and copies elsewhere are for those who hold them\n");
    return ExitCode::kOk;
  }
  program.out << program.Say("已提議刪除;另一稽核人員以另一系統於七日內確認:",
                             "proposed; another auditor confirms on another system within seven "
                             "days: ")
              << "chayan audit erase confirm " << options.index << " --proposal "
              << erasure.proposal() << " --reason "
              << CodeWord(kReasonPrefix, v1::ErasureReason_Name(*reason)) << "\n";
  return ExitCode::kOk;
}

std::string TimeOrNothing(bool present, const google::protobuf::Timestamp& time) {
  return present ? report::IsoTime(absl::FromUnixSeconds(time.seconds())) : std::string();
}

report::Row ErasureRow(const v1::Erasure& erasure) {
  return {absl::StrCat(erasure.proposal()),
          erasure.has_index() ? absl::StrCat(erasure.index()) : erasure.vault_key(),
          CodeWord("ERASURE_STATE_", v1::ErasureState_Name(erasure.state())),
          CodeWord(kReasonPrefix, v1::ErasureReason_Name(erasure.reason())),
          erasure.proposed_by(),
          erasure.confirmed_by(),
          TimeOrNothing(erasure.has_expire_time(), erasure.expire_time()),
          erasure.has_erasure() ? absl::StrCat(erasure.erasure()) : std::string(),
          TimeOrNothing(erasure.has_erase_time(), erasure.erase_time()),
          TimeOrNothing(erasure.has_complete_time(), erasure.complete_time())};
}

ExitCode List(Program& program, const Options& options) {
  const Language language = DocumentLanguage(program, options.output);
  const auto say = [&](absl::string_view zh, absl::string_view en) {
    return std::string(Say(language, zh, en));
  };
  report::Table table{.name = "erasures", .title = say("刪除", "erasures")};
  table.header = {say("提議", "proposal"),       say("紀錄或金鑰", "entry or key"),
                  say("狀態", "state"),          say("理由", "reason"),
                  say("提議者", "proposed by"),  say("確認者", "confirmed by"),
                  say("期限", "confirm before"), say("刪除紀錄", "erasure"),
                  say("刪除時間", "erased"),     say("檔案清除", "gone from files")};
  return PrintPages<v1::ListErasuresResponse>(
      program, options.output, "ListErasures", v1::ListErasuresRequest(), std::move(table),
      [](const v1::ListErasuresResponse& page, report::Table& rows) {
        for (const v1::Erasure& erasure : page.erasures()) rows.rows.push_back(ErasureRow(erasure));
      });
}

}  // namespace

void AddAuditEraseCommand(CLI::App& audit, Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* erase = audit.add_subcommand(
      "erase", std::string(program.Say("刪除一筆紀錄的封存內容:一人提議,另一人確認",
                                       "erase the sealed part of an entry: one auditor proposes, "
                                       "another confirms")));
  erase->require_subcommand(1);
  const auto add_step = [&](const char* name, absl::string_view zh, absl::string_view en) {
    CLI::App* step = erase->add_subcommand(name, std::string(program.Say(zh, en)));
    step->add_option("ENTRY", options->index, "index of the entry")->required();
    step->add_option("--reason", options->reason,
                     "person-request, order, unlawful-question or purpose-ended")
        ->required();
    AddPurposeFlags(*step, options->purpose);
    AddConnectionFlags(*step, program);
    return step;
  };
  add_step("propose", "提議刪除", "propose it")->callback([&program, options] {
    program.action = [&program, options] { return Erase(program, *options, std::nullopt); };
  });
  CLI::App* confirm = add_step("confirm", "確認並刪除", "confirm it; it is erased at once");
  confirm->add_option("--proposal", options->proposal, "number that propose printed")->required();
  confirm->callback([&program, options] {
    program.action = [&program, options] { return Erase(program, *options, options->proposal); };
  });
  CLI::App* list = erase->add_subcommand(
      "list", std::string(program.Say("列出提議與刪除", "list proposals and erasures")));
  AddOutputFlags(*list, options->output);
  AddConnectionFlags(*list, program);
  list->callback([&program, options] {
    program.action = [&program, options] { return List(program, *options); };
  });
}

}  // namespace chayan::cli
