// Goal: a copy is the log byte for byte, may be interrupted anywhere, and is never given a
// checkpoint that its entries do not bear out. Method: a log made in the test behind LogSource,
// which can stop or lie; what was copied is checked by the audit, which shares no code with the
// exporter but the tree.
#include "gateway/cli/audit_export.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "absl/strings/str_replace.h"
#include "gateway/base/status_matchers.h"
#include "gateway/cli/log_audit.h"
#include "gateway/cli/sample_log_for_test.h"

namespace chayan::cli {
namespace {

using ::testing::HasSubstr;

class AuditExportTest : public ::testing::Test {
 protected:
  AuditExportTest() : directory_(::testing::TempDir() + "/audit_export_XXXXXX") {
    CHAYAN_CHECK(mkdtemp(directory_.data()) != nullptr);
  }
  ~AuditExportTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  LogSource Source() {
    LogSource source;
    source.checkpoint = [this]() -> absl::StatusOr<std::string> { return log_.Checkpoint(); };
    source.leaves = [this](uint64_t first,
                           uint64_t end) -> absl::StatusOr<std::vector<std::string>> {
      const OneCall call(calls_);
      ++pages_;
      first_page_.emplace(first_page_.value_or(first));
      const uint64_t last = std::min<uint64_t>(end, first + page_entries_);
      return std::vector<std::string>(log_.leaves().begin() + static_cast<int64_t>(first),
                                      log_.leaves().begin() + static_cast<int64_t>(last));
    };
    source.registry_set = [this](const crypto::Digest&) -> absl::StatusOr<registry::Files> {
      const OneCall call(calls_);
      return log_.registry();
    };
    return source;
  }
  // A source is a client, which is not thread-safe: fails when two calls of it overlap.
  class OneCall {
   public:
    explicit OneCall(std::atomic<int>& calls) : calls_(calls) {
      EXPECT_EQ(++calls_, 1);
      // Long enough for another thread to come.
      for (int i = 0; i < 1000; ++i) std::this_thread::yield();
    }
    ~OneCall() { --calls_; }

   private:
    std::atomic<int>& calls_;
  };
  absl::StatusOr<ExportReport> Run(const LogSource& source) {
    pages_ = 0;
    first_page_.reset();
    return ExportLog(directory_, log_.Trust(), source);
  }
  std::string Audited() {
    AuditOptions options;
    options.directory = directory_;
    const auto report = AuditLog(options, log_.Trust());
    if (!report.ok()) return std::string(report.status().message());
    if (report->first_lie.has_value()) return report->first_lie->what;
    return absl::StrCat(report->entries, " proved");
  }

