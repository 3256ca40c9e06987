// Goal: what search_index.h, records.h and erasures.h promise, for whichever engine keeps them.
// Method: planned batches long enough for some runs of the index and a tail, with tags that follow
// from an entry's place; every search is held against the plan, before and after building, erasing
// and reopening. An engine without an index skips aloud.
#include <algorithm>
#include <cstring>
#include <functional>

#include "absl/strings/str_cat.h"
#include "gateway/base/status_matchers.h"
#include "gateway/store/conformance.h"

namespace chayan::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Two runs of the SQLite index, and a tail.
constexpr uint64_t kEntries = 2 * 16384 + 777;
// As many entries as these are about one subject.
constexpr uint64_t kSubjects = 1000;

std::string KeyOf(uint64_t index) {
  return index < 10'000 ? "2026-10.five-years" : "2026-11.five-years";
}

// The same subject has another tag under another key, as real ones do.
SearchTag SubjectTag(uint64_t subject, const std::string& key_id) {
  const crypto::Digest digest = crypto::Sha256(absl::StrCat("subject ", subject, " ", key_id));
  SearchTag tag;
  std::copy_n(digest.bytes.begin(), tag.size(), tag.begin());
  return tag;
}
SearchTag PersonTag(uint64_t index) { return SubjectTag(1'000'000 + index, "person"); }

std::string Bytes(const SearchTag& tag) {
  return std::string(reinterpret_cast<const char*>(tag.data()), tag.size());
}

std::vector<KeyedTag> TagsOf(uint64_t subject) {
  std::vector<KeyedTag> tags;
  for (const char* key : {"2026-10.five-years", "2026-11.five-years", "2026-12.five-years"}) {
    tags.push_back({key, SubjectTag(subject, key)});
  }
  return tags;
}

bool HasRow(uint64_t index) { return index % 3 != 1; }

// All indexes of a subject below `end` from `first` on, as the plan has them.
std::vector<uint64_t> Planned(uint64_t subject, uint64_t first = 0, uint64_t end = kEntries) {
  std::vector<uint64_t> indexes;
  for (uint64_t i = subject; i < end; i += kSubjects) {
    if (i >= first && HasRow(i)) indexes.push_back(i);
  }
  return indexes;
}

}  // namespace

void SearchConformance::SetUp() {
  StoreConformance::SetUp();
  if (HasFatalFailure()) return;
  if (store_->search_index() == nullptr) GTEST_SKIP() << "the engine keeps no search index";
}

void SearchConformance::Fill(uint64_t entries) {
  while (true) {
    const absl::StatusOr<Head> head = store_->ReadHead();
    ASSERT_OK(head);
    if (head->size == entries) return;
    PlannedBatch planned = PlanBatch(*head, std::min<uint64_t>(4096, entries - head->size));
    for (size_t i = 0; i < planned.batch.entries.size(); ++i) {
      const uint64_t index = head->size + i;
      NewEntry& entry = planned.batch.entries[i];
      entry.leaf = absl::StrCat("leaf ", index);
      entry.vault.reset();
      if (!HasRow(index)) continue;
      entry.vault = {.key_id = KeyOf(index),
                     .wrapped_secret = absl::StrCat("wrapped ", index),
                     .sealed_detail = absl::StrCat("sealed ", index),
                     .tags = Bytes(SubjectTag(index % kSubjects, KeyOf(index))) +
                             Bytes(PersonTag(index)) + std::string(16, '\0')};
    }
    ASSERT_EQ(store_->Append(*head, planned.batch, planned.head).result, AppendResult::kCommitted);
  }
}

void SearchConformance::BuildAll() {
  while (true) {
    const absl::StatusOr<bool> more = store_->search_index()->BuildSome();
    ASSERT_OK(more);
    if (!*more) return;
  }
}

Appended SearchConformance::AppendWith(std::vector<uint64_t> erasures,
                                       std::vector<Record> records) {
  const Head head = *store_->ReadHead();
  PlannedBatch planned = PlanBatch(head, 1);
  planned.batch.entries[0].vault.reset();
  planned.batch.entries[0].erasures = std::move(erasures);
  planned.batch.entries[0].records = std::move(records);
  return store_->Append(head, planned.batch, planned.head);
}

