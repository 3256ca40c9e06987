// Goal: what the log signed and should not have is found, each with why. Method: exchanges that the
// sample registry allows, then one thing a case that it does not.
#include "gateway/cli/conduct_rule.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "gateway/cli/log_audit_for_test.h"

namespace chayan::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class ConductTest : public LogAuditTest {
 protected:
  Findings Found() {
    std::filesystem::remove_all(directory_);
    log_.Export(directory_);
    const AuditReport report = Run();
    EXPECT_FALSE(report.first_lie.has_value()) << report.first_lie->what;
    return report.findings;
  }
  // A set that differs from the sample's by `from` in one of its files.
  static registry::Files Changed(absl::string_view from, absl::string_view to) {
    registry::Files files = registry::SampleFiles();
    int changed = 0;
    for (auto& [name, content] : files) {
      if (changed > 0 || !absl::StrContains(content, from)) continue;
      content.replace(content.find(std::string(from)), from.size(), std::string(to));
      ++changed;
    }
    CHAYAN_CHECK(changed == 1);
    return files;
  }
};

TEST_F(ConductTest, FindsNothingInWhatTheRegistryAllows) {
  log_.Ask({});
  log_.Ask({.status = "\x08\x07", .entry_reason = "NO_GRANT"});
  log_.AppendReads(3);
  EXPECT_EQ(Found().count, 0u);
}

TEST_F(ConductTest, NamesEachEntryThatNoGrantAllowed) {
  struct Case {
    const char* how;
    std::function<void(SampleLog::Exchange&)> change;
  };
  using Exchange = SampleLog::Exchange;
  const Case cases[] = {
      {"office: the system acts for", [](Exchange& e) { e.request.set_acting_for("hro-banqiao"); }},
      {"kind: the set has no such kind", [](Exchange& e) { e.entry_kind = "land.secret"; }},
      {"grant: the named grant is not the member's",
       [](Exchange& e) { e.entry_grant = "banqiao-land-title"; }},
      {"grant: the named grant is not the member's",
       [](Exchange& e) { e.entry_kind = "land.building"; }},
      {"purpose: granted purposes",
       [](Exchange& e) {
         e.request.mutable_purpose()->set_purpose_code("nationality.naturalisation");
       }},
      {"legal_basis: granted legal bases",
       [](Exchange& e) { e.request.mutable_purpose()->set_legal_basis("nationality-rules-9"); }},
      {"holder: the kind is held by", [](Exchange& e) { e.entry_holder = "nia"; }},
  };
  for (const Case& one : cases) {
    Exchange exchange;
    one.change(exchange);
    log_.Ask(exchange);
  }
  const Findings findings = Found();
  ASSERT_EQ(findings.count, std::size(cases));
  for (size_t i = 0; i < std::size(cases); ++i) {
    EXPECT_EQ(findings.kept[i].index, i + 1);
    EXPECT_THAT(findings.kept[i].what, HasSubstr("answered though no grant allowed it"));
    EXPECT_THAT(findings.kept[i].how, HasSubstr(cases[i].how));
  }
}

TEST_F(ConductTest, HoldsTheTimeAgainstTheGrantsHoursAndDays) {
  // The log's clock stands at 08:00 in Taiwan on 2026-01-01.
  const char* grant = "id: \"shanhua-land-title\"\n";
  log_.SwitchRegistry(
      Changed(grant, absl::StrCat(grant, "hours { from: \"08:00\" to: \"17:30\" }\n")));
  log_.Ask({});
  log_.Wait(absl::Hours(9) + absl::Minutes(31));
  log_.Ask({});  // began before 17:30
  log_.Wait(absl::Minutes(5));
  log_.Ask({});
  log_.SwitchRegistry(
      Changed(grant, absl::StrCat(grant, "not_after_time: \"2026-01-02T00:00:00Z\"\n")));
  log_.Ask({});
  log_.Wait(absl::Hours(24));
  log_.Ask({});
  const Findings findings = Found();
  ASSERT_EQ(findings.count, 2u);
  EXPECT_EQ(findings.kept[0].index, 4u);
  EXPECT_THAT(findings.kept[0].how, HasSubstr("hours: granted hours 08:00–17:30 in Taiwan"));
  EXPECT_EQ(findings.kept[1].index, 7u);
  EXPECT_THAT(findings.kept[1].how, HasSubstr("in_force: granted from open to 2026-01-02"));
}

TEST_F(ConductTest, NamesAQuestionByAGrantThatHadLapsed) {
  log_.Ask({});
  log_.Wait(absl::Hours(24) * 548);
  log_.Ask({});  // the last day
  log_.Wait(absl::Hours(24) * 551);
  log_.Ask({});
  const Findings findings = Found();
  ASSERT_EQ(findings.count, 1u);
  EXPECT_EQ(findings.kept[0].index, 3u);
  EXPECT_THAT(findings.kept[0].how, HasSubstr("grant_life: the grant was not used since"));
}

TEST_F(ConductTest, NamesAQuestionByAGrantWithoutDatesThatIsFiveYearsOld) {
  for (int i = 0; i < 5; ++i) {
    log_.Wait(absl::Hours(24) * 365);
    log_.Ask({});
  }
  log_.Wait(absl::Hours(24) * 4);
  log_.Ask({});
  const Findings findings = Found();
  ASSERT_EQ(findings.count, 1u);
  EXPECT_EQ(findings.kept[0].index, 6u);
  EXPECT_THAT(findings.kept[0].how, HasSubstr("grant_life: the grant has no dates"));
}

TEST_F(ConductTest, HoldsQuestionsAgainstWhatCountyAndKindDemand) {
  log_.SwitchRegistry(
      Changed("code: \"land.title\"", "code: \"land.title\" approval_required: true"));
  log_.Ask({});
  // The office is in county 67000.
  registry::Files files = registry::SampleFiles();
  files.emplace_back("county.textproto",
                     "county_rules { id: \"barred\" county: \"67000\" barred: true }");
  log_.SwitchRegistry(files);
  log_.Ask({});
  const Findings findings = Found();
  ASSERT_EQ(findings.count, 2u);
  EXPECT_THAT(findings.kept[0].how, HasSubstr("approval: a second person's approval is asked for"));
  EXPECT_THAT(findings.kept[1].how, AllOf(HasSubstr("county: county rules:"), HasSubstr("barred")));
}

TEST_F(ConductTest, NamesAnAnswerInAHoldersNameWithoutItsSignature) {
  log_.Ask({});
  std::string& leaf = log_.leaves().back();
  const size_t begin = leaf.find(",\"hsig\":");
  leaf.erase(begin, leaf.find(",\"c_req\"") - begin);
  const Findings findings = Found();
  ASSERT_EQ(findings.count, 1u);
  EXPECT_THAT(findings.kept[0].what, HasSubstr("in a holder's name that no holder signed"));
}

TEST_F(ConductTest, NamesASetThatIsNone) {
  log_.SwitchRegistry({{"a.textproto", "grants { id: \"x\" }\n"}});
  const Findings findings = Found();
  ASSERT_EQ(findings.count, 1u);
  EXPECT_EQ(findings.kept[0].index, 1u);
  EXPECT_THAT(findings.kept[0].how, HasSubstr("a.textproto:"));
}

}  // namespace
}  // namespace chayan::cli
