// ParseLeaf: the strict reader of what entry.cc writes. Leaves come from stores and exports that an
// attacker may have touched, so every byte is accounted for.
#include <algorithm>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/log/entry.h"
#include "gateway/log/entry_table.h"
#include "gateway/log/leaf_form.h"

namespace chayan::log {
namespace {

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("leaf: ", what));
}

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

bool AllOfForm(absl::string_view text, Form form) {
  return std::all_of(text.begin(), text.end(), [form](char c) { return IsOfForm(c, form); });
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

absl::StatusOr<absl::Time> ParseTimestamp(absl::string_view text) {
  if (!IsTimestamp(text)) return Malformed("t is not of the form 2026-01-15T08:30:00.123Z");
  const auto number = [text](size_t at, size_t length) {
    int value = 0;
    for (size_t i = at; i < at + length; ++i) value = value * 10 + (text[i] - '0');
    return value;
  };
  const absl::CivilSecond civil(number(0, 4), number(5, 2), number(8, 2), number(11, 2),
                                number(14, 2), number(17, 2));
  return absl::FromUnixSeconds(civil - absl::CivilSecond(1970, 1, 1)) +
         absl::Milliseconds(number(20, 3));
}

class LeafReader {
 public:
  explicit LeafReader(absl::string_view rest) : rest_(rest) {}

  bool Skip(absl::string_view expected) {
    if (rest_.substr(0, expected.size()) != expected) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  bool at_end() const { return rest_.empty(); }

  // The characters up to the next quote, which is skipped. No value of a leaf has an escape.
  absl::StatusOr<absl::string_view> UpToQuote() {
    const size_t end = rest_.find('"');
    if (end == absl::string_view::npos) return Malformed("a string does not end");
    const absl::string_view text = rest_.substr(0, end);
    if (text.empty()) return Malformed("an empty string");
    for (const char c : text) {
      if (c == '\\' || static_cast<unsigned char>(c) < 0x20) {
        return Malformed("an escape or control character");
      }
    }
    if (!IsValidUtf8(text)) return Malformed("not UTF-8");
    rest_.remove_prefix(end + 1);
    return text;
  }

  absl::StatusOr<absl::string_view> Number() {
    size_t length = 0;
    while (length < rest_.size() && IsDigit(rest_[length])) ++length;
    const absl::string_view digits = rest_.substr(0, length);
    if (!ParseDecimal(digits).ok()) return Malformed("a value is neither string nor number");
    rest_.remove_prefix(length);
    return digits;
  }

 private:
  absl::string_view rest_;
};

// Checks one value of a known type; `next` is the first key that may still come.
absl::Status CheckValue(const TypeRule& rule, absl::string_view key, absl::string_view value,
                        bool quoted, size_t& next) {
  const auto fault = [&](absl::string_view what) {
    return Malformed(absl::StrCat("type ", rule.name, ": key ", key, " ", what));
  };
  size_t i = next;
  while (i < kKeyCount && key != kKeys[i].name) ++i;
  if (i == kKeyCount) return fault("is unknown, repeated or out of order");
  next = i + 1;
  const KeyRule& key_rule = kKeys[i];
  if (!Contains(rule.required | rule.optional, key_rule.key)) {
    return fault("does not belong to the type");
  }
  const Form form = key_rule.form;
  if (quoted == (form == Form::kNumber)) return fault("has the wrong kind of value");
  if (value.size() > key_rule.length_max || !AllOfForm(value, form)) {
    return fault("has a character or length it may not have");
  }
  if (form == Form::kDigest && !IsDigestText(value)) return fault("is not 32 bytes in base64");
  return absl::OkStatus();
}

absl::StatusOr<ParsedLeaf> ReadCommon(LeafReader& reader) {
  ParsedLeaf parsed;
  if (!reader.Skip(View(kLeafOpening))) {
    return Malformed("does not begin with {\"v\":1,\"t\": (another version needs a newer reader)");
  }
  CHAYAN_ASSIGN_OR_RETURN(const absl::string_view time, reader.UpToQuote());
  CHAYAN_ASSIGN_OR_RETURN(parsed.time, ParseTimestamp(time));
  if (!reader.Skip(",\"gw\":\"")) return Malformed("key gw is missing");
  CHAYAN_ASSIGN_OR_RETURN(const absl::string_view gateway, reader.UpToQuote());
  if (gateway.size() > kGatewayLengthMax || !AllOfForm(gateway, Form::kName)) {
    return Malformed("key gw has a character or length it may not have");
  }
  parsed.gateway = std::string(gateway);
  if (!reader.Skip(",\"id\":\"")) return Malformed("key id is missing");
  CHAYAN_ASSIGN_OR_RETURN(const absl::string_view id, reader.UpToQuote());
  CHAYAN_ASSIGN_OR_RETURN(parsed.id, Uuid::FromText(id));
  if (!reader.Skip(",\"type\":\"")) return Malformed("key type is missing");
  CHAYAN_ASSIGN_OR_RETURN(const absl::string_view type, reader.UpToQuote());
  if (type.size() > kTypeLengthMax || !AllOfForm(type, Form::kCode)) {
    return Malformed("key type has a character or length it may not have");
  }
  parsed.type = std::string(type);
  return parsed;
}

}  // namespace

absl::string_view ParsedLeaf::Get(absl::string_view key) const {
  for (const auto& [name, value] : values) {
    if (key == absl::string_view(name)) return value;
  }
  return {};
}

absl::StatusOr<ParsedLeaf> ParseLeaf(absl::string_view leaf) {
  if (leaf.size() > kLeafBytesMax) return Malformed("longer than 2048 bytes");
  LeafReader reader(leaf);
  CHAYAN_ASSIGN_OR_RETURN(ParsedLeaf parsed, ReadCommon(reader));
  const TypeRule* const rule = FindType(parsed.type);
  KeySet seen = 0;
  size_t next = 0;
  while (reader.Skip(",\"")) {
    CHAYAN_ASSIGN_OR_RETURN(const absl::string_view key, reader.UpToQuote());
    if (!reader.Skip(":")) return Malformed("a key without a value");
    const bool quoted = reader.Skip("\"");
    CHAYAN_ASSIGN_OR_RETURN(const absl::string_view value,
                            quoted ? reader.UpToQuote() : reader.Number());
    if (rule != nullptr) {
      CHAYAN_RETURN_IF_ERROR(CheckValue(*rule, key, value, quoted, next));
      seen |= Keys(kKeys[next - 1].key);
    } else if (!AllOfForm(key, Form::kCode)) {
      return Malformed("a key with a character it may not have");
    } else if (!parsed.Get(key).empty()) {
      return Malformed("a key stands twice");
    }
    parsed.values.emplace_back(key, value);
  }
  if (!reader.Skip("}") || !reader.at_end()) return Malformed("bytes where the object should end");
  if (rule == nullptr) return parsed;
  if ((rule->required & ~seen) != 0) {
    for (const KeyRule& key : kKeys) {
      if (Contains(rule->required & ~seen, key.key)) {
        return Malformed(absl::StrCat("type ", rule->name, ": key ", key.name, " is missing"));
      }
    }
  }
  parsed.known_type = rule->type;
  return parsed;
}

}  // namespace chayan::log
