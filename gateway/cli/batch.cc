#include "gateway/cli/batch.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/base/uuid.h"
#include "gateway/cli/receipt_check.h"
#include "gateway/ident/era_date.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace chayan::cli {
namespace {

// As many as fit the gateway's default for one member without being refused.
constexpr size_t kInFlightMax = 64;

using Setter = std::string TypedQuestion::*;
const std::map<std::string, Setter>& Columns() {
  static const auto* const columns = new std::map<std::string, Setter>{
      {"kind", &TypedQuestion::kind},           {"id", &TypedQuestion::id},
      {"id_scheme", &TypedQuestion::id_scheme}, {"name", &TypedQuestion::name},
      {"birth", &TypedQuestion::birth_date},    {"case", &TypedQuestion::case_number},
      {"as_of", &TypedQuestion::as_of_date},    {"acting_for", &TypedQuestion::acting_for},
      {"person", &TypedQuestion::person},       {"person_role", &TypedQuestion::person_role},
      {"purpose", &TypedQuestion::purpose},     {"basis", &TypedQuestion::basis},
      {"reason", &TypedQuestion::reason},       {"request_id", &TypedQuestion::request_id},
  };
  return *columns;
}

absl::Status SetColumn(const std::string& column, const std::string& value,
                       TypedQuestion& question) {
  const auto known = Columns().find(column);
  absl::string_view claim = column;
  if (known != Columns().end()) {
    if (!value.empty()) question.*known->second = value;
  } else if (column == "fields") {
    if (!value.empty()) question.fields = absl::StrSplit(value, ' ', absl::SkipEmpty());
  } else if (absl::ConsumePrefix(&claim, "claim.")) {
    if (!value.empty()) question.claims.push_back(absl::StrCat(claim, "=", value));
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("column '", column, "' is unknown; chayan verify --help-batch lists them"));
  }
  return absl::OkStatus();
}

// A question of the file and what became of it.
struct Row {
  std::string request_id;
  std::string request;
  std::vector<std::string> columns = {"", "", "", "UNANSWERED", "none"};
  ExitCode exit_code = ExitCode::kUnavailable;
  int tries = 0;
};

// Asks the rows, one stream after another: a stream ends when all rows are asked or when the member
// has used up its rate, and the next begins after the delay that the gateway named.
class Asking {
 public:
  Asking(Program& program, Client& client, const BatchRun& run, std::vector<Row>& rows)
      : program_(program), client_(client), run_(run), rows_(rows) {
    for (size_t i = 0; i < rows.size(); ++i) {
      row_of_.emplace(rows[i].request_id, i);
      waiting_.insert(i);
    }
  }

  // How the last stream ended.
  CallResult Run() {
    int refused_streams = 0;
    while (true) {
      delay_ = absl::ZeroDuration();
      CallResult result = AskOnce();
      if (result.status.ok()) {
        refused_streams = 0;
      } else {
        const StatusWords words = ReadStatus(result.status_details);
        if (!words.MayAskAgain() || ++refused_streams >= kTriesMax) return result;
        delay_ = std::max(delay_, words.retry_delay);
        waiting_.merge(asked_);
      }
      if (waiting_.empty() || delay_ == absl::ZeroDuration()) return result;
      run_.wait(delay_);
    }
  }
  size_t answered() const { return answered_; }

 private:
  CallResult AskOnce() {
    Client::Exchange stream;
    stream.in_flight_max = kInFlightMax;
    stream.quiet_max = program_.connection.timeout();
    stream.next = [this]() -> std::optional<std::string> {
      if (waiting_.empty() || delay_ > absl::ZeroDuration()) return std::nullopt;
      // In the file's order: a row that was refused goes first.
      const size_t row = *waiting_.begin();
      asked_.insert(waiting_.extract(waiting_.begin()));
      return rows_[row].request;
    };
    stream.answered = [this](absl::string_view bytes) { Take(bytes); };
    asked_.clear();
    return client_.CallStream(kVerifyDocuments, stream);
  }

