// chayan audit hold place | lift | list, and retention: what is kept, why and until when.
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/cli/audit_calls.h"
#include "gateway/cli/audit_commands.h"
#include "gateway/cli/document_output.h"
#include "gateway/cli/entry_rule.h"
#include "gateway/report/period.h"

namespace chayan::cli {
namespace {

constexpr char kReasonPrefix[] = "HOLD_REASON_";

struct Options {
  uint64_t index = 0;
  std::string reason;
  PurposeFlags purpose;
  OutputFlags output;
};

ExitCode Place(Program& program, const Options& options) {
  const auto reason = ParseCode<v1::HoldReason>("--reason", kReasonPrefix, options.reason,
                                                *v1::HoldReason_descriptor());
  if (!reason.ok()) return program.FailUsage(reason.status());
  const auto purpose = ToProto(options.purpose);
  if (!purpose.ok()) return program.FailUsage(purpose.status());
  v1::PlaceHoldRequest request;
  request.set_index(options.index);
  request.set_reason(*reason);
  *request.mutable_purpose() = *purpose;
  std::unique_ptr<Client> client;
  if (!program.Connect(CallerRole::kAuditor, client).ok()) return ExitCode::kUsage;
  AuditCalls calls(program, *client);
  const auto response = calls.Call<v1::PlaceHoldResponse>("PlaceHold", request);
  if (!response.ok()) return calls.Fail(response.status());
  program.out << At(options.index)
              << program.Say(":已保全;同時保留金鑰 ", ": held; with it the key is kept: ")
              << response->hold().vault_key() << "\n";
  return ExitCode::kOk;
}

ExitCode Lift(Program& program, const Options& options) {
  const auto purpose = ToProto(options.purpose);
  if (!purpose.ok()) return program.FailUsage(purpose.status());
  v1::LiftHoldRequest request;
  request.set_index(options.index);
  *request.mutable_purpose() = *purpose;
  std::unique_ptr<Client> client;
  if (!program.Connect(CallerRole::kAuditor, client).ok()) return ExitCode::kUsage;
  AuditCalls calls(program, *client);
  const auto response = calls.Call<v1::LiftHoldResponse>("LiftHold", request);
  if (!response.ok()) return calls.Fail(response.status());
  program.out << At(options.index) << program.Say(":已解除保全\n", ": no longer held\n");
  return ExitCode::kOk;
}

ExitCode ListHolds(Program& program, const Options& options) {
  const Language language = DocumentLanguage(program, options.output);
  const auto say = [&](absl::string_view zh, absl::string_view en) {
    return std::string(Say(language, zh, en));
  };
  report::Table table{.name = "holds", .title = say("保全", "holds")};
  table.header = {say("紀錄", "entry"),      say("理由", "reason"), say("保全者", "placed by"),
                  say("保全時間", "placed"), say("金鑰", "key"),    say("保全紀錄", "recorded as")};
  return PrintPages<v1::ListHoldsResponse>(
      program, options.output, "ListHolds", v1::ListHoldsRequest(), std::move(table),
      [](const v1::ListHoldsResponse& page, report::Table& rows) {
        for (const v1::Hold& hold : page.holds()) {
          rows.rows.push_back({absl::StrCat(hold.index()),
                               CodeWord(kReasonPrefix, v1::HoldReason_Name(hold.reason())),
                               hold.placed_by(),
                               report::IsoTime(absl::FromUnixSeconds(hold.place_time().seconds())),
                               hold.vault_key(), absl::StrCat(hold.placed())});
        }
      });
}

ExitCode ListRetention(Program& program, const Options& options) {
  const Language language = DocumentLanguage(program, options.output);
  const auto say = [&](absl::string_view zh, absl::string_view en) {
    return std::string(Say(language, zh, en));
  };
  report::Table table{.name = "retention", .title = say("保存", "retention")};
  table.header = {say("金鑰", "key"), say("銷毀日", "destroyed on"), say("到期", "due"),
                  say("保全之紀錄", "held by entries")};
  return PrintPages<v1::ListRetentionResponse>(
      program, options.output, "ListRetention", v1::ListRetentionRequest(), std::move(table),
      [&](const v1::ListRetentionResponse& page, report::Table& rows) {
        for (const v1::RetainedKey& key : page.keys()) {
          rows.rows.push_back(
              {key.vault_key(),
               key.has_due_time() ? report::IsoTime(absl::FromUnixSeconds(key.due_time().seconds()))
                                  : say("永久保存", "never"),
               key.due() ? say("是", "yes") : say("否", "no"), absl::StrJoin(key.held_by(), " ")});
        }
      });
}

}  // namespace

void AddAuditHoldCommands(CLI::App& audit, Program& program) {
  const auto options = std::make_shared<Options>();
  const auto action = [&program, options](CLI::App* command,
                                          ExitCode (*run)(Program&, const Options&)) {
    AddConnectionFlags(*command, program);
    command->callback([&program, options, run] {
      program.action = [&program, options, run] { return run(program, *options); };
    });
  };
  CLI::App* hold =
      audit.add_subcommand("hold", std::string(program.Say("保全紀錄:訴訟或調查期間不刪除",
                                                           "legal holds: what may not be erased")));
  hold->require_subcommand(1);
  CLI::App* place = hold->add_subcommand(
      "place", std::string(program.Say("保全一筆紀錄", "keep an entry, and its month's key")));
  place->add_option("ENTRY", options->index, "index of the entry")->required();
  place->add_option("--reason", options->reason, "lawsuit, investigation, dispute or incident")
      ->required();
  AddPurposeFlags(*place, options->purpose);
  action(place, Place);
  CLI::App* lift =
      hold->add_subcommand("lift", std::string(program.Say("解除保全", "lift a hold")));
  lift->add_option("ENTRY", options->index, "index of the entry")->required();
  AddPurposeFlags(*lift, options->purpose);
  action(lift, Lift);
  CLI::App* list = hold->add_subcommand("list", std::string(program.Say("列出保全", "list holds")));
  AddOutputFlags(*list, options->output);
  action(list, ListHolds);
  CLI::App* retention = audit.add_subcommand(
      "retention",
      std::string(program.Say("各月金鑰何時銷毀、由何者保留",
                              "which vault key is destroyed when, and what keeps it")));
  AddOutputFlags(*retention, options->output);
  action(retention, ListRetention);
}

}  // namespace chayan::cli
