// Goal: a link is open exactly between the entries that say so, and only while its right lasts.
// Method: a log that commits when told to, a simulated clock, registries that change.
#include "gateway/link/link_fakes.h"
#include "gateway/link/links.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chayan::link {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(LinkOpenTest, IsWelcomedAndAskedOnlyAfterItsEntryIsCommitted) {
  LinkWorld world;
  world.committer.set_mode(FakeCommitter::Mode::kHold);
  auto adapter = world.Open();
  world.Ask("entry.record", "", "too early");
  EXPECT_THAT(adapter->TakeQuestions(), IsEmpty());
  EXPECT_FALSE(adapter->welcome.has_value());
  EXPECT_THAT(world.Kinds(), ElementsAre(Reply::Kind::kNoLink));

  world.committer.CommitHeld();
  EXPECT_THAT(adapter->TakeQuestions(), IsEmpty());
  ASSERT_TRUE(adapter->welcome.has_value());
  EXPECT_EQ(adapter->welcome->in_flight_max(), kInFlightMax);
  EXPECT_EQ(adapter->welcome->gateway(), "gw-1");
  world.Ask("entry.record", "", "now");
  EXPECT_THAT(adapter->TakeQuestions(), SizeIs(1));
}

TEST(LinkOpenTest, EntriesNameKeyCertificateAndEachOther) {
  LinkWorld world;
  auto adapter = world.Open();
  adapter->stream().End();
  EXPECT_THAT(world.committer.Entries(), ElementsAre("OPENED land-a", "DISCONNECTED land-a"));
  const std::vector<log::Entry> entries = world.committer.FullEntries();
  EXPECT_EQ(entries[0].key, crypto::KeyId(TestKey(1).public_key()));
  EXPECT_EQ(entries[0].registry, world.snapshot->digest());
  EXPECT_TRUE(entries[0].cert.has_value());
  EXPECT_EQ(entries[0].system, "adapter");
  EXPECT_EQ(entries[1].ref, 0u);
  EXPECT_EQ(entries[1].id, entries[0].id);
  EXPECT_THAT(world.links->List(), IsEmpty());
}

TEST(LinkOpenTest, RefusedHelloIsRecordedBeforeItIsTold) {
  LinkWorld world;
  world.committer.set_mode(FakeCommitter::Mode::kHold);
  FakeAdapter adapter(*world.links, "land-a", TestKey(1));
  v1::Hello hello = TestHello(*world.snapshot, TestKey(1), {"land.title"});
  hello.mutable_kinds(0)->add_areas("BA");
  adapter.Hello(hello);
  EXPECT_FALSE(adapter.stream().finished());
  world.committer.CommitHeld();
  EXPECT_EQ(adapter.stream().reason(), v1::ERROR_REASON_HELLO_EXCEEDS_REGISTRY);
  EXPECT_THAT(world.committer.Entries(), ElementsAre("HELLO_EXCEEDS_REGISTRY land-a"));
}

TEST(LinkOpenTest, OpensNothingWhenTheLogCannotBeWritten) {
  LinkWorld world;
  world.committer.set_mode(FakeCommitter::Mode::kFail);
  auto adapter = world.Open();
  EXPECT_EQ(adapter->stream().reason(), v1::ERROR_REASON_LOG_UNAVAILABLE);
  world.Ask("entry.record", "", "x");
  EXPECT_THAT(world.Kinds(), ElementsAre(Reply::Kind::kNoLink));
}

TEST(LinkOpenTest, EndsAStreamThatSaysNothingOrSomethingElseFirst) {
  LinkWorld world;
  FakeAdapter silent(*world.links, "land-a", TestKey(1));
  world.clock.Advance(kHelloTimeout - absl::Milliseconds(1));
  world.links->Tick();
  EXPECT_FALSE(silent.stream().finished());
  world.clock.Advance(absl::Milliseconds(1));
  world.links->Tick();
  EXPECT_EQ(silent.stream().reason(), v1::ERROR_REASON_HELLO_INVALID);

  FakeAdapter impatient(*world.links, "land-a", TestKey(1));
  impatient.SendHeartbeat();
  EXPECT_EQ(impatient.stream().reason(), v1::ERROR_REASON_HELLO_INVALID);
}