  SampleLog log_;
  std::string directory_;
  uint64_t page_entries_ = 100;
  int pages_ = 0;
  std::atomic<int> calls_ = 0;
  std::optional<uint64_t> first_page_;
};

TEST_F(AuditExportTest, CopiesLogsOfEverySizeAroundTheEdges) {
  for (const int size : {1, 255, 256, 257, 512, 700}) {
    log_.AppendReads(size - static_cast<int>(log_.leaves().size()));
    std::filesystem::remove_all(directory_);
    ASSERT_OK(Run(Source()));
    EXPECT_EQ(Audited(), absl::StrCat(size, " proved"));
  }
}

TEST_F(AuditExportTest, CopiesFramesWithTheEntriesThatCoverThem) {
  LogSource source = Source();
  source.frames = [this](uint64_t first, uint64_t end) -> absl::StatusOr<v1::ListFramesResponse> {
    const OneCall call(calls_);
    v1::ListFramesResponse response;
    for (const auto& [index, frame] : log_.frames()) {
      if (index >= first && index < end) *response.add_frames() = frame;
    }
    return response;
  };
  const auto audited = [this] {
    AuditOptions options;
    options.directory = directory_;
    const auto report = AuditLog(options, log_.Trust());
    CHAYAN_CHECK(report.ok() && !report->first_lie.has_value());
    EXPECT_EQ(report->frames.not_there, 0u);
    return report->frames.items;
  };
  log_.AppendReads(100);
  log_.AskInBulk(7);
  ASSERT_OK(Run(source));
  EXPECT_EQ(audited(), 7u);
  // The bundle is completed, and another begun.
  log_.AskInBulk(2);
  log_.AppendReads(300);
  log_.AskInBulk(3);
  ASSERT_OK(Run(source));
  EXPECT_EQ(audited(), 12u);
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/frames/000.p"));
}

TEST_F(AuditExportTest, AnEmptyLogIsItsCheckpointAndGoesOnFromThere) {
  LogSource source = Source();
  source.checkpoint = [this]() -> absl::StatusOr<std::string> { return log_.CheckpointAt(0); };
  const auto report = Run(source);
  ASSERT_OK(report);
  EXPECT_EQ(report->size, 0u);
  EXPECT_EQ(pages_, 0);
  std::vector<std::string> names;
  for (const auto& item : std::filesystem::directory_iterator(directory_)) {
    names.push_back(item.path().filename());
  }
  EXPECT_EQ(names, std::vector<std::string>{"checkpoint"});
  log_.AppendReads(299);
  ASSERT_OK(Run(Source()));
  EXPECT_EQ(Audited(), "300 proved");
}

TEST_F(AuditExportTest, CopiesOnlyWhatIsNew) {
  page_entries_ = 5000;
  for (const int size : {300, 300, 700, 66'000, 66'100}) {
    log_.AppendReads(size - static_cast<int>(log_.leaves().size()));
    const auto report = Run(Source());
    ASSERT_OK(report);
    EXPECT_EQ(Audited(), absl::StrCat(size, " proved"));
    if (size == 66'100) {
      EXPECT_EQ(first_page_, 257u * 256);
    }
  }
}

TEST_F(AuditExportTest, IsResumedAfterAFailureAtEveryPage) {
  log_.AppendReads(899);
  int failing_page = 0;
  absl::Status last = absl::UnavailableError("");
  while (!last.ok()) {
    LogSource source = Source();
    const auto honest = source.leaves;
    source.leaves = [&](uint64_t first, uint64_t end) -> absl::StatusOr<std::vector<std::string>> {
      if (pages_ == failing_page) return absl::UnavailableError("the network is gone");
      return honest(first, end);
    };
    last = Run(source).status();
    EXPECT_EQ(std::filesystem::exists(directory_ + "/checkpoint"), last.ok());
    ++failing_page;
    ASSERT_LT(failing_page, 30);
  }
  EXPECT_EQ(Audited(), "900 proved");
}

// As by kill -9: no batch of files is finished, nothing is tidied up.
TEST_F(AuditExportTest, IsResumedAfterBeingKilled) {
  log_.AppendReads(29'999);
  page_entries_ = 3000;
  // The page before may be in the making; with those before that a first batch is full.
  for (const int killed_at : {1, 4, 9}) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      LogSource source = Source();
      source.leaves = [&, leaves = source.leaves](uint64_t first, uint64_t end) {
        if (pages_ + 1 == killed_at) raise(SIGKILL);
        return leaves(first, end);
      };
      Run(source).IgnoreError();
      _exit(0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << killed_at;
    EXPECT_FALSE(std::filesystem::exists(directory_ + "/checkpoint"));
  }
  const auto report = Run(Source());
  ASSERT_OK(report);
  EXPECT_EQ(report->resumed, 64u * 256u) << "a batch of files";
  EXPECT_EQ(Audited(), "30000 proved");
}

TEST_F(AuditExportTest, RefusesEntriesThatDoNotGiveTheSignedRootAndRecovers) {
  log_.AppendReads(299);
  ASSERT_OK(Run(Source()));
  log_.AppendReads(600);
  LogSource lying = Source();
  const auto honest = lying.leaves;
  lying.leaves = [&](uint64_t first, uint64_t end) -> absl::StatusOr<std::vector<std::string>> {
    auto page = honest(first, end);
    for (std::string& leaf : *page) {
      if (first >= 512) leaf = absl::StrReplaceAll(leaf, {{"auditor-1", "auditor-2"}});
    }
    return page;
  };
  EXPECT_THAT(Run(lying), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("do not give the root")));
  EXPECT_EQ(Audited(), "300 proved");  // the folder is as it was
  ASSERT_OK(Run(Source()));
  EXPECT_EQ(Audited(), "900 proved");
}

TEST_F(AuditExportTest, RefusesALogThatWasRewrittenAndSignedAgain) {
  log_.AppendReads(599);
  ASSERT_OK(Run(Source()));
  for (const size_t changed : {10u, 580u}) {
    SampleLog honest = log_;
    std::string& leaf = log_.leaves()[changed];
    leaf = absl::StrReplaceAll(leaf, {{"auditor-1", "auditor-9"}});
    log_.AppendReads(50);
    EXPECT_THAT(Run(Source()), StatusIs(absl::StatusCode::kDataLoss, ::testing::_)) << changed;
    log_ = honest;
    EXPECT_EQ(Audited(), "600 proved");
  }
}

TEST_F(AuditExportTest, RefusesALogThatShrank) {
  log_.AppendReads(20);
  ASSERT_OK(Run(Source()));
  log_.leaves().resize(10);
  EXPECT_THAT(Run(Source()), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("has shrunk")));
}

TEST_F(AuditExportTest, RefusesARegistrySetOfAnotherDigestOrOutsideItsFolder) {
  LogSource source = Source();
  source.registry_set = [&](const crypto::Digest&) -> absl::StatusOr<registry::Files> {
    return registry::Files{{"a.textproto", "other"}};
  };
  EXPECT_THAT(Run(source), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("another digest")));
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/checkpoint"));
}

TEST_F(AuditExportTest, RefusesACheckpointOfAStranger) {
  LogSource source = Source();
  source.checkpoint = [&]() -> absl::StatusOr<std::string> {
    return absl::StrReplaceAll(log_.Checkpoint(), {{"\n1\n", "\n2\n"}});
  };
  EXPECT_FALSE(Run(source).ok());
  EXPECT_TRUE(std::filesystem::is_empty(directory_));
}

}  // namespace
}  // namespace chayan::cli
