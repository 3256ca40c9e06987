// What a room counts while it works. Lock-free: an instrument may stand on the path of a call.
//
// Labels carry registry values and names of enums, never anything of a request or a person. A
// family has a bound of series; what comes beyond it is counted together as "other", so that no
// peer can make it grow.
#ifndef CHAYAN_GATEWAY_METRICS_INSTRUMENTS_H_
#define CHAYAN_GATEWAY_METRICS_INSTRUMENTS_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gateway/base/check.h"

namespace chayan::metrics {

// Thread-safe. Never falls.
class Counter {
 public:
  void Add(uint64_t count = 1) { value_.fetch_add(count, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// How many observations fell at or below each bound. Thread-safe; a reader may see an observation
// in its bucket a moment before it sees it in the sum.
class Histogram {
 public:
  // REQUIRES: rising.
  explicit Histogram(std::span<const double> bounds);

  void Observe(double value);

  std::span<const double> bounds() const { return bounds_; }
  // Of each bucket alone, the last one being what exceeds all bounds.
  std::vector<uint64_t> counts() const;
  double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  const std::span<const double> bounds_;
  std::vector<std::atomic<uint64_t>> counts_;
  std::atomic<double> sum_{0};
};

// From a tenth of a millisecond to the longest deadline of a question.
inline constexpr double kSecondsBounds[] = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                            0.01,   0.025,   0.05,   0.1,   0.25,   0.5,
                                            1,      2.5,     5,      10,    30};
// Powers of two up to the largest batch.
inline constexpr double kCountBounds[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512};

// Instruments of one name, told apart by the values of their labels. Thread-safe and lock-free; a
// series stays as long as the family.
template <typename Instrument>
class Family {
 public:
  struct Series {
    template <typename... Arguments>
    explicit Series(std::vector<std::string> v, Arguments&&... arguments)
        : values(std::move(v)), instrument(std::forward<Arguments>(arguments)...) {}
    const std::vector<std::string> values;
    Instrument instrument;
  };

  // `arguments` make each instrument; what they point to outlives the family.
  template <typename... Arguments>
  Family(std::vector<std::string> labels, size_t series_max, Arguments... arguments)
      : labels_(std::move(labels)),
        series_max_(series_max),
        make_([arguments...](std::vector<std::string> values) {
          return std::make_unique<Series>(std::move(values), arguments...);
        }),
        other_(make_(std::vector<std::string>(labels_.size(), "other"))),
        // Half empty at least: probing is short, and always ends.
        slots_(2 * series_max) {}
  ~Family() {
    for (std::atomic<Series*>& slot : slots_) delete slot.load();
  }
  Family(const Family&) = delete;
  Family& operator=(const Family&) = delete;

  // REQUIRES: a value for each label.
  Instrument& With(std::initializer_list<absl::string_view> values);

  const std::vector<std::string>& labels() const { return labels_; }
  // Those that were used.
  std::vector<const Series*> series() const;

 private:
  static bool Matches(const Series& series, std::initializer_list<absl::string_view> values) {
    return std::equal(values.begin(), values.end(), series.values.begin(), series.values.end());
  }

  const std::vector<std::string> labels_;
  const size_t series_max_;
  const std::function<std::unique_ptr<Series>(std::vector<std::string>)> make_;
  const std::unique_ptr<Series> other_;
  std::atomic<bool> other_used_{false};
  std::atomic<size_t> used_{0};
  std::vector<std::atomic<Series*>> slots_;  // open addressing; a slot is set once
};

using CounterFamily = Family<Counter>;
using HistogramFamily = Family<Histogram>;

template <typename Instrument>
Instrument& Family<Instrument>::With(std::initializer_list<absl::string_view> values) {
  CHAYAN_CHECK(values.size() == labels_.size());
  const size_t start = absl::HashOf(absl::Span<const absl::string_view>(values)) % slots_.size();
  for (size_t i = start;; i = (i + 1) % slots_.size()) {
    Series* found = slots_[i].load(std::memory_order_acquire);
    if (found == nullptr) {
      if (used_.fetch_add(1) >= series_max_) {
        used_.fetch_sub(1);
        other_used_.store(true, std::memory_order_relaxed);
        return other_->instrument;
      }
      std::unique_ptr<Series> made = make_(std::vector<std::string>(values.begin(), values.end()));
      if (slots_[i].compare_exchange_strong(found, made.get())) return made.release()->instrument;
      // Another thread was first; `found` is its series.
      used_.fetch_sub(1);
    }
    if (Matches(*found, values)) return found->instrument;
  }
}

template <typename Instrument>
std::vector<const typename Family<Instrument>::Series*> Family<Instrument>::series() const {
  std::vector<const Series*> all;
  for (const std::atomic<Series*>& slot : slots_) {
    if (const Series* series = slot.load(std::memory_order_acquire)) all.push_back(series);
  }
  if (other_used_.load(std::memory_order_relaxed)) all.push_back(other_.get());
  std::sort(all.begin(), all.end(),
            [](const Series* a, const Series* b) { return a->values < b->values; });
  return all;
}

}  // namespace chayan::metrics

#endif  // CHAYAN_GATEWAY_METRICS_INSTRUMENTS_H_