std::vector<uint64_t> SearchConformance::Find(uint64_t subject, EntryRange range,
                                              size_t count_max) {
  const auto found = store_->search_index()->Find(TagsOf(subject), range, count_max);
  EXPECT_OK(found);
  return found.value_or(std::vector<uint64_t>{});
}

TEST_P(SearchConformance, FindsTheSameBeforeWhileAndAfterTheIndexIsBuilt) {
  Fill(kEntries);
  int slices = 0;
  while (true) {
    for (const uint64_t subject : {uint64_t{0}, uint64_t{5}, uint64_t{776}, uint64_t{999}}) {
      ASSERT_EQ(Find(subject), Planned(subject)) << "after " << slices << " slices";
    }
    const absl::StatusOr<bool> more = store_->search_index()->BuildSome();
    ASSERT_OK(more);
    if (!*more) break;
    ++slices;
  }
  EXPECT_GT(slices, 2);
  const absl::StatusOr<uint64_t> end = store_->search_index()->IndexedEnd();
  ASSERT_OK(end);
  EXPECT_GT(*end, 0u);
  EXPECT_LE(*end, kEntries);
  Reopen();
  EXPECT_EQ(*store_->search_index()->IndexedEnd(), *end);
  for (uint64_t subject = 0; subject < kSubjects; ++subject) {
    ASSERT_EQ(Find(subject), Planned(subject));
  }
}

TEST_P(SearchConformance, KeepsToRangeAndCount) {
  Fill(kEntries);
  for (const bool built : {false, true}) {
    if (built) BuildAll();
    const std::vector<uint64_t> all = Planned(7);
    for (const auto& [first, end] : {std::pair<uint64_t, uint64_t>{0, 0},
                                     {0, 8},
                                     {7, 8},
                                     {8, 9000},
                                     {9007, 33007},
                                     {33007, kEntries},
                                     {kEntries, kAnyEntry}}) {
      EXPECT_EQ(Find(7, {first, end}), Planned(7, first, std::min(end, kEntries)));
    }
    for (const size_t count : {size_t{0}, size_t{1}, size_t{5}, all.size()}) {
      EXPECT_EQ(
          Find(7, {0, kAnyEntry}, count),
          std::vector<uint64_t>(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count)));
    }
    const KeyedTag none{"2026-10.five-years", SearchTag{}};
    EXPECT_THAT(*store_->search_index()->Find({&none, 1}, {0, kAnyEntry}, 10), IsEmpty());
    EXPECT_THAT(*store_->search_index()->Find({}, {0, kAnyEntry}, 10), IsEmpty());
  }
}

