// For tests: a small gateway made of gRPC's own server with mutual TLS on a free port, whose side
// of each link is in the test's hands.
#ifndef CHAYAN_ADAPTERS_SDK_TESTING_GATEWAY_H_
#define CHAYAN_ADAPTERS_SDK_TESTING_GATEWAY_H_

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <stdlib.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "adapters/sdk/link_client.h"
#include "chayan/v1/adapter_link_service.grpc.pb.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gtest/gtest.h"

namespace chayan::sdk {

// Far beyond what any of the waits takes; a test that waits this long has failed.
inline constexpr absl::Duration kPatience = absl::Seconds(60);

// Waits for what only another thread brings about and nobody announces.
template <typename Predicate>
[[nodiscard]] bool Eventually(Predicate predicate) {
  const absl::Time end = absl::Now() + kPatience;
  while (!predicate()) {
    if (absl::Now() > end) return false;
    absl::SleepFor(absl::Milliseconds(1));
  }
  return true;
}

// One link as the gateway sees it.
class FakeLink {
 public:
  using Stream = grpc::ServerReaderWriter<v1::ToAdapter, v1::FromAdapter>;
  FakeLink(grpc::ServerContext* context, Stream* stream) : context_(context), stream_(stream) {}

  // Serves the link until it is over; on the server's thread.
  grpc::Status Serve() {
    v1::FromAdapter message;
    while (stream_->Read(&message)) {
      absl::MutexLock lock(&mu_);
      received_.push_back(std::move(message));
    }
    absl::MutexLock lock(&mu_);
    reading_ended_ = true;
    mu_.Await(absl::Condition(&finish_));
    gone_ = true;
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "the test ends this link");
  }
  // The next message that is no heartbeat.
  v1::FromAdapter Next() {
    absl::MutexLock lock(&mu_);
    while (true) {
      const auto some = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
        return !received_.empty() || reading_ended_;
      };
      if (!mu_.AwaitWithTimeout(absl::Condition(&some), kPatience) || received_.empty()) {
        ADD_FAILURE() << "no message came";
        return {};
      }
      v1::FromAdapter message = std::move(received_.front());
      received_.pop_front();
      if (!message.has_heartbeat()) return message;
    }
  }
  // Whether the adapter's side ended, well or not.
  bool WaitForEnd() {
    absl::MutexLock lock(&mu_);
    return mu_.AwaitWithTimeout(absl::Condition(&reading_ended_), kPatience);
  }
  bool ended() {
    absl::MutexLock lock(&mu_);
    return reading_ended_;
  }
  void Write(const v1::ToAdapter& message) { EXPECT_TRUE(stream_->Write(message)); }
  void Welcome(uint32_t heartbeat_ms,
               const std::vector<std::string>& features = {"source-health"}) {
    v1::ToAdapter message;
    message.mutable_welcome()->set_protocol_version(1);
    message.mutable_welcome()->set_gateway("gw-1");
    message.mutable_welcome()->set_heartbeat_interval_ms(heartbeat_ms);
    *message.mutable_welcome()->mutable_features() = {features.begin(), features.end()};
    Write(message);
  }
  void Ask(const Uuid& id, absl::string_view request_id, uint32_t timeout_ms = 10'000) {
    v1::VerifyDocumentRequest request;
    request.set_request_id(std::string(request_id));
    request.add_claims()->set_code("lot");
    v1::ToAdapter message;
    v1::Question& question = *message.mutable_questions()->add_questions();
    question.set_exchange_id(std::string(id.raw()));
    question.set_request(request.SerializeAsString());
    question.mutable_permit()->add_claims("lot");
    question.mutable_caller()->set_member("hro-1");
    question.set_timeout_ms(timeout_ms);
    Write(message);
  }
  void GiveUp(const Uuid& id) {
    v1::ToAdapter message;
    message.mutable_questions()->add_cancelled_exchange_ids(std::string(id.raw()));
    Write(message);
  }
  void TellRecorded(const Uuid& id, uint64_t index) {
    v1::ToAdapter message;
    v1::RecordedAnswer& answer = *message.mutable_recorded()->add_answers();
    answer.set_exchange_id(std::string(id.raw()));
    answer.set_entry_index(index);
    Write(message);
  }
  void Send(const v1::DeliveredNotice& notice) {
    v1::ToAdapter message;
    message.mutable_notices()->add_notices(notice.SerializeAsString());
    Write(message);
  }
  void TellReceiptRecorded(const Uuid& id, uint64_t index, const std::string& refusal = "") {
    v1::ToAdapter message;
    v1::RecordedAnswer& receipt = *message.mutable_recorded()->add_receipts();
    receipt.set_exchange_id(std::string(id.raw()));
    receipt.set_entry_index(index);
    receipt.set_refusal(refusal);
    Write(message);
  }
  void Finish() {
    // An adapter that still writes keeps Serve reading: cut it off.
    absl::MutexLock lock(&mu_);
    if (!gone_) context_->TryCancel();
    finish_ = true;
  }
  // Ends the stream in order once the adapter has ended its side.
  void FinishWell() {
    absl::MutexLock lock(&mu_);
    finish_ = true;
  }

 private:
  grpc::ServerContext* const context_;
  Stream* const stream_;
  absl::Mutex mu_;
  std::deque<v1::FromAdapter> received_ ABSL_GUARDED_BY(mu_);
  bool reading_ended_ ABSL_GUARDED_BY(mu_) = false;
  bool finish_ ABSL_GUARDED_BY(mu_) = false;
  bool gone_ ABSL_GUARDED_BY(mu_) = false;
};

