#include "gateway/audit/filter.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/clock.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/bytes.h"
#include "gateway/log/entry_table.h"

namespace chayan::audit {
namespace {

// Leaves read at once: about 2 MiB.
constexpr uint64_t kLeavesReadMax = 4096;
constexpr uint64_t kLeafBytesReadMax = 2 << 20;

absl::StatusOr<absl::Time> TimeOf(const google::protobuf::Timestamp& timestamp) {
  // The span of google.protobuf.Timestamp: years 1 to 9999.
  if (timestamp.seconds() < -62135596800 || timestamp.seconds() > 253402300799 ||
      timestamp.nanos() < 0 || timestamp.nanos() > 999999999) {
    return absl::InvalidArgumentError("write a time from year 1 to 9999");
  }
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

}  // namespace

absl::Status Filter::Need(const char* field, const char* key, absl::string_view value,
                          policy::FieldViolation& violation) {
  if (value.empty()) return absl::OkStatus();
  const bool fits = value.size() <= log::kCodeLengthMax &&
                    std::all_of(value.begin(), value.end(),
                                [](char c) { return log::IsOfForm(c, log::Form::kCode); });
  if (!fits) {
    violation = {absl::StrCat("filter.", field), "write a code as it stands in entries"};
    return absl::InvalidArgumentError(violation.field);
  }
  needles_.push_back(absl::StrCat(",\"", key, "\":\"", value, "\""));
  return absl::OkStatus();
}

absl::StatusOr<Filter> Filter::Create(const v1::EntryFilter& proto,
                                      policy::FieldViolation& violation) {
  Filter filter;
  const std::tuple<const char*, const char*, const std::string&> codes[] = {
      {"type", "type", proto.type()},          {"member", "member", proto.member()},
      {"system", "system", proto.system()},    {"acting_for", "for", proto.acting_for()},
      {"method", "method", proto.method()},    {"document_kind", "kind", proto.document_kind()},
      {"holder", "holder", proto.holder()},    {"purpose", "purpose", proto.purpose()},
      {"outcome", "outcome", proto.outcome()}, {"reason", "reason", proto.reason()},
  };
  for (const auto& [field, key, value] : codes) {
    CHAYAN_RETURN_IF_ERROR(filter.Need(field, key, value, violation));
  }
  if (!proto.certificate().empty()) {
    if (proto.certificate().size() != crypto::Digest::kSize) {
      violation = {"filter.certificate", "write the 32 bytes of a SHA-256"};
      return absl::InvalidArgumentError(violation.field);
    }
    filter.needles_.push_back(
        absl::StrCat(",\"cert\":\"", Base64Encode(proto.certificate()), "\""));
  }
  const auto time = [&violation](bool given, const google::protobuf::Timestamp& from,
                                 const char* field, absl::Time& to) {
    if (!given) return absl::OkStatus();
    const absl::StatusOr<absl::Time> read = TimeOf(from);
    if (read.ok()) to = *read;
    if (!read.ok()) violation = {field, std::string(read.status().message())};
    return read.status();
  };
  CHAYAN_RETURN_IF_ERROR(
      time(proto.has_from_time(), proto.from_time(), "filter.from_time", filter.from_));
  CHAYAN_RETURN_IF_ERROR(
      time(proto.has_until_time(), proto.until_time(), "filter.until_time", filter.until_));
  filter.member_ = proto.member();
  filter.office_ = proto.acting_for();
  filter.kind_ = proto.document_kind();
  filter.indexes_ = {proto.first_index(), proto.end_index() == 0
                                              ? std::numeric_limits<uint64_t>::max()
                                              : proto.end_index()};
  return filter;
}

bool Filter::Fits(absl::string_view leaf) const {
  return std::all_of(needles_.begin(), needles_.end(),
                     [leaf](const std::string& needle) { return absl::StrContains(leaf, needle); });
}

policy::AuditScope Filter::Scope() const {
  return {.member = member_, .office = office_, .kind = kind_, .from = from_, .until = until_};
}

absl::StatusOr<store::EntryRange> Filter::Range(store::Store& store, uint64_t log_size) const {
  store::EntryRange range{indexes_.first, std::min(indexes_.end, log_size)};
  if (from_ != absl::InfinitePast()) {
    CHAYAN_ASSIGN_OR_RETURN(const uint64_t first, FirstEntryAt(store, log_size, from_));
    range.first = std::max(range.first, first);
  }
  if (until_ != absl::InfiniteFuture()) {
    CHAYAN_ASSIGN_OR_RETURN(const uint64_t end, FirstEntryAt(store, log_size, until_));
    range.end = std::min(range.end, end);
  }
  range.first = std::min(range.first, range.end);
  return range;
}

absl::StatusOr<uint64_t> FirstEntryAt(store::Store& store, uint64_t log_size, absl::Time time) {
  // As text a timestamp sorts as it does in time; one between two milliseconds begins at the later.
  const absl::Time whole = absl::FromUnixMillis(absl::ToUnixMillis(time));
  const std::string wanted = FormatTimestamp(whole == time ? whole : whole + absl::Milliseconds(1));
  uint64_t low = 0;
  uint64_t high = log_size;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    CHAYAN_ASSIGN_OR_RETURN(const std::vector<std::string> leaves, store.ReadLeaves(middle, 1, 0));
    const absl::string_view leaf = leaves[0];
    if (leaf.size() < log::kLeafOpening.size() + log::kTimestampLength) {
      return absl::DataLossError(absl::StrCat("entry ", middle, " is too short"));
    }
    if (leaf.substr(log::kLeafOpening.size(), log::kTimestampLength) < absl::string_view(wanted)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

absl::Status VisitLeaves(store::Store& store, store::EntryRange range,
                         const std::function<bool(uint64_t, absl::string_view)>& visit) {
  uint64_t index = range.first;
  while (index < range.end) {
    CHAYAN_ASSIGN_OR_RETURN(
        const std::vector<std::string> leaves,
        store.ReadLeaves(index, std::min(kLeavesReadMax, range.end - index), kLeafBytesReadMax));
    for (const std::string& leaf : leaves) {
      if (!visit(index, leaf)) return absl::OkStatus();
      ++index;
    }
  }
  return absl::OkStatus();
}

}  // namespace chayan::audit
