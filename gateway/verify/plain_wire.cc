#include "gateway/verify/plain_wire.h"

#include <cstdint>

#include "gateway/base/check.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"

namespace chayan::verify {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

bool IsPlain(CodedInputStream& in, const Descriptor& type);

// Reads the value behind `tag`, whose field is `field`.
bool IsPlainValue(CodedInputStream& in, uint32_t tag, const FieldDescriptor& field) {
  const bool delimited =
      WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || !delimited)
    return WireFormatLite::SkipField(&in, tag);
  int size = 0;
  if (!in.ReadVarintSizeAsInt(&size)) return false;
  const CodedInputStream::Limit limit = in.PushLimit(size);
  const bool plain = IsPlain(in, *field.message_type()) && in.BytesUntilLimit() == 0;
  in.PopLimit(limit);
  return plain;
}

bool IsPlain(CodedInputStream& in, const Descriptor& type) {
  CHAYAN_CHECK(type.field_count() <= 64);
  uint64_t seen = 0;
  while (const uint32_t tag = in.ReadTag()) {
    const FieldDescriptor* field = type.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
    if (field == nullptr) return false;
    if (!field->is_repeated()) {
      // Members of a oneof shut each other out: they count as one field.
      const auto* oneof = field->containing_oneof();
      const uint64_t bit = uint64_t{1}
                           << (oneof == nullptr ? field->index() : oneof->field(0)->index());
      if ((seen & bit) != 0) return false;
      seen |= bit;
    }
    if (!IsPlainValue(in, tag, *field)) return false;
  }
  return in.ConsumedEntireMessage() || in.BytesUntilLimit() == 0;
}

}  // namespace

bool IsPlainWire(absl::string_view bytes, const Descriptor& type) {
  CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                      static_cast<int>(bytes.size()));
  return IsPlain(in, type) && static_cast<size_t>(in.CurrentPosition()) == bytes.size();
}

}  // namespace chayan::verify
