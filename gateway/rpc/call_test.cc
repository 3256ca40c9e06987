// Goal: a real gRPC client gets what the contract of call.h promises: answers, errors with details,
// deadlines, cancellation, streams, compression, health, reflection. Method: gRPC's C++ client over
// mutual TLS against a front with handlers that echo, hold and fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "gateway/rpc/grpc_client.h"
#include "gateway/rpc/limits.h"
#include "gateway/rpc/test_front.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpc/health/v1/health.pb.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "grpc/reflection/v1alpha/reflection.pb.h"

namespace chayan::rpc {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

std::string ReasonOf(const grpc::Status& status) {
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return "malformed";
  for (const auto& detail : details.details()) {
    google::rpc::ErrorInfo info;
    if (detail.UnpackTo(&info)) return info.reason();
  }
  return "";
}

// A stream used one step at a time.
class Stream {
 public:
  Stream(Client& client, const std::string& method)
      : stream_(client.stub().PrepareCall(&context_, method, &queue_)) {
    context_.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    stream_->StartCall(Tag());
    Step();
  }
  ~Stream() {
    context_.TryCancel();
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }
  bool Write(const std::string& message) {
    stream_->Write(ToBuffer(message), Tag());
    return Step();
  }
  bool WritesDone() {
    stream_->WritesDone(Tag());
    return Step();
  }
  std::optional<std::string> Read() {
    grpc::ByteBuffer buffer;
    stream_->Read(&buffer, Tag());
    if (!Step()) return std::nullopt;
    return ToString(buffer);
  }
  grpc::Status Finish() {
    grpc::Status status;
    stream_->Finish(&status, Tag());
    Step();
    return status;
  }
  grpc::ClientContext& context() { return context_; }

