// Every bound of a link, with its reason. What both sides must agree on stands in
// adapter_link_service.proto too.
#ifndef CHAYAN_GATEWAY_LINK_BOUNDS_H_
#define CHAYAN_GATEWAY_LINK_BOUNDS_H_

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace chayan::link {

inline constexpr uint32_t kProtocolVersion = 1;
// Said in the Welcome: an adapter may send SourceHealth.
inline constexpr char kSourceHealthFeature[] = "source-health";

// An adapter knows itself when it dials; a stream that says nothing holds memory for nothing.
inline constexpr absl::Duration kHelloTimeout = absl::Seconds(5);
// Short enough that a dead agency is known before most callers lose patience, long enough that a
// thousand links cost nothing.
inline constexpr absl::Duration kHeartbeatInterval = absl::Seconds(5);
inline constexpr int kHeartbeatsMissedMax = 3;
// A link that was told to drain is ended by us after this long: no question lives longer.
inline constexpr absl::Duration kDrainTimeout = absl::Seconds(60);
// How often a link's right is looked at again though the registry has not changed: keys expire.
inline constexpr absl::Duration kRightInterval = absl::Seconds(1);

// Questions in flight on one link: 256 of one member, which at 10 ms each are 25,600 a second, far
// above one core, and the ninth that its share leaves for others (policy/fair_share.h).
inline constexpr uint32_t kInFlightMax = 288;
// Items of a frame: as many as one member can have in flight.
inline constexpr size_t kFrameItemsMax = 256;
// Bytes of a coalesced frame: half of what the peer takes, so that the last item always fits.
inline constexpr size_t kFrameBytesMax = 512 << 10;
// A frame is at most 1 MiB; the rest of the question needs far less than 64 KiB.
inline constexpr size_t kRequestBytesMax = (1 << 20) - (64 << 10);
// What may wait in the transport of a peer that reads slowly, before its link counts as full.
inline constexpr size_t kQueuedBytesMax = 4 << 20;
// Places of a question: where it was put first, and one other replica.
inline constexpr int kPlacesMax = 2;

// Questions given up whose late answers are still expected: four bounds of questions in flight. An
// answer later than that counts as unexpected.
inline constexpr size_t kGivenUpMax = 4 * kInFlightMax;
// Frames waiting for the checker: at 118 us each about a tenth of a second of work.
inline constexpr size_t kCheckQueueMax = 1024;

// Notices on one link without a receipt: an agency's system takes its time, and what waits costs
// each side some hundred KiB at most.
inline constexpr uint32_t kNoticesInFlightMax = 256;

inline constexpr size_t kKindsMax = 128;
inline constexpr size_t kSubscriptionsMax = 128;
// Claims and fields of one kind: twice what the widest kind of the country has.
inline constexpr size_t kElementsMax = 256;
inline constexpr size_t kElementCharactersMax = 128;
inline constexpr size_t kSoftwareCharactersMax = 64;

}  // namespace chayan::link

#endif  // CHAYAN_GATEWAY_LINK_BOUNDS_H_
