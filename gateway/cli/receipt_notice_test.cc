// Goal: what a publisher and a recipient hold of a notice proves itself, and a changed part is the
// first lie. Method: as receipt_check_test; entries as the gateway writes them of each call.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "chayan/v1/notice_service.pb.h"
#include "gateway/base/status_matchers.h"
#include "gateway/cli/receipt_check.h"
#include "gateway/cli/receipt_text.h"
#include "gateway/cli/sample_log_for_test.h"

namespace chayan::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kNotice[] = "018bcfe5-6800-7000-8000-000000000001";
constexpr char kDelivery[] = "018bcfe5-6800-7000-8000-000000000002";
constexpr uint64_t kNoticeEntry = 7;

class ReceiptNoticeTest : public ::testing::Test {
 protected:
  ReceiptNoticeTest() { log_.AppendReads(5); }

  log::Entry Entry(log::EntryType type, const char* method) {
    log::Entry entry;
    entry.type = type;
    entry.member = "land-ad";
    entry.system = "adapter-1";
    entry.cert = crypto::Sha256("cert");
    entry.method = method;
    entry.kind = "person.name";
    if (type == log::EntryType::kNotice) {
      entry.member = entry.acting_for = "hro-shanhua";
      entry.basis = "household-act-68";
      entry.person_proof = "none";
      entry.grant = "shanhua-person-name";
      entry.outcome = "ACCEPTED";
      return entry;
    }
    entry.ref = kNoticeEntry;
    if (type != log::EntryType::kRead) entry.holder = "land-ad";
    return entry;
  }
  // Appends the entry with its commitments; the evidence has the proof.
  v1::EvidenceFile Record(log::Entry entry, const std::string& request, const std::string& answer) {
    SeededRandom random(7);
    const crypto::Secret32 secret(random);
    const tlog::EntrySecrets secrets(secret);
    entry.c_req = tlog::Commit(tlog::Committed::kRequest, secrets.request, request);
    entry.c_res = tlog::Commit(tlog::Committed::kResponse, secrets.response, answer);
    entry.c_detail = tlog::Commit(tlog::Committed::kDetail, secrets.detail, "detail");
    v1::EvidenceFile evidence;
    evidence.set_request(request);
    evidence.set_answer(answer);
    evidence.mutable_receipt()->set_leaf(log_.leaves()[log_.Append(std::move(entry))]);
    evidence.mutable_receipt()->set_request_opening(std::string(secrets.request.Expose()));
    evidence.mutable_receipt()->set_response_opening(std::string(secrets.response.Expose()));
    log_.AppendReads(3);
    log_.Prove(evidence);
    return evidence;
  }
  std::string FirstLie(const v1::EvidenceFile& evidence) {
    const ReceiptReport report = CheckEvidence(evidence.SerializeAsString(), log_.Trust());
    return report.ok() ? "" : std::string(StepName(report.first_lie().step));
  }

  static v1::PublishNoticeRequest Publication() {
    v1::PublishNoticeRequest request;
    request.set_request_id("0190a6c0-0000-7000-8000-000000000001");
    request.set_acting_for("hro-shanhua");
    request.mutable_purpose()->set_legal_basis("household-act-68");
    request.set_notice_kind("person.name");
    return request;
  }
  // What the publisher was answered.
  v1::EvidenceFile Published(const char* method, const std::string& request,
                             const std::string& follows, const std::string& request_id) {
    // The answer names the entry's id: the same log made twice draws the same one.
    const auto begin_anew = [this] {
      log_ = SampleLog();
      log_.AppendReads(5);
    };
    begin_anew();
    const v1::EvidenceFile first = Record(Entry(log::EntryType::kNotice, method), request, "");
    v1::AcceptedNotice answer;
    answer.set_request_id(request_id);
    answer.set_notice_id(log::ParseLeaf(first.receipt().leaf())->id.ToText());
    answer.set_follows_notice_id(follows);
    begin_anew();
    return Record(Entry(log::EntryType::kNotice, method), request, answer.SerializeAsString());
  }
  static v1::DeliveredNotice Delivered() {
    v1::DeliveredNotice notice;
    notice.set_delivery_id(kDelivery);
    notice.set_notice_id(kNotice);
    notice.set_notice_kind("person.name");
    notice.set_entry_index(kNoticeEntry);
    return notice;
  }
  static v1::DeliveryReceipt Received(v1::DeliveryState state = v1::DELIVERY_STATE_DELIVERED) {
    v1::DeliveryReceipt receipt;
    receipt.set_delivery_id(kDelivery);
    receipt.set_state(state);
    return receipt;
  }
  // Of a delivery by pull; by a link when the recipient's adapter signs.
  v1::EvidenceFile Taken(const v1::DeliveredNotice& notice, const v1::DeliveryReceipt& receipt,
                         const char* outcome, bool signs) {
    log::Entry entry = Entry(log::EntryType::kDelivery, signs ? "Connect" : "ReceiveNotices");
    entry.outcome = outcome;
    entry.by = "holder";
    const std::string request = notice.SerializeAsString();
    const std::string answer = receipt.SerializeAsString();
    if (!signs) return Record(std::move(entry), request, answer);
    const tlog::Frame frame(
        {crypto::Sha256("one"),
         tlog::DeliveryDigest(*Uuid::FromText(receipt.delivery_id()), crypto::Sha256(request),
                              crypto::Sha256(answer))});
    const crypto::Ed25519Key& key = log_.holder_key();
    const tlog::HolderSignature signature =
        frame.ForAnswer(1, crypto::KeyId(key.public_key()), *frame.Sign(key));
    entry.hsig = tlog::HolderSignatureDigest(signature);
    v1::EvidenceFile evidence = Record(std::move(entry), request, answer);
    v1::HolderSignature& proto = *evidence.mutable_receipt()->mutable_holder_signature();
    proto.set_key_id(signature.key_id.ToString());
    proto.set_signature(signature.signature.ToString());
    proto.set_index(signature.index);
    proto.set_count(signature.count);
    for (const tlog::Hash& hash : signature.path) proto.add_path(hash.ToString());
    return evidence;
  }

