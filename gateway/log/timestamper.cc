#include "gateway/log/timestamper.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/diag.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/timestamp.h"
#include "gateway/tlog/note.h"

namespace chayan::log {
namespace {

// No key of a witness, which is what other lanes are named by.
constexpr char kLane[] = "timestamp";

absl::StatusOr<Stamp> Query(const v1::TimestampAuthority& authority, uint64_t size,
                            const std::string& note, AnchorTransport& transport, Random& random) {
  CHAYAN_ASSIGN_OR_RETURN(const tlog::Note parsed, tlog::ParseNote(note));
  const std::string query = crypto::MakeTimestampQuery(parsed.text, random);
  CHAYAN_ASSIGN_OR_RETURN(AnchorAnswer answer,
                          transport.Fetch({.url = authority.url(),
                                           .root_pem = authority.tls_root_certificate_pem(),
                                           .content_type = "application/timestamp-query",
                                           .body = query,
                                           .timeout = kTimestampTimeout}));
  if (answer.status != 200) {
    return absl::UnavailableError(
        absl::StrCat("the timestamp authority answered with status ", answer.status));
  }
  CHAYAN_ASSIGN_OR_RETURN(const absl::Time time,
                          crypto::VerifyTimestampReply(answer.body, query, parsed.text,
                                                       authority.root_certificate_pem()));
  return Stamp{.size = size, .reply = std::move(answer.body), .time = time};
}

}  // namespace

void Timestamper::Recall(uint64_t size, absl::Time time) {
  last_size_ = size;
  last_time_ = time;
  const absl::Duration age = std::max(clock_.Now() - time, absl::ZeroDuration());
  next_ = clock_.Elapsed() + kTimestampPause - std::min(age, kTimestampPause);
}

void Timestamper::AskIfDue(const v1::TimestampAuthority& authority,
                           const store::Publication& subject, std::function<void(Stamp)> take) {
  if (busy_ || clock_.Elapsed() < next_) return;
  if (last_time_ != absl::InfinitePast() && subject.size == last_size_) return;
  busy_ = true;
  lanes_.Run(kLane, [this, authority, size = subject.size, note = subject.note,
                     take = std::move(take)]() mutable {
    auto outcome = Query(authority, size, note, transport_, random_);
    post_([this, outcome = std::move(outcome), take = std::move(take)]() mutable {
      TakeOutcome(std::move(outcome), take);
    });
  });
}

void Timestamper::TakeOutcome(absl::StatusOr<Stamp> outcome,
                              const std::function<void(Stamp)>& take) {
  busy_ = false;
  if (!outcome.ok()) {
    next_ = clock_.Elapsed() + kTimestampRetry;
    if (absl::string_view(fault_) == outcome.status().message()) return;
    fault_ = std::string(outcome.status().message());
    diag::Warning("timestamp.fault", {{"cause", fault_}});
    return;
  }
  next_ = clock_.Elapsed() + kTimestampPause;
  fault_.clear();
  last_size_ = outcome->size;
  last_time_ = outcome->time;
  take(*std::move(outcome));
}

}  // namespace chayan::log
