// gRPC's own layer on HTTP/2: length-prefixed messages, timeouts, percent-encoded messages, binary
// headers (the gRPC project's PROTOCOL-HTTP2.md). Pure.
#ifndef CHAYAN_GATEWAY_RPC_GRPC_WIRE_H_
#define CHAYAN_GATEWAY_RPC_GRPC_WIRE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace chayan::rpc {

// One byte of flags, four of length, big-endian.
inline constexpr size_t kPrefixBytes = 5;

struct Prefix {
  bool compressed = false;
  uint32_t size = 0;
};
// Errors: RESOURCE_EXHAUSTED for a message above `size_max`, INVALID_ARGUMENT for unknown flags.
// REQUIRES: at least kPrefixBytes.
absl::StatusOr<Prefix> ParsePrefix(absl::string_view bytes, size_t size_max);
void WritePrefix(uint32_t size, char* out);

// The value of `grpc-timeout`: up to eight digits and a unit.
std::optional<absl::Duration> ParseTimeout(absl::string_view value);

// The value of `grpc-message`.
std::string PercentEncode(absl::string_view text);

// The value of a `-bin` header.
std::string BinaryHeaderValue(absl::string_view bytes);

// Decompresses gzip. RESOURCE_EXHAUSTED above `size_max`, INVALID_ARGUMENT when it is not one
// complete gzip stream.
absl::StatusOr<std::string> Gunzip(absl::string_view bytes, size_t size_max);

// Whether `value` is a content type of gRPC with protobuf messages.
bool IsGrpcContentType(absl::string_view value);

// Cuts the body of a stream into messages. Errors are those of ParsePrefix and Gunzip and leave the
// reader unusable.
class MessageReader {
 public:
  MessageReader(size_t size_max, bool gzip) : size_max_(size_max), gzip_(gzip) {}

  // Gives each complete message to `take`, until it returns false: it wants no more now. What was
  // not taken stays and comes first next time. Views live for the call of `take`.
  absl::Status Read(absl::string_view chunk, absl::FunctionRef<bool(absl::string_view)> take);
  // Keeps `chunk` for later.
  void Keep(absl::string_view chunk) { buffer_.append(chunk.data(), chunk.size()); }
  // Bytes kept.
  size_t buffered() const { return buffer_.size(); }

 private:
  const size_t size_max_;
  const bool gzip_;
  std::string buffer_;
};

}  // namespace chayan::rpc

#endif  // CHAYAN_GATEWAY_RPC_GRPC_WIRE_H_
