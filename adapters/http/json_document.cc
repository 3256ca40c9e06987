// Answers in JSON: values by JSON Pointer.
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/connector/json_tree.h"
#include "adapters/http/document.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"

namespace chayan::http_connector {
namespace {

using connector::JsonNode;
using connector::JsonPointer;
using connector::Value;

// A text, number or boolean as text; nothing for null and what is not there.
absl::StatusOr<Value> TextOf(const JsonNode* node) {
  if (node == nullptr || node->type == JsonNode::Type::kNull) return Value();
  if (node->type == JsonNode::Type::kObject || node->type == JsonNode::Type::kArray) {
    return absl::InvalidArgumentError("a value is an object or a list where a text was expected");
  }
  return CheckedValue(node->text);
}

struct JsonSelectors {
  std::vector<JsonPointer> values;
  JsonPointer records;
  std::vector<JsonPointer> columns;
};

absl::StatusOr<std::vector<Value>> TextsOf(const JsonNode& root,
                                           const std::vector<JsonPointer>& pointers) {
  std::vector<Value> texts;
  for (const JsonPointer& pointer : pointers) {
    CHAYAN_ASSIGN_OR_RETURN(Value text, TextOf(pointer.Find(root)));
    texts.push_back(std::move(text));
  }
  return texts;
}

class JsonDocument final : public Document {
 public:
  JsonDocument(const JsonSelectors& selectors, JsonNode root)
      : selectors_(selectors), root_(std::move(root)) {}

  absl::StatusOr<std::vector<Value>> Values() const override {
    return TextsOf(root_, selectors_.values);
  }

  absl::StatusOr<Records> ReadRecords() const override {
    const JsonNode* node = selectors_.records.Find(root_);
    if (node == nullptr) return absl::InvalidArgumentError("there are no records");
    Records records;
    if (node->type == JsonNode::Type::kObject) {
      CHAYAN_RETURN_IF_ERROR(Add(*node, records));
      return records;
    }
    if (node->type != JsonNode::Type::kArray) {
      return absl::InvalidArgumentError("the records are neither an object nor a list");
    }
    for (const JsonNode& record : node->children) {
      if (records.rows.size() == connector::kRowsMax) {
        records.truncated = true;
        break;
      }
      if (record.type != JsonNode::Type::kObject) {
        return absl::InvalidArgumentError("a record is no object");
      }
      CHAYAN_RETURN_IF_ERROR(Add(record, records));
    }
    return records;
  }

 private:
  absl::Status Add(const JsonNode& record, Records& records) const {
    CHAYAN_ASSIGN_OR_RETURN(std::vector<Value> row, TextsOf(record, selectors_.columns));
    records.rows.push_back(std::move(row));
    return absl::OkStatus();
  }

  const JsonSelectors& selectors_;
  const JsonNode root_;
};

class JsonFormat final : public Format {
 public:
  explicit JsonFormat(JsonSelectors selectors) : selectors_(std::move(selectors)) {}

  absl::StatusOr<std::unique_ptr<Document>> Parse(absl::string_view text) const override {
    CHAYAN_ASSIGN_OR_RETURN(JsonNode root, connector::ParseJson(text, kDepthMax, kNodesMax));
    return std::make_unique<JsonDocument>(selectors_, std::move(root));
  }

 private:
  const JsonSelectors selectors_;
};

absl::StatusOr<std::vector<JsonPointer>> Pointers(const std::vector<std::string>& texts) {
  std::vector<JsonPointer> pointers;
  for (const std::string& text : texts) {
    CHAYAN_ASSIGN_OR_RETURN(JsonPointer pointer, JsonPointer::Create(text));
    pointers.push_back(std::move(pointer));
  }
  return pointers;
}

}  // namespace

absl::StatusOr<Value> CheckedValue(absl::string_view text) {
  CHAYAN_RETURN_IF_ERROR(connector::CheckValue(text));
  return Value(std::string(text));
}

absl::StatusOr<std::unique_ptr<Format>> NewJsonFormat(const Selectors& selectors) {
  JsonSelectors compiled;
  CHAYAN_ASSIGN_OR_RETURN(compiled.values, Pointers(selectors.values));
  CHAYAN_ASSIGN_OR_RETURN(compiled.records, JsonPointer::Create(selectors.records));
  CHAYAN_ASSIGN_OR_RETURN(compiled.columns, Pointers(selectors.columns));
  return std::make_unique<JsonFormat>(std::move(compiled));
}

}  // namespace chayan::http_connector
