// Goal: every question is a whole request of the stated size with an id of its own, and the fixed
// answer to it has the stated size. Method: parse what is made.
#include "tests/bench/question.h"

#include "chayan/v1/verification_service.pb.h"
#include "gateway/base/uuid.h"
#include "gtest/gtest.h"
#include "tests/bench/fixed_answer.h"

namespace chayan::bench {
namespace {

v1::VerifyDocumentRequest Parsed(const Questions& questions, uint64_t number) {
  std::string bytes;
  questions.Make(number, bytes);
  EXPECT_EQ(bytes.size(), kQuestionBytes);
  v1::VerifyDocumentRequest request;
  EXPECT_TRUE(request.ParseFromString(bytes));
  return request;
}

TEST(Questions, DifferOnlyInTheirId) {
  SeededRandom random(1);
  const Questions questions(random);
  v1::VerifyDocumentRequest first = Parsed(questions, 0);
  v1::VerifyDocumentRequest last = Parsed(questions, 0xfedcba987654);
  EXPECT_EQ(first.request_id(), questions.IdOf(0));
  EXPECT_EQ(last.request_id(), questions.IdOf(0xfedcba987654));
  EXPECT_TRUE(Uuid::FromText(last.request_id()).ok());
  EXPECT_NE(first.request_id(), last.request_id());
  first.clear_request_id();
  last.clear_request_id();
  EXPECT_EQ(first.SerializeAsString(), last.SerializeAsString());
}

TEST(Questions, OfTwoSourcesHaveDifferentIds) {
  SeededRandom random(1);
  EXPECT_NE(Questions(random).IdOf(0), Questions(random).IdOf(0));
}

TEST(FixedAnswer, BringsTheResponseToItsSize) {
  SeededRandom random(1);
  const v1::VerifyDocumentRequest request = Parsed(Questions(random), 7);
  v1::VerifyDocumentResponse response;
  response.set_request_id(request.request_id());
  FixedAnswer(request, *response.mutable_answer());
  EXPECT_EQ(response.ByteSizeLong(), kResponseBytes);
  EXPECT_EQ(response.answer().verdicts_size(), request.claims_size());
  EXPECT_EQ(response.answer().released_fields_size(), request.requested_fields_size());
}

}  // namespace
}  // namespace chayan::bench
