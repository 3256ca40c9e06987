// chayan-load: asks questions in a closed loop and prints what it saw as one JSON object.
// Exit codes: 0 every answer was right and there was no error, 1 it could not run, 2 something was
// wrong or failed (the JSON says what). SIGTERM and SIGINT end the measured time early.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/base/random.h"
#include "tests/bench/load.h"

namespace chayan::bench {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitWrong = 2;

// Set by SIGTERM and SIGINT.
std::atomic<bool> stop_asked = false;

struct Flags {
  LoadOptions load;
  std::string record;
  std::string trust;
  uint64_t receipt_every = 0;
  std::string outcome = "MATCH";
  std::string land_office = "AD";
  double warm_up_seconds = 1;
  double seconds = 3;
  int64_t pause_ms = 0;
  bool calibrate = false;
  std::string roots;
  std::vector<std::string> certificates;
  std::vector<std::string> keys;
};

std::string Quoted(const std::string& text) {
  std::string out;
  AppendJsonString(out, text);
  return out;
}

std::string Counts(const std::map<std::string, uint64_t>& counts) {
  std::string out = "{";
  for (const auto& [name, count] : counts) {
    absl::StrAppend(&out, out.size() > 1 ? "," : "", Quoted(name), ":", count);
  }
  return out + "}";
}

std::string Outages(const std::vector<Outage>& outages) {
  std::string out = "[";
  for (const Outage& outage : outages) {
    absl::StrAppend(&out, out.size() > 1 ? "," : "", "{\"lost_ms\":", outage.lost_ms,
                    ",\"first_answer_ms\":", outage.first_answer_ms,
                    ",\"first_match_ms\":", outage.first_match_ms, "}");
  }
  return out + "]";
}

std::string Json(const Flags& flags, const LoadResult& result, const Findings& findings,
                 int64_t calibration_us) {
  const double seconds = absl::ToDoubleSeconds(result.measured);
  const double answers = static_cast<double>(result.answers);
  const auto each = [answers](int64_t us) {
    return answers == 0 ? 0 : static_cast<double>(us) / answers;
  };
  const auto percentile_us = [&](double share) {
    return static_cast<double>(result.latencies.Percentile(share)) / 1000;
  };
  std::string out = absl::StrFormat(
      R"({"stream":%s,"in_flight":%d,"connections":%d,"seconds":%.3f,"answers":%d,"rps":%.1f,)",
      flags.load.stream ? "true" : "false", flags.load.in_flight, flags.load.connections, seconds,
      result.answers, seconds == 0 ? 0 : answers / seconds);
  absl::StrAppendFormat(&out,
                        R"("p50_us":%.1f,"p99_us":%.1f,"p999_us":%.1f,"max_us":%.1f,)"
                        R"("cpu_us":%.2f,"rss_kib":%d,"load_cpu_us":%.2f,"calibration_us":%d,)",
                        percentile_us(0.5), percentile_us(0.99), percentile_us(0.999),
                        static_cast<double>(result.latencies.max_ns()) / 1000,
                        each(result.cost.cpu_us), result.cost.rss_kib, each(result.load_cpu_us),
                        calibration_us);
  absl::StrAppend(
      &out, "\"answers_whole\":", result.answers_whole, ",\"outcomes\":", Counts(findings.outcomes),
      ",\"errors\":", findings.errors_count, ",\"errors_by_code\":", Counts(findings.errors),
      ",\"wrong\":", findings.wrong, ",\"first_wrong\":", Quoted(findings.first_wrong),
      ",\"receipts_checked\":", findings.receipts_checked,
      ",\"connections_lost\":", result.connections_lost, ",\"unanswered\":", result.unanswered,
      ",\"outages\":", Outages(result.outages), "}");
  return out;
}

int Fail(const absl::Status& status) {
  std::cerr << "chayan-load: " << status.message() << std::endl;
  return kExitFailed;
}

int Run(Flags& flags) {
  if (flags.certificates.size() != flags.keys.size()) {
    return Fail(absl::InvalidArgumentError("--cert and --key: give one key for each certificate"));
  }
  for (size_t i = 0; i < flags.keys.size(); ++i) {
    flags.load.clients.push_back({flags.roots, flags.certificates[i], flags.keys[i]});
  }
  flags.load.warm_up = absl::Seconds(flags.warm_up_seconds);
  flags.load.duration = absl::Seconds(flags.seconds);
  flags.load.pause = absl::Milliseconds(flags.pause_ms);
  AnswerCheck::Options check_options;
  check_options.outcome = flags.outcome == "any" ? "" : flags.outcome;
  if (!flags.trust.empty()) {
    const absl::StatusOr<std::string> text = ReadFile(flags.trust);
    if (!text.ok()) return Fail(text.status());
    absl::StatusOr<tlog::Policy> trust = tlog::Policy::Parse(*text);
    if (!trust.ok()) return Fail(trust.status());
    check_options.trust = std::move(*trust);
    check_options.receipt_every = flags.receipt_every;
  }
  std::unique_ptr<RecordFile> record;
  if (!flags.record.empty()) {
    absl::StatusOr<std::unique_ptr<RecordFile>> opened = RecordFile::Open(flags.record);
    if (!opened.ok()) return Fail(opened.status());
    record = std::move(*opened);
  }
  const int64_t calibration_us = flags.calibrate ? CalibrationUs() : 0;
  SystemRandom random;
  const Questions questions(random, flags.land_office);
  AnswerCheck check(std::move(check_options));
  const absl::StatusOr<LoadResult> result = RunLoad(flags.load, questions, check, record.get());
  if (!result.ok()) return Fail(result.status());
  if (record != nullptr) {
    if (const absl::Status status = record->Close(); !status.ok()) return Fail(status);
  }
  std::cout << Json(flags, *result, check.findings(), calibration_us) << std::endl;
  const bool right =
      check.findings().errors_count == 0 && check.findings().wrong == 0 && result->unanswered == 0;
  return right ? 0 : kExitWrong;
}

}  // namespace
}  // namespace chayan::bench

