// For tests alone: the frozen log of testdata/ and the files of the shared vectors.
#ifndef CHAYAN_GATEWAY_TLOG_TEST_LOG_H_
#define CHAYAN_GATEWAY_TLOG_TEST_LOG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/crypto/signing_key.h"
#include "gateway/tlog/merkle.h"
#include "gateway/tlog/note_key.h"

namespace chayan::tlog {

// Tests run in the source root. The shared vectors lie beside it, where there are any.
inline constexpr char kTestData[] = "gateway/tlog/testdata/";
inline constexpr char kSharedVectors[] = "../shared/vectors/";

inline std::string TestFile(absl::string_view name) {
  return ReadFile(absl::StrCat(kTestData, name)).value();
}
inline std::string TestFileLine(absl::string_view name) {
  return std::string(absl::StripSuffix(TestFile(name), "\n"));
}

inline std::string TestLeaf(uint64_t index) {
  if (index == 3) return "";
  if (index == 7) return std::string(65535, '\0');
  return absl::StrCat("entry ", index, "\n", absl::string_view("\0\xff", 2));
}

inline NoteSigner TestLogSigner() {
  const auto seed = crypto::Secret32::FromRaw(HexDecode(TestFileLine("log.seed")).value()).value();
  return NoteSigner(
      "gateway.example/log/test", KeyType::kEd25519,
      std::make_shared<crypto::Ed25519Key>(crypto::Ed25519Key::FromSeed(seed).value()));
}

inline VerifierKey TestLogKey() { return VerifierKey::Parse(TestFileLine("log.vkey")).value(); }
inline VerifierKey TestWitnessKey() {
  return VerifierKey::Parse(TestFileLine("witness.vkey")).value();
}

// The definition of RFC 6962, word for word: slow, and obviously right.
inline Hash SlowRoot(const std::vector<Hash>& leaves, size_t begin, size_t end) {
  if (begin == end) return EmptyRoot();
  if (end - begin == 1) return leaves[begin];
  size_t k = 1;
  while (k * 2 < end - begin) k *= 2;
  return NodeHash(SlowRoot(leaves, begin, begin + k), SlowRoot(leaves, begin + k, end));
}

inline std::vector<Hash> TestLeafHashes(uint64_t count) {
  std::vector<Hash> hashes;
  for (uint64_t i = 0; i < count; ++i) hashes.push_back(LeafHash(TestLeaf(i)));
  return hashes;
}

}  // namespace chayan::tlog

#endif  // CHAYAN_GATEWAY_TLOG_TEST_LOG_H_
