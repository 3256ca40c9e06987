// Goal: a backup becomes the log again only while nothing newer is known; otherwise a new log goes
// on that states the gap, and whoever holds the old log and receipts can tell whether it is true.
// Method: a real store and committer, copied while they run, then restored, refused or reopened.
#include "gateway/cli/backup.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/cli/log_audit.h"
#include "gateway/cli/log_reopen.h"
#include "gateway/cli/reopen_check.h"
#include "gateway/log/test_log.h"
#include "gateway/registry/snapshot.h"
#include "gateway/store/sqlite.h"
#include "gateway/store/test_folder.h"

namespace chayan::cli {
namespace {

using ::testing::HasSubstr;

constexpr char kNewOrigin[] = "gateway.example/log/test-2";

class BackupTest : public ::testing::Test {
 protected:
  BackupTest() {
    config_.set_gateway_name("gw-1");
    config_.set_log_origin(log::kTestOrigin);
    config_.set_store_file(folder_ / "store.db");
    config_.set_head_file(folder_ / "head");
    EXPECT_OK(WriteFile(folder_ / "gateway.textproto", "# settings\n"));
    Start();
    Append(300);
  }

  void Start() {
    Stop();
    auto store = store::SqliteStore::Open(config_.store_file());
    ASSERT_OK(store);
    store_ = *std::move(store);
    const registry::Files files = {{"a.textproto", "# a\n"}};
    auto committer = log::Committer::Create(
        {.gateway = "gw-1", .origin = config_.log_origin(), .head_file = config_.head_file()},
        *store_, key_, clock_, random_, store::RegistrySet{registry::SetDigest(files), files});
    ASSERT_OK(committer);
    committer_ = *std::move(committer);
  }
  void Stop() {
    committer_.reset();
    store_.reset();
  }
  void Append(int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_OK(log::SubmitOne(*committer_, log::TestEntry("SOMETHING")));
    }
  }
  absl::StatusOr<BackupFacts> Backup(const std::string& name) {
    LogKeys keys;
    keys.now = std::make_unique<crypto::Ed25519Key>(key_);
    return MakeBackup(config_, folder_ / "gateway.textproto", keys, folder_ / name, clock_);
  }
  // The store is lost; the guard file survives or not.
  void LoseStore(bool guard_too) {
    Stop();
    std::filesystem::remove(config_.store_file());
    if (guard_too) std::filesystem::remove(config_.head_file());
  }
  v1::GatewayConfig NewConfig() {
    v1::GatewayConfig config = config_;
    config.set_log_origin(kNewOrigin);
    config.set_store_file(folder_ / "new.db");
    config.set_head_file(folder_ / "new-head");
    config.set_vault_key_directory(folder_ / "new-vault-keys");
    return config;
  }
  absl::StatusOr<Reopened> Reopen(const std::string& backup, std::vector<KeptCheckpoint> kept) {
    return ReopenLog(NewConfig(), new_key_, {folder_ / backup, "", std::move(kept), ""},
                     "LOG_RESTORED", clock_, random_);
  }
  tlog::Policy Trust() const {
    return *tlog::Policy::Parse(absl::StrCat(
        "log ", log::TestVerifierKey(key_).ToString(), "\nlog ",
        tlog::VerifierKey(kNewOrigin, tlog::KeyType::kEd25519, new_key_.public_key().raw())
            .ToString(),
        "\nquorum none\n"));
  }
  std::string ReopenLeaf() {
    const auto store = store::SqliteStore::Open(folder_ / "new.db");
    EXPECT_OK(store);
    const auto leaves = (*store)->ReadLeaves(0, 10, 1 << 20);
    EXPECT_OK(leaves);
    EXPECT_EQ(leaves->size(), 2u);
    return leaves->back();
  }

