// Every bound of the front, with its reason. A peer that passes one is told so, or loses its
// connection; nobody else notices.
#ifndef CHAYAN_GATEWAY_RPC_LIMITS_H_
#define CHAYAN_GATEWAY_RPC_LIMITS_H_

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace chayan::rpc {

// Connections. One costs about 60 KiB; 4096 stay below the memory a small machine can give.
inline constexpr uint32_t kConnectionsMax = 4096;
// A member's share, so that one cannot take all places.
inline constexpr uint32_t kConnectionsPerMemberMax = 512;
// Callers that are refused from the start belong to no member, so these places are theirs together:
// enough for the offices of one mistaken renewal to be told why.
inline constexpr uint32_t kRefusedConnectionsMax = 64;
// How long they stay: time to ask once, be refused with the reason, and see that recorded.
inline constexpr absl::Duration kRefusedConnectionStay = absl::Seconds(5);
// A handshake costs 2-3 ms of CPU and comes from a peer nobody knows yet.
inline constexpr uint32_t kHandshakesInProgressMax = 256;
// An honest client is done within this, even one of 256 at once; when all places are taken, who is
// not makes room for the next.
inline constexpr absl::Duration kHandshakeGrace = absl::Seconds(2);
inline constexpr absl::Duration kHandshakeTimeout = absl::Seconds(10);
// Connections taken from the listener in one turn of a loop: open connections get their turn.
inline constexpr int kAcceptsPerTurnMax = 16;

// TLS records taken from one connection in one turn: the others, and a revocation, wait no longer
// than it takes to work on these.
inline constexpr int kReadsPerTurnMax = 32;

// HTTP/2.
// 256 in flight on one connection are measured; twice that leaves room for streams beside.
inline constexpr uint32_t kStreamsPerConnectionMax = 512;
// Name and value and 32 for each header (RFC 9113 10.5.1). A gRPC call has about 300 bytes.
inline constexpr size_t kHeaderListBytesMax = 16 << 10;
// A peer that sends this much in one header list is not a mistaken client: it loses its connection.
inline constexpr size_t kHeaderFloodBytes = 128 << 10;
// What a peer may send on one stream before the handler took it. Messages may be larger: what is
// put together counts as taken.
inline constexpr int32_t kStreamWindowBytes = 256 << 10;
// All streams together; large enough to keep a distant peer sending.
inline constexpr int32_t kConnectionWindowBytes = 4 << 20;
// Bodies of calls that are not complete, and what waits for paused streams, of one connection.
inline constexpr size_t kBufferedBytesPerConnectionMax = 16 << 20;
// Answers queued for one connection: a thousand of the usual size. A peer that lets more come
// together does not read and loses its connection.
inline constexpr int64_t kQueuedBytesPerConnectionMax = 8 << 20;
// Queued bytes and no progress for this long: the peer does not read.
inline constexpr absl::Duration kWriteStallMax = absl::Seconds(30);
// Frames that cost us work and the peer nothing (PING, SETTINGS, PRIORITY, empty DATA, frames of
// unknown types, WINDOW_UPDATE beyond what DATA earned): at once, then each second. Clients
// that measure their bandwidth send a few PINGs a second.
inline constexpr double kControlFramesBurst = 1000;
inline constexpr double kControlFramesPerSecond = 100;
// A peer that reads opens the windows of the stream and of the connection again, and gRPC does so
// with what it sends, too: so many WINDOW_UPDATEs are earned by each DATA frame that is not empty,
// ours or its own, and so many are saved up.
inline constexpr int kWindowUpdatesPerData = 2;
inline constexpr int kWindowUpdatesSavedMax = 4000;
// Acknowledgements that wait because the peer does not read them.
inline constexpr size_t kAcknowledgementsQueuedMax = 128;
// Calls reset by the peer: at once, then each second (CVE-2023-44487).
inline constexpr uint64_t kResetsBurst = 1000;
inline constexpr uint64_t kResetsPerSecond = 100;
// Header blocks in pieces (CVE-2024-28182); 16 KiB fit into one.
inline constexpr size_t kContinuationsMax = 8;
// Plain-text bytes put into one TLS record: its largest size.
inline constexpr size_t kRecordBytesMax = 16 << 10;
// Nothing heard for this long: ask. No answer for that long: the peer is gone.
inline constexpr absl::Duration kKeepaliveAfter = absl::Seconds(60);
inline constexpr absl::Duration kKeepaliveTimeout = absl::Seconds(20);

// Calls.
// Largest message, also after decompression, where a method states no other. Questions and frames
// are below 64 KiB.
inline constexpr size_t kMessageBytesMax = 1 << 20;
// Calls in flight in this process: a call holds about 4 KiB beside its message.
inline constexpr uint32_t kCallsInFlightMax = 16384;
// What a member gets that states nothing (registry.proto).
inline constexpr uint32_t kRequestsPerSecondDefault = 200;
inline constexpr uint32_t kInFlightDefault = 512;
// Rates are averages over this time.
inline constexpr absl::Duration kRateSpan = absl::Seconds(10);
// Advice to who was shed because of calls in flight.
inline constexpr absl::Duration kRetryDelay = absl::Seconds(1);
// Refusals recorded for one certificate: at once, then each second. Beyond, they are only counted,
// so that nobody floods the log.
inline constexpr double kRecordedRefusalsBurst = 50;
inline constexpr double kRecordedRefusalsPerSecond = 5;
// Reasons that calls shed are counted under: those of admission, twice over.
inline constexpr size_t kShedReasonsMax = 32;
// Certificates whose refusals are counted at a time.
inline constexpr size_t kRefusedCertificatesMax = 10000;
// Trailers of a peer that states no bound: what gRPC clients take by default.
inline constexpr size_t kTrailerBytesDefault = 8 << 10;

// Files and standing.
// Files are looked at this often, and running calls checked: with the reading, revocation takes
// effect within a second.
inline constexpr absl::Duration kFilePollInterval = absl::Milliseconds(200);
inline constexpr absl::Duration kSweepInterval = absl::Milliseconds(200);
// After a caller lost its right, time for the statuses of its calls to be recorded and sent.
inline constexpr absl::Duration kFarewellTimeout = absl::Milliseconds(400);
// Between the two GOAWAYs of draining: calls already on their way arrive in it.
inline constexpr absl::Duration kShutdownNotice = absl::Milliseconds(200);
// A revocation file larger than this is not one of ours.
inline constexpr size_t kRevocationFilesMax = 256;

}  // namespace chayan::rpc

#endif  // CHAYAN_GATEWAY_RPC_LIMITS_H_
