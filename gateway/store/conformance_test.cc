// Goal: what store.h promises, for whichever engine stands behind it.
// Method: planned batches, whose every byte follows from their place, so that the whole store can
// be compared with what it should hold after each step.
#include "gateway/store/conformance.h"

#include <atomic>
#include <limits>
#include <thread>

#include "gateway/base/status_matchers.h"

namespace chayan::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr uint64_t kAll = std::numeric_limits<uint64_t>::max();

}  // namespace

void StoreConformance::Reopen() {
  store_.reset();
  absl::StatusOr<std::unique_ptr<Store>> opened = GetParam().open(folder_.path());
  ASSERT_OK(opened);
  store_ = *std::move(opened);
}

Appended StoreConformance::AppendNext(size_t count, bool with_registry) {
  const absl::StatusOr<Head> head = store_->ReadHead();
  if (!head.ok()) return {AppendResult::kFailed, head.status()};
  const PlannedBatch planned = PlanBatch(*head, count, with_registry);
  return store_->Append(*head, planned.batch, planned.head);
}

Appended StoreConformance::AppendCounting(std::vector<std::vector<Tally>> tallies) {
  const absl::StatusOr<Head> head = store_->ReadHead();
  if (!head.ok()) return {AppendResult::kFailed, head.status()};
  PlannedBatch planned = PlanBatch(*head, tallies.size());
  for (size_t i = 0; i < tallies.size(); ++i) {
    planned.batch.entries[i].tallies = std::move(tallies[i]);
  }
  return store_->Append(*head, planned.batch, planned.head);
}

std::vector<KeptTally> StoreConformance::ReadTallies(TallyKind kind, absl::string_view after,
                                                     size_t count_max) {
  const auto tallies = store_->ReadTallies(kind, after, count_max);
  EXPECT_OK(tallies);
  return tallies.ok() ? *tallies : std::vector<KeptTally>();
}

TEST_P(StoreConformance, ANewStoreIsEmpty) {
  const absl::StatusOr<Head> head = store_->ReadHead();
  ASSERT_OK(head);
  EXPECT_EQ(head->size, 0u);
  EXPECT_THAT(head->peaks, SizeIs(0));
  EXPECT_OK(CheckPlanned(*store_));
  EXPECT_TRUE(absl::IsNotFound(store_->ReadCurrentRegistry().status()));
}

TEST_P(StoreConformance, KeepsABatchWholeAcrossReopening) {
  for (const size_t count : {1, 2, 252, 1, 512, 3, 300}) {
    const Appended appended = AppendNext(count);
    ASSERT_EQ(appended.result, AppendResult::kCommitted) << appended.cause;
    EXPECT_OK(appended.cause);
    ASSERT_OK(CheckPlanned(*store_));
    Reopen();
    ASSERT_OK(CheckPlanned(*store_));
  }
  EXPECT_EQ(store_->ReadHead()->size, 1071u);
}

TEST_P(StoreConformance, ReadsTheHeadThatWasWritten) {
  const PlannedBatch planned = PlanBatch(Head{}, 5);
  ASSERT_EQ(store_->Append(Head{}, planned.batch, planned.head).result, AppendResult::kCommitted);
  const absl::StatusOr<Head> head = store_->ReadHead();
  ASSERT_OK(head);
  EXPECT_EQ(head->size, 5u);
  EXPECT_EQ(head->peaks, planned.head.peaks);
  EXPECT_EQ(head->time_ms, planned.head.time_ms);
  EXPECT_EQ(head->batch, planned.head.batch);
}

