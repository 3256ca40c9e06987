#include "gateway/tlog/bulk_frame.h"

#include "gateway/base/check.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/digest.h"

namespace chayan::tlog {
namespace {

constexpr absl::string_view kItemDomain("chayan/bulk/v1\0", 15);

Batch TreeOf(const std::vector<crypto::Digest>& items) {
  CHAYAN_CHECK(!items.empty() && items.size() <= kBulkItemsMax);
  std::vector<Hash> leaves(items.size());
  for (size_t i = 0; i < items.size(); ++i) leaves[i] = LeafHash(items[i]);
  return Batch(CompactRange(), std::move(leaves));
}

std::string Committed(const Hash& root, uint32_t count) {
  std::string bytes = root.ToString();
  AppendUint32(bytes, count);
  return bytes;
}

}  // namespace

crypto::Digest BulkItem(const Uuid& id, const crypto::Digest& request_digest,
                        const crypto::Digest& answer_digest) {
  return crypto::Sha256({kItemDomain, id.raw(), request_digest.raw(), answer_digest.raw()});
}

BulkFrame::BulkFrame(const std::vector<crypto::Digest>& items) : tree_(TreeOf(items)) {}

std::string BulkFrame::CommittedBytes() const {
  return Committed(tree_.root(), static_cast<uint32_t>(tree_.count()));
}

BulkPlace BulkFrame::PlaceOf(size_t index) const {
  return {.index = static_cast<uint32_t>(index),
          .count = static_cast<uint32_t>(tree_.count()),
          .path = tree_.InclusionProof(index)};
}

absl::StatusOr<std::string> CommittedBytesFrom(const crypto::Digest& item, const BulkPlace& place) {
  CHAYAN_ASSIGN_OR_RETURN(const Hash root, RootFromInclusionProof(place.index, place.count,
                                                                  LeafHash(item), place.path));
  return Committed(root, place.count);
}

}  // namespace chayan::tlog
