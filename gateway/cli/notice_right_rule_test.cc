// Goal: a notice that its publisher had no right to is found, with why; one that the registry
// allows is not. Method: notices that the sample registry allows, then one thing a case that it
// does not.
#include "gateway/cli/notice_right_rule.h"

#include <gtest/gtest.h>

#include <functional>

#include "absl/strings/str_replace.h"
#include "gateway/cli/log_audit_for_test.h"

namespace chayan::cli {
namespace {

using ::testing::HasSubstr;

class NoticeRightTest : public LogAuditTest {
 protected:
  static log::Entry Death() {
    log::Entry entry;
    entry.type = log::EntryType::kNotice;
    entry.member = "hro-shanhua";
    entry.system = "counter";
    entry.acting_for = "hro-shanhua";
    entry.cert = crypto::Sha256("cert");
    entry.method = "PublishNotice";
    entry.kind = "person.death";
    entry.basis = "household-act-68";
    entry.person_proof = "none";
    entry.grant = "shanhua-person-death";
    entry.outcome = "ACCEPTED";
    entry.c_req = entry.c_res = entry.c_detail = crypto::Sha256("committed");
    return entry;
  }
  Findings Found() {
    log_.Export(directory_);
    const AuditReport report = Run();
    EXPECT_FALSE(report.first_lie.has_value()) << report.first_lie->what;
    return report.findings;
  }
};

TEST_F(NoticeRightTest, FindsNothingInWhatTheRegistryAllows) {
  log_.Append(Death());
  EXPECT_EQ(Found().count, 0u);
}

TEST_F(NoticeRightTest, NamesEachNoticeThatNoGrantAllowed) {
  struct Case {
    std::function<void(log::Entry&)> change;
    const char* why;
  };
  const Case cases[] = {
      {[](log::Entry& entry) { entry.system = "nobody"; }, "system: the set has no such"},
      {[](log::Entry& entry) {
         entry.member = "land-ad";
         entry.system = "adapter-1";
       },
       "system: its role is ROLE_ADAPTER"},
      {[](log::Entry& entry) { entry.acting_for = "hro-banqiao"; }, "office: the system acts for"},
      {[](log::Entry& entry) { entry.kind = "person.nothing"; }, "kind: the set has no such kind"},
      {[](log::Entry& entry) { entry.kind = "person.name"; }, "grant: the named grant is not"},
      {[](log::Entry& entry) { entry.basis = "conscription-rules-9"; },
       "legal_basis: granted legal bases"},
  };
  uint64_t index = 0;
  for (const Case& one : cases) {
    log::Entry entry = Death();
    one.change(entry);
    index = log_.Append(entry);
  }
  const Findings findings = Found();
  ASSERT_EQ(findings.count, std::size(cases));
  for (size_t i = 0; i < std::size(cases); ++i) {
    EXPECT_THAT(findings.kept[i].what, HasSubstr("was published though no grant allowed it"));
    EXPECT_THAT(findings.kept[i].how, HasSubstr(cases[i].why)) << i;
  }
  EXPECT_EQ(findings.kept.back().index, index);
}

TEST_F(NoticeRightTest, HoldsTheTimeAgainstTheGrantsDays) {
  registry::Files ended = registry::SampleFiles();
  for (auto& [name, content] : ended) {
    content = absl::StrReplaceAll(content, {{"id: \"shanhua-person-death\"",
                                             "id: \"shanhua-person-death\" not_after_time: "
                                             "\"2025-12-31T00:00:00Z\""}});
  }
  log_.SwitchRegistry(ended);
  log_.Append(Death());
  const Findings findings = Found();
  ASSERT_EQ(findings.count, 1u);
  EXPECT_THAT(findings.kept[0].how, HasSubstr("in_force"));
}

TEST_F(NoticeRightTest, NamesAFrameOfNoticesThatNoGrantAllowedInBulk) {
  log::Entry entry = Death();
  entry.type = log::EntryType::kBulk;
  entry.method = "PublishNotices";
  entry.c_req.reset();
  const uint64_t index = log_.Append(entry);
  entry.kind = "address.renumbered";
  entry.grant = "shanhua-address-renumbered";
  log_.Append(entry);
  const Findings findings = Found();
  ASSERT_EQ(findings.count, 1u);
  EXPECT_EQ(findings.kept[0].index, index);
  EXPECT_THAT(findings.kept[0].how, HasSubstr("no notices in bulk"));
}

}  // namespace
}  // namespace chayan::cli
