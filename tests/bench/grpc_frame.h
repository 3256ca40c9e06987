// gRPC's framing of messages on a stream: a flag byte (0: not compressed), the length in four bytes
// big-endian, the message.
#ifndef CHAYAN_TESTS_BENCH_GRPC_FRAME_H_
#define CHAYAN_TESTS_BENCH_GRPC_FRAME_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/base/encoding.h"

namespace chayan::bench {

inline constexpr size_t kFramePrefixBytes = 5;

inline void AppendFramed(std::string& out, absl::string_view message) {
  out.push_back('\0');
  AppendUint32(out, static_cast<uint32_t>(message.size()));
  out.append(message.data(), message.size());
}

// Takes the first whole message off `bytes`; nothing when it is not whole yet. Compressed messages
// are never asked for and look like none.
inline std::optional<absl::string_view> TakeMessage(absl::string_view& bytes) {
  if (bytes.size() < kFramePrefixBytes || bytes[0] != '\0') return std::nullopt;
  size_t length = 0;
  for (size_t i = 1; i < kFramePrefixBytes; ++i) {
    length = length << 8 | static_cast<unsigned char>(bytes[i]);
  }
  if (bytes.size() - kFramePrefixBytes < length) return std::nullopt;
  const absl::string_view message = bytes.substr(kFramePrefixBytes, length);
  bytes.remove_prefix(kFramePrefixBytes + length);
  return message;
}

}  // namespace chayan::bench

#endif  // CHAYAN_TESTS_BENCH_GRPC_FRAME_H_
