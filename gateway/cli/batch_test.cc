// Goal: every row of a file gets its answer however small the member's rate is, no row is asked
// without end, and the exit code is that of the first row without an answer. Method: a gateway of
// this file's own that lets as many questions through a stream as it is told; waits are noted.
#include "gateway/cli/batch.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace chayan::cli {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;

// Above what is in flight, so that a stream ends before all is asked.
constexpr int kRows = 150;

std::string StatusBytes(absl::StatusCode code, const std::string& reason,
                        absl::Duration retry_delay = absl::ZeroDuration()) {
  google::rpc::Status status;
  status.set_code(static_cast<int>(code));
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  status.add_details()->PackFrom(info);
  if (retry_delay > absl::ZeroDuration()) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(absl::ToInt64Seconds(retry_delay));
    status.add_details()->PackFrom(retry);
  }
  return status.SerializeAsString();
}
std::string RateLimited(absl::Duration retry_delay = absl::Seconds(1)) {
  return StatusBytes(absl::StatusCode::kResourceExhausted, "RATE_LIMITED", retry_delay);
}

// Fills the window, then answers its oldest question, as a stream that is never idle does.
class FakeGateway final : public Client {
 public:
  CallResult Call(absl::string_view, absl::string_view, absl::Duration) override {
    CallResult result;
    result.status = absl::UnimplementedError("");
    return result;
  }
  CallResult CallStream(absl::string_view, const Exchange& exchange) override {
    ++streams;
    if (refused_streams > 0) {
      --refused_streams;
      exchange.next();  // written before the refusal is heard
      CallResult result;
      result.status = absl::ResourceExhaustedError("");
      result.status_details = RateLimited();
      return result;
    }
    int tokens = per_stream;
    std::vector<std::string> in_flight;
    bool ended = false;
    while (!ended || !in_flight.empty()) {
      while (!ended && in_flight.size() < exchange.in_flight_max) {
        const auto message = exchange.next();
        ended = !message.has_value();
        if (message.has_value()) in_flight.push_back(*message);
      }
      if (in_flight.empty()) break;
      v1::VerifyDocumentRequest request;
      CHAYAN_CHECK(request.ParseFromString(in_flight.front()));
      in_flight.erase(in_flight.begin());
      ++asked[request.purpose().case_number()];
      v1::VerifyDocumentResponseView view;
      view.set_request_id(request.request_id());
      const auto refusal = refusals.find(request.purpose().case_number());
      if (tokens-- <= 0) {
        view.set_status(RateLimited(delay));
      } else if (refusal != refusals.end()) {
        view.set_status(refusal->second);
      } else {
        v1::VerificationAnswer answer;
        answer.set_outcome(v1::OUTCOME_MATCH);
        view.set_answer(answer.SerializeAsString());
      }
      exchange.answered(view.SerializeAsString());
    }
    return {};
  }

  int per_stream = kRows;
  int refused_streams = 0;
  absl::Duration delay = absl::Seconds(1);
  std::map<std::string, std::string> refusals;  // by case number
  std::map<std::string, int> asked;
  int streams = 0;
};

class BatchTest : public ::testing::Test {
 protected:
  BatchTest() : directory_(::testing::TempDir() + "/batch_XXXXXX") {
    CHAYAN_CHECK(mkdtemp(directory_.data()) != nullptr);
  }
  ~BatchTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  // Asks for rows with the case numbers 1 to `count`; the lines of the answer are in lines_.
  ExitCode Run(int count) {
    std::string csv = "id,case,claim.lot\n";
    for (int i = 1; i <= count; ++i) absl::StrAppend(&csv, "A123456789,", i, ",48\n");
    CHAYAN_CHECK(WriteFile(directory_ + "/in.csv", csv).ok());
    Program program{.environment = [](const std::string&) { return ""; },
                    .clock = clock_,
                    .random = random_,
                    .in = in_,
                    .out = out_,
                    .err = err_,
                    .program_directory = ""};
    BatchRun run;
    run.in = directory_ + "/in.csv";
    run.out = directory_ + "/out.csv";
    run.defaults.kind = "land.title";
    run.defaults.acting_for = "hro-shanhua";
    run.defaults.person = "clerk-7";
    run.defaults.person_role = "clerk";
    run.defaults.purpose = "household.move";
    run.defaults.basis = "household-act-68";
    run.fetch_kind = [](const std::string& code) {
      v1::DocumentKindDescription kind;
      kind.set_document_kind(code);
      kind.add_claims()->set_code("lot");
      kind.mutable_claims(0)->set_type("LAND_LOT");
      return kind;
    };
    run.wait = [this](absl::Duration delay) { waits_.push_back(delay); };
    const ExitCode code = RunBatch(program, gateway_, run, failure_);
    lines_ = *ParseCsv(*ReadFile(run.out));
    lines_.erase(lines_.begin());
    return code;
  }
  std::vector<std::string> Column(size_t column) const {
    std::vector<std::string> values;
    for (const auto& line : lines_) values.push_back(line[column]);
    return values;
  }

