// Goal: a receipt says exactly what it proves: entry, log, witnesses, holder, commitments. Method:
// the frozen log, one test an attack, and random bytes and mutations through every text parser.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "gateway/base/random.h"
#include "gateway/base/status_matchers.h"
#include "gateway/crypto/digest.h"
#include "gateway/tlog/commitment.h"
#include "gateway/tlog/frame.h"
#include "gateway/tlog/inclusion_check.h"
#include "gateway/tlog/note.h"
#include "gateway/tlog/policy_file.h"
#include "gateway/tlog/proof_file.h"
#include "gateway/tlog/test_log.h"

namespace chayan::tlog {
namespace {

using ::testing::_;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string TrustText(absl::string_view quorum) {
  return absl::StrCat("# whom we trust\n\nlog ", TestLogKey().ToString(), " https://log.example/\n",
                      "witness w1 ", TestWitnessKey().ToString(), "\nquorum ", quorum, "\n");
}

Policy Trust(absl::string_view quorum) { return Policy::Parse(TrustText(quorum)).value(); }

TEST(ProofFileTest, RoundTripsTheFrozenProof) {
  const std::string text = TestFile("entry2.tlog-proof");
  ProofFile proof = ParseProofFile(text).value();
  EXPECT_EQ(proof.index, 2u);
  EXPECT_EQ(proof.path.size(), 3u);
  EXPECT_EQ(proof.checkpoint, TestFile("checkpoint.5"));
  EXPECT_EQ(FormatProofFile(proof), text);
  proof.extra = "anything";
  EXPECT_EQ(ParseProofFile(FormatProofFile(proof)).value(), proof);
}

TEST(ProofFileTest, RefusesEveryOtherForm) {
  const std::string good = TestFile("entry2.tlog-proof");
  const std::string hash = "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n";
  std::string too_long = good;
  for (int i = 0; i < 65; ++i) too_long.insert(too_long.find(hash), hash);
  for (const std::string& bad :
       {std::string(),
        good.substr(1),
        "\n" + good,
        absl::StrReplaceAll(good, {{"@v1", "@v2"}}),
        absl::StrReplaceAll(good, {{"index 2", "index 02"}}),
        absl::StrReplaceAll(good, {{"index 2", "index"}}),
        absl::StrReplaceAll(good, {{"index 2", "index  2"}}),
        absl::StrReplaceAll(good, {{"index 2", "index 2 "}}),
        absl::StrReplaceAll(good, {{"index 2\n", ""}}),
        absl::StrReplaceAll(good, {{"index", "extra \nindex"}}),
        absl::StrReplaceAll(good, {{"index", "extra !\nindex"}}),
        absl::StrReplaceAll(good, {{"index", "extra AAAA\nextra AAAA\nindex"}}),
        absl::StrReplaceAll(good, {{"B0=\n", "B0=\r\n"}}),
        absl::StrReplaceAll(good, {{"B0=\n", "B1=\n"}}),
        absl::StrReplaceAll(good, {{"B0=\n", "\n"}}),
        absl::StrReplaceAll(good, {{"\n\n", "\n"}}),
        good + "trailing",
        good + "\n",
        good.substr(0, good.size() - 1),
        too_long}) {
    EXPECT_THAT(ParseProofFile(bad), StatusIs(absl::StatusCode::kInvalidArgument, _)) << bad;
  }
}

TEST(InclusionCheckTest, SaysWhatTheFrozenReceiptProves) {
  const ProofFile proof = ParseProofFile(TestFile("entry2.tlog-proof")).value();
  const absl::StatusOr<InclusionStanding> standing =
      CheckInclusion(TestLeaf(2), proof, Trust("w1"));
  ASSERT_OK(standing);
  EXPECT_EQ(standing->index, 2u);
  EXPECT_EQ(standing->checkpoint.checkpoint.head.size, 5u);
  EXPECT_TRUE(standing->checkpoint.quorum_met);
  EXPECT_THAT(standing->checkpoint.witnesses, ElementsAre(WitnessStatement{"w1", 1767225600}));
}

TEST(InclusionCheckTest, SaysThatNoWitnessWasSeen) {
  ProofFile proof = ParseProofFile(TestFile("entry2.tlog-proof")).value();
  proof.checkpoint.resize(proof.checkpoint.find("— witness"));
  const absl::StatusOr<InclusionStanding> strict = CheckInclusion(TestLeaf(2), proof, Trust("w1"));
  ASSERT_OK(strict);
  EXPECT_FALSE(strict->checkpoint.quorum_met);
  EXPECT_THAT(strict->checkpoint.witnesses, IsEmpty());
  EXPECT_TRUE(CheckInclusion(TestLeaf(2), proof, Trust("none"))->checkpoint.quorum_met);
}

TEST(InclusionCheckTest, RefusesAnotherLeafIndexPathOrRoot) {
  const ProofFile good = ParseProofFile(TestFile("entry2.tlog-proof")).value();
  const Policy trust = Trust("none");
  EXPECT_FALSE(CheckInclusion(TestLeaf(3), good, trust).ok());
  ProofFile bad = good;
  bad.index = 3;
  EXPECT_FALSE(CheckInclusion(TestLeaf(2), bad, trust).ok());
  bad = good;
  std::swap(bad.path[0], bad.path[1]);
  EXPECT_FALSE(CheckInclusion(TestLeaf(2), bad, trust).ok());
  bad = good;
  bad.path.pop_back();
  EXPECT_FALSE(CheckInclusion(TestLeaf(2), bad, trust).ok());
  bad = good;
  bad.path.push_back(EmptyRoot());
  EXPECT_FALSE(CheckInclusion(TestLeaf(2), bad, trust).ok());
  bad = good;
  bad.checkpoint = absl::StrReplaceAll(good.checkpoint, {{"DYCp", "DYCq"}});
  EXPECT_THAT(CheckInclusion(TestLeaf(2), bad, trust),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("bad signature")));
}

TEST(InclusionCheckTest, RefusesAStrangersLogAndALogUnderAnotherOrigin) {
  const ProofFile proof = ParseProofFile(TestFile("entry2.tlog-proof")).value();
  SeededRandom random(1);
  const auto key = std::make_shared<crypto::Ed25519Key>(crypto::Ed25519Key::Generate(random));
  const NoteSigner stranger("gateway.example/log/test", KeyType::kEd25519, key);
  const Policy other =
      Policy::Parse("log " + stranger.verifier_key().ToString() + "\nquorum none\n").value();
  EXPECT_THAT(
      CheckInclusion(TestLeaf(2), proof, other),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not signed by a trusted log")));
  // A trusted log signs a checkpoint that bears another trusted log's origin.
  const NoteSigner second("log.example/second", KeyType::kEd25519, key);
  const Policy both =
      Policy::Parse(TrustText("none") + "log " + second.verifier_key().ToString() + "\n").value();
  const std::string text =
      FormatCheckpoint({"gateway.example/log/test", {1, LeafHash("forged")}, {}});
  ProofFile forged;
  forged.checkpoint = FormatNote(text, second.Sign(text).value());
  EXPECT_FALSE(CheckInclusion("forged", forged, both).ok());
  const std::string own = SignCheckpoint({1, LeafHash("mine")}, second).value();
  forged.checkpoint = own;
  EXPECT_OK(CheckInclusion("mine", forged, both));
}

TEST(InclusionCheckTest, ABadCosignatureOfAKnownWitnessRefusesTheReceipt) {
  ProofFile proof = ParseProofFile(TestFile("entry2.tlog-proof")).value();
  proof.checkpoint =
      absl::StrReplaceAll(proof.checkpoint, {{"RmO6aQAAAABpVbkA", "RmO6aQAAAABpVbkB"}});
  EXPECT_THAT(CheckInclusion(TestLeaf(2), proof, Trust("none")),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("witness.example/w1")));
  const Policy without_witness =
      Policy::Parse("log " + TestLogKey().ToString() + "\nquorum none\n").value();
  EXPECT_OK(CheckInclusion(TestLeaf(2), proof, without_witness));
}

std::string WitnessLine(absl::string_view name, uint64_t seed) {
  SeededRandom random(seed);
  const crypto::Ed25519Key key = crypto::Ed25519Key::Generate(random);
  return absl::StrCat(
      "witness ", name, " ",
      VerifierKey(absl::StrCat("witness.example/", name), KeyType::kCosignatureV1, key.public_key())
          .ToString(),
      "\n");
}

TEST(PolicyFileTest, EvaluatesNestedGroups) {
  const Policy policy =
      Policy::Parse(WitnessLine("x1", 1) + WitnessLine("x2", 2) + WitnessLine("x3", 3) +
                    "group x 2 x1 x2 x3\n" + WitnessLine("y1", 4) + WitnessLine("y2", 5) +
                    "group y any y1 y2\n\tgroup both all  x y \nquorum both\n")
          .value();
  for (unsigned mask = 0; mask < 32; ++mask) {
    bool cosigned[5];
    for (unsigned i = 0; i < 5; ++i) cosigned[i] = (mask >> i & 1) != 0;
    const int x = cosigned[0] + cosigned[1] + cosigned[2];
    EXPECT_EQ(policy.IsQuorum(cosigned), x >= 2 && (cosigned[3] || cosigned[4])) << mask;
  }
  EXPECT_FALSE(policy.needs_no_witness());
  EXPECT_TRUE(Trust("none").needs_no_witness());
}

TEST(PolicyFileTest, CollectsAnswerKeys) {
  SeededRandom random(9);
  const crypto::Ed25519Key key = crypto::Ed25519Key::Generate(random);
  const std::string spki = Base64Encode(crypto::SpkiFromPublicKey(key.public_key()));
  const Policy policy =
      Policy::Parse(TrustText("w1") + "answer-key land-taipei " + spki + "\n").value();
  ASSERT_EQ(policy.answer_keys().size(), 1u);
  EXPECT_EQ(policy.answer_keys()[0].holder, "land-taipei");
  EXPECT_EQ(policy.answer_keys()[0].key, key.public_key());
  EXPECT_EQ(policy.logs()[0].url, "https://log.example/");
  EXPECT_FALSE(Policy::Parse(TrustText("w1") + "answer-key land-taipei AAAA\n").ok());
  EXPECT_FALSE(Policy::Parse(TrustText("w1") + "answer-key " + spki + "\n").ok());
}

TEST(PolicyFileTest, RefusesEachFaultAndNamesItsLine) {
  const std::string w = WitnessLine("a", 1) + WitnessLine("b", 2);
  const std::string log = "log " + TestLogKey().ToString() + "\n";
  const struct {
    std::string text;
    std::string error;
  } faults[] = {
      {w, "no quorum"},
      {w + "quorum a\nquorum a\n", "line 4: a second quorum"},
      {w + "quorum c\n", "line 3: no witness or group c"},
      {w + "group none 1 a\nquorum none\n", "line 3: the name none"},
      {w + "group g 0 a b\nquorum g\n", "line 3: threshold"},
      {w + "group g 3 a b\nquorum g\n", "line 3: threshold"},
      {w + "group g 01 a b\nquorum g\n", "line 3: threshold"},
      {w + "group g some a b\nquorum g\n", "line 3: threshold"},
      {w + "group g all\nquorum g\n", "line 3: want"},
      {w + "group g all a a\nquorum g\n", "line 3: a is a member"},
      {w + "group g any a\ngroup h any a b\nquorum h\n", "line 4: a is a member"},
      {w + "group g any g\nquorum g\n", "line 3: no witness or group g"},
      {w + "group g any none\nquorum g\n", "line 3: no witness or group none"},
      {w + "group a any b\nquorum a\n", "line 3: a second a"},
      {w + WitnessLine("a", 3) + "quorum a\n", "line 3: a second a"},
      {w + WitnessLine("c", 1) + "quorum a\n", "line 3: a second witness with this key"},
      {log + log + "quorum none\n", "line 2: a second log"},
      {"log x\nquorum none\n", "line 1: key is not"},
      {"log " + TestWitnessKey().ToString() + "\nquorum none\n", "line 1: log has the key"},
      {"witness x " + TestLogKey().ToString() + "\nquorum x\n", "line 1: witness has the key"},
      {"logs x\nquorum none\n", "line 1: line starts with none"},
      {"quorum none\r\n", "line 1: a control character"},
      {"quorum none", "no newline"},
  };
  for (const auto& fault : faults) {
    EXPECT_THAT(Policy::Parse(fault.text),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(fault.error)))
        << fault.text;
  }
}

