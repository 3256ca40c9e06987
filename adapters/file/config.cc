#include "adapters/file/config.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "adapters/file/snapshot.h"
#include "re2/re2.h"

namespace chayan::file {
namespace {

using connector::ConfigFile;
using connector::Place;

constexpr uint32_t kPollSecondsDefault = 30;
constexpr uint32_t kPollSecondsMax = 60 * 60;
constexpr uint32_t kSftpTimeoutDefaultMs = 60'000;
constexpr uint32_t kSftpTimeoutMaxMs = 10 * 60'000;  // kFileBytesMax over a slow line
constexpr uint32_t kSftpPortMax = 65'535;
constexpr uint32_t kRecordsMax = 5'000'000;  // about 2 GiB of memory

}  // namespace

fetch::SftpOptions LoadSftp(ConfigFile& file, const v1::SftpFolder& sftp, const Place& place) {
  place.Require("host", "\"sftp.agency.example\"");
  place.Require("user", "\"chayan\"");
  place.Require("key_file", "\"sftp.key\"");
  place.Require("known_hosts_file", "\"known_hosts\"");
  place.Require("path", "\"/outbox\"");
  fetch::SftpOptions options{
      .host = sftp.host(),
      .port = static_cast<int>(file.Bounded(place, "port", sftp.port(), 22, kSftpPortMax)),
      .user = sftp.user(),
      .key_file = file.Absolute(sftp.key_file()),
      .known_hosts_file = file.Absolute(sftp.known_hosts_file()),
      .path = sftp.path(),
      .timeout = absl::Milliseconds(file.Bounded(place, "timeout_ms", sftp.timeout_ms(),
                                                 kSftpTimeoutDefaultMs, kSftpTimeoutMaxMs))};
  const absl::Status status = fetch::SftpFolder::Create(options).status();
  if (!status.ok()) place.Fault("host", status.message());
  return options;
}

void CheckName(const Place& place, const std::string& field, const std::string& pattern) {
  if (!fetch::IsFileName(NameOf(pattern, absl::CivilDay(2026, 1, 15)))) {
    place.Fault(field, "write letters, digits, '-', '_', '.', and {date} or {roc_date}");
  }
}

void CheckTimeOfDay(const Place& place, const std::string& field, const std::string& time) {
  if (!RE2::FullMatch(time, "([01][0-9]|2[0-3]):[0-5][0-9]")) {
    place.Fault(field, "is no time of day, write it as \"09:30\"");
  }
}

namespace {

void CheckKind(ConfigFile& file, const ConfigFile::Kind& kind) {
  const Place outer = file.KindPlace(kind.index);
  if (!outer.Require("file", "{ name: \"titles-{date}.csv\" form: FILE_FORM_CSV … }")) return;
  const v1::FileTable& table = file.config().kinds(kind.index).file();
  const Place place = outer.Nested("file", table);
  if (place.Require("name", "\"titles-{date}.csv\"")) CheckName(place, "name", table.name());
  if (!table.none_today_name().empty())
    CheckName(place, "none_today_name", table.none_today_name());
  place.Require("form", "FILE_FORM_CSV");
  place.Require("key_column", "\"owner_number\"");
  place.Require("count_line", "\"COUNT\"");
  if (table.encoding() == v1::FILE_ENCODING_BIG5 && table.form() != v1::FILE_FORM_CSV) {
    place.Fault("encoding", "JSON lines are UTF-8, remove it");
  }
  if (!table.due().empty()) CheckTimeOfDay(place, "due", table.due());
  file.Bounded(place, "records_max", table.records_max(), kRecordsMaxDefault, kRecordsMax);
  if (kind.plan.source.parameters_size() > 0) {
    outer.Fault("parameters", "a file is found by the subject's number alone, remove them");
  }
}

}  // namespace

Settings LoadSettings(ConfigFile& file) {
  const v1::FileSource& source = file.config().files();
  const Place place = file.place().Nested("files", source);
  Settings settings;
  settings.poll_interval = absl::Seconds(file.Bounded(place, "poll_seconds", source.poll_seconds(),
                                                      kPollSecondsDefault, kPollSecondsMax));
  if (source.has_sftp()) {
    settings.sftp = LoadSftp(file, source.sftp(), place.Nested("sftp", source.sftp()));
  } else if (place.Require("folder", "\"inbox\"")) {
    settings.folder = file.Absolute(source.folder());
  }
  for (const ConfigFile::Kind& kind : file.kinds()) {
    CheckKind(file, kind);
    settings.kinds.push_back(kind.plan);
  }
  return settings;
}

}  // namespace chayan::file
