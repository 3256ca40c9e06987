// ReadLeaf: one pass over a leaf of a known type, for audits, which read every leaf of a log. Each
// key is looked for where the table has it, each value ends where its form does. It says only yes
// or no; where it says no, the reader of entry_reader.cc decides, and says why.
#include "gateway/log/leaf_view.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "gateway/base/encoding.h"
#include "gateway/log/leaf_form.h"

namespace chayan::log {
namespace {

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

// `,"name":` of a key as two words, and which of their bytes count: what stands in a leaf is held
// against it in a few instructions. No name is longer; the table does not compile with one that is.
constexpr size_t kOpeningBytes = 16;
using Window = std::array<uint64_t, 2>;
struct Opening {
  Window text;
  Window mask;
  size_t length;
};

constexpr Opening OpeningOf(std::string_view name) {
  std::array<char, kOpeningBytes> text{};
  std::array<char, kOpeningBytes> mask{};
  size_t length = 0;
  const auto put = [&](char c) {
    text.at(length) = c;
    mask.at(length++) = '\xff';
  };
  put(',');
  put('"');
  for (const char c : name) put(c);
  put('"');
  put(':');
  return {std::bit_cast<Window>(text), std::bit_cast<Window>(mask), length};
}

constexpr std::array<Opening, kKeyCount> kOpenings = [] {
  std::array<Opening, kKeyCount> openings{};
  for (size_t i = 0; i < kKeyCount; ++i) openings[i] = OpeningOf(kKeys[i].name);
  return openings;
}();

class FastReader {
 public:
  explicit FastReader(absl::string_view leaf) : at_(leaf.data()), end_(at_ + leaf.size()) {}

  bool Read(LeafView& view) {
    if (!Skip(View(kLeafOpening))) return false;
    view.timestamp = Take(kTimestampLength);
    if (!IsTimestamp(view.timestamp) || !Skip("\",\"gw\":\"")) return false;
    view.gateway = Value(Form::kName, kGatewayLengthMax);
    if (view.gateway.empty() || !Skip("\",\"id\":\"")) return false;
    view.id = Take(kUuidLength);
    if (!IsUuidText(view.id) || !Skip("\",\"type\":\"")) return false;
    view.type = Value(Form::kCode, kTypeLengthMax);
    const TypeRule* const rule = FindType(view.type);
    if (rule == nullptr || !Skip("\"") || !ReadValues(*rule, view)) return false;
    view.known_type = rule->type;
    return true;
  }

 private:
  size_t left() const { return static_cast<size_t>(end_ - at_); }

  bool Skip(absl::string_view expected) {
    if (left() < expected.size() || std::memcmp(at_, expected.data(), expected.size()) != 0) {
      return false;
    }
    at_ += expected.size();
    return true;
  }

  // As many characters, or as there are.
  absl::string_view Take(size_t length) {
    const absl::string_view taken(at_, std::min(length, left()));
    at_ += taken.size();
    return taken;
  }

  // The characters from here on that have the form; empty if they are more than may be.
  absl::string_view Value(Form form, size_t length_max) {
    const char* const begin = at_;
    while (left() >= 4 && AreOfForm(at_, form)) at_ += 4;
    while (at_ != end_ && IsOfForm(*at_, form)) ++at_;
    const auto length = static_cast<size_t>(at_ - begin);
    return length <= length_max ? absl::string_view(begin, length) : absl::string_view();
  }

  // Of four characters, with one branch.
  static bool AreOfForm(const char* four, Form form) {
    return (kCharacters[static_cast<uint8_t>(four[0])] &
            kCharacters[static_cast<uint8_t>(four[1])] &
            kCharacters[static_cast<uint8_t>(four[2])] &
            kCharacters[static_cast<uint8_t>(four[3])] & FormBit(form)) != 0;
  }

  bool ReadValues(const TypeRule& rule, LeafView& view) {
    KeySet seen = 0;
    for (size_t next = 0; at_ != end_ && *at_ == ',';) {
      const size_t i = KeyFrom(next);
      if (i == kKeyCount || !ReadValue(kKeys[i], view.values[i])) return false;
      seen |= Keys(kKeys[i].key);
      next = i + 1;
    }
    const KeySet known = rule.required | rule.optional;
    return (rule.required & ~seen) == 0 && (seen & ~known) == 0 && Skip("}") && at_ == end_;
  }

  // The first key from `next` on whose opening stands here, and steps over it; kKeyCount: none.
  size_t KeyFrom(size_t next) {
    Window here{};
    if (left() >= kOpeningBytes) {
      std::memcpy(&here, at_, kOpeningBytes);
    } else {
      std::memcpy(&here, at_, left());
    }
    for (; next < kKeyCount; ++next) {
      const Opening& opening = kOpenings[next];
      if ((here[0] & opening.mask[0]) != opening.text[0] ||
          (here[1] & opening.mask[1]) != opening.text[1]) {
        continue;
      }
      at_ += opening.length;
      return next;
    }
    return kKeyCount;
  }

  bool ReadValue(const KeyRule& key, absl::string_view& value) {
    if (key.form == Form::kNumber) {
      value = Value(key.form, key.length_max);
      return ParseDecimal(value).ok();
    }
    if (!Skip("\"")) return false;
    if (key.form == Form::kDigest) {
      value = Take(kDigestLength);
      return IsDigestText(value) && Skip("\"");
    }
    value = Value(key.form, key.length_max);
    return !value.empty() && Skip("\"");
  }

  const char* at_;
  const char* const end_;
};

// What the strict reader says; of a type that is not known here keys may come in any order.
absl::StatusOr<LeafView> ReadSlowly(absl::string_view leaf) {
  const absl::StatusOr<ParsedLeaf> parsed = ParseLeaf(leaf);
  if (!parsed.ok()) return parsed.status();
  LeafView view;
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

}  // namespace

absl::StatusOr<LeafView> ReadLeaf(absl::string_view leaf) {
  // One object for every return: a view is copied at the cost of reading half a leaf.
  absl::StatusOr<LeafView> view(absl::in_place);
  if (leaf.size() > kLeafBytesMax || !FastReader(leaf).Read(*view)) view = ReadSlowly(leaf);
  return view;
}

}  // namespace chayan::log
