// Goal: signed notes, keys, checkpoints and cosignatures as specified, and no other form of them.
// Method: the specifications' own examples, the frozen log, one test an attack, and every
// truncation and many single-byte changes of a good note.
#include "gateway/tlog/note.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "gateway/base/random.h"
#include "gateway/base/status_matchers.h"
#include "gateway/tlog/checkpoint.h"
#include "gateway/tlog/cosignature.h"
#include "gateway/tlog/test_log.h"

namespace chayan::tlog {
namespace {

using ::testing::_;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kSpecKey[] = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
constexpr char kSpecText[] = "This is an example message.\n";
constexpr char kSpecLine[] =
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuw"
    "HjG1Yu72IneyaQM=\n";

std::string SpecNote() { return FormatNote(kSpecText, kSpecLine); }

// Verified keys of a note, or the error.
absl::StatusOr<size_t> VerifiedCount(absl::string_view bytes, std::vector<VerifierKey> keys) {
  absl::StatusOr<Note> note = ParseNote(bytes);
  if (!note.ok()) return note.status();
  absl::StatusOr<std::vector<VerifiedSignature>> verified = VerifySignatures(*note, keys);
  if (!verified.ok()) return verified.status();
  return verified->size();
}

NoteSigner NewSigner(absl::string_view name, uint64_t seed, KeyType type = KeyType::kEd25519) {
  SeededRandom random(seed);
  return NoteSigner(name, type,
                    std::make_shared<crypto::Ed25519Key>(crypto::Ed25519Key::Generate(random)));
}

TEST(NoteTest, VerifiesTheSpecificationsExample) {
  const VerifierKey key = VerifierKey::Parse(kSpecKey).value();
  EXPECT_EQ(key.ToString(), kSpecKey);
  EXPECT_EQ(key.id(), 0x530d903au);
  EXPECT_EQ(VerifiedCount(SpecNote(), {key}).value(), 1u);
}

TEST(NoteTest, UnknownKeysAreIgnoredAlsoWhenTheirSignaturesAreBad) {
  const VerifierKey key = VerifierKey::Parse(kSpecKey).value();
  // Same name, other id; other name, same id.
  const std::string same_name =
      absl::StrCat("— example.com/foo ", Base64Encode("\1\2\3\4 nonsense"), "\n");
  const std::string same_id =
      absl::StrCat("— example.com/bar ", Base64Encode("\x53\x0d\x90\x3a nonsense"), "\n");
  EXPECT_EQ(VerifiedCount(FormatNote(kSpecText, same_name + kSpecLine + same_id), {key}).value(),
            1u);
  EXPECT_EQ(VerifiedCount(FormatNote(kSpecText, same_name + same_id), {key}).value(), 0u);
}

TEST(NoteTest, OneBadSignatureByAKnownKeyRefusesTheNote) {
  const NoteSigner first = NewSigner("log.example/a", 1);
  const NoteSigner second = NewSigner("log.example/b", 2);
  const std::string good = first.Sign("text\n").value();
  const std::string bad = second.Sign("other\n").value();
  const std::vector<VerifierKey> keys = {first.verifier_key(), second.verifier_key()};
  EXPECT_THAT(
      VerifiedCount(FormatNote("text\n", good + bad), keys),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("bad signature by log.example/b")));
  EXPECT_FALSE(VerifiedCount(FormatNote("text\n", bad + good), keys).ok());
  // A good one before a bad one of the same key does not help.
  const std::string bad_first = first.Sign("other\n").value();
  EXPECT_FALSE(VerifiedCount(FormatNote("text\n", good + bad_first), keys).ok());
  EXPECT_EQ(VerifiedCount(FormatNote("text\n", good + good), keys).value(), 1u);
}

TEST(NoteTest, SplitsAtTheLastEmptyLine) {
  const NoteSigner signer = NewSigner("log.example/a", 1);
  const std::string text = "first\n\n— looks like a signature\n\nlast\n";
  const Note note = ParseNote(FormatNote(text, signer.Sign(text).value())).value();
  EXPECT_EQ(note.text, text);
  EXPECT_EQ(
      VerifiedCount(FormatNote(text, signer.Sign(text).value()), {signer.verifier_key()}).value(),
      1u);
  // What was signed alone does not verify with a paragraph in front.
  EXPECT_FALSE(VerifiedCount("more\n\n" + FormatNote("text\n", signer.Sign("text\n").value()),
                             {signer.verifier_key()})
                   .ok());
}

TEST(NoteTest, RefusesEveryOtherForm) {
  const std::string note = SpecNote();
  const std::string unterminated = note.substr(0, note.size() - 1);
  for (const std::string& bad :
       {std::string(),
        std::string("\n"),
        std::string("\n\n"),
        std::string(kSpecText),
        kSpecText + std::string("\n"),
        unterminated,
        note + "\n",
        note + "garbage",
        note + "garbage\n",
        note + " \n",
        absl::StrReplaceAll(note, {{"\n", "\r\n"}}),
        note + kSpecLine + "\r\n",
        absl::StrReplaceAll(note, {{"— ", "- "}}),
        absl::StrReplaceAll(note, {{"— ", "—"}}),
        absl::StrReplaceAll(note, {{"— ", "—  "}}),
        absl::StrReplaceAll(note, {{"=\n", "\n"}}),
        absl::StrReplaceAll(note, {{"QM=\n", "QN=\n"}}),
        absl::StrReplaceAll(note, {{"=\n", "= \n"}}),
        absl::StrReplaceAll(note, {{"message", "mes\tsage"}}),
        absl::StrReplaceAll(note, {{"message", "mes\xffsage"}}),
        absl::StrReplaceAll(note, {{"message", std::string("mes\0sage", 8)}}),
        absl::StrReplaceAll(note, {{"com/foo", "com+foo"}}),
        absl::StrReplaceAll(note, {{"com/foo",
                                    "com\xc2\xa0"
                                    "foo"}}),
        absl::StrReplaceAll(note, {{"com/foo",
                                    "com\xe3\x80\x80"
                                    "foo"}}),
        FormatNote(kSpecText, "— example.com/foo AAAAAA==\n"),
        FormatNote(kSpecText, "— example.com/foo \n"),
        FormatNote(kSpecText, "— example.com/foo\n"),
        FormatNote(kSpecText, "—  AAAAAAA=\n")}) {
    EXPECT_THAT(ParseNote(bad), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("note:")))
        << bad;
  }
}

