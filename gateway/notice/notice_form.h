// A notice's values: each is checked against the form its place asks for, every fault at once.
#ifndef CHAYAN_GATEWAY_NOTICE_NOTICE_FORM_H_
#define CHAYAN_GATEWAY_NOTICE_NOTICE_FORM_H_

#include <string>
#include <vector>

#include "chayan/v1/notice_service.pb.h"
#include "gateway/notice/ordering_key.h"
#include "gateway/policy/refusal.h"
#include "gateway/registry/snapshot.h"

namespace chayan::notice {

struct CheckedNotice {
  // Empty when every value is of its form; then nothing below is missing.
  std::vector<policy::FieldViolation> violations{};
  // The subjects' numbers in their normal form, also the former ones, each once: what the notice is
  // found by. Empty when no number is known.
  std::vector<std::string> numbers{};
  // The queues it waits in, each once.
  std::vector<store::SubjectKey> subjects{};
};

// `publisher`: member id. Violations repeat no values.
CheckedNotice CheckNotice(const v1::PublishNoticeRequest& request, const v1::NoticeKind& kind,
                          absl::string_view publisher, const registry::Snapshot& snapshot,
                          const OrderingKey& ordering);

}  // namespace chayan::notice

#endif  // CHAYAN_GATEWAY_NOTICE_NOTICE_FORM_H_
