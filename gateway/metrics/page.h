// One reading of the metrics, in the text form that Prometheus reads. A room has a function that
// adds what it measures to a page; it stands beside what it measures.
#ifndef CHAYAN_GATEWAY_METRICS_PAGE_H_
#define CHAYAN_GATEWAY_METRICS_PAGE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/metrics/instruments.h"

namespace chayan::metrics {

using Labels = std::vector<std::pair<std::string, std::string>>;

// Content type of Text().
inline constexpr char kContentType[] = "text/plain; version=0.0.4; charset=utf-8";

// Not thread-safe. A name is added with one help text and as one kind of metric; with labels, once
// for each set of them. Names begin with "chayan_" (or "process_") and end in their unit, counters
// in "_total".
class Page {
 public:
  Page();
  ~Page();

  void AddGauge(absl::string_view name, absl::string_view help, double value, Labels labels = {});
  // Seconds since 1970.
  void AddTime(absl::string_view name, absl::string_view help, absl::Time time, Labels labels = {});
  void AddCounter(absl::string_view name, absl::string_view help, double value, Labels labels = {});
  void AddHistogram(absl::string_view name, absl::string_view help, const Histogram& histogram,
                    Labels labels = {});
  void Add(absl::string_view name, absl::string_view help, const CounterFamily& family);
  void Add(absl::string_view name, absl::string_view help, const HistogramFamily& family);

  std::string Text() const;

 private:
  struct Families;
  const std::unique_ptr<Families> families_;
};

// Memory, CPU time, descriptors, threads and start of this process, under the names that every
// Prometheus client gives them. What the system does not tell is left out.
void CollectProcess(Page& page);

}  // namespace chayan::metrics

#endif  // CHAYAN_GATEWAY_METRICS_PAGE_H_
