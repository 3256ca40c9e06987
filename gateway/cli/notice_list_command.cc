// chayan notice dead and checklist: what somebody has to look at.
#include <memory>

#include "absl/strings/str_cat.h"
#include "gateway/cli/audit_calls.h"
#include "gateway/cli/document_output.h"
#include "gateway/cli/notice_checklist.h"
#include "gateway/cli/notice_commands.h"

namespace chayan::cli {
namespace {

struct Options {
  bool as_recipient = false;
  OutputFlags output;
};

absl::StatusOr<std::vector<v1::DeliveryStatus>> List(NoticeCalls& calls,
                                                     const v1::ListDeliveriesRequest& request) {
  std::vector<v1::DeliveryStatus> deliveries;
  CHAYAN_RETURN_IF_ERROR(calls.CallPages<v1::ListDeliveriesResponse>(
      "ListDeliveries", request, [&](const v1::ListDeliveriesResponse& page) {
        deliveries.insert(deliveries.end(), page.deliveries().begin(), page.deliveries().end());
      }));
  return deliveries;
}

v1::ListDeliveriesRequest Asked(const Options& options, std::vector<v1::DeliveryState> states) {
  v1::ListDeliveriesRequest request;
  request.set_side(options.as_recipient ? v1::DELIVERY_SIDE_RECIPIENT
                                        : v1::DELIVERY_SIDE_PUBLISHER);
  for (const v1::DeliveryState state : states) request.add_states(state);
  return request;
}

ExitCode PrintFindings(Program& program, const Options& options, NoticeFindings findings) {
  std::unique_ptr<Client> client;
  const CallerRole role = options.as_recipient ? CallerRole::kAdapter : CallerRole::kHousehold;
  if (!program.Connect(role, client).ok()) return ExitCode::kUsage;
  NoticeCalls calls(program, *client);
  const auto take = [&](const v1::ListDeliveriesRequest& request,
                        std::vector<v1::DeliveryStatus>& into) -> absl::Status {
    CHAYAN_ASSIGN_OR_RETURN(into, List(calls, request));
    return absl::OkStatus();
  };
  v1::ListDeliveriesRequest overdue = Asked(options, {});
  overdue.set_overdue(true);
  v1::ListDeliveriesRequest exceptions = Asked(options, {});
  exceptions.set_exceptions(true);
  absl::Status status = take(Asked(options, {v1::DELIVERY_STATE_DEAD}), findings.dead);
  if (status.ok() && !findings.dead_only) {
    status = take(Asked(options, {v1::DELIVERY_STATE_SCHEDULED}), findings.scheduled);
    if (status.ok()) status = take(overdue, findings.overdue);
    if (status.ok()) {
      status = take(Asked(options, {v1::DELIVERY_STATE_REJECTED}), findings.rejected);
    }
    if (status.ok() && !options.as_recipient) status = take(exceptions, findings.unmatched);
  }
  if (!status.ok()) return calls.Fail(status);
  return PrintDocument(
      program, options.output,
      NoticeChecklist(DocumentLanguage(program, options.output), findings, program.clock.Now()));
}

ExitCode Dead(Program& program, Options& options) {
  return PrintFindings(program, options, {.dead_only = true});
}

ExitCode Checklist(Program& program, Options& options) {
  return PrintFindings(program, options, {.dead_only = false});
}

}  // namespace

void AddNoticeListCommands(CLI::App& notice, Program& program) {
  const auto add = [&](const char* name, absl::string_view help,
                       ExitCode (*action)(Program&, Options&)) {
    CLI::App* command = notice.add_subcommand(name, std::string(help));
    const auto options = std::make_shared<Options>();
    command->add_flag("--as-recipient", options->as_recipient,
                      "of what the member gets; without, of what it published");
    AddOutputFlags(*command, options->output);
    RunOn(*command, program, options, action);
  };
  add("dead", program.Say("無法送達的通報及原因", "deliveries that were given up, and why"), Dead);
  add("checklist",
      program.Say("每週檢核表:逾期、未回報、退回、無法送達",
                  "the weekly check: late, missing, rejected, dead"),
      Checklist);
}

}  // namespace chayan::cli
