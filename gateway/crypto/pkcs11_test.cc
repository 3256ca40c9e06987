// Goal: a key in a token signs and wraps as one in a file does, is found again after its session
// was lost, and every way of naming it wrongly says what to do.
// Method: SoftHSM with a token of its own in a folder of its own, filled by pkcs11-tool.
#include "gateway/crypto/pkcs11.h"

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdlib.h>

#include <filesystem>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"
#include "gateway/base/random.h"
#include "gateway/base/status_matchers.h"

namespace chayan::crypto {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kModule[] = "/usr/lib/softhsm/libsofthsm2.so";
constexpr char kPin[] = "8642";

// SoftHSM reads its settings once a process, so all tests share one token.
class Pkcs11Test : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!std::filesystem::exists(kModule) || system("command -v pkcs11-tool >/dev/null") != 0)
      return;
    folder_ = new std::string(::testing::TempDir() + "/chayan-token-XXXXXX");
    ASSERT_NE(mkdtemp(folder_->data()), nullptr);
    ASSERT_OK(MakeDirectories(*folder_ + "/tokens"));
    ASSERT_OK(WriteFile(*folder_ + "/softhsm.conf",
                        absl::StrCat("directories.tokendir = ", *folder_, "/tokens\n",
                                     "objectstore.backend = file\nlog.level = ERROR\n")));
    setenv("SOFTHSM2_CONF", (*folder_ + "/softhsm.conf").c_str(), 1);
    Tool("softhsm2-util --init-token --free --label gateway --so-pin 1357 --pin 8642");
    MakeKey("--keypairgen --key-type EC:edwards25519 --label log");
    MakeKey("--keypairgen --key-type EC:edwards25519 --label twice");
    MakeKey("--keypairgen --key-type EC:edwards25519 --label twice");
    MakeKey("--keypairgen --key-type EC:edwards25519 --label spare");
    MakeKey("--keygen --key-type AES:32 --label kek");
    MakeKey("--keygen --key-type AES:32 --label other-kek");
    ASSERT_OK(WriteFile(*folder_ + "/pin", absl::StrCat(kPin, "\n"), 0600));
  }
  static void TearDownTestSuite() {
    if (folder_ != nullptr) std::filesystem::remove_all(*folder_);
  }
  void SetUp() override {
    if (folder_ == nullptr) {
      GTEST_SKIP() << "no SoftHSM or no pkcs11-tool: apt-get install softhsm2 opensc";
    }
  }

  static void Tool(const std::string& command) {
    ASSERT_EQ(system((command + " >" + *folder_ + "/tool.log 2>&1").c_str()), 0) << command;
  }
  static void MakeKey(const std::string& arguments) {
    Tool(absl::StrCat("pkcs11-tool --module ", kModule, " --token-label gateway --login --pin ",
                      kPin, " ", arguments));
  }
  static Pkcs11Place Place(const std::string& key) {
    return {.module = kModule,
            .token_label = "gateway",
            .key_label = key,
            .pin_file = *folder_ + "/pin"};
  }
  // The module that a signer has loaded before.
  static CK_FUNCTION_LIST& Module() {
    void* const library = dlopen(kModule, RTLD_NOW | RTLD_NOLOAD);
    CHAYAN_CHECK(library != nullptr);
    CK_FUNCTION_LIST* module = nullptr;
    reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"))(&module);
    return *module;
  }
  // As if the token had been pulled and put back: every session of this process is gone.
  static void LoseSessions() {
    for (const CK_SLOT_ID slot : Slots()) Module().C_CloseAllSessions(slot);
  }
  static std::vector<CK_SLOT_ID> Slots() {
    std::vector<CK_SLOT_ID> slots(8);
    CK_ULONG count = slots.size();
    CHAYAN_CHECK(Module().C_GetSlotList(CK_TRUE, slots.data(), &count) == CKR_OK);
    slots.resize(count);
    return slots;
  }
  // Gives the private key of that label another one. REQUIRES: somebody is logged in.
  static void RenamePrivateKey(std::string from, std::string to) {
    CK_FUNCTION_LIST& module = Module();
    CK_SESSION_HANDLE session = 0;
    ASSERT_EQ(module.C_OpenSession(Slots()[0], CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr,
                                   nullptr, &session),
              CKR_OK);
    CK_OBJECT_CLASS object_class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE wanted[] = {{CKA_CLASS, &object_class, sizeof(object_class)},
                             {CKA_LABEL, from.data(), from.size()}};
    CK_OBJECT_HANDLE key = 0;
    CK_ULONG count = 0;
    ASSERT_EQ(module.C_FindObjectsInit(session, wanted, std::size(wanted)), CKR_OK);
    ASSERT_EQ(module.C_FindObjects(session, &key, 1, &count), CKR_OK);
    ASSERT_EQ(module.C_FindObjectsFinal(session), CKR_OK);
    ASSERT_EQ(count, 1u);
    CK_ATTRIBUTE label = {CKA_LABEL, to.data(), to.size()};
    ASSERT_EQ(module.C_SetAttributeValue(session, key, &label, 1), CKR_OK);
    ASSERT_EQ(module.C_CloseSession(session), CKR_OK);
  }

  static std::string* folder_;
  SystemRandom random_;
};
std::string* Pkcs11Test::folder_ = nullptr;

