#ifndef CHAYAN_GATEWAY_BASE_ASCII_H_
#define CHAYAN_GATEWAY_BASE_ASCII_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/strings/string_view.h"

namespace chayan {

// Whether every byte is below 0x80. Eight of them at a time: most text of a question is short and
// plain, and whoever knows that need not take it apart.
inline bool IsAscii(absl::string_view text) {
  size_t i = 0;
  for (uint64_t word; i + sizeof(word) <= text.size(); i += sizeof(word)) {
    std::memcpy(&word, text.data() + i, sizeof(word));
    if ((word & 0x8080808080808080u) != 0) return false;
  }
  for (; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0x80) != 0) return false;
  }
  return true;
}

}  // namespace chayan

#endif  // CHAYAN_GATEWAY_BASE_ASCII_H_
