// Where the gateway is and as whom to call it: from flags, else from the environment, checked
// before anything is sent, so that a wrong file is named with its remedy and not as a failed
// handshake.
#ifndef CHAYAN_GATEWAY_CLI_CONNECTION_H_
#define CHAYAN_GATEWAY_CLI_CONNECTION_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/cli/client.h"
#include "gateway/cli/language.h"

namespace chayan::cli {

// The value of a variable, empty when not set.
using Environment = std::function<std::string(const std::string& name)>;
Environment ProcessEnvironment();

// Whose certificate a command needs. Exactly one role may call each service.
enum class CallerRole { kHousehold, kOperator, kAuditor, kWitness, kAdapter };
// "HOUSEHOLD": the middle of CHAYAN_HOUSEHOLD_CERT.
const char* RoleVariable(CallerRole role);

struct ConnectionFlags {
  std::string gateway;
  std::string ca;
  std::string cert;
  std::string key;
  double timeout_seconds = 15;  // a holder may take ten

  absl::Duration timeout() const { return absl::Seconds(timeout_seconds); }
};

struct Connection {
  Endpoint endpoint;
  std::string member;  // of our certificate's URI; empty when it has none
};

// Flags win over CHAYAN_GATEWAY, CHAYAN_CA, CHAYAN_CERT and CHAYAN_KEY; without a certificate named
// by either, CHAYAN_<ROLE>_CERT and CHAYAN_<ROLE>_KEY are taken. INVALID_ARGUMENT names the remedy.
absl::StatusOr<Connection> ResolveConnection(const ConnectionFlags& flags, CallerRole role,
                                             const Environment& environment, absl::Time now,
                                             Language language);

// "spiffe://DOMAIN/MEMBER/SYSTEM" in its parts; empty parts when it is not of that form.
struct SystemUri {
  std::string trust_domain;
  std::string member;
  std::string system;
};
SystemUri ParseSystemUri(absl::string_view uri);

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_CONNECTION_H_
