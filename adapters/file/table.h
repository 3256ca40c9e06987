// A register that came as one file: parsed whole, checked whole, indexed by the subject's number.
// Half a file is no file: a count line that does not agree makes it a fault.
#ifndef CHAYAN_ADAPTERS_FILE_TABLE_H_
#define CHAYAN_ADAPTERS_FILE_TABLE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "adapters/connector/rows.h"
#include "chayan/v1/file_source.pb.h"

namespace chayan::file {

inline constexpr uint32_t kRecordsMaxDefault = 1'000'000;

// Immutable; thread-safe.
class Table {
 public:
  // `text` is as it came; its encoding is table.encoding(). INVALID_ARGUMENT, with the line and no
  // word of it: not the form, not the encoding, a line with other columns, a count that does not
  // agree, no count line, no key column.
  static absl::StatusOr<std::shared_ptr<const Table>> Parse(const v1::FileTable& table,
                                                            absl::string_view text);

  // The records of this number, at most kRowsMax.
  connector::Rows Find(absl::string_view number) const;
  size_t size() const { return records_.size(); }
  const std::vector<std::string>& columns() const { return columns_; }
  // What as_of_column says, where the table has one.
  std::optional<absl::Time> as_of() const { return as_of_; }

 private:
  friend class TableBuilder;
  Table() = default;

  std::vector<std::string> columns_;  // lower case
  std::vector<std::vector<connector::Value>> records_;
  absl::flat_hash_map<std::string, std::vector<uint32_t>> by_key_;
  std::optional<absl::Time> as_of_;
};

// Windows' Big5 (code page 950) as UTF-8. INVALID_ARGUMENT for bytes that stand for nothing.
absl::StatusOr<std::string> Utf8FromBig5(absl::string_view bytes);

}  // namespace chayan::file

#endif  // CHAYAN_ADAPTERS_FILE_TABLE_H_
