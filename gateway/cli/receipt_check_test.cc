// Goal: an honest receipt passes, and whoever changes anything is named with the first lie. Method:
// evidence made in the test by a small log with its own keys; one attack a case; then every single
// bit of an evidence file.
#include "gateway/cli/receipt_check.h"

#include <gtest/gtest.h>

#include <functional>

#include "absl/strings/str_replace.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_matchers.h"
#include "gateway/cli/check_text.h"
#include "gateway/cli/receipt_text.h"
#include "gateway/cli/sample_log_for_test.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace chayan::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string DenialBytes(absl::string_view reason) {
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(reason));
  info.set_domain("chayan");
  google::rpc::Status status;
  status.set_code(7);
  status.set_message("no grant covers the kind");
  status.add_details()->PackFrom(info);
  return status.SerializeAsString();
}

class ReceiptCheckTest : public ::testing::Test {
 protected:
  ReceiptCheckTest() { log_.AppendReads(5); }

  v1::EvidenceFile Evidence(const SampleLog::Exchange& exchange = {}, bool cosigned = false) {
    v1::EvidenceFile evidence = log_.Ask(exchange);
    log_.AppendReads(3);
    log_.Prove(evidence, cosigned);
    return evidence;
  }
  std::string FirstLie(const v1::EvidenceFile& evidence) {
    return FirstLie(evidence.SerializeAsString());
  }
  std::string FirstLie(const std::string& bytes) {
    const ReceiptReport report = CheckEvidence(bytes, log_.Trust());
    return report.ok() ? "" : std::string(StepName(report.first_lie().step));
  }

  SampleLog log_;
};

TEST_F(ReceiptCheckTest, ProvesAnHonestExchange) {
  const ReceiptReport report = CheckEvidence(Evidence().SerializeAsString(), log_.Trust());
  ASSERT_TRUE(report.ok()) << report.first_lie().status;
  EXPECT_TRUE(report.holder_signed);
  EXPECT_EQ(report.standing->index, 6u);
  EXPECT_EQ(report.steps.size(), 9u);
  EXPECT_THAT(CheckText(Language::kEn, report), HasSubstr("the operator's signed promise"));
  EXPECT_THAT(CheckText(Language::kZhTw, report), HasSubstr("營運者簽署的承諾"));
  EXPECT_THAT(CheckJson(report), HasSubstr("\"level\":\"signed\""));
}

TEST_F(ReceiptCheckTest, SaysWhenAWitnessSawIt) {
  const ReceiptReport report = CheckEvidence(Evidence({}, true).SerializeAsString(), log_.Trust());
  ASSERT_TRUE(report.ok()) << report.first_lie().status;
  EXPECT_THAT(CheckText(Language::kEn, report), HasSubstr("witnessed by 1/1"));
}

TEST_F(ReceiptCheckTest, AsksForTheQuorumOfTheTrustFile) {
  const std::string trust = absl::StrReplaceAll(log_.TrustText(), {{"quorum none", "quorum w1"}});
  const tlog::Policy policy = *tlog::Policy::Parse(trust);
  const ReceiptReport without = CheckEvidence(Evidence().SerializeAsString(), policy);
  ASSERT_FALSE(without.ok());
  EXPECT_EQ(without.first_lie().step, CheckStep::kWitnesses);
  EXPECT_TRUE(CheckEvidence(Evidence({}, true).SerializeAsString(), policy).ok());
}

TEST_F(ReceiptCheckTest, ProvesADenialByItsStatusBytes) {
  SampleLog::Exchange denial;
  denial.status = DenialBytes("NO_GRANT");
  const ReceiptReport report = CheckEvidence(Evidence(denial).SerializeAsString(), log_.Trust());
  ASSERT_TRUE(report.ok()) << report.first_lie().status;
  EXPECT_FALSE(report.holder_signed);
}

TEST_F(ReceiptCheckTest, ProvesAnAnswerOfTheGateway) {
  SampleLog::Exchange down;
  down.holder_signs = false;
  down.answer.set_outcome(v1::OUTCOME_SOURCE_DOWN);
  down.answer.set_answered_by(v1::ANSWER_SOURCE_GATEWAY);
  down.entry_outcome = "SOURCE_DOWN";
  const ReceiptReport report = CheckEvidence(Evidence(down).SerializeAsString(), log_.Trust());
  ASSERT_TRUE(report.ok()) << report.first_lie().status;
  EXPECT_FALSE(report.holder_signed);
}

struct Attack {
  const char* name;
  const char* first_lie;
  std::function<void(v1::EvidenceFile&)> change;
};

