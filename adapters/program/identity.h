// What an adapter shows gateways: certificate, keys, roots. Checked here, where files and fields
// have names; TLS would only say that a handshake failed.
#ifndef CHAYAN_ADAPTERS_PROGRAM_IDENTITY_H_
#define CHAYAN_ADAPTERS_PROGRAM_IDENTITY_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "chayan/v1/adapter_config.pb.h"

namespace chayan::adapter {

// Each line is `field: what is wrong, what to do`.
struct IdentityReport {
  std::vector<std::string> faults;
  // Files that are not there: an agency checks its settings before it has a certificate.
  std::vector<std::string> missing;
};

// REQUIRES: `config` has been loaded.
IdentityReport CheckIdentity(const v1::AdapterConfig& config, absl::Time now);

}  // namespace chayan::adapter

#endif  // CHAYAN_ADAPTERS_PROGRAM_IDENTITY_H_