TEST_P(SearchConformance, AnErasedRowIsGoneAndItsEntryStays) {
  Fill(kEntries);
  BuildAll();
  // In both runs and in the tail; one that has no row; one twice; and one that is not there.
  const std::vector<uint64_t> erased = {9, 20'009, 33'009, 1, 20'009, kEntries + 5};
  ASSERT_EQ(AppendWith(erased, {}).result, AppendResult::kCommitted);
  for (int opened = 0; opened < 2; ++opened) {
    for (const uint64_t index : {uint64_t{9}, uint64_t{20'009}, uint64_t{33'009}}) {
      ASSERT_TRUE(HasRow(index));
      EXPECT_TRUE(absl::IsNotFound(store_->ReadVault(index).status())) << index;
      EXPECT_EQ((*store_->ReadLeaves(index, 1, 0))[0], absl::StrCat("leaf ", index));
      const KeyedTag person{KeyOf(index), PersonTag(index)};
      EXPECT_THAT(*store_->search_index()->Find({&person, 1}, {0, kAnyEntry}, 10), IsEmpty());
    }
    std::vector<uint64_t> left = Planned(9);
    std::erase_if(left, [](uint64_t i) { return i == 9 || i == 20'009 || i == 33'009; });
    EXPECT_EQ(Find(9), left);
    EXPECT_OK(store_->ReadVault(11));
    Reopen();
  }
}

TEST_P(SearchConformance, ARowErasedWhileItsRunIsBuiltIsNotIndexed) {
  Fill(kEntries);
  ASSERT_OK(store_->search_index()->BuildSome());
  std::vector<uint64_t> erased;
  for (uint64_t i = 0; i < 4000; i += 5) erased.push_back(i);
  ASSERT_EQ(AppendWith(erased, {}).result, AppendResult::kCommitted);
  BuildAll();
  for (const uint64_t index : erased) {
    const KeyedTag person{KeyOf(index), PersonTag(index)};
    ASSERT_THAT(*store_->search_index()->Find({&person, 1}, {0, kAnyEntry}, 10), IsEmpty())
        << index;
  }
}

TEST_P(SearchConformance, ADestroyedKeysRowsGoAndNoOthers) {
  Fill(kEntries);
  for (const bool built : {false, true}) {
    if (built) BuildAll();
    const std::string key = built ? "2026-11.five-years" : "2026-10.five-years";
    absl::StatusOr<bool> more = true;
    while (more.ok() && *more) more = store_->erasures()->EraseSomeOf(key);
    ASSERT_OK(more);
    // At every later start it is found out quickly that nothing is left.
    EXPECT_FALSE(*store_->erasures()->EraseSomeOf(key));
    for (uint64_t i = 0; i < kEntries; ++i) {
      const bool there = HasRow(i) && !built && KeyOf(i) != key;
      ASSERT_EQ(store_->ReadVault(i).ok(), there) << i;
    }
    EXPECT_EQ(Find(9), built ? std::vector<uint64_t>() : Planned(9, 10'000));
  }
  EXPECT_FALSE(*store_->erasures()->EraseSomeOf("2020-01.permanent"));
  EXPECT_OK(store_->erasures()->Purge());
}

TEST_P(SearchConformance, RecordsChangeWithTheirEntryOrNotAtAll) {
  Fill(3);
  const std::string key = RecordKey(7);
  ASSERT_EQ(
      AppendWith({}, {{RecordKind::kHold, key, "first"}, {RecordKind::kDraw, "", "own"}}).result,
      AppendResult::kCommitted);
  Reopen();
  Records& records = *store_->records();
  absl::StatusOr<KeptRecord> kept = records.Read(RecordKind::kHold, key);
  ASSERT_OK(kept);
  EXPECT_EQ(kept->bytes, "first");
  EXPECT_EQ(kept->index, 3u);
  // Under the index of its own entry.
  EXPECT_EQ(records.Read(RecordKind::kDraw, RecordKey(3))->bytes, "own");
  // A batch that fails changes none.
  PlannedBatch stale = PlanBatch(Head{}, 1);
  stale.batch.entries[0].records = {{RecordKind::kHold, key, "stale"}};
  stale.batch.entries[0].erasures = {0};
  EXPECT_EQ(store_->Append(Head{}, stale.batch, stale.head).result, AppendResult::kFailed);
  EXPECT_EQ(records.Read(RecordKind::kHold, key)->bytes, "first");
  EXPECT_OK(store_->ReadVault(0));
  // Replaced, then taken away.
  ASSERT_EQ(AppendWith({}, {{RecordKind::kHold, key, "second"}}).result, AppendResult::kCommitted);
  kept = records.Read(RecordKind::kHold, key);
  EXPECT_EQ(kept->bytes, "second");
  EXPECT_EQ(kept->index, 4u);
  ASSERT_EQ(AppendWith({}, {{RecordKind::kHold, key, ""}}).result, AppendResult::kCommitted);
  EXPECT_TRUE(absl::IsNotFound(records.Read(RecordKind::kHold, key).status()));
}

TEST_P(SearchConformance, RecordsAreListedInTheOrderOfTheirKeys) {
  Fill(1);
  std::vector<Record> records;
  for (const uint64_t i : {300, 2, 256, 1, 70'000}) {
    records.push_back({RecordKind::kErasure, RecordKey(i), absl::StrCat(i)});
  }
  ASSERT_EQ(AppendWith({}, std::move(records)).result, AppendResult::kCommitted);
  const auto list = [this](absl::string_view after, size_t count) {
    std::vector<std::string> bytes;
    const auto listed = store_->records()->List(RecordKind::kErasure, after, count);
    EXPECT_OK(listed);
    if (!listed.ok()) return bytes;
    for (const KeptRecord& record : *listed) bytes.push_back(record.bytes);
    return bytes;
  };
  EXPECT_THAT(list("", 10), ElementsAre("1", "2", "256", "300", "70000"));
  EXPECT_THAT(list("", 2), ElementsAre("1", "2"));
  EXPECT_THAT(list(RecordKey(2), 2), ElementsAre("256", "300"));
  EXPECT_THAT(*store_->records()->List(RecordKind::kHold, "", 10), IsEmpty());
}

}  // namespace chayan::store
