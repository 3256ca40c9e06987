// Reads protobuf's text form to its end: what it does not know is said with what was meant, an
// element that cannot be read is left out and the rest is read, so that one look shows every fault.
#ifndef CHAYAN_GATEWAY_REGISTRY_TEXT_READER_H_
#define CHAYAN_GATEWAY_REGISTRY_TEXT_READER_H_

#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>

#include <functional>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"

namespace chayan::registry {

struct ReadText {
  // Where what was read stands.
  google::protobuf::TextFormat::ParseInfoTree places;
  bool left_out = false;
  // Every quoted text of elements that were left out.
  absl::flat_hash_set<std::string> names_left_out;
};

// Both from 1.
using TextFault = std::function<void(int line, int column, absl::string_view what)>;

// Reads `text` into `message`. Without a fault all of it was read.
void ReadMessage(absl::string_view text, const TextFault& fault, google::protobuf::Message& message,
                 ReadText& read);

}  // namespace chayan::registry

#endif  // CHAYAN_GATEWAY_REGISTRY_TEXT_READER_H_
