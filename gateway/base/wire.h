// Protobuf's wire format, appended to a string: for the few messages of the hot path whose parts
// are at hand, where a message object would copy each of them once more.
#ifndef CHAYAN_GATEWAY_BASE_WIRE_H_
#define CHAYAN_GATEWAY_BASE_WIRE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace chayan::wire {

// The most that tag and length of a field take. REQUIRES: field numbers below 2048.
inline constexpr size_t kFieldHeadBytesMax = 7;

inline void AppendVarint(std::string& out, uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

// Tag and length of a field of bytes, text or message, whose `size` bytes are appended next.
inline void AppendHead(std::string& out, int field, size_t size) {
  AppendVarint(out, static_cast<uint64_t>(field) << 3 | 2);
  AppendVarint(out, size);
}

inline void AppendBytes(std::string& out, int field, absl::string_view bytes) {
  AppendHead(out, field, bytes.size());
  out.append(bytes.data(), bytes.size());
}

// Of a field that is absent when it is empty, as those of proto3 are.
inline void AppendText(std::string& out, int field, absl::string_view text) {
  if (!text.empty()) AppendBytes(out, field, text);
}

inline void AppendNumber(std::string& out, int field, uint64_t value) {
  if (value == 0) return;
  AppendVarint(out, static_cast<uint64_t>(field) << 3);
  AppendVarint(out, value);
}

inline size_t VarintSize(uint64_t value) {
  size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

// What AppendText appends.
inline size_t TextSize(int field, size_t size) {
  if (size == 0) return 0;
  return VarintSize(static_cast<uint64_t>(field) << 3) + VarintSize(size) + size;
}

}  // namespace chayan::wire

#endif  // CHAYAN_GATEWAY_BASE_WIRE_H_
