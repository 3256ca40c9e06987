// Publishes the log: keeps its newest signed checkpoint, takes it to the witnesses of the
// registry's policy, keeps what they cosigned, has a time put on it once an hour, and raises the
// alarm, or closes the log where the policy says so, when the quorum stays away. Without a policy
// it only keeps: samples are drawn under published checkpoints. Answers to callers never wait for
// it.
//
// One thread drives it (Tick); whoever has news posts it, and the next Tick takes it. So nothing in
// here is shared but the inbox and the picture that Tick leaves for readers (published_picture.h).
// Each witness that is called (witness_roster.h) has a lane of its own; those that dial in come by
// TakeCosignature.
//
// It stops the gateway only on proof: see judgement.h.
//
// LIMITATION: several gateways over one store each publish for themselves; the last one to store a
// checkpoint of a size keeps its own cosignatures of it.
#ifndef CHAYAN_GATEWAY_LOG_PUBLISHER_H_
#define CHAYAN_GATEWAY_LOG_PUBLISHER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/base/clock.h"
#include "gateway/base/random.h"
#include "gateway/log/anchor_transport.h"
#include "gateway/log/committer.h"
#include "gateway/log/lanes.h"
#include "gateway/log/witness_roster.h"
#include "gateway/registry/snapshot.h"
#include "gateway/store/store.h"
#include "gateway/tlog/note_key.h"

namespace chayan::log {

// No checkpoint is published sooner after the one before.
inline constexpr absl::Duration kPublishPause = absl::Seconds(1);
// The one before has so long to find its quorum before a newer one takes its place: witnesses that
// dial in now and then must all meet the same one.
inline constexpr absl::Duration kQuorumPatience = absl::Seconds(5);

struct PublisherStatus {
  bool publishing = false;  // the registry has a witness policy, so that others vouch for it
  uint64_t published_size = 0;
  absl::Time published_time = absl::InfinitePast();
  uint64_t witnessed_size = 0;
  bool quorum_present = true;
  bool closed = false;
  std::vector<WitnessState> witnesses;
  absl::Time timestamp_time = absl::InfinitePast();
  uint64_t timestamp_size = 0;
  std::string timestamp_fault;
  std::vector<std::string> alarms;  // codes, as operator_service.proto has them
};

class Publisher {
 public:
  struct Options {
    // Keys by which this log signs or ever signed.
    std::vector<tlog::VerifierKey> own_keys;
    std::function<std::shared_ptr<const registry::Snapshot>()> registry;
    // From the question at the start, where it found a fault; shown until a witness answers.
    std::string start_alarm;
  };
  // Reads what was published before. With a store that keeps no publications nothing is published,
  // and a witness policy is an alarm. All references outlive the result, and nothing runs on
  // `lanes` any more when it is destroyed.
  static absl::StatusOr<std::unique_ptr<Publisher>> Create(Options options, Committer& committer,
                                                           store::Store& store,
                                                           AnchorTransport& transport, Lanes& lanes,
                                                           const Clock& clock, Random& random);
  virtual ~Publisher() = default;

  // One step. By one thread, several times a second.
  virtual void Tick() = 0;

  // The rest from any thread.
  // The newest published checkpoint, and the newest that has a quorum; empty while there is none.
  virtual std::string Published() const = 0;
  virtual std::string Witnessed() const = 0;
  // What those who copy the log are given: the newest witnessed checkpoint, else the newest
  // published one; without a witness policy the newest signed one, for an older one would prove no
  // more.
  virtual std::string BestCheckpoint() const = 0;
  // Proof of entry `index` under the newest witnessed checkpoint; where the entry is newer than
  // that, under the newest published one; else under the newest signed one. OUT_OF_RANGE when there
  // is no such entry.
  virtual absl::StatusOr<Committed> Prove(uint64_t index) = 0;
  // A cosignature line from the witness that dials in by this system. PERMISSION_DENIED when none
  // does, NOT_FOUND when no checkpoint of this size is on offer (any more), INVALID_ARGUMENT when
  // the signature does not hold, RESOURCE_EXHAUSTED when too much waits to be taken.
  virtual absl::Status TakeCosignature(absl::string_view member, absl::string_view system,
                                       uint64_t size, absl::string_view line) = 0;
  // A checkpoint that such a witness holds against what it was shown. Judged by the next Tick.
  virtual absl::Status TakeConflict(absl::string_view member, absl::string_view system,
                                    std::string note) = 0;
  virtual PublisherStatus Status() const = 0;
};

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_PUBLISHER_H_
