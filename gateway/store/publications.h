// What was published of the log: checkpoints that went to the witnesses, with the cosignatures that
// came, and the timestamps over them. One row a size, beside the log in the same store.
//
// Nothing here is a source of truth: a checkpoint follows from the committed head, a cosignature
// can be asked for again. So a write is never synced by itself, and an append never waits for one's
// disk: it is durable with the next append or the next Maintain, whichever is first.
#ifndef CHAYAN_GATEWAY_STORE_PUBLICATIONS_H_
#define CHAYAN_GATEWAY_STORE_PUBLICATIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace chayan::store {

struct Publication {
  uint64_t size = 0;
  std::string note;        // the checkpoint with the log's signature and the cosignatures that came
  int64_t time_ms = 0;     // when it was first published, Unix milliseconds
  bool witnessed = false;  // the cosignatures met the quorum of the policy in force
  std::string timestamp;   // RFC 3161 TimeStampResp (DER); empty: none

  bool operator==(const Publication&) const = default;
};

enum class PublicationKind { kAny, kWitnessed, kTimestamped };
inline constexpr size_t kPublicationKinds = 3;

// Thread-safe.
class Publications {
 public:
  virtual ~Publications() = default;

  // Adds the publication, or puts it in the place of the one of its size.
  virtual absl::Status Put(const Publication& publication) = 0;
  // The largest. NOT_FOUND when there is none.
  virtual absl::StatusOr<Publication> ReadNewest(PublicationKind kind) = 0;
  // The smallest of at least `size_min`: the first that covers entry `size_min - 1`. NOT_FOUND when
  // there is none.
  virtual absl::StatusOr<Publication> ReadFirst(uint64_t size_min, PublicationKind kind) = 0;
};

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_PUBLICATIONS_H_
