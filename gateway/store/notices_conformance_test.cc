// Goal: what notices.h promises of states, order, leases and idempotency, for whichever engine
// keeps notices. Method: small changes whose every byte is planned; after each, what may leave is
// compared with what should.
#include "gateway/store/notices_conformance.h"

#include <map>
#include <random>
#include <set>

#include "gateway/base/status_matchers.h"

namespace chayan::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

using enum DeliveryState;

TEST_P(NoticesConformance, KeepsNoticesAcrossReopening) {
  for (const size_t count : {1, 2, 253, 3}) {
    const absl::StatusOr<Head> head = store_->ReadHead();
    ASSERT_OK(head);
    PlannedBatch planned = PlanBatch(*head, count);
    AddPlannedNotices(*head, planned.batch);
    const Appended appended = store_->Append(*head, planned.batch, planned.head);
    ASSERT_EQ(appended.result, AppendResult::kCommitted) << appended.cause;
    Reopen();
    ASSERT_OK(CheckPlannedNotices(*store_));
    ASSERT_OK(CheckPlanned(*store_));
  }
  const auto notice = notices().FindNotice(PlannedId(36));
  ASSERT_OK(notice);
  const NewNotice planned = PlannedNotice(36);
  EXPECT_EQ(notice->request_digest, planned.request_digest);
  EXPECT_EQ(notice->answer, planned.answer);
  EXPECT_EQ(notice->kind, planned.kind);
  EXPECT_EQ(notice->publisher, planned.publisher);
  EXPECT_TRUE(absl::IsNotFound(notices().FindNotice(PlannedId(1)).status()));
  EXPECT_TRUE(absl::IsNotFound(notices().FindDelivery(PlannedId(1)).status()));
  EXPECT_TRUE(absl::IsNotFound(notices().FindRequest(PlannedNotice(1).request_key).status()));
}

TEST_P(NoticesConformance, KeepsTheFrameOfAnEntryWithItsChange) {
  std::vector<StoredFrame> kept;
  for (const uint64_t count : {1, 3, 256}) {
    NoticeChange change;
    for (uint64_t i = 0; i < count; ++i) {
      change.frame.push_back(crypto::Sha256(std::to_string(count * 1000 + i)));
    }
    kept.push_back({.entry = store_->ReadHead()->size, .items = change.frame});
    ASSERT_EQ(AppendChange(*store_, std::move(change)).result, AppendResult::kCommitted);
    Publish(PlannedNotice(count));  // an entry without a frame
  }
  Reopen();
  const auto all = notices().Frames(0, store_->ReadHead()->size, 100);
  ASSERT_OK(all);
  ASSERT_THAT(*all, SizeIs(3));
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ((*all)[i].entry, kept[i].entry);
    EXPECT_EQ((*all)[i].items, kept[i].items);
  }
  EXPECT_THAT(*notices().Frames(0, 100, 2), SizeIs(2));
  EXPECT_THAT(*notices().Frames(kept[1].entry, kept[1].entry + 1, 100), SizeIs(1));
  EXPECT_THAT(*notices().Frames(kept[1].entry + 1, kept[2].entry, 100), IsEmpty());
}

// A delivery is brought to each state, by arrows alone, and from there every step is tried.
TEST_P(NoticesConformance, TakesEveryArrowAndNoOther) {
  const std::map<DeliveryState, std::vector<DeliveryState>> ways = {
      {kScheduled, {}},
      {kDelivered, {kDelivered}},
      {kHandedOver, {kHandedOver}},
      {kAcknowledged, {kDelivered, kAcknowledged}},
      {kRejected, {kHandedOver, kRejected}},
      {kDead, {kDead}},
      {kSuperseded, {kSuperseded}},
      {kWithdrawn, {kDead, kWithdrawn}},
  };
  uint64_t number = 0;
  size_t taken = 0;
  for (const auto& [from, way] : ways) {
    for (int to = 1; to <= kDeliveryStates; ++to) {
      Publish(PlannedNotice(++number, {number}));
      DeliveryState at = kScheduled;
      for (const DeliveryState next : way) Step(number, std::exchange(at, next), next);
      const auto next = static_cast<DeliveryState>(to);
      const Appended appended = Try(PlannedStep(number, from, next));
      if (MayStep(from, next)) {
        ++taken;
        EXPECT_EQ(appended.result, AppendResult::kCommitted) << appended.cause;
        EXPECT_EQ(Find(number).state, next);
      } else {
        ExpectConflict(appended, absl::StatusCode::kAborted);
        EXPECT_EQ(Find(number).state, from);
      }
    }
  }
  EXPECT_EQ(taken, std::size(kArrows));
  // A step from where the delivery does not stand.
  ExpectConflict(Try(PlannedStep(1, kRejected, kScheduled)), absl::StatusCode::kAborted);
  ExpectConflict(Try(PlannedStep(999, kScheduled, kDead)), absl::StatusCode::kAborted);
}

