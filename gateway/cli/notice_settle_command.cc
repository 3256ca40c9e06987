// chayan notice ack and replay: the recipient's word on a delivery, and the publisher's answer to
// it.
#include <memory>

#include "absl/strings/str_cat.h"
#include "gateway/cli/audit_calls.h"
#include "gateway/cli/notice_commands.h"

namespace chayan::cli {
namespace {

struct Options {
  std::string delivery_id;
  std::string case_number;
  std::string reject;
  std::string text;
  std::string owner;
  uint32_t workdays = 0;
  std::string why;
  EvidenceFlags evidence;
};

ExitCode Settle(Program& program, const Options& options, CallerRole role, const char* method,
                const std::string& request) {
  std::unique_ptr<Client> client;
  if (!program.Connect(role, client).ok()) return ExitCode::kUsage;
  const auto call = CallRecorded(program, *client, options.evidence, method, request);
  if (!call.ok()) return program.Fail(ExitCode::kCheckFailed, call.status().message());
  const auto print = [&](const std::string& answer) {
    v1::DeliveryStatus delivery;
    if (!delivery.ParseFromString(answer)) return false;
    PrintDelivery(program, delivery, /*history=*/false);
    return true;
  };
  return ShowRecorded(program, options.evidence, *call, {.text = print, .json = nullptr});
}

absl::StatusOr<v1::AcknowledgeNoticeRequest> BuildAcknowledgement(const Options& options) {
  v1::AcknowledgeNoticeRequest request;
  v1::DeliveryReceipt& receipt = *request.mutable_acknowledgement();
  receipt.set_delivery_id(options.delivery_id);
  receipt.set_recipient_case_number(options.case_number);
  if (options.reject.empty()) {
    if (!options.text.empty() || !options.owner.empty() || options.workdays != 0) {
      return absl::InvalidArgumentError(
          "--text, --owner and --workdays go with a rejection: give --reject REASON");
    }
    receipt.set_state(v1::DELIVERY_STATE_ACKNOWLEDGED);
    return request;
  }
  receipt.set_state(v1::DELIVERY_STATE_REJECTED);
  CHAYAN_ASSIGN_OR_RETURN(const auto reason, ParseCode<v1::RejectionReason>(
                                                 "--reject", "REJECTION_REASON_", options.reject,
                                                 *v1::RejectionReason_descriptor()));
  if (reason == v1::REJECTION_REASON_OTHER && options.text.empty()) {
    return absl::InvalidArgumentError("--reject other says why in words: give --text");
  }
  receipt.set_rejection_reason(reason);
  receipt.set_rejection_text(options.text);
  receipt.set_follow_up_owner(options.owner);
  receipt.set_follow_up_workdays(options.workdays);
  return request;
}

ExitCode Acknowledge(Program& program, Options& options) {
  const auto request = BuildAcknowledgement(options);
  if (!request.ok()) return program.FailUsage(request.status());
  return Settle(program, options, CallerRole::kAdapter, "AcknowledgeNotice",
                request->SerializeAsString());
}

ExitCode Replay(Program& program, Options& options) {
  v1::ReplayDeliveryRequest request;
  request.set_delivery_id(options.delivery_id);
  request.set_reason(options.why);
  return Settle(program, options, CallerRole::kHousehold, "ReplayDelivery",
                request.SerializeAsString());
}

}  // namespace

void AddNoticeSettleCommands(CLI::App& notice, Program& program) {
  CLI::App* ack = notice.add_subcommand(
      "ack", std::string(program.Say("回報已辦理,或退回並說明原因",
                                     "say that the office acted, or why it will not")));
  const auto acknowledged = std::make_shared<Options>();
  ack->add_option("DELIVERY", acknowledged->delivery_id, "the delivery's id")->required();
  ack->add_option("--case", acknowledged->case_number, "the office's own case number");
  ack->add_option("--reject", acknowledged->reject,
                  "not-ours, no-such-person, data-doubt, duplicate or other");
  ack->add_option("--text", acknowledged->text, "with --reject other: why; kept sealed");
  ack->add_option("--owner", acknowledged->owner,
                  "with --reject: member id of who follows it up; the publisher by default");
  ack->add_option("--workdays", acknowledged->workdays,
                  "with --reject: by when; 7 days by default");
  AddEvidenceFlags(*ack, acknowledged->evidence);
  RunOn(*ack, program, acknowledged, Acknowledge);
  CLI::App* replay = notice.add_subcommand(
      "replay", std::string(program.Say("重送無法送達或被退回的通報",
                                        "send a dead or rejected delivery again")));
  const auto replayed = std::make_shared<Options>();
  replay->add_option("DELIVERY", replayed->delivery_id, "the delivery's id")->required();
  replay->add_option("--why", replayed->why, "why, in words; kept sealed")->required();
  AddEvidenceFlags(*replay, replayed->evidence);
  RunOn(*replay, program, replayed, Replay);
}

}  // namespace chayan::cli
