// The files of a set, parsed, with the line on which everything stands; and the list of faults that
// reading and checking them found. Reading goes on after a fault: an element that cannot be read is
// left out and the rest of the file is read, so that one look shows every fault.
#ifndef CHAYAN_GATEWAY_REGISTRY_SOURCE_H_
#define CHAYAN_GATEWAY_REGISTRY_SOURCE_H_

#include <google/protobuf/text_format.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "chayan/v1/registry.pb.h"
#include "gateway/registry/snapshot.h"
#include "gateway/registry/text_reader.h"

namespace chayan::registry {

// A deployment of all household offices fits in a tenth of this; more is a mistake.
inline constexpr size_t kFilesMax = 1000;
inline constexpr size_t kSetBytesMax = 4 << 20;

// More faults than this are one fault in many places; the rest is counted.
inline constexpr size_t kFaultsMax = 1000;

// One file: the message and where its parts stand.
struct SourceFile {
  std::string path;
  absl::string_view text;  // outlived by Files
  v1::RegistryFile message;
  ReadText read;
};

// A message inside a file.
class Place {
 public:
  explicit Place(const SourceFile& file);
  // The message in `field`; `index` is -1 for fields that are not repeated.
  Place Nested(const char* field, int index) const;

  const SourceFile& file() const { return *file_; }
  const std::string& path() const { return path_; }
  int line() const { return line_; }
  std::string PathOf(absl::string_view field, int index) const;
  // Where a field's value stands; the message's own line if it is not there. `value` finds the line
  // within a list that goes over several.
  int LineOf(absl::string_view field, int index, absl::string_view value) const;

 private:
  const SourceFile* file_;
  const google::protobuf::Descriptor* descriptor_;
  const google::protobuf::TextFormat::ParseInfoTree* tree_;  // null: unknown
  std::string path_;
  int line_ = 1;
};

class Faults {
 public:
  void Add(absl::string_view file, int line, absl::string_view path, absl::string_view what);
  // At `field` of the message at `place`; an empty field is the message itself.
  void Add(const Place& place, absl::string_view field, absl::string_view what) {
    AddAt(place, field, -1, "", what);
  }
  void AddAt(const Place& place, absl::string_view field, int index, absl::string_view value,
             absl::string_view what);

  bool empty() const { return faults_.empty(); }
  size_t size() const { return faults_.size() + left_out_; }
  // `file:line: path: what`, sorted by file and line.
  std::vector<std::string> ToLines() const;

 private:
  struct Fault {
    std::string file;
    int line;
    std::string text;
  };
  std::vector<Fault> faults_;
  size_t left_out_ = 0;
};

struct Sources {
  std::vector<std::unique_ptr<SourceFile>> files;
  // Every quoted text of elements that could not be read: whatever refers to one of these may well
  // be right.
  absl::flat_hash_set<std::string> unreadable_names;
};

// REQUIRES: `files` outlives the result.
Sources ParseFiles(const Files& files, Faults& faults);

}  // namespace chayan::registry

#endif  // CHAYAN_GATEWAY_REGISTRY_SOURCE_H_
