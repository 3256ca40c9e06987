// Stops asking a source that does not answer. Closed, it admits everything; after `failures_max`
// failures in a row it opens and admits nothing for `retry_after`; then one question at a time
// tries, and its success closes the circuit.
#ifndef CHAYAN_ADAPTERS_CONNECTOR_CIRCUIT_H_
#define CHAYAN_ADAPTERS_CONNECTOR_CIRCUIT_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gateway/base/clock.h"

namespace chayan::connector {

// Thread-safe.
class Circuit {
 public:
  struct Options {
    int failures_max;
    absl::Duration retry_after;
  };
  // `clock` outlives the circuit.
  Circuit(const Clock& clock, Options options) : clock_(clock), options_(options) {}

  // Whether a question may go to the source. Each true is followed by one of the three below.
  bool Admit();
  void Succeeded();
  void Failed();
  // The source was not asked after all, or refused this one statement: this says nothing about it.
  void Cancelled();
  bool is_open() const;
  // Open, and too early to try again.
  bool rests() const;

 private:
  bool IsEarly() const ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return clock_.Elapsed() - opened_at_ < options_.retry_after;
  }

  const Clock& clock_;
  const Options options_;
  mutable absl::Mutex mu_;
  int failures_ ABSL_GUARDED_BY(mu_) = 0;
  bool open_ ABSL_GUARDED_BY(mu_) = false;
  bool trying_ ABSL_GUARDED_BY(mu_) = false;
  absl::Duration opened_at_ ABSL_GUARDED_BY(mu_);
};

}  // namespace chayan::connector

#endif  // CHAYAN_ADAPTERS_CONNECTOR_CIRCUIT_H_
