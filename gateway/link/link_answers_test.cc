// Goal: each question is answered exactly once, by the link it went down, with bytes and signature
// that prove themselves; every misbehaviour of an adapter ends its link and nothing else. Method:
// an adapter in the test's hand, faults one by one; then threads, for the sanitizers.
#include <atomic>
#include <thread>

#include "gateway/link/link_fakes.h"
#include "gateway/link/links.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chayan::link {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Kind = Reply::Kind;

TEST(LinkAnswersTest, PassesOnBytesWithASignatureThatVerifies) {
  for (const size_t count : {1u, 2u, 3u, 7u, 256u}) {
    LinkWorld world;
    auto adapter = world.Open();
    std::vector<Uuid> ids;
    for (size_t i = 0; i < count; ++i) {
      ids.push_back(world.Ask("entry.record", "", absl::StrCat("question ", i)));
    }
    const auto questions = adapter->TakeQuestions();
    ASSERT_THAT(questions, SizeIs(count));
    adapter->Answer(questions);
    ASSERT_THAT(world.replies, SizeIs(count));
    for (size_t i = 0; i < count; ++i) {
      const auto& [id, reply] = world.replies[i];
      EXPECT_EQ(id, ids[i]);
      const std::string request = absl::StrCat("question ", i);
      EXPECT_EQ(reply.answer, absl::StrCat("answer to ", request));
      EXPECT_OK(tlog::VerifyHolderSignature(
          TestKey(1).public_key(), tlog::AnswerDigest(id, request, reply.answer), reply.signature));
    }
  }
}

TEST(LinkAnswersTest, CoalescesWhatWaitsIntoOneFrameWithOneWakeUp) {
  LinkWorld world;
  auto adapter = world.Open();
  adapter->TakeQuestions();
  const int posts = adapter->stream().posts();
  for (int i = 0; i < 100; ++i) world.Ask("entry.record", "", "x");
  EXPECT_EQ(adapter->stream().posts(), posts + 1);
  EXPECT_THAT(adapter->TakeQuestions(), SizeIs(100));
  EXPECT_EQ(adapter->question_frames, 1);
  const Uuid id = world.Ask("entry.record", "", "y");
  for (int i = 0; i < 50; ++i) world.links->Recorded(1, id, 7);
  adapter->TakeQuestions();
  EXPECT_EQ(adapter->stream().posts(), posts + 2);
  EXPECT_EQ(adapter->recorded_frames, 1);
  ASSERT_THAT(adapter->recorded, SizeIs(50));
  EXPECT_EQ(adapter->recorded[0], std::make_pair(id, uint64_t{7}));
}

TEST(LinkAnswersTest, TellsTheAdapterOfTheReplyWhereItsAnswerStands) {
  LinkWorld world;
  auto other = world.Open();
  auto adapter = world.Open();
  world.Ask("entry.record", "", "a");
  world.Ask("entry.record", "", "b");
  adapter->Answer(adapter->TakeQuestions());
  ASSERT_THAT(world.replies, SizeIs(1));
  world.links->Recorded(world.replies[0].second.link, world.replies[0].first, 99);
  adapter->TakeQuestions();
  other->TakeQuestions();
  EXPECT_THAT(adapter->recorded, ElementsAre(std::make_pair(world.replies[0].first, uint64_t{99})));
  EXPECT_THAT(other->recorded, IsEmpty());
}

TEST(LinkAnswersTest, PassesTheProtectedMarkOn) {
  LinkWorld world;
  auto adapter = world.Open();
  world.Ask("entry.record", "", "x");
  v1::FromAdapter frame = FakeAdapter::Answers(adapter->TakeQuestions(), TestKey(1));
  frame.mutable_answers()->mutable_answers(0)->set_restricted(true);
  adapter->stream().Deliver(frame);
  ASSERT_THAT(world.replies, SizeIs(1));
  EXPECT_TRUE(world.replies[0].second.restricted);
}

TEST(LinkAnswersTest, SendsToTheReplicaWithTheLeastInFlightInTurn) {
  LinkWorld world;
  auto a = world.Open();
  auto b = world.Open();
  auto c = world.Open();
  for (int i = 0; i < 9; ++i) world.Ask("entry.record", "", "x");
  auto of_a = a->TakeQuestions();
  EXPECT_THAT(of_a, SizeIs(3));
  EXPECT_THAT(b->TakeQuestions(), SizeIs(3));
  EXPECT_THAT(c->TakeQuestions(), SizeIs(3));
  a->Answer(of_a);
  for (int i = 0; i < 3; ++i) world.Ask("entry.record", "", "y");
  EXPECT_THAT(a->TakeQuestions(), SizeIs(3));
}

