#include "gateway/cli/notice_rows.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gateway/base/status_macros.h"
#include "gateway/base/uuid.h"
#include "gateway/cli/audit_calls.h"
#include "gateway/cli/batch.h"
#include "gateway/crypto/digest.h"
#include "google/protobuf/util/json_util.h"

namespace chayan::cli {
namespace {

using Setter = std::string TypedNotice::*;
const std::map<std::string, Setter>& Columns() {
  static const auto* const columns = new std::map<std::string, Setter>{
      {"kind", &TypedNotice::kind},
      {"name", &TypedNotice::name},
      {"birth", &TypedNotice::birth_date},
      {"publisher_key", &TypedNotice::publisher_key},
      {"effective", &TypedNotice::effective_date},
      {"old_area", &TypedNotice::old_area},
      {"new_area", &TypedNotice::new_area},
      {"office", &TypedNotice::office},
      {"supply_area", &TypedNotice::supply_area},
      {"acting_for", &TypedNotice::acting_for},
      {"person", &TypedNotice::person},
      {"person_role", &TypedNotice::person_role},
      {"basis", &TypedNotice::basis},
      {"case", &TypedNotice::case_number},
      {"reason", &TypedNotice::reason},
      {"request_id", &TypedNotice::request_id},
  };
  return *columns;
}

absl::Status SetColumn(const std::string& column, const std::string& value, TypedNotice& notice) {
  const auto known = Columns().find(column);
  absl::string_view rest = column;
  if (known != Columns().end()) {
    if (!value.empty()) notice.*known->second = value;
  } else if (column == "id" || column == "former_id") {
    if (value.empty()) return absl::OkStatus();
    CHAYAN_ASSIGN_OR_RETURN((column == "id" ? notice.id : notice.former_id),
                            ParseIdentifier(value, column));
  } else if (column == "consents") {
    if (!value.empty()) notice.consents = absl::StrSplit(value, ' ', absl::SkipEmpty());
  } else if (absl::ConsumePrefix(&rest, "element.")) {
    if (!value.empty()) notice.elements.push_back(absl::StrCat(rest, "=", value));
  } else if (absl::ConsumePrefix(&rest, "account.")) {
    if (!value.empty()) notice.accounts.push_back(absl::StrCat(rest, "=", value));
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("column '", column, "' is unknown; --help-bulk lists them"));
  }
  return absl::OkStatus();
}

// A UUID of version 8 that follows from the row alone.
std::string RequestIdOf(size_t row, const v1::PublishNoticeRequest& request) {
  const crypto::Digest digest =
      crypto::Sha256({absl::string_view("chayan/bulk-row/v1\0", 19), absl::StrCat(row), "\n",
                      request.SerializeAsString()});
  Uuid id;
  std::copy_n(digest.bytes.begin(), id.bytes.size(), id.bytes.begin());
  id.bytes[6] = static_cast<uint8_t>((id.bytes[6] & 0x0F) | 0x80);
  id.bytes[8] = static_cast<uint8_t>((id.bytes[8] & 0x3F) | 0x80);
  return id.ToText();
}

// What both forms share: rows are counted, completed and named in errors.
class Rows : public NoticeRows {
 public:
  Rows(std::string path, TypedNotice defaults, FetchKind fetch_kind)
      : path_(std::move(path)),
        defaults_(std::move(defaults)),
        fetch_kind_(std::move(fetch_kind)) {}

  absl::StatusOr<std::optional<v1::PublishNoticeRequest>> Next() final {
    absl::StatusOr<std::optional<v1::PublishNoticeRequest>> read = Read();
    ++row_;
    if (!read.ok()) return Annotate(read.status(), absl::StrCat(path_, ": row ", row_));
    if (!read->has_value()) return std::nullopt;
    v1::PublishNoticeRequest& request = **read;
    if (request.request_id().empty()) request.set_request_id(RequestIdOf(row_, request));
    return read;
  }

 protected:
  virtual absl::StatusOr<std::optional<v1::PublishNoticeRequest>> Read() = 0;

