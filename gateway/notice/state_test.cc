// Goal: the state machine is the one notice_service.proto states. Method: every pair of states
// against the proto's own comment, read from its file; and the properties that the promises rest
// on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "chayan/v1/notice_service.pb.h"
#include "gateway/base/file.h"
#include "gateway/base/status_matchers.h"
#include "gateway/store/delivery_state.h"

namespace chayan::notice {
namespace {

using store::DeliveryState;

std::string NameOf(int state) {
  const std::string name = v1::DeliveryState_Name(static_cast<v1::DeliveryState>(state));
  return std::string(absl::StripPrefix(name, "DELIVERY_STATE_"));
}

// "SCHEDULED -> DELIVERED, …" of the comment, as pairs.
std::set<std::pair<std::string, std::string>> StatedArrows() {
  std::set<std::pair<std::string, std::string>> arrows;
  const auto proto = ReadFile("proto/chayan/v1/notice_service.proto");
  EXPECT_OK(proto);
  for (absl::string_view line : absl::StrSplit(proto.value_or(""), '\n')) {
    if (!absl::ConsumePrefix(&line, "//   ")) continue;
    const std::pair<absl::string_view, absl::string_view> sides = absl::StrSplit(line, " -> ");
    for (const absl::string_view to : absl::StrSplit(sides.second, ", ")) {
      const absl::string_view word = to.substr(0, to.find(' '));
      arrows.emplace(std::string(sides.first), std::string(word));
    }
  }
  return arrows;
}

TEST(DeliveryStateTest, EveryPairIsAnArrowExactlyWhereTheProtoSaysSo) {
  const auto stated = StatedArrows();
  EXPECT_EQ(stated.size(), std::size(store::kArrows));
  for (int from = 1; from <= store::kDeliveryStates; ++from) {
    for (int to = 1; to <= store::kDeliveryStates; ++to) {
      EXPECT_EQ(store::MayStep(static_cast<DeliveryState>(from), static_cast<DeliveryState>(to)),
                stated.contains({NameOf(from), NameOf(to)}))
          << NameOf(from) << " -> " << NameOf(to);
    }
  }
  EXPECT_FALSE(v1::DeliveryState_IsValid(store::kDeliveryStates + 1));
}

// Nothing that left comes back but by a replay, and what is settled stays.
TEST(DeliveryStateTest, OnlyAReplaySchedulesAgainAndTheEndsAreEnds) {
  for (const store::Arrow& arrow : store::kArrows) {
    EXPECT_NE(arrow.from, arrow.to);
    if (arrow.to == DeliveryState::kScheduled) {
      EXPECT_TRUE(arrow.from == DeliveryState::kDead || arrow.from == DeliveryState::kRejected);
    }
    for (const DeliveryState end :
         {DeliveryState::kAcknowledged, DeliveryState::kSuperseded, DeliveryState::kWithdrawn}) {
      EXPECT_NE(arrow.from, end);
    }
  }
}

}  // namespace
}  // namespace chayan::notice