TEST_P(StoreConformance, RefusesABatchOnAHeadThatIsNotTheStores) {
  ASSERT_EQ(AppendNext(3).result, AppendResult::kCommitted);
  // Another size; and the right size of another batch.
  Head same_size = *store_->ReadHead();
  same_size.batch.fill(0xEE);
  for (const Head& stale : {Head{}, same_size}) {
    const PlannedBatch planned = PlanBatch(stale, 2, /*with_registry=*/true);
    const Appended appended = store_->Append(stale, planned.batch, planned.head);
    EXPECT_EQ(appended.result, AppendResult::kFailed);
    EXPECT_TRUE(absl::IsAborted(appended.cause)) << appended.cause;
    EXPECT_OK(CheckPlanned(*store_));
    EXPECT_EQ(store_->ReadHead()->size, 3u);
    EXPECT_TRUE(absl::IsNotFound(store_->ReadCurrentRegistry().status()));
  }
  EXPECT_EQ(AppendNext(1).result, AppendResult::kCommitted);
}

// Every byte may stand in every field, and a leaf may have any length up to that of a bundle.
TEST_P(StoreConformance, KeepsBytesAsTheyAre) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  const VaultRow row = {.key_id = all, .wrapped_secret = "", .sealed_detail = all, .tags = "\xff"};
  const RegistrySet set = {.digest = crypto::Sha256("all"), .files = {{"", all}, {all, ""}}};
  const std::vector<std::string> leaves = {"", all, std::string(65535, '\0'), "\\x00'\"{},NULL"};
  Batch batch;
  for (const std::string& leaf : leaves) batch.entries.push_back({.leaf = leaf, .vault = row});
  batch.registry = set;
  const std::string hashes = PlannedTile(7);
  batch.tiles = {{.level = 63, .index = (uint64_t{1} << 55) - 1, .hashes = hashes}};
  PlannedBatch planned = PlanBatch(Head{}, leaves.size());
  planned.head.time_ms = std::numeric_limits<int64_t>::max();
  ASSERT_EQ(store_->Append(Head{}, batch, planned.head).result, AppendResult::kCommitted);
  Reopen();
  EXPECT_EQ(store_->ReadHead()->time_ms, planned.head.time_ms);
  EXPECT_EQ(*store_->ReadLeaves(0, kAll, kAll), leaves);
  EXPECT_EQ(*store_->ReadTile(63, (uint64_t{1} << 55) - 1), hashes);
  EXPECT_EQ(store_->ReadCurrentRegistry()->files, set.files);
  const absl::StatusOr<VaultRow> read = store_->ReadVault(3);
  ASSERT_OK(read);
  EXPECT_EQ(read->key_id, row.key_id);
  EXPECT_EQ(read->wrapped_secret, row.wrapped_secret);
  EXPECT_EQ(read->sealed_detail, row.sealed_detail);
  EXPECT_EQ(read->tags, row.tags);
}

TEST_P(StoreConformance, WhatIsNotThereIsNotFound) {
  ASSERT_EQ(AppendNext(3).result, AppendResult::kCommitted);
  for (const uint64_t index : {uint64_t{3}, uint64_t{1} << 62, uint64_t{1} << 63, kAll}) {
    EXPECT_TRUE(absl::IsNotFound(store_->ReadVault(index).status())) << index;
    EXPECT_TRUE(absl::IsNotFound(store_->ReadTile(0, index).status())) << index;
  }
  EXPECT_TRUE(absl::IsNotFound(store_->ReadTile(0xFFFFFFFF, 0).status()));
}

// The last thing a batch writes cannot be written: the tile stands already.
TEST_P(StoreConformance, ABatchThatCannotBeWrittenLeavesNothing) {
  ASSERT_EQ(AppendNext(256).result, AppendResult::kCommitted);
  PlannedBatch planned = PlanBatch(*store_->ReadHead(), 5, /*with_registry=*/true);
  planned.batch.tiles = {{.level = 0, .index = 0, .hashes = PlannedTile(1)}};
  const Appended appended = store_->Append(*store_->ReadHead(), planned.batch, planned.head);
  EXPECT_EQ(appended.result, AppendResult::kFailed);
  EXPECT_FALSE(appended.cause.ok());
  EXPECT_FALSE(absl::IsAborted(appended.cause)) << appended.cause;
  EXPECT_OK(CheckPlanned(*store_));
  EXPECT_TRUE(absl::IsNotFound(store_->ReadCurrentRegistry().status()));
  EXPECT_EQ(AppendNext(5).result, AppendResult::kCommitted);
  EXPECT_OK(CheckPlanned(*store_));
}

