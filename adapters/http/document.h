// What a system answered, parsed: bounded in size, depth and number of nodes, strict UTF-8, and
// read through selectors that were compiled when the configuration was read. Every fault is a
// status that repeats nothing of the answer.
#ifndef CHAYAN_ADAPTERS_HTTP_DOCUMENT_H_
#define CHAYAN_ADAPTERS_HTTP_DOCUMENT_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "adapters/connector/rows.h"

namespace chayan::http_connector {

// Deeper than any envelope, far below what a stack holds.
inline constexpr int kDepthMax = 64;
// Many times what kRowsMax records of a register need.
inline constexpr size_t kNodesMax = 200'000;

// Where the values stand.
struct Selectors {
  std::vector<std::string> values;   // from the answer's root
  std::string records;               // empty: the whole answer is one record
  std::vector<std::string> columns;  // from a record's root
};

// The record's columns that are absent are nullopt.
struct Records {
  std::vector<std::vector<connector::Value>> rows;
  bool truncated = false;  // there are more than kRowsMax
};

// One parsed answer. Not thread-safe.
class Document {
 public:
  virtual ~Document() = default;
  // In the order of Selectors::values. INVALID_ARGUMENT: one is an object, a list or several nodes,
  // too long, or has control characters.
  virtual absl::StatusOr<std::vector<connector::Value>> Values() const = 0;
  // INVALID_ARGUMENT as above, and where the records themselves are not there.
  virtual absl::StatusOr<Records> ReadRecords() const = 0;
};

// Immutable; thread-safe.
class Format {
 public:
  virtual ~Format() = default;
  // INVALID_ARGUMENT: not well-formed, not UTF-8, too deep, too many nodes, a key twice, a document
  // type. The document may refer to the format.
  virtual absl::StatusOr<std::unique_ptr<Document>> Parse(absl::string_view text) const = 0;
};

// INVALID_ARGUMENT for a selector that cannot be read; it names it.
absl::StatusOr<std::unique_ptr<Format>> NewJsonFormat(const Selectors& selectors);
absl::StatusOr<std::unique_ptr<Format>> NewXmlFormat(const Selectors& selectors);

// A value of an answer, if it is fit to be one: see connector::CheckValue.
absl::StatusOr<connector::Value> CheckedValue(absl::string_view text);

}  // namespace chayan::http_connector

#endif  // CHAYAN_ADAPTERS_HTTP_DOCUMENT_H_
