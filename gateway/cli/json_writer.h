// JSON for scripts, written in one pass: objects and arrays nest, commas look after themselves.
#ifndef CHAYAN_GATEWAY_CLI_JSON_WRITER_H_
#define CHAYAN_GATEWAY_CLI_JSON_WRITER_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gateway/base/encoding.h"

namespace chayan::cli {

class JsonWriter {
 public:
  // Without a key inside arrays and at the top.
  JsonWriter& BeginObject(absl::string_view key = {}) { return Begin(key, '{'); }
  JsonWriter& EndObject() { return End('}'); }
  JsonWriter& BeginArray(absl::string_view key = {}) { return Begin(key, '['); }
  JsonWriter& EndArray() { return End(']'); }

  // Bytes that are no UTF-8 are shown in base64.
  JsonWriter& Text(absl::string_view key, absl::string_view value) {
    Key(key);
    AppendJsonString(out_, IsValidUtf8(value) ? std::string(value) : Base64Encode(value));
    return *this;
  }
  JsonWriter& Number(absl::string_view key, int64_t value) {
    Key(key);
    absl::StrAppend(&out_, value);
    return *this;
  }
  JsonWriter& Bool(absl::string_view key, bool value) {
    Key(key);
    out_ += value ? "true" : "false";
    return *this;
  }

  // `value`: JSON already.
  JsonWriter& Json(absl::string_view key, absl::string_view value) {
    Key(key);
    absl::StrAppend(&out_, value);
    return *this;
  }

  std::string Take() && { return std::move(out_); }

 private:
  void Key(absl::string_view key) {
    if (!out_.empty() && out_.back() != '{' && out_.back() != '[') out_ += ',';
    if (key.empty()) return;
    AppendJsonString(out_, key);
    out_ += ':';
  }
  JsonWriter& Begin(absl::string_view key, char bracket) {
    Key(key);
    out_ += bracket;
    return *this;
  }
  JsonWriter& End(char bracket) {
    out_ += bracket;
    return *this;
  }

  std::string out_;
};

}  // namespace chayan::cli

#endif  // CHAYAN_GATEWAY_CLI_JSON_WRITER_H_
