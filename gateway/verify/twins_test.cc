// Goal: a repeated request_id gets the one answer, never a second question; memory stays bounded.
// Method: askers that only have an address, a simulated clock, a small byte bound.
#include "gateway/verify/twins.h"

#include <map>

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
  void Answer(std::shared_ptr<const std::string>) override {}
  void Fail(const Failure&) override {}
  void OnCancel(absl::AnyInvocable<void()>) override {}

 private:
  policy::Caller caller_;
};

class IdleQuestion final : public TwinQuestion {
 public:
  void Abandon(std::shared_ptr<Asker>) override {}
};

class TwinsTest : public ::testing::Test {
 protected:
  Kind Enter(const std::string& key, absl::string_view request,
             std::shared_ptr<Asker> asker = NewAsker()) {
    const Twins::Entered entered =
        twins_.Enter(KeyOf(key), crypto::Sha256(request), std::move(asker), question_);
    tickets_[key] = entered.ticket;
    return entered.kind;
  }
  static Twins::Key KeyOf(absl::string_view key) { return crypto::Sha256(key); }
  static std::shared_ptr<Asker> NewAsker() { return std::make_shared<SilentAsker>(); }
  static std::shared_ptr<const std::string> Response(size_t bytes) {
    return std::make_shared<const std::string>(bytes, 'r');
  }

  Twins::Waiting Complete(const std::string& key, std::shared_ptr<const std::string> response,
                          bool keep) {
    return twins_.Complete(KeyOf(key), tickets_[key], std::move(response), keep);
  }
  // Whether the asker waited, and was the last.
  std::pair<bool, bool> Leave(const std::string& key, const std::shared_ptr<Asker>& asker) {
    const Twins::Left left = twins_.Leave(KeyOf(key), tickets_[key], asker.get());
    return {left.asker == asker, left.question == question_};
  }

  const std::shared_ptr<TwinQuestion> question_ = std::make_shared<IdleQuestion>();
  std::map<std::string, uint64_t> tickets_;
  SimulatedClock clock_{absl::FromUnixSeconds(1)};
  Twins twins_{clock_, /*bytes_max=*/5000};
};

TEST_F(TwinsTest, TheFirstAsksAndItsTwinWaitsWithIt) {
  EXPECT_EQ(Enter("a", "question"), Kind::kFirst);
  EXPECT_EQ(Enter("a", "question"), Kind::kJoined);
  EXPECT_EQ(Complete("a", Response(1), true).size(), 2u);
}

TEST_F(TwinsTest, OtherBytesUnderTheSameIdAreRefusedInFlightAndAfter) {
  Enter("a", "question");
  EXPECT_EQ(Enter("a", "another"), Kind::kReused);
  Complete("a", Response(1), true);
  EXPECT_EQ(Enter("a", "another"), Kind::kReused);
}

TEST_F(TwinsTest, AKeptAnswerIsTheSameBytes) {
  Enter("a", "question");
  const auto response = Response(10);
  Complete("a", response, true);
  EXPECT_EQ(twins_.Enter(KeyOf("a"), crypto::Sha256("question"), NewAsker(), {}).response,
            response);
}

TEST_F(TwinsTest, WhatIsNotKeptIsAskedAgain) {
  Enter("a", "question");
  Complete("a", nullptr, false);
  EXPECT_EQ(Enter("a", "question"), Kind::kFirst);
}

TEST_F(TwinsTest, AnAnswerIsForgottenAfterTenMinutes) {
  Enter("a", "question");
  Complete("a", Response(1), true);
  clock_.Advance(kTwinAgeMax - absl::Seconds(1));
  EXPECT_EQ(Enter("a", "question"), Kind::kKept);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Enter("a", "question"), Kind::kFirst);
}

TEST_F(TwinsTest, TheOldestGoesWhenBytesRunOut) {
  for (const char* key : {"a", "b", "c"}) {
    Enter(key, "question");
    Complete(key, Response(2000), true);
  }
  EXPECT_EQ(Enter("a", "question"), Kind::kFirst);
  EXPECT_EQ(Enter("c", "question"), Kind::kKept);
}

TEST_F(TwinsTest, TheLastToLeaveEndsTheQuestionAndFreesItsKey) {
  const auto first = NewAsker(), second = NewAsker();
  Enter("a", "question", first);
  Enter("a", "question", second);
  EXPECT_EQ(Leave("a", first), std::pair(true, false));
  EXPECT_EQ(Leave("a", first), std::pair(false, false));
  EXPECT_EQ(Leave("a", second), std::pair(true, true));
  const uint64_t abandoned = tickets_["a"];
  EXPECT_EQ(Enter("a", "question", first), Kind::kFirst);
  // The abandoned question's end does not touch the new one's.
  EXPECT_TRUE(twins_.Complete(KeyOf("a"), abandoned, Response(1), true).empty());
  EXPECT_EQ(Complete("a", Response(1), true).size(), 1u);
}

}  // namespace
}  // namespace chayan::verify
