// Goal: a change of the key-encryption key loses no class key, wherever it is stopped, and brings
// none back that was destroyed. Method: a process of its own is killed at every step of every file;
// what is left must open with the two keys, and a second run must finish.
#include "gateway/log/key_rewrap.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/log/class_keys.h"
#include "gateway/store/test_folder.h"

namespace chayan::log {
namespace {

using ::testing::HasSubstr;

constexpr const char* kIds[] = {"2026-10.five-years", "2026-11.five-years", "2026-11.permanent"};

class KeyRewrapTest : public ::testing::Test {
 protected:
  std::unique_ptr<crypto::WrappingKey> Kek(char fill) {
    const std::string path = folder_ / std::string("kek-") + fill;
    EXPECT_OK(WriteFile(path, Base64Encode(std::string(32, fill)) + "\n", 0600));
    auto key = crypto::WrappingKey::FromFile(path);
    EXPECT_OK(key);
    return *std::move(key);
  }
  std::string PathOf(absl::string_view id) { return absl::StrCat(keys_, "/", id, ".key"); }
  void WrapAll(const crypto::WrappingKey& kek) {
    ASSERT_OK(MakeDirectories(keys_, 0700));
    for (const char* id : kIds) {
      const auto wrapped = kek.Seal(id, std::string(32, id[6]), random_);
      ASSERT_OK(wrapped);
      ASSERT_OK(WriteFile(PathOf(id), Base64Encode(*wrapped) + "\n", 0600));
    }
  }
  // Every key is found by a gateway that was given `kek` and `old_kek`.
  void ExpectAllOpen(char kek, std::unique_ptr<crypto::WrappingKey> old_kek) {
    const auto keys = ClassKeys::Create(Kek(kek), std::move(old_kek), keys_, random_);
    ASSERT_OK(keys);
    for (const char* id : kIds) {
      const auto key = (*keys)->Find(id);
      ASSERT_OK(key) << id;
      EXPECT_EQ((*key)->wrapping.Expose(), absl::string_view(std::string(32, id[6])));
    }
  }

  store::TestFolder folder_;
  const std::string keys_ = folder_ / "keys";
  SystemRandom random_;
};

TEST_F(KeyRewrapTest, WrapsEveryKeyAnewAndThenTheOldKeyIsNotNeeded) {
  WrapAll(*Kek('a'));
  ExpectAllOpen('b', Kek('a'));
  const auto report = RewrapClassKeys(keys_, *Kek('a'), *Kek('b'), random_);
  ASSERT_OK(report);
  EXPECT_EQ(report->rewrapped, 3u);
  ExpectAllOpen('b', nullptr);
  const auto again = RewrapClassKeys(keys_, *Kek('a'), *Kek('b'), random_);
  ASSERT_OK(again);
  EXPECT_EQ(again->rewrapped, 0u);
  EXPECT_EQ(again->wrapped_before, 3u);
}

TEST_F(KeyRewrapTest, AKillAtAnyStepLeavesEveryKeyOpenAndTheNextRunFinishes) {
  for (const RewrapStep stop : {RewrapStep::kWrite, RewrapStep::kExchange, RewrapStep::kRemove}) {
    for (const char* at : kIds) {
      WrapAll(*Kek('a'));
      const pid_t child = fork();
      ASSERT_GE(child, 0);
      if (child == 0) {
        const auto ignored = RewrapClassKeys(keys_, *Kek('a'), *Kek('b'), random_,
                                             [&](RewrapStep step, absl::string_view id) {
                                               if (step == stop && id == at) raise(SIGKILL);
                                             });
        _exit(ignored.ok() ? 0 : 1);
      }
      int status = 0;
      ASSERT_EQ(waitpid(child, &status, 0), child);
      ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
      ExpectAllOpen('b', Kek('a'));
      ASSERT_OK(RewrapClassKeys(keys_, *Kek('a'), *Kek('b'), random_));
      ExpectAllOpen('b', nullptr);
      const auto files = ReadTree(keys_, "");
      ASSERT_OK(files);
      EXPECT_EQ(files->size(), std::size(kIds));
    }
  }
}

TEST_F(KeyRewrapTest, AGatewayIsNotStartedWithTheNewKeyAloneWhileAnyFileWaits) {
  for (const char* rewrapped : {kIds[0], kIds[2]}) {  // halfway, or only a new month's
    WrapAll(*Kek('a'));
    ASSERT_OK(WriteFile(
        PathOf(rewrapped),
        Base64Encode(*Kek('b')->Seal(rewrapped, std::string(32, 'k'), random_)) + "\n", 0600));
    EXPECT_THAT(ClassKeys::Create(Kek('b'), nullptr, keys_, random_),
                StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("vault rewrap")));
    EXPECT_OK(ClassKeys::Create(Kek('b'), Kek('a'), keys_, random_));
  }
}

TEST_F(KeyRewrapTest, AKeyThatIsDestroyedMeanwhileDoesNotComeBack) {
  WrapAll(*Kek('a'));
  ASSERT_OK(RewrapClassKeys(keys_, *Kek('a'), *Kek('b'), random_,
                            [&](RewrapStep step, absl::string_view id) {
                              if (step == RewrapStep::kExchange && id == kIds[1]) {
                                EXPECT_EQ(unlink(PathOf(id).c_str()), 0);
                              }
                            }));
  EXPECT_TRUE(absl::IsNotFound(ReadFile(PathOf(kIds[1])).status()));
  EXPECT_TRUE(absl::IsNotFound(ReadFile(PathOf(kIds[1]) + ".rewrap").status()));
}

TEST_F(KeyRewrapTest, AFileThatNoKeyOpensIsNamed) {
  WrapAll(*Kek('a'));
  EXPECT_THAT(RewrapClassKeys(keys_, *Kek('c'), *Kek('b'), random_),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("2026-10.five-years.key: neither")));
  ExpectAllOpen('a', nullptr);
}

}  // namespace
}  // namespace chayan::log
