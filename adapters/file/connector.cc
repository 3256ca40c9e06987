#include "adapters/file/connector.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/diag.h"
#include "gateway/base/status_macros.h"

namespace chayan::file {
namespace {

// The settings were checked, so the folder can be opened.
std::unique_ptr<Folder> Open(const Settings& settings) {
  if (!settings.sftp.has_value()) return NewLocalFolder(settings.folder);
  auto sftp = fetch::SftpFolder::Create(*settings.sftp);
  if (sftp.ok()) return NewSftpFolder(*std::move(sftp));
  // A key file that vanished since: the folder is then one that is never there.
  diag::Error("file.sftp_not_usable", {{"cause", std::string(sftp.status().message())}});
  return NewLocalFolder("/nonexistent");
}

bool CanAnswerFrom(const Snapshot::State& state, v1::LatePolicy policy) {
  return state.table != nullptr && (!state.late || policy == v1::LATE_POLICY_USE_LAST);
}

connector::HolderAnswer WhenLate(v1::LatePolicy policy, const v1::VerifyDocumentRequest& request) {
  return policy == v1::LATE_POLICY_NOT_COMPARED
             ? connector::NotCompared(request)
             : connector::SourceDown(request, /*forwarded=*/false);
}

}  // namespace

FileConnector::FileConnector(const Clock& clock, Settings settings, std::unique_ptr<Folder> folder)
    : clock_(clock), settings_(std::move(settings)), folder_(std::move(folder)) {
  for (const KindPlan& plan : settings_.kinds) {
    snapshots_.push_back(std::make_unique<Snapshot>(plan));
  }
}

FileConnector::FileConnector(const Clock& clock, Settings settings)
    : FileConnector(clock, settings, Open(settings)) {
  thread_ = std::thread([this] { Run(); });
}

FileConnector::~FileConnector() {
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void FileConnector::Run() {
  while (true) {
    Look();
    absl::MutexLock lock(&mu_);
    mu_.AwaitWithTimeout(absl::Condition(&stopping_), settings_.poll_interval);
    if (stopping_) return;
  }
}

void FileConnector::Look() {
  const auto names = folder_->List();
  if (!names.ok()) {
    diag::Warning("file.folder_not_listed", {{"cause", std::string(names.status().message())}});
  }
  for (const auto& snapshot : snapshots_) {
    if (names.ok()) {
      snapshot->Look(*folder_, *names, clock_.Now());
    } else {
      snapshot->CouldNotLook(names.status());
    }
  }
}

absl::Status FileConnector::Probe() { return folder_->List().status(); }

connector::SourceHealth FileConnector::Health() const {
  connector::SourceHealth health;
  for (const auto& snapshot : snapshots_) {
    const Snapshot::State state = snapshot->StateAt(clock_.Now());
    health.down = health.down || state.table == nullptr || state.late;
    const v1::LatePolicy policy = snapshot->plan().source.file().when_late();
    if (!CanAnswerFrom(state, policy) && policy != v1::LATE_POLICY_NOT_COMPARED) {
      health.resting_kinds.push_back(snapshot->plan().kind.code());
    }
    absl::StrAppend(&health.detail, health.detail.empty() ? "" : "; ", snapshot->plan().kind.code(),
                    ": ", state.detail);
  }
  std::sort(health.resting_kinds.begin(), health.resting_kinds.end());
  return health;
}

void FileConnector::Answer(const connector::Inquiry& inquiry, Done done) {
  const v1::VerifyDocumentRequest& request = inquiry.request;
  const absl::Time now = clock_.Now();
  for (const auto& snapshot : snapshots_) {
    const KindPlan& plan = snapshot->plan();
    if (plan.kind.code() != request.document_kind()) continue;
    if (!connector::CanAnswerFor(plan, request, absl::ToCivilDay(now, TaipeiTimeZone()))) break;
    const Snapshot::State state = snapshot->StateAt(now);
    const v1::LatePolicy policy = plan.source.file().when_late();
    if (!CanAnswerFrom(state, policy)) return done(WhenLate(policy, request));
    const connector::Rows rows = state.table->Find(request.subject().identifier().value());
    return done(connector::AnswerFromRows(plan, request, inquiry.permit, rows, state.as_of));
  }
  done(connector::NotCompared(request));
}

absl::StatusOr<connector::HolderAnswer> AnswerFromText(const KindPlan& plan, absl::string_view text,
                                                       const v1::VerifyDocumentRequest& request,
                                                       const v1::QuestionPermit& permit,
                                                       absl::Time now) {
  v1::FileTable settings = plan.source.file();
  settings.set_encoding(v1::FILE_ENCODING_UTF8);
  CHAYAN_ASSIGN_OR_RETURN(const auto table, Table::Parse(settings, text));
  connector::Rows columns;
  columns.columns = table->columns();
  if (table->size() > 0) CHAYAN_RETURN_IF_ERROR(connector::CheckColumns(plan, columns));
  return connector::AnswerFromRows(plan, request, permit,
                                   table->Find(request.subject().identifier().value()),
                                   table->as_of().value_or(now));
}

}  // namespace chayan::file
