// Records of the store as the messages that they are.
#ifndef CHAYAN_GATEWAY_AUDIT_KEPT_RECORDS_H_
#define CHAYAN_GATEWAY_AUDIT_KEPT_RECORDS_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"
#include "gateway/store/records.h"

namespace chayan::audit {

// Records read at once.
inline constexpr size_t kRecordsReadMax = 1000;

template <typename Message>
absl::StatusOr<Message> ParseRecord(const store::KeptRecord& record) {
  Message message;
  if (message.ParseFromString(record.bytes)) return message;
  return absl::DataLossError("a record of the audit is damaged");
}

// The index that a key of store::RecordKey is.
inline uint64_t IndexOf(absl::string_view key) {
  uint64_t index = 0;
  for (const char c : key) index = index << 8 | static_cast<uint8_t>(c);
  return index;
}

// Calls `visit` with each record of a kind from the key of `first` on, until it says false.
template <typename Message>
absl::Status VisitRecords(
    store::Records& records, store::RecordKind kind, uint64_t first,
    const std::function<bool(uint64_t index, const store::KeptRecord&, Message)>& visit) {
  std::string after = first == 0 ? std::string() : store::RecordKey(first - 1);
  while (true) {
    CHAYAN_ASSIGN_OR_RETURN(const std::vector<store::KeptRecord> some,
                            records.List(kind, after, kRecordsReadMax));
    for (const store::KeptRecord& record : some) {
      CHAYAN_ASSIGN_OR_RETURN(Message message, ParseRecord<Message>(record));
      if (!visit(IndexOf(record.key), record, std::move(message))) return absl::OkStatus();
    }
    if (some.size() < kRecordsReadMax) return absl::OkStatus();
    after = some.back().key;
  }
}

}  // namespace chayan::audit

#endif  // CHAYAN_GATEWAY_AUDIT_KEPT_RECORDS_H_
