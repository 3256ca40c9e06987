#include "adapters/program/notice_skeleton.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "gateway/base/encoding.h"

namespace chayan::adapter {
namespace {

constexpr char kNotices[] = R"(# The notices it takes.
notices {
  # Ids of this member's subscriptions, as the registry names them.
  subscriptions: "agency-$ID"
$SINK}
)";

constexpr char kDatabase[] =
    R"(  # Into a database with the tables of adapters/sql/inbox.sql. One transaction each; one that comes twice is there once.
  database {
    source {
      driver: "PostgreSQL Unicode"  # a name in odbcinst.ini
      attributes { name: "Servername" text: "db.agency.example" }
      attributes { name: "Database" text: "register" }
      # A secret never stands here: "file:PATH", "env:NAME" or "credential:NAME".
      # attributes { name: "PWD" secret: "credential:database-password" }
    }
    # What else is to happen in the same transaction. `:name` is bound, never pasted.
    statements {
      notice_kinds: "$KIND"
      statement: "UPDATE register SET changed_on = :day WHERE person_number = :number"
      values { name: "day" item: NOTICE_ITEM_EFFECTIVE_DATE }
      values { name: "number" part: NOTICE_PART_IDENTIFIER }
      rejected_without_row: REJECTION_REASON_NO_SUCH_PERSON
    }
    # The office writes into chayan_outcome what it did, when it did it. Where the statements are all that it does,
    # write `statements_acknowledge: true` instead.
    outcomes: true
  }
)";

constexpr char kHook[] =
    R"(  # To a system behind HTTP, as CloudEvents with the signatures of Standard Webhooks. A 2xx means that it is there; an
  # answer {"state": "ACKNOWLEDGED", "case_number": "…"} that the office has acted. Later it says so by
  # `chayan notice ack`.
  hook {
    system { base_url: "https://register.agency.example/notices" }
    # Two while one replaces the other.
    secrets: "file:hook.secret"
    # signing_keys: "credential:hook-key"
    # statuses { status: 404 meaning: HOOK_MEANING_REJECTED rejection_reason: REJECTION_REASON_NO_SUCH_PERSON }
  }
)";

constexpr char kFiles[] =
    R"(  # Into a file each day, in a folder; `sftp { … }` in place of it for one of another machine.
  files {
    folder: "outbox"
    name: "notices-{date}.csv"
    none_today_name: "none-{date}.csv"
    due: "17:30"
    count_line: "COUNT"
    columns { name: "delivery" item: NOTICE_ITEM_DELIVERY_ID }
    columns { name: "kind" item: NOTICE_ITEM_NOTICE_KIND }
    columns { name: "number" part: NOTICE_PART_IDENTIFIER }
    columns { name: "from" item: NOTICE_ITEM_EFFECTIVE_DATE }
$COLUMNS  }
)";

constexpr char kDelivery[] = "018bcfe5-6800-7000-8000-000000000001";

constexpr char kFixture[] = R"(# proto-file: proto/chayan/v1/adapter_fixture.proto
# proto-message: chayan.v1.AdapterFixture
#
# Notices with what must become of them. Add one for each that your office knows how to handle; invent the people.
notices {
  name: "somebody"
  notice {
    delivery_id: "$DELIVERY"
    notice_kind: "$KIND"
    subjects { identifier { scheme: IDENTIFIER_SCHEME_NATIONAL_ID value: "A123456789" } name: "王小明" }
    effective_date { era: ERA_ROC year: 115 month: 1 day: 15 }
$PAYLOAD  }
$WRITES}
)";

std::string Payload(const v1::NoticeKind& kind) {
  std::string payload;
  for (const v1::Element& element : kind.payload()) {
    absl::StrAppend(&payload, "    payload { code: \"", element.code(), "\" ",
                    element.type() == v1::VALUE_TYPE_DATE
                        ? "date { era: ERA_ROC year: 115 month: 1 day: 14 }"
                        : "text: \"1\"",
                    " }\n");
  }
  return payload;
}

std::string Row(const std::vector<std::string>& values) {
  return absl::StrCat("  writes {\n    values { text: \"",
                      absl::StrJoin(values, "\" }\n    values { text: \""), "\" }\n  }\n");
}

std::string Writes(const v1::NoticeKind& kind, const std::string& connector) {
  if (connector == "sql") return Row({"2026-01-15", "A123456789"});
  if (connector == "http") {
    return "  response { status: 202 }\n  expected { state: DELIVERY_STATE_DELIVERED }\n";
  }
  std::vector<std::string> line = {kDelivery, kind.code(), "A123456789", "2026-01-15"};
  for (const v1::Element& element : kind.payload()) {
    line.push_back(element.type() == v1::VALUE_TYPE_DATE ? "2026-01-14" : "1");
  }
  return Row(line);
}

std::string Columns(const v1::NoticeKind& kind) {
  std::string columns;
  for (const v1::Element& element : kind.payload()) {
    absl::StrAppend(&columns, "    columns { name: \"", element.code(), "\" element: \"",
                    element.code(), "\" }\n");
  }
  return columns;
}

// As a hook's settings want a shared secret.
std::string NewSecret(Random& random) {
  std::array<uint8_t, 32> bytes;
  random.Fill(bytes);
  return absl::StrCat(
      "whsec_", Base64Encode({reinterpret_cast<const char*>(bytes.data()), bytes.size()}), "\n");
}

}  // namespace

absl::StatusOr<Skeleton> NewNoticeSkeleton(const v1::NoticeKind& kind, const std::string& connector,
                                           Random& random) {
  std::string sink;
  if (connector == "sql") sink = kDatabase;
  if (connector == "http") sink = kHook;
  if (connector == "file") sink = kFiles;
  if (sink.empty()) return NoSuchConnector(connector);
  Skeleton skeleton;
  if (connector == "http") skeleton.secrets["hook.secret"] = NewSecret(random);
  skeleton.settings = absl::StrCat(
      SkeletonHead(kind.code(), connector, ""),
      absl::StrReplaceAll(absl::StrReplaceAll(kNotices, {{"$SINK", sink}}),
                          {{"$ID", absl::StrReplaceAll(kind.code(), {{".", "-"}, {"_", "-"}})},
                           {"$KIND", kind.code()},
                           {"$COLUMNS", Columns(kind)}}));
  skeleton.fixture = absl::StrReplaceAll(kFixture, {{"$DELIVERY", kDelivery},
                                                    {"$KIND", kind.code()},
                                                    {"$PAYLOAD", Payload(kind)},
                                                    {"$WRITES", Writes(kind, connector)}});
  return skeleton;
}

}  // namespace chayan::adapter
