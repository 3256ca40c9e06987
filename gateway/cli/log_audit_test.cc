// Goal: an honest export passes; each way of falsifying one is found, named and placed. Method:
// small logs with their own keys, exported by the test itself, then forged one attack a case. Sizes
// lie on both sides of a bundle's and a tile's edge.
#include "gateway/cli/log_audit.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gateway/base/status_matchers.h"
#include "gateway/cli/sample_log_for_test.h"

namespace chayan::cli {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

class LogAuditTest : public ::testing::Test {
 protected:
  LogAuditTest() : directory_(::testing::TempDir() + "/log_audit_XXXXXX") {
    CHAYAN_CHECK(mkdtemp(directory_.data()) != nullptr);
  }
  ~LogAuditTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  AuditReport Run(AuditOptions options = {}) {
    options.directory = directory_;
    const auto report = AuditLog(options, log_.Trust());
    CHAYAN_CHECK(report.ok());
    return *report;
  }
  std::string Read(const std::string& path) { return *ReadFile(directory_ + "/" + path); }
  void Write(const std::string& path, absl::string_view bytes) {
    CHAYAN_CHECK(WriteFile(directory_ + "/" + path, bytes).ok());
  }
  // Bundle 1 of a 600-entry log, taken apart.
  std::vector<std::string> Bundle(const std::string& path, uint32_t width) {
    const std::string bytes = Read(path);
    std::vector<std::string> entries;
    const std::vector<absl::string_view> views = *tlog::DecodeBundle(bytes, width);
    for (const absl::string_view entry : views) entries.emplace_back(entry);
    return entries;
  }
  void PutBundle(const std::string& path, const std::vector<std::string>& entries) {
    std::string bytes;
    for (const std::string& entry : entries) tlog::AppendBundleEntry(bytes, entry);
    Write(path, bytes);
  }

