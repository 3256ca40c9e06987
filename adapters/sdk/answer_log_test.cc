// Goal: the agency's log holds every answer before it is sent, and survives being killed. Method:
// frames written to files in a temporary folder, files torn and refused.
#include "adapters/sdk/answer_log.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/crypto/digest.h"
#include "gmock/gmock.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"

namespace chayan::sdk {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

const absl::Time kNow = absl::FromUnixSeconds(1'768'465'800);

class AnswerLogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = absl::StrCat(testing::TempDir(), "/answer_log_XXXXXX");
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    path_ = absl::StrCat(pattern, "/answers.jsonl");
  }
  SignedFrame MakeFrame(size_t count) {
    std::vector<SignedAnswer> answers;
    for (size_t i = 0; i < count; ++i) {
      answers.push_back({Uuid::Version7(kNow, random_), crypto::Sha256("request"),
                         crypto::Sha256(absl::StrCat(i))});
    }
    return *signer_.Sign(std::move(answers));
  }
  std::vector<google::protobuf::Struct> Lines(const std::string& path) {
    auto text = ReadFile(path);
    EXPECT_OK(text.status());
    std::vector<google::protobuf::Struct> lines;
    for (absl::string_view line : absl::StrSplit(*text, '\n', absl::SkipEmpty())) {
      google::protobuf::Struct parsed;
      EXPECT_TRUE(
          google::protobuf::util::JsonStringToMessage({line.data(), line.size()}, &parsed).ok())
          << line;
      lines.push_back(std::move(parsed));
    }
    return lines;
  }

  SeededRandom random_{5};
  FrameSigner signer_{crypto::Ed25519Key::Generate(random_)};
  std::string path_;
};

TEST_F(AnswerLogTest, HoldsWhatProvesEachAnswer) {
  const SignedFrame frame = MakeFrame(3);
  auto log = *AnswerLog::Open(path_);
  ASSERT_OK(log->Answered(frame, kNow));
  ASSERT_OK(log->Recorded({{frame.answers[2].exchange_id, 17}}, kNow));
  ASSERT_OK(log->Sync());
  const auto lines = Lines(path_);
  ASSERT_THAT(lines, SizeIs(4));
  for (size_t i = 0; i < 3; ++i) {
    auto fields = lines[i].fields();
    EXPECT_EQ(fields["exchange"].string_value(), frame.answers[i].exchange_id.ToText());
    EXPECT_EQ(fields["request"].string_value(), frame.answers[i].request_digest.ToBase64());
    EXPECT_EQ(fields["answer"].string_value(), frame.answers[i].answer_digest.ToBase64());
    EXPECT_EQ(fields["key"].string_value(), signer_.key_id().ToBase64());
    EXPECT_EQ(fields["signature"].string_value(), frame.proofs[i].signature.ToBase64());
    EXPECT_EQ(fields["index"].number_value(), static_cast<double>(i));
    EXPECT_EQ(fields["count"].number_value(), 3);
    EXPECT_EQ(fields["path"].list_value().values_size(),
              static_cast<int>(frame.proofs[i].path.size()));
  }
  auto recorded = lines[3].fields();
  EXPECT_EQ(recorded["exchange"].string_value(), frame.answers[2].exchange_id.ToText());
  EXPECT_EQ(recorded["entry"].number_value(), 17);
}

TEST_F(AnswerLogTest, IsReadableForItsOwnerAlone) {
  auto log = *AnswerLog::Open(path_);
  struct stat stat;
  ASSERT_EQ(::stat(path_.c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 0777, 0600u);
}

TEST_F(AnswerLogTest, CutsATornLastLineOffAtEachLength) {
  ASSERT_OK((*AnswerLog::Open(path_))->Answered(MakeFrame(1), kNow));
  const std::string whole = *ReadFile(path_);
  const std::string line = whole;
  for (size_t torn = 0; torn < line.size(); torn += 7) {
    ASSERT_OK(WriteFile(path_, whole + line.substr(0, torn), 0600));
    auto log = AnswerLog::Open(path_);
    ASSERT_OK(log.status());
    EXPECT_EQ(*ReadFile(path_), whole);
  }
  // One that is longer than what is read back at a time, and is all there is.
  ASSERT_OK(WriteFile(path_, std::string(10'000, 'x'), 0600));
  ASSERT_OK(AnswerLog::Open(path_).status());
  EXPECT_EQ(*ReadFile(path_), "");
}

TEST_F(AnswerLogTest, PutsAFullFileAsideAndOverwritesNone) {
  ASSERT_OK(WriteFile(absl::StrCat(path_, ".1"), "from before\n", 0600));
  auto log = *AnswerLog::Open(path_, /*file_bytes_max=*/1000);
  for (int i = 0; i < 4; ++i) ASSERT_OK(log->Answered(MakeFrame(1), kNow));
  EXPECT_EQ(*ReadFile(absl::StrCat(path_, ".1")), "from before\n");
  EXPECT_THAT(Lines(absl::StrCat(path_, ".2")), SizeIs(2));
  EXPECT_THAT(Lines(path_), SizeIs(2));
}

TEST_F(AnswerLogTest, SaysWhichFileItCannotOpen) {
  EXPECT_THAT(AnswerLog::Open("/nowhere/answers.jsonl").status(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("/nowhere/answers.jsonl")));
}

TEST_F(AnswerLogTest, RefusesWhenTheDiskIsFull) {
  auto log = AnswerLog::Open("/dev/full");
  if (!log.ok()) return;  // no such device, or it cannot be cut: nothing to see here
  EXPECT_THAT((*log)->Answered(MakeFrame(1), kNow),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("No space left")));
}

}  // namespace
}  // namespace chayan::sdk
