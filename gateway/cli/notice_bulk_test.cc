// Goal: every row of a file is published once, whatever is cut when, and a person finds what became
// of each. Method: a gateway of this file's own that knows a request for ever, and cuts streams as
// it is told; the file of results is read back.
#include "gateway/cli/notice_bulk.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/cli/batch.h"
#include "google/protobuf/text_format.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace chayan::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string Denied() {
  google::rpc::Status status;
  status.set_code(static_cast<int>(absl::StatusCode::kPermissionDenied));
  google::rpc::ErrorInfo info;
  info.set_reason("NO_GRANT");
  status.add_details()->PackFrom(info);
  return status.SerializeAsString();
}

class FakeGateway final : public Client {
 public:
  CallResult Call(absl::string_view, absl::string_view, absl::Duration) override {
    return {.status = absl::UnimplementedError(""),
            .response = {},
            .status_details = {},
            .receipt = {}};
  }
  CallResult CallStream(absl::string_view method, const Exchange& exchange) override {
    EXPECT_EQ(method, "/chayan.v1.NoticeService/PublishNotices");
    ++streams;
    int answers = answers_per_stream;
    // A window of four, answered from the front.
    std::vector<std::string> in_flight;
    bool ended = false;
    while (true) {
      while (!ended && in_flight.size() < 4) {
        const auto message = exchange.next();
        ended = !message.has_value();
        if (!ended) in_flight.push_back(*message);
      }
      if (in_flight.empty()) return {};
      // Of what is in flight one may have been taken though its answer never came.
      if (answers-- == 0) {
        Take(in_flight.front());
        return {.status = absl::UnavailableError("cut"),
                .response = {},
                .status_details = {},
                .receipt = {}};
      }
      exchange.answered(Take(in_flight.front()));
      in_flight.erase(in_flight.begin());
    }
  }

  std::string Take(const std::string& message) {
    v1::PublishNoticesRequestView view;
    CHAYAN_CHECK(view.ParseFromString(message));
    v1::PublishNoticeRequest request;
    CHAYAN_CHECK(request.ParseFromString(view.notice()));
    v1::PublishNoticesResponseView response;
    response.mutable_notice()->set_request_id(request.request_id());
    if (request.purpose().case_number() == denied_case) {
      response.mutable_notice()->set_status(Denied());
      return response.SerializeAsString();
    }
    const auto [it, is_new] = taken.try_emplace(request.request_id(), view.notice());
    EXPECT_EQ(it->second, view.notice()) << "a request id came with other bytes";
    v1::AcceptedNotice accepted;
    accepted.set_notice_id(absl::StrCat("notice of ", request.request_id()));
    accepted.add_deliveries();
    response.mutable_notice()->set_notice(accepted.SerializeAsString());
    return response.SerializeAsString();
  }

  int answers_per_stream = -1;  // then it is cut
  std::string denied_case;
  std::map<std::string, std::string> taken;  // bytes by request id
  int streams = 0;
};

class NoticeBulkTest : public ::testing::Test {
 protected:
  NoticeBulkTest() : directory_(::testing::TempDir() + "/notice_bulk_XXXXXX") {
    CHAYAN_CHECK(mkdtemp(directory_.data()) != nullptr);
    bulk_.in = directory_ + "/in.csv";
    bulk_.out = directory_ + "/out.csv";
    bulk_.defaults.acting_for = "hro-shanhua";
    bulk_.defaults.person = "clerk-7";
    bulk_.defaults.person_role = "clerk";
    bulk_.defaults.basis = "household-act-68";
    bulk_.defaults.effective_date = "1150114";
    bulk_.fetch_kind = [](const std::string& code) -> absl::StatusOr<v1::NoticeKindDescription> {
      v1::NoticeKindDescription kind;
      CHAYAN_CHECK(google::protobuf::TextFormat::ParseFromString(
          R"(notice_kind: "address.renumbered" payload { code: "new_address" type: "ADDRESS" })",
          &kind));
      if (code != kind.notice_kind()) return absl::NotFoundError("--kind: no such kind");
      return kind;
    };
    bulk_.wait = [this](absl::Duration) { ++waits_; };
  }
  ~NoticeBulkTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  static std::string Csv(int count) {
    std::string csv = "kind,publisher_key,case,element.new_address\n";
    for (int i = 1; i <= count; ++i) {
      absl::StrAppend(&csv, "address.renumbered,plate-", i, ",", i, ",\"路\n", i, "號\"\n");
    }
    return csv;
  }
  ExitCode Run() {
    out_.str("");
    err_.str("");
    Program program{.environment = [](const std::string&) { return ""; },
                    .clock = clock_,
                    .random = random_,
                    .in = in_,
                    .out = out_,
                    .err = err_,
                    .program_directory = ""};
    return RunNoticeBulk(program, gateway_, bulk_);
  }
  // The lines of the results without the first: row, request_id, notice_id, deliveries, error,
  // receipt.
  std::vector<std::vector<std::string>> Results() {
    auto rows = *ParseCsv(*ReadFile(bulk_.out));
    rows.erase(rows.begin());
    return rows;
  }
  void Put(const std::string& text) { CHAYAN_CHECK(WriteFile(bulk_.in, text).ok()); }