TEST(LinkOpenTest, RefusesASecondHello) {
  LinkWorld world;
  auto adapter = world.Open();
  adapter->Hello(TestHello(*world.snapshot, TestKey(1), {"land.title"}));
  EXPECT_EQ(adapter->stream().reason(), v1::ERROR_REASON_HELLO_INVALID);
  EXPECT_THAT(world.committer.Entries(), ElementsAre("OPENED land-a", "HELLO_INVALID land-a"));
}

TEST(LinkOpenTest, AStreamThatGoesAwayBeforeItsHelloIsNotALink) {
  LinkWorld world;
  { FakeAdapter adapter(*world.links, "land-a", TestKey(1)); }
  EXPECT_THAT(world.committer.Entries(), IsEmpty());
}

TEST(LinkOpenTest, ALinkThatEndsWhileItsEntryWaitsIsClosedInTheLogToo) {
  LinkWorld world;
  world.committer.set_mode(FakeCommitter::Mode::kHold);
  auto adapter = world.Open();
  adapter->stream().End();
  world.committer.CommitHeld();
  EXPECT_THAT(world.committer.Entries(), ElementsAre("OPENED land-a", "DISCONNECTED land-a"));
}

TEST(LinkOpenTest, EndsWhenTheRegistryTakesTheRightAway) {
  LinkWorld world;
  auto adapter = world.Open();
  world.Ask("entry.record", "", "lost");
  adapter->TakeQuestions();
  world.Apply(TestRegistry("areas: ['AA', 'AB']", /*with_key_1=*/false));
  world.links->Tick();
  EXPECT_EQ(adapter->stream().reason(), v1::ERROR_REASON_ANSWER_KEY_UNKNOWN);
  EXPECT_THAT(world.Kinds(), ElementsAre(Reply::Kind::kLinkLost));
}

TEST(LinkOpenTest, FollowsTheRegistryToNewAreas) {
  LinkWorld world;
  auto adapter = world.Open();
  world.Ask("land.title", "AC", "not yet");
  world.Apply(TestRegistry("areas: ['AA', 'AC']"));
  world.links->Tick();
  world.Ask("land.title", "AC", "now");
  world.Ask("land.title", "AB", "no more");
  EXPECT_THAT(adapter->TakeQuestions(), SizeIs(1));
  EXPECT_THAT(world.Kinds(), ElementsAre(Reply::Kind::kNoLink, Reply::Kind::kNoLink));
}

TEST(LinkOpenTest, EndsWhenItsKeyExpiresThoughTheRegistryStands) {
  LinkWorld world;
  FakeAdapter adapter(*world.links, "land-a", TestKey(3));
  adapter.Hello(TestHello(*world.snapshot, TestKey(3), {"land.title"}));
  EXPECT_THAT(world.links->List(), SizeIs(1));
  for (int day = 0; day < 18; ++day) {
    world.clock.Advance(absl::Hours(24));
    adapter.SendHeartbeat();
    world.links->Tick();
  }
  EXPECT_EQ(adapter.stream().reason(), v1::ERROR_REASON_ANSWER_KEY_UNKNOWN);
}

