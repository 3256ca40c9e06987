// What all workers of a server share.
#ifndef CHAYAN_GATEWAY_RPC_FRONT_H_
#define CHAYAN_GATEWAY_RPC_FRONT_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "gateway/base/clock.h"
#include "gateway/metrics/instruments.h"
#include "gateway/policy/refusal.h"
#include "gateway/registry/snapshot.h"
#include "gateway/rpc/admission.h"
#include "gateway/rpc/call.h"
#include "gateway/rpc/identity.h"
#include "gateway/rpc/limits.h"
#include "gateway/rpc/server.h"
#include "gateway/rpc/tls.h"
#include "gateway/rpc/trust_state.h"

namespace chayan::rpc {

struct Method {
  std::string path{};  // "/chayan.v1.VerificationService/VerifyDocument"
  std::string name{};  // "VerifyDocument"
  size_t message_bytes_max = kMessageBytesMax;
  UnaryHandler unary{};
  StreamHandler stream{};
};

// What holds during one turn of a worker's loop.
struct View {
  std::shared_ptr<const registry::Snapshot> snapshot;
  std::shared_ptr<const TrustLists> lists;
  absl::Time now;
  absl::Duration elapsed;
  // Grows when snapshot or lists are others than in the turn before.
  uint64_t epoch = 0;
};

// What a connection's certificates are worth under one view.
struct Standing {
  std::shared_ptr<const policy::Caller> caller;
  std::optional<policy::Refusal> refusal;
  std::shared_ptr<MemberLoad> load;  // null with a refusal
  MemberBounds bounds{};
  Validity validity{};
  uint64_t epoch = 0;

  bool IsCurrent(const View& view) const {
    return epoch == view.epoch && (refusal.has_value() || view.now <= validity.not_after);
  }
};

// Methods and files are set before the workers start; the rest has its own synchronization.
struct Front {
  Front(Server::Options server_options, Clock& server_clock)
      : options(std::move(server_options)),
        clock(server_clock),
        tls({.certificate = options.certificate_file,
             .key = options.key_file,
             .roots = options.roots_file},
            clock),
        trust({.crl_directory = options.crl_directory, .denylist_file = options.denylist_file},
              clock) {}

  Standing Judge(const Chain& chain, const View& view);

  const Server::Options options;
  Clock& clock;
  absl::flat_hash_map<std::string, Method> methods;  // by full name
  TlsFiles tls;
  TrustState trust;
  Admission admission;

  using Count = std::shared_ptr<std::atomic<uint32_t>>;
  const Count connections = std::make_shared<std::atomic<uint32_t>>(0);
  const Count handshakes = std::make_shared<std::atomic<uint32_t>>(0);
  const Count refused_connections = std::make_shared<std::atomic<uint32_t>>(0);
  const Count calls = std::make_shared<std::atomic<uint32_t>>(0);
  std::atomic<uint64_t> handshakes_failed{0};
  // By reason: those of refusals, and what never became a call.
  metrics::CounterFamily shed{{"reason"}, kShedReasonsMax};
};

}  // namespace chayan::rpc

#endif  // CHAYAN_GATEWAY_RPC_FRONT_H_
