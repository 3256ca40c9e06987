#include "adapters/file/notice_file.h"

#include "absl/strings/str_cat.h"
#include "adapters/connector/notice_values.h"
#include "adapters/file/config.h"
#include "adapters/file/csv.h"
#include "adapters/file/snapshot.h"
#include "gateway/base/diag.h"
#include "gateway/base/status_macros.h"

namespace chayan::file {
namespace {

using connector::NoticeResult;
using connector::Place;

// How often it is seen whether a file is due: due times are minutes.
constexpr absl::Duration kLookInterval = absl::Seconds(1);
// Notices that wait for one sync of the spool: what a link has in flight.
constexpr size_t kWaitingMax = 1024;

}  // namespace

NoticeFileSettings LoadNoticeFile(connector::ConfigFile& file) {
  v1::NoticeSettings& notices = *file.config().mutable_notices();
  v1::NoticeFiles& files = *notices.mutable_files();
  const Place place = file.place().Nested("notices", notices).Nested("files", files);
  NoticeFileSettings settings;
  if (files.has_sftp()) {
    settings.sftp = LoadSftp(file, files.sftp(), place.Nested("sftp", files.sftp()));
  } else if (place.Require("folder", "\"outbox\"")) {
    files.set_folder(file.Absolute(files.folder()));
  }
  if (place.Require("name", "\"notices-{date}.csv\"")) {
    CheckName(place, "name", files.name());
    if (files.name().find('{') == std::string::npos) {
      place.Fault("name", "is the same every day, add {date} or {roc_date}");
    }
  }
  if (!files.none_today_name().empty()) {
    CheckName(place, "none_today_name", files.none_today_name());
  }
  if (place.Require("due", "\"17:30\"")) CheckTimeOfDay(place, "due", files.due());
  place.Require("count_line", "\"COUNT\"");
  place.Require("columns", "{ name: \"number\" part: NOTICE_PART_IDENTIFIER }");
  connector::CheckNoticeValues(place, "columns", files.columns());
  files.set_spool_file(files.spool_file().empty() ? notices.inbox_file() + ".spool"
                                                  : file.Absolute(files.spool_file()));
  settings.files = files;
  return settings;
}

absl::StatusOr<std::vector<std::vector<std::string>>> LinesOf(const v1::NoticeFiles& settings,
                                                              const v1::DeliveredNotice& notice) {
  CHAYAN_ASSIGN_OR_RETURN(const auto rows, connector::ValueRows(settings.columns(), notice));
  std::vector<std::vector<std::string>> lines;
  for (const std::vector<connector::Value>& row : rows) {
    std::vector<std::string>& line = lines.emplace_back();
    for (const connector::Value& value : row) line.push_back(value.value_or(""));
  }
  return lines;
}

absl::StatusOr<std::unique_ptr<NoticeFile>> NoticeFile::Create(const Clock& clock,
                                                               NoticeFileSettings settings) {
  std::unique_ptr<Folder> folder;
  if (settings.sftp.has_value()) {
    CHAYAN_ASSIGN_OR_RETURN(auto sftp, fetch::SftpFolder::Create(*settings.sftp));
    folder = NewSftpFolder(std::move(sftp));
  } else {
    folder = NewLocalFolder(settings.files.folder());
  }
  CHAYAN_ASSIGN_OR_RETURN(auto spool, NoticeSpool::Open(settings.files.spool_file()));
  return std::make_unique<NoticeFile>(clock, std::move(settings), std::move(folder),
                                      std::move(spool));
}

NoticeFile::NoticeFile(const Clock& clock, NoticeFileSettings settings,
                       std::unique_ptr<Folder> folder, std::unique_ptr<NoticeSpool> spool)
    : clock_(clock),
      settings_(std::move(settings)),
      folder_(std::move(folder)),
      spool_(std::move(spool)),
      thread_([this] { Run(); }) {}

NoticeFile::~NoticeFile() {
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
  }
  thread_.join();
}