  void Take(absl::string_view bytes) {
    // The id says which question; its own bytes are what the receipt is checked against.
    v1::VerifyDocumentResponseView view;
    if (!view.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
    const auto found = row_of_.find(view.request_id());
    if (found == row_of_.end() || asked_.erase(found->second) == 0) return;
    Row& row = rows_[found->second];
    const auto exchange = ReadResponse(row.request, bytes);
    if (!exchange.ok()) return;
    row.exit_code = ExitCode::kOk;
    if (exchange->evidence.has_status()) {
      const StatusWords words = ReadStatus(exchange->evidence.status());
      row.exit_code = words.exit_code;
      if (words.MayAskAgain() && ++row.tries < kTriesMax) {
        delay_ = std::max(delay_, words.retry_delay);
        waiting_.insert(found->second);
        return;
      }
    }
    row.columns = AnswerColumns(*exchange, run_.trust);
    if (absl::StartsWith(row.columns.back(), "NOT PROVED")) row.exit_code = ExitCode::kCheckFailed;
    ++answered_;
    if (program_.err_is_terminal) {
      program_.err << "\r" << answered_ << "/" << rows_.size()
                   << (answered_ == rows_.size() ? "\n" : "") << std::flush;
    }
  }

  Program& program_;
  Client& client_;
  const BatchRun& run_;
  std::vector<Row>& rows_;
  absl::flat_hash_map<std::string, size_t> row_of_;
  std::set<size_t> waiting_;  // rows to be asked
  std::set<size_t> asked_;    // rows asked on this stream and not answered on it
  absl::Duration delay_;      // the longest that this stream was told to wait
  size_t answered_ = 0;
};

}  // namespace

StatusWords ReadStatus(absl::string_view status_bytes) {
  google::rpc::Status status;
  if (!status.ParseFromArray(status_bytes.data(), static_cast<int>(status_bytes.size()))) {
    return {.reason = "UNREADABLE"};
  }
  StatusWords words{
      .reason = status.message(),
      .exit_code = ExitCodeOf(absl::Status(static_cast<absl::StatusCode>(status.code()), ""))};
  for (const google::protobuf::Any& any : status.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::RetryInfo retry;
    if (any.UnpackTo(&info)) {
      words.reason = info.reason();
    } else if (any.UnpackTo(&retry)) {
      words.retry_delay = absl::Seconds(retry.retry_delay().seconds()) +
                          absl::Nanoseconds(retry.retry_delay().nanos());
    }
  }
  return words;
}

absl::StatusOr<std::vector<std::vector<std::string>>> ParseCsv(absl::string_view text) {
  absl::ConsumePrefix(&text, "\xEF\xBB\xBF");  // spreadsheets begin with a byte order mark
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row;
  std::string field;
  size_t line = 1;
  const auto end_row = [&] {
    row.push_back(std::exchange(field, ""));
    if (row.size() > 1 || !row.front().empty()) rows.push_back(std::move(row));
    row.clear();
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' && field.empty()) {
      const size_t began = line;
      for (++i;; ++i) {
        if (i >= text.size()) {
          return absl::InvalidArgumentError(
              absl::StrCat("line ", began, ": a quote is not closed"));
        }
        if (text[i] == '\n') ++line;
        if (text[i] != '"') {
          field += text[i];
        } else if (i + 1 < text.size() && text[i + 1] == '"') {
          field += text[i++];
        } else {
          break;
        }
      }
    } else if (c == ',') {
      row.push_back(std::exchange(field, ""));
    } else if (c == '\n') {
      ++line;
      end_row();
    } else if (c != '\r' || i + 1 >= text.size() || text[i + 1] != '\n') {
      field += c;
    }
  }
  if (!field.empty() || !row.empty()) end_row();
  return rows;
}

void AppendCsvRow(std::string& out, const std::vector<std::string>& fields) {
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) out += ',';
    if (fields[i].find_first_of(",\"\r\n") == std::string::npos) {
      out += fields[i];
      continue;
    }
    out += '"';
    for (const char c : fields[i]) {
      if (c == '"') out += '"';
      out += c;
    }
    out += '"';
  }
  out += "\r\n";
}

absl::StatusOr<std::vector<TypedQuestion>> QuestionsFromCsv(
    const std::vector<std::vector<std::string>>& rows, const TypedQuestion& defaults) {
  if (rows.size() < 2) {
    return absl::InvalidArgumentError(
        "no questions: the first line names columns, one a question "
        "follows");
  }
  if (rows.size() - 1 > kBatchRowsMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("more than ", kBatchRowsMax, " questions; split the file"));
  }
  std::vector<TypedQuestion> questions;
  for (size_t i = 1; i < rows.size(); ++i) {
    if (rows[i].size() != rows[0].size()) {
      return absl::InvalidArgumentError(absl::StrCat("row ", i, " has ", rows[i].size(),
                                                     " columns in place of ", rows[0].size()));
    }
    TypedQuestion question = defaults;
    for (size_t column = 0; column < rows[0].size(); ++column) {
      CHAYAN_RETURN_IF_ERROR(SetColumn(rows[0][column], rows[i][column], question));
    }
    questions.push_back(std::move(question));
  }
  return questions;
}

