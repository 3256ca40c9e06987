// How long the stages of a verification take, so that an operator sees which one a slow answer
// waited for. Lock-free.
#ifndef CHAYAN_GATEWAY_METRICS_STAGES_H_
#define CHAYAN_GATEWAY_METRICS_STAGES_H_

#include <array>
#include <cstddef>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/metrics/instruments.h"
#include "gateway/metrics/page.h"

namespace chayan::metrics {

// In the order in which a verification passes them. kQueue, kAppend and kSign are parts of kCommit.
enum class Stage {
  kDecide,   // from arrival to the question's way to the holder: parsing, policy, checks
  kHolder,   // from there to the holder's answer: link, adapter, register
  kSeal,     // commitments and the vault row
  kCommit,   // from submission to the worker that tells the caller
  kQueue,    // from submission to the start of the batch
  kAppend,   // the transaction with its sync, once a batch
  kSign,     // the checkpoint's signature, once a batch
  kRelease,  // the response, put together and handed to its connection
};
inline constexpr size_t kStages = static_cast<size_t>(Stage::kRelease) + 1;

// Thread-safe.
class Stages {
 public:
  Stages();

  void Observe(Stage stage, absl::Duration taken) {
    histograms_[static_cast<size_t>(stage)]->Observe(absl::ToDoubleSeconds(taken));
  }
  void AddTo(Page& page) const;

 private:
  HistogramFamily family_;
  std::array<Histogram*, kStages> histograms_;  // of the family
};

// Where stages may be measured or not.
inline void Observe(Stages* stages, Stage stage, absl::Duration taken) {
  if (stages != nullptr) stages->Observe(stage, taken);
}

}  // namespace chayan::metrics

#endif  // CHAYAN_GATEWAY_METRICS_STAGES_H_
