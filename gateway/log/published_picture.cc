#include "gateway/log/published_picture.h"

#include <optional>
#include <utility>
#include <vector>

#include "gateway/base/status_macros.h"
#include "gateway/log/tree_reader.h"
#include "gateway/tlog/proof_file.h"

namespace chayan::log {

std::string PublishedPicture::Best() const {
  if (!status.publishing) return "";
  return witnessed.note.empty() ? published.note : witnessed.note;
}

const tlog::VerifierKey* PublishedPicture::KeyOf(absl::string_view member,
                                                 absl::string_view system) const {
  const registry::WitnessPolicy* const policy =
      registry == nullptr ? nullptr : registry->witness_policy();
  if (policy == nullptr) return nullptr;
  for (int i = 0; i < policy->proto.witnesses_size(); ++i) {
    const v1::WitnessSystem& dials_in = policy->proto.witnesses(i).dials_in();
    if (policy->proto.witnesses(i).has_dials_in() && dials_in.member() == member &&
        dials_in.system() == system) {
      return &policy->keys[static_cast<size_t>(i)];
    }
  }
  return nullptr;
}

absl::StatusOr<Committed> PublishedPicture::Prove(uint64_t index, Committer& committer,
                                                  store::Store& store) const {
  const store::Publication& under = witnessed.size > index ? witnessed : published;
  const auto edge = committer.Edge();
  if (under.size <= index || under.size > edge->size()) return committer.Prove(index);
  CHAYAN_ASSIGN_OR_RETURN(std::vector<std::string> leaves, store.ReadLeaves(index, 1, 0));
  CHAYAN_ASSIGN_OR_RETURN(std::vector<tlog::Hash> path,
                          InclusionPath(store, *edge, under.size, index));
  return Committed{.index = index,
                   .leaf = std::move(leaves[0]),
                   .tlog_proof = tlog::FormatProofFile({.extra = std::nullopt,
                                                        .index = index,
                                                        .path = std::move(path),
                                                        .checkpoint = under.note})};
}

}  // namespace chayan::log
