// The commands under `chayan notice`, and what they share.
#ifndef CHAYAN_GATEWAY_CLI_NOTICE_COMMANDS_H_
#define CHAYAN_GATEWAY_CLI_NOTICE_COMMANDS_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "chayan/v1/notice_service.pb.h"
#include "chayan/v1/receipt.pb.h"
#include "gateway/cli/evidence_output.h"
#include "gateway/cli/json_writer.h"
#include "gateway/cli/notice_proof.h"
#include "gateway/cli/program.h"
#include "gateway/cli/service_calls.h"
#include "gateway/report/table.h"

namespace chayan::cli {

class NoticeCalls : public ServiceCalls {
 public:
  NoticeCalls(const Program& program, Client& client)
      : ServiceCalls(program, client, "NoticeService") {}
};

void AddNoticePublishCommands(CLI::App& notice, Program& program);  // publish, supersede, reverse
void AddNoticeWatchCommands(CLI::App& notice, Program& program);    // show, watch
void AddNoticeReceiveCommand(CLI::App& notice, Program& program);
void AddNoticeFetchCommand(CLI::App& notice, Program& program);
void AddNoticeProveCommand(CLI::App& notice, Program& program);
void AddNoticeSettleCommands(CLI::App& notice, Program& program);  // ack, replay
void AddNoticeListCommands(CLI::App& notice, Program& program);    // dead, checklist

// Has the command run `action` once the line is parsed, with the flags of a connection.
template <typename Options>
void RunOn(CLI::App& command, Program& program, const std::shared_ptr<Options>& options,
           ExitCode (*action)(Program&, Options&)) {
  AddConnectionFlags(command, program);
  command.callback([&program, options, action] {
    program.action = [&program, options, action] { return action(program, *options); };
  });
}

// A recorded call of the service: request, and the committed part of its answer (field 2) with the
// receipt (field 3), as the bytes that came. Errors with details are evidence too. An older
// evidence file is removed first.
struct RecordedCall {
  CallResult result;
  v1::EvidenceFile evidence;
};
absl::StatusOr<RecordedCall> CallRecorded(const Program& program, Client& client,
                                          const EvidenceFlags& flags, const char* method,
                                          const std::string& request);
// How an answer is shown; false when it cannot be read. With `json` in place of `text`: its
// members, into one object with the error or the check of the receipt.
struct AnswerOutput {
  std::function<bool(const std::string& answer)> text;
  std::function<bool(JsonWriter& json, const std::string& answer)> json;
};
// Shows what the call came to: its answer, or the gateway's words for an error; the verdict on the
// receipt; the evidence file where one is wanted.
ExitCode ShowRecorded(Program& program, const EvidenceFlags& flags, const RecordedCall& call,
                      const AnswerOutput& output);

// A notice as it came, and where it was written: the very bytes as PATH.notice, for whoever proves
// later what came; the same to read as PATH.json. PATH is the delivery's id with `ending`.
struct KeptNotice {
  v1::DeliveredNotice notice;
  std::string path;
};
absl::StatusOr<KeptNotice> KeepNotice(const std::string& directory, absl::string_view ending,
                                      const std::string& bytes);

// The frame that a bulk entry covers, of the caller's own.
absl::StatusOr<FrameProofs> FetchFrame(NoticeCalls& calls, uint64_t entry);

// One delivery on a line; with `history`, its steps below.
void PrintDelivery(const Program& program, const v1::DeliveryStatus& delivery, bool history);
absl::Time TimeFrom(const google::protobuf::Timestamp& time);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_NOTICE_COMMANDS_H_
