#include "gateway/log/class_keys.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "gateway/base/clock.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/log/key_rewrap.h"
#include "gateway/tlog/commitment.h"

namespace chayan::log {
namespace {

constexpr absl::string_view kSuffix = ".key";

absl::StatusOr<absl::string_view> ClassName(v1::RetentionClass retention_class) {
  switch (retention_class) {
    case v1::RETENTION_CLASS_FIVE_YEARS:
      return "five-years";
    case v1::RETENTION_CLASS_TEN_YEARS:
      return "ten-years";
    case v1::RETENTION_CLASS_PERMANENT:
      return "permanent";
    default:
      return absl::InvalidArgumentError("vault: no retention class");
  }
}

// "2026-11.five-years": the id comes from the store and becomes part of a path.
bool IsKeyId(absl::string_view id) {
  if (id.size() < 9 || id.size() > 32 || id[4] != '-' || id[7] != '.') return false;
  for (size_t i = 0; i < id.size(); ++i) {
    if (i == 4 || i == 7) continue;
    const bool good = i < 7
                          ? absl::ascii_isdigit(static_cast<unsigned char>(id[i]))
                          : absl::ascii_islower(static_cast<unsigned char>(id[i])) || id[i] == '-';
    if (!good) return false;
  }
  return true;
}

void WipeText(std::string& text) {
  crypto::Wipe({reinterpret_cast<uint8_t*>(text.data()), text.size()});
}

// Overwrites and removes; OK also when there is none.
absl::Status DestroyFile(const std::string& path) {
  const absl::StatusOr<std::string> content = ReadFile(path);
  if (absl::IsNotFound(content.status())) return absl::OkStatus();
  CHAYAN_RETURN_IF_ERROR(content.status());
  // In place, so that the same blocks are written, and on the disk before the name goes.
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("open ", path));
  const absl::Cleanup closer = [fd] { close(fd); };
  const std::string zeros(content->size(), '0');
  if (pwrite(fd, zeros.data(), zeros.size(), 0) != static_cast<ssize_t>(zeros.size()) ||
      fdatasync(fd) != 0 || unlink(path.c_str()) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("destroy ", path));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<ClassKeys>> ClassKeys::Create(
    std::unique_ptr<crypto::WrappingKey> kek, std::unique_ptr<crypto::WrappingKey> old_kek,
    const std::string& directory, Random& random) {
  CHAYAN_RETURN_IF_ERROR(MakeDirectories(directory, 0700));
  std::unique_ptr<ClassKeys> keys(
      new ClassKeys(std::move(kek), std::move(old_kek), directory, random));
  CHAYAN_RETURN_IF_ERROR(keys->CheckEnds());
  return keys;
}

// A wrong KEK is found at the start, not in the middle of an exchange. So is a rewrap that was left
// halfway (it goes from the oldest key on) or never run (the newest is made with the new KEK).
absl::Status ClassKeys::CheckEnds() const {
  CHAYAN_ASSIGN_OR_RETURN(const std::vector<std::string> ids, Ids());
  if (ids.empty()) return absl::OkStatus();
  CHAYAN_RETURN_IF_ERROR(Find(ids.back()).status());
  return Find(ids.front()).status();
}

std::string ClassKeys::PathOf(absl::string_view id) const {
  return absl::StrCat(directory_, "/", id, kSuffix);
}

absl::StatusOr<std::shared_ptr<const ClassKey>> ClassKeys::Find(absl::string_view id) const {
  if (!IsKeyId(id)) return absl::DataLossError("vault: a row names a key that cannot be");
  const absl::StatusOr<std::string> text = ReadFile(PathOf(id));
  if (absl::IsNotFound(text.status())) {
    return absl::NotFoundError(absl::StrCat("vault key ", id, " was destroyed"));
  }
  CHAYAN_RETURN_IF_ERROR(text.status());
  const absl::StatusOr<std::string> wrapped = Base64Decode(absl::StripSuffix(*text, "\n"));
  absl::StatusOr<std::string> raw =
      wrapped.ok() ? kek_->Open(id, *wrapped) : absl::DataLossError("not base64");
  if (absl::IsDataLoss(raw.status()) && wrapped.ok() && old_kek_ != nullptr) {
    raw = old_kek_->Open(id, *wrapped);
  }
  if (!raw.ok() && !absl::IsDataLoss(raw.status())) return raw.status();  // its home failed
  if (!raw.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat(PathOf(id),
                     ": the key-encryption key does not open it: name the one that wrapped it "
                     "(until `chayan vault rewrap` has ended, as old_vault_kek), or restore the "
                     "file"));
  }
  const absl::Cleanup wiper = [&raw] { WipeText(*raw); };
  CHAYAN_ASSIGN_OR_RETURN(crypto::Secret32 wrapping, crypto::Secret32::FromRaw(*raw));
  crypto::HmacKey index = tlog::IndexKey(wrapping);
  return std::make_shared<const ClassKey>(
      ClassKey{std::string(id), std::move(wrapping), std::move(index)});
}

absl::StatusOr<std::vector<std::string>> ClassKeys::Ids() const {
  CHAYAN_ASSIGN_OR_RETURN(const auto files, ReadTree(directory_, kSuffix));
  std::vector<std::string> ids;
  for (const auto& [path, content] : files) {
    const absl::string_view id = absl::StripSuffix(path, kSuffix);
    if (IsKeyId(id)) ids.emplace_back(id);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

absl::Status ClassKeys::Destroy(absl::string_view id) {
  if (!IsKeyId(id)) return absl::InvalidArgumentError("vault: no such key");
  {
    absl::MutexLock lock(&mu_);
    absl::erase_if(current_, [id](const auto& each) { return each.second->id == id; });
  }
  // A copy that a stopped rewrap left is as good a key.
  CHAYAN_RETURN_IF_ERROR(DestroyFile(absl::StrCat(PathOf(id), kRewrapSuffix)));
  CHAYAN_RETURN_IF_ERROR(DestroyFile(PathOf(id)));
  return SyncFolder(directory_);
}

// The link is made only if there is no such file: a key that another process made a moment ago has
// perhaps wrapped something already and is never overwritten.
absl::Status ClassKeys::Make(absl::string_view id) {
  const crypto::Secret32 key(random_);
  CHAYAN_ASSIGN_OR_RETURN(const std::string wrapped, kek_->Seal(id, key.Expose(), random_));
  const std::string path = PathOf(id);
  const std::string temporary = absl::StrCat(path, ".new.", absl::Hex(random_.Uint64()));
  const absl::Cleanup remover = [&temporary] { unlink(temporary.c_str()); };
  CHAYAN_RETURN_IF_ERROR(WriteFile(temporary, absl::StrCat(Base64Encode(wrapped), "\n"), 0600));
  if (link(temporary.c_str(), path.c_str()) != 0 && errno != EEXIST) {
    return absl::ErrnoToStatus(errno, absl::StrCat("create ", path));
  }
  // Nothing is wrapped by it before its name is on the disk.
  return SyncFolder(directory_);
}

absl::StatusOr<std::shared_ptr<const ClassKey>> ClassKeys::Current(
    v1::RetentionClass retention_class, absl::Time now) {
  {
    absl::MutexLock lock(&mu_);
    if (now >= month_start_ && now < month_end_) {
      const auto found = current_.find(retention_class);
      if (found != current_.end()) return found->second;
    }
  }
  CHAYAN_ASSIGN_OR_RETURN(const absl::string_view name, ClassName(retention_class));
  const absl::TimeZone taipei = TaipeiTimeZone();
  const absl::CivilMonth month(absl::ToCivilSecond(now, taipei));
  const std::string id = absl::StrFormat("%04d-%02d.%s", month.year(), month.month(), name);
  absl::StatusOr<std::shared_ptr<const ClassKey>> key = Find(id);
  if (absl::IsNotFound(key.status())) {
    CHAYAN_RETURN_IF_ERROR(Annotate(Make(id), "make this month's vault key"));
    key = Find(id);
  }
  CHAYAN_RETURN_IF_ERROR(key.status());
  absl::MutexLock lock(&mu_);
  const absl::Time start = absl::FromCivil(absl::CivilSecond(month), taipei);
  if (start != month_start_) {
    current_.clear();
    month_start_ = start;
    month_end_ = absl::FromCivil(absl::CivilSecond(month + 1), taipei);
  }
  current_[retention_class] = *key;
  return key;
}

}  // namespace chayan::log