TEST(LinkAnswersTest, AsksNobodyWithoutALinkAndNobodyElse) {
  LinkWorld world;
  auto adapter = world.Open({"land.title"});
  world.Ask("entry.record", "", "other kind");
  world.Ask("land.title", "ZZ", "other area");
  world.Ask("land.title", "BA", "other holder", false, "land-b");
  EXPECT_THAT(world.Kinds(), ElementsAre(Kind::kNoLink, Kind::kNoLink, Kind::kNoLink));
  EXPECT_THAT(adapter->TakeQuestions(), IsEmpty());
}

TEST(LinkAnswersTest, HoldsTheBoundOfQuestionsInFlight) {
  LinkWorld world;
  FakeAdapter adapter(*world.links, "land-a", TestKey(1));
  v1::Hello hello = TestHello(*world.snapshot, TestKey(1), {"entry.record"});
  hello.set_in_flight_max(2);
  adapter.Hello(hello);
  for (int i = 0; i < 3; ++i) world.Ask("entry.record", "", "x");
  EXPECT_THAT(world.Kinds(), ElementsAre(Kind::kOverloaded));
  adapter.Answer(adapter.TakeQuestions());
  world.Ask("entry.record", "", "y");
  EXPECT_THAT(adapter.TakeQuestions(), SizeIs(1));
}

TEST(LinkAnswersTest, AMemberThatFloodsASlowHolderLeavesRoomForOthers) {
  LinkWorld world;
  world.share = 1;
  auto adapter = world.Open();
  for (uint32_t i = 0; i < kInFlightMax; ++i) world.Ask("entry.record", "", "flood");
  const size_t refused = world.Kinds().size();
  EXPECT_GT(refused, 0u);
  EXPECT_LT(refused, kInFlightMax / 5);
  EXPECT_THAT(world.Kinds(), Each(Kind::kOverloaded));
  const size_t flooding = adapter->TakeQuestions().size();
  EXPECT_EQ(flooding, kInFlightMax - refused);
  // The holder has answered nothing, and another member is served at once.
  for (int i = 0; i < 10; ++i) {
    world.Ask("entry.record", "", "other", false, "land-a", "hro-2");
  }
  EXPECT_EQ(world.Kinds().size(), refused);
  EXPECT_THAT(adapter->TakeQuestions(), SizeIs(10));
  // Meanwhile the flood gets no further place.
  world.Ask("entry.record", "", "flood");
  EXPECT_EQ(world.Kinds().size(), refused + 1);
}

TEST(LinkAnswersTest, DoesNotPileUpBeforeAPeerThatReadsSlowly) {
  LinkWorld world;
  auto adapter = world.Open();
  adapter->stream().set_queued_bytes(kQueuedBytesMax + 1);
  world.Ask("entry.record", "", "x");
  EXPECT_THAT(adapter->TakeQuestions(), SizeIs(1));
  world.Ask("entry.record", "", "y");
  EXPECT_THAT(world.Kinds(), ElementsAre(Kind::kOverloaded));
  adapter->stream().set_queued_bytes(0);
  world.links->Tick();
  adapter->TakeQuestions();
  world.Ask("entry.record", "", "z");
  EXPECT_THAT(adapter->TakeQuestions(), SizeIs(1));
}

TEST(LinkAnswersTest, RefusesARequestNoFrameCanHold) {
  LinkWorld world;
  auto adapter = world.Open();
  world.Ask("entry.record", "", std::string(kRequestBytesMax + 1, 'x'));
  EXPECT_THAT(world.Kinds(), ElementsAre(Kind::kOverloaded));
}

// Faults of adapters.

