// Goal: an entry is decided by a registry set that the log put in force, and by none that it had
// put out before. Method: small logs that switch between two sets, exported; one lie a case.
#include "gateway/cli/registry_rule.h"

#include <gtest/gtest.h>

#include "gateway/cli/log_audit_for_test.h"

namespace chayan::cli {
namespace {

using ::testing::HasSubstr;

class RegistryAuditTest : public LogAuditTest {
 protected:
  // An entry that says which set decided.
  uint64_t AppendDecision(const registry::Files& files,
                          log::EntryType type = log::EntryType::kLink) {
    log::Entry entry;
    entry.type = type;
    entry.member = "land-ad";
    entry.system = "adapter-1";
    entry.method = "GetRegistrySet";
    entry.registry = registry::SetDigest(files);
    return log_.Append(entry);
  }
  std::optional<Lie> FirstLie() {
    std::filesystem::remove_all(directory_);
    log_.Export(directory_);
    return Run().first_lie;
  }
  // One more than is let pass after a switch, and later than any decision may end.
  void LetTheSwitchPass() {
    log_.AppendReads(1024);
    log_.Wait(absl::Minutes(4));
  }

  const registry::Files first_ = log_.registry();
  const registry::Files second_ = {{"a.textproto", "# second\n"}};
};

TEST_F(RegistryAuditTest, FollowsTheSetsThatEntriesPutInForce) {
  log_.SwitchRegistry(second_);
  AppendDecision(second_);
  log_.SwitchRegistry(first_);
  LetTheSwitchPass();
  AppendDecision(first_);
  EXPECT_FALSE(FirstLie().has_value());
  EXPECT_EQ(Run().registry_sets, 2u);
}

TEST_F(RegistryAuditTest, NamesAnEntryWhoseSetNoEarlierEntryPutInForce) {
  log_.AppendReads(5);
  log_.SwitchRegistry(second_, /*with_entry=*/false);
  const uint64_t index = AppendDecision(second_);
  log_.SwitchRegistry(second_);  // too late
  const std::optional<Lie> lie = FirstLie();
  ASSERT_TRUE(lie.has_value());
  EXPECT_THAT(lie->what, HasSubstr("names a registry set that no earlier entry put in force"));
  EXPECT_EQ(lie->index, index);
}

TEST_F(RegistryAuditTest, LetsDecisionsEndThatBeganBeforeTheSwitch) {
  log_.SwitchRegistry(second_);
  log_.Wait(absl::Minutes(4));
  log_.AppendReads(1000);
  AppendDecision(first_);  // few entries after
  EXPECT_FALSE(FirstLie().has_value());
  log_.SwitchRegistry(first_);
  log_.AppendReads(2000);
  AppendDecision(second_);  // many, in a short time
  EXPECT_FALSE(FirstLie().has_value());
}

TEST_F(RegistryAuditTest, NamesAnEntryThatASetDecidedWhichWasNoLongerInForce) {
  log_.SwitchRegistry(second_);
  LetTheSwitchPass();
  const uint64_t index = AppendDecision(first_);
  const std::optional<Lie> lie = FirstLie();
  ASSERT_TRUE(lie.has_value());
  EXPECT_THAT(lie->what, HasSubstr("decided by a registry set that was not in force"));
  EXPECT_THAT(lie->how, HasSubstr("entry 1 put another set in force, 1025 entries before"));
  EXPECT_EQ(lie->index, index);
}

TEST_F(RegistryAuditTest, LetsAuditorsReadEarlierSets) {
  log_.SwitchRegistry(second_);
  LetTheSwitchPass();
  AppendDecision(first_, log::EntryType::kRead);
  EXPECT_FALSE(FirstLie().has_value());
}

}  // namespace
}  // namespace chayan::cli
