// What the log counts. Every exchange, refusal and action of the gateway is an entry, so this is
// where all of them are counted, after they were committed and off the threads of calls.
#ifndef CHAYAN_GATEWAY_LOG_LOG_METRICS_H_
#define CHAYAN_GATEWAY_LOG_LOG_METRICS_H_

#include <cstddef>
#include <span>

#include "absl/time/time.h"
#include "gateway/log/entry.h"
#include "gateway/metrics/instruments.h"
#include "gateway/metrics/page.h"

namespace chayan::log {

// Thread-safe, lock-free.
class LogMetrics {
 public:
  // Where an entry will be counted: found before the leaf takes its values away.
  class Place {
   private:
    friend class LogMetrics;
    metrics::Counter* entries_ = nullptr;
    metrics::Counter* refusals_ = nullptr;
    metrics::Histogram* duration_ = nullptr;
    double seconds_ = 0;
  };
  Place PlaceOf(const Entry& entry);

  // The entry is committed.
  void Count(const Place& place);
  // A batch is: from its first step to its signed checkpoint.
  void CountBatch(size_t entries, absl::Duration taken);
  void CountFailure() { failures_.Add(); }

  void AddTo(metrics::Page& page) const;

 private:
  // Types × kinds × outcomes; a registry of 128 kinds does not use half of it.
  static constexpr size_t kEntrySeriesMax = 4096;
  // Two types × our reasons.
  static constexpr size_t kRefusalSeriesMax = 512;
  static constexpr size_t kKindSeriesMax = 256;

  metrics::CounterFamily entries_{{"type", "kind", "outcome"}, kEntrySeriesMax};
  metrics::CounterFamily refusals_{{"type", "reason"}, kRefusalSeriesMax};
  metrics::HistogramFamily durations_{
      {"kind"}, kKindSeriesMax, std::span<const double>(metrics::kSecondsBounds)};
  metrics::Histogram commit_seconds_{metrics::kSecondsBounds};
  metrics::Histogram batch_entries_{metrics::kCountBounds};
  metrics::Counter failures_;
};

}  // namespace chayan::log

#endif  // CHAYAN_GATEWAY_LOG_LOG_METRICS_H_