  store::TestFolder folder_;
  SimulatedClock clock_{absl::FromUnixSeconds(1767225600)};
  SystemRandom random_;
  const crypto::Ed25519Key key_ = log::TestKey(1);
  const crypto::Ed25519Key new_key_ = log::TestKey(2);
  v1::GatewayConfig config_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<log::Committer> committer_;
};

TEST_F(BackupTest, OfARunningGatewayItIsRestoredAndGoesOnAsTheSameLog) {
  const auto facts = Backup("backup");
  ASSERT_OK(facts);
  EXPECT_EQ(facts->origin, log::kTestOrigin);
  EXPECT_EQ(facts->size, 301u);
  Append(1);  // the gateway was not held up
  Stop();
  LoseStore(/*guard_too=*/true);
  ASSERT_OK(Restore(config_, folder_ / "backup", {.nothing_newer = true}));
  Start();
  EXPECT_EQ(committer_->Status().size, 301u);
  EXPECT_OK(log::CheckWholeLog(*store_));
}

TEST_F(BackupTest, HoldsNoKeys) {
  ASSERT_OK(Backup("backup"));
  const auto files = ReadTree(folder_ / "backup", "");
  ASSERT_OK(files);
  for (const auto& [name, content] : *files) {
    EXPECT_THAT(name, testing::AnyOf("store.sqlite", "head", "gateway.textproto", "manifest"));
  }
}

TEST_F(BackupTest, IsRefusedAsTheSameLogWhenTheGuardFileHasSeenMore) {
  ASSERT_OK(Backup("backup"));
  Append(5);
  LoseStore(/*guard_too=*/false);
  EXPECT_THAT(Restore(config_, folder_ / "backup", {.nothing_newer = true}),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("the log had 306 entries, the backup has 301")));
  EXPECT_FALSE(std::filesystem::exists(config_.store_file()));
}

TEST_F(BackupTest, IsRefusedAsTheSameLogWhenAnybodyHasANewerCheckpoint) {
  ASSERT_OK(Backup("backup"));
  Append(5);
  const std::string newer = committer_->Checkpoint();
  LoseStore(/*guard_too=*/true);
  EXPECT_THAT(Restore(config_, folder_ / "backup", {.kept = {{"auditor", newer}}}),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("chayan log reopen")));
  EXPECT_THAT(Restore(config_, folder_ / "backup", {}),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("--checkpoint")));
}

TEST_F(BackupTest, IsRefusedWhenItIsOfAnotherHistory) {
  ASSERT_OK(Backup("backup"));
  const tlog::NoteSigner signer(log::kTestOrigin, tlog::KeyType::kEd25519,
                                std::make_shared<crypto::Ed25519Key>(key_));
  const std::string forked =
      *tlog::SignCheckpoint({.size = 200, .root = crypto::Sha256("another")}, signer);
  LoseStore(true);
  EXPECT_THAT(Restore(config_, folder_ / "backup", {.kept = {{"auditor", forked}}}),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("another history")));
}

TEST_F(BackupTest, OverwritesNothingAndBelievesNoChangedFile) {
  ASSERT_OK(Backup("backup"));
  EXPECT_THAT(Restore(config_, folder_ / "backup", {.nothing_newer = true}),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("never overwritten")));
  EXPECT_THAT(Backup("backup"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("not empty")));
  LoseStore(true);
  const std::string copy = folder_ / "backup/store.sqlite";
  std::string bytes = *ReadFile(copy);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  ASSERT_OK(WriteFile(copy, bytes));
  EXPECT_THAT(Restore(config_, folder_ / "backup", {.nothing_newer = true}),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("not what the manifest says")));
  std::filesystem::remove(folder_ / "backup/manifest");
  EXPECT_THAT(Restore(config_, folder_ / "backup", {.nothing_newer = true}),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("no manifest")));
}

TEST_F(BackupTest, ANewLogCarriesTheLastCheckpointAndStatesWhatIsLost) {
  ASSERT_OK(Backup("backup"));
  Append(5);
  const std::string newest = committer_->Checkpoint();
  Stop();
  const auto reopened = Reopen("backup", {{"auditor", newest}});
  ASSERT_OK(reopened);
  EXPECT_EQ(reopened->old_size, 306u);
  EXPECT_EQ(reopened->lost, 301u);

  ASSERT_OK(ExportBackup(folder_ / "backup", folder_ / "export", Trust()));
  const std::string leaf = ReopenLeaf();
  const auto report = CheckReopening(leaf, folder_ / "export", Trust(), {});
  ASSERT_OK(report);
  EXPECT_FALSE(report->first_lie.has_value()) << report->first_lie->what;
  EXPECT_EQ(report->size, 306u);
  EXPECT_EQ(report->lost, 301u);
  EXPECT_EQ(report->read, 301u);

  // Each number of it is held by a signature or by the export.
  for (const auto& [from, to] :
       {std::pair("\"size\":306", "\"size\":307"), std::pair("\"lost\":301", "\"lost\":302"),
        std::pair("log/test\"", "log/other\"")}) {
    const std::string lie = absl::StrReplaceAll(leaf, {{from, to}});
    ASSERT_NE(lie, leaf);
    const auto found = CheckReopening(lie, folder_ / "export", Trust(), {});
    ASSERT_OK(found);
    EXPECT_TRUE(found->first_lie.has_value()) << to;
  }
}

