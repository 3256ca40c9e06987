// Goal: a response written straight to the wire is the message it stands for. Method: the same
// parts in a message object, compared byte by byte and field by field.
#include "gateway/verify/response.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chayan/v1/receipt.pb.h"
#include "gateway/base/random.h"

namespace chayan::verify {
namespace {

tlog::HolderSignature Signature(uint32_t index, size_t path) {
  SeededRandom random(5);
  tlog::HolderSignature signature;
  random.Fill(signature.key_id.bytes);
  random.Fill(signature.signature.bytes);
  signature.index = index;
  signature.count = 300;
  signature.path.resize(path);
  for (tlog::Hash& hash : signature.path) random.Fill(hash.bytes);
  return signature;
}

v1::Receipt Message(const ReceiptParts& parts) {
  v1::Receipt receipt;
  receipt.set_leaf(parts.committed.leaf);
  receipt.set_request_opening(parts.sealed.request_opening);
  receipt.set_response_opening(parts.sealed.response_opening);
  receipt.set_tlog_proof(parts.committed.tlog_proof);
  if (parts.holder == nullptr) return receipt;
  v1::HolderSignature& holder = *receipt.mutable_holder_signature();
  holder.set_key_id(parts.holder->key_id.ToString());
  holder.set_signature(parts.holder->signature.ToString());
  holder.set_index(parts.holder->index);
  holder.set_count(parts.holder->count);
  for (const tlog::Hash& hash : parts.holder->path) holder.add_path(hash.ToString());
  return receipt;
}

log::VaultOutput Openings() {
  log::VaultOutput sealed;
  sealed.request_opening = std::string(32, 'q');
  sealed.response_opening = std::string(32, 's');
  return sealed;
}

TEST(ResponseTest, IsTheMessageItStandsFor) {
  const log::VaultOutput sealed = Openings();
  for (const size_t leaf : {size_t{1}, size_t{127}, size_t{128}, size_t{2000}, size_t{20000}}) {
    const log::Committed committed{
        .index = 7, .leaf = std::string(leaf, 'l'), .tlog_proof = std::string(leaf / 2, 'p')};
    for (const uint32_t index : {0u, 1u, 200u}) {
      const tlog::HolderSignature signature = Signature(index, index % 10);
      const ReceiptParts parts{committed, sealed, &signature};
      v1::VerifyDocumentResponseView view;
      view.set_request_id("01890a5d-ac96-774b-bcce-b302099a8057");
      view.set_answer(std::string(leaf, 'a'));
      *view.mutable_receipt() = Message(parts);
      view.set_next_step("step");
      EXPECT_EQ(EncodeResponse(view.request_id(), view.answer(), parts, view.next_step()),
                view.SerializeAsString());
      EXPECT_EQ(EncodeReceipt(parts), Message(parts).SerializeAsString());
    }
  }
}

TEST(ResponseTest, KeepsAnEmptyAnswerAndLeavesOutWhatIsNotThere) {
  const log::VaultOutput sealed = Openings();
  const log::Committed committed{.index = 0, .leaf = "{}", .tlog_proof = "p"};
  const ReceiptParts parts{committed, sealed, nullptr};
  v1::VerifyDocumentResponseView view;
  ASSERT_TRUE(view.ParseFromString(EncodeResponse("", "", parts, "")));
  EXPECT_EQ(view.result_case(), v1::VerifyDocumentResponseView::kAnswer);
  EXPECT_FALSE(view.receipt().has_holder_signature());
  EXPECT_EQ(view.receipt().SerializeAsString(), Message(parts).SerializeAsString());
}

}  // namespace
}  // namespace chayan::verify
