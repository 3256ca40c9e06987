#include "tests/bench/record.h"

#include "absl/strings/str_cat.h"
#include "gateway/base/encoding.h"

namespace chayan::bench {

RecordFile::RecordFile(const std::string& path)
    : path_(path), out_(path, std::ios::binary | std::ios::app) {}

absl::StatusOr<std::unique_ptr<RecordFile>> RecordFile::Open(const std::string& path) {
  std::unique_ptr<RecordFile> file(new RecordFile(path));
  if (!file->out_) return absl::UnavailableError(absl::StrCat(path, ": cannot be written"));
  return file;
}

void RecordFile::Part(absl::string_view bytes) {
  std::string length;
  AppendUint32(length, static_cast<uint32_t>(bytes.size()));
  out_ << length;
  out_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

void RecordFile::Answer(absl::string_view request, absl::string_view response) {
  out_ << 'A';
  Part(request);
  Part(response);
  Part("");
}

void RecordFile::Error(absl::string_view request, absl::string_view status,
                       absl::string_view receipt) {
  out_ << 'E';
  Part(request);
  Part(status);
  Part(receipt);
}

absl::Status RecordFile::Close() {
  out_.close();
  if (out_.fail()) return absl::DataLossError(absl::StrCat(path_, ": not all was written"));
  return absl::OkStatus();
}

}  // namespace chayan::bench
