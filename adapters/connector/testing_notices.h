// For tests: settings of an adapter that takes notices, with what a test says of its sink.
#ifndef CHAYAN_ADAPTERS_CONNECTOR_TESTING_NOTICES_H_
#define CHAYAN_ADAPTERS_CONNECTOR_TESTING_NOTICES_H_

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "adapters/connector/config.h"
#include "adapters/connector/testing_folder.h"
#include "gateway/base/check.h"

namespace chayan::connector {

// What `load` makes of settings whose notices go to `sink`, such as "files { … }"; every fault in
// the status.
template <typename Settings>
absl::StatusOr<Settings> LoadNoticesTo(const TestingFolder& folder, absl::string_view sink,
                                       Settings (*load)(ConfigFile&)) {
  folder.Write("adapter.textproto",
               absl::StrCat(R"(member: "agency" system: "adapter-1" trust_domain: "chayan.example"
      gateways: "127.0.0.1:7443" certificate_file: "c" key_file: "k" roots_file: "r"
      answer_key_file: "a" answer_log_file: "l" notices { subscriptions: "agency-death" )",
                            sink, " }"));
  auto file = ConfigFile::Read(folder.File("adapter.textproto"));
  CHAYAN_CHECK(file.ok());
  Settings settings = load(**file);
  const absl::Status faults = (*file)->ToStatus();
  if (!faults.ok()) return faults;
  return settings;
}

}  // namespace chayan::connector

#endif  // CHAYAN_ADAPTERS_CONNECTOR_TESTING_NOTICES_H_
