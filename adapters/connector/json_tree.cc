#include "adapters/connector/json_tree.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace chayan::connector {
namespace {

using Sax = nlohmann::json_sax<nlohmann::json>;

// Builds the tree from the parser's events; false ends the parsing.
class Builder final : public Sax {
 public:
  Builder(int depth_max, size_t nodes_max) : depth_max_(depth_max), nodes_max_(nodes_max) {}

  bool null() override { return Add(JsonNode::Type::kNull, ""); }
  bool boolean(bool value) override {
    return Add(JsonNode::Type::kBoolean, value ? "true" : "false");
  }
  bool number_integer(number_integer_t value) override {
    return Add(JsonNode::Type::kNumber, absl::StrCat(value));
  }
  bool number_unsigned(number_unsigned_t value) override {
    return Add(JsonNode::Type::kNumber, absl::StrCat(value));
  }
  bool number_float(number_float_t, const string_t& text) override {
    return Add(JsonNode::Type::kNumber, text);
  }
  bool string(string_t& text) override { return Add(JsonNode::Type::kText, std::move(text)); }
  bool binary(binary_t&) override { return Stop("has binary values"); }
  bool start_object(std::size_t) override { return Open(JsonNode::Type::kObject); }
  bool end_object() override { return Close(); }
  bool start_array(std::size_t) override { return Open(JsonNode::Type::kArray); }
  bool end_array() override { return Close(); }
  bool key(string_t& text) override {
    if (!seen_.back().insert(text).second) return Stop("has a key twice in one object");
    open_.back().keys.push_back(std::move(text));
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return Stop("is no JSON in UTF-8");
  }

  const char* fault() const { return fault_; }
  JsonNode TakeRoot() { return std::move(root_); }

 private:
  bool Stop(const char* fault) {
    if (fault_ == nullptr) fault_ = fault;
    return false;
  }
  bool Count() { return ++nodes_ <= nodes_max_ || Stop("has too many values"); }
  bool Add(JsonNode::Type type, std::string text) {
    return Count() && Place(JsonNode{type, std::move(text), {}, {}});
  }
  bool Open(JsonNode::Type type) {
    if (!Count()) return false;
    if (static_cast<int>(open_.size()) >= depth_max_) return Stop("is nested too deep");
    open_.push_back({type, "", {}, {}});
    seen_.emplace_back();
    return true;
  }
  bool Close() {
    JsonNode node = std::move(open_.back());
    open_.pop_back();
    seen_.pop_back();
    return Place(std::move(node));
  }
  bool Place(JsonNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
    } else {
      open_.back().children.push_back(std::move(node));
    }
    return true;
  }

  const int depth_max_;
  const size_t nodes_max_;
  size_t nodes_ = 0;
  const char* fault_ = nullptr;
  JsonNode root_;
  std::vector<JsonNode> open_;
  std::vector<absl::flat_hash_set<std::string>> seen_;
};

}  // namespace

absl::StatusOr<JsonNode> ParseJson(absl::string_view text, int depth_max, size_t nodes_max) {
  // The parser itself skips a byte order mark; it reads UTF-8 strictly.
  Builder builder(depth_max, nodes_max);
  const bool parsed = nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  if (!parsed || builder.fault() != nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the text ", builder.fault() == nullptr ? "is no JSON in UTF-8" : builder.fault()));
  }
  return builder.TakeRoot();
}

absl::StatusOr<JsonPointer> JsonPointer::Create(absl::string_view text) {
  JsonPointer pointer;
  if (text.empty()) return pointer;
  if (text.front() != '/') {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" is no JSON Pointer, begin it with \"/\""));
  }
  for (absl::string_view token : absl::StrSplit(text.substr(1), '/')) {
    for (size_t at = token.find('~'); at != absl::string_view::npos; at = token.find('~', at + 1)) {
      if (at + 1 >= token.size() || (token[at + 1] != '0' && token[at + 1] != '1')) {
        return absl::InvalidArgumentError(
            absl::StrCat("\"", text, "\" is no JSON Pointer, write ~ as ~0 and / as ~1"));
      }
    }
    pointer.tokens_.push_back(absl::StrReplaceAll(token, {{"~1", "/"}, {"~0", "~"}}));
  }
  return pointer;
}

const JsonNode* JsonPointer::Find(const JsonNode& root) const {
  const JsonNode* node = &root;
  for (const std::string& token : tokens_) {
    size_t index = node->children.size();
    if (node->type == JsonNode::Type::kObject) {
      index = static_cast<size_t>(std::find(node->keys.begin(), node->keys.end(), token) -
                                  node->keys.begin());
    } else if (node->type == JsonNode::Type::kArray) {
      const absl::StatusOr<uint64_t> number = ParseDecimal(token);
      if (number.ok()) index = static_cast<size_t>(*number);
    }
    if (index >= node->children.size()) return nullptr;
    node = &node->children[index];
  }
  return node;
}

}  // namespace chayan::connector
