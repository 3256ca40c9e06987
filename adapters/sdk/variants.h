// The reviewed list of variant characters, variants.tsv, compiled in: an adapter is one binary.
#ifndef CHAYAN_ADAPTERS_SDK_VARIANTS_H_
#define CHAYAN_ADAPTERS_SDK_VARIANTS_H_

#include <span>

namespace chayan::sdk {

// `first` is the lower code point.
struct VariantPair {
  char32_t first;
  char32_t second;
  friend auto operator<=>(const VariantPair&, const VariantPair&) = default;
};

// Sorted, without repetitions.
std::span<const VariantPair> VariantPairs();

// The list holds this very pair, in either order. Being a variant is not passed on: of three forms
// of one character each pair that counts is listed.
bool IsVariantPair(char32_t a, char32_t b);

}  // namespace chayan::sdk

#endif  // CHAYAN_ADAPTERS_SDK_VARIANTS_H_
