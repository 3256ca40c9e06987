// CHAYAN_CHECK: an invariant of our own code. A failure is our bug, never bad input: it says where
// and aborts, in release builds too. The durable state is safe: kill -9 is a normal way to stop.
#ifndef CHAYAN_GATEWAY_BASE_CHECK_H_
#define CHAYAN_GATEWAY_BASE_CHECK_H_

#include <cstdio>
#include <cstdlib>

#define CHAYAN_CHECK(condition)                                                                 \
  do {                                                                                          \
    if (!(condition)) [[unlikely]] {                                                            \
      std::fprintf(stderr, "%s:%d: CHAYAN_CHECK failed: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                             \
    }                                                                                           \
  } while (false)

#endif  // CHAYAN_GATEWAY_BASE_CHECK_H_
