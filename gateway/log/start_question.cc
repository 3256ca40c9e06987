#include "gateway/log/start_question.h"

#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/diag.h"
#include "gateway/base/status_macros.h"
#include "gateway/log/judgement.h"
#include "gateway/log/witness_client.h"

namespace chayan::log {
namespace {

struct Asked {
  std::string name;
  WitnessTarget target;
  absl::StatusOr<std::string> shown = absl::UnknownError("not asked");
};

std::vector<Asked> AskAll(const registry::WitnessPolicy& policy, const std::string& origin,
                          AnchorTransport& transport) {
  std::vector<Asked> asked;
  for (int i = 0; i < policy.proto.witnesses_size(); ++i) {
    const v1::Witness& witness = policy.proto.witnesses(i);
    if (!witness.has_url()) continue;
    asked.push_back({.name = witness.name(),
                     .target = {policy.keys[static_cast<size_t>(i)], witness.url(),
                                witness.monitoring_url(), witness.root_certificate_pem()}});
  }
  std::vector<std::thread> threads;
  threads.reserve(asked.size());
  for (Asked& each : asked) {
    threads.emplace_back([&each, &origin, &transport] {
      each.shown = AskWhatItShows(each.target, origin, kStartQuestionTimeout, transport);
    });
  }
  for (std::thread& thread : threads) thread.join();
  return asked;
}

}  // namespace

absl::StatusOr<std::string> AskWitnessesAtStart(const registry::WitnessPolicy& policy,
                                                std::span<const tlog::VerifierKey> own_keys,
                                                store::Store& store, AnchorTransport& transport) {
  CHAYAN_CHECK(!own_keys.empty());
  const std::vector<Asked> asked = AskAll(policy, own_keys[0].name(), transport);
  size_t answered = 0;
  for (const Asked& each : asked) {
    // One that knows nothing of this log has answered too.
    if (absl::IsNotFound(each.shown.status())) ++answered;
    if (!each.shown.ok()) {
      diag::Warning("witness.start_question",
                    {{"witness", each.name}, {"cause", each.shown.status().message()}});
      continue;
    }
    CHAYAN_ASSIGN_OR_RETURN(const Judgement judgement,
                            JudgeCheckpoint(*each.shown, own_keys, store));
    switch (judgement.verdict) {
      case Judgement::Verdict::kConsistent:
        ++answered;
        break;
      case Judgement::Verdict::kNotOurs:
        diag::Warning("witness.start_question", {{"witness", each.name}, {"cause", judgement.how}});
        break;
      case Judgement::Verdict::kProof:
        return absl::FailedPreconditionError(absl::StrCat(
            "witness ", each.name, " shows ", judgement.how,
            "; put the right store back, or, if it is lost, begin a new log under a new origin"));
    }
  }
  if (asked.empty() || answered > 0) return std::string();
  const std::string alarm =
      absl::StrCat("none of the ", asked.size(), " witnesses that can be called has answered");
  if (!policy.closed) return alarm;
  return absl::UnavailableError(absl::StrCat(
      alarm,
      ", and the policy closes the log without them: mend the way to one, then start again"));
}

}  // namespace chayan::log
