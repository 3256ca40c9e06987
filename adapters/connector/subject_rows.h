// Which rows are about the question's subject.
#ifndef CHAYAN_ADAPTERS_CONNECTOR_SUBJECT_ROWS_H_
#define CHAYAN_ADAPTERS_CONNECTOR_SUBJECT_ROWS_H_

#include <cstddef>
#include <vector>

#include "adapters/connector/plan.h"
#include "adapters/connector/rows.h"
#include "adapters/sdk/match.h"
#include "chayan/v1/verification_service.pb.h"

namespace chayan::connector {

// A row about the subject.
struct SubjectRow {
  size_t index;
  // How surely: MATCH; VARIANT or UNCOMPARABLE where a person has to look (a name that agrees only
  // by a variant character, a number of before check digits); MISMATCH where the number agrees and
  // name or birth date differs.
  sdk::Verdict identity;
};

// Rows whose number agrees and whose name and birth date do not differ. If there is none, rows
// whose number cannot be compared (nine characters, old resident number) but whose name or birth
// date agrees. If there is none either, rows whose number agrees and whose name or birth date
// differs: all rows returned are of one of the three.
std::vector<SubjectRow> FindSubjectRows(const v1::SubjectColumns& columns,
                                        const v1::Subject& subject, const Rows& rows);

}  // namespace chayan::connector

#endif  // CHAYAN_ADAPTERS_CONNECTOR_SUBJECT_ROWS_H_