class FakeGateway final : public v1::AdapterLinkService::Service {
 public:
  FakeGateway(const std::string& pki, const std::string& certificate) {
    grpc::SslServerCredentialsOptions tls(
        GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    tls.pem_root_certs = *ReadFile(pki + "/root.pem");
    tls.pem_key_cert_pairs.push_back({*ReadFile(absl::StrCat(pki, "/", certificate, ".key")),
                                      *ReadFile(absl::StrCat(pki, "/", certificate, ".pem"))});
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(tls), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~FakeGateway() override {
    {
      absl::MutexLock lock(&mu_);
      for (auto& link : links_) link->Finish();
    }
    server_->Shutdown(std::chrono::system_clock::now());
  }
  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }

  grpc::Status Connect(grpc::ServerContext* context, FakeLink::Stream* stream) override {
    auto link = std::make_shared<FakeLink>(context, stream);
    {
      absl::MutexLock lock(&mu_);
      links_.push_back(link);
    }
    return link->Serve();
  }
  // The link that came as number `index`, from 0.
  std::shared_ptr<FakeLink> WaitForLink(size_t index) {
    absl::MutexLock lock(&mu_);
    const auto came = [this, index]()
                          ABSL_NO_THREAD_SAFETY_ANALYSIS { return links_.size() > index; };
    EXPECT_TRUE(mu_.AwaitWithTimeout(absl::Condition(&came), kPatience)) << "no link came";
    return links_.size() > index ? links_[index] : nullptr;
  }

 private:
  int port_ = 0;
  absl::Mutex mu_;
  std::vector<std::shared_ptr<FakeLink>> links_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<grpc::Server> server_;
};

// A client of it, with the development PKI's certificates.
class LinkFixture : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    // Debian's Abseil has deadlock detection on, which gRPC's own locks do not always survive.
    absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
    std::string pattern = absl::StrCat(testing::TempDir(), "/link_client_XXXXXX");
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    pki_ = new std::string(absl::StrCat(pattern, "/pki"));
    ASSERT_EQ(system(absl::StrCat("certs/dev-pki ", *pki_, " >/dev/null").c_str()), 0);
  }
  static void TearDownTestSuite() { delete pki_; }

  void SetUp() override {
    static int number = 0;
    options_.gateways = {gateway_.address()};
    options_.gateway_uri = "spiffe://chayan.example/gateway/";
    options_.ca_file = *pki_ + "/root.pem";
    options_.certificate_file = *pki_ + "/land-ad.pem";
    options_.key_file = *pki_ + "/land-ad.key";
    options_.answer_key_file = *pki_ + "/answer/land-ad.key";
    options_.kinds = {{"land.title", crypto::Digest(), {"AD"}}};
    options_.answer_log = absl::StrCat(*pki_, "/answers-", ++number, ".jsonl");
    options_.backoff_min = absl::Milliseconds(10);
    options_.backoff_max = absl::Milliseconds(50);
  }
  // The link that came as number `index`, welcomed.
  std::shared_ptr<FakeLink> Accept(size_t index, uint32_t heartbeat_ms = 5000) {
    auto link = gateway_.WaitForLink(index);
    EXPECT_TRUE(link->Next().has_hello());
    link->Welcome(heartbeat_ms);
    return link;
  }
  Uuid NewId() { return Uuid::Version7(absl::UnixEpoch(), random_); }

  inline static std::string* pki_ = nullptr;
  FakeGateway gateway_{*pki_, "gateway"};
  SystemRandom random_;
  SystemClock system_clock_;
  SimulatedClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  AdapterOptions options_;
};

}  // namespace chayan::sdk

#endif  // CHAYAN_ADAPTERS_SDK_TESTING_GATEWAY_H_
