#include "gateway/cli/sample_check.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/log/entry.h"
#include "gateway/tlog/commitment.h"
#include "gateway/tlog/note.h"
#include "gateway/tlog/sample.h"

namespace chayan::cli {

absl::StatusOr<SampleCheck> SampleCheck::Create(v1::Draw draw) {
  if (draw.nonce().empty()) {
    return absl::InvalidArgumentError(
        "the draw was not revealed; chayan audit sample reveal writes the file "
        "that is checked");
  }
  v1::DrawSampleRequest request;
  if (!request.ParseFromString(draw.request()) ||
      crypto::Sha256(draw.nonce()).raw() != request.nonce_hash()) {
    return absl::InvalidArgumentError("the draw's request is not of its nonce");
  }
  CHAYAN_ASSIGN_OR_RETURN(const tlog::Note note, tlog::ParseNote(draw.checkpoint()));
  CHAYAN_ASSIGN_OR_RETURN(tlog::Checkpoint checkpoint, tlog::ParseCheckpoint(note.text));
  if (checkpoint.head.size <= draw.draw()) {
    return absl::InvalidArgumentError("the draw's checkpoint does not cover its entry");
  }
  return SampleCheck(std::move(draw), request, std::move(checkpoint));
}

void SampleCheck::Add(const AuditedEntry& entry) {
  if (entry.index == draw_.draw()) draw_entry_ = CheckDrawEntry(entry);
  // What stands behind the draw never fits.
  if (entry.index < draw_.draw() && filter_.Matches(entry.index, entry.leaf)) {
    population_.push_back(entry.index);
  }
}

absl::Status SampleCheck::CheckDrawEntry(const AuditedEntry& entry) const {
  CHAYAN_ASSIGN_OR_RETURN(const log::ParsedLeaf leaf, log::ParseLeaf(entry.bytes));
  if (leaf.Get("digest") != absl::string_view(Base64Encode(request_.nonce_hash()))) {
    return absl::InvalidArgumentError(
        absl::StrCat(At(entry.index), " does not hold the hash of this nonce"));
  }
  CHAYAN_ASSIGN_OR_RETURN(const crypto::Secret32 opening,
                          crypto::Secret32::FromRaw(draw_.request_opening()));
  const crypto::Digest commitment =
      tlog::Commit(tlog::Committed::kRequest, opening, draw_.request());
  if (leaf.Get("c_req") == absl::string_view(Base64Encode(commitment.raw()))) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      At(entry.index), " commits to another request: the filter was changed afterwards"));
}

absl::StatusOr<std::vector<uint64_t>> SampleCheck::Finish() const {
  if (!draw_entry_.has_value()) {
    return absl::InvalidArgumentError("the export ends before the draw's entry; export again");
  }
  CHAYAN_RETURN_IF_ERROR(*draw_entry_);
  if (population_.size() != draw_.population()) {
    return absl::InvalidArgumentError(absl::StrCat("the gateway drew among ", draw_.population(),
                                                   " entries; in the log ", population_.size(),
                                                   " fit"));
  }
  const uint64_t size = request_.has_percent()
                            ? tlog::ShareOf(population_.size(), request_.percent())
                            : request_.count();
  const crypto::Digest seed =
      tlog::SampleSeed(crypto::Sha256(draw_.nonce()), checkpoint_.head.root);
  std::vector<uint64_t> drawn;
  for (const uint64_t number : tlog::DrawNumbers(seed, population_.size(), size)) {
    drawn.push_back(population_[number]);
  }
  return drawn;
}

}  // namespace chayan::cli
