// Goal: an honest export passes; each way of falsifying one is found, named and placed. Method:
// small logs with their own keys, exported by the test itself, then forged one attack a case. Sizes
// lie on both sides of a bundle's and a tile's edge.
#include "gateway/cli/log_audit.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <functional>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gateway/cli/log_audit_for_test.h"

namespace chayan::cli {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

class ExportTest : public LogAuditTest {
 protected:
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
};

TEST_F(ExportTest, ProvesHonestExportsOfEverySizeAroundTheEdges) {
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

TEST_F(ExportTest, ProvesALogWithTwoLevelsOfTiles) {
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

TEST_F(ExportTest, NamesTheFirstLieOfEachForgery) {
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

TEST_F(ExportTest, NamesTwoSwappedEntriesOfOneMillisecond) {
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
