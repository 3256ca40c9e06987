// What recipients say of deliveries in bulk, a frame under one entry: plain cases alone. A word
// that finds its delivery elsewhere, is malformed, or is of the other lane, goes its own way
// (settler.h), and so do all of a frame of which one no longer applies.
//
// On a link the entry's hsig is of the signature over the frame in which the words came, as that of
// its first item without a path: the bytes stand in the recipient's own log.
#ifndef CHAYAN_GATEWAY_NOTICE_BULK_SETTLER_H_
#define CHAYAN_GATEWAY_NOTICE_BULK_SETTLER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "chayan/v1/notice_service.pb.h"
#include "gateway/link/notice_sink.h"
#include "gateway/notice/bulk_lane.h"
#include "gateway/notice/collaborators.h"
#include "gateway/notice/deliverer.h"

namespace chayan::notice {

// What a recipient says at once: on a link under one signature, or on the stream on which it pulls.
struct BulkWords {
  policy::Caller caller{};
  std::string method{};
  // Of a pull without digest and signature: the stream has sent what they are about.
  std::vector<link::SignedReceipt> receipts{};
  bool was_sent = false;
  // The entry that a delivery's word came to.
  std::function<void(const Uuid& delivery, uint64_t entry)> recorded{};
  // The words that go their own way.
  std::function<void(std::vector<link::SignedReceipt>)> alone{};
};

// Take on the lane's thread; the others from any.
class BulkSettler {
 public:
  // `settled`: deliveries have left their queues. All outlive it.
  BulkSettler(const Collaborators& with, BulkLane& lane, Deliverer& deliverer,
              std::function<void()> settled)
      : with_(with), lane_(lane), deliverer_(deliverer), settled_(std::move(settled)) {}

  // Whether the lane has to look at it. Cheap.
  bool IsFor(const link::SignedReceipt& receipt) const;
  bool IsUnderWay(const Uuid& delivery) const { return deliverer_.FindBulk(delivery).has_value(); }

  void Take(BulkWords words);

 private:
  struct Word {
    link::SignedReceipt said;
    v1::DeliveryReceipt receipt{};
    Uuid delivery{};
    store::StateStep step{};
  };
  // What one entry covers.
  using Frame = std::vector<Word>;

  // Nothing when it is no plain case.
  std::optional<Word> Read(const BulkWords& words, const link::SignedReceipt& said) const;
  bool PlanReceipt(const BulkWords& words, Word& word) const;
  bool PlanAcknowledgement(const policy::Caller& caller, Word& word) const;
  void Settle(const BulkWords& words, Frame frame);
  absl::StatusOr<log::Submission> MakeSubmission(const BulkWords& words, const Frame& frame) const;

  const Collaborators& with_;
  BulkLane& lane_;
  Deliverer& deliverer_;
  const std::function<void()> settled_;
};

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_BULK_SETTLER_H_
