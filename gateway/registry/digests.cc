// What sets and kinds are known by. These bytes cannot change: entries and adapters hold them.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/base/encoding.h"
#include "gateway/crypto/digest.h"
#include "gateway/registry/snapshot.h"
#include "gateway/registry/values.h"

namespace chayan::registry {

crypto::Digest SetDigest(const Files& files) {
  std::vector<const std::pair<std::string, std::string>*> sorted;
  sorted.reserve(files.size());
  for (const auto& file : files) sorted.push_back(&file);
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return *a < *b; });

  crypto::Sha256Hasher hasher;
  for (const auto* file : sorted) {
    std::string length;
    AppendUint64(length, file->second.size());
    hasher.Update(file->first).Update(absl::string_view("\0", 1)).Update(length);
    hasher.Update(file->second);
  }
  return hasher.Finish();
}

crypto::Digest KindDigest(const v1::DocumentKind& kind) {
  std::vector<std::string> lines;
  for (const auto* elements : {&kind.claims(), &kind.fields()}) {
    for (const v1::Element& element : *elements) {
      lines.push_back(absl::StrCat(element.code(), ":", TypeName(element.type()), "\n"));
    }
  }
  std::sort(lines.begin(), lines.end());
  return crypto::Sha256({kind.code(), absl::StrJoin(lines, "")});
}

}  // namespace chayan::registry
