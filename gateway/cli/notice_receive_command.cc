// chayan notice receive: pulls notices. Each is on the disk before its receipt is sent.
#include <deque>
#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/notice_commands.h"

namespace chayan::cli {
namespace {

constexpr uint32_t kCreditMax = 1024;  // as notice_service.proto states it
constexpr char kTokenFile[] = "resume-token";

struct Options {
  std::string directory;
  uint32_t count = 1;
  std::vector<std::string> subscriptions;
  double quiet_seconds = 10;
};

// One stream from its opening to the last recorded receipt.
class Reception {
 public:
  Reception(Program& program, const Options& options) : program_(program), options_(options) {
    v1::ReceiveNoticesRequest opening;
    opening.mutable_opening()->set_credit(options.count);
    *opening.mutable_opening()->mutable_subscriptions() = {options.subscriptions.begin(),
                                                           options.subscriptions.end()};
    const auto token = ReadFile(absl::StrCat(options.directory, "/", kTokenFile));
    if (token.ok()) opening.mutable_opening()->set_resume_token(*token);
    to_say_.push_back(opening.SerializeAsString());
  }

  std::optional<std::string> Next() {
    if (to_say_.empty()) return std::nullopt;
    std::string message = std::move(to_say_.front());
    to_say_.pop_front();
    return message;
  }
  bool open() const { return status_.ok() && recorded_ < options_.count; }
  void Hear(absl::string_view bytes) {
    if (status_.ok()) status_ = TryHear(bytes);
  }

  const absl::Status& status() const { return status_; }
  uint32_t received() const { return received_; }
  uint32_t unrecorded() const { return received_ - recorded_; }

 private:
  absl::Status TryHear(absl::string_view bytes) {
    v1::ReceiveNoticesResponse heard;
    if (!heard.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      return absl::DataLossError("what the gateway sent cannot be read");
    }
    switch (heard.message_case()) {
      case v1::ReceiveNoticesResponse::kNotice:
        return Keep(heard.notice());
      case v1::ReceiveNoticesResponse::kRecorded:
        return OnRecorded(heard.recorded());
      case v1::ReceiveNoticesResponse::kNoneToday:
        program_.out << heard.none_today().subscription()
                     << program_.Say(":本期無通報,紀錄 ", ": none in this period, entry ")
                     << heard.none_today().entry_index() << "\n";
        return absl::OkStatus();
      case v1::ReceiveNoticesResponse::kResumeToken:
        return WriteFile(absl::StrCat(options_.directory, "/", kTokenFile), heard.resume_token(),
                         0600);
      case v1::ReceiveNoticesResponse::MESSAGE_NOT_SET:
        return absl::OkStatus();
    }
    return absl::OkStatus();
  }

  absl::Status Keep(const std::string& bytes) {
    CHAYAN_ASSIGN_OR_RETURN(const KeptNotice kept,
                            KeepNotice(options_.directory, /*ending=*/"", bytes));
    program_.out << kept.notice.notice_kind() << "  " << kept.path << ".json"
                 << (kept.notice.test() ? program_.Say("(測試)", " (a trial)") : "") << "\n";
    if (waiting_.insert_or_assign(kept.notice.delivery_id(), bytes).second) ++received_;
    v1::ReceiveNoticesRequest receipt;
    receipt.mutable_receipts()->add_delivery_ids(kept.notice.delivery_id());
    to_say_.push_back(receipt.SerializeAsString());
    return absl::OkStatus();
  }

  absl::Status OnRecorded(const v1::ReceiptsRecorded& recorded) {
    if (recorded.entry_indexes_size() != recorded.delivery_ids_size()) {
      return absl::DataLossError("the gateway recorded receipts without saying where");
    }
    for (int i = 0; i < recorded.delivery_ids_size(); ++i) {
      const std::string& id = recorded.delivery_ids(i);
      const auto notice = waiting_.find(id);
      if (notice == waiting_.end()) continue;
      if (i < recorded.receipts_size()) {
        CHAYAN_RETURN_IF_ERROR(WriteProof(id, notice->second, recorded.receipts(i)));
      }
      waiting_.erase(notice);
      ++recorded_;
      program_.out << "  " << id << program_.Say("  送達已記錄,紀錄 ", "  receipt recorded, entry ")
                   << recorded.entry_indexes(i) << "\n";
    }
    return absl::OkStatus();
  }

  // What proves to anybody that the notice came, and that we said so.
  absl::Status WriteProof(const std::string& delivery_id, const std::string& notice,
                          const v1::Receipt& receipt) const {
    v1::DeliveryReceipt said;
    said.set_delivery_id(delivery_id);
    said.set_state(v1::DELIVERY_STATE_DELIVERED);
    v1::EvidenceFile evidence;
    evidence.set_request(notice);
    evidence.set_answer(said.SerializeAsString());
    *evidence.mutable_receipt() = receipt;
    return WriteEvidence(evidence, absl::StrCat(options_.directory, "/", delivery_id, ".chayan"));
  }

  Program& program_;
  const Options& options_;
  std::deque<std::string> to_say_;
  // By delivery: the notices whose receipt is not recorded yet, as they came.
  std::map<std::string, std::string> waiting_;
  uint32_t received_ = 0;
  uint32_t recorded_ = 0;
  absl::Status status_;
};

ExitCode Receive(Program& program, Options& options) {
  std::unique_ptr<Client> client;
  if (!program.Connect(CallerRole::kAdapter, client).ok()) return ExitCode::kUsage;
  const absl::Status made = MakeDirectories(options.directory, 0700);
  if (!made.ok()) return program.FailUsage(made);
  Reception reception(program, options);
  Client::Exchange exchange;
  exchange.in_flight_max = kCreditMax;
  exchange.quiet_max = absl::Seconds(options.quiet_seconds);
  exchange.next = [&] { return reception.Next(); };
  exchange.answered = [&](absl::string_view message) { reception.Hear(message); };
  exchange.open = [&] { return reception.open(); };
  const CallResult result = client->CallStream("/chayan.v1.NoticeService/ReceiveNotices", exchange);
  if (!reception.status().ok()) {
    return program.Fail(ExitCode::kCheckFailed, reception.status().message());
  }
  program.out << program.Say("共收到 ", "received ") << reception.received() << "\n";
  // Quiet is how one finds out that there are no more; a receipt that is not recorded is not quiet.
  const bool quiet = absl::IsDeadlineExceeded(result.status) && reception.unrecorded() == 0;
  return result.status.ok() || quiet ? ExitCode::kOk : program.FailCall(result);
}

}  // namespace

void AddNoticeReceiveCommand(CLI::App& notice, Program& program) {
  CLI::App* receive = notice.add_subcommand(
      "receive", std::string(program.Say("接收通報,存檔後簽收",
                                         "pull notices: each is written down, then receipted")));
  const auto options = std::make_shared<Options>();
  receive->add_option("--out", options->directory, "folder for the notices, one file each")
      ->required();
  receive->add_option("--count", options->count, "at most this many")
      ->check(CLI::Range(1u, kCreditMax))
      ->capture_default_str();
  receive->add_option("--subscription", options->subscriptions,
                      "only of this subscription; repeatable");
  receive
      ->add_option("--wait", options->quiet_seconds, "end when nothing came for this many seconds")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  RunOn(*receive, program, options, Receive);
}

}  // namespace chayan::cli
