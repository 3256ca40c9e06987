// Settings of the file connector.
#ifndef CHAYAN_ADAPTERS_FILE_CONFIG_H_
#define CHAYAN_ADAPTERS_FILE_CONFIG_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "adapters/connector/config.h"
#include "adapters/connector/plan.h"
#include "adapters/file/folder.h"

namespace chayan::file {

using KindPlan = connector::KindPlan;

struct Settings {
  std::vector<KindPlan> kinds;
  absl::Duration poll_interval;
  std::string folder;  // empty: SFTP
  std::optional<fetch::SftpOptions> sftp;
};

// The files' part of a settings file; faults go to it. REQUIRES: it was parsed.
Settings LoadSettings(connector::ConfigFile& file);

}  // namespace chayan::file

#endif  // CHAYAN_ADAPTERS_FILE_CONFIG_H_