TEST(ParserTest, RandomMutationsCrashNothing) {
  SeededRandom random(20260101);
  const std::vector<std::string> seeds = {TestFile("entry2.tlog-proof"), TestFile("checkpoint.5"),
                                          TrustText("w1"), TestFileLine("log.vkey"),
                                          "tile/0/x001/x234/067.p/5"};
  int accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text = seeds[random.Uint64() % seeds.size()];
    for (uint64_t edits = random.Uint64() % 4; edits > 0; --edits) {
      const size_t at = random.Uint64() % text.size();
      switch (random.Uint64() % 3) {
        case 0:
          text[at] = static_cast<char>(random.Uint64());
          break;
        case 1:
          text.erase(at, random.Uint64() % 20);
          break;
        default:
          text.insert(at, text.substr(random.Uint64() % text.size(), random.Uint64() % 20));
      }
      if (text.empty()) text = "\n";
    }
    // A text that is accepted comes back as it was: there is one spelling of everything.
    if (const auto proof = ParseProofFile(text); proof.ok()) {
      ++accepted;
      EXPECT_EQ(FormatProofFile(*proof), text);
    }
    if (const auto note = ParseNote(text); note.ok()) {
      ++accepted;
      if (const auto checkpoint = ParseCheckpoint(note->text); checkpoint.ok()) {
        EXPECT_EQ(FormatCheckpoint(*checkpoint), note->text);
      }
    }
    if (const auto key = VerifierKey::Parse(text); key.ok()) {
      EXPECT_EQ(key->ToString(), text);
    }
    accepted += Policy::Parse(text).ok() ? 1 : 0;
  }
  EXPECT_GT(accepted, 100);
}

