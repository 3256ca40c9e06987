// The file connector: answers from the newest whole file of each kind, held in memory. A thread
// looks for newer ones; a file takes effect in one step or not at all.
#ifndef CHAYAN_ADAPTERS_FILE_CONNECTOR_H_
#define CHAYAN_ADAPTERS_FILE_CONNECTOR_H_

#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "adapters/connector/connector.h"
#include "adapters/file/config.h"
#include "adapters/file/snapshot.h"
#include "gateway/base/clock.h"

namespace chayan::file {

class FileConnector final : public connector::Connector {
 public:
  // `clock` outlives the connector.
  FileConnector(const Clock& clock, Settings settings);
  // Over a folder that a test makes; nobody looks but Look().
  FileConnector(const Clock& clock, Settings settings, std::unique_ptr<Folder> folder);
  ~FileConnector() override;

  void Answer(const connector::Inquiry& inquiry, Done done) override;
  connector::SourceHealth Health() const override;
  // Lists the folder.
  absl::Status Probe() override;

  // Takes what is new in the folder.
  void Look();

 private:
  void Run();

  const Clock& clock_;
  const Settings settings_;
  const std::unique_ptr<Folder> folder_;
  std::vector<std::unique_ptr<Snapshot>> snapshots_;
  absl::Mutex mu_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

// The answer that follows from a file's text in UTF-8, as if it were the one in force.
// INVALID_ARGUMENT: the file would not be taken.
absl::StatusOr<connector::HolderAnswer> AnswerFromText(const KindPlan& plan, absl::string_view text,
                                                       const v1::VerifyDocumentRequest& request,
                                                       const v1::QuestionPermit& permit,
                                                       absl::Time now);

}  // namespace chayan::file

#endif  // CHAYAN_ADAPTERS_FILE_CONNECTOR_H_
