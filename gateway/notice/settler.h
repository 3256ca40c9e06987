// What a recipient says of its deliveries, from its words to their entries: that it has one, that
// its office acted, or why it will not. Who says the same again hears of the same entry.
#ifndef CHAYAN_GATEWAY_NOTICE_SETTLER_H_
#define CHAYAN_GATEWAY_NOTICE_SETTLER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "absl/functional/any_invocable.h"
#include "gateway/notice/collaborators.h"
#include "gateway/notice/step.h"
#include "gateway/policy/refusal.h"

namespace chayan::notice {

struct Settled {
  Taken taken{};
  std::string answer{};  // serialized DeliveryStatus; of an acknowledgement
};

// A recipient's word. `done` runs once, from any thread.
struct Said {
  policy::Caller caller{};
  std::string method{};
  // Serialized DeliveryReceipt, and of a call the request it stood in.
  std::string receipt{};
  std::string request{};
  // What proves that the notice was there: the digest of its bytes, under the recipient's
  // signature; or that it was sent on the very stream on which its receipt came.
  std::optional<crypto::Digest> notice_digest{};
  bool was_sent = false;
  std::optional<tlog::HolderSignature> signature{};
  absl::AnyInvocable<void(std::variant<Settled, policy::Refusal>)> done{};
};

// Methods run on the room's thread.
class Settler {
 public:
  // `settled` is told of each delivery that has left its queue, from any thread.
  Settler(const Collaborators& with, std::function<void(const Uuid&)> settled)
      : with_(with), settled_(std::move(settled)) {}

  void Take(Said said);
  // Gives a delivery up, by the gateway's own doing. `done`: whether it is dead now.
  void Bury(const store::StoredDelivery& delivery, const std::string& reason,
            absl::AnyInvocable<void(absl::Status)> done);

 private:
  struct Word;
  void Handle(std::shared_ptr<Word> word);
  // Each gives the refusal, if there is one.
  std::optional<policy::Refusal> Find(Word& word);
  std::optional<policy::Refusal> CheckSent(Word& word);

  void TakeReceipt(std::shared_ptr<Word> word);
  void SubmitReceipt(const std::shared_ptr<Word>& word,
                     absl::AnyInvocable<void(absl::StatusOr<Taken>)> done);
  void TakeAcknowledgement(std::shared_ptr<Word> word);
  void SubmitAcknowledgement(const std::shared_ptr<Word>& word, store::DeliveryState from);
  // With the entry of the step by which it came to the state.
  void AnswerAgain(Word& word, store::DeliveryState state, std::string answer);
  void OnTaken(const std::shared_ptr<Word>& word, std::string answer, absl::StatusOr<Taken> taken);

  const Collaborators& with_;
  const std::function<void(const Uuid&)> settled_;
};

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_SETTLER_H_