TEST_P(StoreConformance, GivesLeavesWithinTheBoundsButAtLeastOne) {
  ASSERT_EQ(AppendNext(10).result, AppendResult::kCommitted);
  const auto count = [this](uint64_t first, uint64_t leaves_max, uint64_t bytes_max) {
    const auto leaves = store_->ReadLeaves(first, leaves_max, bytes_max);
    if (!leaves.ok()) return size_t{0};
    for (size_t i = 0; i < leaves->size(); ++i) EXPECT_EQ((*leaves)[i], PlannedLeaf(first + i));
    return leaves->size();
  };
  EXPECT_EQ(count(0, 10, kAll), 10u);
  EXPECT_EQ(count(3, 4, kAll), 4u);
  EXPECT_EQ(count(8, 100, kAll), 2u);
  EXPECT_EQ(count(8, kAll, kAll), 2u);
  EXPECT_EQ(count(5, 5, 0), 1u);
  const uint64_t two_more = PlannedLeaf(6).size() + PlannedLeaf(7).size();
  EXPECT_EQ(count(5, 5, two_more), 3u);
  EXPECT_EQ(count(5, 5, two_more - 1), 2u);
  for (const uint64_t first : {uint64_t{10}, uint64_t{11}, uint64_t{1} << 62, kAll}) {
    EXPECT_TRUE(absl::IsOutOfRange(store_->ReadLeaves(first, 1, kAll).status())) << first;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(store_->ReadLeaves(0, 0, kAll).status()));
}

TEST_P(StoreConformance, TheRegistryInForceIsTheLastThatWasApplied) {
  ASSERT_EQ(AppendNext(1, /*with_registry=*/true).result, AppendResult::kCommitted);
  ASSERT_EQ(AppendNext(1, /*with_registry=*/true).result, AppendResult::kCommitted);
  EXPECT_EQ(store_->ReadCurrentRegistry()->digest, PlannedRegistry(1).digest);
  // The first one again: a set that was in force before may return.
  PlannedBatch back = PlanBatch(*store_->ReadHead(), 1);
  back.batch.registry = PlannedRegistry(0);
  ASSERT_EQ(store_->Append(*store_->ReadHead(), back.batch, back.head).result,
            AppendResult::kCommitted);
  Reopen();
  const absl::StatusOr<RegistrySet> current = store_->ReadCurrentRegistry();
  ASSERT_OK(current);
  EXPECT_EQ(current->digest, PlannedRegistry(0).digest);
  EXPECT_EQ(current->files, PlannedRegistry(0).files);
  const absl::StatusOr<RegistrySet> second = store_->ReadRegistry(PlannedRegistry(1).digest);
  ASSERT_OK(second);
  EXPECT_EQ(second->files, PlannedRegistry(1).files);
  EXPECT_TRUE(absl::IsNotFound(store_->ReadRegistry(PlannedRegistry(2).digest).status()));
}

Publication Published(uint64_t size) {
  return {.size = size,
          .note = "checkpoint " + std::to_string(size),
          .time_ms = static_cast<int64_t>(1000 * size),
          .witnessed = false,
          .timestamp = ""};
}