TEST_P(NoticesConformance, ARequestKeyIsTakenOnceAndForEver) {
  Publish(PlannedNotice(1, {1}));
  Reopen();
  NoticeChange again;
  again.notices.push_back(PlannedNotice(2, {2}));
  again.notices.back().request_key = PlannedNotice(1).request_key;
  ExpectConflict(AppendChange(*store_, std::move(again)), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(absl::IsNotFound(notices().FindNotice(PlannedId(2)).status()));
  EXPECT_EQ(store_->ReadHead()->size, 1u);
}

// The entry that does not apply is named, and nothing of the batch is kept.
TEST_P(NoticesConformance, AConflictNamesItsEntryAndKeepsNothing) {
  Publish(PlannedNotice(1, {1}));
  const Head head = *store_->ReadHead();
  PlannedBatch planned = PlanBatch(head, 3);
  const auto with = [](NoticeChange change) {
    return std::make_shared<const NoticeChange>(std::move(change));
  };
  planned.batch.entries[0].change = with({.notices = {PlannedNotice(2, {2})}});
  planned.batch.entries[2].change = with({.steps = {PlannedStep(1, kDead, kScheduled)}});
  const Appended appended = store_->Append(head, planned.batch, planned.head);
  EXPECT_EQ(appended.result, AppendResult::kFailed);
  EXPECT_EQ(appended.conflict, std::optional<size_t>(2));
  EXPECT_TRUE(absl::IsAborted(appended.cause)) << appended.cause;
  EXPECT_TRUE(absl::IsNotFound(notices().FindNotice(PlannedId(2)).status()));
  EXPECT_OK(CheckPlanned(*store_));
  planned.batch.entries[2].change = nullptr;
  EXPECT_EQ(store_->Append(head, planned.batch, planned.head).result, AppendResult::kCommitted);
}

TEST_P(NoticesConformance, AtMostOneOfASubjectIsUnderWay) {
  Publish(PlannedNotice(1, {1}));
  Publish(PlannedNotice(2, {1, 2}));
  Publish(PlannedNotice(3, {2}));
  Publish(PlannedNotice(4, {4}));
  EXPECT_THAT(Claim(10, 20), ElementsAre(1, 4));
  EXPECT_THAT(Claim(15, 20), IsEmpty());
  // Whatever a recipient says of what it cannot have got.
  ExpectConflict(Try(PlannedStep(2, kScheduled, kDelivered)), absl::StatusCode::kAborted);
  Step(1, kScheduled, kDelivered);
  EXPECT_THAT(Claim(15, 30), ElementsAre(2));
  // Lost by who claimed them: the same ones come again, and 3 still waits.
  EXPECT_THAT(Claim(31, 40), ::testing::UnorderedElementsAre(2, 4));
  Step(2, kScheduled, kDelivered);
  EXPECT_THAT(Claim(31, 40), ElementsAre(3));
  EXPECT_EQ(Find(2).lease, "");
}

TEST_P(NoticesConformance, ADeadOneHoldsItsSubjectUntilReplayedOrWithdrawn) {
  Publish(PlannedNotice(1, {1}));
  Publish(PlannedNotice(2, {1}));
  Publish(PlannedNotice(3, {1}));
  Step(1, kScheduled, kDead);
  EXPECT_THAT(Claim(10, 20), IsEmpty());
  EXPECT_EQ(Find(2).blockers, 1u);
  Step(1, kDead, kScheduled);
  EXPECT_THAT(Claim(10, 20), ElementsAre(1));
  Step(1, kScheduled, kDead);
  Step(1, kDead, kWithdrawn);
  EXPECT_THAT(Claim(10, 20), ElementsAre(2));
  EXPECT_FALSE(Find(2).earlier_missing);
}

TEST_P(NoticesConformance, ADeadOneThatDoesNotHoldIsSkippedAndTheLaterOnesSaySo) {
  for (const uint64_t number : {1, 2, 3}) {
    NewNotice notice = PlannedNotice(number, {1});
    notice.deliveries[0].holds = false;
    Publish(std::move(notice));
  }
  Step(1, kScheduled, kDead);
  EXPECT_TRUE(Find(2).earlier_missing && Find(3).earlier_missing);
  EXPECT_THAT(Claim(10, 20), ElementsAre(2));
  // Replayed, it goes to the end: what is under way stays the only one.
  Step(1, kDead, kScheduled);
  EXPECT_THAT(Claim(10, 20), IsEmpty());
  Step(2, kScheduled, kDelivered);
  EXPECT_THAT(Claim(10, 20), ElementsAre(3));
  Step(3, kScheduled, kDelivered);
  EXPECT_THAT(Claim(10, 20), ElementsAre(1));
}

TEST_P(NoticesConformance, TheLastOfAPeriodTakesThePlaceAndNoTwoWait) {
  NewNotice first = PlannedNotice(1, {1, 2});
  first.deliveries[0].alone_in_period = true;
  first.deliveries[0].due_ms = 50;
  Publish(first);
  const auto found = notices().FindInPeriod("nhi", "nhi-death", PlannedSubject(1), 50);
  ASSERT_OK(found);
  EXPECT_EQ(found->id, PlannedId(1));
  // By the first subject, the subscription and the due time alone.
  for (const auto& none : {notices().FindInPeriod("nhi", "nhi-death", PlannedSubject(2), 50),
                           notices().FindInPeriod("nhi", "nhi-birth", PlannedSubject(1), 50),
                           notices().FindInPeriod("nhi", "nhi-death", PlannedSubject(1), 51)}) {
    EXPECT_TRUE(absl::IsNotFound(none.status()));
  }
  NoticeChange second;
  second.notices.push_back(PlannedNotice(2, {1}));
  second.notices[0].deliveries[0].alone_in_period = true;
  second.notices[0].deliveries[0].due_ms = 50;
  ExpectConflict(AppendChange(*store_, second), absl::StatusCode::kAborted);
  second.steps.push_back(PlannedStep(1, kScheduled, kSuperseded));
  second.steps[0].unsent = true;
  EXPECT_EQ(AppendChange(*store_, second).result, AppendResult::kCommitted);
  EXPECT_THAT(Claim(49, 60), IsEmpty());
  EXPECT_THAT(Claim(50, 60), ElementsAre(2));
}

TEST_P(NoticesConformance, WhatWasSentIsNotTakenBackWhateverBecameOfIt) {
  Publish(PlannedNotice(1, {1}));
  Publish(PlannedNotice(2, {2}));
  StateStep withdraw = PlannedStep(2, kScheduled, kWithdrawn);
  withdraw.unsent = true;
  EXPECT_EQ(Try(withdraw).result, AppendResult::kCommitted);
  EXPECT_THAT(Claim(10, 2000), ElementsAre(1));
  withdraw = PlannedStep(1, kScheduled, kWithdrawn);
  withdraw.unsent = true;
  ExpectConflict(Try(withdraw), absl::StatusCode::kAborted);
  ASSERT_OK(notices().EndLeases("gw-1", 20));
  EXPECT_TRUE(Find(1).sent);
  ExpectConflict(Try(withdraw), absl::StatusCode::kAborted);
}

TEST_P(NoticesConformance, AClockThatIsSetBackMakesNothingWaitThatWasDue) {
  for (const uint64_t number : {1, 2, 3, 4}) {
    NewNotice notice = PlannedNotice(number, {number});
    notice.deliveries[0].due_ms = 1000;
    if (number == 4) notice.deliveries[0].due_ms = 9000;
    Publish(std::move(notice));
  }
  EXPECT_THAT(Claim(/*now_ms=*/1000, /*until_ms=*/61'000, /*count=*/1), ElementsAre(1));
  ASSERT_OK(notices().PutOff(Find(1).seq, "gw-1", 500'000, "NO_RECEIPT"));
  // By 1000 they had been due; now it is 100 again.
  EXPECT_THAT(Claim(100, 200), IsEmpty());
  int64_t first = 1;
  int looks = 0;
  for (; first != 0; ++looks) {
    const auto next = notices().MakeReady(first, /*count=*/2, /*due_by_ms=*/1000, /*now_ms=*/100);
    ASSERT_OK(next);
    first = *next;
  }
  EXPECT_EQ(looks, 2);
  EXPECT_THAT(Claim(100, 200), UnorderedElementsAre(1, 2, 3));
}

TEST_P(NoticesConformance, WhatNobodyFetchesIsFoundOnce) {
  NewNotice notice = PlannedNotice(1, {1});
  notice.deliveries[0].fetch_by_ms = 5000;
  Publish(notice);
  Publish(PlannedNotice(2, {2}));
  EXPECT_THAT(*notices().Unfetched(4999, 10), IsEmpty());
  ASSERT_THAT(*notices().Unfetched(5000, 10), SizeIs(1));
  ASSERT_OK(notices().Warn(Find(1).seq, NoticeEventKind::kNotFetched, 5000));
  EXPECT_THAT(*notices().Unfetched(9000, 10), IsEmpty());
  EXPECT_THAT(*notices().Unsettled(NoticeEventKind::kOverdue, 1'000'000, 10), SizeIs(2))
      << "that the office is late is another thing";
  // Given up and sent again, it waits to be fetched again.
  Step(1, kScheduled, kDead);
  StateStep replay = PlannedStep(1, kDead, kScheduled);
  replay.fetch_by_ms = 8000;
  EXPECT_EQ(Try(replay).result, AppendResult::kCommitted);
  EXPECT_THAT(*notices().Unfetched(9000, 10), SizeIs(1));
}

TEST_P(NoticesConformance, ANoticeIsFollowedOnce) {
  Publish(PlannedNotice(1, {1}));
  NewNotice reversal = PlannedNotice(2, {1});
  reversal.follows = PlannedId(1);
  Publish(reversal);
  EXPECT_EQ(notices().FindNotice(PlannedId(1))->followed_by, PlannedId(2));
  EXPECT_EQ(notices().FindNotice(PlannedId(2))->follows, PlannedId(1));
  NoticeChange other;
  other.notices.push_back(PlannedNotice(3));
  other.notices[0].follows = PlannedId(1);
  ExpectConflict(AppendChange(*store_, std::move(other)), absl::StatusCode::kAborted);
}

TEST_P(NoticesConformance, AFailedAttemptWaitsAndIsCounted) {
  Publish(PlannedNotice(1, {1}));
  EXPECT_THAT(Claim(10, 100), ElementsAre(1));
  const int64_t seq = Find(1).seq;
  EXPECT_TRUE(absl::IsNotFound(notices().PutOff(seq, "gw-2", 50, "SOURCE_DOWN")));
  EXPECT_OK(notices().PutOff(seq, "gw-1", 50, "SOURCE_DOWN"));
  EXPECT_TRUE(absl::IsNotFound(notices().PutOff(seq, "gw-1", 60, "SOURCE_DOWN")));
  EXPECT_EQ(Find(1).attempts, 1u);
  EXPECT_EQ(Find(1).reason, "SOURCE_DOWN");
  EXPECT_THAT(Claim(49, 100), IsEmpty());
  EXPECT_THAT(Claim(50, 100), ElementsAre(1));
  // Given back unsent: no attempt.
  EXPECT_OK(notices().PutOff(seq, "gw-1", 50, ""));
  EXPECT_EQ(Find(1).attempts, 1u);
}

TEST_P(NoticesConformance, DueNamesTheLanesThatHaveSomethingReady) {
  NewNotice notice = PlannedNotice(1);
  for (uint64_t i = 0; i < 4; ++i) {
    NewDelivery delivery = PlannedDelivery(10 + i, {i});
    delivery.recipient = i < 3 ? "nhi" : "post";
    delivery.subscription = i == 0 ? "nhi-birth" : "nhi-death";
    delivery.bulk = i == 2;
    delivery.due_ms = static_cast<int64_t>(10 * i);
    notice.deliveries.push_back(std::move(delivery));
  }
  Publish(std::move(notice));
  const auto due = [&](int64_t now_ms) {
    std::vector<std::string> lanes;
    const auto lanes_due = notices().Due(now_ms);
    EXPECT_OK(lanes_due);
    for (const DueLane& lane : *lanes_due) {
      lanes.push_back(lane.recipient + "/" + lane.subscription + (lane.bulk ? "/bulk" : ""));
    }
    return lanes;
  };
  EXPECT_THAT(due(-1), IsEmpty());
  EXPECT_THAT(due(9), ElementsAre("nhi/nhi-birth"));
  EXPECT_THAT(due(25), ElementsAre("nhi/nhi-birth", "nhi/nhi-death", "nhi/nhi-death/bulk"));
  EXPECT_THAT(due(30), SizeIs(4));
  EXPECT_THAT(Claim(25, 99), ElementsAre(11));
  EXPECT_THAT(due(25), ElementsAre("nhi/nhi-birth", "nhi/nhi-death/bulk"));
}

TEST_P(NoticesConformance, ListsPageByPageFromEitherSide) {
  for (uint64_t number = 1; number <= 9; ++number) Publish(PlannedNotice(number, {number}));
  for (const uint64_t number : {2, 4, 5}) Step(number, kScheduled, kDelivered);
  Step(4, kDelivered, kAcknowledged);
  const auto list = [&](DeliveryQuery query) {
    std::vector<uint64_t> numbers;
    while (true) {
      const auto page = notices().List(query);
      EXPECT_OK(page);
      if (page->empty()) return numbers;
      EXPECT_LE(page->size(), query.count);
      for (const StoredDelivery& each : *page) numbers.push_back(static_cast<uint64_t>(each.seq));
      query.after_seq = page->back().seq;
    }
  };
  for (const size_t count : {1, 2, 4, 100}) {
    DeliveryQuery query = {.side = DeliverySide::kRecipient, .member = "nhi", .count = count};
    EXPECT_THAT(list(query), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9));
    query.states = {kAcknowledged, kDelivered};
    EXPECT_THAT(list(query), ElementsAre(2, 4, 5));
    query.side = DeliverySide::kPublisher;
    EXPECT_THAT(list(query), IsEmpty());
    query.member = "hro-taipei";
    EXPECT_THAT(list(query), ElementsAre(2, 4, 5));
  }
  const auto counts = notices().Count("nhi");
  ASSERT_OK(counts);
  ASSERT_THAT(*counts, SizeIs(3));
  EXPECT_EQ((*counts)[0].count, 6u);
}

TEST_P(NoticesConformance, StepsAndEventsTellWhatHappenedInOrder) {
  Publish(PlannedNotice(1, {1}));
  Step(1, kScheduled, kHandedOver);
  StateStep reject = PlannedStep(1, kHandedOver, kRejected);
  reject.reason = "NOT_OURS";
  reject.settlement = "sealed words";
  ASSERT_EQ(Try(reject).result, AppendResult::kCommitted);
  Reopen();
  const auto steps = notices().Steps(Find(1).seq);
  ASSERT_OK(steps);
  EXPECT_THAT(*steps, ElementsAre(StoredStep{1000, kHandedOver, "", 1},
                                  StoredStep{1000, kRejected, "NOT_OURS", 2}));
  EXPECT_EQ(Find(1).settlement, "sealed words");
  const auto events = notices().Events("hro-taipei", 0, 10);
  ASSERT_OK(events);
  ASSERT_THAT(*events, SizeIs(2));
  EXPECT_EQ((*events)[1].state, kRejected);
  EXPECT_THAT(*notices().Events("hro-taipei", (*events)[0].event, 10), SizeIs(1));
  EXPECT_THAT(*notices().Events("nhi", 0, 10), IsEmpty());
}

TEST_P(NoticesConformance, AGatewayThatStartsEndsItsOwnLeasesAlone) {
  Publish(PlannedNotice(1, {1}));
  EXPECT_THAT(Claim(/*now_ms=*/10, /*until_ms=*/1000), ElementsAre(1));
  ASSERT_OK(notices().EndLeases("gw-2", 20));
  EXPECT_THAT(Claim(20, 1000), IsEmpty());
  ASSERT_OK(notices().EndLeases("gw-1", 20));
  EXPECT_THAT(Claim(20, 1000), ElementsAre(1));
}

TEST_P(NoticesConformance, AWarningIsGivenOnceAndInItsOrder) {
  NewNotice notice = PlannedNotice(1, {1});
  notice.deliveries[0].acknowledge_by_ms = 5000;
  Publish(notice);
  const int64_t seq = Find(1).seq;
  EXPECT_THAT(*notices().Unsettled(NoticeEventKind::kDueSoon, 4999, 10), IsEmpty());
  EXPECT_THAT(*notices().Unsettled(NoticeEventKind::kDueSoon, 5000, 10), SizeIs(1));
  ASSERT_OK(notices().Warn(seq, NoticeEventKind::kOverdue, 6000));
  ASSERT_OK(notices().Warn(seq, NoticeEventKind::kDueSoon, 7000));
  EXPECT_THAT(*notices().Unsettled(NoticeEventKind::kOverdue, 9000, 10), IsEmpty());
  const auto events = notices().Events("hro-taipei", 0, 10);
  ASSERT_OK(events);
  ASSERT_THAT(*events, SizeIs(1));
  EXPECT_EQ((*events)[0].kind, NoticeEventKind::kOverdue);
  EXPECT_EQ((*events)[0].time_ms, 6000);
  EXPECT_EQ(*notices().LastEvent(), (*events)[0].event);
  // Settled, nobody is warned of it any more.
  notice = PlannedNotice(2, {2});
  notice.deliveries[0].acknowledge_by_ms = 5000;
  Publish(notice);
  EXPECT_THAT(*notices().Unsettled(NoticeEventKind::kOverdue, 9000, 10), SizeIs(1));
  Step(2, kScheduled, kDelivered);
  Step(2, kDelivered, kAcknowledged);
  EXPECT_THAT(*notices().Unsettled(NoticeEventKind::kOverdue, 9000, 10), IsEmpty());
}

TEST_P(NoticesConformance, WhatWaitsIsFoundByItsDatesUntilItLeaves) {
  NewNotice notice = PlannedNotice(1, {1});
  notice.deliveries[0].due_ms = 100;
  notice.deliveries[0].expire_ms = 5000;
  notice.deliveries[0].alone_in_period = true;
  Publish(notice);
  EXPECT_EQ(*notices().OldestDue("nhi"), 100);
  EXPECT_THAT(*notices().Expired(4999, 10), IsEmpty());
  EXPECT_THAT(*notices().Expired(5000, 10), SizeIs(1));
  Step(1, kScheduled, kDead);
  EXPECT_THAT(*notices().Expired(5000, 10), IsEmpty());
  EXPECT_TRUE(absl::IsNotFound(notices().OldestDue("nhi").status()));
  // That the period had one stays true.
  EXPECT_TRUE(*notices().HadInPeriod("nhi-death", 100));
  EXPECT_FALSE(*notices().HadInPeriod("nhi-death", 101));
}

TEST_P(NoticesConformance, NoticesThatNobodyGetsAreFoundByTheirOwner) {
  NewNotice notice = PlannedNotice(1);
  notice.exception_owner = "hro-taipei";
  Publish(notice);
  Publish(PlannedNotice(2, {2}));
  const auto found = notices().Exceptions("hro-taipei", 0, 10);
  ASSERT_OK(found);
  ASSERT_THAT(*found, SizeIs(1));
  EXPECT_EQ((*found)[0].id, PlannedId(1));
  EXPECT_THAT(*notices().Exceptions("hro-taipei", (*found)[0].ordinal, 10), IsEmpty());
  EXPECT_THAT(*notices().Exceptions("nhi", 0, 10), IsEmpty());
}

TEST_P(NoticesConformance, AShreddedPayloadIsGoneAndCannotBeReplayed) {
  Publish(PlannedNotice(1, {1}));
  Step(1, kScheduled, kDelivered);
  StateStep reject = PlannedStep(1, kDelivered, kRejected);
  reject.shred_ms = 5000;
  ASSERT_EQ(Try(reject).result, AppendResult::kCommitted);
  EXPECT_THAT(*notices().DueToShred(4999, 10), IsEmpty());
  // A replay keeps it.
  Step(1, kRejected, kScheduled);
  EXPECT_THAT(*notices().DueToShred(5000, 10), IsEmpty());
  Step(1, kScheduled, kDelivered);
  ASSERT_EQ(Try(reject).result, AppendResult::kCommitted);
  const int64_t seq = Find(1).seq;
  EXPECT_THAT(*notices().DueToShred(5000, 10), ElementsAre(seq));
  EXPECT_OK(notices().Shred(seq));
  EXPECT_OK(notices().Shred(seq));
  EXPECT_THAT(*notices().DueToShred(5000, 10), IsEmpty());
  EXPECT_TRUE(absl::IsNotFound(notices().ReadPayload(seq).status()));
  ExpectConflict(Try(PlannedStep(1, kRejected, kScheduled)), absl::StatusCode::kAborted);
  EXPECT_EQ(Find(1).state, kRejected);
}

// Random steps over few subjects: whatever is under way, no subject has two, and what was published
// first of a subject leaves first while nothing dies.
TEST_P(NoticesConformance, KeepsTheOrderOfEverySubject) {
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    Reopen();
    std::mt19937 engine(seed);
    const uint64_t base = seed * 1000;
    std::map<uint64_t, std::vector<uint64_t>> subjects_of;
    std::vector<uint64_t> left;
    std::set<uint64_t> under_way;
    int64_t now_ms = 0;
    uint64_t published = 0;
    while (left.size() < 40) {
      ++now_ms;
      if (published < 40 && engine() % 2 == 0) {
        std::set<uint64_t> subjects;
        for (uint64_t i = 0; i <= engine() % 3; ++i) subjects.insert(base + engine() % 5);
        const uint64_t number = base + published++;
        subjects_of[number] = {subjects.begin(), subjects.end()};
        Publish(PlannedNotice(number, subjects_of[number]));
      }
      const auto claimed =
          notices().Claim({.lane = {.recipient = "nhi", .subscription = "nhi-death"},
                           .now_ms = now_ms,
                           .gateway = "gw-1",
                           .until_ms = now_ms + 1'000'000,
                           .count = 1 + engine() % 3});
      ASSERT_OK(claimed);
      for (const Claimed& each : *claimed) {
        for (const auto& [number, subjects] : subjects_of) {
          if (each.delivery.id == PlannedId(number)) under_way.insert(number);
        }
      }
      std::set<uint64_t> busy;
      for (const uint64_t number : under_way) {
        for (const uint64_t subject : subjects_of[number]) {
          ASSERT_TRUE(busy.insert(subject).second) << "two under way of subject " << subject;
        }
      }
      if (under_way.empty() || engine() % 3 == 0) continue;
      auto chosen = under_way.begin();
      std::advance(chosen, engine() % under_way.size());
      Step(*chosen, kScheduled, kDelivered);
      left.push_back(*chosen);
      under_way.erase(chosen);
    }
    std::map<uint64_t, uint64_t> last;
    for (const uint64_t number : left) {
      for (const uint64_t subject : subjects_of[number]) {
        EXPECT_GE(number, last[subject]);
        last[subject] = number;
      }
    }
  }
}

}  // namespace
}  // namespace chayan::store
