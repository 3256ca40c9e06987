#include "gateway/log/entry.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/clock.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/log/entry_table.h"

namespace chayan::log {
namespace {

constexpr std::string_view kNoTime = "0000-00-00T00:00:00.000Z";
// A verification's leaf with all keys has about 1,000 bytes.
constexpr size_t kUsualLeafBytes = 1024;

bool AllOfForm(absl::string_view value, Form form) {
  uint8_t all = 0xFF;
  for (const char c : value) all &= kCharacters[static_cast<uint8_t>(c)];
  return (all & FormBit(form)) != 0;
}

// Appends values in the order it is called; the caller goes by the order of the table. Remembers
// the first fault.
class LeafWriter {
 public:
  LeafWriter(std::string& out, const TypeRule& rule) : out_(out), rule_(rule) {}

  void Text(Key key, const std::string& value) {
    if (!Admit(key, !value.empty())) return;
    const KeyRule& rule = kKeys[static_cast<size_t>(key)];
    if (value.size() > rule.length_max || !AllOfForm(value, rule.form)) {
      return Fault(key, "has a character or length it may not have");
    }
    Open(rule);
    out_.push_back('"');
    out_.append(value);
    out_.push_back('"');
  }

  void Digest(Key key, const std::optional<crypto::Digest>& value) {
    if (!Admit(key, value.has_value())) return;
    absl::Base64Escape(value->raw(), &base64_);
    Open(kKeys[static_cast<size_t>(key)]);
    out_.push_back('"');
    out_.append(base64_);
    out_.push_back('"');
  }

  template <typename Number>
  void Decimal(Key key, const std::optional<Number>& value) {
    if (!Admit(key, value.has_value())) return;
    Open(kKeys[static_cast<size_t>(key)]);
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof(digits), *value);
    out_.append(digits, end.ptr);
  }

  absl::Status status() const {
    if (fault_ == nullptr) return absl::OkStatus();
    return absl::InternalError(absl::StrCat("log entry of type ", rule_.name, ": key ",
                                            kKeys[static_cast<size_t>(fault_key_)].name, " ",
                                            fault_));
  }

 private:
  // Whether the value is to be written.
  bool Admit(Key key, bool present) {
    if (present && !Contains(rule_.required | rule_.optional, key)) {
      Fault(key, "does not belong to the type");
      return false;
    }
    if (!present && Contains(rule_.required, key)) Fault(key, "is missing");
    return present;
  }

  void Open(const KeyRule& rule) {
    out_.append(",\"");
    out_.append(rule.name);
    out_.append("\":");
  }

  void Fault(Key key, const char* fault) {
    if (fault_ != nullptr) return;
    fault_ = fault;
    fault_key_ = key;
  }

  std::string& out_;
  const TypeRule& rule_;
  std::string base64_;
  const char* fault_ = nullptr;
  Key fault_key_ = Key::kMember;
};

void AppendCommon(std::string& out, const Entry& entry, absl::string_view gateway,
                  const TypeRule& rule) {
  out.append(kLeafOpening);
  out.append(kNoTime);
  out.append("\",\"gw\":\"");
  out.append(gateway.data(), gateway.size());
  out.append("\",\"id\":\"");
  out.append(entry.id.ToText());
  out.append("\",\"type\":\"");
  out.append(rule.name);
  out.push_back('"');
}

}  // namespace

absl::string_view TypeName(EntryType type) { return kTypes[static_cast<size_t>(type)].name; }

absl::StatusOr<std::string> RenderUnstampedLeaf(const Entry& entry, absl::string_view gateway) {
  if (gateway.empty() || gateway.size() > kGatewayLengthMax || !AllOfForm(gateway, Form::kName)) {
    return absl::InternalError("log entry: key gw has a character or length it may not have");
  }
  const TypeRule& rule = kTypes[static_cast<size_t>(entry.type)];
  std::string leaf;
  leaf.reserve(kUsualLeafBytes);
  AppendCommon(leaf, entry, gateway, rule);
  LeafWriter writer(leaf, rule);
  writer.Text(Key::kMember, entry.member);
  writer.Text(Key::kSystem, entry.system);
  writer.Text(Key::kFor, entry.acting_for);
  writer.Digest(Key::kCert, entry.cert);
  writer.Text(Key::kMethod, entry.method);
  writer.Text(Key::kKind, entry.kind);
  writer.Text(Key::kHolder, entry.holder);
  writer.Text(Key::kPurpose, entry.purpose);
  writer.Text(Key::kBasis, entry.basis);
  writer.Text(Key::kPersonProof, entry.person_proof);
  writer.Text(Key::kGrant, entry.grant);
  writer.Digest(Key::kRegistry, entry.registry);
  writer.Text(Key::kOutcome, entry.outcome);
  writer.Text(Key::kBy, entry.by);
  writer.Text(Key::kReason, entry.reason);
  writer.Decimal(Key::kMs, entry.ms);
  writer.Decimal(Key::kRef, entry.ref);
  writer.Digest(Key::kKey, entry.key);
  writer.Text(Key::kOrigin, entry.origin);
  writer.Text(Key::kVkey, entry.vkey);
  writer.Text(Key::kSig, entry.sig.has_value() ? Base64Encode(entry.sig->raw()) : std::string());
  writer.Decimal(Key::kSize, entry.size);
  writer.Digest(Key::kRoot, entry.root);
  writer.Decimal(Key::kLost, entry.lost);
  writer.Digest(Key::kHsig, entry.hsig);
  writer.Digest(Key::kCReq, entry.c_req);
  writer.Digest(Key::kCRes, entry.c_res);
  writer.Digest(Key::kCDetail, entry.c_detail);
  writer.Digest(Key::kDigest, entry.digest);
  writer.Text(Key::kVaultKey, entry.vault_key);
  CHAYAN_RETURN_IF_ERROR(writer.status());
  leaf.push_back('}');
  return leaf;
}

void StampLeaf(std::string& leaf, absl::string_view timestamp) {
  CHAYAN_CHECK(timestamp.size() == kTimestampLength);
  CHAYAN_CHECK(leaf.size() > kLeafOpening.size() + kTimestampLength);
  std::copy(timestamp.begin(), timestamp.end(), leaf.begin() + kLeafOpening.size());
}

std::string RenderLeaf(const Entry& entry, absl::Time time, absl::string_view gateway) {
  absl::StatusOr<std::string> leaf = RenderUnstampedLeaf(entry, gateway);
  CHAYAN_CHECK(leaf.ok());
  StampLeaf(*leaf, FormatTimestamp(time));
  return *std::move(leaf);
}

absl::Status CheckEntry(const Entry& entry, absl::string_view gateway) {
  return RenderUnstampedLeaf(entry, gateway).status();
}

}  // namespace chayan::log
