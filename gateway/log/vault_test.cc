// Goal: the vault keeps what log-format 2.2 says: commitments open with what the caller gets, the
// detail opens with the keys alone, and with a key gone nothing does.
// Method: seal and open with a simulated clock; every stored byte changed once; keys destroyed,
// exchanged, unreadable; the folder read for secrets.
#include "gateway/log/vault.h"

#include <sys/stat.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/base/status_matchers.h"
#include "gateway/store/test_folder.h"
#include "gateway/tlog/commitment.h"

namespace chayan::log {
namespace {

using ::testing::HasSubstr;

class VaultTest : public ::testing::Test {
 protected:
  VaultTest() {
    std::string kek(32, '\0');
    random_.Fill({reinterpret_cast<uint8_t*>(kek.data()), kek.size()});
    EXPECT_OK(WriteFile(kek_file_, Base64Encode(kek) + "\n", 0600));
  }

  absl::StatusOr<std::unique_ptr<Vault>> Open() {
    return Vault::Create(kek_file_, keys_, clock_, random_);
  }

  VaultInput Input(v1::RetentionClass retention_class = v1::RETENTION_CLASS_FIVE_YEARS) {
    return {.id = id_,
            .retention_class = retention_class,
            .request = "request",
            .response = "response",
            .detail = "detail of A123456789",
            .subject = "A123456789",
            .person = std::string("hro-taipei\0clerk-7", 18),
            .case_number = {}};
  }

  store::TestFolder folder_;
  const std::string kek_file_ = folder_ / "kek";
  const std::string keys_ = folder_ / "keys/vault";
  SystemRandom random_;
  SimulatedClock clock_{absl::FromUnixSeconds(1796054400)};  // 2026-11-30 16:00 UTC, 12-01 Taipei
  const Uuid id_ = Uuid::Version7(absl::FromUnixSeconds(1796054400), random_);
};

TEST_F(VaultTest, OpensWhatItSealed) {
  auto vault = Open();
  ASSERT_OK(vault);
  const absl::StatusOr<VaultOutput> sealed = (*vault)->Seal(Input());
  ASSERT_OK(sealed);
  EXPECT_EQ((*vault)->Open(id_, sealed->row).value_or(OpenedDetail{}).detail,
            "detail of A123456789");
  // And after a restart.
  vault = Open();
  ASSERT_OK(vault);
  EXPECT_EQ((*vault)->Open(id_, sealed->row).value_or(OpenedDetail{}).detail,
            "detail of A123456789");
}

TEST_F(VaultTest, OpensTheCommitmentsAgain) {
  auto vault = Open();
  ASSERT_OK(vault);
  const absl::StatusOr<VaultOutput> sealed = (*vault)->Seal(Input());
  ASSERT_OK(sealed);
  const absl::StatusOr<OpenedDetail> opened = (*vault)->Open(id_, sealed->row);
  ASSERT_OK(opened);
  EXPECT_EQ(opened->request_opening, sealed->request_opening);
  EXPECT_EQ(opened->response_opening, sealed->response_opening);
}

TEST_F(VaultTest, EverySubjectOfANoticeHasItsTag) {
  auto vault = Open();
  ASSERT_OK(vault);
  VaultInput input = Input();
  input.more_subjects = {"B223456788"};
  const absl::StatusOr<VaultOutput> sealed = (*vault)->Seal(input);
  ASSERT_OK(sealed);
  for (const char* subject : {"A123456789", "B223456788"}) {
    const auto tags = (*vault)->Tags("subject", subject);
    ASSERT_OK(tags);
    const store::SearchTag& tag = tags->front().tag;
    EXPECT_NE(sealed->row.tags.find(std::string(tag.begin(), tag.end())), std::string::npos);
  }
}

TEST_F(VaultTest, GivesTheCallerWhatOpensItsCommitments) {
  auto vault = Open();
  ASSERT_OK(vault);
  const absl::StatusOr<VaultOutput> sealed = (*vault)->Seal(Input());
  ASSERT_OK(sealed);
  EXPECT_OK(tlog::VerifyCommitment(tlog::Committed::kRequest, sealed->request_opening, "request",
                                   sealed->c_req));
  EXPECT_OK(tlog::VerifyCommitment(tlog::Committed::kResponse, sealed->response_opening, "response",
                                   sealed->c_res));
  EXPECT_FALSE(tlog::VerifyCommitment(tlog::Committed::kRequest, sealed->request_opening, "another",
                                      sealed->c_req)
                   .ok());
}

TEST_F(VaultTest, NeverGivesTwoEntriesTheSameSecretOrCommitment) {
  auto vault = Open();
  ASSERT_OK(vault);
  const absl::StatusOr<VaultOutput> one = (*vault)->Seal(Input());
  const absl::StatusOr<VaultOutput> two = (*vault)->Seal(Input());
  ASSERT_OK(one);
  ASSERT_OK(two);
  EXPECT_NE(one->c_req, two->c_req);
  EXPECT_NE(one->c_detail, two->c_detail);
  EXPECT_NE(one->request_opening, two->request_opening);
  EXPECT_NE(one->row.wrapped_secret, two->row.wrapped_secret);
  // The tags are the same: they are what a search looks for.
  EXPECT_EQ(one->row.tags, two->row.tags);
  EXPECT_EQ(one->row.tags.size(), 48u);
  EXPECT_EQ(one->row.tags.substr(32), std::string(16, '\0'));
  EXPECT_NE(one->row.tags.substr(0, 16), one->row.tags.substr(16, 16));
}

TEST_F(VaultTest, TakesTheMonthOfTaipeiAndTheClass) {
  auto vault = Open();
  ASSERT_OK(vault);
  const auto key_id = [&](v1::RetentionClass retention_class) {
    const absl::StatusOr<VaultOutput> sealed = (*vault)->Seal(Input(retention_class));
    return sealed.ok() ? sealed->row.key_id : std::string(sealed.status().message());
  };
  EXPECT_EQ(key_id(v1::RETENTION_CLASS_FIVE_YEARS), "2026-12.five-years");
  EXPECT_EQ(key_id(v1::RETENTION_CLASS_TEN_YEARS), "2026-12.ten-years");
  clock_.Advance(-absl::Milliseconds(1));
  EXPECT_EQ(key_id(v1::RETENTION_CLASS_FIVE_YEARS), "2026-11.five-years");
  clock_.Advance(absl::Hours(24 * 32));
  EXPECT_EQ(key_id(v1::RETENTION_CLASS_PERMANENT), "2027-01.permanent");
  EXPECT_EQ(key_id(v1::RETENTION_CLASS_UNSPECIFIED), "vault: no retention class");
}

TEST_F(VaultTest, RefusesARowThatWasChangedOrIsOfAnotherExchange) {
  auto vault = Open();
  ASSERT_OK(vault);
  const absl::StatusOr<VaultOutput> sealed = (*vault)->Seal(Input());
  ASSERT_OK(sealed);
  for (size_t i = 0; i < sealed->row.wrapped_secret.size(); ++i) {
    store::VaultRow row = sealed->row;
    row.wrapped_secret[i] = static_cast<char>(row.wrapped_secret[i] ^ 1);
    EXPECT_TRUE(absl::IsDataLoss((*vault)->Open(id_, row).status())) << i;
  }
  for (size_t i = 0; i < sealed->row.sealed_detail.size(); ++i) {
    store::VaultRow row = sealed->row;
    row.sealed_detail[i] = static_cast<char>(row.sealed_detail[i] ^ 1);
    EXPECT_TRUE(absl::IsDataLoss((*vault)->Open(id_, row).status())) << i;
  }
  Uuid other = id_;
  other.bytes[15] ^= 1;
  EXPECT_TRUE(absl::IsDataLoss((*vault)->Open(other, sealed->row).status()));
}

TEST_F(VaultTest, ADestroyedKeyOpensNothing) {
  auto vault = Open();
  ASSERT_OK(vault);
  const absl::StatusOr<VaultOutput> sealed = (*vault)->Seal(Input());
  ASSERT_OK(sealed);
  ASSERT_TRUE(std::filesystem::remove(keys_ + "/2026-12.five-years.key"));
  EXPECT_THAT((*vault)->Open(id_, sealed->row),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("was destroyed")));
}

TEST_F(VaultTest, ARowCannotNameAFileOutsideTheKeys) {
  auto vault = Open();
  ASSERT_OK(vault);
  for (const char* id : {"", "../../kek", "2026-12.five/ars", "2026-12.", "2026-1.five-years"}) {
    store::VaultRow row{.key_id = id, .wrapped_secret = {}, .sealed_detail = {}, .tags = {}};
    EXPECT_TRUE(absl::IsDataLoss((*vault)->Open(id_, row).status())) << id;
  }
}

TEST_F(VaultTest, RefusesAnotherKeyEncryptionKeyAtTheStart) {
  {
    auto vault = Open();
    ASSERT_OK(vault);
    ASSERT_OK((*vault)->Seal(Input()));
  }
  ASSERT_OK(WriteFile(kek_file_, Base64Encode(std::string(32, 'x')), 0600));
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kFailedPrecondition,
                               HasSubstr("key-encryption key does not open it")));
}

