// The composition root: builds the rooms from the settings and holds them together. The only place
// that names the concrete store, clocks and credentials.
#ifndef CHAYAN_GATEWAY_GATEWAY_H_
#define CHAYAN_GATEWAY_GATEWAY_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "chayan/v1/gateway_config.pb.h"

namespace chayan {

namespace log {
class Vault;
}
namespace store {
class Store;
}

// The C2SP verifier keys of the log that `config` describes: its key, and the next one if there is
// one.
absl::StatusOr<std::vector<std::string>> LogVerifierKeys(const v1::GatewayConfig& config);

// For benches: what to put around rooms once they are built; an empty function leaves a room as it
// is.
struct Wrappers {
  std::function<std::unique_ptr<log::Vault>(std::unique_ptr<log::Vault>)> vault;
  std::function<std::unique_ptr<store::Store>(std::unique_ptr<store::Store>)> store;
};

// A running gateway. Its destructor stops it without waiting for calls; Drain first.
class Gateway {
 public:
  // Opens store and log, listens, serves. `bootstrap_directory`: registry of a new store; empty
  // otherwise.
  static absl::StatusOr<std::unique_ptr<Gateway>> Create(const v1::GatewayConfig& config,
                                                         const std::string& bootstrap_directory,
                                                         const Wrappers& wrappers = {});
  ~Gateway();

  std::string address() const;
  // Of the HTTP listener; empty without one.
  std::string http_address() const;
  // What happened to the log is not known any more: only a new start, which reads it, goes on.
  // Empty otherwise.
  std::string fatal_fault() const;
  // Takes no new calls, waits for those in flight as long as the settings say, commits what waits.
  void Drain();

 private:
  struct Rooms;
  explicit Gateway(std::unique_ptr<Rooms> rooms);
  std::unique_ptr<Rooms> rooms_;
};

}  // namespace chayan

#endif  // CHAYAN_GATEWAY_GATEWAY_H_
