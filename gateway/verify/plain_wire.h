// Bytes that say each thing once, in fields that this version knows, in the form they have, at
// every depth. A field it does not know may change what a question means and could carry anything
// past a Permit; a field written twice hides its first value from every check, but not from whoever
// gets the bytes.
#ifndef CHAYAN_GATEWAY_VERIFY_PLAIN_WIRE_H_
#define CHAYAN_GATEWAY_VERIFY_PLAIN_WIRE_H_

#include <cstdint>
#include <deque>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace chayan::verify {

// The fields of a message type and of all types below it, laid out for one walk over bytes.
// Immutable.
class PlainWire {
 public:
  // REQUIRES: messages of at most 64 fields, with numbers below 1024.
  explicit PlainWire(const google::protobuf::Descriptor& root);
  PlainWire(const PlainWire&) = delete;
  PlainWire& operator=(const PlainWire&) = delete;

  // False also for bytes that are not well-formed.
  bool Accepts(absl::string_view bytes) const;

 private:
  struct Type;
  struct Field {
    bool known = false;
    bool repeated = false;
    uint8_t wire_type = 0;
    bool may_be_packed = false;
    uint64_t bit = 0;            // members of a oneof share one: they shut each other out
    const Type* type = nullptr;  // of a message
  };
  struct Type {
    const google::protobuf::Descriptor* descriptor;
    std::vector<Field> fields;  // by number
  };
  const Type* TypeOf(const google::protobuf::Descriptor& descriptor);
  static Field FieldOf(const google::protobuf::FieldDescriptor& descriptor);
  static bool Accepts(const Type& type, absl::string_view bytes);

  std::deque<Type> types_;  // the root first
};

}  // namespace chayan::verify

#endif  // CHAYAN_GATEWAY_VERIFY_PLAIN_WIRE_H_