Uuid TestExchange(uint64_t seed) {
  SeededRandom random(seed);
  return Uuid::Version7(absl::FromUnixSeconds(1767225600), random);
}

TEST(FrameTest, AnswerDigestHasTheStatedLayout) {
  const Uuid id = TestExchange(1);
  std::string bytes("chayan/answer/v1\0", 17);
  absl::StrAppend(&bytes, id.raw(), crypto::Sha256("request").raw(),
                  crypto::Sha256("answer").raw());
  EXPECT_EQ(bytes.size(), 17u + 16u + 32u + 32u);
  EXPECT_EQ(AnswerDigest(id, "request", "answer"), crypto::Sha256(bytes));
}

TEST(FrameTest, DeliveryDigestHasTheStatedLayout) {
  const Uuid id = TestExchange(1);
  const crypto::Digest notice = crypto::Sha256("notice");
  const crypto::Digest receipt = crypto::Sha256("receipt");
  std::string bytes("chayan/delivery/v1\0", 19);
  absl::StrAppend(&bytes, id.raw(), notice.raw(), receipt.raw());
  EXPECT_EQ(bytes.size(), 19u + 16u + 32u + 32u);
  EXPECT_EQ(DeliveryDigest(id, notice, receipt), crypto::Sha256(bytes));
}

