// Arithmetic of the numbers that carry a check digit: national ids and resident numbers (one
// weighted sum) and business numbers. Shapes are checked by identifier.h; everything here
// REQUIRES them.
#ifndef CHAYAN_GATEWAY_IDENT_PERSON_NUMBER_H_
#define CHAYAN_GATEWAY_IDENT_PERSON_NUMBER_H_

#include "absl/strings/string_view.h"

namespace chayan::ident {

// The weighted sum S of a national id or a resident number, old or new; valid iff S mod 10 is 0.
// REQUIRES: a letter A–Z, then a digit or one of A–D, then eight digits.
int PersonNumberSum(absl::string_view number);

// The tenth character that makes the nine given ones valid.
// REQUIRES: a letter A–Z, then a digit or one of A–D, then seven digits.
char PersonCheckDigit(absl::string_view first_nine);

// The digit sum S of an business number under the weights 1,2,1,2,1,2,4,1, before the
// allowance for a seventh digit 7. REQUIRES: eight digits.
int BusinessNumberSum(absl::string_view number);

// Which of the two published rules the number passes. Every number that passes the old rule also
// passes the one of 2023. 00000000 passes the arithmetic; it is no number and is refused elsewhere.
struct BusinessNumberRules {
  bool before_2023 = false;  // S mod 10 is 0
  bool since_2023 = false;   // S mod 5 is 0
};
BusinessNumberRules CheckBusinessNumber(absl::string_view number);

}  // namespace chayan::ident

#endif  // CHAYAN_GATEWAY_IDENT_PERSON_NUMBER_H_
