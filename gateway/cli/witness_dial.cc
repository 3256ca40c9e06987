#include "gateway/cli/witness_dial.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "chayan/v1/audit_service.pb.h"
#include "gateway/base/diag.h"
#include "gateway/base/status_macros.h"
#include "gateway/tlog/add_checkpoint.h"
#include "gateway/tlog/checkpoint.h"
#include "gateway/tlog/note.h"

namespace chayan::cli {
namespace {

// After failures the pause doubles up to this: a gateway that was down is met soon again.
constexpr absl::Duration kPauseMax = absl::Seconds(30);

}  // namespace

template <typename Response, typename Request>
absl::StatusOr<Response> WitnessDial::Call(const char* method, const Request& request) {
  const CallResult result = client_.Call(absl::StrCat("/chayan.v1.AuditService/", method),
                                         request.SerializeAsString(), timeout_);
  if (!result.status.ok()) return Annotate(result.status, method);
  Response response;
  if (response.ParseFromString(result.response)) return response;
  return absl::DataLossError(absl::StrCat(method, ": the response cannot be read"));
}

absl::Status WitnessDial::Visit() {
  v1::GetCheckpointRequest request;
  request.set_kind(v1::CHECKPOINT_KIND_PUBLISHED);
  CHAYAN_ASSIGN_OR_RETURN(const auto response,
                          Call<v1::GetCheckpointResponse>("GetCheckpoint", request));
  CHAYAN_ASSIGN_OR_RETURN(const tlog::Note note, tlog::ParseNote(response.checkpoint()));
  CHAYAN_ASSIGN_OR_RETURN(const tlog::Checkpoint shown, tlog::ParseCheckpoint(note.text));
  CHAYAN_ASSIGN_OR_RETURN(const auto mine, tlog::VerifySignatures(note, std::span(&key_, 1)));
  // What this key cosigned it has remembered.
  if (!mine.empty()) return absl::OkStatus();

  uint64_t known_size = 0;
  if (const auto last = witness_.LastCheckpoint(shown.origin); last.ok()) {
    CHAYAN_ASSIGN_OR_RETURN(const tlog::Note last_note, tlog::ParseNote(*last));
    CHAYAN_ASSIGN_OR_RETURN(const tlog::Checkpoint known, tlog::ParseCheckpoint(last_note.text));
    known_size = known.head.size;
  }
  if (known_size > shown.head.size) {
    return Accuse(shown.origin, absl::StrCat("the log shows ", shown.head.size, " entries, ",
                                             known_size, " were cosigned before"));
  }
  return Cosign(response.checkpoint(), shown.origin, known_size, shown.head.size);
}

absl::Status WitnessDial::Cosign(absl::string_view note, const std::string& origin,
                                 uint64_t old_size, uint64_t size) {
  tlog::AddCheckpoint add{.old_size = old_size, .proof = {}, .checkpoint = std::string(note)};
  if (old_size > 0 && old_size < size) {
    v1::GetConsistencyProofRequest request;
    request.set_old_size(old_size);
    request.set_new_size(size);
    CHAYAN_ASSIGN_OR_RETURN(const auto proof,
                            Call<v1::GetConsistencyProofResponse>("GetConsistencyProof", request));
    for (const std::string& raw : proof.hashes()) {
      CHAYAN_ASSIGN_OR_RETURN(const tlog::Hash hash, tlog::Hash::FromRaw(raw));
      add.proof.push_back(hash);
    }
  }
  const witness::Answer answer = witness_.AddCheckpoint(tlog::FormatAddCheckpoint(add));
  if (answer.status == 422) {
    return Accuse(origin, absl::StrCat("the log's ", size, " entries do not begin with the ",
                                       old_size, " that were cosigned"));
  }
  if (answer.status != 200) {
    return absl::FailedPreconditionError(
        absl::StrCat("not cosigned (", answer.status, "): ", answer.body));
  }
  v1::AddCosignatureRequest request;
  request.mutable_cosignature()->set_size(size);
  request.mutable_cosignature()->set_line(answer.body);
  CHAYAN_RETURN_IF_ERROR(Call<v1::AddCosignatureResponse>("AddCosignature", request).status());
  diag::Info("witness.cosigned", {{"origin", origin}, {"size", size}});
  return absl::OkStatus();
}

// The gateway judges for itself; whatever it says, this witness has seen what it has seen.
absl::Status WitnessDial::Accuse(const std::string& origin, const std::string& what) {
  const auto last = witness_.LastCheckpoint(origin);
  if (last.ok()) {
    v1::AddCosignatureRequest request;
    request.set_conflicting_checkpoint(*last);
    const auto told = Call<v1::AddCosignatureResponse>("AddCosignature", request);
    if (!told.ok()) diag::Warning("witness.not_told", {{"cause", told.status().message()}});
  }
  return absl::DataLossError(
      absl::StrCat(what,
                   "; keep the state folder: together with the checkpoint that the log shows "
                   "now it proves two histories"));
}

void WitnessDial::RunForEver(absl::Duration interval) {
  std::string last_failure;
  absl::Duration pause = interval;
  while (true) {
    const absl::Status status = Visit();
    if (status.ok()) {
      if (!last_failure.empty()) diag::Info("witness.back");
      last_failure.clear();
      pause = interval;
    } else {
      if (absl::string_view(last_failure) != status.message()) {
        last_failure = std::string(status.message());
        diag::Warning("witness.visit_failed", {{"cause", last_failure}});
      }
      pause = std::min(2 * pause, std::max(kPauseMax, interval));
    }
    absl::SleepFor(pause);
  }
}

}  // namespace chayan::cli
