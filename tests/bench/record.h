// What a client was told, kept as it came: a file of records
//   kind (1 byte: 'A' an answer, 'E' an error)
//   uint32 length, the request's bytes
//   uint32 length, A: the response message; E: the google.rpc.Status
//   uint32 length, A: nothing; E: the receipt, empty when none came
// with lengths big-endian. tests/crash reads it.
#ifndef CHAYAN_TESTS_BENCH_RECORD_H_
#define CHAYAN_TESTS_BENCH_RECORD_H_

#include <fstream>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace chayan::bench {

class RecordFile {
 public:
  // Appends to `path`.
  static absl::StatusOr<std::unique_ptr<RecordFile>> Open(const std::string& path);

  void Answer(absl::string_view request, absl::string_view response);
  void Error(absl::string_view request, absl::string_view status, absl::string_view receipt);
  // An error if any record was not written whole.
  absl::Status Close();

 private:
  explicit RecordFile(const std::string& path);
  void Part(absl::string_view bytes);

  const std::string path_;
  std::ofstream out_;
};

}  // namespace chayan::bench

#endif  // CHAYAN_TESTS_BENCH_RECORD_H_