  std::string directory_;
  NoticeBulk bulk_;
  FakeGateway gateway_;
  int waits_ = 0;
  SimulatedClock clock_{absl::FromUnixSeconds(1768435200)};
  SeededRandom random_{1};
  std::istringstream in_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(NoticeBulkTest, PublishesEachRowOnceThroughStreamsThatAreCut) {
  Put(Csv(20));
  gateway_.answers_per_stream = 7;
  EXPECT_EQ(Run(), ExitCode::kOk) << err_.str();
  EXPECT_EQ(gateway_.streams, 3);
  EXPECT_EQ(waits_, 2);
  EXPECT_EQ(gateway_.taken.size(), 20u);
  const auto results = Results();
  ASSERT_THAT(results, SizeIs(20));
  for (size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i][0], absl::StrCat(i + 1));
    EXPECT_EQ(results[i][2], absl::StrCat("notice of ", results[i][1]));
  }
  EXPECT_THAT(out_.str(), HasSubstr("20/20"));
}

TEST_F(NoticeBulkTest, TheSameCommandAgainGoesOnBehindWhatIsAccepted) {
  Put(Csv(10));
  gateway_.denied_case = "4";
  EXPECT_EQ(Run(), ExitCode::kRefused);
  EXPECT_EQ(Results()[3][4], "NO_GRANT");
  EXPECT_THAT(out_.str(), HasSubstr("9/10"));
  // The last line was cut by a crash.
  std::string text = *ReadFile(bulk_.out);
  ASSERT_OK(WriteFile(bulk_.out, absl::string_view(text).substr(0, text.size() - 30)));
  gateway_.denied_case = "";
  const auto before = gateway_.taken;
  EXPECT_EQ(Run(), ExitCode::kOk) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("10/10"));
  EXPECT_EQ(gateway_.taken.size(), 10u) << "the same rows have the same request ids";
  std::map<std::string, std::string> accepted;
  for (const auto& row : Results()) {
    if (row.size() == 6 && row[4].empty()) accepted[row[1]] = row[2];
  }
  EXPECT_EQ(accepted.size(), 10u);
}

TEST_F(NoticeBulkTest, AMistakeInTheLastRowIsFoundBeforeAnythingIsSent) {
  Put(absl::StrCat(Csv(5), "address.renumbered,plate-6,6\n"));
  EXPECT_EQ(Run(), ExitCode::kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("row 6: has 3 columns in place of 4"));
  Put("kind,plate\naddress.renumbered,1\n");
  EXPECT_EQ(Run(), ExitCode::kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("column 'plate' is unknown"));
  Put("kind,publisher_key,case,request_id\naddress.renumbered,1,1,a\naddress.renumbered,2,2,a\n");
  EXPECT_EQ(Run(), ExitCode::kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("row 2: a request id stands twice"));
  EXPECT_EQ(gateway_.streams, 0);
}

TEST_F(NoticeBulkTest, TakesJsonLines) {
  bulk_.in = directory_ + "/in.jsonl";
  std::string lines;
  for (int i = 1; i <= 3; ++i) {
    absl::StrAppend(
        &lines, R"({"noticeKind":"address.renumbered","subjects":[{"publisherKey":"p-)", i,
        R"("}],"purpose":{"caseNumber":"7"},"payload":[{"code":"new_address","text":"a"}]})",
        "\n\n");
  }
  Put(lines);
  EXPECT_EQ(Run(), ExitCode::kOk) << err_.str();
  ASSERT_THAT(gateway_.taken, SizeIs(3));
  v1::PublishNoticeRequest request;
  ASSERT_TRUE(request.ParseFromString(gateway_.taken.begin()->second));
  EXPECT_EQ(request.acting_for(), "hro-shanhua");
  EXPECT_EQ(request.payload(0).text(), "a");
  Put(lines + "{\"noticeKind\":7,\n");
  EXPECT_EQ(Run(), ExitCode::kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("row 4"));
}

TEST_F(NoticeBulkTest, AGatewayThatAnswersNothingIsGivenUp) {
  Put(Csv(3));
  gateway_.answers_per_stream = 0;
  EXPECT_EQ(Run(), ExitCode::kUnavailable);
  EXPECT_GT(waits_, 10);
  EXPECT_THAT(Results(), SizeIs(0));
}

}  // namespace
}  // namespace chayan::cli