  absl::StatusOr<v1::PublishNoticeRequest> Build(const TypedNotice& typed,
                                                 v1::PublishNoticeRequest base) {
    const std::string& code = typed.kind.empty() ? base.notice_kind() : typed.kind;
    if (code.empty()) return absl::InvalidArgumentError("which kind? name it, or give --kind");
    if (!kinds_.contains(code)) {
      CHAYAN_ASSIGN_OR_RETURN(kinds_[code], fetch_kind_(code));
    }
    return BuildNotice(typed, std::move(base), kinds_.at(code));
  }
  const TypedNotice& defaults() const { return defaults_; }

 private:
  const std::string path_;
  const TypedNotice defaults_;
  const FetchKind fetch_kind_;
  absl::flat_hash_map<std::string, v1::NoticeKindDescription> kinds_;
  size_t row_ = 0;
};

// One record of a CSV file, which may go over several lines. Nothing behind the last.
absl::StatusOr<std::optional<std::vector<std::string>>> ReadRecord(std::ifstream& file) {
  std::string record;
  for (std::string line; std::getline(file, line);) {
    absl::StrAppend(&record, line, "\n");
    // Inside of quotes the number of quotes is odd.
    if (std::count(record.begin(), record.end(), '"') % 2 != 0) continue;
    CHAYAN_ASSIGN_OR_RETURN(std::vector<std::vector<std::string>> rows, ParseCsv(record));
    if (!rows.empty()) return std::move(rows.front());
    record.clear();
  }
  if (!record.empty()) return absl::InvalidArgumentError("a quote is not closed");
  return std::nullopt;
}

class CsvRows final : public Rows {
 public:
  CsvRows(const std::string& path, TypedNotice defaults, FetchKind fetch_kind, std::ifstream file,
          std::vector<std::string> names)
      : Rows(path, std::move(defaults), std::move(fetch_kind)),
        file_(std::move(file)),
        names_(std::move(names)) {}

 private:
  absl::StatusOr<std::optional<v1::PublishNoticeRequest>> Read() override {
    CHAYAN_ASSIGN_OR_RETURN(const auto values, ReadRecord(file_));
    if (!values.has_value()) return std::nullopt;
    if (values->size() != names_.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("has ", values->size(), " columns in place of ", names_.size()));
    }
    TypedNotice typed = defaults();
    for (size_t i = 0; i < names_.size(); ++i) {
      CHAYAN_RETURN_IF_ERROR(SetColumn(names_[i], (*values)[i], typed));
    }
    CHAYAN_ASSIGN_OR_RETURN(v1::PublishNoticeRequest request, Build(typed, {}));
    return request;
  }

  std::ifstream file_;
  const std::vector<std::string> names_;
};

class JsonRows final : public Rows {
 public:
  JsonRows(const std::string& path, TypedNotice defaults, FetchKind fetch_kind, std::ifstream file)
      : Rows(path, std::move(defaults), std::move(fetch_kind)), file_(std::move(file)) {}

 private:
  absl::StatusOr<std::optional<v1::PublishNoticeRequest>> Read() override {
    std::string line;
    do {
      if (!std::getline(file_, line)) return std::nullopt;
    } while (absl::StripAsciiWhitespace(line).empty());
    v1::PublishNoticeRequest request;
    const auto parsed = google::protobuf::util::JsonStringToMessage(line, &request);
    if (!parsed.ok()) return absl::InvalidArgumentError(parsed.ToString());
    CHAYAN_ASSIGN_OR_RETURN(request, Build(defaults(), std::move(request)));
    return request;
  }

  std::ifstream file_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<NoticeRows>> NoticeRows::Open(const std::string& path,
                                                             TypedNotice defaults,
                                                             FetchKind fetch_kind) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(absl::StrCat("--bulk ", path, ": cannot be read"));
  if (!absl::EndsWithIgnoreCase(path, ".csv")) {
    return std::make_unique<JsonRows>(path, std::move(defaults), std::move(fetch_kind),
                                      std::move(file));
  }
  auto names = ReadRecord(file);
  if (!names.ok()) return Annotate(names.status(), path);
  if (!names->has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": no notices: the first line names columns, one a notice follows"));
  }
  return std::make_unique<CsvRows>(path, std::move(defaults), std::move(fetch_kind),
                                   std::move(file), **std::move(names));
}

}  // namespace chayan::cli