std::vector<std::string> AnswerColumns(const Exchange& exchange,
                                       const std::optional<tlog::Policy>& trust) {
  std::string outcome, error, receipt = "unchecked";
  std::vector<std::string> verdicts, fields;
  v1::VerificationAnswer answer;
  if (exchange.evidence.has_status()) {
    error = ReadStatus(exchange.evidence.status()).reason;
  } else if (answer.ParseFromString(exchange.evidence.answer())) {
    outcome = OutcomeName(answer.outcome());
    for (const v1::ClaimVerdict& verdict : answer.verdicts()) {
      verdicts.push_back(absl::StrCat(verdict.code(), "=", VerdictName(verdict.verdict())));
    }
    for (const v1::ReleasedField& field : answer.released_fields()) {
      fields.push_back(
          absl::StrCat(field.code(), "=",
                       field.has_date() ? ident::PrintIso(FromProto(field.date())) : field.text()));
    }
  }
  if (!exchange.evidence.has_receipt()) {
    receipt = "none";
  } else if (trust.has_value()) {
    const ReceiptReport report = CheckEvidence(exchange.evidence.SerializeAsString(), *trust);
    receipt =
        report.ok() ? "proved" : absl::StrCat("NOT PROVED: ", StepName(report.first_lie().step));
  }
  return {outcome, absl::StrJoin(verdicts, " "), absl::StrJoin(fields, " "), error, receipt};
}

ExitCode RunBatch(Program& program, Client& client, const BatchRun& run, const ExitCode& failure) {
  const auto text = ReadFile(run.in);
  if (!text.ok()) return program.FailUsage(text.status());
  const auto rows = ParseCsv(*text);
  if (!rows.ok()) return program.FailUsage(Annotate(rows.status(), run.in));
  auto typed = QuestionsFromCsv(*rows, run.defaults);
  if (!typed.ok()) return program.FailUsage(Annotate(typed.status(), run.in));

  // Every row is built before the first is asked: a typing mistake in row 900 costs nothing.
  absl::flat_hash_map<std::string, v1::DocumentKindDescription> kinds;
  absl::flat_hash_set<std::string> request_ids;
  std::vector<Row> asked;
  for (size_t i = 0; i < typed->size(); ++i) {
    TypedQuestion& question = (*typed)[i];
    if (!kinds.contains(question.kind)) {
      const auto kind = run.fetch_kind(question.kind);
      if (!kind.ok()) return failure;
      kinds.emplace(question.kind, *kind);
    }
    if (question.request_id.empty()) {
      question.request_id = Uuid::Version7(program.clock.Now(), program.random).ToText();
    }
    if (!request_ids.insert(question.request_id).second) {
      return program.Fail(ExitCode::kUsage,
                          absl::StrCat(run.in, ": row ", i + 1, ": a request id stands twice"));
    }
    const auto request = BuildQuestion(question, kinds[question.kind]);
    if (!request.ok()) {
      return program.FailUsage(Annotate(request.status(), absl::StrCat(run.in, ": row ", i + 1)));
    }
    asked.push_back({.request_id = question.request_id, .request = request->SerializeAsString()});
  }

  Asking asking(program, client, run, asked);
  const CallResult result = asking.Run();
  std::string out;
  AppendCsvRow(out, {"row", "request_id", "outcome", "verdicts", "fields", "error", "receipt"});
  for (size_t i = 0; i < asked.size(); ++i) {
    std::vector<std::string> columns = {absl::StrCat(i + 1), asked[i].request_id};
    columns.insert(columns.end(), asked[i].columns.begin(), asked[i].columns.end());
    AppendCsvRow(out, columns);
  }
  const absl::Status written = WriteFile(run.out, out, 0600);
  if (!written.ok()) return program.Fail(ExitCode::kCheckFailed, written.message());
  program.out << asking.answered() << "/" << asked.size()
              << program.Say(" 筆已答覆: ", " answered: ") << run.out << "\n";
  const ExitCode ended = result.status.ok() ? ExitCode::kOk : program.FailCall(result);
  for (const Row& row : asked) {
    if (row.exit_code != ExitCode::kOk) return row.exit_code;
  }
  return ended;
}

}  // namespace chayan::cli