TEST(NoteTest, BoundsSizeAndSignatures) {
  std::string lines;
  for (size_t i = 0; i < kNoteSignaturesMax; ++i) lines += kSpecLine;
  EXPECT_OK(ParseNote(FormatNote(kSpecText, lines)));
  EXPECT_FALSE(ParseNote(FormatNote(kSpecText, lines + kSpecLine)).ok());
  EXPECT_FALSE(ParseNote(FormatNote(std::string(kNoteBytesMax, 'x') + "\n", kSpecLine)).ok());
}

TEST(NoteTest, NoTruncationAndNoChangedByteVerifies) {
  const VerifierKey key = VerifierKey::Parse(kSpecKey).value();
  const std::string note = SpecNote();
  for (size_t length = 0; length < note.size(); ++length) {
    EXPECT_NE(VerifiedCount(note.substr(0, length), {key}).value_or(0), 1u) << length;
  }
  for (size_t i = 0; i < note.size(); ++i) {
    std::string changed = note;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_NE(VerifiedCount(changed, {key}).value_or(0), 1u) << i;
  }
}

TEST(NoteKeyTest, RefusesEveryOtherForm) {
  const std::string good = kSpecKey;
  for (const std::string& bad :
       {std::string(), std::string("example.com/foo"), std::string("example.com/foo+530d903a"),
        std::string("example.com/foo+530d903a+"), std::string("+530d903a+AAAA"),
        absl::StrReplaceAll(good, {{"530d903a", "530D903A"}}),
        absl::StrReplaceAll(good, {{"530d903a", "530d903b"}}),
        absl::StrReplaceAll(good, {{"530d903a", "530d903"}}),
        absl::StrReplaceAll(good, {{"com/foo", "com foo"}}), good + "=", good + "\n", " " + good,
        good.substr(0, good.size() - 4), absl::StrReplaceAll(good, {{"U2k", "U2l"}})}) {
    EXPECT_THAT(VerifierKey::Parse(bad), StatusIs(absl::StatusCode::kInvalidArgument, _)) << bad;
  }
}

