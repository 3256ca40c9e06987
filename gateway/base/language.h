// The two languages of what people read: zh-TW and en. Which one is decided once and passed on;
// both texts of a sentence stand side by side in the code, so that neither is forgotten.
#ifndef CHAYAN_GATEWAY_BASE_LANGUAGE_H_
#define CHAYAN_GATEWAY_BASE_LANGUAGE_H_

#include "absl/strings/string_view.h"

namespace chayan {

enum class Language { kZhTw, kEn };

inline absl::string_view Say(Language language, absl::string_view zh_tw, absl::string_view en) {
  return language == Language::kZhTw ? zh_tw : en;
}

}  // namespace chayan

#endif  // CHAYAN_GATEWAY_BASE_LANGUAGE_H_
