// Goal: names, widths and bytes of tiles as c2sp.org/tlog-tiles says, and a right edge that gives
// each full tile once. Method: the specification's examples, a whole small log of another
// implementation byte for byte, and 70,000 leaves checked against a tree built without tiles.
#include "gateway/tlog/tile.h"

#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/tlog/checkpoint.h"
#include "gateway/tlog/test_log.h"

namespace chayan::tlog {
namespace {

using ::testing::_;
using ::testing::ElementsAre;

TEST(TileTest, NamesTilesAsTheSpecificationDoes) {
  EXPECT_EQ(TilePath({.index = 0}), "tile/0/000");
  EXPECT_EQ(TilePath({.level = 3, .index = 1234067}), "tile/3/x001/x234/067");
  EXPECT_EQ(TilePath({.index = 273, .width = 112}), "tile/0/273.p/112");
  EXPECT_EQ(TilePath({.is_bundle = true, .index = 1000}), "tile/entries/x001/000");
}

TEST(TileTest, ParsesExactlyWhatItWrites) {
  for (const uint64_t index : {uint64_t{0}, uint64_t{7}, uint64_t{999}, uint64_t{1000},
                               uint64_t{1234067}, uint64_t{1} << 56}) {
    for (const uint32_t width : {1u, 255u, 256u}) {
      for (const bool is_bundle : {false, true}) {
        const TileId tile = {is_bundle, is_bundle ? 0u : 7u, index, width};
        EXPECT_EQ(ParseTilePath(TilePath(tile)).value(), tile);
      }
    }
  }
  for (const char* path : {"",
                           "tile",
                           "tile/",
                           "tile/0",
                           "tile/0/",
                           "tile/0/0",
                           "tile/0/0000",
                           "tile/8/000",
                           "tile/00/000",
                           "tile/-1/000",
                           "tile/0/x000/001",
                           "tile/0/001/002",
                           "tile/0/x001",
                           "tile/0/x001/x002",
                           "tile/0/000.p/0",
                           "tile/0/000.p/256",
                           "tile/0/000.p/01",
                           "tile/0/000.p/",
                           "tile/0/000.p",
                           "tile/0/000/",
                           "tile/0//000",
                           "/tile/0/000",
                           "tile/entry/000",
                           "tile/0/00a",
                           "tile/0/../000",
                           "tile/0/000.p/1/2",
                           "tile/0/x999/x999/x999/x999/x999/x999/x999/999"}) {
    EXPECT_FALSE(ParseTilePath(path).ok()) << path;
  }
}

TEST(TileTest, WidthsAreThoseOfTheExamples) {
  EXPECT_EQ(FullTileCount(0, 70000), 273u);
  EXPECT_EQ(PartialWidth(0, 70000), 112u);
  EXPECT_EQ(FullTileCount(1, 70000), 1u);
  EXPECT_EQ(PartialWidth(1, 70000), 17u);
  EXPECT_EQ(FullTileCount(2, 70000), 0u);
  EXPECT_EQ(PartialWidth(2, 70000), 1u);
  EXPECT_EQ(PartialWidth(3, 70000), 0u);
  EXPECT_EQ(FullTileCount(7, ~uint64_t{0}), 0u);
  EXPECT_EQ(PartialWidth(7, ~uint64_t{0}), 255u);
  EXPECT_EQ(PartialWidth(63, ~uint64_t{0}), 0u);
}

std::vector<std::string> Paths(const std::vector<TileId>& tiles) {
  std::vector<std::string> paths;
  for (const TileId& tile : tiles) paths.push_back(TilePath(tile));
  return paths;
}

TEST(TileTest, ListsWhatGrowthBrings) {
  EXPECT_THAT(Paths(NewTiles(0, 256)),
              ElementsAre("tile/0/000", "tile/1/000.p/1", "tile/entries/000"));
  EXPECT_THAT(Paths(NewTiles(255, 257)),
              ElementsAre("tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1", "tile/entries/000",
                          "tile/entries/001.p/1"));
  EXPECT_THAT(Paths(NewTiles(3, 5)), ElementsAre("tile/0/000.p/5", "tile/entries/000.p/5"));
  EXPECT_TRUE(NewTiles(5, 5).empty());
}

TEST(TileTest, BundleOfThreeHasTheKnownBytes) {
  std::string bundle;
  for (const char* entry : {"one", "two", "three"}) AppendBundleEntry(bundle, entry);
  EXPECT_EQ(bundle, std::string("\0\3one\0\3two\0\5three", 17));
  EXPECT_THAT(DecodeBundle(bundle, 3).value(), ElementsAre("one", "two", "three"));
}

TEST(TileTest, RefusesBundlesOfAnotherCountOrLength) {
  std::string bundle;
  AppendBundleEntry(bundle, "one");
  AppendBundleEntry(bundle, "");
  AppendBundleEntry(bundle, std::string(kBundleEntryBytesMax, 'x'));
  EXPECT_OK(DecodeBundle(bundle, 3));
  for (const uint32_t width : {0u, 1u, 2u, 4u, 256u}) {
    EXPECT_FALSE(DecodeBundle(bundle, width).ok()) << width;
  }
  for (const size_t length : {1, 2, 4, 6, 8, 100}) {
    EXPECT_FALSE(DecodeBundle(absl::string_view(bundle).substr(0, length), 3).ok()) << length;
  }
  std::string with_empty_entry_behind("\0\1x\0\0", 5);
  EXPECT_FALSE(DecodeBundle(with_empty_entry_behind, 1).ok());
  EXPECT_OK(DecodeBundle("", 0));
}

TEST(TileTest, TileBytesRoundTrip) {
  const std::vector<Hash> hashes = TestLeafHashes(5);
  const std::string bytes = EncodeTile(hashes);
  EXPECT_EQ(DecodeTile(bytes, 5).value(), hashes);
  EXPECT_FALSE(DecodeTile(bytes, 4).ok());
  EXPECT_FALSE(DecodeTile(bytes, 6).ok());
  EXPECT_FALSE(DecodeTile(bytes + "x", 5).ok());
}

TEST(RightEdgeTest, GivesEachFullTileOnceAndProofsComeOutOfTiles) {
  constexpr uint64_t kSize = 70000;
  const std::vector<Hash> leaves = TestLeafHashes(kSize);
  std::map<TileId, std::string> tiles;
  RightEdge edge;
  CompactRange tree;
  for (size_t next = 0, count = 1; next < leaves.size(); next += count) {
    count = std::min<size_t>(count * 2 % 1021 + 1, leaves.size() - next);
    const std::span<const Hash> part = std::span(leaves).subspan(next, count);
    for (auto& [tile, bytes] : edge.Append(part)) {
      EXPECT_TRUE(tiles.emplace(tile, std::move(bytes)).second) << TilePath(tile);
    }
    for (const Hash& leaf : part) tree.Append(leaf);
    ASSERT_EQ(edge.Tree(), tree);
  }
  EXPECT_EQ(tiles.size(), 273u + 1u);
  ASSERT_EQ(tree.Root().ToBase64(), "CptTEgeTOQj0L9VJf1i7FIbOyz4/MnKbvszR2u/VoHg=");

  const auto tile_source = [&](const TileId& tile) -> absl::StatusOr<std::vector<Hash>> {
    const auto full = tiles.find({false, tile.level, tile.index, kTileWidth});
    if (full != tiles.end()) return DecodeTile(full->second, kTileWidth);
    const std::span<const Hash> partial = edge.PartialTile(tile.level);
    return std::vector<Hash>(partial.begin(), partial.end());
  };
  const auto nodes = [&](const NodeId& node) { return NodeFromTiles(node, tile_source); };
  EXPECT_EQ(RootOf(kSize, nodes).value(), tree.Root());
  for (uint64_t index = 0; index < kSize; index += 997) {
    EXPECT_OK(VerifyInclusion(index, kSize, leaves[index],
                              InclusionProof(index, kSize, nodes).value(), tree.Root()));
  }
  for (const uint64_t older : {1, 255, 256, 257, 65535, 65536, 65537, 69999}) {
    const TreeHead older_head = {older, RootOf(older, nodes).value()};
    EXPECT_OK(VerifyConsistency(older_head, {kSize, tree.Root()},
                                ConsistencyProof(older, kSize, nodes).value()));
  }
}

TEST(RightEdgeTest, ComesBackFromItsPartialTilesAndRefusesOthers) {
  const std::vector<Hash> leaves = TestLeafHashes(700);
  RightEdge edge;
  edge.Append(leaves);
  const TreeHead head = {700, edge.Tree().Root()};
  const auto partial = [&](uint32_t level) {
    const std::span<const Hash> tile = edge.PartialTile(level);
    return std::vector<Hash>(tile.begin(), tile.end());
  };
  const absl::StatusOr<RightEdge> again = RightEdge::Create(head, {partial(0), partial(1)});
  ASSERT_OK(again);
  EXPECT_EQ(again->Tree(), edge.Tree());
  EXPECT_THAT(RightEdge::Create(head, {partial(0)}), StatusIs(absl::StatusCode::kDataLoss, _));
  EXPECT_THAT(RightEdge::Create({701, head.root}, {partial(0), partial(1)}),
              StatusIs(absl::StatusCode::kDataLoss, _));
  std::vector<Hash> changed = partial(0);
  changed[0].bytes[0] ^= 1;
  EXPECT_THAT(RightEdge::Create(head, {changed, partial(1)}),
              StatusIs(absl::StatusCode::kDataLoss, _));
  EXPECT_OK(RightEdge::Create({}, {}));
}

TEST(TesseraLogTest, IsReproducedByteForByte) {
  const std::string folder = std::string(kSharedVectors) + "tessera-log/";
  const absl::StatusOr<std::string> newest = ReadFile(folder + "checkpoint");
  if (!newest.ok()) {
    std::cerr << "!!!! NOT RUN: the shared Tessera log is absent: " << newest.status() << "\n";
    GTEST_SKIP() << newest.status();
  }
  const char* const entries[] = {"one",    "two",   "three",    "four",    "five",
                                 "six",    "seven", "eit",      "nain",    "ten",
                                 "ileven", "twelf", "threeten", "fourten", "fivten"};
  const NoteSigner signer = NoteSigner::ParsePrivate(
                                "PRIVATE+KEY+example.com/log/testdata+33d7b496+"
                                "AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg")
                                .value();
  EXPECT_EQ(signer.verifier_key().ToString(),
            "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx");
  RightEdge edge;
  std::string bundle;
  int compared = 0;
  for (uint64_t size = 0;; ++size) {
    const TreeHead head = {size, edge.Tree().Root()};
    const std::string checkpoint = SignCheckpoint(head, signer).value();
    EXPECT_EQ(checkpoint, ReadFile(absl::StrCat(folder, "checkpoint.", size)).value());
    EXPECT_EQ(OpenCheckpoint(checkpoint, signer.verifier_key())->head, head);
    if (size > 0) {
      const auto width = static_cast<uint32_t>(size);
      EXPECT_EQ(EncodeTile(edge.PartialTile(0)),
                ReadFile(folder + TilePath({.width = width})).value());
      EXPECT_EQ(bundle, ReadFile(folder + TilePath({.is_bundle = true, .width = width})).value());
      ++compared;
    }
    if (size == std::size(entries)) {
      EXPECT_EQ(checkpoint, *newest);
      break;
    }
    edge.Append(std::vector<Hash>{LeafHash(entries[size])});
    AppendBundleEntry(bundle, entries[size]);
  }
  EXPECT_EQ(compared, 15);
}

}  // namespace
}  // namespace chayan::tlog
