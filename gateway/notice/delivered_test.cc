// Goal: nothing outside a subscription's parts and fields ever reaches its recipient, and all
// inside does. Method: random notices in which every personal value is its own marked text, random
// subscriptions; the bytes that would go are searched for every mark.
#include "gateway/notice/delivered.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace chayan::notice {
namespace {

constexpr char kRecipient[] = "taipower";

// A notice and, for each mark in it, what a subscription must have to get it.
struct Marked {
  v1::PublishNoticeRequest request;
  std::map<std::string, v1::NoticePart> parts;  // mark → part
  std::map<std::string, std::string> fields;    // mark → element code
  std::set<std::string> never;                  // marks that no recipient gets
};

class Marker {
 public:
  explicit Marker(std::mt19937& engine) : engine_(engine) {}
  std::string Next() { return absl::StrCat("mark", ++count_, "."); }
  bool Sometimes() { return engine_() % 3 != 0; }

 private:
  std::mt19937& engine_;
  int count_ = 0;
};

Marked DrawNotice(std::mt19937& engine) {
  Marked marked;
  Marker marker(engine);
  const auto part = [&](v1::NoticePart which) {
    const std::string mark = marker.Next();
    marked.parts[mark] = which;
    return mark;
  };
  const auto hidden = [&] { return *marked.never.insert(marker.Next()).first; };
  v1::PublishNoticeRequest& request = marked.request;
  request.set_request_id(hidden());
  request.set_notice_kind("person.death");
  request.mutable_purpose()->mutable_person()->set_id(hidden());
  request.mutable_purpose()->set_case_number(hidden());
  request.mutable_purpose()->set_reason(hidden());
  const int subjects = 1 + static_cast<int>(engine() % 3);
  for (int i = 0; i < subjects; ++i) {
    v1::NoticeSubject& subject = *request.add_subjects();
    if (marker.Sometimes()) {
      subject.mutable_identifier()->set_value(part(v1::NOTICE_PART_IDENTIFIER));
    }
    if (marker.Sometimes()) {
      subject.mutable_former_identifier()->set_value(part(v1::NOTICE_PART_FORMER_IDENTIFIER));
    }
    if (marker.Sometimes()) subject.set_name(part(v1::NOTICE_PART_NAME));
    if (marker.Sometimes()) subject.set_publisher_key(part(v1::NOTICE_PART_PUBLISHER_KEY));
  }
  for (const char* code : {"a", "b", "c", "d"}) {
    if (!marker.Sometimes()) continue;
    const std::string mark = marker.Next();
    marked.fields[mark] = code;
    v1::Claim& element = *request.add_payload();
    element.set_code(code);
    element.set_text(mark);
  }
  v1::NoticeRouting& routing = *request.mutable_routing();
  routing.set_old_area(hidden());
  routing.set_new_area(hidden());
  routing.set_supply_area(hidden());
  for (int i = 0; i < 3; ++i) {
    v1::CustomerAccount& account = *routing.add_customer_accounts();
    const bool own = engine() % 2 == 0;
    account.set_provider(own ? kRecipient : "taiwater");
    account.set_account(own ? part(v1::NOTICE_PART_CUSTOMER_ACCOUNT) : hidden());
  }
  request.add_consents(hidden());
  return marked;
}

v1::Subscription DrawSubscription(std::mt19937& engine) {
  v1::Subscription subscription;
  subscription.set_id("s");
  subscription.set_recipient(kRecipient);
  for (int part = 1; part < v1::NoticePart_ARRAYSIZE; ++part) {
    if (engine() % 2 == 0) subscription.add_subject_parts(static_cast<v1::NoticePart>(part));
  }
  for (const char* code : {"a", "b", "c", "d", "e"}) {
    if (engine() % 2 == 0) subscription.add_fields(code);
  }
  return subscription;
}

template <typename Values, typename Value>
bool Has(const Values& values, const Value& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

TEST(DeliveredTest, ARecipientGetsItsPartsAndFieldsAndNothingElse) {
  for (uint32_t seed = 0; seed < 3000; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 engine(seed);
    const Marked marked = DrawNotice(engine);
    const v1::Subscription subscription = DrawSubscription(engine);
    const v1::DeliveredNotice whole = MakeDelivered(
        marked.request, subscription, {.delivery_id = "d", .notice_id = "n", .publisher = "p"});
    const std::string bytes = whole.SerializeAsString();
    for (const auto& [mark, part] : marked.parts) {
      EXPECT_EQ(absl::StrContains(bytes, mark), Has(subscription.subject_parts(), part))
          << v1::NoticePart_Name(part);
    }
    for (const auto& [mark, code] : marked.fields) {
      EXPECT_EQ(absl::StrContains(bytes, mark), Has(subscription.fields(), code)) << code;
    }
    for (const std::string& mark : marked.never) EXPECT_FALSE(absl::StrContains(bytes, mark));
    EXPECT_EQ(whole.subjects_size(), marked.request.subjects_size());
    // A thin one has no mark at all.
    EXPECT_FALSE(absl::StrContains(MakeThin(whole).SerializeAsString(), "mark"));
  }
}

TEST(DeliveredTest, SaysWhereItComesFrom) {
  v1::PublishNoticeRequest request;
  request.set_acting_for("hro-shanhua");
  request.set_notice_kind("person.death");
  request.mutable_purpose()->set_legal_basis("household-act-68");
  request.mutable_effective_date()->set_year(115);
  request.add_subjects()->mutable_birth_date()->set_year(30);
  request.set_test(true);
  v1::Subscription subscription;
  subscription.set_id("tax-south-death");
  subscription.add_subject_parts(v1::NOTICE_PART_BIRTH_DATE);
  const absl::Time accepted = absl::FromUnixMillis(1'768'449'600'123);
  const v1::DeliveredNotice whole =
      MakeDelivered(request, subscription,
                    {.delivery_id = "d",
                     .notice_id = "n",
                     .publisher = "hro-shanhua",
                     .accept_time = accepted,
                     .acknowledge_by_time = accepted + absl::Hours(24),
                     .supersedes_notice_id = "old"});
  EXPECT_EQ(whole.delivery_id(), "d");
  EXPECT_EQ(whole.notice_id(), "n");
  EXPECT_EQ(whole.notice_kind(), "person.death");
  EXPECT_EQ(whole.subscription(), "tax-south-death");
  EXPECT_EQ(whole.publisher(), "hro-shanhua");
  EXPECT_EQ(whole.acting_for(), "hro-shanhua");
  EXPECT_EQ(whole.legal_basis(), "household-act-68");
  EXPECT_EQ(whole.effective_date().year(), 115);
  EXPECT_EQ(whole.subjects(0).birth_date().year(), 30);
  EXPECT_EQ(whole.accept_time().seconds(), 1'768'449'600);
  EXPECT_EQ(whole.accept_time().nanos(), 123'000'000);
  EXPECT_EQ(whole.acknowledge_by_time().seconds(), 1'768'449'600 + 86'400);
  EXPECT_EQ(whole.supersedes_notice_id(), "old");
  EXPECT_TRUE(whole.test());
  const v1::DeliveredNotice thin = MakeThin(whole);
  EXPECT_TRUE(thin.thin() && thin.test());
  EXPECT_EQ(thin.delivery_id(), "d");
}

}  // namespace
}  // namespace chayan::notice
