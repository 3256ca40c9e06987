// Assertions about persons: no input crashes, signed or not, and what is taken says what it must.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gateway/base/check.h"
#include "gateway/base/encoding.h"
#include "gateway/policy/decide.h"
#include "gateway/registry/sample_set.h"

namespace {

using namespace chayan;

const registry::Snapshot& Set() {
  static const std::shared_ptr<const registry::Snapshot>& set =
      *new std::shared_ptr<const registry::Snapshot>([] {
        auto made = registry::Snapshot::Create(
            {{"set.textproto", absl::StrCat(R"(deployment { trust_domain: "t.example" }
                              members { id: "office" name { zh_tw: "x" en: "x" } }
                              assertion_keys { member: "office" key_id: "k" public_key: ")",
                                            registry::SamplePublicKey('s'), "\" }")}},
            nullptr);
        CHAYAN_CHECK(made.ok());
        return *made;
      }());
  return *set;
}

bool IsTaken(absl::string_view assertion, absl::string_view approves) {
  policy::Caller caller;
  caller.member = "office";
  return policy::VerifyAssertion(assertion, caller, "p", "r", Set(), absl::FromUnixSeconds(1000),
                                 approves)
      .ok();
}

}  // namespace

// The input as it is; and as header and payload, parted by a line end, that the office's key signs.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  CHAYAN_CHECK(!IsTaken(input, ""));  // nobody guesses a signature
  const size_t end = input.find('\n');
  if (end == absl::string_view::npos) return 0;
  const absl::string_view payload = input.substr(end + 1);
  const std::string text =
      absl::StrCat(Base64UrlEncode(input.substr(0, end)), ".", Base64UrlEncode(payload));
  static const crypto::Ed25519Key& key = *new crypto::Ed25519Key(registry::SampleKey('s'));
  const std::string signed_text = absl::StrCat(text, ".", Base64UrlEncode(key.Sign(text)->raw()));
  if (!IsTaken(signed_text, "")) return 0;
  for (const char* needed : {"office", "t.example"}) {
    CHAYAN_CHECK(absl::StrContains(payload, needed) || absl::StrContains(payload, "\\"));
  }
  CHAYAN_CHECK(!IsTaken(signed_text.substr(0, signed_text.size() - 4), ""));
  if (IsTaken(signed_text, "approval")) {
    CHAYAN_CHECK(absl::StrContains(payload, "approval") || absl::StrContains(payload, "\\"));
  }
  return 0;
}
