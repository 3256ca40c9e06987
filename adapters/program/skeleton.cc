#include "adapters/program/skeleton.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "adapters/connector/place.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"

namespace chayan::adapter {
namespace {

constexpr char kHead[] = R"(# proto-file: proto/chayan/v1/adapter_config.proto
# proto-message: chayan.v1.AdapterConfig
#
# An adapter of $KIND on the $CONNECTOR connector. Paths are relative to this file.
#   chayan adapter check FILE            says every fault, replays the fixture
#   chayan adapter check --probe FILE    asks the source whether it is there
#   chayan adapter rehearse FILE         shows what a clerk would see

# Who answers: the member and its system as the registry names them.
member: "agency"
system: "adapter-1"
trust_domain: "chayan.example"
gateways: "gw.chayan.example:7443"

# TLS: made by `chayan certs request`. The answer key is another: Ed25519, its public half goes into the registry.
certificate_file: "adapter.pem"
key_file: "adapter.key"
roots_file: "roots.pem"
answer_key_file: "answer.key"
# What was answered, for ever; it holds no personal data.
answer_log_file: "answers.log"
$KIND_FILES
fixture_file: "fixture.textproto"

)";

constexpr char kSqlSource[] =
    R"(# A database behind ODBC, opened for reading only. Give it a user with no right to write.
source {
  driver: "PostgreSQL Unicode"  # a name in odbcinst.ini
  attributes { name: "Servername" text: "db.agency.example" }
  attributes { name: "Database" text: "register" }
  # A secret never stands here: "file:PATH", "env:NAME" or "credential:NAME".
  # attributes { name: "PWD" secret: "credential:database-password" }
  session_statements: "SET default_transaction_read_only = on"
}

)";

constexpr char kHttpSource[] = R"(# A system behind HTTP.
http {
  base_url: "https://register.agency.example/api"
  # ca_file, certificate_file and key_file for mutual TLS; oauth { … } and jwt { … } for tokens.
  # probe_path: "/health"
}

)";

constexpr char kFileSource[] =
    R"(# Files in a folder; `sftp { … }` in place of it for one of another machine.
files { folder: "inbox" }

)";

constexpr char kSqlKind[] = R"(  # One SELECT. `:name` is bound, never pasted.
  query: "SELECT * FROM register WHERE person_number = :number"
  parameters { name: "number" subject: SUBJECT_PART_NUMBER }
)";

constexpr char kHttpKindHead[] = R"(  # `{name}` is escaped for the place where it stands.
  http {
    method: HTTP_METHOD_GET
    path: "/records?number={number}"
    answer_form: ANSWER_FORM_JSON
    # What the answer means before a record is looked at; the first rule that holds decides.
    rules { when { status { min: 404 } } outcome: OUTCOME_NOT_FOUND }
    # JSON Pointers: where the records stand, and their columns.
    records: "/records"
    columns { name: "person_number" selector: "/person_number" }
)";

constexpr char kFileKind[] =
    R"(  # Each day a whole file; one that is cut off is not taken, for the last line counts the records.
  file {
    name: "register-{date}.csv"
    form: FILE_FORM_CSV
    key_column: "person_number"
    count_line: "COUNT"
    none_today_name: "register-{date}.none"
    due: "09:30"
    when_late: LATE_POLICY_SOURCE_DOWN
  }
)";

constexpr char kKindTail[] =
    R"(  # Which record is the subject's. Give name and birth date too where the register has them.
  subject { number_column: "person_number" }
$CLAIMS$FIELDS  # void_when { column: "status" values: "VOID" }
  # restricted_when { column: "protected" values: "1" }
  # paused: true                        # stop answering this kind; taken up on reload (SIGHUP)
  # questions_per_minute_max: 600
  # office_questions_per_minute_max: 60
}
)";

constexpr char kFixture[] = R"(# proto-file: proto/chayan/v1/adapter_fixture.proto
# proto-message: chayan.v1.AdapterFixture
#
# Recorded questions with the answers that must follow. Add one for each situation at your counter; invent the people.
questions {
  name: "nobody of this number"
  request {
    request_id: "00000000-0000-4000-8000-000000000001"
    document_kind: "$KIND"
    subject { identifier { scheme: IDENTIFIER_SCHEME_NATIONAL_ID value: "A123456789" } }
    claims { code: "$CLAIM" $VALUE }
  }
  $RECORDED
  expected { outcome: OUTCOME_NOT_FOUND }
}
)";

std::vector<std::string> Columns(const v1::DocumentKind& kind) {
  std::vector<std::string> columns = {"person_number"};
  for (const auto* elements : {&kind.claims(), &kind.fields()}) {
    for (const v1::Element& element : *elements) {
      if (std::find(columns.begin(), columns.end(), element.code()) == columns.end()) {
        columns.push_back(element.code());
      }
    }
  }
  return columns;
}