TEST(FrameTest, EveryAnswerOfAFrameVerifiesInItsOwnPlaceAlone) {
  SeededRandom random(4);
  const crypto::Ed25519Key key = crypto::Ed25519Key::Generate(random);
  const crypto::Ed25519Key other = crypto::Ed25519Key::Generate(random);
  for (const uint32_t count : {1u, 2u, 3u, 7u, 8u}) {
    std::vector<crypto::Digest> answers;
    for (uint32_t i = 0; i < count; ++i) {
      answers.push_back(AnswerDigest(TestExchange(i), "request", absl::StrCat("answer ", i)));
    }
    const Frame frame(answers);
    const crypto::Ed25519Signature signature = frame.Sign(key).value();
    EXPECT_TRUE(frame.Verify(key.public_key(), signature));
    EXPECT_FALSE(frame.Verify(other.public_key(), signature));
    for (uint32_t i = 0; i < count; ++i) {
      const HolderSignature good = frame.ForAnswer(i, crypto::KeyId(key.public_key()), signature);
      EXPECT_OK(VerifyHolderSignature(key.public_key(), answers[i], good));
      EXPECT_FALSE(VerifyHolderSignature(other.public_key(), answers[i], good).ok());
      EXPECT_FALSE(VerifyHolderSignature(key.public_key(), EmptyRoot(), good).ok());
      HolderSignature bad = good;
      bad.index = i + 1;
      EXPECT_FALSE(VerifyHolderSignature(key.public_key(), answers[i], bad).ok());
      bad = good;
      bad.count = count + 1;
      EXPECT_FALSE(VerifyHolderSignature(key.public_key(), answers[i], bad).ok());
      bad = good;
      bad.path.push_back(EmptyRoot());
      EXPECT_FALSE(VerifyHolderSignature(key.public_key(), answers[i], bad).ok());
      bad = good;
      bad.signature.bytes[5] ^= 1;
      EXPECT_FALSE(VerifyHolderSignature(key.public_key(), answers[i], bad).ok());
      bad = good;
      bad.key_id.bytes[0] ^= 1;
      EXPECT_FALSE(VerifyHolderSignature(key.public_key(), answers[i], bad).ok());
    }
  }
}

