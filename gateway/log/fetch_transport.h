// The log's anchors over real HTTP (gateway/fetch).
#ifndef CHAYAN_GATEWAY_LOG_FETCH_TRANSPORT_H_
#define CHAYAN_GATEWAY_LOG_FETCH_TRANSPORT_H_

#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "gateway/fetch/client.h"
#include "gateway/log/anchor_transport.h"

namespace chayan::log {

// Keeps one client a root, so that connections are kept; a policy has a few dozen roots at most,
// and a process sees few policies.
class FetchTransport final : public AnchorTransport {
 public:
  absl::StatusOr<AnchorAnswer> Fetch(const AnchorRequest& request) override;

 private:
  absl::StatusOr<fetch::Client*> ClientFor(const std::string& root_pem);

  absl::Mutex mu_;
  std::map<std::string, std::unique_ptr<fetch::Client>> clients_ ABSL_GUARDED_BY(mu_);
};

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_FETCH_TRANSPORT_H_
