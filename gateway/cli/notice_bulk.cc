#include "gateway/cli/notice_bulk.h"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "chayan/v1/notice_service.pb.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/batch.h"
#include "gateway/cli/evidence_output.h"
#include "gateway/cli/receipt_check.h"

namespace chayan::cli {
namespace {

constexpr char kPublishNotices[] = "/chayan.v1.NoticeService/PublishNotices";
// As many as a gateway lets wait of one stream.
constexpr size_t kInFlightMax = 256;
// Streams one after another that brought no answer: with a second between them, longer than a
// gateway takes to start anew.
constexpr int kIdleStreamsMax = 60;
constexpr absl::Duration kReopenPause = absl::Seconds(1);
// Of the file of results: row, request_id, notice_id, deliveries, error, receipt.
constexpr size_t kColumns = 6;
// Notices between two looks of a person at the progress.
constexpr size_t kProgressEvery = 64;

struct Row {
  size_t number = 0;
  std::string request_id;
  std::string request;  // bytes
};

// Request ids that the file of results says are accepted.
absl::StatusOr<absl::flat_hash_set<std::string>> ReadAccepted(const std::string& path) {
  absl::flat_hash_set<std::string> accepted;
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return accepted;
  std::ifstream file(path);
  if (!file) return absl::InvalidArgumentError(absl::StrCat(path, ": cannot be read"));
  for (std::string line; std::getline(file, line);) {
    // What was cut short is sent again, and answered the same.
    const auto rows = ParseCsv(line);
    if (!rows.ok() || rows->empty() || rows->front().size() != kColumns) continue;
    const std::vector<std::string>& row = rows->front();
    if (row[0] != "row" && !row[2].empty()) accepted.insert(row[1]);
  }
  return accepted;
}

class Publishing {
 public:
  Publishing(Program& program, Client& client, const NoticeBulk& bulk)
      : program_(program), client_(client), bulk_(bulk) {}

  ExitCode Run() {
    const absl::Status prepared = Prepare();
    if (!prepared.ok()) return program_.FailUsage(prepared);
    CallResult result;
    for (int idle = 0; idle < kIdleStreamsMax; ++idle) {
      const size_t before = answered_;
      result = SendOnce();
      if (!fault_.ok()) return program_.Fail(ExitCode::kCheckFailed, fault_.message());
      if (result.status.ok() && waiting_.empty() && unanswered_.empty()) break;
      if (ExitCodeOf(result.status) == ExitCode::kRefused) break;
      if (answered_ > before) idle = 0;
      // In the order of the file, and before what was not sent yet.
      waiting_.insert(waiting_.begin(), std::make_move_iterator(unanswered_.begin()),
                      std::make_move_iterator(unanswered_.end()));
      unanswered_.clear();
      bulk_.wait(kReopenPause);
    }
    return Report(result);
  }

 private:
  // Reads all rows once, and begins again.
  absl::Status Prepare() {
    CHAYAN_ASSIGN_OR_RETURN(accepted_, ReadAccepted(bulk_.out));
    CHAYAN_RETURN_IF_ERROR(OpenRows());
    absl::flat_hash_set<std::string> ids;
    while (true) {
      CHAYAN_ASSIGN_OR_RETURN(const auto request, rows_->Next());
      if (!request.has_value()) break;
      ++total_;
      if (!ids.insert(request->request_id()).second) {
        return absl::InvalidArgumentError(
            absl::StrCat(bulk_.in, ": row ", total_, ": a request id stands twice"));
      }
    }
    if (total_ == 0) return absl::InvalidArgumentError(absl::StrCat(bulk_.in, ": no notices"));
    CHAYAN_RETURN_IF_ERROR(OpenRows());
    if (!bulk_.evidence_folder.empty()) {
      CHAYAN_RETURN_IF_ERROR(MakeDirectories(bulk_.evidence_folder));
    }
    std::error_code error;
    const bool is_new = !std::filesystem::exists(bulk_.out, error);
    out_.open(bulk_.out, std::ios::app);
    if (!out_) return absl::InvalidArgumentError(absl::StrCat(bulk_.out, ": cannot be written"));
    // A line that was cut short ends here.
    if (!is_new) out_ << "\r\n";
    if (is_new) WriteLine({"row", "request_id", "notice_id", "deliveries", "error", "receipt"});
    return absl::OkStatus();
  }

  absl::Status OpenRows() {
    CHAYAN_ASSIGN_OR_RETURN(rows_, NoticeRows::Open(bulk_.in, bulk_.defaults, bulk_.fetch_kind));
    return absl::OkStatus();
  }

  CallResult SendOnce() {
    Client::Exchange stream;
    stream.in_flight_max = kInFlightMax;
    stream.quiet_max = program_.connection.timeout();
    stream.next = [this]() -> std::optional<std::string> {
      std::optional<Row> row = NextRow();
      if (!row.has_value()) return std::nullopt;
      v1::PublishNoticesRequestView message;
      message.set_notice(row->request);
      unanswered_.push_back(*std::move(row));
      return message.SerializeAsString();
    };
    stream.answered = [this](absl::string_view bytes) { Take(bytes); };
    stream.enough = [this] { return !fault_.ok(); };
    return client_.CallStream(kPublishNotices, stream);
  }

