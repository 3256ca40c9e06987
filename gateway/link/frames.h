// Frames from the gateway to an adapter, written straight to the wire: a question's bytes are
// copied once into its Question and once into its frame, and never parsed again.
#ifndef CHAYAN_GATEWAY_LINK_FRAMES_H_
#define CHAYAN_GATEWAY_LINK_FRAMES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/base/uuid.h"
#include "gateway/link/links.h"

namespace chayan::link {

// A Question without its timeout, which is known when it is sent.
std::string EncodeQuestion(const struct Ask& ask);

struct OutgoingQuestion {
  std::shared_ptr<const std::string> question;  // of EncodeQuestion
  uint32_t timeout_ms;
};

// As few ToAdapter messages as the bounds of a frame allow, in order; none for nothing.
std::vector<std::string> EncodeQuestionFrames(const std::vector<OutgoingQuestion>& questions,
                                              const std::vector<Uuid>& cancelled);
std::vector<std::string> EncodeNoticeFrames(const std::vector<OutgoingNotice>& notices);
// Of serialized NoneToday.
std::vector<std::string> EncodeNoneTodayFrames(const std::vector<std::string>& none_today);
// The ids of answers' exchanges, with the indexes of their entries.
using RecordedIds = std::vector<std::pair<Uuid, uint64_t>>;
std::vector<std::string> EncodeRecordedFrames(const RecordedIds& answers,
                                              const std::vector<RecordedReceipt>& receipts = {});
std::string EncodeWelcome(uint32_t in_flight_max, absl::string_view gateway);
std::string EncodeHeartbeat(absl::Time now);
std::string EncodeDraining();

}  // namespace chayan::link

#endif  // CHAYAN_GATEWAY_LINK_FRAMES_H_
