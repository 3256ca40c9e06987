// Policy files: no input crashes, and a quorum that nobody signed is met only by `none`.
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/strings/string_view.h"
#include "gateway/base/check.h"
#include "gateway/tlog/policy_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using chayan::tlog::Policy;
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<Policy> policy = Policy::Parse(bytes);
  if (!policy.ok()) return 0;
  const size_t count = policy->witnesses().size();
  const auto cosigned = std::make_unique<bool[]>(count);
  CHAYAN_CHECK(policy->IsQuorum({cosigned.get(), count}) == policy->needs_no_witness());
  for (size_t i = 0; i < count; ++i) cosigned[i] = true;
  CHAYAN_CHECK(policy->IsQuorum({cosigned.get(), count}));
  return 0;
}
