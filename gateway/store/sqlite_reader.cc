#include "gateway/store/sqlite_reader.h"

#include <algorithm>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"
#include "gateway/store/row_eraser.h"
#include "gateway/store/rows.h"

namespace chayan::store {
absl::StatusOr<Head> StepHead(Statement& select_head) {
  CHAYAN_ASSIGN_OR_RETURN(const bool row, select_head.Step());
  if (!row) return Damaged("it has no head");
  const absl::Cleanup resetter = [&select_head] { select_head.Reset(); };
  return HeadFromRow({.size = select_head.Integer(0),
                      .peaks = select_head.Blob(1),
                      .time_ms = select_head.Integer(2),
                      .batch = select_head.Blob(3)});
}

absl::StatusOr<std::unique_ptr<SqliteReader>> SqliteReader::Open(const std::string& path) {
  std::unique_ptr<SqliteReader> reader(new SqliteReader);
  CHAYAN_ASSIGN_OR_RETURN(reader->connection_, Connection::Open(path, Connection::Mode::kReadOnly));
  Connection& connection = reader->connection_;
  // A damaged page is an error, not a wrong answer.
  CHAYAN_RETURN_IF_ERROR(connection.Run("PRAGMA cell_size_check = ON"));
  CHAYAN_ASSIGN_OR_RETURN(reader->select_head_, connection.Prepare(kSelectHead));
  CHAYAN_ASSIGN_OR_RETURN(
      reader->select_leaves_,
      connection.Prepare("SELECT idx, leaf FROM entry WHERE idx >= ? ORDER BY idx LIMIT ?"));
  CHAYAN_ASSIGN_OR_RETURN(reader->select_landmarks_,
                          connection.Prepare("SELECT idx FROM landmark ORDER BY idx"));
  CHAYAN_ASSIGN_OR_RETURN(
      reader->select_tallies_,
      connection.Prepare("SELECT key, day, count, label FROM tally WHERE kind = ? AND key > ? "
                         "ORDER BY key LIMIT ?"));
  CHAYAN_ASSIGN_OR_RETURN(
      reader->select_tile_,
      connection.Prepare("SELECT hashes FROM tile WHERE level = ? AND idx = ?"));
  CHAYAN_ASSIGN_OR_RETURN(
      reader->select_vault_,
      connection.Prepare(
          "SELECT key_id, wrapped_secret, sealed_detail, tags FROM vault WHERE idx = ?"));
  CHAYAN_ASSIGN_OR_RETURN(
      reader->select_registry_,
      connection.Prepare("SELECT path, bytes FROM registry_set WHERE digest = ? ORDER BY path"));
  CHAYAN_ASSIGN_OR_RETURN(
      reader->select_current_,
      connection.Prepare("SELECT digest FROM registry_applied ORDER BY ordinal DESC LIMIT 1"));
  return reader;
}

absl::StatusOr<Head> SqliteReader::ReadHead() { return StepHead(select_head_); }

absl::StatusOr<std::vector<std::string>> SqliteReader::ReadLeaves(uint64_t first, uint64_t count,
                                                                  uint64_t bytes_max) {
  if (count == 0) return absl::InvalidArgumentError("no leaves asked for");
  if (first >= kIndexMax) return absl::OutOfRangeError("there is no such entry");
  const absl::Cleanup resetter = [this] { select_leaves_.Reset(); };
  select_leaves_.Bind(1, static_cast<int64_t>(first))
      .Bind(2, static_cast<int64_t>(std::min(count, kIndexMax)));
  std::vector<std::string> leaves;
  uint64_t further_bytes = 0;
  while (true) {
    CHAYAN_ASSIGN_OR_RETURN(const bool row, select_leaves_.Step());
    if (!row) break;
    const auto index = static_cast<uint64_t>(select_leaves_.Integer(0));
    const absl::string_view leaf = select_leaves_.Blob(1);
    if (index != first + leaves.size())
      return Damaged(absl::StrCat("an entry is missing before ", index));
    if (!leaves.empty()) {
      further_bytes += leaf.size();
      if (further_bytes > bytes_max) break;
    }
    leaves.emplace_back(leaf);
  }
  if (leaves.empty()) return absl::OutOfRangeError(absl::StrCat("there is no entry ", first));
  return leaves;
}

absl::StatusOr<std::string> SqliteReader::ReadTile(uint32_t level, uint64_t index) {
  const absl::Cleanup resetter = [this] { select_tile_.Reset(); };
  select_tile_.Bind(1, int64_t{level}).Bind(2, static_cast<int64_t>(index));
  CHAYAN_ASSIGN_OR_RETURN(const bool row, select_tile_.Step());
  if (!row) return absl::NotFoundError(absl::StrCat("no full tile ", level, "/", index));
  const absl::string_view hashes = select_tile_.Blob(0);
  CHAYAN_RETURN_IF_ERROR(CheckTile(hashes, level, index));
  return std::string(hashes);
}

absl::StatusOr<VaultRow> SqliteReader::ReadVault(uint64_t index) {
  const absl::Cleanup resetter = [this] { select_vault_.Reset(); };
  select_vault_.Bind(1, static_cast<int64_t>(index));
  CHAYAN_ASSIGN_OR_RETURN(const bool row, select_vault_.Step());
  if (!row || IsErased(select_vault_.Blob(0))) {
    return absl::NotFoundError(absl::StrCat("entry ", index, " has no sealed part"));
  }
  return VaultRow{.key_id = std::string(select_vault_.Blob(0)),
                  .wrapped_secret = std::string(select_vault_.Blob(1)),
                  .sealed_detail = std::string(select_vault_.Blob(2)),
                  .tags = std::string(select_vault_.Blob(3))};
}

absl::StatusOr<std::vector<uint64_t>> SqliteReader::ReadLandmarks() {
  const absl::Cleanup resetter = [this] { select_landmarks_.Reset(); };
  std::vector<uint64_t> landmarks;
  while (true) {
    CHAYAN_ASSIGN_OR_RETURN(const bool row, select_landmarks_.Step());
    if (!row) return landmarks;
    landmarks.push_back(static_cast<uint64_t>(select_landmarks_.Integer(0)));
  }
}

absl::StatusOr<std::vector<KeptTally>> SqliteReader::ReadTallies(TallyKind kind,
                                                                 absl::string_view after,
                                                                 size_t count_max) {
  const absl::Cleanup resetter = [this] { select_tallies_.Reset(); };
  select_tallies_.Bind(1, static_cast<int64_t>(kind))
      .Bind(2, after)
      .Bind(3, static_cast<int64_t>(std::min<size_t>(count_max, kIndexMax)));
  std::vector<KeptTally> tallies;
  while (true) {
    CHAYAN_ASSIGN_OR_RETURN(const bool row, select_tallies_.Step());
    if (!row) return tallies;
    tallies.push_back({.key = std::string(select_tallies_.Blob(0)),
                       .day = select_tallies_.Integer(1),
                       .count = select_tallies_.Integer(2),
                       .label = std::string(select_tallies_.Blob(3))});
  }
}

absl::StatusOr<RegistrySet> SqliteReader::ReadCurrentRegistry() {
  crypto::Digest digest;
  {
    const absl::Cleanup resetter = [this] { select_current_.Reset(); };
    CHAYAN_ASSIGN_OR_RETURN(const bool row, select_current_.Step());
    if (!row) return absl::NotFoundError("no registry set was ever in force");
    CHAYAN_ASSIGN_OR_RETURN(digest, crypto::Digest::FromRaw(select_current_.Blob(0)));
  }
  return ReadRegistry(digest);
}

absl::StatusOr<RegistrySet> SqliteReader::ReadRegistry(const crypto::Digest& digest) {
  const absl::Cleanup resetter = [this] { select_registry_.Reset(); };
  select_registry_.Bind(1, digest.raw());
  RegistrySet set{.digest = digest, .files = {}};
  while (true) {
    CHAYAN_ASSIGN_OR_RETURN(const bool row, select_registry_.Step());
    if (!row) break;
    set.files.emplace_back(select_registry_.Blob(0), select_registry_.Blob(1));
  }
  if (set.files.empty()) {
    return absl::NotFoundError(absl::StrCat("no registry set ", digest.ToHex()));
  }
  return set;
}

}  // namespace chayan::store