TEST(LinkAnswersTest, HangingAdapterTimesOutAndIsToldToGiveUp) {
  LinkWorld world;
  auto adapter = world.Open();
  const Uuid id = world.Ask("entry.record", "", "x");
  const auto questions = adapter->TakeQuestions();
  EXPECT_EQ(questions[0].timeout_ms(), 10'000u);
  world.clock.Advance(absl::Seconds(10) - absl::Milliseconds(1));
  world.links->Tick();
  EXPECT_THAT(world.Kinds(), IsEmpty());
  world.clock.Advance(absl::Milliseconds(1));
  world.links->Tick();
  EXPECT_THAT(world.Kinds(), ElementsAre(Kind::kTimedOut));
  adapter->TakeQuestions();
  EXPECT_THAT(adapter->cancelled, ElementsAre(id));
  EXPECT_FALSE(adapter->stream().finished());
}

TEST(LinkAnswersTest, LateAnswerIsDroppedOnceAndItsFrameStillCounts) {
  LinkWorld world;
  auto adapter = world.Open();
  world.Ask("entry.record", "", "late");
  auto questions = adapter->TakeQuestions();
  world.clock.Advance(absl::Seconds(10));
  world.links->Tick();
  world.Ask("entry.record", "", "in time", /*check_signature=*/true);
  for (auto& question : adapter->TakeQuestions()) questions.push_back(question);
  adapter->Answer(questions);  // one frame with both: the late one is part of its tree
  EXPECT_THAT(world.Kinds(), ElementsAre(Kind::kTimedOut, Kind::kAnswered));
  EXPECT_EQ(world.links->Counts().answers_late, 1u);
  EXPECT_FALSE(adapter->stream().finished());
  adapter->Answer({questions[0]});
  EXPECT_EQ(adapter->stream().reason(), v1::ERROR_REASON_ANSWER_UNEXPECTED);
}

TEST(LinkAnswersTest, AnsweringTwiceEndsTheLink) {
  LinkWorld world;
  auto adapter = world.Open();
  world.Ask("entry.record", "", "x");
  const auto questions = adapter->TakeQuestions();
  adapter->Answer(questions);
  adapter->Answer(questions);
  EXPECT_THAT(world.Kinds(), ElementsAre(Kind::kAnswered));
  EXPECT_EQ(adapter->stream().reason(), v1::ERROR_REASON_ANSWER_UNEXPECTED);
  EXPECT_EQ(world.links->Counts().answers_unexpected, 1u);
  EXPECT_THAT(world.committer.Entries(), ElementsAre("OPENED land-a", "ANSWER_UNEXPECTED land-a"));
}

TEST(LinkAnswersTest, AnsweringTwiceInOneFrameCountsForNothing) {
  LinkWorld world;
  auto adapter = world.Open();
  world.Ask("entry.record", "", "x");
  auto questions = adapter->TakeQuestions();
  questions.push_back(questions[0]);
  adapter->Answer(questions);
  EXPECT_THAT(world.Kinds(), ElementsAre(Kind::kLinkLost));
  EXPECT_EQ(adapter->stream().reason(), v1::ERROR_REASON_ANSWER_UNEXPECTED);
}

TEST(LinkAnswersTest, AnsweringAnothersQuestionEndsTheLinkAndNotTheQuestion) {
  LinkWorld world;
  auto honest = world.Open();
  world.Ask("entry.record", "", "x");
  const auto questions = honest->TakeQuestions();
  auto thief = world.Open();
  thief->Answer(questions);
  EXPECT_EQ(thief->stream().reason(), v1::ERROR_REASON_ANSWER_UNEXPECTED);
  EXPECT_THAT(world.Kinds(), IsEmpty());
  honest->Answer(questions);
  EXPECT_THAT(world.Kinds(), ElementsAre(Kind::kAnswered));
}

TEST(LinkAnswersTest, AnsweringAnInventedQuestionEndsTheLink) {
  LinkWorld world;
  auto adapter = world.Open();
  v1::Question invented;
  invented.set_exchange_id(std::string(16, 'x'));
  adapter->Answer({invented});
  EXPECT_EQ(adapter->stream().reason(), v1::ERROR_REASON_ANSWER_UNEXPECTED);
}

TEST(LinkAnswersTest, WrongSignatureIsFoundBeforeTheAnswerIsPassedOnWhereAskedFor) {
  LinkWorld world;
  auto adapter = world.Open();
  world.Ask("entry.record", "", "x", /*check_signature=*/true);
  v1::FromAdapter frame = FakeAdapter::Answers(adapter->TakeQuestions(), TestKey(1));
  frame.mutable_answers()->mutable_answers(0)->set_answer("forged");
  adapter->stream().Deliver(frame);
  EXPECT_THAT(world.Kinds(), ElementsAre(Kind::kLinkLost));
  EXPECT_EQ(adapter->stream().reason(), v1::ERROR_REASON_FRAME_SIGNATURE_INVALID);
  EXPECT_THAT(world.committer.Entries(),
              ElementsAre("OPENED land-a", "FRAME_SIGNATURE_INVALID land-a"));
  EXPECT_EQ(world.links->Counts().signatures_invalid, 1u);
}

TEST(LinkAnswersTest, WrongSignatureIsFoundOffThePath) {
  LinkWorld world(/*signature_share=*/1.0);
  auto adapter = world.Open();
  world.Ask("entry.record", "", "x");
  v1::FromAdapter frame = FakeAdapter::Answers(adapter->TakeQuestions(), TestKey(1));
  frame.mutable_answers()->set_signature(std::string(64, 's'));
  adapter->stream().Deliver(frame);
  EXPECT_THAT(world.Kinds(), ElementsAre(Kind::kAnswered));
  // The checker's thread ends the link; the binary's time limit bounds the wait.
  while (!adapter->stream().finished()) std::this_thread::yield();
  EXPECT_EQ(adapter->stream().reason(), v1::ERROR_REASON_FRAME_SIGNATURE_INVALID);
  EXPECT_THAT(world.committer.Entries(),
              ElementsAre("OPENED land-a", "FRAME_SIGNATURE_INVALID land-a"));
}

TEST(LinkAnswersTest, KeyOfAnotherMemberEndsTheLink) {
  LinkWorld world;
  auto adapter = world.Open();
  world.Ask("entry.record", "", "x");
  adapter->stream().Deliver(FakeAdapter::Answers(adapter->TakeQuestions(), TestKey(2)));
  EXPECT_THAT(world.Kinds(), ElementsAre(Kind::kLinkLost));
  EXPECT_EQ(adapter->stream().reason(), v1::ERROR_REASON_ANSWER_KEY_UNKNOWN);
}

TEST(LinkAnswersTest, AnotherKeyOfTheSameSystemMaySign) {
  LinkWorld world;
  auto adapter = world.Open();
  world.Ask("entry.record", "", "x", /*check_signature=*/true);
  adapter->stream().Deliver(FakeAdapter::Answers(adapter->TakeQuestions(), TestKey(3)));
  EXPECT_THAT(world.Kinds(), ElementsAre(Kind::kAnswered));
}

TEST(LinkAnswersTest, DisconnectedMidCallIsLostUnlessRepeatable) {
  LinkWorld world;
  auto first = world.Open();
  world.Ask("entry.record", "", "once");
  const Uuid repeatable = world.Ask("land.title", "AA", "again");
  EXPECT_THAT(first->TakeQuestions(), SizeIs(2));
  auto second = world.Open();
  world.clock.Advance(absl::Seconds(1));
  first->stream().End();
  EXPECT_THAT(world.Kinds(), ElementsAre(Kind::kLinkLost));
  const auto questions = second->TakeQuestions();
  ASSERT_THAT(questions, SizeIs(1));
  EXPECT_EQ(questions[0].request(), "again");
  EXPECT_EQ(questions[0].exchange_id(), repeatable.raw());
  EXPECT_EQ(questions[0].timeout_ms(), 9000u);
  auto third = world.Open();
  second->stream().End();  // once to another replica, not more
  EXPECT_THAT(world.Kinds(), ElementsAre(Kind::kLinkLost, Kind::kLinkLost));
  EXPECT_THAT(third->TakeQuestions(), IsEmpty());
}

TEST(LinkAnswersTest, WhatWasNeverSentGoesToAnotherReplica) {
  LinkWorld world;
  auto first = world.Open();
  world.Ask("entry.record", "", "waits");
  auto second = world.Open();
  first->stream().End();
  EXPECT_THAT(second->TakeQuestions(), SizeIs(1));
  auto alone = world.Open();
  second->stream().End();
  EXPECT_THAT(world.Kinds(), ElementsAre(Kind::kLinkLost));
  world.Ask("entry.record", "", "waits too");
  alone->stream().End();
  EXPECT_THAT(world.Kinds(), ElementsAre(Kind::kLinkLost, Kind::kNoLink));
}

TEST(LinkAnswersTest, CancelledQuestionIsNotAnswered) {
  LinkWorld world;
  auto adapter = world.Open();
  const Uuid sent = world.Ask("entry.record", "", "sent");
  const auto questions = adapter->TakeQuestions();
  const Uuid unsent = world.Ask("entry.record", "", "unsent");
  EXPECT_TRUE(world.links->Cancel(sent));
  EXPECT_TRUE(world.links->Cancel(unsent));
  EXPECT_FALSE(world.links->Cancel(sent));
  EXPECT_THAT(adapter->TakeQuestions(), IsEmpty());
  EXPECT_THAT(adapter->cancelled, ElementsAre(sent));
  adapter->Answer(questions);  // crossed the cancellation
  EXPECT_THAT(world.Kinds(), IsEmpty());
  EXPECT_FALSE(adapter->stream().finished());
}

TEST(LinkAnswersTest, MalformedFramesEndTheLink) {
  std::vector<v1::FromAdapter> malformed(6);
  malformed[0].mutable_answers();
  v1::Answer& answer = *malformed[1].mutable_answers()->add_answers();
  answer.set_exchange_id("short");
  malformed[2] = malformed[1];
  malformed[2].mutable_answers()->set_key_id(std::string(31, 'k'));
  malformed[3] = malformed[1];
  malformed[3].mutable_answers()->set_signature(std::string(65, 's'));
  for (size_t i = 0; i <= kFrameItemsMax; ++i) {
    malformed[4].mutable_answers()->add_answers()->set_exchange_id(std::string(16, 'x'));
  }
  // malformed[5] holds no frame at all.
  for (v1::FromAdapter& frame : malformed) {
    LinkWorld world;
    auto adapter = world.Open();
    if (frame.has_answers() && frame.answers().key_id().empty()) {
      frame.mutable_answers()->set_key_id(crypto::KeyId(adapter->key().public_key()).ToString());
    }
    if (frame.has_answers() && frame.answers().signature().empty()) {
      frame.mutable_answers()->set_signature(std::string(64, 's'));
    }
    adapter->stream().Deliver(frame);
    EXPECT_EQ(adapter->stream().reason(), v1::ERROR_REASON_MESSAGE_MALFORMED)
        << frame.ShortDebugString();
    EXPECT_EQ(world.links->Counts().frames_malformed, 1u);
  }
  LinkWorld world;
  auto adapter = world.Open();
  adapter->stream().DeliverBytes("\xff\xff\xff");
  EXPECT_EQ(adapter->stream().reason(), v1::ERROR_REASON_MESSAGE_MALFORMED);
}

// Every question ends exactly once while callers, cancellations, answers, ticks and broken links
// come from all sides.
TEST(LinkAnswersTest, EveryQuestionEndsOnceUnderThreads) {
  LinkWorld world(/*signature_share=*/0.5);
  std::atomic<bool> stop = false;
  std::atomic<int> cancelled = 0;
  std::vector<std::thread> threads;
  for (int replica = 0; replica < 2; ++replica) {
    threads.emplace_back([&world, &stop] {
      while (!stop) {
        auto adapter = world.Open();
        for (int turn = 0; turn < 50 && !stop; ++turn) {
          auto questions = adapter->TakeQuestions();
          if (!questions.empty()) adapter->Answer(questions);
        }
      }
    });
  }
  constexpr int kQuestions = 2000;
  for (int asker = 0; asker < 2; ++asker) {
    threads.emplace_back([&world, &cancelled, asker] {
      for (int i = 0; i < kQuestions; ++i) {
        const Uuid id = world.Ask(i % 2 == 0 ? "entry.record" : "land.title",
                                  i % 2 == 0 ? "" : "AA", absl::StrCat(asker, "/", i));
        if (i % 7 == 0 && world.links->Cancel(id)) ++cancelled;
        if (i % 100 == 0) world.links->Tick();
      }
    });
  }
  threads[2].join();
  threads[3].join();
  stop = true;
  threads[0].join();
  threads[1].join();
  EXPECT_EQ(world.Kinds().size() + static_cast<size_t>(cancelled), size_t{2 * kQuestions});
  EXPECT_EQ(world.links->Counts().signatures_invalid, 0u);
}

}  // namespace
}  // namespace chayan::link
