// JSON as a tree that keeps what was written: numbers as their own text, so that 1.10 stays 1.10
// and a number of twenty digits loses none, and no key twice, which two readers could take in two
// ways.
#ifndef CHAYAN_ADAPTERS_CONNECTOR_JSON_TREE_H_
#define CHAYAN_ADAPTERS_CONNECTOR_JSON_TREE_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace chayan::connector {

struct JsonNode {
  enum class Type { kNull, kBoolean, kNumber, kText, kObject, kArray };
  Type type = Type::kNull;
  std::string text;                // of a scalar
  std::vector<std::string> keys;   // of an object, beside `children`
  std::vector<JsonNode> children;  // of an object or array
};

// INVALID_ARGUMENT, without a word of the text, for what is not JSON (RFC 8259) in UTF-8, is deeper
// than `depth_max`, has more than `nodes_max` values, or has a key twice in one object.
absl::StatusOr<JsonNode> ParseJson(absl::string_view text, int depth_max, size_t nodes_max);

// RFC 6901, compiled.
class JsonPointer {
 public:
  // INVALID_ARGUMENT unless it is empty or begins with '/', with ~0 and ~1 the only escapes.
  static absl::StatusOr<JsonPointer> Create(absl::string_view text);
  // nullptr if nothing stands there.
  const JsonNode* Find(const JsonNode& root) const;

 private:
  std::vector<std::string> tokens_;
};

}  // namespace chayan::connector

#endif  // CHAYAN_ADAPTERS_CONNECTOR_JSON_TREE_H_
