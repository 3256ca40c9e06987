// The part of an adapter's settings that is the same for every connector: who it is, where it
// dials, which kinds it answers, how records map to claims. Every fault is told at once, as
// `file:line: field: what is wrong, what to write instead`; the connector adds those of its source.
#ifndef CHAYAN_ADAPTERS_CONNECTOR_CONFIG_H_
#define CHAYAN_ADAPTERS_CONNECTOR_CONFIG_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "adapters/connector/circuit.h"
#include "adapters/connector/place.h"
#include "adapters/connector/plan.h"
#include "chayan/v1/adapter_config.pb.h"

namespace chayan::connector {

inline constexpr uint32_t kConnectionsMax =
    64;                                         // each is a thread, and load on the agency's system
inline constexpr uint32_t kInFlightMax = 1024;  // what may wait in the pool
inline constexpr uint32_t kTimeoutMaxMs = 60'000;  // no gateway waits longer for a holder
inline constexpr uint32_t kConnectionsDefault = 4;
inline constexpr uint32_t kTimeoutDefaultMs = 5'000;
inline constexpr uint32_t kFailuresDefault = 5;
inline constexpr uint32_t kRetryAfterDefaultMs = 5'000;

// A settings file while it is checked. Not thread-safe.
class ConfigFile {
 public:
  // Reads the file and checks what all connectors share. An error only if it cannot be read at all:
  // faults are kept for ToStatus().
  static absl::StatusOr<std::unique_ptr<ConfigFile>> Read(const std::string& path);

  // Paths are absolute. Empty when the text could not be parsed.
  v1::AdapterConfig& config() { return config_; }
  // One for each of config().kinds() that names a known kind, with its index there.
  struct Kind {
    int index;
    KindPlan plan;
  };
  std::vector<Kind>& kinds() { return kinds_; }

  Place place() { return Place(config_, &read_.places, faults_, "", -1); }
  Place KindPlace(int index) { return place().Nested("kinds", config_.kinds(index), index); }

  // Relative paths are relative to the file's folder.
  std::string Absolute(const std::string& path) const;
  // What a reference stands for: "env:NAME", "file:PATH" (the first line) or "credential:NAME", a
  // file that systemd hands over.
  absl::StatusOr<std::string> Secret(absl::string_view reference) const;
  // The same, whole, for keys in PEM.
  absl::StatusOr<std::string> SecretText(absl::string_view reference) const;
  // `value`, or `standard` for 0; more than `max` is a fault.
  uint32_t Bounded(const Place& place, const std::string& field, uint32_t value, uint32_t standard,
                   uint32_t max) const;
  // Says so for a parameter of the kind that `used` does not have, and the reverse. `where` is the
  // field that uses them.
  void CheckParameters(const Kind& kind, const std::vector<std::string>& used,
                       const std::string& where);

  bool parsed() const { return parsed_; }
  // INVALID_ARGUMENT with one line a fault.
  absl::Status ToStatus() const { return faults_.ToStatus(); }

 private:
  ConfigFile(const std::string& path);
  void Parse(const std::string& content);
  void CheckProcess();
  void CheckSources();
  void CheckNotices();
  void LoadKindFiles();
  void LoadKind(int index);
  void CheckMappings(const Kind& kind);
  const v1::DocumentKind* FindKnown(const std::string& code) const;

  const std::filesystem::path folder_;
  Faults faults_;
  registry::ReadText read_;
  bool parsed_ = false;
  v1::AdapterConfig config_;
  std::vector<v1::DocumentKind> known_kinds_;
  std::set<std::string> codes_;
  std::vector<Kind> kinds_;
};

}  // namespace chayan::connector

#endif  // CHAYAN_ADAPTERS_CONNECTOR_CONFIG_H_
