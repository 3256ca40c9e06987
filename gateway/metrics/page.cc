#include "gateway/metrics/page.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>
#include <sstream>

#include "gateway/base/check.h"

namespace chayan::metrics {

using ::prometheus::ClientMetric;
using ::prometheus::MetricFamily;
using ::prometheus::MetricType;

struct Page::Families {
  // A new sample of the family; the family is made when it is the first.
  ClientMetric& Add(absl::string_view name, absl::string_view help, MetricType type,
                    Labels labels) {
    auto found = std::find_if(all.begin(), all.end(), [name](const MetricFamily& family) {
      return absl::string_view(family.name) == name;
    });
    if (found == all.end()) {
      all.push_back(
          {.name = std::string(name), .help = std::string(help), .type = type, .metric = {}});
      found = std::prev(all.end());
    }
    MetricFamily& family = *found;
    CHAYAN_CHECK(family.type == type);
    ClientMetric& metric = family.metric.emplace_back();
    for (auto& [key, value] : labels) metric.label.push_back({std::move(key), std::move(value)});
    return metric;
  }

  std::vector<MetricFamily> all;
};

namespace {

Labels Zip(const std::vector<std::string>& names, const std::vector<std::string>& values) {
  Labels labels;
  for (size_t i = 0; i < names.size(); ++i) labels.emplace_back(names[i], values[i]);
  return labels;
}

}  // namespace

Page::Page() : families_(std::make_unique<Families>()) {}
Page::~Page() = default;

void Page::AddGauge(absl::string_view name, absl::string_view help, double value, Labels labels) {
  families_->Add(name, help, MetricType::Gauge, std::move(labels)).gauge.value = value;
}

void Page::AddTime(absl::string_view name, absl::string_view help, absl::Time time, Labels labels) {
  AddGauge(name, help, absl::ToDoubleSeconds(time - absl::UnixEpoch()), std::move(labels));
}

void Page::AddCounter(absl::string_view name, absl::string_view help, double value, Labels labels) {
  families_->Add(name, help, MetricType::Counter, std::move(labels)).counter.value = value;
}

void Page::AddHistogram(absl::string_view name, absl::string_view help, const Histogram& histogram,
                        Labels labels) {
  ClientMetric::Histogram& out =
      families_->Add(name, help, MetricType::Histogram, std::move(labels)).histogram;
  const std::vector<uint64_t> counts = histogram.counts();
  for (size_t i = 0; i < counts.size(); ++i) {
    out.sample_count += counts[i];
    out.bucket.push_back({.cumulative_count = out.sample_count,
                          .upper_bound = i < histogram.bounds().size()
                                             ? histogram.bounds()[i]
                                             : std::numeric_limits<double>::infinity()});
  }
  out.sample_sum = histogram.sum();
}

void Page::Add(absl::string_view name, absl::string_view help, const CounterFamily& family) {
  for (const auto* series : family.series()) {
    AddCounter(name, help, static_cast<double>(series->instrument.value()),
               Zip(family.labels(), series->values));
  }
}

void Page::Add(absl::string_view name, absl::string_view help, const HistogramFamily& family) {
  for (const auto* series : family.series()) {
    AddHistogram(name, help, series->instrument, Zip(family.labels(), series->values));
  }
}

std::string Page::Text() const {
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, families_->all);
  return text.str();
}

}  // namespace chayan::metrics
