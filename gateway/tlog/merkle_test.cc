// Goal: the tree is that of RFC 6962, proofs made here verify and nothing else does. Method: known
// values; comparison with the recursive definition for every size to 80; all shared vectors, most
// of which are attacks; every tampering of every proof of small trees.
#include "gateway/tlog/merkle.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/crypto/digest.h"
#include "gateway/tlog/test_log.h"

namespace chayan::tlog {
namespace {

constexpr uint64_t kSizeMax = 80;

Hash FromHex(absl::string_view hex) { return Hash::FromRaw(HexDecode(hex).value()).value(); }

TEST(MerkleTest, HashesTheKnownValues) {
  EXPECT_EQ(LeafHash("").ToHex(),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  EXPECT_EQ(LeafHash("L123456").ToHex(),
            "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
  EXPECT_EQ(EmptyRoot().ToHex(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(NodeHash(FromHex("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
                     LeafHash(HexDecode("00").value()))
                .ToHex(),
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
}

// The eight leaves of certificate transparency's own tests.
std::vector<Hash> EightLeaves() {
  std::vector<Hash> hashes;
  for (const char* hex : {"", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                          "606162636465666768696a6b6c6d6e6f"}) {
    hashes.push_back(LeafHash(HexDecode(hex).value()));
  }
  return hashes;
}

absl::StatusOr<Hash> NodeOf(const std::vector<Hash>& leaves, const NodeId& node) {
  const uint64_t width = uint64_t{1} << node.level;
  if ((node.index + 1) * width > leaves.size()) return absl::NotFoundError("not a perfect node");
  return SlowRoot(leaves, node.index * width, (node.index + 1) * width);
}

std::vector<Hash> Inclusion(const std::vector<Hash>& leaves, uint64_t index, uint64_t size) {
  return InclusionProof(index, size, [&](const NodeId& node) { return NodeOf(leaves, node); })
      .value();
}

std::vector<Hash> Consistency(const std::vector<Hash>& leaves, uint64_t older, uint64_t newer) {
  return ConsistencyProof(older, newer, [&](const NodeId& node) { return NodeOf(leaves, node); })
      .value();
}

TEST(MerkleTest, GrowsThroughTheKnownRoots) {
  const char* const roots[] = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                               "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                               "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                               "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                               "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                               "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                               "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                               "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  CompactRange tree;
  for (const Hash& leaf : EightLeaves()) {
    tree.Append(leaf);
    EXPECT_EQ(tree.Root().ToHex(), roots[tree.size() - 1]);
  }
}

TEST(MerkleTest, MakesTheKnownProofs) {
  const std::vector<Hash> leaves = EightLeaves();
  const Hash left = FromHex("d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7");
  const Hash pair = FromHex("ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0");
  EXPECT_EQ(Inclusion(leaves, 5, 8),
            (std::vector<Hash>{
                FromHex("bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"), pair,
                left}));
  EXPECT_EQ(Consistency(leaves, 6, 8),
            (std::vector<Hash>{
                FromHex("0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"), pair,
                left}));
}

TEST(MerkleTest, RootIsThatOfTheDefinitionForEverySize) {
  const std::vector<Hash> leaves = TestLeafHashes(kSizeMax);
  CompactRange tree;
  for (uint64_t size = 0; size <= kSizeMax; ++size) {
    EXPECT_EQ(tree.Root(), SlowRoot(leaves, 0, size)) << size;
    EXPECT_EQ(RootOf(size, [&](const NodeId& node) { return NodeOf(leaves, node); }).value(),
              tree.Root());
    const absl::StatusOr<CompactRange> again = CompactRange::FromPeaks(size, tree.peaks());
    ASSERT_OK(again);
    EXPECT_EQ(*again, tree);
    std::vector<Hash> more = tree.peaks();
    more.push_back(EmptyRoot());
    EXPECT_FALSE(CompactRange::FromPeaks(size, more).ok());
    if (size < kSizeMax) tree.Append(leaves[size]);
  }
}

TEST(MerkleTest, ReachesTheRootOfSeventyThousandLeaves) {
  CompactRange tree;
  for (const Hash& hash : TestLeafHashes(70000)) {
    tree.Append(hash);
    if (tree.size() == 700) {
      EXPECT_EQ(tree.Root().ToBase64(), "oku2LLQt4G8XT3NEbeqirgZxmsC1xiMhYmrJlsG3jdo=");
    }
  }
  EXPECT_EQ(tree.Root().ToBase64(), "CptTEgeTOQj0L9VJf1i7FIbOyz4/MnKbvszR2u/VoHg=");
}

// Every way to spoil a proof that this test knows; none may verify.
template <typename Verifies>
void ExpectEveryTamperingRefused(const std::vector<Hash>& proof, Verifies verifies) {
  for (size_t i = 0; i < proof.size(); ++i) {
    std::vector<Hash> changed = proof;
    changed[i].bytes[i % 32] ^= 0x10;
    EXPECT_FALSE(verifies(changed));
    std::vector<Hash> shorter = proof;
    shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(verifies(shorter));
  }
  std::vector<Hash> longer = proof;
  longer.push_back(EmptyRoot());
  EXPECT_FALSE(verifies(longer));
  longer = proof;
  longer.insert(longer.begin(), EmptyRoot());
  EXPECT_FALSE(verifies(longer));
}

TEST(MerkleTest, InclusionProofsVerifyAndTamperedOnesDoNot) {
  const std::vector<Hash> leaves = TestLeafHashes(kSizeMax);
  for (uint64_t size = 1; size <= kSizeMax; ++size) {
    const Hash root = SlowRoot(leaves, 0, size);
    for (uint64_t index = 0; index < size; ++index) {
      const std::vector<Hash> proof = Inclusion(leaves, index, size);
      ASSERT_OK(VerifyInclusion(index, size, leaves[index], proof, root));
      EXPECT_FALSE(VerifyInclusion(index, size, EmptyRoot(), proof, root).ok());
      EXPECT_FALSE(VerifyInclusion(index, size, leaves[index], proof, EmptyRoot()).ok());
      EXPECT_FALSE(VerifyInclusion(index + 1, size, leaves[index], proof, root).ok());
      EXPECT_FALSE(VerifyInclusion(index ^ 1, size, leaves[index], proof, root).ok());
      EXPECT_FALSE(VerifyInclusion(index, 0, leaves[index], proof, root).ok());
      EXPECT_FALSE(VerifyInclusion(index, size * 2 + 1, leaves[index], proof, root).ok());
      if (size % 8 < 2) {
        ExpectEveryTamperingRefused(proof, [&](const std::vector<Hash>& changed) {
          return VerifyInclusion(index, size, leaves[index], changed, root).ok();
        });
      }
    }
    EXPECT_THAT(
        InclusionProof(size, size, [&](const NodeId& node) { return NodeOf(leaves, node); }),
        StatusIs(absl::StatusCode::kOutOfRange, testing::_));
  }
}

TEST(MerkleTest, ConsistencyProofsVerifyAndTamperedOnesDoNot) {
  const std::vector<Hash> leaves = TestLeafHashes(kSizeMax);
  for (uint64_t newer = 1; newer <= kSizeMax; ++newer) {
    const TreeHead newer_head = {newer, SlowRoot(leaves, 0, newer)};
    for (uint64_t older = 1; older <= newer; ++older) {
      const TreeHead older_head = {older, SlowRoot(leaves, 0, older)};
      const std::vector<Hash> proof = Consistency(leaves, older, newer);
      ASSERT_OK(VerifyConsistency(older_head, newer_head, proof));
      EXPECT_FALSE(VerifyConsistency({older, EmptyRoot()}, newer_head, proof).ok());
      EXPECT_FALSE(VerifyConsistency(older_head, {newer, EmptyRoot()}, proof).ok());
      EXPECT_FALSE(VerifyConsistency({0, EmptyRoot()}, newer_head, proof).ok());
      EXPECT_EQ(VerifyConsistency(newer_head, older_head, proof).ok(), older == newer);
      if (newer % 8 < 2) {
        ExpectEveryTamperingRefused(proof, [&](const std::vector<Hash>& changed) {
          return VerifyConsistency(older_head, newer_head, changed).ok();
        });
      }
    }
  }
  EXPECT_FALSE(ConsistencyProof(0, 3, [&](const NodeId& n) { return NodeOf(leaves, n); }).ok());
  EXPECT_FALSE(ConsistencyProof(4, 3, [&](const NodeId& n) { return NodeOf(leaves, n); }).ok());
}

TEST(MerkleTest, LargestSizesDoNotOverflow) {
  const std::vector<Hash> proof(64, EmptyRoot());
  const uint64_t largest = ~uint64_t{0};
  EXPECT_OK(RootFromInclusionProof(0, largest, EmptyRoot(), proof));
  EXPECT_FALSE(RootFromInclusionProof(largest, largest, EmptyRoot(), proof).ok());
  EXPECT_FALSE(VerifyConsistency({1, EmptyRoot()}, {largest, EmptyRoot()}, proof).ok());
  const auto node = [](const NodeId&) -> absl::StatusOr<Hash> { return EmptyRoot(); };
  EXPECT_EQ(InclusionProof(0, largest, node)->size(), 64u);
  EXPECT_OK(ConsistencyProof(largest - 1, largest, node));
}

// One vector: numbers and base64 fields by name.
class Vector {
 public:
  explicit Vector(const std::string& json) {
    const auto status = google::protobuf::util::JsonStringToMessage(json, &fields_);
    EXPECT_TRUE(status.ok()) << json;
  }

  // Numbers of the vectors are small, or -1 in 64 bits, which a JSON number cannot tell from 2^64.
  uint64_t Number(const std::string& name) const {
    const double number = fields_.fields().at(name).number_value();
    return number >= 0x1p64 ? ~uint64_t{0} : static_cast<uint64_t>(number);
  }
  // Nothing where the field is no hash: no caller of ours could pass it on.
  std::optional<Hash> OneHash(const std::string& name) const {
    return ToHash(fields_.fields().at(name).string_value());
  }
  // Some vectors have words in place of roots they only compare: their digests do as well.
  Hash Root(const std::string& name) const {
    const std::string raw = Base64Decode(fields_.fields().at(name).string_value()).value();
    return Hash::FromRaw(raw).value_or(crypto::Sha256(raw));
  }
  std::optional<std::vector<Hash>> Path() const {
    std::vector<Hash> path;
    const auto& field = fields_.fields().at("proof");
    for (const auto& value : field.list_value().values()) {
      const std::optional<Hash> hash = ToHash(value.string_value());
      if (!hash) return std::nullopt;
      path.push_back(*hash);
    }
    return path;
  }
  bool WantsError() const { return fields_.fields().at("wantErr").bool_value(); }

 private:
  static std::optional<Hash> ToHash(const std::string& base64) {
    const absl::StatusOr<Hash> hash = Hash::FromRaw(Base64Decode(base64).value());
    if (!hash.ok()) return std::nullopt;
    return *hash;
  }

  google::protobuf::Struct fields_;
};

bool InclusionHolds(const Vector& vector) {
  const auto leaf = vector.OneHash("leafHash");
  const auto root = vector.OneHash("root");
  const auto path = vector.Path();
  return leaf && root && path &&
         VerifyInclusion(vector.Number("leafIdx"), vector.Number("treeSize"), *leaf, *path, *root)
             .ok();
}

bool ConsistencyHolds(const Vector& vector) {
  const auto path = vector.Path();
  return path && VerifyConsistency({vector.Number("size1"), vector.Root("root1")},
                                   {vector.Number("size2"), vector.Root("root2")}, *path)
                     .ok();
}

void CheckVectors(const std::string& kind, bool (*holds)(const Vector&), int* good, int* bad) {
  const auto files = ReadTree(std::string(kSharedVectors) + "merkle/" + kind, ".json");
  if (!files.ok()) {
    std::cerr << "!!!! NOT RUN: the shared Merkle vectors are absent: " << files.status() << "\n";
    GTEST_SKIP() << files.status();
  }
  for (const auto& [path, json] : *files) {
    const Vector vector(json);
    EXPECT_EQ(holds(vector), !vector.WantsError()) << path;
    ++*(vector.WantsError() ? bad : good);
  }
  EXPECT_GT(*good, 0);
  EXPECT_GT(*bad, 0);
}

TEST(MerkleTest, AgreesWithAllSharedInclusionVectors) {
  int good = 0;
  int bad = 0;
  CheckVectors("inclusion", InclusionHolds, &good, &bad);
  std::cout << good << " good and " << bad << " bad inclusion vectors\n";
}

TEST(MerkleTest, AgreesWithAllSharedConsistencyVectors) {
  int good = 0;
  int bad = 0;
  CheckVectors("consistency", ConsistencyHolds, &good, &bad);
  std::cout << good << " good and " << bad << " bad consistency vectors\n";
}

}  // namespace
}  // namespace chayan::tlog