std::string KindText(const v1::DocumentKind& kind, const std::string& connector) {
  std::string text = absl::StrCat("kinds {\n  document_kind: \"", kind.code(), "\"\n");
  if (connector == "sql") text += kSqlKind;
  if (connector == "file") text += kFileKind;
  if (connector == "http") {
    text += kHttpKindHead;
    for (const std::string& column : Columns(kind)) {
      if (column == "person_number") continue;
      absl::StrAppend(&text, "    columns { name: \"", column, "\" selector: \"/", column,
                      "\" optional: true }\n");
    }
    text += "  }\n  parameters { name: \"number\" subject: SUBJECT_PART_NUMBER }\n";
  }
  std::string claims = "  # Each claim and the column it is compared with, by the claim's type.\n";
  for (const v1::Element& claim : kind.claims()) {
    absl::StrAppend(&claims, "  claims { claim: \"", claim.code(), "\" column: \"", claim.code(),
                    "\" }\n");
  }
  std::string fields =
      kind.fields().empty() ? "" : "  # What may be released, where a grant says so.\n";
  for (const v1::Element& field : kind.fields()) {
    absl::StrAppend(&fields, "  fields { field: \"", field.code(), "\" column: \"", field.code(),
                    "\" }\n");
  }
  return text + absl::StrReplaceAll(kKindTail, {{"$CLAIMS", claims}, {"$FIELDS", fields}});
}

template <typename Kind>
absl::StatusOr<Kind> FindIn(const google::protobuf::RepeatedPtrField<Kind>& kinds,
                            absl::string_view what, const std::string& code) {
  std::vector<std::string> known;
  for (const Kind& kind : kinds) {
    if (kind.code() == code) return kind;
    known.push_back(kind.code());
  }
  return absl::NotFoundError(absl::StrCat("no ", what, " \"", code, "\", it has ",
                                          known.empty() ? "none" : absl::StrJoin(known, ", ")));
}

std::string Recorded(const v1::DocumentKind& kind, const std::string& connector) {
  const std::vector<std::string> columns = Columns(kind);
  if (connector == "sql") {
    return absl::StrCat("rows { columns: [\"", absl::StrJoin(columns, "\", \""), "\"] }");
  }
  if (connector == "http") return R"(response { status: 200 body: '{"records": []}' })";
  return absl::StrCat("file_text:\n    \"", absl::StrJoin(columns, ","),
                      "\\n\"\n    \"COUNT,0\\n\"");
}

}  // namespace

std::string SkeletonHead(const std::string& kind, const std::string& connector,
                         const std::string& kind_file) {
  const std::string kind_files =
      kind_file.empty() ? ""
                        : absl::StrCat("# The catalogue as the gateway knows it.\nkind_files: \"",
                                       kind_file, "\"\n");
  return absl::StrReplaceAll(
      kHead, {{"$KIND_FILES\n", kind_files}, {"$KIND", kind}, {"$CONNECTOR", connector}});
}

absl::Status NoSuchConnector(const std::string& connector) {
  return absl::InvalidArgumentError(
      absl::StrCat("there is no connector \"", connector, "\", write sql, http or file"));
}

absl::StatusOr<Skeleton> NewSkeleton(const v1::DocumentKind& kind, const std::string& connector,
                                     const std::string& kind_file) {
  std::string source;
  if (connector == "sql") source = kSqlSource;
  if (connector == "http") source = kHttpSource;
  if (connector == "file") source = kFileSource;
  if (source.empty()) return NoSuchConnector(connector);
  if (kind.claims().empty()) return absl::InvalidArgumentError("the kind has no claims");
  const v1::Element& claim = kind.claims(0);
  Skeleton skeleton;
  skeleton.settings = absl::StrCat(SkeletonHead(kind.code(), connector, kind_file), source,
                                   KindText(kind, connector));
  skeleton.fixture = absl::StrReplaceAll(
      kFixture, {{"$KIND", kind.code()},
                 {"$CLAIM", claim.code()},
                 {"$VALUE", claim.type() == v1::VALUE_TYPE_DATE
                                ? "date { era: ERA_ROC year: 77 month: 5 day: 20 }"
                                : "text: \"1\""},
                 {"$RECORDED", Recorded(kind, connector)}});
  return skeleton;
}

absl::StatusOr<v1::RegistryFile> ReadKinds(const std::string& kind_file) {
  CHAYAN_ASSIGN_OR_RETURN(const std::string content, ReadFile(kind_file));
  connector::Faults faults(kind_file);
  v1::RegistryFile registry;
  faults.Read(content, registry);
  CHAYAN_RETURN_IF_ERROR(faults.ToStatus());
  return registry;
}

absl::StatusOr<v1::DocumentKind> FindKind(const v1::RegistryFile& registry,
                                          const std::string& code) {
  return FindIn(registry.document_kinds(), "document kind", code);
}

absl::StatusOr<v1::NoticeKind> FindNoticeKind(const v1::RegistryFile& registry,
                                              const std::string& code) {
  return FindIn(registry.notice_kinds(), "notice kind", code);
}

}  // namespace chayan::adapter