 private:
  void* Tag() { return this; }
  bool Step() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
};

TEST(CallTest, AnswersAUnaryCall) {
  TestFront front;
  Client client(front, front.desk);
  for (const size_t size : {size_t{0}, size_t{1}, size_t{409}, size_t{100'000}, kMessageBytesMax}) {
    const std::string request(size, 'q');
    const auto result = client.Call(kEcho, {.request = request});
    ASSERT_TRUE(result.status.ok()) << size << " " << result.status.error_message();
    EXPECT_EQ(result.response, request);
  }
  EXPECT_EQ(front.server->Status().connections, 1u);
  EXPECT_TRUE(Eventually([&] { return front.server->Status().calls_in_flight == 0; }));
}

TEST(CallTest, AnswersFromAnotherThreadOnEachWorker) {
  TestFront front({.workers = 3});
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(std::make_unique<Client>(front, front.desk));
    const auto result = clients.back()->Call(kElsewhere);
    ASSERT_TRUE(result.status.ok()) << result.status.error_message();
    EXPECT_EQ(result.response, "question");
  }
  EXPECT_EQ(front.server->Status().connections, 6u);
}

TEST(CallTest, AnErrorCarriesMessageDetailsAndReceipt) {
  TestFront front;
  Client client(front, front.desk);
  const auto result = client.Call(kElsewhere, {.request = "fail"});
  EXPECT_EQ(result.status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(result.status.error_message(), "no 100% right\n");
  EXPECT_EQ(ReasonOf(result.status), "NO_GRANT");
  EXPECT_THAT(result.trailers, Contains(Pair("chayan-receipt-bin", "a receipt")));
}

TEST(CallTest, TakesGzip) {
  TestFront front;
  Client client(front, front.desk);
  const std::string request(200'000, 'q');
  const auto result = client.Call(kEcho, {.request = request, .gzip = true});
  ASSERT_TRUE(result.status.ok()) << result.status.error_message();
  EXPECT_EQ(result.response, request);
}

TEST(CallTest, RefusesMessagesAboveTheBoundCompressedOrNot) {
  TestFront front;
  Client client(front, front.desk);
  const std::string request(kMessageBytesMax + 1, 'q');
  for (const bool gzip : {false, true}) {
    const auto result = client.Call(kEcho, {.request = request, .gzip = gzip});
    EXPECT_EQ(result.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << gzip;
    EXPECT_EQ(ReasonOf(result.status), "MESSAGE_TOO_LARGE");
  }
  EXPECT_THAT(front.recorded(), ElementsAre("MESSAGE_TOO_LARGE", "MESSAGE_TOO_LARGE"));
  EXPECT_TRUE(client.Call(kEcho).status.ok());
}

TEST(CallTest, RefusesUnknownMethodsAndRecordsThat) {
  TestFront front;
  Client client(front, front.desk);
  const auto result = client.Call("/chayan.v1.VerificationService/Drop");
  EXPECT_EQ(result.status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(ReasonOf(result.status), "METHOD_UNKNOWN");
  EXPECT_THAT(result.trailers, Contains(Pair("chayan-receipt-bin", "receipt-of-refusal")));
  EXPECT_THAT(front.recorded(), ElementsAre("METHOD_UNKNOWN"));
}

TEST(CallTest, ARefusalThatCannotBeRecordedIsNotTold) {
  TestFront front;
  front.log_broken = true;
  Client client(front, front.desk);
  const auto result = client.Call(kOperatorOnly);
  EXPECT_EQ(result.status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ReasonOf(result.status), "LOG_UNAVAILABLE");
}

TEST(CallTest, TheDeadlineCancelsTheHandler) {
  TestFront front;
  Client client(front, front.desk);
  const auto result = client.Call(kHold, {.timeout = absl::Milliseconds(100)});
  EXPECT_EQ(result.status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_TRUE(Eventually([&] { return front.cancelled == 1; }));
  // What the handler says now is dropped.
  ASSERT_EQ(front.held().size(), 1u);
  EXPECT_LE(front.held()[0]->timeout(), absl::Milliseconds(100));
  front.held()[0]->Reply("late");
  EXPECT_TRUE(client.Call(kEcho).status.ok());
}

// An outcome is released when it is recorded, and only the handler knows when.
TEST(CallTest, AfterTheDeadlineTheHandlerStillGivesTheAnswer) {
  TestFront front;
  Client client(front, front.desk);
  for (const bool fails : {true, false}) {
    std::thread caller([&] {
      const auto result = client.Call(kHold, {.timeout = absl::Seconds(3600)});
      EXPECT_EQ(ReasonOf(result.status), fails ? "CANCELLED" : "");
      EXPECT_EQ(result.status.ok(), !fails);
      EXPECT_EQ(result.response, fails ? "" : "late but true");
    });
    const size_t count = fails ? 1 : 2;
    EXPECT_TRUE(Eventually([&] { return front.held().size() == count; }));
    // gRPC rounds long timeouts up.
    front.clock.Advance(absl::Seconds(3700));
    EXPECT_TRUE(Eventually([&] { return front.cancelled == static_cast<int>(count); }));
    const auto call = front.held().back();
    if (fails) {
      call->Fail({.reason = v1::ERROR_REASON_CANCELLED, .message = "recorded as given up"});
    } else {
      call->Reply("late but true");
    }
    caller.join();
  }
  EXPECT_EQ(front.cancelled, 2);
  EXPECT_EQ(front.server->Status().calls_shed, 0u);
}

TEST(CallTest, ACallItsHandlerForgetsIsRecordedAndAnsweredAsOurFault) {
  TestFront front;
  Client client(front, front.desk);
  std::thread caller([&] {
    const auto result = client.Call(kHold);
    EXPECT_EQ(result.status.error_code(), grpc::StatusCode::INTERNAL);
    EXPECT_EQ(ReasonOf(result.status), "INTERNAL");
  });
  EXPECT_TRUE(Eventually([&] { return front.held().size() == 1; }));
  front.ForgetHeld();
  caller.join();
  EXPECT_THAT(front.recorded(), ElementsAre("INTERNAL"));
  EXPECT_TRUE(Eventually([&] { return front.server->Status().calls_in_flight == 0; }));
}

TEST(CallTest, AMethodMayTakeLargerMessagesThanOthers) {
  TestFront front;
  const auto console = front.NewCaller("spiffe://test.example/operator/console", 102);
  Client client(front, console);
  for (const bool gzip : {false, true}) {
    const auto whole =
        client.Call(kLarge, {.request = std::string(kLargeBytesMax, 'q'), .gzip = gzip});
    ASSERT_TRUE(whole.status.ok()) << whole.status.error_message();
    EXPECT_EQ(whole.response, absl::StrCat(kLargeBytesMax));
    const auto larger =
        client.Call(kLarge, {.request = std::string(kLargeBytesMax + 1, 'q'), .gzip = gzip});
    EXPECT_EQ(ReasonOf(larger.status), "MESSAGE_TOO_LARGE");
  }
}

TEST(CallTest, CancellationReachesTheHandler) {
  TestFront front;
  Client client(front, front.desk);
  std::atomic<grpc::ClientContext*> context = nullptr;
  std::thread caller([&] {
    const auto result = client.Call(
        kHold, {.on_context = [&](grpc::ClientContext& started) { context = &started; }});
    EXPECT_EQ(result.status.error_code(), grpc::StatusCode::CANCELLED);
  });
  EXPECT_TRUE(Eventually([&] { return front.held().size() == 1; }));
  context.load()->TryCancel();
  caller.join();
  EXPECT_TRUE(Eventually([&] { return front.cancelled == 1; }));
}

TEST(CallTest, AStreamEchoesInOrderAndEnds) {
  TestFront front;
  Client client(front, front.desk);
  Stream stream(client, kStream);
  for (int i = 0; i < 200; ++i) {
    const std::string message(static_cast<size_t>(i) * 97, static_cast<char>('a' + i % 26));
    ASSERT_TRUE(stream.Write(message)) << i;
    ASSERT_EQ(stream.Read(), message) << i;
  }
  stream.WritesDone();
  EXPECT_EQ(stream.Read(), std::nullopt);
  EXPECT_TRUE(stream.Finish().ok());
  EXPECT_TRUE(Eventually([&] { return front.ended == 1; }));
  EXPECT_EQ(front.streams()[0]->queued_bytes(), 0u);
}

TEST(CallTest, ManyWritesFromAnotherThreadArriveInOrder) {
  TestFront front;
  Client client(front, front.desk);
  Stream stream(client, kStream);
  ASSERT_TRUE(Eventually([&] { return front.streams().size() == 1; }));
  const auto call = front.streams()[0];
  constexpr int kMessages = 2000;
  std::thread writer([&] {
    for (int i = 0; i < kMessages; ++i) call->Write(absl::StrCat(i));
    call->Finish(policy::Refusal{.reason = v1::ERROR_REASON_DRAINING, .message = "over"});
  });
  for (int i = 0; i < kMessages; ++i) ASSERT_EQ(stream.Read(), absl::StrCat(i));
  EXPECT_EQ(stream.Read(), std::nullopt);
  EXPECT_EQ(ReasonOf(stream.Finish()), "DRAINING");
  writer.join();
  EXPECT_TRUE(Eventually([&] { return front.ended == 1; }));
}

TEST(CallTest, APausedStreamHoldsThePeerBackAndLosesNothing) {
  TestFront front;
  Client client(front, front.desk);
  Stream stream(client, kStream);
  ASSERT_TRUE(stream.Write("pause"));
  ASSERT_TRUE(Eventually([&] { return front.streams().size() == 1; }));
  // More than the stream's window: the last ones wait at the peer.
  constexpr int kMessages = 40;
  const std::string message(20'000, 'm');
  std::thread writer([&] {
    // Other calls on the same connection go on meanwhile.
    EXPECT_TRUE(client.Call(kEcho).status.ok());
    const auto call = front.streams()[0];
    call->Post([call] { call->Resume(); });
  });
  writer.join();
  for (int i = 0; i < kMessages; ++i) {
    ASSERT_TRUE(stream.Write(message));
    ASSERT_EQ(stream.Read(), message);
  }
  stream.WritesDone();
  EXPECT_EQ(stream.Read(), std::nullopt);
  EXPECT_TRUE(stream.Finish().ok());
}

TEST(CallTest, TakesTheRateOfAMember) {
  TestFront front({.requests_per_second = 1});
  Client client(front, front.desk);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(client.Call(kEcho).status.ok()) << i;
  const auto result = client.Call(kEcho);
  EXPECT_EQ(result.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(result.status), "RATE_LIMITED");
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(result.status.error_details()));
  google::rpc::RetryInfo retry;
  EXPECT_TRUE(details.details_size() > 1 &&
              (details.details(1).UnpackTo(&retry) || details.details(0).UnpackTo(&retry)));
  EXPECT_EQ(front.server->Status().calls_shed, 1u);
  EXPECT_THAT(front.recorded(), IsEmpty());
  front.clock.Advance(absl::Seconds(2));
  EXPECT_TRUE(client.Call(kEcho).status.ok());
}

TEST(CallTest, BoundsTheCallsInFlightOfAMember) {
  TestFront front({.in_flight_max = 1});
  Client client(front, front.desk);
  std::thread caller([&] { EXPECT_TRUE(client.Call(kHold).status.ok()); });
  ASSERT_TRUE(Eventually([&] { return front.held().size() == 1; }));
  EXPECT_EQ(ReasonOf(client.Call(kEcho).status), "RATE_LIMITED");
  front.held()[0]->Reply("now");
  caller.join();
}

TEST(CallTest, SaysWhetherItIsServing) {
  using grpc::health::v1::HealthCheckRequest;
  using grpc::health::v1::HealthCheckResponse;
  TestFront front;
  Client client(front, front.desk);
  HealthCheckRequest request;
  HealthCheckResponse response;
  const auto check = [&](const std::string& service) {
    request.set_service(service);
    const auto result =
        client.Call("/grpc.health.v1.Health/Check", {.request = request.SerializeAsString()});
    response.ParseFromString(result.response);
    return result.status.ok() ? response.status() : HealthCheckResponse::SERVICE_UNKNOWN;
  };
  EXPECT_EQ(check(""), HealthCheckResponse::SERVING);
  EXPECT_EQ(check("chayan.v1.VerificationService"), HealthCheckResponse::SERVING);
  EXPECT_EQ(check("no.such.Service"), HealthCheckResponse::SERVICE_UNKNOWN);

  Stream stream(client, "/grpc.health.v1.Health/Watch");
  ASSERT_TRUE(stream.Write(HealthCheckRequest().SerializeAsString()));
  ASSERT_TRUE(stream.WritesDone());
  ASSERT_TRUE(response.ParseFromString(stream.Read().value()));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  front.server->SetServing(false);
  ASSERT_TRUE(response.ParseFromString(stream.Read().value()));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
}

template <typename Request, typename Response>
void ExpectReflects(const std::string& version) {
  TestFront front;
  Client client(front, front.desk);
  Stream stream(
      client, absl::StrCat("/grpc.reflection.", version, ".ServerReflection/ServerReflectionInfo"));
  const auto ask = [&](const Request& request) {
    Response response;
    EXPECT_TRUE(stream.Write(request.SerializeAsString()));
    EXPECT_TRUE(response.ParseFromString(stream.Read().value_or("")));
    return response;
  };
  Request list;
  list.set_list_services("*");
  std::vector<std::string> names;
  const Response listed = ask(list);
  for (const auto& service : listed.list_services_response().service()) {
    names.push_back(service.name());
  }
  EXPECT_THAT(names, Contains("chayan.v1.VerificationService"));
  EXPECT_THAT(names, Contains("grpc.health.v1.Health"));
  Request symbol;
  symbol.set_file_containing_symbol("chayan.v1.VerificationService");
  // The file and what it imports, so that a client can build it at once.
  EXPECT_GT(ask(symbol).file_descriptor_response().file_descriptor_proto_size(), 1);
  Request file;
  file.set_file_by_filename("grpc/health/v1/health.proto");
  EXPECT_EQ(ask(file).file_descriptor_response().file_descriptor_proto_size(), 1);
  file.set_file_by_filename("no/such.proto");
  EXPECT_EQ(ask(file).error_response().error_code(), 5);
  stream.WritesDone();
  EXPECT_TRUE(stream.Finish().ok());
}

TEST(CallTest, ReflectsItsServices) {
  ExpectReflects<grpc::reflection::v1::ServerReflectionRequest,
                 grpc::reflection::v1::ServerReflectionResponse>("v1");
  ExpectReflects<grpc::reflection::v1alpha::ServerReflectionRequest,
                 grpc::reflection::v1alpha::ServerReflectionResponse>("v1alpha");
}

TEST(CallTest, DrainingLetsCallsEnd) {
  TestFront front;
  Client client(front, front.desk);
  std::thread caller([&] {
    const auto result = client.Call(kHold);
    EXPECT_TRUE(result.status.ok()) << result.status.error_message();
  });
  ASSERT_TRUE(Eventually([&] { return front.held().size() == 1; }));
  std::thread drainer([&] { front.server->Drain(kPatience); });
  front.held()[0]->Reply("in time");
  caller.join();
  drainer.join();
  EXPECT_EQ(front.server->Status().connections, 0u);
  EXPECT_EQ(front.cancelled, 0);
}

TEST(CallTest, DrainingEndsWhatOutlastsTheGrace) {
  TestFront front;
  Client client(front, front.desk);
  std::thread caller([&] { EXPECT_FALSE(client.Call(kHold).status.ok()); });
  ASSERT_TRUE(Eventually([&] { return front.held().size() == 1; }));
  front.server->Drain(absl::Milliseconds(50));
  caller.join();
  EXPECT_EQ(front.cancelled, 1);
  EXPECT_EQ(front.server->Status().connections, 0u);
}

}  // namespace
}  // namespace chayan::rpc
