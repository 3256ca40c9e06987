// A connector answers questions from one kind of source. The program puts it between the SDK's link
// and the agency's own system.
#ifndef CHAYAN_ADAPTERS_CONNECTOR_CONNECTOR_H_
#define CHAYAN_ADAPTERS_CONNECTOR_CONNECTOR_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "adapters/connector/answer.h"
#include "chayan/v1/adapter_link_service.pb.h"
#include "chayan/v1/verification_service.pb.h"

namespace chayan::connector {

// A question as a connector sees it.
struct Inquiry {
  v1::VerifyDocumentRequest request;
  v1::QuestionPermit permit;
  absl::Duration timeout;     // nobody waits longer
  std::string exchange_id{};  // a UUID in text: the idempotency key towards the agency's system
};

// What an agency's own people look at.
struct SourceHealth {
  bool down = false;
  std::string detail;  // no personal data, no secret
  // Kinds that would be answered SOURCE_DOWN without asking the source. A source that is down is
  // asked again now and then, by one question: at such times none stands here.
  std::vector<std::string> resting_kinds{};
};

// Thread-safe.
class Connector {
 public:
  using Done = std::function<void(HolderAnswer)>;

  virtual ~Connector() = default;
  // Returns at once; `done` is called once, on any thread, for good or ill. It always answers: what
  // cannot be asked of the source is SOURCE_DOWN, what cannot be told is NOT_COMPARED. A guess is
  // never an answer.
  virtual void Answer(const Inquiry& inquiry, Done done) = 0;
  virtual SourceHealth Health() const = 0;
  // Asks the source whether it is there, without a person's data. Blocks.
  virtual absl::Status Probe() = 0;
};

}  // namespace chayan::connector

#endif  // CHAYAN_ADAPTERS_CONNECTOR_CONNECTOR_H_