TEST(NoteKeyTest, KeepsKeysOfTypesItCannotVerify) {
  const VerifierKey ml_dsa("witness.example/pq", KeyType::kMlDsa44Cosignature,
                           std::string(1312, 'k'));
  EXPECT_FALSE(ml_dsa.CanVerify());
  EXPECT_EQ(VerifierKey::Parse(ml_dsa.ToString()).value(), ml_dsa);
  // Its signature neither counts nor spoils the note.
  std::string bytes;
  AppendUint32(bytes, ml_dsa.id());
  const std::string line =
      absl::StrCat("— witness.example/pq ", Base64Encode(bytes + std::string(2420, 's')), "\n");
  const VerifierKey key = VerifierKey::Parse(kSpecKey).value();
  EXPECT_EQ(VerifiedCount(FormatNote(kSpecText, kSpecLine + line), {ml_dsa, key}).value(), 1u);
  // ECDSA keys are named by their SPKI alone.
  const VerifierKey ecdsa("log.example/ec", KeyType::kEcdsa, "spki");
  EXPECT_EQ(KeyIdOf("another name", KeyType::kEcdsa, "spki"), ecdsa.id());
}

TEST(NoteKeyTest, RefusesPrivateKeysThatDoNotFit) {
  const std::string good =
      "PRIVATE+KEY+example.com/log/testdata+33d7b496+AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg";
  EXPECT_OK(NoteSigner::ParsePrivate(good));
  for (const std::string& bad :
       {std::string(), good.substr(12), absl::StrReplaceAll(good, {{"33d7", "33d8"}}),
        absl::StrReplaceAll(good, {{"+Aeym", "+Bwym"}}), good.substr(0, good.size() - 4)}) {
    EXPECT_FALSE(NoteSigner::ParsePrivate(bad).ok()) << bad;
  }
}

TEST(CheckpointTest, ReproducesTheFrozenCheckpoint) {
  const std::string note = TestFile("checkpoint.5");
  const NoteSigner signer = TestLogSigner();
  EXPECT_EQ(signer.verifier_key(), TestLogKey());
  const TreeHead head = {5, SlowRoot(TestLeafHashes(5), 0, 5)};
  const std::string made = SignCheckpoint(head, signer).value();
  EXPECT_EQ(made, note.substr(0, made.size()));  // The witness's line follows.
  EXPECT_EQ(OpenCheckpoint(note, TestLogKey())->head, head);
}

TEST(CheckpointTest, NeedsTheLogsSignatureUnderItsOwnName) {
  const NoteSigner signer = NewSigner("log.example/a", 1);
  const TreeHead head = {1, EmptyRoot()};
  const std::string note = SignCheckpoint(head, signer).value();
  EXPECT_OK(OpenCheckpoint(note, signer.verifier_key()));
  EXPECT_FALSE(OpenCheckpoint(note, NewSigner("log.example/a", 2).verifier_key()).ok());
  const std::string other = FormatCheckpoint({.origin = "log.example/b", .head = head});
  EXPECT_THAT(OpenCheckpoint(FormatNote(other, signer.Sign(other).value()), signer.verifier_key()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("origin")));
}

TEST(CheckpointTest, KeepsExtensionLines) {
  const Checkpoint checkpoint = {"o", {1, EmptyRoot()}, {"one", "two 2"}};
  EXPECT_EQ(ParseCheckpoint(FormatCheckpoint(checkpoint)).value(), checkpoint);
}

