#include "gateway/audit/reports.h"

#include <map>
#include <utility>

#include "gateway/audit/filter.h"
#include "gateway/base/clock.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"
#include "gateway/crypto/digest.h"
#include "gateway/log/leaf_view.h"
#include "gateway/report/formats.h"
#include "gateway/report/statistics.h"
#include "gateway/report/statistics_tables.h"

namespace chayan::audit {
namespace {

// A year and what an office may be late with it.
constexpr int kReportDaysMax = 400;

// The registry sets of the store, each read once a report.
class StoredSets {
 public:
  explicit StoredSets(store::Store& store) : store_(store) {}

  // Null where there is none.
  const registry::Snapshot* Find(absl::string_view digest) {
    const auto known = sets_.find(digest);
    if (known != sets_.end()) return known->second.get();
    absl::StatusOr<std::shared_ptr<const registry::Snapshot>> set = Read(digest);
    return sets_.emplace(digest, set.ok() ? *std::move(set) : nullptr).first->second.get();
  }

 private:
  absl::StatusOr<std::shared_ptr<const registry::Snapshot>> Read(absl::string_view digest) {
    CHAYAN_ASSIGN_OR_RETURN(const std::string raw, Base64Decode(digest));
    CHAYAN_ASSIGN_OR_RETURN(const crypto::Digest key, crypto::Digest::FromRaw(raw));
    CHAYAN_ASSIGN_OR_RETURN(store::RegistrySet set, store_.ReadRegistry(key));
    return registry::Snapshot::Create(std::move(set.files), nullptr);
  }

  store::Store& store_;
  std::map<std::string, std::shared_ptr<const registry::Snapshot>, std::less<>> sets_;
};

// A moment that begins a day in Taiwan; empty for any other.
std::optional<absl::CivilDay> DayBeginningAt(const google::protobuf::Timestamp& moment) {
  const absl::Time time = absl::FromUnixSeconds(moment.seconds());
  const absl::CivilDay day = absl::ToCivilDay(time, TaipeiTimeZone());
  const bool begins = absl::FromCivil(day, TaipeiTimeZone()) == time && moment.nanos() == 0;
  return begins ? std::optional(day) : std::nullopt;
}

// Empty after a refusal.
std::optional<report::Period> TakePeriod(AuditCall& call, const v1::ExportReportRequest& request) {
  const auto refuse = [&call](const char* field, std::string message) {
    call.Refuse(policy::RefusedField(v1::ERROR_REASON_FIELD_INVALID, field, std::move(message)));
    return std::nullopt;
  };
  constexpr char kWriteADay[] = "write the beginning of a day in Taiwan, 00:00 +08:00";
  const std::optional<absl::CivilDay> first = DayBeginningAt(request.from_time());
  if (!request.has_from_time() || !first.has_value()) return refuse("from_time", kWriteADay);
  const std::optional<absl::CivilDay> end = DayBeginningAt(request.until_time());
  if (!request.has_until_time() || !end.has_value()) return refuse("until_time", kWriteADay);
  if (*end <= *first || *end - *first > kReportDaysMax) {
    return refuse("until_time",
                  absl::StrCat("write 1 to ", kReportDaysMax, " days after from_time"));
  }
  return report::Period{*first, *end - 1};
}

// All entries of the period: kReport is permitted only by a grant of all members, offices and
// kinds.
absl::StatusOr<report::Statistics> Count(const Collaborators& with, const report::Period& period,
                                         uint64_t log_size, StoredSets& sets) {
  report::Statistics statistics(period,
                                [&sets](absl::string_view digest) { return sets.Find(digest); });
  CHAYAN_ASSIGN_OR_RETURN(const uint64_t first, FirstEntryAt(with.store, log_size, period.begin()));
  CHAYAN_ASSIGN_OR_RETURN(const uint64_t end, FirstEntryAt(with.store, log_size, period.end()));
  absl::Status fault;
  CHAYAN_RETURN_IF_ERROR(
      VisitLeaves(with.store, {first, end}, [&](uint64_t /*index*/, absl::string_view bytes) {
        const absl::StatusOr<log::LeafView> leaf = log::ReadLeaf(bytes);
        if (leaf.ok()) statistics.Add(*leaf);
        fault = leaf.status();
        return leaf.ok();
      }));
  CHAYAN_RETURN_IF_ERROR(fault);
  return statistics;
}

}  // namespace

void ExportReport(const Collaborators& with, AuditCall call) {
  v1::ExportReportRequest request;
  if (!call.Parse(request)) return;
  const std::optional<report::Period> period = TakePeriod(call, request);
  if (!period.has_value()) return;
  const policy::AuditScope scope{.from = period->begin(), .until = period->end()};
  if (!call.Permit(policy::AuditAction::kReport, scope).has_value()) return;
  StoredSets sets(with.store);
  const absl::StatusOr<report::Statistics> statistics = Count(with, *period, call.log_size(), sets);
  if (!statistics.ok()) return call.Refuse(StoreFault(statistics.status()));
  report::Document document;
  document.title = "statistics of electronic verification";
  document.facts = report::PeriodFacts(Language::kEn, *period);
  document.facts.push_back({"counted below entry", absl::StrCat(call.log_size())});
  for (report::Row& row : report::TotalFacts(Language::kEn, *statistics)) {
    document.facts.push_back(std::move(row));
  }
  document.tables = report::StatisticsTables(Language::kEn, *statistics);
  v1::ExportReportResponse response;
  response.set_report(report::WriteJson(document));
  call.entry().digest = crypto::Sha256(response.report());
  std::optional<log::Committed> recorded = call.Commit({});
  if (!recorded.has_value()) return;
  response.mutable_receipt()->set_leaf(std::move(recorded->leaf));
  response.mutable_receipt()->set_tlog_proof(std::move(recorded->tlog_proof));
  call.Answer(response.SerializeAsString());
}

}  // namespace chayan::audit
