// grpc.health.v1.Health on the call types of this room. Every service of the server is as healthy
// as the server as a whole. Thread-safe.
#ifndef CHAYAN_GATEWAY_RPC_HEALTH_H_
#define CHAYAN_GATEWAY_RPC_HEALTH_H_

#include <memory>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "gateway/rpc/call.h"
#include "grpc/health/v1/health.pb.h"

namespace chayan::rpc {

class Health {
 public:
  // A service the server has. Before calls come.
  void AddService(std::string name) { services_.insert(std::move(name)); }
  void SetServing(bool serving);
  void Check(const std::shared_ptr<UnaryCall>& call);
  // Keeps the stream until it ends. `self` lives as long as a watcher does.
  static StreamEvents Watch(std::shared_ptr<Health> self, std::shared_ptr<StreamCall> call);

 private:
  using Status = grpc::health::v1::HealthCheckResponse;
  bool Knows(const std::string& service) const;

  std::set<std::string> services_;
  absl::Mutex mu_;
  bool serving_ ABSL_GUARDED_BY(mu_) = false;
  // Watchers of known services; those of unknown ones are told so once and keep waiting.
  absl::flat_hash_map<StreamCall*, std::shared_ptr<StreamCall>> watchers_ ABSL_GUARDED_BY(mu_);
};

}  // namespace chayan::rpc

#endif  // CHAYAN_GATEWAY_RPC_HEALTH_H_
