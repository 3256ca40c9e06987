#include "gateway/cli/reconcile.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/base/uuid.h"

namespace chayan::cli {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;
using log::EntryType;
using log::Key;

// About 1.5 GiB of memory; a busy agency answers as many in some weeks.
constexpr size_t kAnswersMax = 5'000'000;
// A line has some 600 bytes, and one path hash of 47 bytes for each doubling of
// the frame.
constexpr size_t kLineBytesMax = 8192;
// JSON numbers are doubles: exact up to here.
constexpr double kExactMax = 9007199254740992.0;

absl::StatusOr<std::string> Text(const Struct& line, const char* name) {
  const auto found = line.fields().find(name);
  if (found == line.fields().end() || found->second.kind_case() != Value::kStringValue) {
    return absl::InvalidArgumentError(absl::StrCat(name, " is no text"));
  }
  return found->second.string_value();
}

absl::StatusOr<uint64_t> Number(const Struct& line, const char* name) {
  const auto found = line.fields().find(name);
  const double value =
      found == line.fields().end() || found->second.kind_case() != Value::kNumberValue
          ? -1
          : found->second.number_value();
  if (value < 0 || value > kExactMax || value != std::floor(value)) {
    return absl::InvalidArgumentError(absl::StrCat(name, " is no whole number"));
  }
  return static_cast<uint64_t>(value);
}

// 32 or 64 bytes in base64.
template <typename Bytes>
absl::StatusOr<Bytes> FromText(absl::string_view name, const std::string& text) {
  const auto raw = Base64Decode(text);
  auto bytes = raw.ok() ? Bytes::FromRaw(*raw) : raw.status();
  if (!bytes.ok()) return absl::InvalidArgumentError(absl::StrCat(name, " has not its bytes"));
  return bytes;
}

template <typename Bytes>
absl::StatusOr<Bytes> Binary(const Struct& line, const char* name) {
  CHAYAN_ASSIGN_OR_RETURN(const std::string text, Text(line, name));
  return FromText<Bytes>(name, text);
}

absl::StatusOr<tlog::HolderSignature> SignatureOf(const Struct& line) {
  tlog::HolderSignature signature;
  CHAYAN_ASSIGN_OR_RETURN(signature.key_id, Binary<crypto::Digest>(line, "key"));
  CHAYAN_ASSIGN_OR_RETURN(signature.signature, Binary<crypto::Ed25519Signature>(line, "signature"));
  CHAYAN_ASSIGN_OR_RETURN(const uint64_t index, Number(line, "index"));
  CHAYAN_ASSIGN_OR_RETURN(const uint64_t count, Number(line, "count"));
  if (index >= count || count > UINT32_MAX) {
    return absl::InvalidArgumentError("index and count are those of no frame");
  }
  signature.index = static_cast<uint32_t>(index);
  signature.count = static_cast<uint32_t>(count);
  const auto path = line.fields().find("path");
  if (path == line.fields().end() || path->second.kind_case() != Value::kListValue) {
    return absl::InvalidArgumentError("path is no list");
  }
  for (const Value& hash : path->second.list_value().values()) {
    CHAYAN_ASSIGN_OR_RETURN(const tlog::Hash read,
                            FromText<tlog::Hash>("path", hash.string_value()));
    signature.path.push_back(read);
  }
  return signature;
}

}  // namespace

absl::string_view KindName(Discrepancy::Kind kind) {
  switch (kind) {
    case Discrepancy::Kind::kNotInLog:
      return "not_in_log";
    case Discrepancy::Kind::kNotAtHolder:
      return "not_at_holder";
    case Discrepancy::Kind::kNotUsed:
      return "not_used";
    case Discrepancy::Kind::kSignature:
      return "signature_differs";
    case Discrepancy::Kind::kBadSignature:
      return "bad_signature";
    case Discrepancy::Kind::kIndex:
      return "index_differs";
    case Discrepancy::Kind::kLate:
      return "late";
  }
  return "unknown";
}

absl::Status Reconciler::ReadAnswers(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(absl::StrCat(path, ": cannot be opened"));
  std::string line;
  for (uint64_t number = 1; std::getline(file, line); ++number) {
    const absl::Status read = line.size() <= kLineBytesMax
                                  ? ReadLine(line)
                                  : absl::InvalidArgumentError("longer than 8192 bytes");
    if (!read.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ":", number, ": no line of an answer log: ", read.message(),
                       "; give the file that the adapter wrote (answer_log in its "
                       "settings)"));
    }
  }
  if (file.bad()) {
    return absl::DataLossError(
        absl::StrCat(path, ": cannot be read to its end; if it is a folder, name the files in it"));
  }
  return absl::OkStatus();
}

