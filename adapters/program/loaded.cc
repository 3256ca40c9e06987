#include "adapters/program/loaded.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "adapters/connector/config.h"
#include "adapters/file/connector.h"
#include "adapters/http/connector.h"
#include "adapters/program/sinks.h"
#include "adapters/sql/connector.h"
#include "gateway/base/status_macros.h"

namespace chayan::adapter {
namespace {

using connector::ConfigFile;
using connector::HolderAnswer;
using Started = absl::StatusOr<std::unique_ptr<connector::Connector>>;

template <typename Plans>
auto FindPlan(const Plans& plans, const v1::RecordedQuestion& question)
    -> absl::StatusOr<const typename Plans::value_type*> {
  for (const auto& plan : plans) {
    if (plan.kind.code() == question.request().document_kind()) return &plan;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("the adapter has no kind \"", question.request().document_kind(), "\""));
}

absl::Status NotRecorded(absl::string_view field) {
  return absl::InvalidArgumentError(
      absl::StrCat("has no ", field, ", record what the source said there"));
}

connector::Rows RowsOf(const v1::RecordedRows& recorded) {
  connector::Rows rows;
  for (const std::string& column : recorded.columns()) {
    rows.columns.push_back(absl::AsciiStrToLower(column));
  }
  for (const v1::RecordedRow& row : recorded.rows()) {
    auto& values = rows.rows.emplace_back();
    for (const v1::RecordedValue& value : row.values()) {
      values.push_back(value.has_text() ? connector::Value(value.text()) : connector::Value());
    }
    values.resize(rows.columns.size());
  }
  return rows;
}

void LoadSql(ConfigFile& file, Loaded& loaded) {
  loaded.connector_name = "sql";
  const auto settings = std::make_shared<const sql::AdapterSettings>(sql::LoadSettings(file));
  loaded.start = [settings](const Clock& clock) -> Started {
    return std::make_unique<sql::SqlConnector>(clock, *settings);
  };
  loaded.replay = [settings](const v1::RecordedQuestion& question, const v1::QuestionPermit& permit,
                             absl::Time now) -> absl::StatusOr<HolderAnswer> {
    CHAYAN_ASSIGN_OR_RETURN(const sql::KindPlan* plan, FindPlan(settings->kinds, question));
    if (!question.has_rows()) return NotRecorded("rows");
    const connector::Rows rows = RowsOf(question.rows());
    CHAYAN_RETURN_IF_ERROR(connector::CheckColumns(*plan, rows));
    return connector::AnswerFromRows(*plan, question.request(), permit, rows, now);
  };
}

void LoadHttp(ConfigFile& file, Loaded& loaded) {
  loaded.connector_name = "http";
  const auto settings =
      std::make_shared<const http_connector::Settings>(http_connector::LoadSettings(file));
  loaded.start = [settings](const Clock& clock) -> Started {
    return http_connector::HttpConnector::Create(clock, *settings);
  };
  loaded.replay = [settings](const v1::RecordedQuestion& question, const v1::QuestionPermit& permit,
                             absl::Time now) -> absl::StatusOr<HolderAnswer> {
    CHAYAN_ASSIGN_OR_RETURN(const http_connector::KindPlan* plan,
                            FindPlan(settings->kinds, question));
    if (!question.has_response()) return NotRecorded("response");
    const int status = question.response().status();
    const fetch::Response response{status == 0 ? 200 : status, {}, question.response().body()};
    return http_connector::AnswerFromResponse(*plan, question.request(), permit, response, now);
  };
}

void LoadFile(ConfigFile& file, Loaded& loaded) {
  loaded.connector_name = "file";
  const auto settings = std::make_shared<const file::Settings>(file::LoadSettings(file));
  loaded.start = [settings](const Clock& clock) -> Started {
    return std::make_unique<file::FileConnector>(clock, *settings);
  };
  loaded.replay = [settings](const v1::RecordedQuestion& question, const v1::QuestionPermit& permit,
                             absl::Time now) -> absl::StatusOr<HolderAnswer> {
    CHAYAN_ASSIGN_OR_RETURN(const file::KindPlan* plan, FindPlan(settings->kinds, question));
    if (question.file_text().empty()) return NotRecorded("file_text");
    return file::AnswerFromText(*plan, question.file_text(), question.request(), permit, now);
  };
}

}  // namespace

absl::StatusOr<Loaded> Load(const std::string& path) {
  CHAYAN_ASSIGN_OR_RETURN(const auto file, ConfigFile::Read(path));
  Loaded loaded;
  if (file->config().has_source()) LoadSql(*file, loaded);
  if (file->config().has_http()) LoadHttp(*file, loaded);
  if (file->config().has_files()) LoadFile(*file, loaded);
  if (file->config().has_notices()) LoadSink(*file, loaded);
  CHAYAN_RETURN_IF_ERROR(file->ToStatus());
  loaded.config = file->config();
  for (const ConfigFile::Kind& kind : file->kinds()) loaded.kinds.push_back(kind.plan);
  return loaded;
}

}  // namespace chayan::adapter
