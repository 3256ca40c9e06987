// Goal: a repeated request_id gets the one answer, never a second question; memory stays bounded.
// Method: askers that only have an address, a simulated clock, a small byte bound.
#include "gateway/verify/twins.h"

#include "gtest/gtest.h"

namespace chayan::verify {
namespace {

using Kind = Twins::Entered::Kind;

class SilentAsker final : public Asker {
 public:
  const policy::Caller& caller() const override { return caller_; }
  absl::string_view method() const override { return "VerifyDocument"; }
  absl::string_view request() const override { return {}; }
  absl::Duration arrival() const override { return {}; }
  absl::Duration timeout() const override { return absl::InfiniteDuration(); }
  void Answer(const std::string&) override {}
  void Fail(const Failure&) override {}
  void OnCancel(absl::AnyInvocable<void()>) override {}

 private:
  policy::Caller caller_;
};

class TwinsTest : public ::testing::Test {
 protected:
  Kind Enter(const std::string& key, absl::string_view request,
             std::shared_ptr<Asker> asker = NewAsker()) {
    return twins_.Enter(key, crypto::Sha256(request), std::move(asker)).kind;
  }
  static std::shared_ptr<Asker> NewAsker() { return std::make_shared<SilentAsker>(); }
  static std::shared_ptr<const std::string> Response(size_t bytes) {
    return std::make_shared<const std::string>(bytes, 'r');
  }

  SimulatedClock clock_{absl::FromUnixSeconds(1)};
  Twins twins_{clock_, /*bytes_max=*/5000};
};

TEST_F(TwinsTest, TheFirstAsksAndItsTwinWaitsWithIt) {
  EXPECT_EQ(Enter("a", "question"), Kind::kFirst);
  EXPECT_EQ(Enter("a", "question"), Kind::kJoined);
  EXPECT_EQ(twins_.Complete("a", Response(1), true).size(), 2u);
}

TEST_F(TwinsTest, OtherBytesUnderTheSameIdAreRefusedInFlightAndAfter) {
  Enter("a", "question");
  EXPECT_EQ(Enter("a", "another"), Kind::kReused);
  twins_.Complete("a", Response(1), true);
  EXPECT_EQ(Enter("a", "another"), Kind::kReused);
}

TEST_F(TwinsTest, AKeptAnswerIsTheSameBytes) {
  Enter("a", "question");
  const auto response = Response(10);
  twins_.Complete("a", response, true);
  EXPECT_EQ(twins_.Enter("a", crypto::Sha256("question"), NewAsker()).response, response);
}

TEST_F(TwinsTest, WhatIsNotKeptIsAskedAgain) {
  Enter("a", "question");
  twins_.Complete("a", nullptr, false);
  EXPECT_EQ(Enter("a", "question"), Kind::kFirst);
}

TEST_F(TwinsTest, AnAnswerIsForgottenAfterTenMinutes) {
  Enter("a", "question");
  twins_.Complete("a", Response(1), true);
  clock_.Advance(kTwinAgeMax - absl::Seconds(1));
  EXPECT_EQ(Enter("a", "question"), Kind::kKept);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Enter("a", "question"), Kind::kFirst);
}

TEST_F(TwinsTest, TheOldestGoesWhenBytesRunOut) {
  for (const char* key : {"a", "b", "c"}) {
    Enter(key, "question");
    twins_.Complete(key, Response(2000), true);
  }
  EXPECT_EQ(Enter("a", "question"), Kind::kFirst);
  EXPECT_EQ(Enter("c", "question"), Kind::kKept);
}

TEST_F(TwinsTest, OnlyTheLastToLeaveMayCancel) {
  const auto first = NewAsker(), second = NewAsker();
  Enter("a", "question", first);
  Enter("a", "question", second);
  EXPECT_FALSE(twins_.Leave("a", first.get()));
  EXPECT_FALSE(twins_.Leave("a", first.get()));
  EXPECT_TRUE(twins_.Leave("a", second.get()));
  EXPECT_TRUE(twins_.Complete("a", nullptr, false).empty());
}

}  // namespace
}  // namespace chayan::verify
