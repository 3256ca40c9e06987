#include "gateway/metrics/stages.h"

#include <span>

namespace chayan::metrics {
namespace {

// The shortest stages take microseconds, the holder as long as a deadline allows.
constexpr double kStageBounds[] = {0.000001, 0.0000025, 0.000005, 0.00001, 0.000025, 0.00005,
                                   0.0001,   0.00025,   0.0005,   0.001,   0.0025,   0.005,
                                   0.01,     0.025,     0.05,     0.1,     0.25,     0.5,
                                   1,        2.5,       5,        10,      30};

absl::string_view NameOf(Stage stage) {
  switch (stage) {
    case Stage::kDecide:
      return "decide";
    case Stage::kHolder:
      return "holder";
    case Stage::kSeal:
      return "seal";
    case Stage::kCommit:
      return "commit";
    case Stage::kQueue:
      return "queue";
    case Stage::kAppend:
      return "append";
    case Stage::kSign:
      return "sign";
    case Stage::kRelease:
      return "release";
  }
  CHAYAN_CHECK(false);
}

}  // namespace

Stages::Stages() : family_({"stage"}, kStages, std::span<const double>(kStageBounds)) {
  for (size_t i = 0; i < kStages; ++i) {
    histograms_[i] = &family_.With({NameOf(static_cast<Stage>(i))});
  }
}

void Stages::AddTo(Page& page) const {
  page.Add("chayan_stage_duration_seconds",
           "How long the stages of a verification take; append and sign once a batch.", family_);
}

}  // namespace chayan::metrics
