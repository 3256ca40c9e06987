#include "adapters/sdk/variants.h"

#include <algorithm>
#include <array>

namespace chayan::sdk {
namespace {

constexpr auto kPairs = [] {
  auto pairs = std::to_array<VariantPair>({
#include "variants.inc"
  });
  for (VariantPair& pair : pairs) {
    if (pair.first > pair.second) std::swap(pair.first, pair.second);
  }
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}();

static_assert(std::adjacent_find(kPairs.begin(), kPairs.end()) == kPairs.end(),
              "variants.tsv lists a pair twice");
static_assert(std::none_of(kPairs.begin(), kPairs.end(),
                           [](const VariantPair& pair) { return pair.first == pair.second; }),
              "variants.tsv pairs a character with itself");

}  // namespace

std::span<const VariantPair> VariantPairs() { return kPairs; }

bool IsVariantPair(char32_t a, char32_t b) {
  return std::binary_search(kPairs.begin(), kPairs.end(),
                            VariantPair{std::min(a, b), std::max(a, b)});
}

}  // namespace chayan::sdk