int main(int argc, char** argv) {
  chayan::bench::Flags flags;
  chayan::bench::LoadOptions& load = flags.load;
  CLI::App app(
      "Asks questions in a closed loop over mutual TLS, checks the answers, and prints throughput, "
      "latencies and costs as JSON.",
      "chayan-load");
  app.add_option("--gateway", load.address, "Whom to ask: 127.0.0.1:PORT")
      ->envname("CHAYAN_GATEWAY")
      ->required();
  app.add_option("--ca", flags.roots, "Roots, PEM")->envname("CHAYAN_CA")->required();
  app.add_option("--cert", flags.certificates,
                 "Certificate, then intermediates, PEM; several: connections take them in turn")
      ->envname("CHAYAN_HOUSEHOLD_CERT")
      ->required();
  app.add_option("--key", flags.keys, "Its key, PEM; as often as --cert")
      ->envname("CHAYAN_HOUSEHOLD_KEY")
      ->required();
  app.add_option("--in-flight", load.in_flight, "Questions in flight")->check(CLI::Range(1, 65536));
  app.add_option("--connections", load.connections, "Connections")->check(CLI::Range(1, 4096));
  app.add_option("--rate", load.rate,
                 "Questions a second in an open loop, with --in-flight as its bound");
  app.add_flag("--stream", load.stream,
               "VerifyDocuments, one stream a connection, in place of VerifyDocument");
  app.add_option("--warm-up", flags.warm_up_seconds, "Seconds before measuring");
  app.add_option("--seconds", flags.seconds, "Seconds to measure");
  app.add_option("--count", load.questions_max, "End after this many answers; 0: no bound");
  app.add_option("--pause-ms", flags.pause_ms,
                 "Pause after an error or another outcome than MATCH");
  app.add_option("--watch", load.watched, "Processes whose CPU and memory are measured")
      ->delimiter(',');
  app.add_option("--record", flags.record, "Append every question and its answer to this file");
  app.add_option("--trust", flags.trust, "Trust file, to check receipts");
  app.add_option("--receipt-every", flags.receipt_every,
                 "Check the receipt of one answer in this many; needs --trust");
  app.add_option("--land-office", flags.land_office, "Whom the questions are for: AD or QD");
  app.add_option("--expect", flags.outcome, "Outcome every answer must have, or \"any\"");
  app.add_flag("--calibrate", flags.calibrate, "Time a fixed piece of work first");
  CLI11_PARSE(app, argc, argv);
  signal(SIGPIPE, SIG_IGN);
  for (const int number : {SIGTERM, SIGINT}) {
    signal(number, [](int) { chayan::bench::stop_asked = true; });
  }
  load.stop = &chayan::bench::stop_asked;
  return chayan::bench::Run(flags);
}