TEST_F(Pkcs11Test, SignsAsAKeyInAFileDoes) {
  const auto signer = OpenPkcs11Signer(Place("log"));
  ASSERT_OK(signer);
  for (const std::string& message : {std::string(), std::string("a"), std::string(100'000, 'x')}) {
    const auto signature = (*signer)->Sign(message);
    ASSERT_OK(signature);
    EXPECT_TRUE(VerifyEd25519((*signer)->public_key(), message, *signature));
    EXPECT_EQ(*(*signer)->Sign(message), *signature);
  }
}

TEST_F(Pkcs11Test, ManyThreadsShareAKey) {
  const auto signer = OpenPkcs11Signer(Place("log"));
  ASSERT_OK(signer);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&signer, i] {
      for (int n = 0; n < 50; ++n) {
        const std::string message = absl::StrCat(i, "/", n);
        const auto signature = (*signer)->Sign(message);
        ASSERT_OK(signature);
        EXPECT_TRUE(VerifyEd25519((*signer)->public_key(), message, *signature));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(Pkcs11Test, GoesOnAfterItsSessionsWereLost) {
  const auto signer = OpenPkcs11Signer(Place("log"));
  const auto kek = OpenPkcs11WrappingKey(Place("kek"));
  ASSERT_OK(signer);
  ASSERT_OK(kek);
  const auto sealed = (*kek)->Seal("id", "secret", random_);
  ASSERT_OK(sealed);
  LoseSessions();
  const auto signature = (*signer)->Sign("after");
  ASSERT_OK(signature);
  EXPECT_TRUE(VerifyEd25519((*signer)->public_key(), "after", *signature));
  LoseSessions();
  const auto opened = (*kek)->Open("id", *sealed);
  ASSERT_OK(opened);
  EXPECT_EQ(*opened, "secret");
}

TEST_F(Pkcs11Test, AKeyThatWasExchangedSignsNothing) {
  const auto signer = OpenPkcs11Signer(Place("log"));
  ASSERT_OK(signer);
  RenamePrivateKey("log", "away");
  RenamePrivateKey("spare", "log");
  LoseSessions();
  // The one that runs, and the next start.
  for (const absl::Status& status :
       {(*signer)->Sign("after").status(), OpenPkcs11Signer(Place("log")).status()}) {
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition,
                                 HasSubstr("does not fit its public key")));
  }
  RenamePrivateKey("log", "spare");
  RenamePrivateKey("away", "log");
  LoseSessions();
  EXPECT_OK((*signer)->Sign("again"));
}

TEST_F(Pkcs11Test, WrapsSoThatOnlyTheSameKeyAndNameOpen) {
  const auto kek = OpenPkcs11WrappingKey(Place("kek"));
  const auto other = OpenPkcs11WrappingKey(Place("other-kek"));
  ASSERT_OK(kek);
  ASSERT_OK(other);
  const std::string secret(32, 's');
  const auto sealed = (*kek)->Seal("2026-11.five-years", secret, random_);
  ASSERT_OK(sealed);
  EXPECT_EQ(sealed->find(secret), std::string::npos);
  const auto opened = (*kek)->Open("2026-11.five-years", *sealed);
  ASSERT_OK(opened);
  EXPECT_EQ(*opened, secret);
  std::string changed = *sealed;
  changed.back() = static_cast<char>(changed.back() ^ 1);
  for (const auto& lie :
       {(*kek)->Open("2026-12.five-years", *sealed), (*kek)->Open("2026-11.five-years", changed),
        (*other)->Open("2026-11.five-years", *sealed),
        (*kek)->Open("2026-11.five-years", "short")}) {
    EXPECT_TRUE(absl::IsDataLoss(lie.status())) << lie.status();
  }
  // A call that failed leaves the session good.
  EXPECT_OK((*kek)->Open("2026-11.five-years", *sealed));
}

TEST_F(Pkcs11Test, SaysWhatIsWrongAndWhatToDo) {
  const auto message = [](Pkcs11Place place) {
    return std::string(OpenPkcs11Signer(place).status().message());
  };
  EXPECT_THAT(message(Place("nobody")), AllOf(HasSubstr("no Ed25519 key pair"),
                                              HasSubstr("\"nobody\""), HasSubstr("--keypairgen")));
  EXPECT_THAT(message(Place("twice")), HasSubstr("give each key a label of its own"));
  EXPECT_THAT(message(Place("kek")), HasSubstr("no Ed25519 key pair"));
  Pkcs11Place place = Place("log");
  place.token_label = "elsewhere";
  EXPECT_THAT(message(place), AllOf(HasSubstr("no token \"elsewhere\""), HasSubstr("\"gateway\"")));
  place = Place("log");
  place.module = "/nowhere/module.so";
  EXPECT_THAT(message(place), HasSubstr("cannot be loaded"));
  place = Place("log");
  ASSERT_OK(WriteFile(*folder_ + "/open-pin", "8642\n", 0644));
  place.pin_file = *folder_ + "/open-pin";
  EXPECT_THAT(message(place), HasSubstr("chmod 600"));
}

TEST_F(Pkcs11Test, AWrongPinIsNamedAndNeverShown) {
  LoseSessions();  // the login is the process's
  ASSERT_OK(WriteFile(*folder_ + "/wrong-pin", "97531\n", 0600));
  Pkcs11Place place = Place("log");
  place.pin_file = *folder_ + "/wrong-pin";
  const absl::Status status = OpenPkcs11Signer(place).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("user PIN into pin_file"));
  EXPECT_EQ(std::string(status.message()).find("97531"), std::string::npos);
}

}  // namespace
}  // namespace chayan::crypto
