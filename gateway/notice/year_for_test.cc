#include "gateway/notice/year_for_test.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gateway/notice/fake_stream.h"
#include "gateway/registry/calendar.h"

namespace chayan::notice {
namespace {

// Recipients with links; hro-banqiao pulls.
constexpr const char* kLinked[] = {"tax-south",    "nhi",           "labor-insurance",
                                   "town-shanhua", "social-tainan", "land-qd"};
constexpr char kPuller[] = "hro-banqiao";
// The gateway waits so long for a receipt; after that it sends again.
constexpr absl::Duration kSilence = absl::Seconds(60);
// Persons of each kind of event. Few, so that much happens to each.
constexpr uint64_t kPersons = 12;

absl::Time At(absl::CivilDay day, int hour, int minute) {
  return absl::FromCivil(absl::CivilMinute(day) + hour * 60 + minute, registry::Taipei());
}

v1::PublishNoticeRequest OfFamily(v1::PublishNoticeRequest request, const char* kind) {
  request.set_notice_kind(kind);
  v1::Claim registered;
  for (const v1::Claim& claim : request.payload()) {
    if (claim.code() == "registration_date") registered = claim;
  }
  request.clear_payload();
  *request.add_payload() = registered;
  return request;
}

// That an earlier one is missing may be found out between two attempts.
std::string Unmarked(v1::DeliveredNotice notice) {
  notice.clear_earlier_missing();
  return notice.SerializeAsString();
}

}  // namespace

Year::Year(uint64_t seed)
    : draw_(seed), rig_(registry::SampleFiles(), seed), begin_(rig_.clock.Now()) {}

void Year::Run() {
  rig_.Settle();
  const absl::CivilDay first = registry::TaipeiDay(begin_) + 1;
  for (int day = 0; day < 365; ++day) Day(first + day);
  calm_ = true;
  for (int day = 365; day < 365 + 40; ++day) Day(first + day);
  end_ = rig_.clock.Now();
}

std::string Year::Summary() const {
  return absl::StrCat(notices_.size(), " notices, ", deliveries_.size(), " deliveries, ", repeats_,
                      " repeats, ", replays_, " replays, ", starts_, " starts, ", rig_.size(),
                      " entries");
}

void Year::Day(absl::CivilDay day) {
  MoveTo(At(day, 0, 5));
  TakeWhatCame();
  LinksComeAndGo(day);
  if (!calm_ && Chance(2)) StartAnew();
  for (const auto& [hour, minute] : {std::pair{8, 45}, {9, 5}, {17, 35}, {18, 5}, {20, 5}}) {
    MoveTo(At(day, hour, minute));
    if (!calm_) PublishSome();
    OfficesAct();
    TakeWhatCame();
    if (hour == 8) Pull();
  }
  if (absl::GetWeekday(day) == absl::Weekday::monday) ReplayTheDead();
}

void Year::MoveTo(absl::Time time) {
  // What offices said before a deadline is recorded before it.
  rig_.AwaitLog();
  rig_.clock.Advance(time - rig_.clock.Now());
  rig_.Settle();
}

// --- machines ----------------------------------------------------------------------------------

void Year::LinksComeAndGo(absl::CivilDay day) {
  for (const std::string recipient : kLinked) {
    const bool is_away = away_.contains(recipient);
    if (is_away && (calm_ || away_[recipient] <= day)) {
      away_.erase(recipient);
      rig_.links->Reach(recipient);
    } else if (!is_away && !calm_ && Chance(4)) {
      // For some days; now and then for longer than a delivery lives.
      Lose(recipient);
      away_[recipient] = day + (Chance(4) ? 40 : static_cast<int>(Draw(9)) + 1);
    } else if (!is_away) {
      rig_.links->Reach(recipient);
    }
  }
}

void Year::Lose(const std::string& recipient) {
  TakeWhatCame();
  rig_.links->Lose(recipient);
  std::vector<link::ReturnedNotice> returned;
  for (const auto& [id, until] : under_way_) {
    if (deliveries_.at(id).recipient != recipient) continue;
    returned.push_back({.delivery = *Uuid::FromText(id), .reason = "LINK_LOST"});
  }
  for (const auto& one : returned) under_way_.erase(one.delivery.ToText());
  rig_.service().OnReturned(TestRig::Adapter(recipient), std::move(returned));
}

void Year::StartAnew() {
  ++starts_;
  rig_.Restart();
  under_way_.clear();
  for (const std::string recipient : kLinked) {
    if (!away_.contains(recipient)) rig_.links->Reach(recipient);
  }
  rig_.Settle();
  TakeWhatCame();
}

// --- counters ----------------------------------------------------------------------------------

void Year::PublishSome() {
  if (!Chance(40)) return;
  const uint64_t what = Draw(5);
  const std::string person = NationalId(1000 * (what + 1) + Draw(kPersons));
  v1::PublishNoticeRequest request = rig_.NameNotice(person);
  if (what == 0) {
    request = rig_.DeathNotice(person);
    request.add_consents("labor");
    request.add_consents("nhi");
  } else if (what == 1) {
    request = OfFamily(std::move(request), "family.marriage");
    v1::Claim& spouse = *request.add_payload();
    spouse.set_code("spouse_name");
    spouse.set_text("陳小華");
  } else if (what == 2) {
    request = OfFamily(std::move(request), "family.divorce");
  } else if (what == 3) {
    return Publish(rig_.GuardianshipNotice(person), /*by_court=*/true);
  }
  // A change of name goes to land-qd, the rest to those of Shanhua in Tainan.
  if (what != 4) {
    request.mutable_routing()->set_new_area("67000");
    request.mutable_routing()->set_office("hro-shanhua");
  }
  Publish(request, /*by_court=*/false);
}

void Year::Publish(const v1::PublishNoticeRequest& request, bool by_court) {
  const auto told = rig_.Call<v1::PublishNoticeResponse>(
      "PublishNotice", request, by_court ? TestRig::Court() : TestRig::Household());
  if (told.refusal.has_value()) return Fault(absl::StrCat("refused: ", told.refusal->message));
  const v1::AcceptedNotice& notice = told.response.notice();
  if (notice.deliveries().empty()) Fault(request.notice_kind() + " is for nobody");
  notices_.insert(notice.notice_id());
  for (const v1::ExpectedDelivery& expected : notice.deliveries()) {
    SeenDelivery& delivery = deliveries_[expected.delivery_id()];
    delivery.id = expected.delivery_id();
    delivery.notice = notice.notice_id();
    delivery.recipient = expected.recipient();
    delivery.subscription = expected.subscription();
    delivery.person = request.subjects(0).identifier().value();
    delivery.by_court = by_court;
    delivery.accepted_as = notices_.size();
    delivery.accepted = rig_.clock.Now();
    delivery.due = absl::FromUnixMillis(expected.due_time().seconds() * 1000 +
                                        expected.due_time().nanos() / 1'000'000);
    delivery.acknowledge_by = absl::FromUnixSeconds(expected.acknowledge_by_time().seconds());
  }
  rig_.Settle();
}

// What the weekly check list is for.
void Year::ReplayTheDead() {
  for (auto& [id, delivery] : deliveries_) {
    const auto stored = rig_.notices().FindDelivery(*Uuid::FromText(id));
    if (stored->state != store::DeliveryState::kDead) continue;
    if (stored->reason != "EXPIRED") Fault(id + " died of " + stored->reason);
    v1::ReplayDeliveryRequest request;
    request.set_delivery_id(id);
    request.set_reason("the recipient is back");
    const auto told = rig_.Call<v1::ReplayDeliveryResponse>(
        "ReplayDelivery", request, delivery.by_court ? TestRig::Court() : TestRig::Household());
    if (told.refusal.has_value()) Fault(absl::StrCat("no replay: ", told.refusal->message));
    delivery.replayed = true;
    ++replays_;
  }
}

// --- recipients --------------------------------------------------------------------------------

v1::DeliveryReceipt Year::Receipt(const std::string& delivery, v1::DeliveryState state) const {
  v1::DeliveryReceipt receipt;
  receipt.set_delivery_id(delivery);
  receipt.set_state(state);
  return receipt;
}

void Year::TakeWhatCame() {
  rig_.Settle();
  while (rig_.links->waiting() > 0) {
    const v1::DeliveredNotice notice = rig_.links->Take();
    Take(notice, rig_.links->last_bytes);
    if (rig_.links->waiting() == 0) rig_.Settle();  // the next of a person follows the receipt
  }
}

void Year::Take(const v1::DeliveredNotice& notice, const std::string& bytes) {
  const auto it = deliveries_.find(notice.delivery_id());
  if (it == deliveries_.end()) return Fault("what nobody accepted came: " + notice.delivery_id());
  SeenDelivery& delivery = it->second;
  const absl::Time now = rig_.clock.Now();
  if (now < delivery.due) Fault(delivery.id + " came before it was due");
  if (away_.contains(delivery.recipient)) Fault(delivery.id + " came to one who is away");
  for (const auto& [other, until] : under_way_) {
    const SeenDelivery& before = deliveries_.at(other);
    if (until > rig_.clock.Elapsed() && before.recipient == delivery.recipient &&
        before.person == delivery.person) {
      Fault(absl::StrCat(delivery.subscription, " ", delivery.id, " came while ", other,
                         " was under way, until ",
                         absl::FormatDuration(until - rig_.clock.Elapsed())));
    }
  }
  if (delivery.bytes.empty()) {
    delivery.bytes = Unmarked(notice);
    delivery.came = now;
    came_[{delivery.recipient, delivery.person}].push_back(delivery.id);
  } else {
    ++repeats_;
    if (delivery.bytes != Unmarked(notice)) Fault(delivery.id + " came in other bytes");
  }
  delivery.sent = bytes;
  under_way_[delivery.id] = rig_.clock.Elapsed() + kSilence;
  if (delivery.recipient != kPuller) Answer(delivery);
}

void Year::Answer(SeenDelivery& delivery) {
  const v1::DeliveryReceipt receipt = Receipt(delivery.id, v1::DELIVERY_STATE_DELIVERED);
  const uint64_t mood = calm_ ? 0 : Draw(100);
  if (mood < 84) {
    rig_.SayOf(delivery.recipient, receipt, delivery.sent);
    if (mood >= 80) rig_.SayOf(delivery.recipient, receipt, delivery.sent);  // the same again
    under_way_.erase(delivery.id);
    acts_.push_back({rig_.clock.Now() + absl::Hours(24 * Draw(calm_ ? 1 : 12) + 1), delivery.id,
                     !calm_ && Chance(5)});
  } else if (mood < 92) {
    rig_.service().OnReturned(TestRig::Adapter(delivery.recipient),
                              {{.delivery = *Uuid::FromText(delivery.id),
                                .reason = "SYSTEM_DOWN",
                                .recipient_down = true}});
    under_way_.erase(delivery.id);
  } else if (mood < 94) {
    rig_.SayOf("nia", receipt, delivery.sent);  // it is not nia's
  } else if (mood < 96) {
    rig_.SayOf(delivery.recipient, receipt, "bytes that were never sent");
  }  // else it says nothing
}

void Year::Pull() {
  const absl::CivilDay today = registry::TaipeiDay(rig_.clock.Now());
  const bool vacation = today.month() == 8;
  if (!calm_ && (vacation || !rig_.registry().calendar().IsWorkday(today) || Chance(30))) return;
  FakeStream stream(rig_, "ReceiveNotices", TestRig::Household(kPuller));
  v1::ReceiveNoticesRequest opening;
  opening.mutable_opening()->set_credit(1000);
  stream.Send(opening);
  rig_.Settle();
  while (auto message = stream.Next<v1::ReceiveNoticesResponse>()) {
    if (message->message_case() != v1::ReceiveNoticesResponse::kNotice) continue;
    v1::DeliveredNotice notice;
    CHAYAN_CHECK(notice.ParseFromString(message->notice()));
    Take(notice, message->notice());
    v1::ReceiveNoticesRequest receipt;
    receipt.mutable_receipts()->add_delivery_ids(notice.delivery_id());
    stream.Send(receipt);
    under_way_.erase(notice.delivery_id());
    acts_.push_back({rig_.clock.Now() + absl::Hours(24 * Draw(calm_ ? 1 : 10) + 1),
                     notice.delivery_id(), false});
    if (stream.waiting() == 0) rig_.Settle();
  }
  stream.End();
  rig_.Settle();
}

void Year::OfficesAct() {
  const absl::Time now = rig_.clock.Now();
  std::vector<Act> later;
  for (const Act& act : std::exchange(acts_, {})) {
    const SeenDelivery& delivery = deliveries_.at(act.delivery);
    // Its word goes by the link, and waits where there is none.
    if (act.time > now || away_.contains(delivery.recipient)) {
      later.push_back(act);
      continue;
    }
    v1::DeliveryReceipt receipt = Receipt(
        delivery.id, act.rejects ? v1::DELIVERY_STATE_REJECTED : v1::DELIVERY_STATE_ACKNOWLEDGED);
    if (act.rejects) receipt.set_rejection_reason(v1::REJECTION_REASON_NO_SUCH_PERSON);
    if (delivery.recipient != kPuller) {
      rig_.SayOf(delivery.recipient, receipt, delivery.sent);
      continue;
    }
    v1::AcknowledgeNoticeRequest request;
    *request.mutable_acknowledgement() = receipt;
    const auto told = rig_.Call<v1::AcknowledgeNoticeResponse>("AcknowledgeNotice", request,
                                                               TestRig::Household(kPuller));
    if (told.refusal.has_value()) Fault(absl::StrCat("not acknowledged: ", told.refusal->message));
  }
  acts_.insert(acts_.end(), later.begin(), later.end());
}

}  // namespace chayan::notice
