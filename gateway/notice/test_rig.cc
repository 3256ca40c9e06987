#include "gateway/notice/test_rig.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gateway/base/check.h"

namespace chayan::notice {
namespace {

absl::Time Start() { return absl::FromUnixSeconds(1768435200); }  // Thursday 2026-01-15 in Taipei

void SetDate(v1::EraDate& date, uint32_t year, uint32_t month, uint32_t day) {
  date.set_era(v1::ERA_ROC);
  date.set_year(year);
  date.set_month(month);
  date.set_day(day);
}

void AddText(v1::PublishNoticeRequest& request, const char* code, const char* text) {
  v1::Claim& claim = *request.add_payload();
  claim.set_code(code);
  claim.set_text(text);
}

void AddDate(v1::PublishNoticeRequest& request, const char* code) {
  v1::Claim& claim = *request.add_payload();
  claim.set_code(code);
  SetDate(*claim.mutable_date(), 115, 1, 14);
}

}  // namespace

std::string NationalId(uint64_t n) {
  const std::string digits = absl::StrFormat("1%07d", n);
  int sum = 1;
  for (size_t i = 0; i < digits.size(); ++i) sum += (digits[i] - '0') * static_cast<int>(8 - i);
  return absl::StrCat("A", digits, (10 - sum % 10) % 10);
}

link::NoticePlace FakeNoticeLinks::PlaceForNotices(absl::string_view recipient,
                                                   absl::string_view) const {
  absl::MutexLock lock(&mu_);
  const auto it = rooms_.find(recipient);
  return it == rooms_.end() ? link::NoticePlace{} : link::NoticePlace{1, it->second};
}

bool FakeNoticeLinks::SendNotices(uint64_t, std::vector<link::OutgoingNotice> notices) {
  absl::MutexLock lock(&mu_);
  for (const link::OutgoingNotice& notice : notices) sent_.push_back(*notice.notice);
  return true;
}

bool FakeNoticeLinks::TellNone(absl::string_view recipient, absl::string_view,
                               const std::string& none_today) {
  absl::MutexLock lock(&mu_);
  if (!rooms_.contains(recipient)) return false;
  none_today_.push_back(none_today);
  return true;
}

std::vector<std::string> FakeNoticeLinks::TakeNone() {
  absl::MutexLock lock(&mu_);
  return std::exchange(none_today_, {});
}

void FakeNoticeLinks::ReceiptRecorded(uint64_t, const link::RecordedReceipt& receipt) {
  absl::MutexLock lock(&mu_);
  recorded_[receipt.delivery.ToText()] = receipt;
}

void FakeNoticeLinks::Reach(const std::string& recipient, size_t room) {
  absl::MutexLock lock(&mu_);
  rooms_[recipient] = room;
}

void FakeNoticeLinks::Lose(const std::string& recipient) {
  absl::MutexLock lock(&mu_);
  rooms_.erase(recipient);
}

v1::DeliveredNotice FakeNoticeLinks::Take() {
  absl::MutexLock lock(&mu_);
  const auto some = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return !sent_.empty(); };
  CHAYAN_CHECK(mu_.AwaitWithTimeout(absl::Condition(&some), kHangTimeout));
  last_bytes = sent_.front();
  sent_.erase(sent_.begin());
  v1::DeliveredNotice notice;
  CHAYAN_CHECK(notice.ParseFromString(last_bytes));
  return notice;
}

size_t FakeNoticeLinks::waiting() const {
  absl::MutexLock lock(&mu_);
  return sent_.size();
}

link::RecordedReceipt FakeNoticeLinks::WaitForReceipt(const std::string& delivery_id) {
  absl::MutexLock lock(&mu_);
  const auto there = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return recorded_.contains(delivery_id);
  };
  CHAYAN_CHECK(mu_.AwaitWithTimeout(absl::Condition(&there), kHangTimeout));
  return std::move(recorded_.extract(delivery_id).mapped());
}

TestRig::TestRig(registry::Files files, uint64_t seed) : clock(Start()), random_(seed) {
  std::vector<std::string> faults;
  auto snapshot = registry::Snapshot::Create(std::move(files), &faults);
  CHAYAN_CHECK(snapshot.ok());
  snapshot_ = *std::move(snapshot);
  stack_ = std::make_unique<log::TestStack>(
      store::RegistrySet{snapshot_->digest(), snapshot_->files()}, clock, random_);
  stack_->WriteKey("order", 'o');
  Open();
}

TestRig::~TestRig() { stack_->Stop(); }

void TestRig::Open() {
  links = std::make_unique<FakeNoticeLinks>();
  auto ordering = OrderingKey::FromFile(stack_->folder() / "order");
  CHAYAN_CHECK(ordering.ok());
  service_ = std::make_unique<NoticeService>(
      NoticeService::Options{"gw-1", *std::move(ordering)}, [this] { return snapshot_; }, *links,
      stack_->committer(), stack_->store(), stack_->vault(), clock, random_);
  server_ = std::make_unique<HandlerTable>();
  service_->ServeOn(*server_);
}

