// Counts that must outlive a crash: mismatches, questions and refusals of a day, uses of grants. A
// count is added to with an entry, in its transaction, so that none counts without the entry that
// made it. Keys are ids of the registry or HMACs; nothing here names a person.
#ifndef CHAYAN_GATEWAY_STORE_TALLIES_H_
#define CHAYAN_GATEWAY_STORE_TALLIES_H_

#include <cstdint>
#include <string>
#include <vector>

namespace chayan::store {

// The numbers are stored. Rows of the first are gone when their day is over; the others stay.
enum class TallyKind {
  kPersonAndSubject = 1,  // mismatches of a person about a subject
  kSubject = 2,           // persons with a mismatch about a subject
  kRequest = 3,           // requests whose mismatch was counted
  kPersonMisses = 4,      // answers that were not what a person expected
  kPersonQuestions = 5,
  kSystemDenials = 6,
  kMember = 7,      // questions of a member
  kGrantUse = 100,  // questions by a grant, on the last day that had one
  kGrantBegin = 101,
};
inline constexpr TallyKind kDailyTallyMax = TallyKind::kMember;

// A change that comes with an entry: adds to the count of its kind and key. A count of an earlier
// day begins anew; a change of an earlier day than the count's has no effect.
struct Tally {
  TallyKind kind;
  std::string key;
  int64_t day;  // since 1970, in Taipei
  int64_t add;
  std::string label;  // codes of the registry, for people

  bool operator==(const Tally&) const = default;
};

// As it stands.
struct KeptTally {
  std::string key;
  int64_t day = 0;
  int64_t count = 0;
  std::string label;

  bool operator==(const KeptTally&) const = default;
};

}  // namespace chayan::store

#endif  // CHAYAN_GATEWAY_STORE_TALLIES_H_
