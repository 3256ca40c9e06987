// Goal: nobody can tell a protected person from any other question that a holder does not compare:
// by size, by time, by what stands in the log. Method: a thousand pairs over real connections, one
// of each pair about a protected person, for whom the holder takes longer; the kind has a floor.
// What an exchange determines must be of the same size in all; of times, and of the sizes of
// proofs, which depend on an entry's place in the tree, Wilcoxon's signed-rank test over the pairs
// must find no difference.
#include <map>
#include <random>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "chayan/v1/receipt.pb.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/integration/deployment.h"
#include "tests/integration/signed_rank.h"

namespace chayan::integration {
namespace {

constexpr int kPairs = 1000;
// Pairs asked at once: what one stream carries.
constexpr int kPairsAtOnce = 100;
// Far above what a holder and a loaded machine need, so that every answer waits for it.
constexpr int kFloorMs = 2000;
// By how much the holder is slower for protected persons.
constexpr absl::Duration kHolderDelay = absl::Milliseconds(5);

// Whether a question is about a protected person: by its case, which makes no difference to sizes.
bool IsProtected(const v1::VerifyDocumentRequest& request) {
  return request.purpose().case_number() == "case-p";
}

// Compares nothing. Takes some time for each answer, and more where a person is protected.
class QuietAdapter final : public sdk::Adapter {
 public:
  QuietAdapter() : sender_([this] { SendDue(); }) {}
  ~QuietAdapter() override {
    {
      absl::MutexLock lock(&mu_);
      stopping_ = true;
    }
    sender_.join();
  }
  void Answer(sdk::Question question, sdk::Responder responder) override {
    const bool restricted = IsProtected(question.request());
    absl::MutexLock lock(&mu_);
    const absl::Duration time = absl::Microseconds(draw_() % 20'000);
    waiting_.emplace(absl::Now() + time + (restricted ? kHolderDelay : absl::ZeroDuration()),
                     Waiting{std::move(responder), restricted});
  }

 private:
  struct Waiting {
    sdk::Responder responder;
    bool restricted;
  };

  void SendDue() {
    absl::MutexLock lock(&mu_);
    while (!stopping_) {
      if (waiting_.empty() || waiting_.begin()->first > absl::Now()) {
        mu_.AwaitWithTimeout(absl::Condition(&stopping_), absl::Milliseconds(1));
        continue;
      }
      v1::VerificationAnswer answer;
      answer.set_outcome(v1::OUTCOME_NOT_COMPARED);
      answer.set_not_compared_reason(v1::NOT_COMPARED_REASON_ASK_HOLDER);
      const Waiting& next = waiting_.begin()->second;
      EXPECT_OK(next.responder.Send(std::move(answer), next.restricted));
      waiting_.erase(waiting_.begin());
    }
  }

  absl::Mutex mu_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::minstd_rand draw_ ABSL_GUARDED_BY(mu_){3};
  std::multimap<absl::Time, Waiting> waiting_ ABSL_GUARDED_BY(mu_);
  std::thread sender_;  // last: it uses the others
};

// What a caller sees of one answer.
struct Seen {
  absl::Duration asked, answered;
  size_t answer = 0, leaf = 0, openings = 0, next_step = 0, response = 0;
  std::string shown;  // what differs between answers is left out
};

v1::VerifyDocumentRequest MakeQuestion(const std::string& id, bool protected_person) {
  v1::VerifyDocumentRequest request = LandQuestion(id);
  request.mutable_purpose()->set_case_number(protected_person ? "case-p" : "case-o");
  return request;
}

class RestrictedTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string path = deployment_.Path("registry/land.textproto");
    const std::string text = *ReadFile(path);
    const std::string floor = "not_compared_floor_ms: 300";  // first that of land titles
    const size_t at = text.find(floor);
    ASSERT_NE(at, std::string::npos);
    ASSERT_OK(WriteFile(path, absl::StrCat(text.substr(0, at), "not_compared_floor_ms: ", kFloorMs,
                                           text.substr(at + floor.size()))));
    deployment_.StartGateway();
    client_ =
        *sdk::LinkClient::Create(deployment_.AdapterFor("land-ad"), adapter_, clock_, random_);
    ASSERT_TRUE(Eventually([&] { return client_->Status().gateways[0].connected; }));
    stub_ = v1::VerificationService::NewStub(deployment_.Channel("household"));
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(10));
    stream_ = stub_->VerifyDocuments(&context_);
  }
  void TearDown() override {
    stream_->WritesDone();
    client_ = nullptr;
    deployment_.StopGateway();
  }