TEST_F(ReceiptCheckTest, NamesTheFirstLieOfEachAttack) {
  const auto flip = [](std::string* bytes, size_t at) {
    (*bytes)[at] = static_cast<char>((*bytes)[at] ^ 1);
  };
  const std::vector<Attack> attacks = {
      {"another question", "request-commitment",
       [](auto& e) {
         v1::VerifyDocumentRequest request = SampleLog::Question();
         request.mutable_subject()->set_name("王大明");
         e.set_request(request.SerializeAsString());
       }},
      {"a better answer", "answer-commitment",
       [](auto& e) {
         v1::VerificationAnswer answer = SampleLog::Answer();
         answer.set_outcome(v1::OUTCOME_MISMATCH);
         e.set_answer(answer.SerializeAsString());
       }},
      {"an error in place of the answer", "entry",
       [](auto& e) { e.set_status(DenialBytes("NO_GRANT")); }},
      {"short opening", "request-commitment",
       [](auto& e) { e.mutable_receipt()->mutable_request_opening()->pop_back(); }},
      {"long opening (a zero more is the same HMAC key)", "request-commitment",
       [](auto& e) { e.mutable_receipt()->mutable_request_opening()->push_back('\0'); }},
      {"long answer opening", "answer-commitment",
       [](auto& e) { e.mutable_receipt()->mutable_response_opening()->push_back('\0'); }},
      {"changed leaf", "inclusion",
       [](auto& e) {
         std::string* leaf = e.mutable_receipt()->mutable_leaf();
         *leaf = absl::StrReplaceAll(*leaf, {{"\"outcome\":\"MATCH\"", "\"outcome\":\"VOIDX\""}});
       }},
      {"leaf with a space", "entry",
       [](auto& e) { e.mutable_receipt()->mutable_leaf()->insert(1, " "); }},
      {"another index", "inclusion",
       [](auto& e) {
         std::string* proof = e.mutable_receipt()->mutable_tlog_proof();
         *proof = absl::StrReplaceAll(*proof, {{"index 6\n", "index 7\n"}});
       }},
      {"changed root", "checkpoint",
       [](auto& e) {
         std::string* proof = e.mutable_receipt()->mutable_tlog_proof();
         *proof = absl::StrReplaceAll(*proof, {{"\n10\n", "\n11\n"}});
       }},
      {"extra data", "file",
       [](auto& e) {
         std::string* proof = e.mutable_receipt()->mutable_tlog_proof();
         *proof = absl::StrReplaceAll(*proof, {{"index 6\n", "extra AAAA\nindex 6\n"}});
       }},
      {"holder's signature left out", "holder-signature",
       [](auto& e) { e.mutable_receipt()->clear_holder_signature(); }},
      {"holder's signature changed", "holder-signature",
       [&](auto& e) {
         flip(e.mutable_receipt()->mutable_holder_signature()->mutable_signature(), 10);
       }},
      {"holder's path changed", "holder-signature",
       [&](auto& e) {
         flip(e.mutable_receipt()->mutable_holder_signature()->mutable_path(0), 10);
       }},
      {"holder's place changed", "holder-signature",
       [](auto& e) { e.mutable_receipt()->mutable_holder_signature()->set_index(0); }},
      {"no receipt", "file", [](auto& e) { e.clear_receipt(); }},
      {"no answer", "file", [](auto& e) { e.clear_answer(); }},
      {"bytes of an unknown field", "file",
       [](auto& e) {
         e.mutable_receipt()
             ->GetReflection()
             ->MutableUnknownFields(e.mutable_receipt())
             ->AddVarint(99, 1);
       }},
  };
  const v1::EvidenceFile honest = Evidence();
  for (const Attack& attack : attacks) {
    v1::EvidenceFile changed = honest;
    attack.change(changed);
    EXPECT_EQ(FirstLie(changed), attack.first_lie) << attack.name;
  }
}

// Lies that the operator itself could commit to: the log is honest about a dishonest entry.
TEST_F(ReceiptCheckTest, NamesWhatTheOperatorWouldHaveToInvent) {
  const crypto::Ed25519Key stranger = [] {
    SeededRandom random(99);
    return crypto::Ed25519Key::Generate(random);
  }();
  SampleLog::Exchange invented;
  invented.signing_key = &stranger;
  EXPECT_EQ(FirstLie(Evidence(invented)), "holder-signature");

  SampleLog::Exchange moved;
  moved.answer.set_request_id("0190a6c0-0000-7000-8000-000000000002");
  EXPECT_EQ(FirstLie(Evidence(moved)), "agreement");

  SampleLog::Exchange other_outcome;
  other_outcome.entry_outcome = "MISMATCH";
  EXPECT_EQ(FirstLie(Evidence(other_outcome)), "agreement");

  SampleLog::Exchange other_kind;
  other_kind.entry_kind = "building.title";
  EXPECT_EQ(FirstLie(Evidence(other_kind)), "agreement");

  SampleLog::Exchange unsigned_answer;
  unsigned_answer.holder_signs = false;
  EXPECT_EQ(FirstLie(Evidence(unsigned_answer)), "agreement");

  SampleLog::Exchange other_reason;
  other_reason.status = DenialBytes("OUTSIDE_HOURS");
  EXPECT_EQ(FirstLie(Evidence(other_reason)), "agreement");
}

TEST_F(ReceiptCheckTest, RefusesTheKeyOfOneHolderInTheNameOfAnother) {
  SampleLog::Exchange exchange;
  exchange.entry_holder = "land-qd";
  const ReceiptReport report = CheckEvidence(Evidence(exchange).SerializeAsString(), log_.Trust());
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.first_lie().step, CheckStep::kHolderSignature);
  EXPECT_THAT(std::string(report.first_lie().status.message()),
              HasSubstr("the key of land-ad in the name of land-qd"));
}

