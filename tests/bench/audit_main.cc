// chayan-bench-audit: what checking costs, in CPU time of one core: entries a second over an
// export, evidence files a second with the holder's signature, microseconds a receipt. One JSON
// line. Each file has a checkpoint of its own; of those that were upgraded together one is checked.
//
//   chayan-bench-audit FOLDER [ENTRIES [EVIDENCE_FILES]]     FOLDER: empty, on the disk to be
//   measured
//
// Run it from the source root: the sample registry is read from there.
#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "gateway/base/check.h"
#include "gateway/base/clock.h"
#include "gateway/base/encoding.h"
#include "gateway/cli/json_writer.h"
#include "gateway/cli/log_audit.h"
#include "gateway/cli/receipt_check.h"
#include "gateway/cli/sample_log_for_test.h"
#include "tests/bench/process_cost.h"

namespace chayan::bench {
namespace {

constexpr uint64_t kEntries = 200'000;
constexpr size_t kEvidenceFiles = 2'000;

// Verifications with all their keys, as a busy gateway records them: each has another id.
void Fill(cli::SampleLog& log, uint64_t entries) {
  log.Ask({});
  const std::string leaf = log.leaves().back();
  const size_t id = leaf.find("\"id\":\"") + 6 + 24;  // its last twelve digits
  while (log.leaves().size() < entries) {
    std::string next = leaf;
    std::string number;
    AppendUint64(number, log.leaves().size());
    next.replace(id, 12, HexEncode(number.substr(2)));
    log.leaves().push_back(std::move(next));
  }
}

struct Measured {
  double seconds = 0;       // of CPU
  double wall_seconds = 0;  // that passed meanwhile
  size_t bytes = 0;
};

Measured MeasureExport(cli::SampleLog& log, const std::string& folder) {
  log.Export(folder);
  const tlog::Policy trust = log.Trust();
  cli::AuditOptions options;
  options.directory = folder;
  Measured measured;
  for (const std::string& leaf : log.leaves()) measured.bytes += leaf.size();
  const double begin = OwnCpuSeconds();
  const SystemClock clock;
  const absl::Duration start = clock.Elapsed();
  const auto report = cli::AuditLog(options, trust);
  measured.seconds = OwnCpuSeconds() - begin;
  measured.wall_seconds = absl::ToDoubleSeconds(clock.Elapsed() - start);
  CHAYAN_CHECK(report.ok() && !report->first_lie.has_value() && report->findings.count == 0);
  CHAYAN_CHECK(report->entries == log.leaves().size());
  return measured;
}

Measured MeasureEvidence(cli::SampleLog& log, size_t files) {
  v1::EvidenceFile evidence = log.Ask({});
  log.Prove(evidence);
  const std::string bytes = evidence.SerializeAsString();
  const tlog::Policy trust = log.Trust();
  const double begin = OwnCpuSeconds();
  for (size_t i = 0; i < files; ++i) {
    CHAYAN_CHECK(cli::CheckEvidence(bytes, trust).ok());
  }
  return {.seconds = OwnCpuSeconds() - begin, .bytes = bytes.size()};
}

int Run(const std::string& folder, uint64_t entries, size_t files) {
  cli::SampleLog log;
  Fill(log, entries);
  const Measured audited = MeasureExport(log, folder);
  const Measured checked = MeasureEvidence(log, files);
  const auto rate = [](double count, double seconds) {
    return static_cast<int64_t>(count / seconds);
  };
  cli::JsonWriter json;
  json.BeginObject().Text("bench", "audit");
  json.Number("calibration_us", CalibrationUs());
  json.Number("entries", static_cast<int64_t>(entries));
  json.Number("entry_bytes", static_cast<int64_t>(audited.bytes / entries));
  json.Number("entries_per_s", rate(static_cast<double>(entries), audited.seconds));
  json.Number("entries_per_s_here", rate(static_cast<double>(entries), audited.wall_seconds));
  json.Number("evidence_bytes", static_cast<int64_t>(checked.bytes));
  json.Number("evidence_per_s", rate(static_cast<double>(files), checked.seconds));
  json.Number("receipt_us",
              static_cast<int64_t>(checked.seconds * 1e6 / static_cast<double>(files)));
  json.EndObject();
  std::printf("%s\n", std::move(json).Take().c_str());
  return 0;
}

}  // namespace
}  // namespace chayan::bench

int main(int argc, char** argv) {
  // As chayan-audit does.
  mallopt(M_MMAP_THRESHOLD, 64 << 20);
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
  const auto number = [&](int at, uint64_t otherwise) {
    return argc > at ? std::strtoull(argv[at], nullptr, 10) : otherwise;
  };
  const uint64_t entries = number(2, chayan::bench::kEntries);
  const uint64_t files = number(3, chayan::bench::kEvidenceFiles);
  if (argc < 2 || argc > 4 || entries < 2 || files < 1) {
    std::fprintf(stderr, "usage: chayan-bench-audit FOLDER [ENTRIES [EVIDENCE_FILES]]\n");
    return 2;
  }
  return chayan::bench::Run(argv[1], entries, files);
}
