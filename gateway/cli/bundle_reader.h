// The bundles of an export in their order, each with what can be told of it alone: its entries,
// their hashes, and the hashes that are stored beside it. The next ones are read and hashed in
// other threads meanwhile, which is half of the work of an audit.
#ifndef CHAYAN_GATEWAY_CLI_BUNDLE_READER_H_
#define CHAYAN_GATEWAY_CLI_BUNDLE_READER_H_

#include <cstdint>
#include <deque>
#include <future>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/tlog/tile.h"

namespace chayan::cli {

struct Bundle {
  uint64_t number = 0;
  uint64_t begin = 0;  // index of its first entry
  uint32_t width = 0;  // entries that it must have
  absl::StatusOr<std::string> bytes;
  // As far as they can be read; they lie in `bytes`. Is it whole: these are all of it, and as many
  // as they must be.
  std::vector<absl::string_view> entries;
  bool is_whole = false;
  std::vector<tlog::Hash> hashes;  // of the entries
  std::vector<tlog::Hash> stored;  // the tile's hashes; empty when it cannot be read
};

// The tile of level 0 over a bundle of a log of `size` entries; empty when it cannot be read.
std::vector<tlog::Hash> StoredHashes(const std::string& directory, uint64_t size, uint64_t bundle);
// Entries of a bundle of a log of `size` entries.
uint32_t BundleWidth(uint64_t size, uint64_t bundle);

// Not thread-safe. Memory is that of some slices of bundles, whatever the size of the log.
class BundleReader {
 public:
  // Of the export of a log of `size` entries.
  BundleReader(std::string directory, uint64_t size);

  // The next bundle, which stands until the next call. REQUIRES: there is one more.
  const Bundle& Next();

 private:
  // Enough that starting a thread costs nothing beside it: some milliseconds of work.
  static constexpr uint64_t kSliceBundles = 16;
  using Slice = std::vector<Bundle>;

  // `used`: a slice that nobody reads any more; its memory serves the next one.
  void StartAhead(Slice used = {});

  const std::string directory_;
  const uint64_t size_;
  const uint64_t count_;  // of bundles
  uint64_t started_ = 0;  // bundles that are read, or about to be
  std::deque<std::future<Slice>> ahead_;
  Slice slice_;
  size_t at_ = 0;  // in slice_: the next one
};

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_BUNDLE_READER_H_
