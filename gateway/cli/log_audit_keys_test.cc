// Goal: an auditor with the first key on paper follows a log through its rotations, and is led
// nowhere by a key that the log did not announce, has retired, or announces in one place only.
// Method: a small log with a rotation, exported, then one lie a case.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "gateway/base/status_matchers.h"
#include "gateway/cli/log_audit.h"
#include "gateway/cli/sample_log_for_test.h"
#include "gateway/log/key_chain.h"

namespace chayan::cli {
namespace {

using ::testing::HasSubstr;

class LogAuditKeysTest : public ::testing::Test {
 protected:
  LogAuditKeysTest() : directory_(::testing::TempDir() + "/log_audit_keys_XXXXXX") {
    CHAYAN_CHECK(mkdtemp(directory_.data()) != nullptr);
    chain_.push_back({0, log_.leaves()[0]});
    log_.AppendReads(300);
    Change(log::kKeyAdded, next(), log_.log_signer());
    log_.AppendReads(3);
    Change(log::kKeyRetired, log_.log_signer(), next());
    log_.AppendReads(3);
    log_.Export(directory_);
    Publish(next());
    WriteChain(chain_);
  }
  ~LogAuditKeysTest() override { std::filesystem::remove_all(directory_); }

  tlog::NoteSigner SignerOf(uint64_t seed) const {
    SeededRandom random(seed);
    return {SampleLog::kOrigin, tlog::KeyType::kEd25519,
            std::make_shared<crypto::Ed25519Key>(crypto::Ed25519Key::Generate(random))};
  }
  tlog::NoteSigner next() const { return SignerOf(7); }

  void Change(const char* reason, const tlog::NoteSigner& key, const tlog::NoteSigner& by) {
    log::Entry entry;
    entry.type = log::EntryType::kKey;
    entry.reason = reason;
    entry.vkey = key.verifier_key().ToString();
    // A note's signature line ends in the base64 of key id and signature.
    const std::string line = *by.Sign(log::KeyStatement(reason, entry.vkey));
    const std::string bytes = *Base64Decode(line.substr(line.rfind(' ') + 1, 92));
    entry.sig = *crypto::Ed25519Signature::FromRaw(bytes.substr(4));
    const absl::Time time = log::ParseLeaf(log_.leaves().back())->time;
    chain_.push_back({log_.leaves().size(), log::RenderLeaf(entry, time, "gw-1")});
    log_.leaves().push_back(chain_.back().leaf);
  }
  void Publish(const tlog::NoteSigner& signer) {
    CHAYAN_CHECK(WriteFile(directory_ + "/checkpoint",
                           *tlog::SignCheckpoint(log_.Head(log_.leaves().size()), signer))
                     .ok());
  }
  void WriteChain(const std::vector<log::ChainedEntry>& entries) {
    std::string file;
    for (const log::ChainedEntry& each : entries) {
      absl::StrAppend(&file, each.index, " ", each.leaf, "\n");
    }
    CHAYAN_CHECK(WriteFile(directory_ + "/log-keys", file).ok());
  }
  AuditReport Run() {
    AuditOptions options;
    options.directory = directory_;
    const auto report = AuditLog(options, log_.Trust());
    CHAYAN_CHECK(report.ok());
    return *report;
  }
  void ExpectLie(const char* what) {
    const AuditReport report = Run();
    ASSERT_TRUE(report.first_lie.has_value());
    EXPECT_THAT(report.first_lie->what + "; " + report.first_lie->how, HasSubstr(what));
  }

  SampleLog log_;
  std::vector<log::ChainedEntry> chain_;
  std::string directory_;
};

TEST_F(LogAuditKeysTest, FollowsTheLogFromItsFirstKey) {
  const AuditReport report = Run();
  EXPECT_FALSE(report.first_lie.has_value())
      << report.first_lie->what << "; " << report.first_lie->how;
  EXPECT_EQ(report.entries, log_.leaves().size());
}

TEST_F(LogAuditKeysTest, NeedsTheChainToKnowTheNewKey) {
  std::filesystem::remove(directory_ + "/log-keys");
  ExpectLie("not signed by a trusted log");
}

TEST_F(LogAuditKeysTest, ARetiredKeySignsNothingMore) {
  Publish(log_.log_signer());
  ExpectLie("retired");
}

TEST_F(LogAuditKeysTest, AStrangersKeyLeadsNowhere) {
  Publish(SignerOf(9));
  ExpectLie("not signed by a trusted log");
  Change(log::kKeyAdded, SignerOf(9), SignerOf(9));
  WriteChain(chain_);
  ExpectLie("is not signed by a key that the log had then");
}

TEST_F(LogAuditKeysTest, AChangeThatTheChainHidesIsFound) {
  WriteChain({chain_[0], chain_[1]});
  ExpectLie("changes the keys of the log");
}

TEST_F(LogAuditKeysTest, AChangeThatOnlyTheChainHasIsFound) {
  // Announced rightly, but never recorded: the operator would keep it from the other auditors.
  Change(log::kKeyAdded, SignerOf(9), next());
  log_.leaves().pop_back();
  WriteChain(chain_);
  ExpectLie("does not change the log's keys");
}

}  // namespace
}  // namespace chayan::cli
