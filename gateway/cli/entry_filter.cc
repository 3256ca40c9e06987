#include "gateway/cli/entry_filter.h"

#include "absl/strings/str_cat.h"
#include "gateway/base/clock.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/offline_log.h"
#include "gateway/crypto/digest.h"
#include "gateway/report/period.h"

namespace chayan::cli {
namespace {

using log::Key;

// The columns that show values of the leaf, as their keys are called there.
constexpr Key kShown[] = {Key::kMember, Key::kSystem, Key::kFor,     Key::kMethod,
                          Key::kKind,   Key::kHolder, Key::kPurpose, Key::kOutcome,
                          Key::kBy,     Key::kReason, Key::kRef};

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

void SetTimestamp(absl::Time time, google::protobuf::Timestamp& out) {
  const timespec parts = absl::ToTimespec(time);
  out.set_seconds(parts.tv_sec);
  out.set_nanos(static_cast<int32_t>(parts.tv_nsec));
}

}  // namespace

void AddFilterFlags(CLI::App& command, FilterFlags& flags, const char* certificate) {
  command.add_option("--from", flags.from,
                     "not before: a day (2026-01-15, 1150115), a time, or how long ago (24h)");
  command.add_option("--to", flags.to, "not after: likewise; a day is taken to its end");
  command.add_option("--member", flags.member, "id of the member that called");
  command.add_option("--system", flags.system, "name of its system");
  command.add_option("--office", flags.office, "id of the office on whose behalf");
  command.add_option("--kind", flags.kind, "code of the document kind");
  command.add_option("--holder", flags.holder, "id of the agency that answered");
  command.add_option("--outcome", flags.outcome, "MATCH, VARIANT, NOT_FOUND …");
  command.add_option("--purpose", flags.purpose, "code of the purpose");
  command.add_option("--reason", flags.reason, "why it was denied or failed: NO_GRANT …");
  command.add_option("--type", flags.type, "verification, denied, read, registry …");
  flags.cert_flag = certificate;
  command.add_option(certificate, flags.cert,
                     "SHA-256 of the certificate's public key, in hexadecimal");
}

absl::StatusOr<v1::EntryFilter> ToProto(const FilterFlags& flags, absl::Time now) {
  v1::EntryFilter filter;
  if (!flags.from.empty()) {
    CHAYAN_ASSIGN_OR_RETURN(const absl::Time from,
                            ParseMoment("--from", flags.from, /*end=*/false, now));
    SetTimestamp(from, *filter.mutable_from_time());
  }
  if (!flags.to.empty()) {
    CHAYAN_ASSIGN_OR_RETURN(const absl::Time to, ParseMoment("--to", flags.to, /*end=*/true, now));
    SetTimestamp(to, *filter.mutable_until_time());
  }
  filter.set_type(flags.type);
  filter.set_member(flags.member);
  filter.set_system(flags.system);
  filter.set_acting_for(flags.office);
  filter.set_document_kind(flags.kind);
  filter.set_holder(flags.holder);
  filter.set_outcome(flags.outcome);
  filter.set_purpose(flags.purpose);
  filter.set_reason(flags.reason);
  if (!flags.cert.empty()) {
    const auto raw = HexDecode(flags.cert);
    if (!raw.ok() || raw->size() != crypto::Digest::kSize) {
      return absl::InvalidArgumentError(absl::StrCat(
          flags.cert_flag, ": not 64 hexadecimal digits; chayan audit persons DIR shows them"));
    }
    filter.set_certificate(*raw);
  }
  return filter;
}

absl::StatusOr<EntryFilter> EntryFilter::Create(const FilterFlags& flags, absl::Time now) {
  CHAYAN_ASSIGN_OR_RETURN(const v1::EntryFilter filter, ToProto(flags, now));
  return EntryFilter(filter);
}

EntryFilter::EntryFilter(const v1::EntryFilter& filter) : type_(filter.type()) {
  if (filter.has_from_time()) begin_ = FormatTimestamp(TimeOf(filter.from_time()));
  if (filter.has_until_time()) end_ = FormatTimestamp(TimeOf(filter.until_time()));
  first_index_ = filter.first_index();
  if (filter.end_index() != 0) end_index_ = filter.end_index();
  const std::pair<Key, std::string> values[] = {
      {Key::kMember, filter.member()},
      {Key::kSystem, filter.system()},
      {Key::kFor, filter.acting_for()},
      {Key::kKind, filter.document_kind()},
      {Key::kHolder, filter.holder()},
      {Key::kOutcome, filter.outcome()},
      {Key::kPurpose, filter.purpose()},
      {Key::kReason, filter.reason()},
      {Key::kMethod, filter.method()},
      {Key::kCert, filter.certificate().empty() ? "" : Base64Encode(filter.certificate())}};
  for (const auto& [key, value] : values) {
    if (!value.empty()) values_.emplace_back(key, value);
  }
}

bool EntryFilter::Matches(uint64_t index, const log::LeafView& leaf) const {
  if (index < first_index_ || index >= end_index_) return false;
  if (leaf.timestamp < absl::string_view(begin_)) return false;
  if (!end_.empty() && leaf.timestamp >= absl::string_view(end_)) return false;
  if (!type_.empty() && leaf.type != absl::string_view(type_)) return false;
  for (const auto& [key, value] : values_) {
    if (leaf.Get(key) != absl::string_view(value)) return false;
  }
  return true;
}

report::Row EntryHeader(Language language) {
  report::Row row = {std::string(Say(language, "索引", "index")),
                     std::string(Say(language, "時間", "time")),
                     std::string(Say(language, "民國時間", "ROC time")), "type"};
  for (const Key key : kShown) row.emplace_back(log::kKeys[static_cast<size_t>(key)].name);
  return row;
}

report::Row EntryRow(uint64_t index, const log::LeafView& leaf) {
  const absl::Time time = report::TimeOfEntry(leaf.timestamp);
  report::Row row = {absl::StrCat(index), report::IsoTime(time), report::RocTime(time),
                     std::string(leaf.type)};
  for (const Key key : kShown) row.emplace_back(leaf.Get(key));
  return row;
}

}  // namespace chayan::cli
