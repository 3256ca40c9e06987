// The gateway's settings from their file: every fault at once, every default in one place.
#ifndef CHAYAN_GATEWAY_CONFIG_H_
#define CHAYAN_GATEWAY_CONFIG_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "chayan/v1/gateway_config.pb.h"

namespace chayan {

// One effective setting.
struct Setting {
  std::string name;
  std::string value;
  std::string source;  // "gateway.textproto" or "default"
};

struct LoadedConfig {
  v1::GatewayConfig config;       // every field set, every path absolute
  std::vector<Setting> settings;  // in the order of the schema
};

// Reads and checks a settings file. On INVALID_ARGUMENT the message holds every fault, a line each,
// as `file:line: field: what is wrong, what to write instead`.
absl::StatusOr<LoadedConfig> LoadConfig(const std::string& path);

}  // namespace chayan

#endif  // CHAYAN_GATEWAY_CONFIG_H_