TEST_F(BackupTest, AMirrorOfTheOldLogShowsThatNothingIsLost) {
  Append(5);
  ASSERT_OK(Backup("late"));
  Stop();
  const auto reopened = Reopen("late", {});
  ASSERT_OK(reopened);
  EXPECT_EQ(reopened->lost, reopened->old_size);
  ASSERT_OK(ExportBackup(folder_ / "late", folder_ / "export", Trust()));
  const auto report = CheckReopening(ReopenLeaf(), folder_ / "export", Trust(), {});
  ASSERT_OK(report);
  EXPECT_FALSE(report->first_lie.has_value()) << report->first_lie->what;
}

TEST_F(BackupTest, WhatAMirrorHasIsNotLost) {
  ASSERT_OK(Backup("backup"));
  Append(5);
  ASSERT_OK(Backup("later"));
  ASSERT_OK(ExportBackup(folder_ / "later", folder_ / "mirror", Trust()));
  Append(3);
  const std::string newest = committer_->Checkpoint();
  Stop();
  const OldLog old = {folder_ / "backup", folder_ / "mirror", {{"auditor", newest}}, ""};
  const auto reopened = ReopenLog(NewConfig(), new_key_, old, "LOG_RESTORED", clock_, random_);
  ASSERT_OK(reopened);
  EXPECT_EQ(reopened->old_size, 309u);
  EXPECT_EQ(reopened->lost, 306u);
  const auto report = CheckReopening(ReopenLeaf(), folder_ / "mirror", Trust(), {});
  ASSERT_OK(report);
  EXPECT_FALSE(report->first_lie.has_value()) << report->first_lie->what;
  // The backup alone does not reach as far as is said to be kept.
  ASSERT_OK(ExportBackup(folder_ / "backup", folder_ / "export", Trust()));
  const auto shorter = CheckReopening(ReopenLeaf(), folder_ / "export", Trust(), {});
  ASSERT_OK(shorter);
  EXPECT_TRUE(shorter->first_lie.has_value());
}

TEST_F(BackupTest, AMirrorThatDoesNotHoldIsRefused) {
  ASSERT_OK(Backup("backup"));
  Append(5);
  ASSERT_OK(Backup("later"));
  ASSERT_OK(ExportBackup(folder_ / "later", folder_ / "mirror", Trust()));
  Stop();
  const std::string bundle = folder_ / "mirror/tile/entries/001.p/50";
  auto bytes = ReadFile(bundle);
  ASSERT_OK(bytes);
  bytes->back() = '!';
  ASSERT_OK(WriteFile(bundle, *bytes));
  EXPECT_THAT(ReopenLog(NewConfig(), new_key_, {folder_ / "backup", folder_ / "mirror", {}, ""},
                        "LOG_RESTORED", clock_, random_),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("--mirror")));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "new.db"));
}

TEST_F(BackupTest, ANewLogNeedsAnotherOriginKeyAndStore) {
  ASSERT_OK(Backup("backup"));
  Stop();
  EXPECT_THAT(ReopenLog(config_, new_key_, {folder_ / "backup", "", {}, ""}, "LOG_RESTORED", clock_,
                        random_),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("log_origin")));
  EXPECT_THAT(ReopenLog(NewConfig(), key_, {folder_ / "backup", "", {}, ""}, "LOG_RESTORED", clock_,
                        random_),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("make a new one")));
  ASSERT_OK(MakeDirectories(folder_ / "new-vault-keys"));
  ASSERT_OK(WriteFile(folder_ / "new-vault-keys/2026-01.permanent.key", "wrapped\n"));
  EXPECT_THAT(Reopen("backup", {}),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("vault_key_directory")));
  std::filesystem::remove_all(folder_ / "new-vault-keys");
  ASSERT_OK(Reopen("backup", {}));
  EXPECT_THAT(Reopen("backup", {}),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("holds a log already")));
}

}  // namespace
}  // namespace chayan::cli
