#include "gateway/tlog/add_checkpoint.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/digest.h"

namespace chayan::tlog {
namespace {

absl::Status Malformed(absl::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat("add-checkpoint: ", reason));
}

// Takes a line with its newline off `body`.
absl::StatusOr<absl::string_view> TakeLine(absl::string_view& body) {
  const size_t end = body.find('\n');
  if (end == absl::string_view::npos) return Malformed("it ends before the checkpoint");
  const absl::string_view line = body.substr(0, end);
  body.remove_prefix(end + 1);
  return line;
}

}  // namespace

std::string FormatAddCheckpoint(const AddCheckpoint& request) {
  std::string body = absl::StrCat("old ", request.old_size, "\n");
  for (const Hash& hash : request.proof) absl::StrAppend(&body, hash.ToBase64(), "\n");
  absl::StrAppend(&body, "\n", request.checkpoint);
  return body;
}

absl::StatusOr<AddCheckpoint> ParseAddCheckpoint(absl::string_view body) {
  if (body.size() > kAddCheckpointBytesMax) return Malformed("too long");
  AddCheckpoint request;
  CHAYAN_ASSIGN_OR_RETURN(absl::string_view line, TakeLine(body));
  if (!absl::ConsumePrefix(&line, "old ")) return Malformed("the first line is not `old SIZE`");
  const absl::StatusOr<uint64_t> old_size = ParseDecimal(line);
  if (!old_size.ok()) return Malformed("the old size is not a number");
  request.old_size = *old_size;
  while (true) {
    CHAYAN_ASSIGN_OR_RETURN(line, TakeLine(body));
    if (line.empty()) break;
    if (request.proof.size() == kAddCheckpointHashesMax) return Malformed("too many hashes");
    const absl::StatusOr<std::string> raw = Base64Decode(line);
    if (!raw.ok()) return Malformed("a hash is not base64");
    const absl::StatusOr<Hash> hash = Hash::FromRaw(*raw);
    if (!hash.ok()) return Malformed("a hash has not 32 bytes");
    request.proof.push_back(*hash);
  }
  request.checkpoint = std::string(body);
  return request;
}

std::string MonitoringPath(absl::string_view origin) {
  return absl::StrCat("/", crypto::Sha256(origin).ToHex(), "/checkpoint");
}

}  // namespace chayan::tlog