  SampleLog log_;
};

TEST_F(ReceiptNoticeTest, ProvesEachWayToPublish) {
  const v1::PublishNoticeRequest request = Publication();
  const std::string& id = request.request_id();
  EXPECT_EQ(FirstLie(Published("PublishNotice", request.SerializeAsString(), "", id)), "");
  v1::SupersedeNoticeRequest supersede;
  supersede.set_notice_id(kNotice);
  *supersede.mutable_replacement() = request;
  EXPECT_EQ(FirstLie(Published("SupersedeNotice", supersede.SerializeAsString(), kNotice, id)), "");
  v1::ReverseNoticeRequest reverse;
  reverse.set_request_id(id);
  reverse.set_notice_id(kNotice);
  reverse.set_acting_for(request.acting_for());
  *reverse.mutable_purpose() = request.purpose();
  EXPECT_EQ(FirstLie(Published("ReverseNotice", reverse.SerializeAsString(), kNotice, id)), "");

  EXPECT_EQ(FirstLie(Published("ReverseNotice", reverse.SerializeAsString(), kDelivery, id)),
            "agreement");
  EXPECT_EQ(FirstLie(Published("PublishNotice", request.SerializeAsString(), "", kNotice)),
            "agreement");
  v1::PublishNoticeRequest other = request;
  other.set_notice_kind("person.death");
  EXPECT_EQ(FirstLie(Published("PublishNotice", other.SerializeAsString(), "", id)), "agreement");
}

TEST_F(ReceiptNoticeTest, ProvesThatANoticeCameWithAndWithoutALink) {
  const ReceiptReport pulled = CheckEvidence(
      Taken(Delivered(), Received(), "DELIVERED", false).SerializeAsString(), log_.Trust());
  EXPECT_TRUE(pulled.ok()) << pulled.first_lie().status;
  EXPECT_FALSE(pulled.holder_signed);
  const ReceiptReport pushed = CheckEvidence(
      Taken(Delivered(), Received(), "DELIVERED", true).SerializeAsString(), log_.Trust());
  EXPECT_TRUE(pushed.ok()) << pushed.first_lie().status;
  EXPECT_TRUE(pushed.holder_signed);
  EXPECT_EQ(FirstLie(Taken(Delivered(), Received(), "HANDED_OVER", true)), "");
}

TEST_F(ReceiptNoticeTest, NamesTheFirstLieAboutADelivery) {
  const auto lie = [&](const std::function<void(v1::DeliveredNotice&)>& change, bool signs) {
    v1::DeliveredNotice notice = Delivered();
    change(notice);
    return FirstLie(Taken(notice, Received(), "DELIVERED", signs));
  };
  EXPECT_EQ(lie([](auto& n) { n.set_delivery_id(kNotice); }, false), "agreement");
  EXPECT_EQ(lie([](auto& n) { n.set_notice_kind("person.death"); }, false), "agreement");
  EXPECT_EQ(lie([](auto& n) { n.set_entry_index(8); }, false), "agreement");
  EXPECT_EQ(FirstLie(Taken(Delivered(), Received(v1::DELIVERY_STATE_REJECTED), "DELIVERED", false)),
            "agreement");
  v1::EvidenceFile evidence = Taken(Delivered(), Received(), "DELIVERED", true);
  evidence.set_request(evidence.request() + evidence.request());
  EXPECT_EQ(FirstLie(evidence), "request-commitment");
  evidence = Taken(Delivered(), Received(), "DELIVERED", true);
  evidence.mutable_receipt()->clear_holder_signature();
  EXPECT_EQ(FirstLie(evidence), "holder-signature");
  // What a recipient pulled it has not signed.
  v1::EvidenceFile pulled = Taken(Delivered(), Received(), "DELIVERED", false);
  *pulled.mutable_receipt()->mutable_holder_signature() =
      Taken(Delivered(), Received(), "DELIVERED", true).receipt().holder_signature();
  EXPECT_EQ(FirstLie(pulled), "holder-signature");
}