  SampleLog log_;
  std::string directory_;
};

TEST_F(LogAuditTest, ProvesHonestExportsOfEverySizeAroundTheEdges) {
  for (const int size : {1, 2, 255, 256, 257, 511, 512, 700}) {
    log_.AppendReads(size - static_cast<int>(log_.leaves().size()));
    std::filesystem::remove_all(directory_);
    log_.Export(directory_);
    const AuditReport report = Run();
    EXPECT_FALSE(report.first_lie.has_value())
        << size << ": " << report.first_lie->what << "; " << report.first_lie->how;
    EXPECT_EQ(report.entries, static_cast<uint64_t>(size));
    EXPECT_EQ(report.registry_sets, 1u);
  }
}

TEST_F(LogAuditTest, ProvesALogWithTwoLevelsOfTiles) {
  log_.AppendReads(65'800);
  log_.Export(directory_);
  const AuditReport report = Run();
  EXPECT_FALSE(report.first_lie.has_value()) << report.first_lie->what;
  EXPECT_EQ(report.entries, 65'801u);
}

struct Forgery {
  const char* name;
  const char* what;
  std::optional<uint64_t> index;
  const char* how;
  std::function<void()> forge;
};

TEST_F(LogAuditTest, NamesTheFirstLieOfEachForgery) {
  constexpr char kBundle1[] = "tile/entries/001";
  constexpr char kBundle2[] = "tile/entries/002.p/88";
  const std::string set = "registry/" + registry::SetDigest(log_.registry()).ToHex();
  const std::vector<Forgery> forgeries = {
      {"deleted entry", "entry 300 was deleted", 300, "holds 255 readable entries in place of 256",
       [&] {
         auto entries = Bundle(kBundle1, 256);
         entries.erase(entries.begin() + 44);
         PutBundle(kBundle1, entries);
       }},
      {"two entries swapped", "entry 300 and 301 were swapped", 300, "entry 301 is older",
       [&] {
         auto entries = Bundle(kBundle1, 256);
         std::swap(entries[44], entries[45]);
         PutBundle(kBundle1, entries);
       }},
      {"changed entry", "entry 300 is not the one that was signed", 300,
       "the tiles give the signed root",
       [&] {
         auto entries = Bundle(kBundle1, 256);
         entries[44] = absl::StrReplaceAll(entries[44], {{"auditor-1", "auditor-2"}});
         PutBundle(kBundle1, entries);
       }},
      {"cut tail", "entry 512 and those behind it are missing", 512,
       "the checkpoint signs 600 entries",
       [&] { std::filesystem::remove_all(directory_ + "/tile/entries/002.p"); }},
      {"cut within the last bundle", "entry 590 was deleted", 590, "78 readable entries",
       [&] {
         auto entries = Bundle(kBundle2, 88);
         entries.resize(78);
         PutBundle(kBundle2, entries);
       }},
      {"an entry too many", "entry 512 was inserted", 512, "89 readable",
       [&] {
         auto entries = Bundle(kBundle2, 88);
         entries.insert(entries.begin(), entries[3]);
         PutBundle(kBundle2, entries);
       }},
      {"changed tile", "tile/0/001 holds a wrong hash of entry 300", 300,
       "the entries themselves give the signed root",
       [&] {
         std::string tile = Read("tile/0/001");
         tile[44 * 32] = static_cast<char>(tile[44 * 32] ^ 1);
         Write("tile/0/001", tile);
       }},
      {"changed upper tile", "tile/1/000.p/2 holds a wrong hash", 256, "256 entries from 256",
       [&] {
         std::string tile = Read("tile/1/000.p/2");
         tile[33] = static_cast<char>(tile[33] ^ 1);
         Write("tile/1/000.p/2", tile);
       }},
      {"missing tile", "tile/0/001 is missing", 256, "needs it",
       [&] { std::filesystem::remove(directory_ + "/tile/0/001"); }},
      {"no genesis", "the first entry is no genesis entry", 0, "begins once",
       [&] {
         auto entries = Bundle("tile/entries/000", 256);
         entries[0] = entries[1];
         PutBundle("tile/entries/000", entries);
         // With its tile, so that only the form speaks.
         std::string tile = Read("tile/0/000");
         tile.replace(0, 32, tlog::LeafHash(entries[0]).ToString());
         Write("tile/0/000", tile);
       }},
      {"time goes back", "entry 301 is older", 301, "never goes back",
       [&] {
         auto entries = Bundle(kBundle1, 256);
         entries[45] = absl::StrReplaceAll(entries[45], {{"\"t\":\"2026", "\"t\":\"2025"}});
         PutBundle(kBundle1, entries);
         std::string tile = Read("tile/0/001");
         tile.replace(45 * 32, 32, tlog::LeafHash(entries[45]).ToString());
         Write("tile/0/001", tile);
       }},
      {"an entry that is none", "entry 300 has not the form of an entry", 300, "leaf:",
       [&] {
         auto entries = Bundle(kBundle1, 256);
         entries[44] = "{\"v\":1}";
         PutBundle(kBundle1, entries);
         std::string tile = Read("tile/0/001");
         tile.replace(44 * 32, 32, tlog::LeafHash(entries[44]).ToString());
         Write("tile/0/001", tile);
       }},
      {"changed registry file", "was changed", 0, "another digest",
       [&] { Write(set + "/land.textproto", "# more land\n"); }},
      {"added registry file", "was changed", 0, "another digest",
       [&] { Write(set + "/z.textproto", "# more\n"); }},
      {"missing registry set", "registry set that decided is missing", 0, "there is no registry/",
       [&] { std::filesystem::remove_all(directory_ + "/" + set); }},
      {"checkpoint of a stranger", "not signed by a log of the trust file", std::nullopt,
       "bad signature",
       [&] {
         Write("checkpoint", absl::StrReplaceAll(Read("checkpoint"), {{"\n600\n", "\n599\n"}}));
       }},
      {"no checkpoint", "no checkpoint", std::nullopt, "checkpoint",
       [&] { std::filesystem::remove(directory_ + "/checkpoint"); }},
  };
  log_.AppendReads(599);
  for (const Forgery& forgery : forgeries) {
    std::filesystem::remove_all(directory_);
    log_.Export(directory_);
    forgery.forge();
    const AuditReport report = Run();
    ASSERT_TRUE(report.first_lie.has_value()) << forgery.name;
    EXPECT_THAT(report.first_lie->what, HasSubstr(forgery.what)) << forgery.name;
    EXPECT_THAT(report.first_lie->how, HasSubstr(forgery.how)) << forgery.name;
    EXPECT_EQ(report.first_lie->index, forgery.index) << forgery.name;
  }
}

TEST_F(LogAuditTest, NamesTwoSwappedEntriesOfOneMillisecond) {
  log_.AppendReads(20);
  // A second entry of the same millisecond as entry 10.
  std::string& twin = log_.leaves()[11];
  const std::string& first = log_.leaves()[10];
  twin.replace(0, 40, first.substr(0, 40));
  log_.Export(directory_);
  ASSERT_FALSE(Run().first_lie.has_value());
  auto entries = Bundle("tile/entries/000.p/21", 21);
  std::swap(entries[10], entries[11]);
  PutBundle("tile/entries/000.p/21", entries);
  const AuditReport report = Run();
  ASSERT_TRUE(report.first_lie.has_value());
  EXPECT_EQ(report.first_lie->what, "entry 10 and 11 were swapped");
  EXPECT_EQ(report.first_lie->index, 10u);
  EXPECT_THAT(report.first_lie->how, HasSubstr("the tiles give the signed root"));
}

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

// What the log signed and should not have.
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
  registry::Files files = Changed("id: \"hro-shanhua\"", "id: \"hro-shanhua\" county: \"67000\"");
  files.emplace_back("county.textproto",
                     "county_rules { id: \"tainan\" county: \"67000\" barred: true }");
  log_.SwitchRegistry(files);
  log_.Ask({});
  const Findings findings = Found();
  ASSERT_EQ(findings.count, 2u);
  EXPECT_THAT(findings.kept[0].how, HasSubstr("approval: a second person's approval is asked for"));
  EXPECT_THAT(findings.kept[1].how, HasSubstr("county: county rules: tainan"));
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

TEST_F(LogAuditTest, NamesTwoReceiptsThatPromiseDifferentEntries) {
  v1::EvidenceFile first = log_.Ask({});
  log_.Prove(first);
  SampleLog other = log_;
  other.leaves().pop_back();
  v1::EvidenceFile second = other.Ask({});
  other.Prove(second);
  log_.Export(directory_);
  AuditOptions options;
  options.receipts = {{"a.chayan", first.SerializeAsString()},
                      {"b.chayan", second.SerializeAsString()}};
  const AuditReport report = Run(options);
  ASSERT_TRUE(report.first_lie.has_value());
  EXPECT_THAT(report.first_lie->what, HasSubstr("promised two different entries as entry 1"));
}

class RewrittenLogTest : public LogAuditTest {
 protected:
  // Entries and tiles recomputed together from a forged history; only the signature is honest.
  void ExportForgedHistory(size_t changed) {
    log_.Export(directory_);
    const std::string checkpoint = Read("checkpoint");
    SampleLog forged = log_;
    std::string& leaf = forged.leaves()[changed];
    leaf = absl::StrReplaceAll(leaf, {{"auditor-1", "auditor-9"}});
    std::filesystem::remove_all(directory_);
    forged.Export(directory_);
    forged_checkpoint_ = Read("checkpoint");
    Write("checkpoint", checkpoint);
  }
  std::string forged_checkpoint_;
};

TEST_F(RewrittenLogTest, IsFoundByTheSignatureAlone) {
  log_.AppendReads(599);
  ExportForgedHistory(450);
  const AuditReport report = Run();
  ASSERT_TRUE(report.first_lie.has_value());
  EXPECT_THAT(report.first_lie->what, HasSubstr("rewritten, entries and tiles together"));
}

TEST_F(RewrittenLogTest, IsNarrowedDownByAnOldCheckpoint) {
  log_.AppendReads(599);
  const std::string old = log_.CheckpointAt(400);
  ExportForgedHistory(450);
  AuditOptions options;
  options.old_checkpoints = {{"the old checkpoint", old}};
  AuditReport report = Run(options);
  ASSERT_TRUE(report.first_lie.has_value());
  EXPECT_EQ(report.first_lie->index, 400u);  // as signed up to there

  ExportForgedHistory(350);
  report = Run(options);
  ASSERT_TRUE(report.first_lie.has_value());
  EXPECT_THAT(report.first_lie->what, HasSubstr("rewritten between entries 0 and 399"));
}

// The operator signs the second history too: only what others kept from before can tell.
TEST_F(RewrittenLogTest, SignedAgainIsFoundByOldCheckpointAndByReceipts) {
  log_.AppendReads(100);
  v1::EvidenceFile evidence = log_.Ask({});
  log_.AppendReads(50);
  log_.Prove(evidence);
  const std::string old = log_.Checkpoint();
  log_.AppendReads(400);
  ExportForgedHistory(20);
  Write("checkpoint", forged_checkpoint_);
  ASSERT_FALSE(Run().first_lie.has_value());

  AuditOptions with_old;
  with_old.old_checkpoints = {{"the old checkpoint", old}};
  EXPECT_THAT(Run(with_old).first_lie->how, HasSubstr("the old checkpoint holds a signed root"));
  AuditOptions with_receipt;
  with_receipt.receipts = {{"case-1.chayan", evidence.SerializeAsString()}};
  EXPECT_THAT(Run(with_receipt).first_lie->how, HasSubstr("receipt case-1.chayan"));
}

TEST_F(LogAuditTest, HoldsReceiptsAgainstTheExport) {
  log_.AppendReads(10);
  v1::EvidenceFile evidence = log_.Ask({});
  log_.AppendReads(10);
  log_.Prove(evidence);
  log_.AppendReads(10);
  log_.Export(directory_);
  AuditOptions options;
  options.receipts = {{"a.chayan", evidence.SerializeAsString()}};
  options.old_checkpoints = {{"january", log_.CheckpointAt(5)}, {"march", log_.CheckpointAt(9)}};
  AuditReport report = Run(options);
  EXPECT_FALSE(report.first_lie.has_value()) << report.first_lie->what;
  EXPECT_EQ(report.receipts, 1u);
  EXPECT_EQ(report.old_checkpoints, 2u);

  v1::EvidenceFile changed = evidence;
  changed.mutable_request()->back() ^= 1;
  options.receipts = {{"b.chayan", changed.SerializeAsString()}};
  report = Run(options);
  EXPECT_THAT(report.first_lie->what, HasSubstr("receipt b.chayan does not hold"));
}

TEST_F(LogAuditTest, SeesThatALogHasShrunk) {
  log_.AppendReads(10);
  const std::string longer = [&] {
    SampleLog more = log_;
    more.AppendReads(5);
    return more.Checkpoint();
  }();
  log_.Export(directory_);
  AuditOptions options;
  options.old_checkpoints = {{"the old checkpoint", longer}};
  EXPECT_THAT(Run(options).first_lie->what, HasSubstr("has shrunk"));
}

TEST_F(LogAuditTest, RefusesAnOldCheckpointThatNobodyTrustedSigned) {
  log_.Export(directory_);
  AuditOptions options;
  options.directory = directory_;
  options.old_checkpoints = {{"old", "gw.example/log/2026\n1\nAAAA\n\n"}};
  EXPECT_FALSE(AuditLog(options, log_.Trust()).ok());
}

// The offline verifier must not contain what it checks: its libraries are read from the program.
TEST(ChayanAuditProgram, IsLinkedWithoutServerOrTransport) {
  const std::string command = std::string("ldd ") + CHAYAN_AUDIT_PROGRAM;
  FILE* pipe = popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string libraries;
  char buffer[4096];
  while (const size_t count = fread(buffer, 1, sizeof(buffer), pipe))
    libraries.append(buffer, count);
  ASSERT_EQ(pclose(pipe), 0);
  ASSERT_TRUE(absl::StrContains(libraries, "libcrypto"));
  for (const char* foreign : {"grpc", "sqlite", "nghttp2", "libpq", "odbc", "libssl"}) {
    EXPECT_FALSE(absl::StrContains(libraries, foreign)) << foreign << " in\n" << libraries;
  }
}

// Static rooms do not show in ldd: the build's own word for what it was linked from.
TEST(ChayanAuditProgram, IsLinkedFromTheRoomsItMayHave) {
  const std::vector<std::string> rooms = absl::StrSplit(CHAYAN_AUDIT_ROOMS, ' ');
  EXPECT_THAT(rooms, ::testing::UnorderedElementsAre(
                         "chayan-audit", "chayan_log_audit", "chayan_receipt", "chayan_registry",
                         "chayan_entry", "chayan_key_chain", "chayan_ident", "chayan_tlog",
                         "chayan_crypto", "chayan_base", "chayan_proto", "chayan_flags"));
}

// --- frames ------------------------------------------------------------------------------------

TEST_F(LogAuditTest, ProvesTheFramesOfBulkEntries) {
  log_.AskInBulk(5);
  log_.AppendReads(300);
  log_.AskInBulk(1, /*by_recipient=*/true);
  log_.AskInBulk(256);
  log_.AskInBulk(3);
  log_.frames().erase(std::prev(log_.frames().end()));
  log_.AskInBulk(2);
  log_.frames().rbegin()->second.clear_response_opening();
  log_.Export(directory_);
  const AuditReport report = Run();
  EXPECT_FALSE(report.first_lie.has_value()) << report.first_lie->what << report.first_lie->how;
  EXPECT_EQ(report.frames.proved, 3u);
  EXPECT_EQ(report.frames.items, 262u);
  EXPECT_EQ(report.frames.not_there, 2u);
}

TEST_F(LogAuditTest, NamesAFrameThatIsNotTheOneItsEntryCovers) {
  log_.AppendReads(255);
  log_.AskInBulk(4);
  const uint64_t index = 256;
  v1::EntryFrame& frame = log_.frames().at(index);
  const v1::EntryFrame honest = frame;
  const std::function<void()> forgeries[] = {
      [&] { (*frame.mutable_items())[40] ^= 1; },
      [&] { frame.mutable_items()->resize(96); },
      [&] { frame.mutable_items()->append(32, '\0'); },
      [&] { frame.mutable_items()->resize(100); },
      [&] { frame.clear_items(); },
      [&] { (*frame.mutable_response_opening())[0] ^= 1; },
      [&] {
        std::string& items = *frame.mutable_items();
        std::swap_ranges(items.begin(), items.begin() + 32, items.begin() + 32);
      },
  };
  for (const auto& forge : forgeries) {
    frame = honest;
    forge();
    log_.Export(directory_);
    const AuditReport report = Run();
    ASSERT_TRUE(report.first_lie.has_value());
    EXPECT_EQ(report.first_lie->index, index);
    EXPECT_THAT(report.first_lie->what, HasSubstr("is not the one that it covers"));
  }
  frame = honest;
  log_.frames()[257] = honest;
  log_.frames()[257].set_entry_index(257);
  log_.AppendReads(1);
  log_.Export(directory_);
  EXPECT_THAT(Run().first_lie.value_or(Lie()).what, HasSubstr("entry 257, which covers none"));
}

}  // namespace
}  // namespace chayan::cli