TEST(FrameTest, HolderSignatureDigestHasTheStatedLayout) {
  SeededRandom random(4);
  const crypto::Ed25519Key key = crypto::Ed25519Key::Generate(random);
  const Frame frame({EmptyRoot(), LeafHash("a"), LeafHash("b")});
  const HolderSignature signature =
      frame.ForAnswer(1, crypto::KeyId(key.public_key()), frame.Sign(key).value());
  std::string bytes = absl::StrCat(signature.key_id.raw(), signature.signature.raw());
  bytes += std::string("\0\0\0\1\0\0\0\3", 8);
  for (const Hash& hash : signature.path) absl::StrAppend(&bytes, hash.raw());
  EXPECT_EQ(bytes.size(), 32u + 64u + 8u + 64u);
  EXPECT_EQ(HolderSignatureDigest(signature), crypto::Sha256(bytes));
}

TEST(CommitmentTest, OpensWithItsOwnSecretKindAndBytesAlone) {
  SeededRandom random(5);
  const EntrySecrets secrets{crypto::Secret32(random)};
  const crypto::Digest commitment = Commit(Committed::kRequest, secrets.request, "bytes");
  const absl::string_view opening = secrets.request.Expose();
  EXPECT_OK(VerifyCommitment(Committed::kRequest, opening, "bytes", commitment));
  EXPECT_FALSE(VerifyCommitment(Committed::kResponse, opening, "bytes", commitment).ok());
  EXPECT_FALSE(VerifyCommitment(Committed::kRequest, opening, "byte", commitment).ok());
  EXPECT_FALSE(
      VerifyCommitment(Committed::kRequest, secrets.response.Expose(), "bytes", commitment).ok());
  EXPECT_FALSE(VerifyCommitment(Committed::kRequest, opening, "bytes", "").ok());
}

