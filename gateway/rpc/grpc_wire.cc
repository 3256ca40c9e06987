#include "gateway/rpc/grpc_wire.h"

#include <zlib.h>

#include <algorithm>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"

namespace chayan::rpc {
namespace {

// Output is taken in pieces of this size, so that a bomb costs no more than one above the bound.
constexpr size_t kInflateBytes = 16 << 10;

absl::Status TooLarge(size_t size_max) {
  return absl::ResourceExhaustedError(
      absl::StrCat("The message is larger than ", size_max, " bytes."));
}

}  // namespace

absl::StatusOr<Prefix> ParsePrefix(absl::string_view bytes, size_t size_max) {
  const auto byte = [&](size_t i) { return uint32_t{static_cast<unsigned char>(bytes[i])}; };
  if (byte(0) > 1) {
    return absl::InvalidArgumentError("The message's flags are not 0 or 1.");
  }
  const uint32_t size = byte(1) << 24 | byte(2) << 16 | byte(3) << 8 | byte(4);
  if (size > size_max) return TooLarge(size_max);
  return Prefix{.compressed = byte(0) == 1, .size = size};
}

void WritePrefix(uint32_t size, char* out) {
  out[0] = 0;
  for (int i = 0; i < 4; ++i) out[1 + i] = static_cast<char>(size >> (24 - 8 * i) & 0xff);
}

std::optional<absl::Duration> ParseTimeout(absl::string_view value) {
  if (value.size() < 2 || value.size() > 9) return std::nullopt;
  int64_t number = 0;
  for (const char c : value.substr(0, value.size() - 1)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  switch (value.back()) {
    case 'H':
      return absl::Hours(number);
    case 'M':
      return absl::Minutes(number);
    case 'S':
      return absl::Seconds(number);
    case 'm':
      return absl::Milliseconds(number);
    case 'u':
      return absl::Microseconds(number);
    case 'n':
      return absl::Nanoseconds(number);
    default:
      return std::nullopt;
  }
}

std::string PercentEncode(absl::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    if (c >= 0x20 && c <= 0x7e && c != '%') {
      result += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    result += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return result;
}

std::string BinaryHeaderValue(absl::string_view bytes) {
  std::string value = Base64Encode(bytes);
  while (!value.empty() && value.back() == '=') value.pop_back();
  return value;
}

absl::StatusOr<std::string> Gunzip(absl::string_view bytes, size_t size_max) {
  z_stream stream{};
  constexpr int kGzipOnly = 16 + MAX_WBITS;
  if (inflateInit2(&stream, kGzipOnly) != Z_OK) {
    return absl::ResourceExhaustedError("No memory to decompress.");
  }
  const absl::Cleanup end = [&] { inflateEnd(&stream); };
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string result;
  while (true) {
    const size_t before = result.size();
    result.resize(std::min(before + kInflateBytes, size_max + 1));
    stream.next_out = reinterpret_cast<Bytef*>(&result[before]);
    stream.avail_out = static_cast<uInt>(result.size() - before);
    const int outcome = inflate(&stream, Z_NO_FLUSH);
    result.resize(result.size() - stream.avail_out);
    if (result.size() > size_max) return TooLarge(size_max);
    if (outcome == Z_STREAM_END && stream.avail_in == 0) return result;
    if (outcome != Z_OK || (stream.avail_in == 0 && stream.avail_out != 0)) {
      return absl::InvalidArgumentError("The message is not one complete gzip stream.");
    }
  }
}

bool IsGrpcContentType(absl::string_view value) {
  if (!absl::ConsumePrefix(&value, "application/grpc")) return false;
  return value.empty() || value == "+proto" || absl::StartsWith(value, ";") ||
         absl::StartsWith(value, "+proto;");
}

absl::Status MessageReader::Read(absl::string_view chunk,
                                 absl::FunctionRef<bool(absl::string_view)> take) {
  const bool from_buffer = !buffer_.empty();
  if (from_buffer) buffer_.append(chunk.data(), chunk.size());
  absl::string_view rest = from_buffer ? absl::string_view(buffer_) : chunk;
  bool wanted = true;
  while (wanted && rest.size() >= kPrefixBytes) {
    CHAYAN_ASSIGN_OR_RETURN(const Prefix prefix, ParsePrefix(rest, size_max_));
    if (prefix.compressed && !gzip_) {
      return absl::InvalidArgumentError("The message is compressed, but grpc-encoding is not.");
    }
    if (rest.size() - kPrefixBytes < prefix.size) break;
    const absl::string_view message = rest.substr(kPrefixBytes, prefix.size);
    rest.remove_prefix(kPrefixBytes + prefix.size);
    if (prefix.compressed) {
      CHAYAN_ASSIGN_OR_RETURN(const std::string plain, Gunzip(message, size_max_));
      wanted = take(plain);
    } else {
      wanted = take(message);
    }
  }
  if (from_buffer) {
    buffer_.erase(0, buffer_.size() - rest.size());
    if (buffer_.empty()) buffer_ = {};
  } else {
    buffer_.assign(rest.data(), rest.size());
  }
  return absl::OkStatus();
}

}  // namespace chayan::rpc