TEST_F(ReceiptNoticeTest, ProvesThatADeliveryWasSentAgain) {
  v1::ReplayDeliveryRequest request;
  request.set_delivery_id(kDelivery);
  request.set_reason("the account is there now");
  v1::DeliveryStatus status;
  status.set_delivery_id(kDelivery);
  status.set_state(v1::DELIVERY_STATE_SCHEDULED);
  log::Entry entry = Entry(log::EntryType::kDelivery, "ReplayDelivery");
  entry.outcome = "SCHEDULED";
  entry.by = "publisher";
  EXPECT_EQ(FirstLie(Record(entry, request.SerializeAsString(), status.SerializeAsString())), "");
  entry.outcome = "DEAD";
  EXPECT_EQ(FirstLie(Record(entry, request.SerializeAsString(), status.SerializeAsString())),
            "agreement");
  // What the gateway gave up, nobody asked for.
  entry.method = "";
  entry.by = "gateway";
  EXPECT_EQ(FirstLie(Record(entry, request.SerializeAsString(), status.SerializeAsString())),
            "entry");
}

TEST_F(ReceiptNoticeTest, ProvesWhatAnOfficeDidAndWhatItFetched) {
  v1::AcknowledgeNoticeRequest acted;
  *acted.mutable_acknowledgement() = Received(v1::DELIVERY_STATE_ACKNOWLEDGED);
  v1::DeliveryStatus status;
  status.set_delivery_id(kDelivery);
  status.set_state(v1::DELIVERY_STATE_ACKNOWLEDGED);
  log::Entry entry = Entry(log::EntryType::kAcknowledgement, "AcknowledgeNotice");
  entry.outcome = "ACKNOWLEDGED";
  EXPECT_EQ(FirstLie(Record(entry, acted.SerializeAsString(), status.SerializeAsString())), "");
  status.set_delivery_id(kNotice);
  EXPECT_EQ(FirstLie(Record(entry, acted.SerializeAsString(), status.SerializeAsString())),
            "agreement");

  // Over a link it is no call: the word stands in the adapter's own log.
  entry.method = "Connect";
  EXPECT_EQ(FirstLie(Record(entry, acted.SerializeAsString(), status.SerializeAsString())),
            "entry");

  v1::FetchNoticeDetailRequest fetch;
  fetch.set_delivery_id(kDelivery);
  const log::Entry read = Entry(log::EntryType::kRead, "FetchNoticeDetail");
  EXPECT_EQ(FirstLie(Record(read, fetch.SerializeAsString(), Delivered().SerializeAsString())), "");
  fetch.set_delivery_id(kNotice);
  EXPECT_EQ(FirstLie(Record(read, fetch.SerializeAsString(), Delivered().SerializeAsString())),
            "agreement");
  // Other reads are no answers that their caller could prove.
  EXPECT_EQ(FirstLie(Record(Entry(log::EntryType::kRead, "GetNotice"), "", "")), "entry");
}

TEST_F(ReceiptNoticeTest, IsShownInBothLanguages) {
  v1::PublishNoticeRequest request = Publication();
  v1::NoticeSubject& subject = *request.add_subjects();
  subject.set_name("王小明");
  subject.mutable_birth_date()->set_era(v1::ERA_ROC);
  subject.mutable_birth_date()->set_year(77);
  subject.mutable_birth_date()->set_month(5);
  subject.mutable_birth_date()->set_day(20);
  const v1::EvidenceFile published =
      Published("PublishNotice", request.SerializeAsString(), "", request.request_id());
  EXPECT_THAT(EvidenceText(Language::kEn, published),
              AllOf(HasSubstr("notice person.name\n"), HasSubstr("name: 王小明"),
                    HasSubstr("1988-05-20 (ROC 77)"), HasSubstr("accepted ")));
  EXPECT_THAT(EvidenceText(Language::kZhTw, published),
              AllOf(HasSubstr("通報 person.name"), HasSubstr("民國77年5月20日")));
  EXPECT_THAT(EvidenceJson(published), HasSubstr("\"notice_kind\":\"person.name\""));
  EXPECT_THAT(EvidenceText(Language::kEn, Taken(Delivered(), Received(), "DELIVERED", true)),
              AllOf(HasSubstr("notice as it came person.name"), HasSubstr(kNotice),
                    HasSubstr("the recipient said delivered"), HasSubstr("recipient: land-ad")));
  v1::EvidenceFile torn = published;
  torn.set_request("\xff");
  EXPECT_THAT(EvidenceText(Language::kEn, torn), HasSubstr("a notice that cannot be read"));
}

}  // namespace
}  // namespace chayan::cli
