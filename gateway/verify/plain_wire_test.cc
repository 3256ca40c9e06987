// Goal: what hides in bytes is found wherever it hides, and what honest encoders write passes.
// Method: the descriptors name every message below a question and an answer; each gets an unknown
// field and a repeated one in turn.
#include "gateway/verify/plain_wire.h"

#include <functional>

#include "chayan/v1/verification_service.pb.h"
#include "gtest/gtest.h"

namespace chayan::verify {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool IsPlainWire(const std::string& bytes, const google::protobuf::Descriptor& type) {
  return PlainWire(type).Accepts(bytes);
}

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
        EXPECT_TRUE(IsPlainWire(root.SerializeAsString(), *Root::descriptor())) << path;
        auto* unknown = message.GetReflection()->MutableUnknownFields(&message);
        unknown->AddLengthDelimited(1000, "hidden");
        EXPECT_FALSE(IsPlainWire(root.SerializeAsString(), *Root::descriptor())) << path;
        unknown->Clear();
        ++messages;
      },
      Root::descriptor()->name());
  return messages;
}

bool IsPlainAnswer(const std::string& bytes) {
  return IsPlainWire(bytes, *v1::VerificationAnswer::descriptor());
}

TEST(PlainWireTest, FindsAnUnknownFieldInEveryMessageOfAQuestion) {
  EXPECT_EQ(CheckEveryMessageOf<v1::VerifyDocumentRequest>(), 11);
}

TEST(PlainWireTest, FindsAnUnknownFieldInEveryMessageOfAnAnswer) {
  EXPECT_EQ(CheckEveryMessageOf<v1::VerificationAnswer>(), 5);
}

TEST(PlainWireTest, FindsAValueBehindAnother) {
  v1::VerificationAnswer once;
  once.set_document_reference("x");
  const std::string bytes = once.SerializeAsString();
  EXPECT_TRUE(IsPlainAnswer(bytes));
  EXPECT_FALSE(IsPlainAnswer(bytes + bytes));

  v1::VerificationAnswer with_time;
  with_time.mutable_as_of_time()->set_seconds(1);
  EXPECT_FALSE(IsPlainAnswer(with_time.SerializeAsString() + with_time.SerializeAsString()));
}

TEST(PlainWireTest, MembersOfAOneofShutEachOtherOut) {
  v1::ReleasedField text, date;
  text.set_text("hidden");
  date.mutable_date()->set_year(1);
  EXPECT_FALSE(IsPlainWire(text.SerializeAsString() + date.SerializeAsString(),
                           *v1::ReleasedField::descriptor()));
}

TEST(PlainWireTest, FindsAFieldInAnotherFormThanItsOwn) {
  v1::VerifyDocumentRequest request;
  // request_id, a text, as a number and as eight bytes: a parser keeps both as unknown fields.
  for (const std::string& bytes : {std::string("\x08\x01", 2), "\x09" + std::string(8, 'h')}) {
    ASSERT_TRUE(request.ParseFromString(bytes));
    EXPECT_EQ(request.request_id(), "");
    EXPECT_FALSE(IsPlainWire(bytes, *v1::VerifyDocumentRequest::descriptor()));
  }
}

TEST(PlainWireTest, RefusesGroupsAndTagsOfMoreThanThirtyTwoBits) {
  EXPECT_FALSE(IsPlainAnswer(std::string("\x0b\x0c", 2)));
  EXPECT_FALSE(IsPlainAnswer(std::string("\x8a\x80\x80\x80\x80\x01\x00", 7)));
}

TEST(PlainWireTest, RepeatedFieldsAndExplicitDefaultsPass) {
  v1::VerificationAnswer answer;
  answer.add_verdicts()->set_code("lot");
  answer.add_verdicts()->set_code("section");
  const std::string forwarded_false("\x50\x00", 2);
  EXPECT_TRUE(IsPlainAnswer(answer.SerializeAsString() + forwarded_false));
}

TEST(PlainWireTest, RefusesEveryCutOfAnAnswerThatEndsInsideAField) {
  v1::VerificationAnswer answer;
  answer.set_document_reference("reference");
  const std::string bytes = answer.SerializeAsString();
  for (size_t size = 1; size < bytes.size(); ++size)
    EXPECT_FALSE(IsPlainAnswer(bytes.substr(0, size))) << size;
  EXPECT_TRUE(IsPlainAnswer(""));
}

}  // namespace
}  // namespace chayan::verify