absl::Status Reconciler::ReadLine(const std::string& text) {
  Struct line;
  if (!google::protobuf::util::JsonStringToMessage(text, &line).ok()) {
    return absl::InvalidArgumentError("no JSON object");
  }
  // A receipt of a notice: the gateway asked nothing.
  if (line.fields().contains("delivery")) return absl::OkStatus();
  CHAYAN_ASSIGN_OR_RETURN(const std::string exchange, Text(line, "exchange"));
  CHAYAN_ASSIGN_OR_RETURN(const Uuid id, Uuid::FromText(exchange));
  CHAYAN_ASSIGN_OR_RETURN(const std::string timestamp, Text(line, "time"));
  absl::Time time;
  if (!absl::ParseTime(absl::RFC3339_full, timestamp, &time, nullptr)) {
    return absl::InvalidArgumentError("time is none");
  }
  if (line.fields().contains("entry")) {
    CHAYAN_ASSIGN_OR_RETURN(const uint64_t index, Number(line, "entry"));
    const auto answer = answers_.find(exchange);
    // Its answer may stand in an earlier file that was not given.
    if (answer != answers_.end()) answer->second.told = index;
    return absl::OkStatus();
  }
  if (answers_.size() >= kAnswersMax) {
    return absl::InvalidArgumentError("more than 5,000,000 answers; reconcile fewer files at once");
  }
  Answer answer;
  answer.time = time;
  CHAYAN_ASSIGN_OR_RETURN(const auto request, Binary<crypto::Digest>(line, "request"));
  CHAYAN_ASSIGN_OR_RETURN(const auto reply, Binary<crypto::Digest>(line, "answer"));
  answer.digest = tlog::AnswerDigest(id, request, reply);
  CHAYAN_ASSIGN_OR_RETURN(answer.signature, SignatureOf(line));
  first_ = std::min(first_, time);
  last_ = std::max(last_, time);
  answers_.insert_or_assign(exchange, std::move(answer));
  return absl::OkStatus();
}

void Reconciler::Add(const AuditedEntry& entry, const registry::Snapshot* set) {
  const log::LeafView& leaf = entry.leaf;
  absl::Time recorded;
  if (!absl::ParseTime(absl::RFC3339_full, leaf.timestamp, &recorded, nullptr)) return;
  log_end_ = recorded;
  if (set != nullptr) newest_set_ = set;
  // A forward entry precedes the one that says what came of it.
  if (leaf.known_type != EntryType::kVerification && leaf.known_type != EntryType::kFailed) return;
  const auto answer = answers_.find(leaf.id);
  if (answer != answers_.end()) {
    Compare(entry, recorded, std::string(leaf.id), answer->second, set);
    return;
  }
  const bool claims_answer =
      leaf.Get(Key::kBy) == "holder" && leaf.Get(Key::kHolder) == absl::string_view(holder_);
  // The agency's files begin and end somewhere.
  if (!claims_answer || recorded < first_ || recorded > last_ + late_max_) return;
  found_.push_back(
      {Discrepancy::Kind::kNotAtHolder, std::string(leaf.id), entry.index, recorded,
       absl::StrCat("the entry says that ", holder_, " answered ", leaf.Get(Key::kOutcome))});
}

void Reconciler::Compare(const AuditedEntry& entry, absl::Time recorded,
                         const std::string& exchange, Answer& answer,
                         const registry::Snapshot* set) {
  answer.seen = true;
  ++joined_;
  const auto found = [&](Discrepancy::Kind kind, std::string detail) {
    found_.push_back({kind, exchange, entry.index, answer.time, std::move(detail)});
  };
  const log::LeafView& leaf = entry.leaf;
  const bool is_withheld =
      leaf.Get(Key::kOutcome) == "LOCKED" && leaf.Get(Key::kHolder) == absl::string_view(holder_);
  if (is_withheld) {
    ++withheld_;
  } else if (leaf.Get(Key::kBy) != "holder") {
    found(Discrepancy::Kind::kNotUsed,
          absl::StrCat("the entry says ", leaf.Get(Key::kOutcome),
                       leaf.Get(Key::kOutcome).empty() ? "" : ", ", leaf.Get(Key::kReason)));
  } else if (leaf.Get(Key::kHsig) !=
             absl::string_view(Base64Encode(tlog::HolderSignatureDigest(answer.signature).raw()))) {
    found(Discrepancy::Kind::kSignature, "the entry's hsig is not of the agency's signature");
  }
  if (set != nullptr && !IsSigned(answer, *set)) {
    found(Discrepancy::Kind::kBadSignature, "no answer key registered for the agency made it");
  }
  if (answer.told.has_value() && *answer.told != entry.index) {
    found(Discrepancy::Kind::kIndex, absl::StrCat("the gateway told ", *answer.told));
  }
  if (const absl::Duration apart = absl::AbsDuration(recorded - answer.time); apart > late_max_) {
    found(Discrepancy::Kind::kLate, absl::StrCat(absl::FormatDuration(apart), " apart"));
  }
}

bool Reconciler::IsSigned(const Answer& answer, const registry::Snapshot& set) const {
  const registry::AnswerKey* const key = set.FindAnswerKey(answer.signature.key_id);
  if (key == nullptr || key->proto->member() != holder_) return false;
  const auto public_key = crypto::Ed25519PublicKey::FromRaw(key->public_key);
  return public_key.ok() &&
         tlog::VerifyHolderSignature(*public_key, answer.digest, answer.signature).ok();
}

std::vector<Discrepancy> Reconciler::Take() {
  for (const auto& [exchange, answer] : answers_) {
    if (answer.seen) continue;
    if (answer.time + late_max_ > log_end_) {
      ++newer_;
      continue;
    }
    const bool is_signed = newest_set_ != nullptr && IsSigned(answer, *newest_set_);
    found_.push_back(
        {Discrepancy::Kind::kNotInLog, exchange, std::nullopt, answer.time,
         absl::StrCat(
             is_signed ? "signed by the agency's key" : "not signed by a key of the agency",
             answer.told.has_value() ? absl::StrCat("; the gateway told index ", *answer.told)
                                     : "; the gateway told no index")});
  }
  std::sort(found_.begin(), found_.end(), [](const Discrepancy& a, const Discrepancy& b) {
    return std::tie(a.time, a.exchange, a.kind) < std::tie(b.time, b.exchange, b.kind);
  });
  return std::move(found_);
}

}  // namespace chayan::cli
