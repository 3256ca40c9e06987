// The face of VerificationService: turns calls and stream items into exchanges.
#ifndef CHAYAN_GATEWAY_VERIFY_VERIFIER_H_
#define CHAYAN_GATEWAY_VERIFY_VERIFIER_H_

#include <memory>

#include "gateway/rpc/call.h"
#include "gateway/rpc/server.h"
#include "gateway/verify/exchange.h"

namespace chayan::verify {

// Thread-safe. Outlives every call it was given.
class Verifier {
 public:
  // All arguments outlive it. `stages` may be null.
  Verifier(rpc::RegistrySource registry, link::Links& links, log::Committer& committer,
           log::Vault& vault, tally::Book& book, Clock& clock, Random& random,
           metrics::Stages* stages = nullptr);

  // Releases what was held back, and looks what has become of grants. Called every 50 ms.
  void Tick();

  // Registers the four methods.
  void ServeOn(rpc::Server& server);

  void VerifyDocument(std::shared_ptr<rpc::UnaryCall> call);
  rpc::StreamEvents VerifyDocuments(std::shared_ptr<rpc::StreamCall> stream);

 private:
  Twins twins_;
  DelayLine delays_;
  const Collaborators with_;
};

}  // namespace chayan::verify

#endif  // CHAYAN_GATEWAY_VERIFY_VERIFIER_H_
