// HMAC-SHA256 and HKDF-SHA256 of digest.h and hmac_key.h.
#include <algorithm>
#include <array>

#include "gateway/crypto/digest.h"
#include "gateway/crypto/hmac_key.h"
#include "gateway/crypto/sha256_state.h"

namespace chayan::crypto {
namespace {

// HMAC of a key without its message (RFC 2104): the two hashes after their padded keys.
class KeyedHmac {
 public:
  explicit KeyedHmac(absl::string_view key) {
    constexpr uint8_t kInnerPad = 0x36;
    constexpr uint8_t kOuterPad = 0x5c;
    std::array<uint8_t, SHA256_CBLOCK> pad{};
    if (key.size() > pad.size()) {
      const Digest shortened = Sha256(key);
      std::copy(shortened.bytes.begin(), shortened.bytes.end(), pad.begin());
    } else {
      std::copy(key.begin(), key.end(), pad.begin());
    }
    const absl::string_view block(reinterpret_cast<const char*>(pad.data()), pad.size());
    for (uint8_t& byte : pad) byte ^= kInnerPad;
    inner_.Add(block);
    for (uint8_t& byte : pad) byte ^= kInnerPad ^ kOuterPad;
    outer_.Add(block);
    Wipe(pad);
  }
  KeyedHmac(const KeyedHmac&) = delete;
  KeyedHmac& operator=(const KeyedHmac&) = delete;
  ~KeyedHmac() {
    inner_.Wipe();
    outer_.Wipe();
  }

  void Sign(std::initializer_list<absl::string_view> parts, uint8_t* out) const {
    Sha256State state = inner_;
    for (const absl::string_view part : parts) state.Add(part);
    const Digest inner = state.End();
    state = outer_;
    state.Add(inner.raw());
    state.EndInto(out);
    state.Wipe();
  }

 private:
  Sha256State inner_;
  Sha256State outer_;
};

}  // namespace

struct HmacKey::State {
  explicit State(absl::string_view key) : keyed(key) {}
  const KeyedHmac keyed;
};

HmacKey::HmacKey(const Secret32& key) : state_(std::make_unique<const State>(key.Expose())) {}
HmacKey::HmacKey(HmacKey&&) noexcept = default;
HmacKey::~HmacKey() = default;

Digest HmacKey::Sign(std::initializer_list<absl::string_view> parts) const {
  Digest result;
  state_->keyed.Sign(parts, result.bytes.data());
  return result;
}

Digest HmacSha256(absl::string_view key, absl::string_view bytes) {
  return HmacSha256(key, {bytes});
}

Digest HmacSha256(absl::string_view key, std::initializer_list<absl::string_view> parts) {
  Digest result;
  KeyedHmac(key).Sign(parts, result.bytes.data());
  return result;
}

Secret32 HkdfExtract(const Secret32& input) {
  // An empty salt stands for 32 zero bytes, and a shorter HMAC key is padded with zeros.
  static const KeyedHmac& no_salt = *new KeyedHmac("");
  Secret32 extracted;
  no_salt.Sign({input.Expose()}, extracted.ExposeMutable().data());
  return extracted;
}

void HkdfExpandAll(const Secret32& extracted,
                   std::initializer_list<std::pair<absl::string_view, Secret32*>> outputs) {
  const KeyedHmac keyed(extracted.Expose());
  for (const auto& [info, output] : outputs) {
    // The first block, T(1), is all of the 32 bytes.
    keyed.Sign({info, absl::string_view("\x01", 1)}, output->ExposeMutable().data());
  }
}

Secret32 HkdfExpand(const Secret32& extracted, absl::string_view info) {
  Secret32 output;
  HkdfExpandAll(extracted, {{info, &output}});
  return output;
}

Secret32 HkdfSha256(const Secret32& input, absl::string_view info) {
  return HkdfExpand(HkdfExtract(input), info);
}

}  // namespace chayan::crypto
