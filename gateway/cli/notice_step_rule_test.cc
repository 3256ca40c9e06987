// Goal: a step of a delivery that nobody asked for or took is found, at its entry; an honest log
// has none. Method: steps as the gateway writes them, with one thing a case that it never writes.
#include "gateway/cli/notice_step_rule.h"

#include <functional>

#include "gateway/cli/log_audit_for_test.h"

namespace chayan::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class NoticeStepRuleTest : public LogAuditTest {
 protected:
  static log::Entry Commitments(log::EntryType type) {
    log::Entry entry;
    entry.type = type;
    entry.cert = crypto::Sha256("cert");
    entry.kind = "person.name";
    entry.c_req = entry.c_res = entry.c_detail = crypto::Sha256("commitment");
    return entry;
  }
  static log::Entry Notice() {
    log::Entry entry = Commitments(log::EntryType::kNotice);
    entry.member = entry.acting_for = "hro-shanhua";
    entry.system = "counter";
    entry.method = "PublishNotice";
    entry.basis = "household-act-68";
    entry.person_proof = "none";
    entry.grant = "shanhua-person-name";
    entry.outcome = "ACCEPTED";
    return entry;
  }
  static log::Entry Step(log::EntryType type, uint64_t notice) {
    log::Entry entry = Commitments(type);
    entry.member = entry.holder = "land-qd";
    entry.system = "adapter-1";
    entry.method = "Connect";
    entry.outcome = type == log::EntryType::kDelivery ? "DELIVERED" : "ACKNOWLEDGED";
    if (type == log::EntryType::kDelivery) entry.by = "holder";
    entry.ref = notice;
    entry.hsig = crypto::Sha256("signature");
    return entry;
  }
  static log::Entry None(const char* recipient) {
    log::Entry entry;
    entry.type = log::EntryType::kDelivery;
    entry.kind = "person.death";
    entry.holder = recipient;
    entry.outcome = "NONE";
    entry.reason = "NONE_TODAY";
    entry.by = "gateway";
    return entry;
  }
  Findings Audit() {
    std::filesystem::remove_all(directory_);
    log_.Export(directory_);
    const AuditReport report = Run();
    EXPECT_FALSE(report.first_lie.has_value()) << report.first_lie->what;
    return report.findings;
  }
  // What is found of the last entry, of which this was changed.
  std::string Found(log::Entry entry, const std::function<void(log::Entry&)>& change) {
    const SampleLog honest = log_;
    change(entry);
    const uint64_t index = log_.Append(std::move(entry));
    const Findings findings = Audit();
    log_ = honest;
    EXPECT_THAT(findings.kept, SizeIs(1));
    if (findings.kept.size() != 1) return {};
    EXPECT_EQ(findings.kept[0].index, index);
    return findings.kept[0].what + ": " + findings.kept[0].how;
  }
};

TEST_F(NoticeStepRuleTest, FindsNothingInAnHonestLog) {
  const uint64_t notice = log_.Append(Notice());
  log_.Append(Step(log::EntryType::kDelivery, notice));
  log_.Append(Step(log::EntryType::kAcknowledgement, notice));
  log_.Append(None("labor-insurance"));
  // A delivery that is given up is the gateway's own doing.
  log::Entry dead = Step(log::EntryType::kDelivery, notice);
  dead.member = dead.system = dead.method = "";
  dead.cert.reset();
  dead.hsig.reset();
  dead.outcome = "DEAD";
  dead.reason = "EXPIRED";
  dead.by = "gateway";
  log_.Append(dead);
  EXPECT_THAT(Audit().kept, IsEmpty());
}

TEST_F(NoticeStepRuleTest, FindsStepsThatNobodyAskedForOrTook) {
  const uint64_t notice = log_.Append(Notice());
  const log::Entry delivery = Step(log::EntryType::kDelivery, notice);
  const log::Entry acted = Step(log::EntryType::kAcknowledgement, notice);
  EXPECT_THAT(Found(delivery, [](auto& e) { e.holder = e.member = "nhi-hospital"; }),
              HasSubstr("no subscription asked for"));
  EXPECT_THAT(Found(delivery, [&](auto& e) { e.ref = notice - 1; }),
              HasSubstr("is a step of no notice"));
  EXPECT_THAT(Found(acted, [](auto& e) { e.ref = 1'000'000; }),
              HasSubstr("is a step of no notice"));
  EXPECT_THAT(Found(delivery, [](auto& e) { e.member = "land-ad"; }),
              HasSubstr("word that somebody else said: land-qd's, by land-ad"));
  EXPECT_THAT(Found(acted, [](auto& e) { e.hsig.reset(); }),
              HasSubstr("word that it did not sign"));
  EXPECT_THAT(Found(None("nhi"), [](auto&) {}), HasSubstr("there is no schedule"));
  log::Entry frame = delivery;
  frame.type = log::EntryType::kBulk;
  frame.kind = frame.by = "";
  frame.c_req.reset();
  frame.ref.reset();
  EXPECT_THAT(Found(frame, [](auto& e) { e.member = "land-ad"; }),
              HasSubstr("word that somebody else said: land-qd's, by land-ad"));
  EXPECT_THAT(Found(frame, [](auto& e) { e.hsig.reset(); }),
              HasSubstr("word that it did not sign"));
}

}  // namespace
}  // namespace chayan::cli