TEST_P(StoreConformance, KeepsPublicationsByTheirSizeAcrossReopening) {
  if (store_->publications() == nullptr) GTEST_SKIP() << "this engine keeps no publications";
  ASSERT_EQ(AppendNext(3).result, AppendResult::kCommitted);
  EXPECT_TRUE(absl::IsNotFound(store_->publications()->ReadNewest(PublicationKind::kAny).status()));
  for (const uint64_t size : {0, 3, 7, 9}) ASSERT_OK(store_->publications()->Put(Published(size)));
  Publication witnessed = Published(3);
  witnessed.witnessed = true;
  witnessed.note += " cosigned";
  Publication stamped = Published(7);
  stamped.timestamp = std::string("\0token", 6);
  ASSERT_OK(store_->publications()->Put(witnessed));
  ASSERT_OK(store_->publications()->Put(stamped));
  Reopen();
  Publications& publications = *store_->publications();
  EXPECT_EQ(*publications.ReadNewest(PublicationKind::kAny), Published(9));
  EXPECT_EQ(*publications.ReadNewest(PublicationKind::kWitnessed), witnessed);
  EXPECT_EQ(*publications.ReadNewest(PublicationKind::kTimestamped), stamped);
  EXPECT_EQ(*publications.ReadFirst(0, PublicationKind::kAny), Published(0));
  EXPECT_EQ(*publications.ReadFirst(4, PublicationKind::kAny), stamped);
  EXPECT_EQ(*publications.ReadFirst(8, PublicationKind::kAny), Published(9));
  EXPECT_EQ(*publications.ReadFirst(1, PublicationKind::kWitnessed), witnessed);
  EXPECT_TRUE(absl::IsNotFound(publications.ReadFirst(4, PublicationKind::kWitnessed).status()));
  for (const uint64_t size : {uint64_t{10}, kAll}) {
    EXPECT_TRUE(absl::IsNotFound(publications.ReadFirst(size, PublicationKind::kAny).status()));
  }
  EXPECT_OK(CheckPlanned(*store_));
}

// Batches and publications come at the same time: none of either fails or is lost.
TEST_P(StoreConformance, PublishesWhileBatchesCome) {
  if (store_->publications() == nullptr) GTEST_SKIP() << "this engine keeps no publications";
  constexpr uint64_t kPublications = 200;
  std::thread publisher([this] {
    for (uint64_t size = 1; size <= kPublications; ++size) {
      EXPECT_OK(store_->publications()->Put(Published(size)));
    }
  });
  for (int i = 0; i < 50; ++i) {
    const Appended appended = AppendNext(7);
    EXPECT_EQ(appended.result, AppendResult::kCommitted) << appended.cause;
    EXPECT_OK(store_->Maintain());
  }
  publisher.join();
  Reopen();
  EXPECT_OK(CheckPlanned(*store_));
  for (uint64_t size = 1; size <= kPublications; ++size) {
    EXPECT_EQ(*store_->publications()->ReadFirst(size, PublicationKind::kAny), Published(size));
  }
}

TEST_P(StoreConformance, KeepsLandmarksInTheirOrder) {
  EXPECT_THAT(*store_->ReadLandmarks(), IsEmpty());
  PlannedBatch first = PlanBatch(Head{}, 3);
  first.batch.landmarks = {0, 2};
  ASSERT_EQ(store_->Append(Head{}, first.batch, first.head).result, AppendResult::kCommitted);
  PlannedBatch second = PlanBatch(first.head, 2);
  second.batch.landmarks = {4};
  ASSERT_EQ(store_->Append(first.head, second.batch, second.head).result, AppendResult::kCommitted);
  // A batch that is refused leaves none.
  PlannedBatch refused = PlanBatch(Head{}, 9);
  refused.batch.landmarks = {8};
  ASSERT_EQ(store_->Append(Head{}, refused.batch, refused.head).result, AppendResult::kFailed);
  EXPECT_THAT(*store_->ReadLandmarks(), ElementsAre(0, 2, 4));
  Reopen();
  EXPECT_THAT(*store_->ReadLandmarks(), ElementsAre(0, 2, 4));
}

TEST_P(StoreConformance, CountsWithItsEntriesOrNotAtAll) {
  const Tally one = {TallyKind::kSubject, "key\xff", 20000, 1, "land.title"};
  // Three of one batch, two of them of one entry, are three.
  ASSERT_EQ(AppendCounting({{one, one}, {}, {one}}).result, AppendResult::kCommitted);
  const KeptTally three = {"key\xff", 20000, 3, "land.title"};
  EXPECT_THAT(ReadTallies(TallyKind::kSubject), ElementsAre(three));
  EXPECT_THAT(ReadTallies(TallyKind::kMember), IsEmpty());
  PlannedBatch stale = PlanBatch(Head{}, 1);
  stale.batch.entries[0].tallies = {one};
  EXPECT_EQ(store_->Append(Head{}, stale.batch, stale.head).result, AppendResult::kFailed);
  Reopen();
  EXPECT_THAT(ReadTallies(TallyKind::kSubject), ElementsAre(three));
  Tally back = one;
  back.add = -2;
  ASSERT_EQ(AppendCounting({{back}}).result, AppendResult::kCommitted);
  EXPECT_EQ(ReadTallies(TallyKind::kSubject)[0].count, 1);
}