  std::optional<Row> NextRow() {
    if (!waiting_.empty()) {
      Row row = std::move(waiting_.front());
      waiting_.pop_front();
      return row;
    }
    while (fault_.ok()) {
      auto request = rows_->Next();
      if (!request.ok()) {
        // It could be read a moment ago.
        fault_ = request.status();
        break;
      }
      if (!request->has_value()) break;
      ++sent_;
      if (accepted_.contains((*request)->request_id())) {
        ++skipped_;
        continue;
      }
      return Row{sent_, (*request)->request_id(), (*request)->SerializeAsString()};
    }
    return std::nullopt;
  }

  // Answers come in the order of the requests.
  void Take(absl::string_view bytes) {
    v1::PublishNoticesResponseView view;
    if (unanswered_.empty() || !view.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
        (!view.notice().request_id().empty() &&
         view.notice().request_id() != unanswered_.front().request_id)) {
      fault_ = absl::DataLossError("the gateway answers another notice than was published");
      return;
    }
    const Row row = std::move(unanswered_.front());
    unanswered_.pop_front();
    ++answered_;
    v1::EvidenceFile evidence;
    evidence.set_request(row.request);
    if (view.notice().has_status()) {
      evidence.set_status(view.notice().status());
    } else {
      evidence.set_answer(view.notice().notice());
    }
    if (view.notice().has_receipt()) *evidence.mutable_receipt() = view.notice().receipt();
    if (view.has_frame()) *evidence.mutable_frame() = view.frame();
    Note(row, evidence);
    const bool last = answered_ + skipped_ == total_;
    if (program_.err_is_terminal && (last || answered_ % kProgressEvery == 0)) {
      program_.err << "\r" << answered_ + skipped_ << "/" << total_ << (last ? "\n" : "")
                   << std::flush;
    }
  }

  void Note(const Row& row, const v1::EvidenceFile& evidence) {
    v1::AcceptedNotice notice;
    std::string error;
    ExitCode exit_code = ExitCode::kOk;
    if (evidence.has_status()) {
      const StatusWords words = ReadStatus(evidence.status());
      error = words.reason;
      exit_code = words.exit_code;
    } else if (!notice.ParseFromString(evidence.answer())) {
      error = "UNREADABLE";
      exit_code = ExitCode::kCheckFailed;
    }
    std::string receipt = evidence.has_receipt() ? "unchecked" : "none";
    if (evidence.has_receipt() && bulk_.trust.has_value()) {
      const ReceiptReport report = CheckEvidence(evidence.SerializeAsString(), *bulk_.trust);
      receipt =
          report.ok() ? "proved" : absl::StrCat("NOT PROVED: ", StepName(report.first_lie().step));
      if (!report.ok()) exit_code = ExitCode::kCheckFailed;
    }
    if (evidence.has_receipt() && !bulk_.evidence_folder.empty()) {
      const absl::Status written = WriteEvidence(
          evidence, absl::StrCat(bulk_.evidence_folder, "/", row.request_id, ".chayan"));
      if (!written.ok()) fault_ = written;
    }
    if (exit_code != ExitCode::kOk && ++failed_ == 1) first_failure_ = exit_code;
    WriteLine({absl::StrCat(row.number), row.request_id, notice.notice_id(),
               absl::StrCat(notice.deliveries_size()), error, receipt});
  }

  void WriteLine(const std::vector<std::string>& columns) {
    std::string line;
    AppendCsvRow(line, columns);
    out_ << line << std::flush;
    if (!out_)
      fault_ = absl::ResourceExhaustedError(absl::StrCat(bulk_.out, ": cannot be written"));
  }

  ExitCode Report(const CallResult& result) {
    program_.out << answered_ - failed_ + skipped_ << "/" << total_
                 << program_.Say(" 則已受理: ", " accepted: ") << bulk_.out << "\n";
    if (!result.status.ok()) return program_.FailCall(result);
    if (answered_ + skipped_ < total_) {
      return program_.Fail(ExitCode::kUnavailable,
                           "the gateway ended the stream too often; run the command again");
    }
    return first_failure_;
  }

  Program& program_;
  Client& client_;
  const NoticeBulk& bulk_;
  absl::flat_hash_set<std::string> accepted_;  // by an earlier run
  std::unique_ptr<NoticeRows> rows_;
  std::ofstream out_;
  std::deque<Row> unanswered_;  // sent on this stream
  std::deque<Row> waiting_;     // sent on an earlier one
  size_t total_ = 0;
  size_t sent_ = 0;  // rows that were read to be sent
  size_t skipped_ = 0;
  size_t answered_ = 0;
  size_t failed_ = 0;
  ExitCode first_failure_ = ExitCode::kOk;
  absl::Status fault_;
};

}  // namespace

ExitCode RunNoticeBulk(Program& program, Client& client, const NoticeBulk& bulk) {
  return Publishing(program, client, bulk).Run();
}

}  // namespace chayan::cli
