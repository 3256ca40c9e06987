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

// Faults of these three go to the file, at `place`.
fetch::SftpOptions LoadSftp(connector::ConfigFile& file, const v1::SftpFolder& sftp,
                            const connector::Place& place);
// A name is a file's own, with or without the day.
void CheckName(const connector::Place& place, const std::string& field, const std::string& pattern);
void CheckTimeOfDay(const connector::Place& place, const std::string& field,
                    const std::string& time);

// The files' part of a settings file; faults go to it. REQUIRES: it was parsed.
Settings LoadSettings(connector::ConfigFile& file);

}  // namespace chayan::file

#endif  // CHAYAN_ADAPTERS_FILE_CONFIG_H_
