// Goal: an agency whose own system is down is not asked, and the caller does not wait to learn it.
// Method: adapters that say what is down; questions before, meanwhile and after.
#include "gateway/link/link_fakes.h"
#include "gateway/link/links.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chayan::link {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(LinkHealthTest, TheWelcomeSaysThatHealthIsTaken) {
  LinkWorld world;
  auto adapter = world.Open();
  adapter->TakeQuestions();
  ASSERT_TRUE(adapter->welcome.has_value());
  EXPECT_THAT(adapter->welcome->features(), ElementsAre(kSourceHealthFeature));
}

TEST(LinkHealthTest, AKindThatIsDownIsNotAskedAndTheOtherIs) {
  LinkWorld world;
  auto adapter = world.Open();
  adapter->SendSourceHealth({"entry.record"});
  world.Ask("entry.record", "", "down");
  EXPECT_THAT(world.Kinds(), ElementsAre(Reply::Kind::kNoLink));
  world.Ask("land.title", "AA", "up");
  EXPECT_THAT(adapter->TakeQuestions(), SizeIs(1));
  ASSERT_THAT(world.links->List(), SizeIs(1));
  EXPECT_THAT(world.links->List()[0].down_kinds, ElementsAre("entry.record"));
  EXPECT_THAT(world.links->List()[0].kinds, ElementsAre("entry.record", "land.title"));
}

TEST(LinkHealthTest, AnotherLinkIsAskedMeanwhile) {
  LinkWorld world;
  auto down = world.Open();
  auto up = world.Open();
  down->SendSourceHealth({"land.title"});
  for (const char* request : {"1", "2", "3"}) world.Ask("land.title", "AA", request);
  EXPECT_THAT(down->TakeQuestions(), IsEmpty());
  EXPECT_THAT(up->TakeQuestions(), SizeIs(3));
}

TEST(LinkHealthTest, ASourceThatIsBackIsAskedAgain) {
  LinkWorld world;
  auto adapter = world.Open();
  adapter->SendSourceHealth({"land.title", "entry.record"});
  adapter->SendSourceHealth({});
  world.Ask("entry.record", "", "again");
  EXPECT_THAT(adapter->TakeQuestions(), SizeIs(1));
  EXPECT_THAT(world.links->List()[0].down_kinds, IsEmpty());
}

TEST(LinkHealthTest, QuestionsThatWereForwardedAreStillWaitedFor) {
  LinkWorld world;
  auto adapter = world.Open();
  world.Ask("entry.record", "", "on its way");
  const auto questions = adapter->TakeQuestions();
  adapter->SendSourceHealth({"entry.record"});
  EXPECT_THAT(world.Kinds(), IsEmpty());
  adapter->Answer(questions);
  EXPECT_THAT(world.Kinds(), ElementsAre(Reply::Kind::kAnswered));
}

TEST(LinkHealthTest, AKindThatIsNotOfTheLinkEndsIt) {
  LinkWorld world;
  auto adapter = world.Open({"land.title"});
  adapter->SendSourceHealth({"entry.record"});
  EXPECT_EQ(adapter->stream().reason(), v1::ERROR_REASON_MESSAGE_MALFORMED);
}

}  // namespace
}  // namespace chayan::link
