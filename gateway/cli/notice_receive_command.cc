// chayan notice receive: pulls notices. Each is on the disk before its receipt is sent.
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/base/usage.h"
#include "gateway/cli/notice_commands.h"

namespace chayan::cli {
namespace {

constexpr uint32_t kCreditMax = 1024;  // as notice_service.proto states it
// Receipts in one message: as many as one entry covers.
constexpr size_t kReceiptsTogetherMax = tlog::kBulkItemsMax;
constexpr char kTokenFile[] = "resume-token";

struct Options {
  std::string directory;
  uint32_t count = 1;
  std::vector<std::string> subscriptions;
  double quiet_seconds = 10;
  std::string trust;
};

// One stream from its opening to the last recorded receipt.
class Reception {
 public:
  // All outlive it.
  Reception(Program& program, const Options& options, ProofFolder& proofs)
      : program_(program), options_(options), proofs_(proofs) {
    v1::ReceiveNoticesRequest opening;
    opening.mutable_opening()->set_credit(options.count);
    *opening.mutable_opening()->mutable_subscriptions() = {options.subscriptions.begin(),
                                                           options.subscriptions.end()};
    const auto token = ReadFile(absl::StrCat(options.directory, "/", kTokenFile));
    if (token.ok()) opening.mutable_opening()->set_resume_token(*token);
    opening_ = opening.SerializeAsString();
  }

  // The opening; then receipts for what came since, together.
  std::optional<std::string> Next() {
    if (opening_.has_value()) return std::exchange(opening_, std::nullopt);
    if (to_receipt_.empty()) return std::nullopt;
    v1::ReceiveNoticesRequest message;
    while (!to_receipt_.empty() &&
           static_cast<size_t>(message.receipts().delivery_ids_size()) < kReceiptsTogetherMax) {
      message.mutable_receipts()->add_delivery_ids(std::move(to_receipt_.front()));
      to_receipt_.pop_front();
    }
    return message.SerializeAsString();
  }
  bool open() const { return status_.ok() && recorded_ < options_.count; }
  void Hear(absl::string_view bytes) {
    if (status_.ok()) status_ = TryHear(bytes);
  }

  const absl::Status& status() const { return status_; }
  uint32_t received() const { return received_; }
  uint32_t unrecorded() const { return received_ - recorded_; }

  // Of those whose receipts were recorded together, once the stream is over. The first fault of any
  // proof; it keeps no other from being written.
  absl::Status WriteFrameProofs(NoticeCalls& calls) {
    for (const auto& [entry, notices] : framed_) {
      const absl::Status proved = ProveTogether(calls, entry, notices);
      proved_.Update(proved);
      // A frame that is wrong now is wrong later.
      if (proved.ok() || absl::IsDataLoss(proved)) continue;
      program_.out << program_.Say("整批簽收之證明可稍後補取: ",
                                   "proofs of what was receipted together can be had later: ")
                   << "chayan notice prove " << entry << " --out " << options_.directory << "\n";
    }
    return proved_;
  }

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

  // The first fault, of all that the entry is said to record.
  absl::Status ProveTogether(NoticeCalls& calls, uint64_t entry,
                             const std::vector<PulledNotice>& notices) {
    CHAYAN_ASSIGN_OR_RETURN(const FrameProofs frame, FetchFrame(calls, entry));
    absl::Status first;
    for (const PulledNotice& notice : notices) {
      const absl::StatusOr<bool> holds = proofs_.Write(notice, frame);
      first.Update(holds.status());
      if (holds.ok() && !*holds) {
        first.Update(absl::DataLossError(absl::StrCat(
            "entry ", entry, " is said to record delivery ", notice.delivery_id, " and does not")));
      }
    }
    return first;
  }

  absl::Status Keep(const std::string& bytes) {
    CHAYAN_ASSIGN_OR_RETURN(const KeptNotice kept,
                            KeepNotice(options_.directory, /*ending=*/"", bytes));
    program_.out << kept.notice.notice_kind() << "  " << kept.path << ".json"
                 << (kept.notice.test() ? program_.Say("(測試)", " (a trial)") : "") << "\n";
    if (waiting_.insert_or_assign(kept.notice.delivery_id(), bytes).second) ++received_;
    to_receipt_.push_back(kept.notice.delivery_id());
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
      PulledNotice came = {.delivery_id = id, .bytes = std::move(notice->second)};
      waiting_.erase(notice);
      ++recorded_;
      program_.out << "  " << id << program_.Say("  送達已記錄,紀錄 ", "  receipt recorded, entry ")
                   << recorded.entry_indexes(i) << "\n";
      if (i < recorded.receipts_size()) {
        proved_.Update(proofs_.Write(came, recorded.receipts(i)));
      } else {
        framed_[recorded.entry_indexes(i)].push_back(std::move(came));
      }
    }
    return absl::OkStatus();
  }

  Program& program_;
  const Options& options_;
  ProofFolder& proofs_;
  std::optional<std::string> opening_;
  std::deque<std::string> to_receipt_;  // deliveries that are on the disk
  // By entry: notices whose receipts it records together.
  std::map<uint64_t, std::vector<PulledNotice>> framed_;
  // By delivery: the notices whose receipt is not recorded yet, as they came.
  std::map<std::string, std::string> waiting_;
  uint32_t received_ = 0;
  uint32_t recorded_ = 0;
  absl::Status status_;
  absl::Status proved_;  // a proof that fails ends no reception
};

ExitCode Receive(Program& program, Options& options) {
  auto trust = KnownTrust(program, options.trust);
  if (!trust.ok()) return program.FailUsage(trust.status());
  ProofFolder proofs(options.directory, *std::move(trust));
  std::unique_ptr<Client> client;
  if (!program.Connect(CallerRole::kAdapter, client).ok()) return ExitCode::kUsage;
  const absl::Status made = MakeDirectories(options.directory, 0700);
  if (!made.ok()) return program.FailUsage(made);
  Reception reception(program, options, proofs);
  Client::Exchange exchange;
  exchange.in_flight_max = kCreditMax;
  exchange.quiet_max = absl::Seconds(options.quiet_seconds);
  exchange.next = [&] { return reception.Next(); };
  exchange.answered = [&](absl::string_view message) { reception.Hear(message); };
  exchange.open = [&] { return reception.open(); };
  const CallResult result = client->CallStream("/chayan.v1.NoticeService/ReceiveNotices", exchange);
  program.out << program.Say("共收到 ", "received ") << reception.received() << "\n";
  // However the stream ended: what was recorded is recorded.
  NoticeCalls calls(program, *client);
  const absl::Status proved = reception.WriteFrameProofs(calls);
  if (proofs.unchecked())
    program.out << program.Say("證明: ", "proofs: ") << UncheckedText(program);
  const ExitCode proof_code = proved.ok() ? ExitCode::kOk : calls.Fail(proved);
  if (!reception.status().ok()) {
    return program.Fail(ExitCode::kCheckFailed, reception.status().message());
  }
  // Quiet is how one finds out that there are no more; a receipt that is not recorded is not quiet.
  const bool quiet = absl::IsDeadlineExceeded(result.status) && reception.unrecorded() == 0;
  if (!result.status.ok() && !quiet) return program.FailCall(result);
  return proof_code;
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
      ->check(Positive())
      ->capture_default_str();
  AddTrustFlag(*receive, options->trust);
  RunOn(*receive, program, options, Receive);
}

}  // namespace chayan::cli
