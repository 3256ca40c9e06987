// Goal: an unknown field is found wherever it hides. Method: the descriptors name every message
// below a question and an answer; each gets an unknown field in turn.
#include "gateway/verify/known_fields.h"

#include <functional>

#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"

namespace chayan::verify {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Calls `visit` with each message below `root`, which is made on the way.
void VisitBelow(Message& root, const std::function<void(Message&, const std::string&)>& visit,
                const std::string& path) {
  visit(root, path);
  for (int i = 0; i < root.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *root.GetDescriptor()->field(i);
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    Message& child = field.is_repeated() ? *root.GetReflection()->AddMessage(&root, &field)
                                         : *root.GetReflection()->MutableMessage(&root, &field);
    VisitBelow(child, visit, path + "." + field.name());
  }
}

template <typename Root>
int CheckEveryMessageOf() {
  int messages = 0;
  Root root;
  VisitBelow(
      root,
      [&](Message& message, const std::string& path) {
        EXPECT_FALSE(HasUnknownFields(root)) << path;
        auto* unknown = message.GetReflection()->MutableUnknownFields(&message);
        unknown->AddLengthDelimited(1000, "hidden");
        EXPECT_TRUE(HasUnknownFields(root)) << path;
        unknown->Clear();
        ++messages;
      },
      Root::descriptor()->name());
  return messages;
}

TEST(KnownFieldsTest, FindsAnUnknownFieldInEveryMessageOfAQuestion) {
  EXPECT_EQ(CheckEveryMessageOf<v1::VerifyDocumentRequest>(), 10);
}

TEST(KnownFieldsTest, FindsAnUnknownFieldInEveryMessageOfAnAnswer) {
  EXPECT_EQ(CheckEveryMessageOf<v1::VerificationAnswer>(), 5);
}

}  // namespace
}  // namespace chayan::verify
