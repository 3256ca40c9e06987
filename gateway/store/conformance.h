// The conformance suite of Store: every implementation runs it, by
//   INSTANTIATE_TEST_SUITE_P(Name, StoreConformance, ::testing::Values(StoreFactory{…}));
// and so for SearchConformance.
#ifndef CHAYAN_GATEWAY_STORE_CONFORMANCE_H_
#define CHAYAN_GATEWAY_STORE_CONFORMANCE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/store/store.h"
#include "gateway/store/test_folder.h"
#include "gtest/gtest.h"

namespace chayan::store {

struct StoreFactory {
  const char* name;
  // Opens the store that belongs to `folder`: the same folder is the same store.
  std::function<absl::StatusOr<std::unique_ptr<Store>>(const std::string& folder)> open;
};

// Makes batches whose every byte follows from their place, so that a reader can tell what should be
// there. The batch that begins at `first` has `count` entries; every second one has a vault row; a
// full tile of level 0 comes when one is completed; a registry set comes with the batch when asked.
struct PlannedBatch {
  Batch batch;
  Head head;
};
PlannedBatch PlanBatch(const Head& old, size_t count, bool with_registry = false);
std::string PlannedLeaf(uint64_t index);
VaultRow PlannedVault(uint64_t index);
std::string PlannedTile(uint64_t index);
// The set that takes effect with the entry `first_index`.
RegistrySet PlannedRegistry(uint64_t first_index);

// OK when the store holds exactly what PlanBatch gave up to its head.
absl::Status CheckPlanned(Store& store);

class StoreConformance : public ::testing::TestWithParam<StoreFactory> {
 protected:
  void SetUp() override { Reopen(); }
  void Reopen();
  // Appends a planned batch to the head that stands.
  Appended AppendNext(size_t count, bool with_registry = false);
  // Appends one entry for each list of tallies.
  Appended AppendCounting(std::vector<std::vector<Tally>> tallies);
  std::vector<KeptTally> ReadTallies(TallyKind kind, absl::string_view after = {},
                                     size_t count_max = 100);

  TestFolder folder_;
  std::unique_ptr<Store> store_;
};

// The same for the search index, the records and the erasures of an engine that has them.
class SearchConformance : public StoreConformance {
 protected:
  static constexpr uint64_t kAnyEntry = uint64_t{1} << 63;

  void SetUp() override;
  // Appends planned entries, without payload, until there are so many.
  void Fill(uint64_t entries);
  // Until nothing waits to be indexed.
  void BuildAll();
  // Appends one entry that erases and changes records.
  Appended AppendWith(std::vector<uint64_t> erasures, std::vector<Record> records);
  // The planned entries about a subject.
  std::vector<uint64_t> Find(uint64_t subject, EntryRange range = {0, kAnyEntry},
                             size_t count_max = 1'000'000);
};

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_CONFORMANCE_H_