TEST_P(StoreConformance, ANewDayCountsAnewAndForgetsTheOldOne) {
  const auto tally = [](TallyKind kind, const char* key, int64_t day) {
    return Tally{kind, key, day, 1, "x"};
  };
  ASSERT_EQ(AppendCounting(
                {{tally(TallyKind::kSubject, "a", 20000), tally(TallyKind::kSubject, "b", 20000),
                  tally(TallyKind::kGrantUse, "a", 20000)}})
                .result,
            AppendResult::kCommitted);
  // Of two days in one batch, and of a clock that stepped back, the later day counts.
  ASSERT_EQ(AppendCounting({{tally(TallyKind::kSubject, "a", 20000)},
                            {tally(TallyKind::kSubject, "a", 20001)}})
                .result,
            AppendResult::kCommitted);
  ASSERT_EQ(AppendCounting({{tally(TallyKind::kSubject, "a", 20000)}}).result,
            AppendResult::kCommitted);
  EXPECT_THAT(ReadTallies(TallyKind::kSubject), ElementsAre(KeptTally{"a", 20001, 1, "x"}));
  EXPECT_THAT(ReadTallies(TallyKind::kGrantUse), ElementsAre(KeptTally{"a", 20000, 1, "x"}));
}

TEST_P(StoreConformance, ListsTalliesInTheOrderOfTheirKeys) {
  std::vector<Tally> tallies;
  for (const char* key : {"c", "a", "b", "d"}) {
    tallies.push_back({TallyKind::kMember, key, 20000, 1, ""});
  }
  ASSERT_EQ(AppendCounting({tallies}).result, AppendResult::kCommitted);
  const auto keys = [this](absl::string_view after, size_t count_max) {
    std::string joined;
    for (const KeptTally& tally : ReadTallies(TallyKind::kMember, after, count_max)) {
      joined += tally.key;
    }
    return joined;
  };
  EXPECT_EQ(keys("", 3), "abc");
  EXPECT_EQ(keys("b", 3), "cd");
}

TEST_P(StoreConformance, MaintenanceChangesNothing) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(AppendNext(100).result, AppendResult::kCommitted);
    EXPECT_OK(store_->Maintain());
    EXPECT_OK(CheckPlanned(*store_));
  }
  Reopen();
  EXPECT_OK(CheckPlanned(*store_));
}

// Readers and maintenance run while batches come: each head that is seen is whole.
TEST_P(StoreConformance, ReadersSeeOnlyWholeBatches) {
  std::atomic<bool> done = false;
  std::vector<std::thread> others;
  for (int i = 0; i < 3; ++i) {
    others.emplace_back([this, &done] {
      while (!done) {
        const absl::StatusOr<Head> head = store_->ReadHead();
        ASSERT_OK(head);
        if (head->size == 0) continue;
        const auto last = store_->ReadLeaves(head->size - 1, 1, 0);
        ASSERT_OK(last);
        EXPECT_EQ((*last)[0], PlannedLeaf(head->size - 1));
      }
    });
  }
  others.emplace_back([this, &done] {
    while (!done) EXPECT_OK(store_->Maintain());
  });
  for (int i = 0; i < 100; ++i) {
    const Appended appended = AppendNext(7);
    EXPECT_EQ(appended.result, AppendResult::kCommitted) << appended.cause;
  }
  done = true;
  for (std::thread& other : others) other.join();
  EXPECT_OK(CheckPlanned(*store_));
}

}  // namespace chayan::store
