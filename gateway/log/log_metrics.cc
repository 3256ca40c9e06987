#include "gateway/log/log_metrics.h"

namespace chayan::log {

LogMetrics::Place LogMetrics::PlaceOf(const Entry& entry) {
  Place place;
  const absl::string_view type = TypeName(entry.type);
  place.entries_ = &entries_.With({type, entry.kind, entry.outcome});
  if (entry.type == EntryType::kDenied || entry.type == EntryType::kFailed) {
    place.refusals_ = &refusals_.With({type, entry.reason});
  }
  if (entry.type == EntryType::kVerification && entry.ms.has_value()) {
    place.duration_ = &durations_.With({entry.kind});
    place.seconds_ = *entry.ms / 1000.0;
  }
  return place;
}

void LogMetrics::Count(const Place& place) {
  if (place.entries_ != nullptr) place.entries_->Add();
  if (place.refusals_ != nullptr) place.refusals_->Add();
  if (place.duration_ != nullptr) place.duration_->Observe(place.seconds_);
}

void LogMetrics::CountBatch(size_t entries, absl::Duration taken) {
  batch_entries_.Observe(static_cast<double>(entries));
  commit_seconds_.Observe(absl::ToDoubleSeconds(taken));
}

void LogMetrics::AddTo(metrics::Page& page) const {
  page.Add("chayan_entries_total", "Entries committed, by type, document kind and outcome.",
           entries_);
  page.Add("chayan_refusals_total", "Calls denied or failed and recorded, by reason.", refusals_);
  page.Add(
      "chayan_exchange_duration_seconds",
      "From a question's arrival to its known outcome, as its entry has it; without the commit.",
      durations_);
  page.AddHistogram("chayan_commit_duration_seconds",
                    "From the first step of a batch to its signed checkpoint.", commit_seconds_);
  page.AddHistogram("chayan_commit_batch_entries", "Entries of a batch.", batch_entries_);
  page.AddCounter("chayan_commit_failures_total", "Batches that could not be committed.",
                  static_cast<double>(failures_.value()));
}

}  // namespace chayan::log