void TestRig::Restart() {
  stack_->Stop();
  server_.reset();
  service_.reset();
  links.reset();
  stack_->Reopen();
  Open();
}

policy::Caller TestRig::Household(const std::string& member) {
  policy::Caller caller;
  caller.member = member;
  caller.system = "counter";
  caller.role = v1::ROLE_HOUSEHOLD;
  caller.certificate = crypto::Sha256("certificate of " + member);
  return caller;
}

policy::Caller TestRig::Adapter(const std::string& member) {
  policy::Caller caller = Household(member);
  caller.system = "adapter-1";
  caller.role = v1::ROLE_ADAPTER;
  return caller;
}

policy::Caller TestRig::Court() {
  policy::Caller caller = Household("court-tainan");
  caller.system = "notices";
  caller.role = v1::ROLE_PUBLISHER;
  return caller;
}

void TestRig::Settle() {
  service_->Tick();
  AwaitLog();
}

void TestRig::AwaitLog() {
  v1::ListDeliveriesRequest list;
  list.set_side(v1::DELIVERY_SIDE_PUBLISHER);
  list.set_page_size(1);
  // What a round gives to the log comes back from it, and may begin another.
  for (int i = 0; i < 2; ++i) {
    service_->AwaitIdle();
    Call<v1::ListDeliveriesResponse>("ListDeliveries", list);
  }
  service_->AwaitIdle();
}

std::string TestRig::NewRequestId() { return Uuid::Version7(clock.Now(), random_).ToText(); }

v1::PublishNoticeRequest TestRig::NameNotice(const std::string& number) {
  v1::PublishNoticeRequest request;
  request.set_request_id(NewRequestId());
  request.set_acting_for("hro-shanhua");
  v1::Purpose& purpose = *request.mutable_purpose();
  purpose.mutable_person()->set_id("clerk-7");
  purpose.mutable_person()->set_role("clerk");
  purpose.set_legal_basis("household-act-68");
  purpose.set_case_number("115-0042");
  request.set_notice_kind("person.name");
  v1::NoticeSubject& subject = *request.add_subjects();
  subject.mutable_identifier()->set_scheme(v1::IDENTIFIER_SCHEME_NATIONAL_ID);
  subject.mutable_identifier()->set_value(number);
  subject.set_name("王大明");
  AddText(request, "former_name", "王小明");
  AddText(request, "new_name", "王大明");
  AddText(request, "reason", "given");
  AddDate(request, "registration_date");
  SetDate(*request.mutable_effective_date(), 115, 1, 15);
  request.mutable_routing()->set_new_area("10010");
  return request;
}

v1::PublishNoticeRequest TestRig::DeathNotice(const std::string& number) {
  v1::PublishNoticeRequest request = NameNotice(number);
  request.set_notice_kind("person.death");
  request.clear_payload();
  AddDate(request, "death_date");
  AddDate(request, "registration_date");
  return request;
}

v1::PublishNoticeRequest TestRig::GuardianshipNotice(const std::string& number) {
  v1::PublishNoticeRequest request = NameNotice(number);
  request.set_acting_for("court-tainan");
  request.mutable_purpose()->set_legal_basis("family-proceedings-143");
  request.set_notice_kind("person.guardianship");
  request.clear_payload();
  AddText(request, "guardian_name", "王大明");
  AddText(request, "court_case", "115-guardian-1");
  AddText(request, "reason", "guardianship");
  request.clear_routing();
  request.mutable_routing()->set_office("hro-banqiao");
  return request;
}

v1::NoticeStatus TestRig::Show(const std::string& notice_id) {
  v1::GetNoticeRequest request;
  request.set_notice_id(notice_id);
  const auto told = Call<v1::GetNoticeResponse>("GetNotice", request);
  CHAYAN_CHECK(!told.refusal.has_value());
  return told.response.notice();
}

void TestRig::Say(const std::string& member, v1::DeliveryReceipt receipt) {
  SayOf(member, receipt, links->last_bytes);
}

void TestRig::SayDelivered(const std::string& member, const std::string& delivery_id) {
  v1::DeliveryReceipt receipt;
  receipt.set_delivery_id(delivery_id);
  receipt.set_state(v1::DELIVERY_STATE_DELIVERED);
  Say(member, receipt);
}

void TestRig::SayOf(const std::string& member, const v1::DeliveryReceipt& receipt,
                    const std::string& notice_bytes) {
  service_->OnReceipts(Adapter(member), 1,
                       {{.receipt = receipt.SerializeAsString(),
                         .notice_digest = crypto::Sha256(notice_bytes),
                         .signature = {}}});
}

}  // namespace chayan::notice
