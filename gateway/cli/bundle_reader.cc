#include "gateway/cli/bundle_reader.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/file.h"

namespace chayan::cli {
namespace {

absl::StatusOr<std::string> ReadTile(const std::string& directory, const tlog::TileId& tile,
                                     std::string used = {}) {
  return ReadFile(absl::StrCat(directory, "/", tlog::TilePath(tile)), std::move(used));
}

// Entries of a bundle as far as they can be read.
std::vector<absl::string_view> ReadableEntries(absl::string_view bundle) {
  std::vector<absl::string_view> entries;
  while (bundle.size() >= 2) {
    const size_t length = static_cast<size_t>(static_cast<unsigned char>(bundle[0])) << 8 |
                          static_cast<unsigned char>(bundle[1]);
    if (bundle.size() < 2 + length) break;
    entries.push_back(bundle.substr(2, length));
    bundle.remove_prefix(2 + length);
  }
  return entries;
}

// Fills it where it stands, since its entries lie in its bytes, and in the memory it had.
void ReadBundle(const std::string& directory, uint64_t size, uint64_t number, Bundle& bundle) {
  bundle.number = number;
  bundle.begin = number * tlog::kTileWidth;
  bundle.width = BundleWidth(size, number);
  bundle.bytes = ReadTile(directory, {.is_bundle = true, .index = number, .width = bundle.width},
                          bundle.bytes.ok() ? *std::move(bundle.bytes) : std::string());
  bundle.entries.clear();
  bundle.hashes.clear();
  bundle.stored.clear();
  bundle.is_whole = false;
  if (!bundle.bytes.ok()) return;
  auto entries = tlog::DecodeBundle(*bundle.bytes, bundle.width);
  bundle.is_whole = entries.ok();
  bundle.entries = entries.ok() ? *std::move(entries) : ReadableEntries(*bundle.bytes);
  bundle.hashes.reserve(bundle.entries.size());
  for (const absl::string_view entry : bundle.entries) {
    bundle.hashes.push_back(tlog::LeafHash(entry));
  }
  bundle.stored = StoredHashes(directory, size, number);
}

}  // namespace

uint32_t BundleWidth(uint64_t size, uint64_t bundle) {
  return static_cast<uint32_t>(
      std::min<uint64_t>(tlog::kTileWidth, size - bundle * tlog::kTileWidth));
}

std::vector<tlog::Hash> StoredHashes(const std::string& directory, uint64_t size, uint64_t bundle) {
  const uint32_t width = BundleWidth(size, bundle);
  const auto bytes = ReadTile(directory, {.level = 0, .index = bundle, .width = width});
  if (!bytes.ok()) return {};
  auto hashes = tlog::DecodeTile(*bytes, width);
  return hashes.ok() ? *std::move(hashes) : std::vector<tlog::Hash>();
}

BundleReader::BundleReader(std::string directory, uint64_t size)
    : directory_(std::move(directory)),
      size_(size),
      count_(size / tlog::kTileWidth + (size % tlog::kTileWidth == 0 ? 0 : 1)) {}

const Bundle& BundleReader::Next() {
  if (at_ == slice_.size()) {
    StartAhead();
    Slice used = std::exchange(slice_, ahead_.front().get());
    ahead_.pop_front();
    at_ = 0;
    StartAhead(std::move(used));
  }
  return slice_[at_++];
}

void BundleReader::StartAhead(Slice used) {
  // One processor is busy with the rules.
  const size_t threads = std::max(1u, std::thread::hardware_concurrency() - 1);
  for (; ahead_.size() < threads && started_ < count_; started_ += kSliceBundles) {
    ahead_.push_back(std::async(
        std::launch::async, [this, first = started_, slice = std::exchange(used, {})]() mutable {
          slice.resize(std::min(kSliceBundles, count_ - first));
          for (size_t i = 0; i < slice.size(); ++i) {
            ReadBundle(directory_, size_, first + i, slice[i]);
          }
          return std::move(slice);
        }));
  }
}

}  // namespace chayan::cli