void NoticeFile::Take(const v1::DeliveredNotice& notice, Done done) {
  if (notice.test()) return done(connector::Received());
  // A notice that no line can be made of must not stop the file that has it.
  if (const absl::Status status = LinesOf(settings_.files, notice).status(); !status.ok()) {
    return done(connector::NotTaken(v1::NOT_TAKEN_REASON_SYSTEM_REFUSED, status.message()));
  }
  {
    absl::MutexLock lock(&mu_);
    if (!stopping_ && waiting_.size() < kWaitingMax) {
      waiting_.push_back({notice, std::move(done)});
      return;
    }
  }
  done(connector::NotTaken(v1::NOT_TAKEN_REASON_TOO_MANY, "too many notices wait for the spool"));
}

void NoticeFile::Run() {
  absl::Duration look_at = clock_.Elapsed();
  while (true) {
    bool stopping = false;
    {
      const auto work = [this]() ABSL_SHARED_LOCKS_REQUIRED(mu_) {
        return stopping_ || !waiting_.empty();
      };
      absl::MutexLock lock(&mu_);
      mu_.AwaitWithTimeout(absl::Condition(&work), kLookInterval);
      stopping = stopping_;
    }
    SpoolWaiting();
    if (stopping) return;
    if (clock_.Elapsed() < look_at) continue;
    look_at = clock_.Elapsed() + kLookInterval;
    const absl::Status status = WriteDue();
    absl::MutexLock lock(&mu_);
    if (!status.ok() && fault_ != status.message()) {
      diag::Error("file.notices_not_written", {{"cause", std::string(status.message())}});
    }
    fault_ = std::string(status.message());
  }
}

void NoticeFile::SpoolWaiting() {
  std::vector<Waiting> waiting;
  {
    absl::MutexLock lock(&mu_);
    waiting.swap(waiting_);
  }
  if (waiting.empty()) return;
  std::vector<v1::DeliveredNotice> notices;
  for (const Waiting& one : waiting) notices.push_back(one.notice);
  const absl::Status status = spool_->Add(notices, clock_.Now());
  for (const Waiting& one : waiting) {
    one.done(status.ok() ? connector::Received()
                         : connector::NotTaken(v1::NOT_TAKEN_REASON_SYSTEM_DOWN, status.message()));
  }
}

absl::Status NoticeFile::WriteDue() {
  const absl::CivilDay today = absl::ToCivilDay(clock_.Now(), TaipeiTimeZone());
  if (clock_.Now() >= TimeOfDay(today, settings_.files.due())) {
    CHAYAN_RETURN_IF_ERROR(spool_->CloseDay(today));
  }
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<absl::CivilDay> days, spool_->Unwritten());
  for (const absl::CivilDay day : days) CHAYAN_RETURN_IF_ERROR(WriteDay(day));
  return absl::OkStatus();
}

absl::Status NoticeFile::WriteDay(absl::CivilDay day) {
  const v1::NoticeFiles& files = settings_.files;
  CHAYAN_ASSIGN_OR_RETURN(const auto notices, spool_->NoticesOf(day));
  std::vector<std::string> header;
  for (const v1::NoticeValue& column : files.columns()) header.push_back(column.name());
  std::string content;
  AppendCsvRecord(content, header);
  size_t count = 0;
  for (const v1::DeliveredNotice& notice : notices) {
    CHAYAN_ASSIGN_OR_RETURN(const auto lines, LinesOf(files, notice));
    for (const std::vector<std::string>& line : lines) AppendCsvRecord(content, line);
    count += lines.size();
  }
  AppendCsvRecord(content, {files.count_line(), absl::StrCat(count)});
  const bool none = count == 0 && !files.none_today_name().empty();
  const std::string name = NameOf(none ? files.none_today_name() : files.name(), day);
  CHAYAN_RETURN_IF_ERROR(folder_->Write(name, content));
  CHAYAN_RETURN_IF_ERROR(spool_->Written(day, clock_.Now()));
  diag::Info("file.notices_written", {{"file", name}, {"count", count}});
  return absl::OkStatus();
}

connector::SourceHealth NoticeFile::Health() const {
  absl::MutexLock lock(&mu_);
  return {!fault_.empty(), fault_};
}

absl::Status NoticeFile::Probe() { return folder_->List().status(); }

}  // namespace chayan::file