  // Asks pairs at once, each in random order; what was seen, ordinary ones first in each pair.
  void AskSome(int pairs, std::vector<std::pair<Seen, Seen>>& seen) {
    std::map<std::string, Seen*> open;
    std::vector<v1::VerifyDocumentRequest> questions;
    const size_t first = seen.size();
    seen.resize(first + static_cast<size_t>(pairs));
    for (int i = 0; i < pairs; ++i) {
      auto& pair = seen[first + static_cast<size_t>(i)];
      std::pair<bool, Seen*> order[2] = {{false, &pair.first}, {true, &pair.second}};
      if (coin_() % 2 == 0) std::swap(order[0], order[1]);
      for (const auto& [protected_person, place] : order) {
        const std::string id = Uuid::Version7(clock_.Now(), random_).ToText();
        questions.push_back(MakeQuestion(id, protected_person));
        open[id] = place;
      }
    }
    std::thread writer([&] {
      for (const v1::VerifyDocumentRequest& question : questions) {
        open.at(question.request_id())->asked = clock_.Elapsed();
        CHAYAN_CHECK(stream_->Write(question));
      }
    });
    v1::VerifyDocumentResponse response;
    size_t answered = 0;
    while (answered < questions.size() && stream_->Read(&response)) {
      See(response, *open.at(response.request_id()));
      ++answered;
    }
    writer.join();
    ASSERT_EQ(answered, questions.size());
  }

  void See(const v1::VerifyDocumentResponse& response, Seen& seen) {
    seen.answered = clock_.Elapsed();
    ASSERT_EQ(response.answer().outcome(), v1::OUTCOME_NOT_COMPARED) << response.ShortDebugString();
    v1::VerifyDocumentResponseView view;
    ASSERT_TRUE(view.ParseFromString(response.SerializeAsString()));
    seen.answer = view.answer().size();
    seen.leaf = view.receipt().leaf().size();
    seen.openings =
        view.receipt().request_opening().size() + view.receipt().response_opening().size();
    seen.next_step = view.next_step().size();
    seen.response = response.ByteSizeLong();
    v1::VerificationAnswer answer = response.answer();
    answer.clear_request_id();
    const std::string& leaf = view.receipt().leaf();
    // How long it took, as the log says it.
    seen.shown = absl::StrCat(
        answer.ShortDebugString(), view.next_step(),
        leaf.substr(leaf.find("\"ms\":"), leaf.find(",\"hsig\"") - leaf.find("\"ms\":")));
  }

  Deployment deployment_;
  SystemClock clock_;
  SystemRandom random_;
  std::minstd_rand coin_{7};
  QuietAdapter adapter_;
  std::unique_ptr<sdk::LinkClient> client_;
  std::unique_ptr<v1::VerificationService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::VerifyDocumentRequest, v1::VerifyDocumentResponse>>
      stream_;
};

TEST_F(RestrictedTest, AThousandPairsCannotBeToldApart) {
  std::vector<std::pair<Seen, Seen>> pairs;
  for (int done = 0; done < kPairs; done += kPairsAtOnce) {
    ASSERT_NO_FATAL_FAILURE(AskSome(kPairsAtOnce, pairs));
  }
  const Seen& reference = pairs[0].first;
  std::vector<double> times, sizes;
  int late = 0;
  for (const auto& [ordinary, restricted] : pairs) {
    for (const Seen* seen : {&ordinary, &restricted}) {
      ASSERT_EQ(seen->answer, reference.answer);
      ASSERT_EQ(seen->leaf, reference.leaf);
      ASSERT_EQ(seen->openings, reference.openings);
      ASSERT_EQ(seen->next_step, reference.next_step);
      ASSERT_EQ(seen->shown, reference.shown);
      late += seen->answered - seen->asked > absl::Milliseconds(2 * kFloorMs);
    }
    times.push_back(absl::ToDoubleMicroseconds((restricted.answered - restricted.asked) -
                                               (ordinary.answered - ordinary.asked)));
    sizes.push_back(static_cast<double>(restricted.response) -
                    static_cast<double>(ordinary.response));
  }
  const double times_z = SignedRankZ(times);
  const double sizes_z = SignedRankZ(sizes);
  RecordProperty("times_z", absl::StrCat(times_z));
  EXPECT_LT(std::abs(times_z), kSignificantZ) << late << " answers came late";
  EXPECT_LT(std::abs(sizes_z), kSignificantZ);
}

// The test's own eye: it sees a difference of a third of the spread in a thousand pairs, and none
// where there is none.
TEST(SignedRankTest, SeesALeanAndNothingElse) {
  std::mt19937 engine(1);
  std::normal_distribution<double> noise(0, 1000);
  std::vector<double> even, leaning;
  for (int i = 0; i < kPairs; ++i) {
    even.push_back(noise(engine));
    leaning.push_back(noise(engine) + 300);
  }
  EXPECT_LT(std::abs(SignedRankZ(even)), 3);
  EXPECT_GT(SignedRankZ(leaning), kSignificantZ);
  for (double& difference : leaning) difference = -difference;
  EXPECT_LT(SignedRankZ(leaning), -kSignificantZ);
  EXPECT_EQ(SignedRankZ({0, 0, 0}), 0);
}

}  // namespace
}  // namespace chayan::integration
