// chayan notice: what its commands share.
#include "absl/strings/str_cat.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/base/uuid.h"
#include "gateway/cli/check_text.h"
#include "gateway/cli/notice_commands.h"
#include "gateway/cli/notice_text.h"
#include "gateway/cli/receipt_text.h"
#include "google/protobuf/util/json_util.h"

namespace chayan::cli {
namespace {

// The entry of a refusal at the door says that there was a call, and commits to no bytes of it.
bool Commits(const v1::Receipt& receipt) {
  const auto leaf = log::ParseLeaf(receipt.leaf());
  return !leaf.ok() || !leaf->Get("c_res").empty();
}

bool ShowText(const Program& program, const RecordedCall& call,
              const std::optional<ReceiptReport>& report, const AnswerOutput& output) {
  if (!call.result.status.ok()) {
    program.out << ErrorText(program.language, call.evidence.status());
  } else if (!output.text(call.evidence.answer())) {
    return false;
  }
  PrintVerdict(program, call.evidence, report);
  return true;
}

// `evidence`: the file that was written, empty when there is none.
bool ShowJson(const Program& program, const RecordedCall& call,
              const std::optional<ReceiptReport>& report, absl::string_view evidence,
              const AnswerOutput& output) {
  JsonWriter json;
  json.BeginObject();
  if (!call.result.status.ok()) {
    ErrorInto(json, call.evidence.status());
  } else if (!output.json(json, call.evidence.answer())) {
    return false;
  }
  if (report.has_value()) {
    json.BeginObject("receipt");
    CheckInto(json, *report);
    json.EndObject();
  }
  json.Text("evidence", evidence);
  json.EndObject();
  program.out << std::move(json).Take() << "\n";
  return true;
}

// The evidence file that was written; empty where none is wanted, or nothing proves the bytes of a
// refusal.
absl::StatusOr<std::string> KeepEvidence(const EvidenceFlags& flags, const RecordedCall& call) {
  const bool refused_unproved = !call.result.status.ok() && !call.evidence.has_receipt();
  if (flags.file.empty() || refused_unproved) return "";
  CHAYAN_RETURN_IF_ERROR(WriteEvidence(call.evidence, flags.file));
  return flags.file;
}

void SayKept(const Program& program, absl::string_view evidence) {
  if (evidence.empty()) {
    program.out << program.Say("無證據檔:此拒絕未留存可供證明之內容\n",
                               "no evidence file: what is recorded of this refusal proves none "
                               "of its bytes\n");
    return;
  }
  program.out << program.Say("證據檔: ", "evidence file: ") << evidence << "\n";
}

}  // namespace

void AddNoticeCommand(CLI::App& app, Program& program) {
  CLI::App* notice = app.add_subcommand(
      "notice", std::string(program.Say("跨機關通報:發布、追蹤、接收、回報",
                                        "notices: publish, follow, receive, acknowledge")));
  notice->require_subcommand(1);
  AddNoticePublishCommands(*notice, program);
  AddNoticeWatchCommands(*notice, program);
  AddNoticeReceiveCommand(*notice, program);
  AddNoticeFetchCommand(*notice, program);
  AddNoticeProveCommand(*notice, program);
  AddNoticeSettleCommands(*notice, program);
  AddNoticeListCommands(*notice, program);
}

absl::StatusOr<RecordedCall> CallRecorded(const Program& program, Client& client,
                                          const EvidenceFlags& flags, const char* method,
                                          const std::string& request) {
  CHAYAN_RETURN_IF_ERROR(RemoveOlderEvidence(flags));
  RecordedCall call;
  call.result = client.Call(absl::StrCat("/chayan.v1.NoticeService/", method), request,
                            program.connection.timeout());
  call.evidence.set_request(request);
  if (!call.result.status.ok()) {
    if (!call.result.status_details.empty()) {
      call.evidence.set_status(call.result.status_details);
    }
    v1::Receipt receipt;
    if (!call.result.receipt.empty() && receipt.ParseFromString(call.result.receipt) &&
        Commits(receipt)) {
      *call.evidence.mutable_receipt() = std::move(receipt);
    }
    return call;
  }
  // The responses of all recorded calls have the answer in field 2 and the receipt in field 3; of
  // what follows another notice, one level deeper.
  const bool follows = absl::string_view(method) == "SupersedeNotice" ||
                       absl::string_view(method) == "ReverseNotice";
  v1::FollowNoticeResponseView response;
  const bool parsed = follows ? response.ParseFromString(call.result.response)
                              : response.mutable_notice()->ParseFromString(call.result.response);
  if (!parsed || !response.notice().has_notice()) {
    return absl::DataLossError(absl::StrCat(method, ": the gateway's response cannot be read"));
  }
  call.evidence.set_answer(response.notice().notice());
  if (response.notice().has_receipt()) {
    *call.evidence.mutable_receipt() = response.notice().receipt();
  }
  return call;
}

ExitCode ShowRecorded(Program& program, const EvidenceFlags& flags, const RecordedCall& call,
                      const AnswerOutput& output) {
  const absl::Status& status = call.result.status;
  // Without details the call never reached the gateway's own words.
  if (!status.ok() && call.result.status_details.empty()) return program.FailCall(call.result);
  const auto report = CheckReceipt(program, flags, call.evidence);
  if (!report.ok()) return program.FailUsage(report.status());
  const absl::StatusOr<std::string> kept = KeepEvidence(flags, call);
  const bool shown = output.json ? ShowJson(program, call, *report, kept.value_or(""), output)
                                 : ShowText(program, call, *report, output);
  if (!kept.ok()) return program.Fail(ExitCode::kCheckFailed, kept.status().message());
  if (!output.json && !flags.file.empty()) SayKept(program, *kept);
  if (!shown) return program.Fail(ExitCode::kCheckFailed, "the gateway's answer cannot be read");
  if (report->has_value() && !(*report)->ok()) return ExitCode::kCheckFailed;
  return ExitCodeOf(status);
}

absl::StatusOr<KeptNotice> KeepNotice(const std::string& directory, absl::string_view ending,
                                      const std::string& bytes) {
  KeptNotice kept;
  if (!kept.notice.ParseFromString(bytes)) return absl::DataLossError("a notice cannot be read");
  CHAYAN_RETURN_IF_ERROR(Uuid::FromText(kept.notice.delivery_id()).status());
  kept.path = absl::StrCat(directory, "/", kept.notice.delivery_id(), ending);
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.add_whitespace = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(kept.notice, &json, options).ok()) {
    return absl::DataLossError("a notice cannot be written as JSON");
  }
  CHAYAN_RETURN_IF_ERROR(WriteFile(kept.path + ".notice", bytes, 0600));
  CHAYAN_RETURN_IF_ERROR(WriteFile(kept.path + ".json", json, 0600));
  return kept;
}

