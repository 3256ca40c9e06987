// Proof files: no input crashes, and what is accepted has one spelling.
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "gateway/base/check.h"
#include "gateway/tlog/proof_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace chayan::tlog;
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<ProofFile> proof = ParseProofFile(bytes);
  if (proof.ok()) CHAYAN_CHECK(FormatProofFile(*proof) == bytes);
  return 0;
}
