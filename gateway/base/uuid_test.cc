#include "gateway/base/uuid.h"

#include "gateway/base/status_matchers.h"

namespace chayan {
namespace {

TEST(UuidTest, Version7CarriesTimeVersionAndVariant) {
  SeededRandom random(1);
  const Uuid uuid = Uuid::Version7(absl::FromUnixMillis(0x017F22E279B0), random);
  const std::string text = uuid.ToText();
  EXPECT_EQ(text.substr(0, 15), "017f22e2-79b0-7");
  EXPECT_NE(std::string("89ab").find(text[19]), std::string::npos);
}

TEST(UuidTest, TextRoundTrips) {
  SeededRandom random(2);
  const Uuid uuid = Uuid::Version7(absl::FromUnixSeconds(1), random);
  EXPECT_EQ(*Uuid::FromText(uuid.ToText()), uuid);
  EXPECT_EQ(*Uuid::FromRaw(uuid.raw()), uuid);
}

TEST(UuidTest, RefusesUpperCaseAndWrongShapes) {
  for (const char* bad :
       {"", "01890A5D-AC96-774B-BCCE-B302099A8057", "01890a5dac96774bbcceb302099a8057",
        "01890a5d-ac96-774b-bcce-b302099a805", "g1890a5d-ac96-774b-bcce-b302099a8057",
        "01890a5d-ac96-774b-bcceb-302099a8057"}) {
    EXPECT_FALSE(Uuid::FromText(bad).ok()) << bad;
  }
  EXPECT_FALSE(Uuid::FromRaw("short").ok());
}

}  // namespace
}  // namespace chayan
