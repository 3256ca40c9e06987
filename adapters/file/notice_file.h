// Notices into one CSV file a day, in a folder or over SFTP. A notice is taken when it is durable
// in the spool; the file of a day is written when it is due, whole, and again after a crash that
// came before that was noted.
#ifndef CHAYAN_ADAPTERS_FILE_NOTICE_FILE_H_
#define CHAYAN_ADAPTERS_FILE_NOTICE_FILE_H_

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "adapters/connector/config.h"
#include "adapters/connector/notice_sink.h"
#include "adapters/file/folder.h"
#include "adapters/file/notice_spool.h"
#include "chayan/v1/notice_sink.pb.h"
#include "gateway/base/clock.h"

namespace chayan::file {

struct NoticeFileSettings {
  v1::NoticeFiles files;  // paths absolute
  std::optional<fetch::SftpOptions> sftp;
};

// The part `notices.files` of a settings file; faults go to it. REQUIRES: it is there.
NoticeFileSettings LoadNoticeFile(connector::ConfigFile& file);

// The lines of one notice, without their ends. INVALID_ARGUMENT: a date that is none.
absl::StatusOr<std::vector<std::vector<std::string>>> LinesOf(const v1::NoticeFiles& settings,
                                                              const v1::DeliveredNotice& notice);

class NoticeFile final : public connector::NoticeSink {
 public:
  // `clock` outlives it.
  static absl::StatusOr<std::unique_ptr<NoticeFile>> Create(const Clock& clock,
                                                            NoticeFileSettings settings);
  NoticeFile(const Clock& clock, NoticeFileSettings settings, std::unique_ptr<Folder> folder,
             std::unique_ptr<NoticeSpool> spool);
  // What waits is put into the spool first.
  ~NoticeFile() override;

  void Take(const v1::DeliveredNotice& notice, Done done) override;
  connector::SourceHealth Health() const override;
  // Lists the folder.
  absl::Status Probe() override;

 private:
  struct Waiting {
    v1::DeliveredNotice notice;
    Done done;
  };
  void Run();
  void SpoolWaiting();
  // Writes the files that are due.
  absl::Status WriteDue();
  absl::Status WriteDay(absl::CivilDay day);

  const Clock& clock_;
  const NoticeFileSettings settings_;
  const std::unique_ptr<Folder> folder_;
  const std::unique_ptr<NoticeSpool> spool_;
  mutable absl::Mutex mu_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<Waiting> waiting_ ABSL_GUARDED_BY(mu_);
  std::string fault_ ABSL_GUARDED_BY(mu_);  // of the last attempt to write files
  std::thread thread_;                      // last: it uses the others
};

}  // namespace chayan::file

#endif  // CHAYAN_ADAPTERS_FILE_NOTICE_FILE_H_
