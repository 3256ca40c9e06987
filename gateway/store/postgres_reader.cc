#include "gateway/store/postgres_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/status_macros.h"
#include "gateway/store/postgres_session.h"
#include "gateway/store/rows.h"

namespace chayan::store {
namespace {

// Leaves that one statement fetches: half a MiB of the longest, so that a bound in bytes is not
// passed by much.
constexpr uint64_t kPageLeavesMax = 256;

constexpr PostgresStatement kSelectHead = {
    "select_head", "SELECT size, peaks, time_ms, batch FROM chayan.head WHERE id = 1"};
constexpr PostgresStatement kSelectLeaves = {
    "select_leaves",
    "SELECT idx, leaf FROM chayan.entry WHERE idx >= $1::bigint ORDER BY idx LIMIT $2::bigint"};
constexpr PostgresStatement kSelectTile = {
    "select_tile", "SELECT hashes FROM chayan.tile WHERE level = $1::bigint AND idx = $2::bigint"};
constexpr PostgresStatement kSelectVault = {
    "select_vault",
    "SELECT key_id, wrapped_secret, sealed_detail, tags FROM chayan.vault WHERE idx = $1::bigint"};
constexpr PostgresStatement kSelectLandmarks = {"select_landmarks",
                                                "SELECT idx FROM chayan.landmark ORDER BY idx"};
constexpr PostgresStatement kSelectTallies = {
    "select_tallies",
    "SELECT key, day, count, label FROM chayan.tally WHERE kind = $1::bigint AND key > $2::bytea"
    " ORDER BY key LIMIT $3::bigint"};
constexpr PostgresStatement kSelectRegistry = {
    "select_registry",
    "SELECT path, bytes FROM chayan.registry_set WHERE digest = $1::bytea ORDER BY path"};
constexpr PostgresStatement kSelectCurrent = {
    "select_current", "SELECT digest FROM chayan.registry_applied ORDER BY ordinal DESC LIMIT 1"};
// One statement, so that both are of one moment: others may append.
constexpr PostgresStatement kSelectEnd = {
    "select_end",
    "SELECT size, peaks, time_ms, batch, COALESCE((SELECT max(idx) + 1 FROM chayan.entry), 0)"
    " FROM chayan.head WHERE id = 1"};
constexpr PostgresStatement kSelectDurable = {"select_durable", "SELECT " CHAYAN_SQL_IS_DURABLE};

}  // namespace

absl::StatusOr<Head> HeadOf(const PostgresResult& result) {
  if (result.rows() != 1) return Damaged("it has no head");
  return HeadFromRow({.size = result.Integer(0, 0),
                      .peaks = result.Blob(0, 1),
                      .time_ms = result.Integer(0, 2),
                      .batch = result.Blob(0, 3)});
}

absl::StatusOr<std::unique_ptr<PostgresReader>> PostgresReader::Open(
    const PostgresSettings& settings, absl::string_view role, const Clock& clock) {
  CHAYAN_ASSIGN_OR_RETURN(std::unique_ptr<PostgresConnection> session,
                          OpenSession(settings, role, clock));
  return std::unique_ptr<PostgresReader>(
      new PostgresReader(std::move(session), settings.statement_timeout));
}

absl::StatusOr<Head> PostgresReader::ReadHead() {
  CHAYAN_ASSIGN_OR_RETURN(const PostgresResult result, Ask(kSelectHead));
  return HeadOf(result);
}

// In pages: a server would send all that is asked for at once. Entries never change, so pages of
// different moments go together.
absl::StatusOr<std::vector<std::string>> PostgresReader::ReadLeaves(uint64_t first, uint64_t count,
                                                                    uint64_t bytes_max) {
  if (count == 0) return absl::InvalidArgumentError("no leaves asked for");
  if (first >= kIndexMax) return absl::OutOfRangeError("there is no such entry");
  std::vector<std::string> leaves;
  uint64_t further_bytes = 0;
  while (leaves.size() < count) {
    const uint64_t page = std::min(count - leaves.size(), kPageLeavesMax);
    PostgresParameters parameters;
    parameters.Add(static_cast<int64_t>(first + leaves.size())).Add(static_cast<int64_t>(page));
    CHAYAN_ASSIGN_OR_RETURN(const PostgresResult result, Ask(kSelectLeaves, std::move(parameters)));
    for (int row = 0; row < result.rows(); ++row) {
      const auto index = static_cast<uint64_t>(result.Integer(row, 0));
      const absl::string_view leaf = result.Blob(row, 1);
      if (index != first + leaves.size()) {
        return Damaged(absl::StrCat("an entry is missing before ", index));
      }
      if (!leaves.empty()) {
        further_bytes += leaf.size();
        if (further_bytes > bytes_max) return leaves;
      }
      leaves.emplace_back(leaf);
    }
    if (static_cast<uint64_t>(result.rows()) < page) break;
  }
  if (leaves.empty()) return absl::OutOfRangeError(absl::StrCat("there is no entry ", first));
  return leaves;
}

absl::StatusOr<std::string> PostgresReader::ReadTile(uint32_t level, uint64_t index) {
  PostgresParameters parameters;
  parameters.Add(int64_t{level}).Add(static_cast<int64_t>(index));
  CHAYAN_ASSIGN_OR_RETURN(const PostgresResult result, Ask(kSelectTile, std::move(parameters)));
  if (result.rows() == 0) {
    return absl::NotFoundError(absl::StrCat("no full tile ", level, "/", index));
  }
  CHAYAN_RETURN_IF_ERROR(CheckTile(result.Blob(0, 0), level, index));
  return std::string(result.Blob(0, 0));
}

absl::StatusOr<VaultRow> PostgresReader::ReadVault(uint64_t index) {
  PostgresParameters parameters;
  parameters.Add(static_cast<int64_t>(index));
  CHAYAN_ASSIGN_OR_RETURN(const PostgresResult result, Ask(kSelectVault, std::move(parameters)));
  if (result.rows() == 0) {
    return absl::NotFoundError(absl::StrCat("entry ", index, " has no sealed part"));
  }
  return VaultRow{.key_id = std::string(result.Blob(0, 0)),
                  .wrapped_secret = std::string(result.Blob(0, 1)),
                  .sealed_detail = std::string(result.Blob(0, 2)),
                  .tags = std::string(result.Blob(0, 3))};
}

absl::StatusOr<std::vector<uint64_t>> PostgresReader::ReadLandmarks() {
  CHAYAN_ASSIGN_OR_RETURN(const PostgresResult result, Ask(kSelectLandmarks));
  std::vector<uint64_t> landmarks;
  for (int row = 0; row < result.rows(); ++row) {
    landmarks.push_back(static_cast<uint64_t>(result.Integer(row, 0)));
  }
  return landmarks;
}

absl::StatusOr<std::vector<KeptTally>> PostgresReader::ReadTallies(TallyKind kind,
                                                                   absl::string_view after,
                                                                   size_t count_max) {
  PostgresParameters parameters;
  parameters.Add(static_cast<int64_t>(kind))
      .Add(after)
      .Add(static_cast<int64_t>(std::min<size_t>(count_max, kIndexMax)));
  CHAYAN_ASSIGN_OR_RETURN(const PostgresResult result, Ask(kSelectTallies, std::move(parameters)));
  std::vector<KeptTally> tallies;
  for (int row = 0; row < result.rows(); ++row) {
    tallies.push_back({.key = std::string(result.Blob(row, 0)),
                       .day = result.Integer(row, 1),
                       .count = result.Integer(row, 2),
                       .label = std::string(result.Blob(row, 3))});
  }
  return tallies;
}

absl::StatusOr<RegistrySet> PostgresReader::ReadCurrentRegistry() {
  CHAYAN_ASSIGN_OR_RETURN(const PostgresResult result, Ask(kSelectCurrent));
  if (result.rows() == 0) return absl::NotFoundError("no registry set was ever in force");
  CHAYAN_ASSIGN_OR_RETURN(const crypto::Digest digest, crypto::Digest::FromRaw(result.Blob(0, 0)));
  return ReadRegistry(digest);
}

absl::StatusOr<RegistrySet> PostgresReader::ReadRegistry(const crypto::Digest& digest) {
  PostgresParameters parameters;
  parameters.Add(digest.raw());
  CHAYAN_ASSIGN_OR_RETURN(const PostgresResult result, Ask(kSelectRegistry, std::move(parameters)));
  RegistrySet set{.digest = digest, .files = {}};
  for (int row = 0; row < result.rows(); ++row) {
    set.files.emplace_back(result.Blob(row, 0), result.Blob(row, 1));
  }
  if (set.files.empty()) {
    return absl::NotFoundError(absl::StrCat("no registry set ", digest.ToHex()));
  }
  return set;
}

absl::Status PostgresReader::CheckEntries() {
  CHAYAN_ASSIGN_OR_RETURN(const PostgresResult result, Ask(kSelectEnd));
  CHAYAN_ASSIGN_OR_RETURN(const Head head, HeadOf(result));
  return CheckHeadEndsWith(head, static_cast<uint64_t>(result.Integer(0, 4)));
}

absl::Status PostgresReader::CheckDurable() {
  CHAYAN_ASSIGN_OR_RETURN(const PostgresResult result, Ask(kSelectDurable));
  return result.Boolean(0, 0) ? absl::OkStatus() : NotDurable();
}

}  // namespace chayan::store