  std::string directory_;
  FakeGateway gateway_;
  SimulatedClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  SeededRandom random_{1};
  std::istringstream in_;
  std::ostringstream out_;
  std::ostringstream err_;
  ExitCode failure_ = ExitCode::kOk;
  std::vector<absl::Duration> waits_;
  std::vector<std::vector<std::string>> lines_;
};

TEST_F(BatchTest, AsksRowsRefusedForTheRateAgainAfterTheDelay) {
  gateway_.per_stream = 40;
  EXPECT_EQ(Run(kRows), ExitCode::kOk) << err_.str();
  EXPECT_THAT(Column(2), Each(std::string("MATCH")));
  EXPECT_THAT(Column(0), SizeIs(kRows));
  EXPECT_THAT(waits_, ElementsAre(absl::Seconds(1), absl::Seconds(1), absl::Seconds(1)));
  // Of what the file still holds, only what was in flight at a refusal was sent in vain.
  for (const auto& [row, times] : gateway_.asked) EXPECT_LE(times, 3) << row;
}

TEST_F(BatchTest, GivesARowUpAfterItsTries) {
  gateway_.per_stream = 0;
  EXPECT_EQ(Run(2), ExitCode::kUnavailable);
  EXPECT_THAT(Column(5), Each(std::string("RATE_LIMITED")));
  EXPECT_EQ(gateway_.asked["1"], kTriesMax);
  EXPECT_THAT(waits_, SizeIs(kTriesMax - 1));
}

TEST_F(BatchTest, DoesNotWaitOutALongDelay) {
  gateway_.per_stream = 0;
  gateway_.delay = kRetryDelayMax + absl::Seconds(1);
  EXPECT_EQ(Run(1), ExitCode::kUnavailable);
  EXPECT_EQ(gateway_.asked["1"], 1);
  EXPECT_THAT(waits_, SizeIs(0));
}

TEST_F(BatchTest, OpensTheStreamAgainThatWasRefusedForTheRate) {
  gateway_.refused_streams = 2;
  EXPECT_EQ(Run(3), ExitCode::kOk);
  EXPECT_THAT(Column(2), Each(std::string("MATCH")));
  EXPECT_EQ(gateway_.streams, 3);
  gateway_.refused_streams = kTriesMax;
  gateway_.streams = 0;
  EXPECT_EQ(Run(3), ExitCode::kUnavailable);
  EXPECT_EQ(gateway_.streams, kTriesMax);
  EXPECT_THAT(Column(5), Each(std::string("UNANSWERED")));
}

TEST_F(BatchTest, EndsWithTheCodeOfTheFirstRowWithoutAnAnswer) {
  gateway_.refusals = {{"2", StatusBytes(absl::StatusCode::kPermissionDenied, "NO_GRANT")},
                       {"3", StatusBytes(absl::StatusCode::kUnavailable, "LOG_UNAVAILABLE")}};
  EXPECT_EQ(Run(4), ExitCode::kRefused);
  EXPECT_THAT(Column(5), ElementsAre("", "NO_GRANT", "LOG_UNAVAILABLE", ""));
  std::swap(gateway_.refusals["2"], gateway_.refusals["3"]);
  EXPECT_EQ(Run(4), ExitCode::kUnavailable);
}

}  // namespace
}  // namespace chayan::cli
