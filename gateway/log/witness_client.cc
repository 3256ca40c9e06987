#include "gateway/log/witness_client.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/tlog/add_checkpoint.h"

namespace chayan::log {
namespace {

absl::StatusOr<AnchorAnswer> Post(const WitnessTarget& target, const CosignRequest& request,
                                  uint64_t old_size, const GrowthProof& proof,
                                  AnchorTransport& transport) {
  std::vector<tlog::Hash> hashes;
  if (old_size > 0) {
    CHAYAN_ASSIGN_OR_RETURN(hashes, proof(old_size, request.size));
  }
  return transport.Fetch(
      {.url = target.url + "/add-checkpoint",
       .root_pem = target.root_pem,
       .content_type = "text/plain; charset=utf-8",
       .body = tlog::FormatAddCheckpoint({old_size, std::move(hashes), request.note}),
       .timeout = kWitnessTimeout});
}

// The size in a 409; nothing when it says none.
std::optional<uint64_t> SizeIn(const AnchorAnswer& answer) {
  if (answer.content_type != tlog::kTlogSizeType) return std::nullopt;
  const auto size = ParseDecimal(absl::StripSuffix(answer.body, "\n"));
  return size.ok() ? std::optional<uint64_t>(*size) : std::nullopt;
}

WitnessReply Judge(const WitnessTarget& target, const CosignRequest& request,
                   const AnchorAnswer& answer) {
  WitnessReply reply;
  if (answer.status == 200) {
    auto cosignature = FindCosignature(answer.body, target.key, request.note);
    if (cosignature.ok()) {
      reply.cosignature = *std::move(cosignature);
      reply.known_size = request.size;
    } else {
      reply.fault = std::string(cosignature.status().message());
    }
    return reply;
  }
  switch (answer.status) {
    case 403:
    case 404:
      // Witnesses of other makers answer 403 for a log that they do not know.
      reply.fault = absl::StrCat("answered ", answer.status,
                                 ": it does not know this log or this key; give its operator the "
                                 "log's vkey");
      return reply;
    case 409: {
      const auto size = SizeIn(answer);
      reply.fault = size.has_value() ? absl::StrCat("says that it cosigned ", *size,
                                                    " entries, was shown ", request.size)
                                     : "answered 409 without the size that it knows";
      return reply;
    }
    case 422:
      reply.fault = "says that this log is no continuation of what it cosigned";
      return reply;
    default:
      reply.fault = absl::StrCat("answered with status ", answer.status);
      return reply;
  }
}

}  // namespace

WitnessReply AskWitness(const WitnessTarget& target, const CosignRequest& request,
                        const GrowthProof& proof, AnchorTransport& transport) {
  // What it knew may be more than is shown now, after a rollback: the witness will say.
  const uint64_t known_size = request.known_size <= request.size ? request.known_size : 0;
  absl::StatusOr<AnchorAnswer> answer = Post(target, request, known_size, proof, transport);
  if (answer.ok() && answer->status == 409) {
    const std::optional<uint64_t> size = SizeIn(*answer);
    if (size.has_value() && *size <= request.size && *size != known_size) {
      answer = Post(target, request, *size, proof, transport);
    }
  }
  if (!answer.ok()) {
    return {.cosignature = std::nullopt,
            .known_size = request.known_size,
            .fault = std::string(answer.status().message()),
            .shown = ""};
  }
  WitnessReply reply = Judge(target, request, *answer);
  if (!reply.cosignature.has_value()) reply.known_size = request.known_size;
  if (answer->status == 409 || answer->status == 422) {
    // Its words prove nothing; what it serves may.
    auto shown = AskWhatItShows(target, request.origin, kWitnessTimeout, transport);
    if (shown.ok()) reply.shown = *std::move(shown);
  }
  return reply;
}

absl::StatusOr<std::string> AskWhatItShows(const WitnessTarget& target, absl::string_view origin,
                                           absl::Duration timeout, AnchorTransport& transport) {
  const std::string& prefix = target.monitoring_url.empty() ? target.url : target.monitoring_url;
  CHAYAN_ASSIGN_OR_RETURN(AnchorAnswer answer,
                          transport.Fetch({.url = prefix + tlog::MonitoringPath(origin),
                                           .root_pem = target.root_pem,
                                           .content_type = "",
                                           .body = "",
                                           .timeout = timeout}));
  if (answer.status == 404) return absl::NotFoundError("shows nothing of this log");
  if (answer.status != 200) {
    return absl::UnavailableError(absl::StrCat("answered with status ", answer.status));
  }
  return std::move(answer.body);
}

absl::StatusOr<tlog::NoteSignature> FindCosignature(absl::string_view lines,
                                                    const tlog::VerifierKey& key,
                                                    absl::string_view note) {
  CHAYAN_ASSIGN_OR_RETURN(const tlog::Note parsed, tlog::ParseNote(note));
  auto signatures = tlog::ParseSignatureLines(lines);
  if (!signatures.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("what came is no signature line: ", signatures.status().message()));
  }
  for (tlog::NoteSignature& signature : *signatures) {
    // Lines by other keys may come along and mean nothing here.
    if (signature.name != key.name() || signature.key_id != key.id()) continue;
    if (!key.Verify(parsed.text, signature.bytes).has_value()) {
      return absl::InvalidArgumentError("its signature over this checkpoint does not hold");
    }
    return std::move(signature);
  }
  return absl::InvalidArgumentError("no signature by the key in the registry");
}

}  // namespace chayan::log