TEST(CheckpointTest, RefusesEveryOtherForm) {
  const std::string root = "DYCpALTvwpQ+rIMyrtFeiTikRb7IXKAmM4NPiIbO9I0=";
  EXPECT_OK(ParseCheckpoint("o\n5\n" + root + "\n"));
  EXPECT_OK(ParseCheckpoint("o\n18446744073709551615\n" + root + "\n"));
  for (const std::string& bad : {std::string(),
                                 std::string("\n"),
                                 std::string("o\n5\n"),
                                 "o\n5\n" + root,
                                 "\n5\n" + root + "\n",
                                 "o\n05\n" + root + "\n",
                                 "o\n-5\n" + root + "\n",
                                 "o\n+5\n" + root + "\n",
                                 "o\n 5\n" + root + "\n",
                                 "o\n5 \n" + root + "\n",
                                 "o\n0x5\n" + root + "\n",
                                 "o\n18446744073709551616\n" + root + "\n",
                                 "o\n\n" + root + "\n",
                                 std::string("o\n5\n\n"),
                                 "o\n5\n" + root + "\n\n",
                                 "o\n5\n" + root + "\n\next\n",
                                 "o\n5\n" + root.substr(0, 40) + "\n",
                                 "o\n5\n" + root + "=\n",
                                 std::string("o\n5\n AAAA\n"),
                                 "o\r\n5\n" + root + "\n",
                                 "o\n0\n" + root + "\n"}) {
    EXPECT_THAT(ParseCheckpoint(bad), StatusIs(absl::StatusCode::kInvalidArgument, _)) << bad;
  }
}

TEST(CosignatureTest, VerifiesAWitnessOfAnotherImplementation) {
  const std::string text =
      "milan2026h1.example.org\n300\nlCkHUpkmVBEms2r2T1K6Og69+wUuuN3MIEW1/ezu2v0=\n";
  const std::string note =
      FormatNote(text,
                 "— witness2.example.org "
                 "LlW4lgAAAABpVGeAN/uFWqfjdU94rrKxFycCggM0Sa1L5tOJCJdYBwJ41CQsgKWA6B0+vy"
                 "wok3cPI3JIzuPeR+VotuYe/eNy0+30Dw==\n");
  const VerifierKey key =
      VerifierKey::Parse(
          "witness2.example.org+2e55b896+BIZ7fpceQWd60IfqQeS9IAnmNOCZjMDne8lZuguz/bi9")
          .value();
  const std::vector<VerifiedSignature> verified =
      VerifySignatures(ParseNote(note).value(), std::span(&key, 1)).value();
  ASSERT_EQ(verified.size(), 1u);
  EXPECT_EQ(verified[0].posix_seconds, 1767139200u);
}

TEST(CosignatureTest, BindsTimeAndText) {
  const NoteSigner witness = NewSigner("witness.example/a", 3, KeyType::kCosignatureV1);
  const std::string text = "o\n1\nDYCpALTvwpQ+rIMyrtFeiTikRb7IXKAmM4NPiIbO9I0=\n";
  const std::string line = witness.Cosign(text, 1767225600).value();
  const Note note = ParseNote(FormatNote(text, line)).value();
  const VerifierKey& key = witness.verifier_key();
  EXPECT_EQ(key.Verify(text, note.signatures[0].bytes), 1767225600u);
  EXPECT_EQ(key.Verify(text + "x\n", note.signatures[0].bytes), std::nullopt);
  std::string later = note.signatures[0].bytes;
  later[7] = static_cast<char>(later[7] ^ 1);
  EXPECT_EQ(key.Verify(text, later), std::nullopt);
  for (size_t length = 0; length < 100; ++length) {
    std::string resized = note.signatures[0].bytes;
    resized.resize(length);
    EXPECT_EQ(key.Verify(text, resized).has_value(), length == 72) << length;
  }
  // The same key as a log's does not accept it, nor the other way round.
  EXPECT_EQ(VerifierKey(key.name(), KeyType::kEd25519, key.public_key())
                .Verify(text, note.signatures[0].bytes.substr(8)),
            std::nullopt);
}

TEST(CosignatureTest, LatestOfSeveralByOneWitnessCounts) {
  const NoteSigner witness = NewSigner("witness.example/a", 3, KeyType::kCosignatureV1);
  const std::string text = "text\n";
  const Note note = ParseNote(FormatNote(text, witness.Cosign(text, 20).value() +
                                                   witness.Cosign(text, 10).value()))
                        .value();
  const auto verified = VerifySignatures(note, std::span(&witness.verifier_key(), 1)).value();
  ASSERT_EQ(verified.size(), 1u);
  EXPECT_EQ(verified[0].posix_seconds, 20u);
  EXPECT_THAT(VerifySignatures(note, {}).value(), IsEmpty());
}

}  // namespace
}  // namespace chayan::tlog
