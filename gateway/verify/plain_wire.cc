// Walking by descriptors took 0.74 us for a question and its answer, by these tables 0.51 us.
#include "gateway/verify/plain_wire.h"

#include <limits>
#include <optional>

#include "gateway/base/check.h"
#include "google/protobuf/wire_format_lite.h"

namespace chayan::verify {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;

constexpr int kFieldsMax = 64;
constexpr int kFieldNumberMax = 1023;

std::optional<uint64_t> TakeVarint(absl::string_view& bytes) {
  constexpr size_t kVarintBytesMax = 10;
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.size() && i < kVarintBytesMax; ++i) {
    const auto byte = static_cast<uint8_t>(bytes[i]);
    value |= uint64_t{byte & 0x7Fu} << (7 * i);
    if (byte < 0x80) {
      bytes.remove_prefix(i + 1);
      return value;
    }
  }
  return std::nullopt;
}

// The bytes of a value behind its tag: those that a length counts, or of a number. Nothing for
// groups, which we do not use.
std::optional<absl::string_view> TakeValue(absl::string_view& bytes, uint8_t wire_type) {
  uint64_t size = 0;
  switch (wire_type) {
    case WireFormatLite::WIRETYPE_VARINT:
      if (!TakeVarint(bytes)) return std::nullopt;
      return absl::string_view();
    case WireFormatLite::WIRETYPE_FIXED64:
      size = sizeof(uint64_t);
      break;
    case WireFormatLite::WIRETYPE_FIXED32:
      size = sizeof(uint32_t);
      break;
    case WireFormatLite::WIRETYPE_LENGTH_DELIMITED: {
      const std::optional<uint64_t> length = TakeVarint(bytes);
      if (!length) return std::nullopt;
      size = *length;
      break;
    }
    default:
      return std::nullopt;
  }
  if (size > bytes.size()) return std::nullopt;
  const absl::string_view value = bytes.substr(0, static_cast<size_t>(size));
  bytes.remove_prefix(value.size());
  return value;
}

}  // namespace

PlainWire::PlainWire(const Descriptor& root) { TypeOf(root); }

PlainWire::Field PlainWire::FieldOf(const FieldDescriptor& descriptor) {
  const auto type = static_cast<WireFormatLite::FieldType>(descriptor.type());
  const auto* oneof = descriptor.containing_oneof();
  const int place = oneof == nullptr ? descriptor.index() : oneof->field(0)->index();
  return {.known = true,
          .repeated = descriptor.is_repeated(),
          .wire_type = static_cast<uint8_t>(WireFormatLite::WireTypeForFieldType(type)),
          .may_be_packed = descriptor.is_packable(),
          .bit = uint64_t{1} << place};
}

const PlainWire::Type* PlainWire::TypeOf(const Descriptor& descriptor) {
  for (const Type& type : types_) {
    if (type.descriptor == &descriptor) return &type;
  }
  CHAYAN_CHECK(descriptor.field_count() <= kFieldsMax);
  Type& type = types_.emplace_back(Type{&descriptor, {}});
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& from = *descriptor.field(i);
    CHAYAN_CHECK(from.number() <= kFieldNumberMax);
    const auto number = static_cast<size_t>(from.number());
    if (type.fields.size() <= number) type.fields.resize(number + 1);
    type.fields[number] = FieldOf(from);
    // A message below may be of a type that is being made: the deque moves nothing.
    if (from.message_type() != nullptr) type.fields[number].type = TypeOf(*from.message_type());
  }
  return &type;
}

bool PlainWire::Accepts(absl::string_view bytes) const { return Accepts(types_.front(), bytes); }

bool PlainWire::Accepts(const Type& type, absl::string_view bytes) {
  constexpr int kWireTypeBits = 3;
  uint64_t seen = 0;
  while (!bytes.empty()) {
    const std::optional<uint64_t> tag = TakeVarint(bytes);
    if (!tag || *tag > std::numeric_limits<uint32_t>::max()) return false;
    const uint64_t number = *tag >> kWireTypeBits;
    if (number >= type.fields.size() || !type.fields[number].known) return false;
    const Field& field = type.fields[number];
    const auto wire_type = static_cast<uint8_t>(*tag & ((1u << kWireTypeBits) - 1));
    // In another form than its own a field would be kept as one that is not known.
    const bool packed =
        field.may_be_packed && wire_type == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
    if (wire_type != field.wire_type && !packed) return false;
    if (!field.repeated) {
      if ((seen & field.bit) != 0) return false;
      seen |= field.bit;
    }
    const std::optional<absl::string_view> value = TakeValue(bytes, wire_type);
    if (!value) return false;
    if (field.type != nullptr && !Accepts(*field.type, *value)) return false;
  }
  return true;
}

}  // namespace chayan::verify
