// One question from its arrival to the release of its outcome. Read Exchange's methods in
// exchange.cc, then in exchange_record.cc, from top to bottom: that is the order in which a
// verification happens.
#ifndef CHAYAN_GATEWAY_VERIFY_EXCHANGE_H_
#define CHAYAN_GATEWAY_VERIFY_EXCHANGE_H_

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chayan/v1/entry_detail.pb.h"
#include "chayan/v1/verification_service.pb.h"
#include "gateway/base/clock.h"
#include "gateway/base/random.h"
#include "gateway/link/links.h"
#include "gateway/log/committer.h"
#include "gateway/log/vault.h"
#include "gateway/metrics/stages.h"
#include "gateway/policy/decide.h"
#include "gateway/rpc/server.h"
#include "gateway/tally/book.h"
#include "gateway/verify/asker.h"
#include "gateway/verify/delay_line.h"
#include "gateway/verify/question.h"
#include "gateway/verify/twins.h"
#include "google/protobuf/arena.h"

namespace chayan::verify {

// What exchanges work with. It and all in it outlive every exchange; all are thread-safe.
struct Collaborators {
  rpc::RegistrySource registry;
  link::Links& links;
  log::Committer& committer;
  log::Vault& vault;
  Clock& clock;
  Random& random;
  Twins& twins;
  tally::Book& book;
  DelayLine& delays;
  metrics::Stages* stages = nullptr;  // may be null
};

// Kept alive by the callbacks it hands out. Its steps follow one another; no two run at a time.
class Exchange final : public TwinQuestion, public std::enable_shared_from_this<Exchange> {
 public:
  // Takes a question to its end; the asker is told exactly once.
  static void Start(const Collaborators& with, std::shared_ptr<Asker> asker);

  Exchange(const Collaborators& with, std::shared_ptr<Asker> asker);

 private:
  // What is recorded of the holder's part, when there was one.
  struct HolderPart {
    std::optional<tlog::HolderSignature> signature;
    uint64_t link = 0;
    bool withheld = false;  // the caller gets another answer than the one that was signed
  };
  // What the asker will be told once it is recorded.
  struct Told {
    std::string answer;                      // bytes of the answer; empty for a failure
    std::optional<policy::Refusal> refusal;  // set for a failure
    std::string status_bytes;                // of the refusal
    v1::Outcome outcome = v1::OUTCOME_UNSPECIFIED;
    bool forwarded = true;
    std::optional<v1::LockState> lock{};  // what mismatches led to, or will
  };

  void Run();
  bool Parse();
  bool Permit();
  bool CheckAndRoute();
  bool EnterTwins();
  // Locks and quotas.
  bool Count();
  void RecordForward();
  void AskHolder();
  void OnReply(link::Reply reply);
  // The holder's answer is sound: what becomes of it.
  void Conclude(const v1::VerificationAnswer& answer, std::string bytes);
  // Nothing is compared, or was compared in vain.
  void AnswerLocked(const tally::Lock& lock);
  tally::Attempt Attempt() const;
  // `last` is told when that is recorded.
  void Abandon(std::shared_ptr<Asker> last) override;
  // The kind is one that a person answers: the clerk is told by which form, where and by when.
  void ReferToDesk();
  void SourceDown(absl::string_view cause, bool forwarded);
  void Refuse(policy::Refusal refusal);
  void Record(log::Entry entry, Told told);
  void Release();
  void TellAnswer(const log::Committed& committed);
  void TellFailure(const Failure& failure);
  Twins::Waiting TakeWaiting(std::shared_ptr<const std::string> response, bool keep);
  // Null: the holder signed nothing that the caller gets.
  const tlog::HolderSignature* HolderSignature() const {
    return holder_part_.signature.has_value() && !holder_part_.withheld ? &*holder_part_.signature
                                                                        : nullptr;
  }

  log::Entry NewEntry(log::EntryType type);
  absl::StatusOr<log::VaultOutput> Seal(absl::string_view response);
  std::string DetailBytes();
  // The code itself when the registry has it, else "unknown", and the text goes to the sealed
  // detail.
  std::string KnownOrUnknown(bool known, absl::string_view field, absl::string_view text);

  const Collaborators& with_;
  const std::shared_ptr<Asker> asker_;
  const Uuid id_;
  const std::shared_ptr<const registry::Snapshot> snapshot_;
  google::protobuf::Arena arena_;
  v1::VerifyDocumentRequest* const request_;
  v1::EntryDetail* const detail_;
  policy::Permit permit_;
  CheckedQuestion question_;
  const v1::Member* holder_ = nullptr;
  HolderPart holder_part_;
  tally::Charge charge_;
  std::optional<uint64_t> forward_index_;
  // From Record on. Here, not in the callbacks: those stay small enough to need no memory.
  Told told_;
  log::VaultOutput sealed_;
  absl::StatusOr<log::Committed> committed_;
  absl::Duration floored_;              // how long the answer was held back; zero: not at all
  absl::Duration asked_;                // when the holder was asked, by Elapsed()
  absl::Duration submitted_;            // when the entry went to the committer
  crypto::Digest request_digest_;       // from EnterTwins on
  std::optional<Twins::Key> twin_key_;  // absent until it is among the twins
  uint64_t twin_ticket_ = 0;
  std::shared_ptr<Asker> abandoned_by_;  // written before abandoned_ is set
  std::atomic<bool> abandoned_ = false;
};

}  // namespace chayan::verify

#endif  // CHAYAN_GATEWAY_VERIFY_EXCHANGE_H_