TEST_F(VaultTest, RefusesAKeyFileRenamedToAnotherMonth) {
  {
    auto vault = Open();
    ASSERT_OK(vault);
    ASSERT_OK((*vault)->Seal(Input()));
  }
  std::filesystem::copy_file(keys_ + "/2026-12.five-years.key", keys_ + "/2027-01.five-years.key");
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("2027-01")));
}

TEST_F(VaultTest, RefusesAKeyEncryptionKeyThatOthersMayReadOrThatIsNone) {
  ASSERT_EQ(chmod(kek_file_.c_str(), 0640), 0);
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("chmod 600")));
  for (const std::string& text : {std::string("short"), Base64Encode(std::string(31, 'k')),
                                  Base64Encode(std::string(33, 'k')), std::string()}) {
    ASSERT_OK(WriteFile(kek_file_, text, 0600));
    EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("32 bytes")));
  }
  std::filesystem::remove(kek_file_);
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kNotFound, HasSubstr(kek_file_)));
}

TEST_F(VaultTest, LeavesNoKeyInTheClearAndNoOtherFile) {
  auto vault = Open();
  ASSERT_OK(vault);
  ASSERT_OK((*vault)->Seal(Input()));
  const auto files = ReadTree(keys_, "");
  ASSERT_OK(files);
  ASSERT_EQ(files->size(), 1u);
  const absl::StatusOr<std::string> wrapped =
      Base64Decode(absl::string_view((*files)[0].second).substr(0, (*files)[0].second.size() - 1));
  ASSERT_OK(wrapped);
  EXPECT_EQ(wrapped->size(), 12u + 32u + 16u);
  struct stat facts;
  ASSERT_EQ(stat((keys_ + "/" + (*files)[0].first).c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
}

}  // namespace
}  // namespace chayan::log
