#include "adapters/program/sinks.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "adapters/file/notice_file.h"
#include "adapters/http/notice_hook.h"
#include "adapters/sql/notice_table.h"
#include "gateway/base/legible.h"
#include "gateway/base/status_macros.h"

namespace chayan::adapter {
namespace {

using connector::ConfigFile;
using Started = absl::StatusOr<std::unique_ptr<connector::NoticeSink>>;
using Lines = std::vector<std::vector<connector::Value>>;

std::string Shown(const std::vector<connector::Value>& line) {
  return absl::StrJoin(line, " | ", [](std::string* out, const connector::Value& value) {
    absl::StrAppend(out, value.has_value() ? *value : "NULL");
  });
}

// What is written, beside what the record expects.
std::string DifferenceOf(const v1::RecordedNotice& record, const Lines& written) {
  Lines expected;
  for (const v1::RecordedRow& row : record.writes()) {
    auto& line = expected.emplace_back();
    for (const v1::RecordedValue& value : row.values()) {
      line.push_back(value.has_text() ? connector::Value(value.text()) : connector::Value());
    }
  }
  std::string report;
  for (size_t i = 0; i < std::max(expected.size(), written.size()); ++i) {
    const std::string left = i < expected.size() ? Shown(expected[i]) : "(nothing)";
    const std::string right = i < written.size() ? Shown(written[i]) : "(nothing)";
    if (left != right) absl::StrAppend(&report, "writes[", i, "]: ", left, " -> ", right, "\n");
  }
  return report;
}

// Of a hook: what its answer comes to.
std::string DifferenceOf(const v1::DeliveryReceipt& expected, bool expects_receipt,
                         const connector::NoticeResult& result) {
  const auto shown = [](const v1::DeliveryReceipt& receipt) {
    return Legible(receipt.ShortDebugString());
  };
  v1::DeliveryReceipt actual = result.settlement;
  if (actual.state() == v1::DELIVERY_STATE_UNSPECIFIED) {
    actual.set_state(v1::DELIVERY_STATE_DELIVERED);
  }
  const std::string left = expects_receipt ? shown(expected) : "tried again";
  const std::string right = result.not_taken.has_value() ? "tried again" : shown(actual);
  if (left == right) return "";
  return absl::StrCat("expected: ", left, " -> ", right,
                      result.cause.empty() ? "" : absl::StrCat(" (", result.cause, ")"), "\n");
}

void LoadDatabase(ConfigFile& file, Loaded& loaded) {
  loaded.sink_name = "sql";
  const auto settings =
      std::make_shared<const sql::NoticeTableSettings>(sql::LoadNoticeTable(file));
  loaded.start_notices = [settings](const Clock& clock) -> Started {
    return std::make_unique<sql::NoticeTable>(clock, *settings);
  };
  loaded.replay_notice = [settings](const v1::RecordedNotice& record,
                                    absl::Time) -> absl::StatusOr<std::string> {
    CHAYAN_ASSIGN_OR_RETURN(const auto statements, sql::StatementsFor(*settings, record.notice()));
    Lines written;
    for (const sql::BoundStatement& statement : statements) written.push_back(statement.values);
    return DifferenceOf(record, written);
  };
}

void LoadHook(ConfigFile& file, Loaded& loaded) {
  loaded.sink_name = "http";
  const auto settings = std::make_shared<const http_connector::NoticeHookSettings>(
      http_connector::LoadNoticeHook(file));
  loaded.start_notices = [settings](const Clock& clock) -> Started {
    return http_connector::NoticeHook::Create(clock, *settings);
  };
  loaded.replay_notice = [settings](const v1::RecordedNotice& record,
                                    absl::Time now) -> absl::StatusOr<std::string> {
    if (!record.has_response()) {
      return absl::InvalidArgumentError("has no response, record what the system said there");
    }
    CHAYAN_RETURN_IF_ERROR(http_connector::EventRequest(*settings, record.notice(), now).status());
    const int status = record.response().status();
    const fetch::Response response{status == 0 ? 200 : status, {}, record.response().body()};
    return DifferenceOf(record.expected(), record.has_expected(),
                        http_connector::ResultOf(*settings, response));
  };
}

void LoadFiles(ConfigFile& file, Loaded& loaded) {
  loaded.sink_name = "file";
  const auto settings =
      std::make_shared<const file::NoticeFileSettings>(file::LoadNoticeFile(file));
  loaded.start_notices = [settings](const Clock& clock) -> Started {
    return file::NoticeFile::Create(clock, *settings);
  };
  loaded.replay_notice = [settings](const v1::RecordedNotice& record,
                                    absl::Time) -> absl::StatusOr<std::string> {
    Lines written;
    if (!record.notice().test()) {
      CHAYAN_ASSIGN_OR_RETURN(const auto lines, file::LinesOf(settings->files, record.notice()));
      for (const auto& line : lines) written.emplace_back(line.begin(), line.end());
    }
    return DifferenceOf(record, written);
  };
}

}  // namespace

void LoadSink(ConfigFile& file, Loaded& loaded) {
  switch (file.config().notices().sink_case()) {
    case v1::NoticeSettings::kDatabase:
      return LoadDatabase(file, loaded);
    case v1::NoticeSettings::kHook:
      return LoadHook(file, loaded);
    case v1::NoticeSettings::kFiles:
      return LoadFiles(file, loaded);
    case v1::NoticeSettings::SINK_NOT_SET:
      return;  // told as a fault already
  }
}

}  // namespace chayan::adapter
