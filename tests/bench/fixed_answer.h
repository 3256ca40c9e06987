// What a holder's system would answer, without its database: the backend of every measurement, so
// that what is measured is the way there and back.
#ifndef CHAYAN_TESTS_BENCH_FIXED_ANSWER_H_
#define CHAYAN_TESTS_BENCH_FIXED_ANSWER_H_

#include <cstddef>

#include "chayan/v1/verification_service.pb.h"

namespace chayan::bench {

// Size of a response that holds the request's id and this answer.
inline constexpr size_t kResponseBytes = 558;

// Every claim matches; every requested field is released, the field "address" long enough to bring
// the response to kResponseBytes where it is asked for.
void FixedAnswer(const v1::VerifyDocumentRequest& request, v1::VerificationAnswer& answer);

}  // namespace chayan::bench

#endif  // CHAYAN_TESTS_BENCH_FIXED_ANSWER_H_
