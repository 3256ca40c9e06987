// ParseLeaf: the strict reader of what entry.cc writes. Leaves come from stores and exports that an
// attacker may have touched, so every byte is accounted for.
#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/log/entry.h"
#include "gateway/log/entry_table.h"
#include "gateway/log/leaf_view.h"

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

// "2026-01-15T08:30:00.123Z" and nothing else that means the same.
absl::StatusOr<absl::Time> ParseTimestamp(absl::string_view text) {
  constexpr absl::string_view kShape = "dddd-dd-ddTdd:dd:dd.dddZ";
  const auto bad = [] { return Malformed("t is not of the form 2026-01-15T08:30:00.123Z"); };
  if (text.size() != kShape.size()) return bad();
  for (size_t i = 0; i < text.size(); ++i) {
    if (kShape[i] == 'd' ? !IsDigit(text[i]) : text[i] != kShape[i]) return bad();
  }
  const auto number = [text](size_t at, size_t length) {
    int value = 0;
    for (size_t i = at; i < at + length; ++i) value = value * 10 + (text[i] - '0');
    return value;
  };
  const int year = number(0, 4), month = number(5, 2), day = number(8, 2);
  const int hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
  const absl::CivilSecond civil(year, month, day, hour, minute, second);
  // Civil time carries overflow on: the 30th of February would be the 2nd of March.
  if (civil.year() != year || civil.month() != month || civil.day() != day ||
      civil.hour() != hour || civil.minute() != minute || civil.second() != second) {
    return bad();
  }
  return absl::FromUnixSeconds(civil - absl::CivilSecond(1970, 1, 1)) +
         absl::Milliseconds(number(20, 3));
}

// Exactly the base64 forms of 32 bytes: 43 characters, of which the last carries two zero bits, and
// one of padding. The characters were checked before. (Decoding and encoding again would say the
// same at ten times the cost, and an audit reads every leaf.)
bool IsDigestText(absl::string_view text) {
  constexpr absl::string_view kLastOfFour = "AEIMQUYcgkosw048";
  return text.size() == kDigestLength && text.find('=') == kDigestLength - 1 &&
         kLastOfFour.find(text[kDigestLength - 2]) != absl::string_view::npos;
}

// What Uuid::FromText accepts, of characters that Form::kId has.
bool IsUuidText(absl::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (text[i] == '-') || text[i] > 'f') return false;
  }
  return true;
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

const TypeRule* FindType(absl::string_view name) {
  for (const TypeRule& rule : kTypes) {
    if (name == rule.name) return &rule;
  }
  return nullptr;
}

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

// One pass over a leaf of a known type: each key is tried where the table has it, each value ends
// where its form does. Says only yes or no; the reader above says why not.
class FastReader {
 public:
  explicit FastReader(absl::string_view leaf) : at_(leaf.data()), end_(at_ + leaf.size()) {}

  bool Read(LeafView& view) {
    if (!Skip(View(kLeafOpening)) || end_ - at_ < static_cast<ptrdiff_t>(kTimestampLength)) {
      return false;
    }
    view.timestamp = absl::string_view(at_, kTimestampLength);
    if (!ParseTimestamp(view.timestamp).ok()) return false;
    at_ += kTimestampLength;
    if (!Skip("\",\"gw\":\"")) return false;
    view.gateway = Value(Form::kName, kGatewayLengthMax);
    if (view.gateway.empty() || !Skip("\",\"id\":\"")) return false;
    view.id = Value(Form::kId, kCodeLengthMax);
    if (!IsUuidText(view.id)) return false;
    if (!Skip("\",\"type\":\"")) return false;
    view.type = Value(Form::kCode, kTypeLengthMax);
    const TypeRule* const rule = FindType(view.type);
    if (rule == nullptr || !Skip("\"") || !ReadValues(*rule, view)) return false;
    view.known_type = rule->type;
    return true;
  }

 private:
  bool Skip(absl::string_view expected) {
    if (static_cast<size_t>(end_ - at_) < expected.size() ||
        std::memcmp(at_, expected.data(), expected.size()) != 0) {
      return false;
    }
    at_ += expected.size();
    return true;
  }

  // The characters from here on that have the form; empty if they are more than may be.
  absl::string_view Value(Form form, size_t length_max) {
    const char* const begin = at_;
    while (at_ != end_ && IsOfForm(*at_, form)) ++at_;
    const auto length = static_cast<size_t>(at_ - begin);
    return length <= length_max ? absl::string_view(begin, length) : absl::string_view();
  }

  bool ReadValues(const TypeRule& rule, LeafView& view) {
    KeySet seen = 0;
    size_t i = 0;
    for (; at_ != end_ && *at_ == ','; ++i) {
      while (i < kKeyCount && !AtKey(rule, kKeys[i])) ++i;
      if (i == kKeyCount || !ReadValue(kKeys[i], view)) return false;
      seen |= Keys(kKeys[i].key);
    }
    return (rule.required & ~seen) == 0 && Skip("}") && at_ == end_;
  }

  // Steps over `,"name":` if this is the key that comes.
  bool AtKey(const TypeRule& rule, const KeyRule& key) {
    static const std::array<std::string, kKeyCount> openings = [] {
      std::array<std::string, kKeyCount> made;
      for (size_t i = 0; i < kKeyCount; ++i) made[i] = absl::StrCat(",\"", kKeys[i].name, "\":");
      return made;
    }();
    // Most keys that do not come differ in their first letter.
    return end_ - at_ > 2 && at_[2] == key.name[0] &&
           Contains(rule.required | rule.optional, key.key) &&
           Skip(openings[static_cast<size_t>(key.key)]);
  }

  bool ReadValue(const KeyRule& key, LeafView& view) {
    const bool quoted = key.form != Form::kNumber;
    if (quoted && !Skip("\"")) return false;
    const absl::string_view value = Value(key.form, key.length_max);
    view.values[static_cast<size_t>(key.key)] = value;
    if (!quoted) return ParseDecimal(value).ok();
    if (value.empty() || !Skip("\"")) return false;
    return key.form != Form::kDigest || IsDigestText(value);
  }

  const char* at_;
  const char* const end_;
};

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

absl::StatusOr<LeafView> ReadLeaf(absl::string_view leaf) {
  LeafView view;
  if (leaf.size() <= kLeafBytesMax && FastReader(leaf).Read(view)) return view;
  // Of a later version, or not a leaf: the slow reader decides and says why.
  const absl::StatusOr<ParsedLeaf> parsed = ParseLeaf(leaf);
  if (!parsed.ok()) return parsed.status();
  view = LeafView();
  view.timestamp = leaf.substr(kLeafOpening.size(), kTimestampLength);
  view.known_type = parsed->known_type;
  // The first place with this opening is the key itself: no value has a quote.
  const auto in_leaf = [leaf](absl::string_view key) -> absl::string_view {
    const size_t begin = leaf.find(absl::StrCat("\"", key, "\":"));
    if (begin == absl::string_view::npos) return {};
    absl::string_view value = leaf.substr(begin + key.size() + 3);
    const bool quoted = value[0] == '"';
    if (quoted) value.remove_prefix(1);
    return value.substr(0, value.find_first_of(quoted ? "\"" : ",}"));
  };
  view.gateway = in_leaf("gw");
  view.id = in_leaf("id");
  view.type = in_leaf("type");
  for (const KeyRule& key : kKeys) view.values[static_cast<size_t>(key.key)] = in_leaf(key.name);
  return view;
}

}  // namespace chayan::log
