#include "gateway/cli/notice_checklist.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gateway/cli/notice_commands.h"
#include "gateway/cli/notice_text.h"
#include "gateway/report/period.h"

namespace chayan::cli {
namespace {

std::string TimeOrNothing(bool given, const google::protobuf::Timestamp& time) {
  return given ? report::IsoTime(TimeFrom(time)) : "";
}

// What it waits for: the day of the plan, of the office, or of whoever follows it up.
std::string Deadline(const v1::DeliveryStatus& delivery) {
  switch (delivery.state()) {
    case v1::DELIVERY_STATE_SCHEDULED:
      return TimeOrNothing(delivery.has_due_time(), delivery.due_time());
    case v1::DELIVERY_STATE_REJECTED:
      return TimeOrNothing(delivery.has_follow_up_by_time(), delivery.follow_up_by_time());
    default:
      return TimeOrNothing(delivery.has_acknowledge_by_time(), delivery.acknowledge_by_time());
  }
}

std::string ReasonOf(const v1::DeliveryStatus& delivery) {
  if (delivery.rejection_reason() == v1::REJECTION_REASON_UNSPECIFIED) return delivery.reason();
  return RejectionCode(delivery.rejection_reason());
}

class Writer {
 public:
  Writer(Language language, report::Document& document)
      : language_(language), document_(document), table_(document.tables.emplace_back()) {
    document.title = Text("通報檢核表", "checklist of notices");
    table_.name = "checklist";
    table_.title = document.title;
    table_.header = {
        Text("事由", "why"),      Text("通報", "notice"),        Text("種類", "kind"),
        Text("送達", "delivery"), Text("收受機關", "recipient"), Text("期限", "by"),
        Text("次數", "attempts"), Text("原因", "reason"),        Text("處理者", "follow-up")};
  }

  void Add(absl::string_view why, const std::vector<v1::DeliveryStatus>& deliveries) {
    document_.facts.push_back({std::string(why), absl::StrCat(deliveries.size())});
    for (const v1::DeliveryStatus& delivery : deliveries) {
      table_.rows.push_back({std::string(why), delivery.notice_id(), delivery.notice_kind(),
                             delivery.delivery_id(), delivery.recipient(), Deadline(delivery),
                             absl::StrCat(delivery.attempts()), ReasonOf(delivery),
                             delivery.follow_up_owner()});
    }
  }

 private:
  std::string Text(absl::string_view zh_tw, absl::string_view en) const {
    return std::string(Say(language_, zh_tw, en));
  }

  const Language language_;
  report::Document& document_;
  report::Table& table_;
};

}  // namespace

report::Document NoticeChecklist(Language language, const NoticeFindings& findings,
                                 absl::Time now) {
  report::Document document;
  Writer writer(language, document);
  writer.Add(Say(language, "無法送達", "dead"), findings.dead);
  if (findings.dead_only) return document;
  writer.Add(Say(language, "退回", "rejected"), findings.rejected);
  writer.Add(Say(language, "逾期未回報", "not acted on"), findings.overdue);
  std::vector<v1::DeliveryStatus> late;
  for (const v1::DeliveryStatus& delivery : findings.scheduled) {
    if (delivery.has_due_time() && TimeFrom(delivery.due_time()) < now) late.push_back(delivery);
  }
  writer.Add(Say(language, "逾時未送達", "late"), late);
  writer.Add(Say(language, "無收受機關", "nobody to get it"), findings.unmatched);
  return document;
}

}  // namespace chayan::cli
