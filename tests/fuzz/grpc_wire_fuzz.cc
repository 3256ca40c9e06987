// Bodies of gRPC's streams: no input crashes; however a body is cut into pieces, the same messages
// come out of it, none above its bound.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gateway/base/check.h"
#include "gateway/rpc/grpc_wire.h"

namespace {

constexpr size_t kSizeMax = 4096;

struct Read {
  std::vector<std::string> messages;
  absl::StatusCode code = absl::StatusCode::kOk;
};

Read ReadIn(absl::string_view body, size_t piece_size, bool gzip) {
  Read read;
  chayan::rpc::MessageReader reader(kSizeMax, gzip);
  while (!body.empty() && read.code == absl::StatusCode::kOk) {
    const absl::string_view piece = body.substr(0, piece_size);
    read.code = reader
                    .Read(piece,
                          [&](absl::string_view message) {
                            CHAYAN_CHECK(message.size() <= kSizeMax);
                            read.messages.emplace_back(message);
                            return true;
                          })
                    .code();
    body.remove_prefix(piece.size());
  }
  return read;
}

}  // namespace

// The first byte says whether gzip is taken and how long a piece is; the rest is the body, and the
// value of a header.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace chayan;
  if (size == 0) return 0;
  const bool gzip = data[0] & 1;
  const absl::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Read whole = ReadIn(body, body.size(), gzip);
  const Read pieces = ReadIn(body, size_t{data[0]} / 2 + 1, gzip);
  CHAYAN_CHECK(whole.code == pieces.code);
  CHAYAN_CHECK(whole.messages == pieces.messages);
  rpc::ParseTimeout(body);
  rpc::IsGrpcContentType(body);
  for (const char c : rpc::PercentEncode(body)) CHAYAN_CHECK(c >= 0x20 && c <= 0x7e);
  return 0;
}
