// The served log against a real store, at the sizes where tiles begin and end: what a checkpoint
// covers is there and proves its root, what it does not cover is not, however far the store has
// gone.
#include "gateway/http/tiles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"
#include "gateway/base/status_matchers.h"
#include "gateway/http/health.h"
#include "gateway/store/sqlite.h"
#include "gateway/store/test_folder.h"
#include "gateway/tlog/checkpoint.h"
#include "gateway/tlog/test_log.h"

namespace chayan::http {
namespace {

using tlog::Hash;
using tlog::TileId;

// Leaf 3 and 7 of the test log are empty and the longest there can be.
class TilesTest : public testing::Test {
 protected:
  TilesTest()
      : store_(store::SqliteStore::Open(folder_ / "store.sqlite").value()),
        tiles_(
            *store_, [this] { return published_; },
            [](uint64_t size) { return absl::StrCat("keys of ", size); }) {}

  void Grow(uint64_t size) {
    while (edge_.size() < size) {
      const store::Head old = store_->ReadHead().value();
      store::Batch batch;
      std::vector<Hash> hashes;
      for (uint64_t i = old.size; i < std::min(size, old.size + 10'000); ++i) {
        batch.entries.push_back({.leaf = tlog::TestLeaf(i), .vault = std::nullopt});
        hashes.push_back(tlog::LeafHash(batch.entries.back().leaf));
      }
      for (auto& [tile, bytes] : edge_.Append(hashes)) {
        batch.tiles.push_back({tile.level, tile.index, std::move(bytes)});
      }
      store::Head next{.size = edge_.size(), .peaks = edge_.Tree().peaks()};
      std::memcpy(next.batch.data(), &next.size, sizeof(next.size));
      ASSERT_OK(store_->Append(old, batch, next).cause);
    }
  }
  void Publish() {
    published_ =
        tlog::SignCheckpoint({edge_.size(), edge_.Tree().Root()}, tlog::TestLogSigner()).value();
  }

  Response GetPath(const std::string& path) {
    for (const Route& route : tiles_.Routes()) {
      if (path == route.path || (route.path.back() == '/' && path.starts_with(route.path))) {
        return route.handler({.method = "GET", .path = path});
      }
    }
    return TextResponse(404, "no route");
  }
  Response Get(const TileId& tile) { return GetPath(absl::StrCat("/", tlog::TilePath(tile))); }

  // Root of the served tree of `size` leaves, every full and partial tile read as a client does.
  absl::StatusOr<Hash> ServedRoot(uint64_t size) {
    return tlog::RootOf(size, [&](const tlog::NodeId& node) {
      return tlog::NodeFromTiles(
          node, [&](const TileId& tile) -> absl::StatusOr<std::vector<Hash>> {
            TileId wanted = tile;
            const bool is_full = tile.index < tlog::FullTileCount(tile.level, size);
            wanted.width = is_full ? tlog::kTileWidth : tlog::PartialWidth(tile.level, size);
            const Response response = Get(wanted);
            if (response.status != 200) return absl::NotFoundError(tlog::TilePath(wanted));
            return tlog::DecodeTile(response.body, wanted.width);
          });
    });
  }

  const store::TestFolder folder_{store::TestFolder::Memory()};
  const std::unique_ptr<store::Store> store_;
  std::string published_;
  tlog::RightEdge edge_;
  Tiles tiles_;
};

TEST_F(TilesTest, AnEmptyLogServesItsCheckpointAndNothingElse) {
  EXPECT_EQ(GetPath("/checkpoint").status, 404);
  Publish();
  const Response checkpoint = GetPath("/checkpoint");
  EXPECT_EQ(checkpoint.body, published_);
  EXPECT_EQ(checkpoint.content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(checkpoint.cache_control, "max-age=1");
  EXPECT_EQ(GetPath("/tile/0/000").status, 404);
  EXPECT_EQ(GetPath("/tile/0/000.p/1").status, 404);
  EXPECT_EQ(GetPath("/tile/entries/000.p/1").status, 404);
}

TEST_F(TilesTest, ServesWhatProvesTheCheckpointAtEverySize) {
  for (const uint64_t size : {1, 2, 255, 256, 257, 511, 512, 513, 65'535, 65'536, 65'537, 65'793}) {
    Grow(size);
    Publish();
    // Every tile that a log of this size has, and nothing one beyond.
    for (const TileId& tile : tlog::NewTiles(0, size)) {
      const Response response = Get(tile);
      ASSERT_EQ(response.status, 200) << tlog::TilePath(tile);
      EXPECT_EQ(response.content_type, "application/octet-stream");
      EXPECT_EQ(response.cache_control, "max-age=31536000, immutable");
      if (!tile.is_bundle) continue;
      const auto entries = tlog::DecodeBundle(response.body, tile.width);
      ASSERT_OK(entries.status());
      EXPECT_EQ((*entries)[0], tlog::TestLeaf(tile.index * tlog::kTileWidth));
      EXPECT_EQ(entries->back(), tlog::TestLeaf(tile.index * tlog::kTileWidth + tile.width - 1));
    }
    const auto root = ServedRoot(size);
    ASSERT_OK(root.status());
    EXPECT_EQ(*root, edge_.Tree().Root()) << size;
  }
}

TEST_F(TilesTest, EveryPartialWidthIsServedAndIsAPrefixOfTheTile) {
  Grow(256 * 3 + 17);
  Publish();
  const std::string full = Get({.index = 1}).body,
                    bundle = Get({.is_bundle = true, .index = 1}).body;
  ASSERT_EQ(full.size(), 256 * Hash::kSize);
  // From wide to narrow, so that what is kept is also cut.
  for (uint32_t width = 255; width >= 1; --width) {
    EXPECT_EQ(Get({.index = 1, .width = width}).body, full.substr(0, width * Hash::kSize));
    const Response part = Get({.is_bundle = true, .index = 1, .width = width});
    EXPECT_TRUE(tlog::DecodeBundle(part.body, width).ok());
    EXPECT_TRUE(bundle.starts_with(part.body));
    // The last, unfinished tile, of the leaves and of the tiles above them.
    EXPECT_EQ(Get({.index = 3, .width = width}).status, width <= 17 ? 200 : 404);
    EXPECT_EQ(Get({.level = 1, .index = 0, .width = width}).status, width <= 3 ? 200 : 404);
  }
  EXPECT_EQ(Get({.index = 3}).status, 404);
  EXPECT_EQ(Get({.level = 1, .index = 0}).status, 404);
  EXPECT_EQ(Get({.level = 7, .index = 0, .width = 1}).status, 404);
}

TEST_F(TilesTest, NothingIsAheadOfThePublishedCheckpoint) {
  Grow(300);
  Publish();
  const std::string before = Get({.index = 1, .width = 44}).body;
  Grow(70'000);  // the store goes on, the published checkpoint stays
  EXPECT_EQ(GetPath("/checkpoint").body, published_);
  EXPECT_EQ(GetPath("/log-keys").body, "keys of 300");
  EXPECT_EQ(Get({.index = 1}).status, 404);
  EXPECT_EQ(Get({.index = 1, .width = 45}).status, 404);
  EXPECT_EQ(Get({.is_bundle = true, .index = 1, .width = 45}).status, 404);
  EXPECT_EQ(Get({.index = 2, .width = 1}).status, 404);
  EXPECT_EQ(Get({.level = 1, .index = 0, .width = 2}).status, 404);
  EXPECT_EQ(Get({.index = 1, .width = 44}).body, before);
  EXPECT_EQ(Get({.index = 0}).status, 200);
  Publish();
  EXPECT_EQ(Get({.index = 1}).body.substr(0, before.size()), before);
}

TEST_F(TilesTest, PathsThatAreNoTilesAreNotFound) {
  Grow(300);
  Publish();
  for (const char* path :
       {"/tile/", "/tile/0/", "/tile/0/0", "/tile/0/0000", "/tile/0/x000/000", "/tile/0/000.p/0",
        "/tile/0/000.p/256", "/tile/0/000.p/01", "/tile/00/000", "/tile/8/000", "/tile/-1/000",
        "/tile/0/000/", "/tile/entries/", "/tile/data/000", "/tile/0/../0/000",
        "/tile/0/x018/x446/x744/x073/x709/x551/615", "/tile/0/x018/x446/x744/x073/x709/x551/616"}) {
    EXPECT_EQ(GetPath(path).status, 404) << path;
  }
}

TEST_F(TilesTest, AStoreThatCannotBeReadIsAFaultAndNotAnAbsence) {
  Grow(10);
  // A checkpoint that promises more than the store holds.
  published_ =
      tlog::SignCheckpoint({.size = 600, .root = edge_.Tree().Root()}, tlog::TestLogSigner())
          .value();
  EXPECT_EQ(Get({.index = 0}).status, 500);
  EXPECT_EQ(Get({.index = 2, .width = 88}).status, 500);
  EXPECT_EQ(Get({.is_bundle = true, .index = 0}).status, 500);
  published_ = "no note";
  EXPECT_EQ(Get({.index = 0, .width = 1}).status, 500);
}

TEST(Health, SaysWhatHinders) {
  std::vector<std::string> codes;
  const std::vector<Route> routes = HealthRoutes(
      [&] { return codes; }, [](metrics::Page& page) { page.AddGauge("chayan_x", "X.", 1); });
  const auto get = [&](size_t route) { return routes[route].handler({.method = "GET"}); };
  EXPECT_EQ(routes[1].path, "/readyz");
  EXPECT_EQ(get(1).status, 200);
  EXPECT_EQ(get(1).body, "ready\n");
  codes = {"draining", "log.stopped"};
  EXPECT_EQ(get(1).status, 503);
  EXPECT_EQ(get(1).body, "draining\nlog.stopped\n");
  EXPECT_EQ(get(0).status, 200);
  EXPECT_EQ(get(2).content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(get(2).body, "# HELP chayan_x X.\n# TYPE chayan_x gauge\nchayan_x 1\n");
}

}  // namespace
}  // namespace chayan::http
