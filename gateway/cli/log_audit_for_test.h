// For tests alone: a small log, its export in a folder of its own, and the audit of it.
#ifndef CHAYAN_GATEWAY_CLI_LOG_AUDIT_FOR_TEST_H_
#define CHAYAN_GATEWAY_CLI_LOG_AUDIT_FOR_TEST_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "gateway/base/check.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/cli/log_audit.h"
#include "gateway/cli/sample_log_for_test.h"

namespace chayan::cli {

class LogAuditTest : public ::testing::Test {
 protected:
  LogAuditTest() : directory_(::testing::TempDir() + "/log_audit_XXXXXX") {
    CHAYAN_CHECK(mkdtemp(directory_.data()) != nullptr);
  }
  ~LogAuditTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  AuditReport Run(AuditOptions options = {}) {
    options.directory = directory_;
    const auto report = AuditLog(options, log_.Trust());
    CHAYAN_CHECK(report.ok());
    return *report;
  }
  std::string Read(const std::string& path) { return *ReadFile(directory_ + "/" + path); }
  void Write(const std::string& path, absl::string_view bytes) {
    CHAYAN_CHECK(WriteFile(directory_ + "/" + path, bytes).ok());
  }
  SampleLog log_;
  std::string directory_;
};

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_LOG_AUDIT_FOR_TEST_H_