absl::StatusOr<FrameProofs> FetchFrame(NoticeCalls& calls, uint64_t entry) {
  v1::GetFrameRequest request;
  request.set_entry_index(entry);
  CHAYAN_ASSIGN_OR_RETURN(const auto response,
                          calls.Call<v1::GetFrameResponse>("GetFrame", request));
  return FrameProofs::Create(response);
}

absl::Time TimeFrom(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

void PrintDelivery(const Program& program, const v1::DeliveryStatus& delivery, bool history) {
  const Language language = program.language;
  program.out << "  " << delivery.delivery_id() << "  " << delivery.recipient() << "  "
              << StateText(language, delivery.state());
  if (!delivery.reason().empty()) program.out << " (" << delivery.reason() << ")";
  if (delivery.state() == v1::DELIVERY_STATE_SCHEDULED && delivery.has_due_time()) {
    program.out << program.Say(",預定 ", ", due ")
                << TimeText(language, TimeFrom(delivery.due_time()));
  }
  if (delivery.waits_for_earlier()) {
    program.out << program.Say(",等候同一人的前通報",
                               ", waits for an earlier notice of the subject");
  }
  if (delivery.rejection_reason() != v1::REJECTION_REASON_UNSPECIFIED) {
    program.out << "  " << RejectionCode(delivery.rejection_reason())
                << (delivery.rejection_text().empty() ? "" : ": ") << delivery.rejection_text();
  }
  if (!delivery.recipient_case_number().empty()) {
    program.out << program.Say(",案號 ", ", case ") << delivery.recipient_case_number();
  }
  program.out << "\n";
  if (!history) return;
  for (const v1::DeliveryStep& step : delivery.steps()) {
    program.out << "    " << TimeText(language, TimeFrom(step.time())) << "  "
                << StateText(language, step.state())
                << (step.reason().empty() ? "" : absl::StrCat(" (", step.reason(), ")"))
                << program.Say("  紀錄 ", "  entry ") << step.entry_index() << "\n";
  }
}

}  // namespace chayan::cli