TEST(LinkOpenTest, HeartbeatsBothWays) {
  LinkWorld world;
  auto adapter = world.Open();
  adapter->TakeQuestions();
  world.clock.Advance(kHeartbeatInterval);
  world.links->Tick();
  adapter->TakeQuestions();
  EXPECT_EQ(adapter->heartbeats, 1);
  adapter->SendHeartbeat();
  world.clock.Advance(3 * kHeartbeatInterval - absl::Milliseconds(1));
  world.links->Tick();
  EXPECT_FALSE(adapter->stream().finished());
  world.clock.Advance(absl::Milliseconds(1));
  world.links->Tick();
  EXPECT_EQ(adapter->stream().reason(), v1::ERROR_REASON_HEARTBEAT_MISSED);
  EXPECT_THAT(world.committer.Entries(), ElementsAre("OPENED land-a", "HEARTBEAT_MISSED land-a"));
}

TEST(LinkOpenTest, DrainingAdapterIsAskedNoMoreButMayAnswer) {
  LinkWorld world;
  auto adapter = world.Open();
  world.Ask("entry.record", "", "before");
  const auto questions = adapter->TakeQuestions();
  adapter->SendDraining();
  world.Ask("entry.record", "", "after");
  EXPECT_THAT(adapter->TakeQuestions(), IsEmpty());
  adapter->Answer(questions);
  EXPECT_THAT(world.Kinds(), ElementsAre(Reply::Kind::kNoLink, Reply::Kind::kAnswered));
  adapter->stream().HalfClose();
  EXPECT_TRUE(adapter->stream().finished());
  EXPECT_EQ(adapter->stream().reason(), v1::ERROR_REASON_UNSPECIFIED);
  EXPECT_THAT(world.committer.Entries(), ElementsAre("OPENED land-a", "DRAINED land-a"));
}

TEST(LinkOpenTest, DrainsALinkByItsIdAndEndsItInTheEnd) {
  LinkWorld world;
  auto adapter = world.Open();
  auto other = world.Open();
  EXPECT_FALSE(world.links->Drain("no such link"));
  const std::string id = world.committer.FullEntries()[0].id.ToText();
  EXPECT_TRUE(world.links->Drain(id));
  adapter->TakeQuestions();
  EXPECT_TRUE(adapter->draining);
  for (int i = 0; i < 4; ++i) world.Ask("entry.record", "", "x");
  EXPECT_THAT(adapter->TakeQuestions(), IsEmpty());
  EXPECT_THAT(other->TakeQuestions(), SizeIs(4));
  for (absl::Duration t; t <= kDrainTimeout; t += kHeartbeatInterval) {
    world.clock.Advance(kHeartbeatInterval);
    adapter->SendHeartbeat();
    other->SendHeartbeat();
    world.links->Tick();
  }
  EXPECT_EQ(adapter->stream().reason(), v1::ERROR_REASON_DRAINING);
  EXPECT_FALSE(other->stream().finished());
}

TEST(LinkOpenTest, DrainAllTurnsNewLinksAway) {
  LinkWorld world;
  auto adapter = world.Open();
  FakeAdapter undecided(*world.links, "land-a", TestKey(1));
  world.links->DrainAll();
  adapter->TakeQuestions();
  EXPECT_TRUE(adapter->draining);
  EXPECT_EQ(undecided.stream().reason(), v1::ERROR_REASON_DRAINING);
  FakeAdapter late(*world.links, "land-a", TestKey(1));
  EXPECT_EQ(late.stream().reason(), v1::ERROR_REASON_DRAINING);
}

TEST(LinkOpenTest, ListsLinksForTheOperator) {
  LinkWorld world;
  auto adapter = world.Open();
  world.Ask("entry.record", "", "x");
  const std::vector<LinkInfo> infos = world.links->List();
  ASSERT_THAT(infos, SizeIs(1));
  EXPECT_EQ(infos[0].member, "land-a");
  EXPECT_EQ(infos[0].system, "adapter");
  EXPECT_EQ(infos[0].software, "test 1.0");
  EXPECT_THAT(infos[0].kinds, ElementsAre("entry.record", "land.title"));
  EXPECT_EQ(infos[0].in_flight, 1u);
  EXPECT_FALSE(infos[0].draining);
}

}  // namespace
}  // namespace chayan::link
