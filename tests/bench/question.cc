#include "tests/bench/question.h"

#include <iterator>

#include "absl/strings/str_format.h"
#include "chayan/v1/verification_service.pb.h"
#include "gateway/base/check.h"

namespace chayan::bench {
namespace {

// Fixed examples of adapters/agencies/README.md.
struct Example {
  const char* section;
  const char* lot;
  const char* name;
  const char* number;
};
constexpr Example kExamples[] = {
    {"0863", "48", "王小明", "A123456789"},
    {"0863", "54", "Kacaw’ Mayaw", "U120000040"},
};

// Before the number in a request id: "xxxxxxxx-xxxx-4xxx-8xxx-".
constexpr size_t kIdPrefixBytes = 24;
constexpr uint64_t kNumberMax = (uint64_t{1} << 48) - 1;

void AddClaim(v1::VerifyDocumentRequest& request, const char* code, const std::string& text) {
  v1::Claim& claim = *request.add_claims();
  claim.set_code(code);
  claim.set_text(text);
}

std::string BytesOf(const Example& example, const std::string& land_office, const std::string& id) {
  v1::VerifyDocumentRequest request;
  request.set_request_id(id);
  request.set_acting_for(kActingFor);
  v1::Purpose& purpose = *request.mutable_purpose();
  purpose.mutable_person()->set_id("clerk-7");
  purpose.mutable_person()->set_role("clerk");
  purpose.set_purpose_code("household.move");
  purpose.set_legal_basis("household-act-68");
  purpose.set_case_number("113-0042");
  request.set_document_kind("land.title");
  v1::Subject& subject = *request.mutable_subject();
  subject.mutable_identifier()->set_scheme(v1::IDENTIFIER_SCHEME_NATIONAL_ID);
  subject.mutable_identifier()->set_value(example.number);
  subject.set_name(example.name);
  AddClaim(request, "land_office", land_office);
  AddClaim(request, "section", example.section);
  AddClaim(request, "lot", example.lot);
  AddClaim(request, "owner_name", example.name);
  AddClaim(request, "owner_number", example.number);
  for (const char* field : {"share", "address"}) request.add_requested_fields(field);
  purpose.set_reason("x");  // Makes room for its key and length.
  const size_t size = request.ByteSizeLong();
  CHAYAN_CHECK(size < kQuestionBytes);
  purpose.set_reason(std::string(kQuestionBytes - size, 'x'));
  // The lengths of reason and purpose grow by a byte each at 128.
  while (request.ByteSizeLong() > kQuestionBytes) purpose.mutable_reason()->pop_back();
  while (request.ByteSizeLong() < kQuestionBytes) purpose.mutable_reason()->push_back('x');
  return request.SerializeAsString();
}

}  // namespace

Questions::Questions(Random& random, const std::string& land_office)
    : id_prefix_(absl::StrFormat("%08x-%04x-4%03x-8%03x-", random.Uint64() & 0xffffffff,
                                 random.Uint64() & 0xffff, random.Uint64() & 0xfff,
                                 random.Uint64() & 0xfff)) {
  CHAYAN_CHECK(id_prefix_.size() == kIdPrefixBytes);
  for (const Example& example : kExamples) {
    const std::string id = IdOf(0);
    std::string bytes = BytesOf(example, land_office, id);
    const size_t offset = bytes.find(id);
    CHAYAN_CHECK(offset != std::string::npos);
    templates_.push_back({std::move(bytes), offset + kIdPrefixBytes});
  }
}

std::string Questions::IdOf(uint64_t number) const {
  CHAYAN_CHECK(number <= kNumberMax);
  return absl::StrFormat("%s%012x", id_prefix_, number);
}

void Questions::Make(uint64_t number, std::string& out) const {
  static constexpr char kDigits[] = "0123456789abcdef";
  CHAYAN_CHECK(number <= kNumberMax);
  const Template& from = templates_[number % templates_.size()];
  out = from.bytes;
  char* digit = out.data() + from.id_offset + 12;
  for (int i = 0; i < 12; ++i, number >>= 4) *--digit = kDigits[number & 15];
}

}  // namespace chayan::bench