TEST_F(ReceiptCheckTest, TakesNoKeyFromTheFile) {
  SampleLog::Exchange exchange;
  const std::string bytes = Evidence(exchange).SerializeAsString();
  const std::string trust = log_.TrustText();
  const std::string without_holder = trust.substr(0, trust.find("answer-key"));
  const ReceiptReport report = CheckEvidence(bytes, *tlog::Policy::Parse(without_holder));
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.first_lie().step, CheckStep::kHolderSignature);
  EXPECT_THAT(std::string(report.first_lie().status.message()), HasSubstr("answer-key land-ad"));
  const SampleLog other;
  SeededRandom random(5);
  const tlog::NoteSigner stranger(
      SampleLog::kOrigin, tlog::KeyType::kEd25519,
      std::make_shared<crypto::Ed25519Key>(crypto::Ed25519Key::Generate(random)));
  const auto policy = tlog::Policy::Parse(
      absl::StrCat("log ", stranger.verifier_key().ToString(), "\nquorum none\n"));
  EXPECT_EQ(CheckEvidence(bytes, *policy).first_lie().step, CheckStep::kCheckpoint);
}

TEST_F(ReceiptCheckTest, EveryFlippedBitIsFound) {
  const std::string honest = Evidence().SerializeAsString();
  ASSERT_EQ(FirstLie(honest), "");
  for (size_t at = 0; at < honest.size(); ++at) {
    // One bit a byte, each bit in turn; all eight of each would take eight times as long.
    std::string changed = honest;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
    EXPECT_NE(FirstLie(changed), "") << "byte " << at;
  }
}

TEST_F(ReceiptCheckTest, EveryTruncationIsFound) {
  const std::string honest = Evidence().SerializeAsString();
  for (size_t size = 0; size < honest.size(); ++size) {
    EXPECT_NE(FirstLie(honest.substr(0, size)), "") << size;
  }
  EXPECT_NE(FirstLie(honest + "x"), "");
}

TEST_F(ReceiptCheckTest, ShowsQuestionAndAnswerInBothLanguagesWithRocDates) {
  const v1::EvidenceFile evidence = Evidence();
  const std::string zh = EvidenceText(Language::kZhTw, evidence);
  EXPECT_THAT(zh, HasSubstr("民國77年5月20日"));
  EXPECT_THAT(zh, HasSubstr("相符 [MATCH]"));
  EXPECT_THAT(zh, HasSubstr("民國115年1月1日"));
  const std::string en = EvidenceText(Language::kEn, evidence);
  EXPECT_THAT(en, HasSubstr("1988-05-20 (ROC 77)"));
  EXPECT_THAT(en, HasSubstr("case number: 115-善戶-000123"));
  EXPECT_THAT(EvidenceJson(evidence), HasSubstr("\"outcome\":\"MATCH\""));
  SampleLog::Exchange denial;
  denial.status = DenialBytes("NO_GRANT");
  EXPECT_THAT(EvidenceText(Language::kEn, Evidence(denial)),
              HasSubstr("what to do: no grant covers this kind"));
}

// An item of a frame proves itself by its place in it; one attack a line.
TEST_F(ReceiptCheckTest, ProvesEachItemOfAFrameAndNamesWhatWasChanged) {
  for (const bool by_recipient : {false, true}) {
    std::vector<v1::EvidenceFile> items = log_.AskInBulk(5, by_recipient);
    log_.AppendReads(3);
    for (v1::EvidenceFile& item : items) {
      log_.Prove(item);
      EXPECT_EQ(FirstLie(item), "");
    }
    const std::pair<const char*, std::function<void(v1::EvidenceFile&)>> attacks[] = {
        {"entry", [](auto& file) { file.clear_frame(); }},
        {"answer-commitment", [](auto& file) { file.mutable_frame()->set_index(3); }},
        {"answer-commitment", [](auto& file) { file.mutable_frame()->set_count(6); }},
        {"answer-commitment",
         [](auto& file) { file.mutable_frame()->mutable_path()->RemoveLast(); }},
        {"answer-commitment", [](auto& file) { (*file.mutable_frame()->mutable_path(0))[0] ^= 1; }},
        {"answer-commitment", [&](auto& file) { file.set_request(items[3].request()); }},
        {"answer-commitment", [&](auto& file) { file.set_answer(items[3].answer()); }},
        {"answer-commitment", [](auto& file) { file.mutable_receipt()->clear_response_opening(); }},
        {"file", [](auto& file) { file.clear_answer(); }},
    };
    for (const auto& [step, attack] : attacks) {
      v1::EvidenceFile file = items[2];
      attack(file);
      EXPECT_EQ(FirstLie(file), step);
    }
  }
}

TEST_F(ReceiptCheckTest, APlaceInAFrameProvesNothingOfAnEntryThatCoversNone) {
  v1::EvidenceFile file = Evidence();
  file.mutable_frame()->set_count(1);
  EXPECT_EQ(FirstLie(file), "entry");
}

}  // namespace
}  // namespace chayan::cli
