#include "gateway/store/row_eraser.h"

#include <algorithm>
#include <string>

#include "absl/cleanup/cleanup.h"
#include "gateway/base/status_macros.h"

namespace chayan::store {

int64_t BlockOf(uint64_t run, absl::string_view tag) {
  return static_cast<int64_t>(run * kRunBlocks + static_cast<uint8_t>(tag[0]));
}

bool IsNoTag(absl::string_view tag) {
  return std::all_of(tag.begin(), tag.end(), [](char c) { return c == '\0'; });
}

bool IsErased(absl::string_view key_id) { return IsNoTag(key_id); }

absl::StatusOr<RowEraser> RowEraser::Prepare(Connection& connection) {
  RowEraser eraser;
  CHAYAN_ASSIGN_OR_RETURN(eraser.select_row_,
                          connection.Prepare("SELECT key_id, tags FROM vault WHERE idx = ?"));
  CHAYAN_ASSIGN_OR_RETURN(eraser.erase_row_,
                          connection.Prepare("UPDATE vault SET key_id = zeroblob(length(key_id)), "
                                             "wrapped_secret = zeroblob(length(wrapped_secret)), "
                                             "sealed_detail = zeroblob(length(sealed_detail)), "
                                             "tags = zeroblob(length(tags)) WHERE idx = ?"));
  CHAYAN_ASSIGN_OR_RETURN(eraser.select_block_,
                          connection.Prepare("SELECT tags FROM search_block WHERE id = ?"));
  CHAYAN_ASSIGN_OR_RETURN(eraser.update_block_,
                          connection.Prepare("UPDATE search_block SET tags = ? WHERE id = ?"));
  return eraser;
}

absl::Status RowEraser::Erase(uint64_t index) {
  std::string tags;
  {
    const absl::Cleanup resetter = [this] { select_row_.Reset(); };
    CHAYAN_ASSIGN_OR_RETURN(const bool row,
                            select_row_.Bind(1, static_cast<int64_t>(index)).Step());
    if (!row || IsErased(select_row_.Blob(0))) return absl::OkStatus();
    tags = std::string(select_row_.Blob(1));
  }
  CHAYAN_RETURN_IF_ERROR(EraseTags(index, tags));
  return erase_row_.Bind(1, static_cast<int64_t>(index)).Run();
}

// Blocks of a run that is not searched yet count too: it may be half built.
absl::Status RowEraser::EraseTags(uint64_t index, absl::string_view tags) {
  const uint64_t place = index % kRunEntries;
  const char place_bytes[kPlaceBytes] = {static_cast<char>(place >> 8), static_cast<char>(place)};
  for (size_t at = 0; at + kTagBytes <= tags.size(); at += kTagBytes) {
    const absl::string_view tag = tags.substr(at, kTagBytes);
    if (IsNoTag(tag)) continue;
    const int64_t id = BlockOf(index / kRunEntries, tag);
    std::string block;
    {
      const absl::Cleanup resetter = [this] { select_block_.Reset(); };
      CHAYAN_ASSIGN_OR_RETURN(const bool row, select_block_.Bind(1, id).Step());
      if (!row) continue;
      block = std::string(select_block_.Blob(0));
    }
    for (size_t item = 0; item + kBlockItemBytes <= block.size(); item += kBlockItemBytes) {
      const absl::string_view here(block.data() + item + kTagBytes, kPlaceBytes);
      if (here != absl::string_view(place_bytes, kPlaceBytes)) continue;
      std::fill_n(block.begin() + static_cast<std::ptrdiff_t>(item), kTagBytes, '\0');
    }
    CHAYAN_RETURN_IF_ERROR(update_block_.Bind(1, block).Bind(2, id).Run());
  }
  return absl::OkStatus();
}

}  // namespace chayan::store
