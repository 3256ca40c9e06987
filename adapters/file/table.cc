#include "adapters/file/table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "adapters/connector/answer.h"
#include "adapters/connector/json_tree.h"
#include "adapters/file/csv.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/ident/fold.h"
#include "unicode/ucnv.h"

namespace chayan::file {
namespace {

using connector::JsonNode;
using connector::Value;

constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr size_t kColumnsMax = 256;  // a register's view has some tens
constexpr int kJsonDepthMax = 2;     // a record is flat
constexpr char kCodePage950[] = "windows-950-2000";

// Spelling of a number that carries no meaning is folded, as the matcher does.
std::string KeyOf(absl::string_view number) {
  return absl::AsciiStrToUpper(ident::FoldWidth(ident::Trim(number)));
}

absl::Status AtLine(size_t line, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", what));
}

}  // namespace

// Collects records; Finish() checks what only the end can tell.
class TableBuilder {
 public:
  explicit TableBuilder(const v1::FileTable& settings)
      : settings_(settings),
        records_max_(settings.records_max() == 0 ? kRecordsMaxDefault : settings.records_max()) {}

  absl::Status SetColumns(std::vector<std::string> columns) {
    if (columns.size() > kColumnsMax) return absl::InvalidArgumentError("has too many columns");
    for (std::string& column : columns) {
      absl::AsciiStrToLower(&column);
      if (std::count(columns.begin(), columns.end(), column) > 1) {
        return absl::InvalidArgumentError("a column stands twice in the first line");
      }
    }
    table_->columns_ = std::move(columns);
    return absl::OkStatus();
  }
  const std::vector<std::string>& columns() const { return table_->columns_; }

  absl::Status Add(std::vector<Value> record) {
    if (counted_) return absl::InvalidArgumentError("stands behind the count line");
    if (table_->records_.size() >= records_max_) {
      return absl::InvalidArgumentError(absl::StrCat("is beyond ", records_max_, " records"));
    }
    for (const Value& value : record) {
      if (value.has_value()) CHAYAN_RETURN_IF_ERROR(connector::CheckValue(*value));
    }
    table_->records_.push_back(std::move(record));
    return absl::OkStatus();
  }

