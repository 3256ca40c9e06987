// The front: a gRPC server over mutual TLS 1.3, made of OpenSSL and libnghttp2 (gRPC over HTTP/2,
// as the gRPC project's PROTOCOL-HTTP2.md describes it). Worker threads each own their connections;
// nothing blocks on them.
//
// At the door, in this order: handshake (chain to the roots) → identity (URI or binding, issuer
// allowed, not revoked, not expired: on every call and every message of a stream, and within a
// second on idle streams) → admission (rates and bounds, per member) → role → handler. Refusals
// after the handshake are recorded through Options::record_refusal; what admission sheds is only
// counted.
#ifndef CHAYAN_GATEWAY_RPC_SERVER_H_
#define CHAYAN_GATEWAY_RPC_SERVER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/base/clock.h"
#include "gateway/registry/snapshot.h"
#include "gateway/rpc/call.h"
#include "gateway/rpc/limits.h"
#include "gateway/rpc/trust_state.h"

namespace chayan::rpc {

using RegistrySource = std::function<std::shared_ptr<const registry::Snapshot>()>;

// Refused at the door after the handshake: recorded before the caller learns it.
struct DoorRefusal {
  policy::Caller caller;  // as far as it is known; the certificate always
  std::string method;     // "VerifyDocument", or "unknown": never what the caller wrote
  policy::Refusal refusal;
  std::string status_bytes;  // google.rpc.Status, exactly as the caller will get it
  // Call with the status bytes' receipt (serialized Receipt, may be empty) once recorded; or with
  // an error to answer UNAVAILABLE.
  absl::AnyInvocable<void(absl::StatusOr<std::string>)> done{};
};

struct ServerStatus {
  uint32_t connections = 0;
  uint32_t calls_in_flight = 0;
  uint64_t handshakes_failed = 0;
  uint64_t calls_shed = 0;
  std::vector<std::pair<std::string, uint64_t>> shed_by_reason{};  // together calls_shed
  std::vector<std::string>
      alarms;  // "crl.expired", "crl.none", "certificate.unreadable", "denylist.unreadable", …
  absl::Time certificate_not_after;
  std::vector<RevocationList> revocation_lists;
};

class Server {
 public:
  struct Options {
    std::string address = "127.0.0.1:0";
    std::string certificate_file;  // leaf, then intermediates, PEM
    std::string key_file;          // PEM
    std::string roots_file;        // PEM
    std::string crl_directory;     // every regular file: PEM or DER
    std::string denylist_file;     // text proto chayan.v1.DenyList; may be empty to have none
    int workers = 1;
    RegistrySource registry{};
    // Called on a worker's thread: must not block. Without one refusals are told unrecorded: for
    // tests.
    std::function<void(DoorRefusal)> record_refusal{};
  };
  // Reads all files once (an unusable one is an error that names it) and listens.
  static absl::StatusOr<std::unique_ptr<Server>> Create(Options options, Clock& clock);
  virtual ~Server() = default;

  // Before Start; each method once. `method`: full name,
  // "/chayan.v1.VerificationService/VerifyDocument".
  void HandleUnary(std::string method, UnaryHandler handler) {
    HandleUnary(std::move(method), std::move(handler), kMessageBytesMax);
  }
  // For a method whose requests may be larger than others (`message_bytes_max`, also after
  // decompression).
  virtual void HandleUnary(std::string method, UnaryHandler handler, size_t message_bytes_max) = 0;
  virtual void HandleStream(std::string method, StreamHandler handler) = 0;

  virtual absl::Status Start() = 0;
  virtual std::string address() const = 0;  // "127.0.0.1:PORT" as bound
  virtual ServerStatus Status() const = 0;
  // Readiness of grpc.health.v1.Health.
  virtual void SetServing(bool serving) = 0;
  // GOAWAY to all in two steps, waits until calls end or `grace` is over, then closes.
  virtual void Drain(absl::Duration grace) = 0;
};

}  // namespace chayan::rpc

#endif  // CHAYAN_GATEWAY_RPC_SERVER_H_
