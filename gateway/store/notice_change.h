// What an entry does to notices and their deliveries. It rides with its entry into the same
// transaction, so no delivery changes its state without an entry that says so.
#ifndef CHAYAN_GATEWAY_STORE_NOTICE_CHANGE_H_
#define CHAYAN_GATEWAY_STORE_NOTICE_CHANGE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/uuid.h"
#include "gateway/crypto/digest.h"
#include "gateway/store/delivery_state.h"

namespace chayan::store {

using RequestKey = std::array<uint8_t, 16>;
// A subject as the order is kept by; says nothing of the person to who has not the ordering key.
using SubjectKey = std::array<uint8_t, 16>;

// What a delivery carries, sealed for it alone.
struct SealedPayload {
  std::string key_id;
  std::string wrapped_secret;
  std::string sealed;

  bool operator==(const SealedPayload&) const = default;
};

struct NewDelivery {
  Uuid id{};
  std::string recipient{};
  std::string subscription{};
  // The subjects whose order it keeps, each once, at least one. The first is the one by which a
  // later notice of the same period takes its place.
  std::vector<SubjectKey> subjects{};
  bool bulk = false;
  bool hosted = false;
  // When it cannot be delivered, later ones of its subjects wait (or else go, and say so).
  bool holds = true;
  // The subscription has a schedule: no other delivery of it with the same first subject and due
  // time may wait once this change is done.
  bool alone_in_period = false;
  int64_t due_ms = 0;
  int64_t expire_ms = 0;
  int64_t acknowledge_by_ms = 0;
  int64_t fetch_by_ms = 0;  // from when nobody having fetched it is warned of; 0: it is pushed
  SealedPayload payload{};
};

struct NewNotice {
  Uuid id{};
  RequestKey request_key{};
  crypto::Digest request_digest{};
  std::string kind{};
  std::string publisher{};  // member and system
  std::string system{};
  std::string acting_for{};
  int64_t time_ms = 0;
  bool test = false;
  std::optional<Uuid> follows{};  // the notice it replaces or undoes; that one may be followed once
  std::string exception_owner{};
  std::string answer{};  // the bytes that the same request is answered with for ever
  std::vector<NewDelivery> deliveries{};
};

struct StateStep {
  Uuid delivery{};
  // Applies only to a delivery that stands here.
  DeliveryState from{};
  DeliveryState to{};
  int64_t time_ms = 0;
  std::string reason{};  // a code
  // It was never under way: what was sent cannot be taken back, whatever became of it.
  bool unsent = false;
  // What the recipient said, sealed. Kept when empty.
  std::string settlement{};
  // From when the payload may be shredded; 0: not yet.
  int64_t shred_ms = 0;
  // To kScheduled: when it is due again, expires, and as NewDelivery::fetch_by_ms.
  int64_t due_ms = 0;
  int64_t expire_ms = 0;
  int64_t fetch_by_ms = 0;
};

// Steps are taken first, then the notices come. All of it applies, or its entry is refused.
struct NoticeChange {
  std::vector<StateStep> steps{};
  std::vector<NewNotice> notices{};
  // Of a bulk entry: the items of its frame.
  std::vector<crypto::Digest> frame{};
};

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_NOTICE_CHANGE_H_
