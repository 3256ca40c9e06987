// Goal: a real gRPC client gets what the contract of call.h promises: answers, errors with details,
// deadlines, cancellation, streams, compression. Method: gRPC's C++ client over mutual TLS against
// a front with handlers that echo, hold and fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>

#include "gateway/rpc/grpc_client.h"
#include "gateway/rpc/limits.h"
#include "gateway/rpc/test_front.h"
#include "google/rpc/status.pb.h"

namespace chayan::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

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
}

TEST(CallTest, AnswersFromAnotherThread) {
  TestFront front;
  Client client(front, front.desk);
  const auto result = client.Call(kElsewhere);
  ASSERT_TRUE(result.status.ok()) << result.status.error_message();
  EXPECT_EQ(result.response, "question");
}

}  // namespace
}  // namespace chayan::rpc