TEST(CommitmentTest, RefusesAnOpeningOfAnyOtherLength) {
  // HMAC pads short keys with zeros and hashes long ones: both would open the same commitment.
  const std::string ends_in_zero = std::string(31, 'r') + std::string(1, '\0');
  const crypto::Digest commitment =
      Commit(Committed::kDetail, crypto::Secret32::FromRaw(ends_in_zero).value(), "detail");
  EXPECT_OK(VerifyCommitment(Committed::kDetail, ends_in_zero, "detail", commitment));
  EXPECT_THAT(
      VerifyCommitment(Committed::kDetail, ends_in_zero.substr(0, 31), "detail", commitment),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("31 bytes")));
  for (size_t length = 0; length < 130; ++length) {
    std::string opening = ends_in_zero;
    opening.resize(length);
    EXPECT_EQ(VerifyCommitment(Committed::kDetail, opening, "detail", commitment).ok(),
              length == 32);
  }
}

TEST(CommitmentTest, DerivesAndCommitsAsWrittenDown) {
  // Computed with an HMAC of another implementation.
  std::string raw;
  for (int i = 0; i < 32; ++i) raw.push_back(static_cast<char>(i));
  const EntrySecrets secrets(crypto::Secret32::FromRaw(raw).value());
  EXPECT_EQ(HexEncode(secrets.request.Expose()),
            "ddc87e86894a1d1a6a3cf44d569814cbb955b6a447bd40cf8580406edd068304");
  EXPECT_EQ(HexEncode(secrets.sealing.Expose()),
            "7c442bb6ff70f575e57b44b69164abf297cbdc95a9be7be5f4a715f88bb0c5a3");
  EXPECT_EQ(Commit(Committed::kRequest, secrets.request, "the request").ToHex(),
            "613b5fb033d3887cd5fb9c31508b7cb608ab170bd4f09ef353e059044ef7524f");
}

TEST(CommitmentTest, VaultRowOpensForItsOwnExchangeAlone) {
  SeededRandom random(6);
  const crypto::Secret32 class_key(random);
  const crypto::Secret32 vault_secret(random);
  const Uuid id = TestExchange(1);
  const Uuid other = TestExchange(2);
  const std::string wrapped = WrapVaultSecret(class_key, id, vault_secret, random);
  EXPECT_EQ(wrapped.size(), 12u + 32u + 16u);
  EXPECT_TRUE(UnwrapVaultSecret(class_key, id, wrapped)->Equals(vault_secret));
  EXPECT_THAT(UnwrapVaultSecret(class_key, other, wrapped),
              StatusIs(absl::StatusCode::kDataLoss, _));
  EXPECT_FALSE(UnwrapVaultSecret(crypto::Secret32(random), id, wrapped).ok());

  const EntrySecrets secrets(vault_secret);
  const std::string sealed = SealDetail(secrets, id, "detail");
  EXPECT_EQ(OpenDetail(secrets, id, sealed).value(), "detail");
  EXPECT_FALSE(OpenDetail(secrets, other, sealed).ok());
}

TEST(CommitmentTest, SearchTagsDependOnKeyLabelAndValue) {
  SeededRandom random(7);
  const crypto::HmacKey index_key = IndexKey(crypto::Secret32(random));
  const SearchTag tag = MakeSearchTag(index_key, "subject", "A123456789");
  EXPECT_EQ(MakeSearchTag(index_key, "subject", "A123456789"), tag);
  EXPECT_NE(MakeSearchTag(index_key, "person", "A123456789"), tag);
  EXPECT_NE(MakeSearchTag(index_key, "subject", "A123456780"), tag);
  EXPECT_NE(MakeSearchTag(IndexKey(crypto::Secret32(random)), "subject", "A123456789"), tag);
  // Label and value do not run together.
  EXPECT_NE(MakeSearchTag(index_key, "ab", "c"), MakeSearchTag(index_key, "a", "bc"));
}

}  // namespace
}  // namespace chayan::tlog
