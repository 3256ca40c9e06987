// Goal: who trusts one key of a log is led to its others by the log's own entries, and by nothing
// else. Method: chains written with real keys, then each lie that a chain can tell.
#include "gateway/log/key_chain.h"

#include "absl/strings/str_cat.h"
#include "gateway/base/random.h"
#include "gateway/base/status_matchers.h"
#include "gateway/log/entry.h"
#include "gateway/tlog/checkpoint.h"
#include "gateway/tlog/inclusion_check.h"
#include "gmock/gmock.h"

namespace chayan::log {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr char kOrigin[] = "gw.example/log/test";

crypto::Ed25519Key Key(uint64_t seed) {
  SeededRandom random(seed);
  return crypto::Ed25519Key::Generate(random);
}
tlog::VerifierKey Vkey(uint64_t seed) {
  return {kOrigin, tlog::KeyType::kEd25519, Key(seed).public_key().raw()};
}

std::string Leaf(const Entry& entry) { return RenderLeaf(entry, absl::UnixEpoch(), "gw-1"); }

ChainedEntry Genesis(uint64_t key) {
  Entry entry;
  entry.type = EntryType::kGenesis;
  entry.registry = crypto::Sha256("set");
  entry.origin = kOrigin;
  entry.vkey = Vkey(key).ToString();
  return {0, Leaf(entry)};
}

ChainedEntry Change(uint64_t index, const char* reason, uint64_t key, uint64_t signer) {
  Entry entry;
  entry.type = EntryType::kKey;
  entry.reason = reason;
  entry.vkey = Vkey(key).ToString();
  entry.sig = *Key(signer).Sign(KeyStatement(reason, entry.vkey));
  return {index, Leaf(entry)};
}

tlog::Policy Trust(uint64_t key) {
  return *tlog::Policy::Parse(absl::StrCat("log ", Vkey(key).ToString(), "\nquorum none\n"));
}

// The log's checkpoint of `size` entries, signed by one key.
std::string Note(uint64_t size, uint64_t key) {
  const tlog::NoteSigner signer(kOrigin, tlog::KeyType::kEd25519,
                                std::make_shared<crypto::Ed25519Key>(Key(key)));
  return *tlog::SignCheckpoint({.size = size, .root = crypto::Sha256("root")}, signer);
}

// Key 1, then 2 beside it, 1 gone, then 3 beside 2, 2 gone.
std::vector<ChainedEntry> TwoRotations() {
  return {Genesis(1), Change(10, kKeyAdded, 2, 1), Change(20, kKeyRetired, 1, 2),
          Change(30, kKeyAdded, 3, 2), Change(40, kKeyRetired, 2, 3)};
}

TEST(KeyChainTest, LeadsFromTheFirstKeyToTheLast) {
  const auto chain = KeyChain::Read(TwoRotations());
  ASSERT_OK(chain);
  EXPECT_THAT(chain->Follow(Trust(1)).logs(), SizeIs(3));
  EXPECT_OK(tlog::CheckCheckpoint(Note(50, 3), chain->Follow(Trust(1))));
  EXPECT_FALSE(tlog::CheckCheckpoint(Note(50, 3), Trust(1)).ok());
  EXPECT_THAT(chain->ActiveKeys(), testing::ElementsAre(Vkey(3).ToString()));
}

TEST(KeyChainTest, LeadsNoStrangerAnywhere) {
  const auto chain = KeyChain::Read(TwoRotations());
  ASSERT_OK(chain);
  EXPECT_THAT(chain->Follow(Trust(9)).logs(), SizeIs(1));
  // Who trusts a later key is led forward, not back.
  EXPECT_THAT(chain->Follow(Trust(3)).logs(), SizeIs(1));
  EXPECT_THAT(chain->Follow(Trust(2)).logs(), SizeIs(2));
}

TEST(KeyChainTest, ItsFileIsReadAsItWasWritten) {
  const auto chain = KeyChain::Read(TwoRotations());
  ASSERT_OK(chain);
  const auto again = KeyChain::Parse(chain->Format());
  ASSERT_OK(again);
  EXPECT_EQ(again->Format(), chain->Format());
  for (const char* bad : {"", "x", "0 {}\n", "0", "zero {}\n"}) {
    EXPECT_FALSE(KeyChain::Parse(bad).ok()) << bad;
  }
}

TEST(KeyChainTest, ARetiredKeySpeaksOnlyForWhatItSigned) {
  const auto chain = KeyChain::Read(TwoRotations());
  ASSERT_OK(chain);
  const tlog::Policy trust = chain->Follow(Trust(1));
  const auto check = [&](uint64_t size, uint64_t key) {
    return tlog::CheckCheckpoint(Note(size, key), trust).status();
  };
  EXPECT_OK(check(20, 1));
  EXPECT_THAT(check(21, 1), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("retired")));
  EXPECT_OK(check(21, 2));
  EXPECT_FALSE(check(41, 2).ok());
  EXPECT_OK(check(41, 3));
  // A later key may sign an earlier size again: it knows the log.
  EXPECT_OK(check(5, 3));
}

TEST(KeyChainTest, RefusesEveryChainThatNoLogCanHave) {
  const std::pair<const char*, std::vector<ChainedEntry>> lies[] = {
      {"no genesis", {Change(10, kKeyAdded, 2, 1)}},
      {"nothing", {}},
      {"a second genesis", {Genesis(1), {5, Genesis(1).leaf}}},
      {"signed by a stranger", {Genesis(1), Change(10, kKeyAdded, 2, 9)}},
      {"signed by itself", {Genesis(1), Change(10, kKeyAdded, 2, 2)}},
      {"signed by a key that was retired",
       {Genesis(1), Change(10, kKeyAdded, 2, 1), Change(20, kKeyRetired, 1, 2),
        Change(30, kKeyAdded, 3, 1)}},
      {"out of order", {Genesis(1), Change(10, kKeyAdded, 2, 1), Change(10, kKeyRetired, 1, 2)}},
      {"the last key sends itself away", {Genesis(1), Change(10, kKeyRetired, 1, 1)}},
      {"a key it never had", {Genesis(1), Change(10, kKeyRetired, 2, 1)}},
      {"a third key", {Genesis(1), Change(10, kKeyAdded, 2, 1), Change(20, kKeyAdded, 3, 1)}},
      {"a key that comes back",
       {Genesis(1), Change(10, kKeyAdded, 2, 1), Change(20, kKeyRetired, 1, 2),
        Change(30, kKeyAdded, 1, 2)}},
      {"another reason", {Genesis(1), Change(10, "KEY_LOST", 2, 1)}},
  };
  for (const auto& [what, entries] : lies) {
    EXPECT_THAT(KeyChain::Read(entries),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("log keys")))
        << what;
  }
}

}  // namespace
}  // namespace chayan::log
