// A whole deployment in a folder of its own: development PKI, sample registry, a gateway in this
// process on a free port, and adapters made with the SDK. For tests alone.
#ifndef CHAYAN_TESTS_INTEGRATION_DEPLOYMENT_H_
#define CHAYAN_TESTS_INTEGRATION_DEPLOYMENT_H_

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "adapters/sdk/link_client.h"
#include "chayan/v1/adapter_link_service.grpc.pb.h"
#include "chayan/v1/gateway_config.pb.h"
#include "chayan/v1/verification_service.grpc.pb.h"
#include "gateway/base/clock.h"
#include "gateway/base/random.h"
#include "gateway/crypto/signing_key.h"
#include "gateway/gateway.h"

namespace chayan::integration {

// The longest a test waits for what must come; far above what it takes.
inline constexpr absl::Duration kPatience = absl::Seconds(60);

// Waits for what nobody announces; false when patience ends.
template <typename Condition>
[[nodiscard]] bool Eventually(Condition condition) {
  const absl::Time end = absl::Now() + kPatience;
  while (!condition()) {
    if (absl::Now() > end) return false;
    absl::SleepFor(absl::Milliseconds(1));
  }
  return true;
}

class Deployment {
 public:
  // Makes PKI and registry; aborts when the machine cannot.
  Deployment();
  // Removes the folder.
  ~Deployment();
  Deployment(const Deployment&) = delete;
  Deployment& operator=(const Deployment&) = delete;

  // Starts the gateway; a second time on the same port and store.
  void StartGateway();
  void StopGateway() { gateway_ = nullptr; }
  const std::string& address() const { return address_; }
  std::string Path(absl::string_view name) const;

  // A client of the system with this certificate: "household", "land-ad", …
  std::shared_ptr<grpc::Channel> Channel(absl::string_view certificate) const;
  // Settings of an adapter of `holder` that offers land.title.
  sdk::AdapterOptions AdapterFor(const std::string& holder) const;
  crypto::Ed25519Key AnswerKey(absl::string_view holder) const;
  // What the adapters' hellos must say of a kind.
  crypto::Digest KindDigest(absl::string_view kind) const;
  // Everything that stands in the log, leaf by leaf. REQUIRES: the gateway is stopped.
  std::string Leaves() const;

 private:
  std::string directory_;
  std::string address_ = "127.0.0.1:0";
  v1::GatewayConfig config_;
  std::unique_ptr<Gateway> gateway_;
};

// A question about the land of the sample person, which hro-shanhua may ask.
v1::VerifyDocumentRequest LandQuestion(absl::string_view request_id);

}  // namespace chayan::integration

#endif  // CHAYAN_TESTS_INTEGRATION_DEPLOYMENT_H_