  absl::Status Count(absl::string_view digits) {
    const absl::StatusOr<uint64_t> count = ParseDecimal(digits);
    if (counted_ || !count.ok()) {
      return absl::InvalidArgumentError("is no count line, or a second one");
    }
    counted_ = true;
    if (*count != table_->records_.size()) {
      return absl::InvalidArgumentError(absl::StrCat("counts ", *count, " records, the file has ",
                                                     table_->records_.size(), ": it is not whole"));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::shared_ptr<const Table>> Finish() {
    if (!counted_)
      return absl::InvalidArgumentError("there is no count line: the file is not whole");
    const std::optional<size_t> key = ColumnOf(settings_.key_column());
    // A file without records may say so without naming columns.
    if (!key.has_value() && !table_->records_.empty()) {
      return absl::InvalidArgumentError("has no column that is named as key_column");
    }
    for (size_t i = 0; i < table_->records_.size(); ++i) {
      const Value& value = table_->records_[i][*key];
      if (value.has_value()) table_->by_key_[KeyOf(*value)].push_back(static_cast<uint32_t>(i));
    }
    CHAYAN_RETURN_IF_ERROR(ReadAsOf());
    return table_;
  }

 private:
  std::optional<size_t> ColumnOf(const std::string& name) const {
    const std::string lower = absl::AsciiStrToLower(name);
    const auto& columns = table_->columns_;
    const auto found = std::find(columns.begin(), columns.end(), lower);
    if (found == columns.end()) return std::nullopt;
    return static_cast<size_t>(found - columns.begin());
  }

  absl::Status ReadAsOf() {
    if (settings_.as_of_column().empty() || table_->records_.empty()) return absl::OkStatus();
    const std::optional<size_t> column = ColumnOf(settings_.as_of_column());
    if (!column.has_value()) {
      return absl::InvalidArgumentError("has no column that is named as as_of_column");
    }
    const Value& first = table_->records_.front()[*column];
    for (const auto& record : table_->records_) {
      if (record[*column] != first) {
        return absl::InvalidArgumentError("the as_of_column differs between records");
      }
    }
    const absl::StatusOr<absl::Time> time =
        connector::ParseAsOf(first.has_value() ? *first : std::string());
    if (!time.ok()) return absl::InvalidArgumentError("the as_of_column holds no time");
    table_->as_of_ = *time;
    return absl::OkStatus();
  }

  const v1::FileTable& settings_;
  const size_t records_max_;
  std::shared_ptr<Table> table_{new Table()};
  bool counted_ = false;
};

namespace {

absl::Status ParseCsv(const v1::FileTable& settings, absl::string_view text,
                      TableBuilder& builder) {
  for (size_t line = 1; !text.empty(); ++line) {
    absl::StatusOr<std::vector<std::string>> fields = TakeCsvRecord(text);
    if (!fields.ok()) return AtLine(line, fields.status().message());
    absl::Status status;
    if (line == 1) {
      status = builder.SetColumns(*std::move(fields));
    } else if (fields->size() == 2 && fields->front() == settings.count_line()) {
      status = builder.Count(fields->back());
    } else if (fields->size() != builder.columns().size()) {
      status = absl::InvalidArgumentError("has other columns than the first line");
    } else {
      status = builder.Add({fields->begin(), fields->end()});
    }
    if (!status.ok()) return AtLine(line, status.message());
  }
  return absl::OkStatus();
}

absl::Status AddJson(const v1::FileTable& settings, const JsonNode& node, TableBuilder& builder) {
  if (node.type != JsonNode::Type::kObject) return absl::InvalidArgumentError("is no JSON object");
  if (node.keys.size() == 1 && node.keys.front() == settings.count_line()) {
    return builder.Count(node.children.front().text);
  }
  if (builder.columns().empty()) CHAYAN_RETURN_IF_ERROR(builder.SetColumns(node.keys));
  std::vector<Value> record(builder.columns().size());
  for (size_t i = 0; i < node.keys.size(); ++i) {
    const std::string name = absl::AsciiStrToLower(node.keys[i]);
    const auto found = std::find(builder.columns().begin(), builder.columns().end(), name);
    if (found == builder.columns().end()) {
      return absl::InvalidArgumentError("has a member that the first record has not");
    }
    const JsonNode& value = node.children[i];
    if (value.type == JsonNode::Type::kObject || value.type == JsonNode::Type::kArray) {
      return absl::InvalidArgumentError("has a member that is no plain value");
    }
    if (value.type != JsonNode::Type::kNull) {
      record[static_cast<size_t>(found - builder.columns().begin())] = value.text;
    }
  }
  return builder.Add(std::move(record));
}

absl::Status ParseJsonLines(const v1::FileTable& settings, absl::string_view text,
                            TableBuilder& builder) {
  for (size_t line = 1; !text.empty(); ++line) {
    const size_t end = text.find('\n');
    const absl::string_view one = absl::StripSuffix(text.substr(0, end), "\r");
    text.remove_prefix(end == absl::string_view::npos ? text.size() : end + 1);
    const absl::StatusOr<JsonNode> node = connector::ParseJson(one, kJsonDepthMax, 2 * kColumnsMax);
    if (!node.ok()) return AtLine(line, node.status().message());
    const absl::Status status = AddJson(settings, *node, builder);
    if (!status.ok()) return AtLine(line, status.message());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> Utf8FromBig5(absl::string_view bytes) {
  UErrorCode code = U_ZERO_ERROR;
  const std::unique_ptr<UConverter, void (*)(UConverter*)> from(ucnv_open(kCodePage950, &code),
                                                                ucnv_close);
  const std::unique_ptr<UConverter, void (*)(UConverter*)> to(ucnv_open("UTF-8", &code),
                                                              ucnv_close);
  if (U_FAILURE(code)) return absl::InternalError("ICU has no code page 950");
  ucnv_setToUCallBack(from.get(), UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &code);
  // Two bytes become at most three, one at most one.
  std::string out(bytes.size() * 3 / 2 + 4, '\0');
  char* target = out.data();
  const char* source = bytes.data();
  ucnv_convertEx(to.get(), from.get(), &target, out.data() + out.size(), &source,
                 bytes.data() + bytes.size(), nullptr, nullptr, nullptr, nullptr, /*reset=*/true,
                 /*flush=*/true, &code);
  if (U_FAILURE(code)) return absl::InvalidArgumentError("is not Big5 (code page 950)");
  out.resize(static_cast<size_t>(target - out.data()));
  return out;
}

absl::StatusOr<std::shared_ptr<const Table>> Table::Parse(const v1::FileTable& table,
                                                          absl::string_view text) {
  std::string converted;
  if (table.encoding() == v1::FILE_ENCODING_BIG5) {
    CHAYAN_ASSIGN_OR_RETURN(converted, Utf8FromBig5(text));
    text = converted;
  }
  if (!IsValidUtf8(text)) return absl::InvalidArgumentError("is not UTF-8");
  absl::ConsumePrefix(&text, kByteOrderMark);
  TableBuilder builder(table);
  CHAYAN_RETURN_IF_ERROR(table.form() == v1::FILE_FORM_CSV ? ParseCsv(table, text, builder)
                                                           : ParseJsonLines(table, text, builder));
  return builder.Finish();
}

connector::Rows Table::Find(absl::string_view number) const {
  connector::Rows rows;
  rows.columns = columns_;
  const auto found = by_key_.find(KeyOf(number));
  if (found == by_key_.end()) return rows;
  for (const uint32_t index : found->second) {
    if (rows.rows.size() == connector::kRowsMax) {
      rows.truncated = true;
      break;
    }
    rows.rows.push_back(records_[index]);
  }
  return rows;
}

}  // namespace chayan::file
