// What a search by subject takes: a store with so many entries is built in bulk, over 60 months
// with two retention classes each, about a tenth as many subjects; then subjects are searched for
// as the audit does it, with one tag for each of the 120 keys. Prints times in milliseconds.
//
//   chayan-bench-search FOLDER [ENTRIES]     FOLDER: on the disk to be measured; 4 GB for 10
//   million
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gateway/base/check.h"
#include "gateway/base/clock.h"
#include "gateway/base/random.h"
#include "gateway/store/sqlite.h"
#include "gateway/tlog/commitment.h"
#include "tests/bench/process_cost.h"

namespace chayan::bench {
namespace {

constexpr uint64_t kMonths = 60;
constexpr uint64_t kEntriesPerSubject = 10;
constexpr size_t kBatch = 8192;
constexpr int kSearches = 300;
constexpr int64_t kPageBytes = 4096;  // of the store's file

struct Key {
  std::string id;
  crypto::HmacKey index;
};

std::vector<Key> MakeKeys() {
  std::vector<Key> keys;
  SeededRandom random(1);
  for (uint64_t month = 0; month < kMonths; ++month) {
    for (const char* name : {"five-years", "permanent"}) {
      keys.push_back({absl::StrFormat("%04d-%02d.%s", 2026 + month / 12, month % 12 + 1, name),
                      crypto::HmacKey(crypto::Secret32(random))});
    }
  }
  return keys;
}

store::SearchTag TagOf(const Key& key, absl::string_view label, uint64_t value) {
  return tlog::MakeSearchTag(key.index, label, absl::StrCat(value));
}

class Builder {
 public:
  Builder(store::Store& store, uint64_t entries) : store_(store), entries_(entries) {}

  void Build(const std::vector<Key>& keys) {
    store::Head head = *store_.ReadHead();
    while (head.size < entries_) {
      store::Batch batch;
      store::Head next;
      next.size = std::min<uint64_t>(head.size + kBatch, entries_);
      for (uint64_t i = head.size; i < next.size; ++i) batch.entries.push_back(Entry(keys, i));
      // Not real peaks: nobody proves anything here.
      for (uint64_t bits = next.size; bits != 0; bits &= bits - 1) next.peaks.emplace_back();
      random_.Fill(next.batch);
      CHAYAN_CHECK(store_.Append(head, batch, next).result == store::AppendResult::kCommitted);
      if (next.size / 1'000'000 != head.size / 1'000'000) {
        CHAYAN_CHECK(store_.Maintain().ok());
        std::fprintf(stderr, "%llu entries\n", static_cast<unsigned long long>(next.size));
      }
      head = std::move(next);
    }
    while (*store_.search_index()->BuildSome()) continue;
  }

 private:
  store::NewEntry Entry(const std::vector<Key>& keys, uint64_t index) {
    // Months follow one another; the classes and the subjects of a month are mixed.
    const uint64_t month = index * kMonths / entries_;
    const Key& key = keys[month * 2 + index % 5 / 4];
    const uint64_t subject =
        random_.Uint64() % std::max<uint64_t>(entries_ / kEntriesPerSubject, 1);
    std::string tags;
    for (const store::SearchTag& tag :
         {TagOf(key, "subject", subject), TagOf(key, "person", index % 5000),
          TagOf(key, "case", index / 3)}) {
      tags.append(reinterpret_cast<const char*>(tag.data()), tag.size());
    }
    return {.leaf = "leaf",
            .vault = store::VaultRow{.key_id = key.id,
                                     .wrapped_secret = std::string(60, 'w'),
                                     .sealed_detail = std::string(200, 's'),
                                     .tags = std::move(tags)}};
  }

  store::Store& store_;
  const uint64_t entries_;
  SeededRandom random_{2};
};

void Measure(store::Store& store, const std::vector<Key>& keys, uint64_t entries,
             const char* what) {
  SystemClock clock;
  SeededRandom random(3);
  std::vector<double> times_ms;
  size_t found = 0;
  const double cpu_before = OwnCpuSeconds();
  const int64_t bytes_before = OwnBytesRead();
  for (int i = 0; i < kSearches; ++i) {
    const uint64_t subject = random.Uint64() % std::max<uint64_t>(entries / kEntriesPerSubject, 1);
    const absl::Duration start = clock.Elapsed();
    std::vector<store::KeyedTag> tags;
    for (const Key& key : keys) tags.push_back({key.id, TagOf(key, "subject", subject)});
    const auto indexes = store.search_index()->Find(tags, {0, entries}, 1000);
    CHAYAN_CHECK(indexes.ok());
    times_ms.push_back(absl::ToDoubleMilliseconds(clock.Elapsed() - start));
    found += indexes->size();
  }
  const double cpu_ms = (OwnCpuSeconds() - cpu_before) * 1000 / kSearches;
  const int64_t pages = (OwnBytesRead() - bytes_before) / kPageBytes / kSearches;
  std::sort(times_ms.begin(), times_ms.end());
  std::printf("%s: slowest %.1f ms, median %.1f ms, p99 %.1f ms, %.1f entries found on average\n",
              what, times_ms.back(), times_ms[kSearches / 2], times_ms[kSearches * 99 / 100],
              static_cast<double>(found) / kSearches);
  std::printf("on average %.1f ms of CPU and %lld pages read\n", cpu_ms,
              static_cast<long long>(pages));
}

int Run(const std::string& folder, uint64_t entries) {
  const std::vector<Key> keys = MakeKeys();
  const std::string path = folder + "/search-bench.db";
  SystemClock clock;
  {
    auto store = store::SqliteStore::Open(path);
    if (!store.ok()) {
      std::fprintf(stderr, "%s\n", std::string(store.status().message()).c_str());
      return 1;
    }
    const absl::Duration start = clock.Elapsed();
    Builder(**store, entries).Build(keys);
    std::printf("built %llu entries in %.0f s, %llu of them indexed\n",
                static_cast<unsigned long long>(entries),
                absl::ToDoubleSeconds(clock.Elapsed() - start),
                static_cast<unsigned long long>(*(*store)->search_index()->IndexedEnd()));
  }
  auto store = store::SqliteStore::Open(path);
  CHAYAN_CHECK(store.ok());
  Measure(**store, keys, entries, "search by subject");
  return 0;
}

}  // namespace
}  // namespace chayan::bench

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: chayan-bench-search FOLDER [ENTRIES]\n");
    return 2;
  }
  return chayan::bench::Run(argv[1], argc == 3 ? std::strtoull(argv[2], nullptr, 10) : 10'000'000);
}
