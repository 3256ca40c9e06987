// Statistics as the tables of a report, in the reader's language.
#ifndef CHAYAN_GATEWAY_REPORT_STATISTICS_TABLES_H_
#define CHAYAN_GATEWAY_REPORT_STATISTICS_TABLES_H_

#include <string>
#include <vector>

#include "gateway/base/language.h"
#include "gateway/report/statistics.h"
#include "gateway/report/table.h"

namespace chayan::report {

// Name and value each: the period in both forms, and the totals.
std::vector<Row> PeriodFacts(Language language, const Period& period);
std::vector<Row> TotalFacts(Language language, const Statistics& statistics);

// Volumes by month, outcomes, denials, by kind, by office, by member, by the person's proof, share
// answered electronically and sheets avoided by kind and office, entries by type.
std::vector<Table> StatisticsTables(Language language, const Statistics& statistics);

// "83.3 %" of `part` in `all`; "–" of nothing.
std::string Share(uint64_t part, uint64_t all);

// The registry's name of a kind or member beside its code; the code alone where there is none.
std::string KindTitle(Language language, const registry::Snapshot* set, absl::string_view code);
std::string MemberName(Language language, const registry::Snapshot* set, absl::string_view id);

}  // namespace chayan::report

#endif  // CHAYAN_GATEWAY_REPORT_STATISTICS_TABLES_H_
