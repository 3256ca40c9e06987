// What an entry of type `bulk` covers: a frame of items under one Merkle root (RFC 6962), to which
// the entry's c_res commits. Each party gets the place of its own item and proves it by itself; the
// digests of all items show that none was left out. FrameProof in receipt.proto has the bytes.
#ifndef CHAYAN_GATEWAY_TLOG_BULK_FRAME_H_
#define CHAYAN_GATEWAY_TLOG_BULK_FRAME_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/base/uuid.h"
#include "gateway/tlog/batch.h"
#include "gateway/tlog/merkle.h"

namespace chayan::tlog {

// Items of a frame: as many as one frame of a link has.
inline constexpr size_t kBulkItemsMax = 256;

// SHA-256("chayan/bulk/v1\0" || id || SHA-256(request) || SHA-256(answer)).
crypto::Digest BulkItem(const Uuid& id, const crypto::Digest& request_digest,
                        const crypto::Digest& answer_digest);

// Where an item stands in its frame.
struct BulkPlace {
  uint32_t index = 0;
  uint32_t count = 0;
  std::vector<Hash> path{};

  bool operator==(const BulkPlace&) const = default;
};

// All items of a frame, in their order. REQUIRES: at least one, at most kBulkItemsMax.
class BulkFrame {
 public:
  explicit BulkFrame(const std::vector<crypto::Digest>& items);

  // What c_res commits to: the root, then uint32 count.
  std::string CommittedBytes() const;
  // REQUIRES: index < number of items.
  BulkPlace PlaceOf(size_t index) const;

 private:
  Batch tree_;
};

// The only CommittedBytes of a frame in which the item can stand there. INVALID_ARGUMENT when there
// are none.
absl::StatusOr<std::string> CommittedBytesFrom(const crypto::Digest& item, const BulkPlace& place);

}  // namespace chayan::tlog

#endif  // CHAYAN_GATEWAY_TLOG_BULK_FRAME_H_
