// Questions about people of the sample data whose answers are known: every one of them is a MATCH.
// The wire form is made once; only the request id changes from question to question.
#ifndef CHAYAN_TESTS_BENCH_QUESTION_H_
#define CHAYAN_TESTS_BENCH_QUESTION_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gateway/base/random.h"

namespace chayan::bench {

// The size every question is padded to, that of an ordinary one with its person and reason.
inline constexpr size_t kQuestionBytes = 409;
// The office that asks, and its clerk, as the sample registry has them.
inline constexpr char kActingFor[] = "hro-shanhua";

class Questions {
 public:
  // Ids of one source are never those of another: their first half is random. `land_office` is who
  // is asked; only AD answers as the sample data says.
  explicit Questions(Random& random, const std::string& land_office = "AD");

  // The next question's bytes, into `out`. Numbers ascend from 0.
  void Make(uint64_t number, std::string& out) const;
  std::string IdOf(uint64_t number) const;

 private:
  struct Template {
    std::string bytes;
    size_t id_offset;
  };
  std::string id_prefix_;
  std::vector<Template> templates_;
};

}  // namespace chayan::bench

#endif  // CHAYAN_TESTS_BENCH_QUESTION_H_
