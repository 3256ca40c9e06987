#include "gateway/store/postgres_connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_macros.h"

namespace chayan::store {
namespace {

constexpr int kBinary = 1;
// Types by the numbers that PostgreSQL's catalogue has given them for ever.
constexpr uint32_t kByteaOid = 17;
constexpr uint32_t kBigintOid = 20;

// Ends the transaction of a gateway that stopped in the middle of one, and gives the head free.
constexpr absl::Duration kIdleInTransactionMax = absl::Seconds(30);

// Everything is named in full, so that no table of somebody else's stands in the way.
constexpr PostgresStatement kBeginSession = {
    "begin_session",
    "SELECT set_config('role', convert_from($1::bytea, 'UTF8'), false),"
    " set_config('search_path', 'pg_catalog', false),"
    " set_config('lock_timeout', ($2::bigint)::text, false),"
    " set_config('idle_in_transaction_session_timeout', ($3::bigint)::text, false),"
    // A statement that the server cancels by itself might be a COMMIT.
    " set_config('statement_timeout', '0', false),"
    " set_config('client_min_messages', 'warning', false)"};

absl::Status StatusFromState(absl::string_view state, absl::string_view message) {
  const auto text = [&](absl::string_view what) {
    return absl::StrCat(what, " (PostgreSQL ", state, ": ", message, ")");
  };
  const absl::string_view error_class = state.substr(0, 2);
  if (state == "53100") {
    return absl::ResourceExhaustedError(
        text("no room for the store: free space on the database's disk"));
  }
  if (state == "42501") {
    return absl::FailedPreconditionError(
        text("the login may not do this: grant it the role, or run deploy/postgres/migrate"));
  }
  if (error_class == "XX") {
    return absl::DataLossError(
        text("the store is damaged: stop, keep the files, restore from a copy"));
  }
  if (state == "25006") return absl::UnavailableError(text("the database takes no writes"));
  if (error_class == "53") return absl::UnavailableError(text("the database is overloaded"));
  if (error_class == "40" || state == "55P03") {
    return absl::UnavailableError(text("the store is held by another process"));
  }
  if (error_class == "08" || error_class == "57") {
    return absl::UnavailableError(text("the database ended the session"));
  }
  if (error_class == "58") return absl::UnavailableError(text("the database's disk failed"));
  return absl::InternalError(text("store"));
}

// Never the detail of an error: it repeats values.
absl::Status StatusOf(const PGresult* result) {
  const char* const state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* const message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  return StatusFromState(state == nullptr ? "08006" : state,
                         message == nullptr ? "the connection was lost" : message);
}

std::string BigEndian64(int64_t value) {
  std::string bytes;
  AppendUint64(bytes, static_cast<uint64_t>(value));
  return bytes;
}

// The binary form of an array of one dimension: dimensions, has-nulls, element type, length, first
// index; then each element with its length.
void AppendArrayHead(std::string& out, uint32_t element_oid, size_t count) {
  AppendUint32(out, count == 0 ? 0 : 1);
  AppendUint32(out, 0);
  AppendUint32(out, element_oid);
  if (count == 0) return;
  AppendUint32(out, static_cast<uint32_t>(count));
  AppendUint32(out, 1);
}

// By its severity, for the text may be in any language.
void NoteWarning(void* warned, const PGresult* notice) {
  const char* const severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
  if (severity != nullptr && absl::string_view(severity) == "WARNING") {
    *static_cast<bool*>(warned) = true;
  }
}

}  // namespace

PostgresParameters& PostgresParameters::Add(int64_t value) {
  values_.push_back(BigEndian64(value));
  return *this;
}

PostgresParameters& PostgresParameters::Add(absl::string_view bytes) {
  values_.emplace_back(bytes);
  return *this;
}

PostgresParameters& PostgresParameters::AddArray(const std::vector<int64_t>& values) {
  std::string& out = values_.emplace_back();
  AppendArrayHead(out, kBigintOid, values.size());
  for (const int64_t value : values) {
    AppendUint32(out, sizeof(value));
    AppendUint64(out, static_cast<uint64_t>(value));
  }
  return *this;
}

PostgresParameters& PostgresParameters::AddArray(const std::vector<absl::string_view>& blobs) {
  std::string& out = values_.emplace_back();
  AppendArrayHead(out, kByteaOid, blobs.size());
  for (const absl::string_view blob : blobs) {
    AppendUint32(out, static_cast<uint32_t>(blob.size()));
    out.append(blob.data(), blob.size());
  }
  return *this;
}

void PostgresResult::Clearer::operator()(pg_result* result) const { PQclear(result); }

int PostgresResult::rows() const { return PQntuples(result_.get()); }

int64_t PostgresResult::Integer(int row, int column) const {
  const absl::string_view bytes = Blob(row, column);
  CHAYAN_CHECK(bytes.size() == sizeof(int64_t));
  uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return static_cast<int64_t>(value);
}

bool PostgresResult::Boolean(int row, int column) const {
  const absl::string_view bytes = Blob(row, column);
  CHAYAN_CHECK(bytes.size() == 1);
  return bytes[0] != 0;
}

absl::string_view PostgresResult::Blob(int row, int column) const {
  CHAYAN_CHECK(row < rows() && column < PQnfields(result_.get()));
  return {PQgetvalue(result_.get(), row, column),
          static_cast<size_t>(PQgetlength(result_.get(), row, column))};
}

absl::string_view PostgresResult::tag() const { return PQcmdStatus(result_.get()); }

void PostgresConnection::Closer::operator()(pg_conn* database) const { PQfinish(database); }

absl::StatusOr<std::unique_ptr<PostgresConnection>> PostgresConnection::Open(
    const PostgresSettings& settings, absl::string_view role, const Clock& clock) {
  std::vector<const char*> names, values;
  for (const auto& [name, value] : settings.keywords) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  const std::string timeout = absl::StrCat(absl::ToInt64Seconds(settings.connect_timeout));
  names.push_back("connect_timeout");
  values.push_back(timeout.c_str());
  names.push_back(nullptr);
  values.push_back(nullptr);
  // This call alone may block, for `connect_timeout` a host.
  std::unique_ptr<PostgresConnection> connection(new PostgresConnection(
      PQconnectdbParams(names.data(), values.data(), /*expand_dbname=*/0), clock));
  CHAYAN_CHECK(!connection->broken());
  PGconn* const database = connection->database_.get();
  if (PQstatus(database) != CONNECTION_OK) {
    return connection->Lose(
        absl::StrCat("the database cannot be reached: ", PQerrorMessage(database)));
  }
  PQsetNoticeReceiver(database, &NoteWarning, &connection->warned_);
  CHAYAN_CHECK(PQsetnonblocking(database, 1) == 0);
  CHAYAN_CHECK(PQenterPipelineMode(database) == 1);
  CHAYAN_RETURN_IF_ERROR(connection->BeginSession(settings, role));
  return connection;
}

absl::Status PostgresConnection::BeginSession(const PostgresSettings& settings,
                                              absl::string_view role) {
  PostgresParameters parameters;
  parameters.Add(role)
      .Add(absl::ToInt64Milliseconds(settings.lock_timeout))
      .Add(absl::ToInt64Milliseconds(kIdleInTransactionMax));
  const absl::Status status =
      Ask(kBeginSession, std::move(parameters), settings.statement_timeout).status();
  return Annotate(status, absl::StrCat("act as ", role));
}

absl::Status PostgresConnection::Lose(absl::string_view what) {
  // libpq's later lines guess at causes.
  const absl::Status status = absl::UnavailableError(what.substr(0, what.find('\n')));
  database_.reset();
  return status;
}

bool PostgresConnection::IsAlive() {
  while (!broken()) {
    pollfd readable = {.fd = PQsocket(database_.get()), .events = POLLIN, .revents = 0};
    if (poll(&readable, 1, /*timeout=*/0) == 0) return true;
    // Something comes unasked: a notice, or the end.
    if (PQconsumeInput(database_.get()) == 0 || PQstatus(database_.get()) != CONNECTION_OK) {
      database_.reset();
    }
  }
  return false;
}

// One thing that was sent and gets an answer of its own.
struct PostgresConnection::Sent {
  const PostgresStatement* preparing;  // null: a query
};

absl::Status PostgresConnection::Send(std::span<const PostgresQuery> queries,
                                      std::vector<Sent>& sent) {
  PGconn* const database = database_.get();
  std::set<absl::string_view> preparing;
  bool ok = true;
  for (const PostgresQuery& query : queries) {
    const PostgresStatement& statement = *query.statement;
    if (!prepared_.contains(statement.name) && preparing.insert(statement.name).second) {
      ok = ok && PQsendPrepare(database, statement.name, statement.sql, /*nParams=*/0,
                               /*paramTypes=*/nullptr) == 1;
      sent.push_back({&statement});
    }
    std::vector<const char*> values;
    std::vector<int> lengths;
    for (const std::string& value : query.parameters.values()) {
      values.push_back(value.data());
      lengths.push_back(static_cast<int>(value.size()));
    }
    const std::vector<int> formats(values.size(), kBinary);
    ok = ok && PQsendQueryPrepared(database, statement.name, static_cast<int>(values.size()),
                                   values.data(), lengths.data(), formats.data(), kBinary) == 1;
    sent.push_back({nullptr});
  }
  ok = ok && PQpipelineSync(database) == 1;
  return ok ? absl::OkStatus() : Lose(PQerrorMessage(database));
}

absl::Status PostgresConnection::AwaitResult(absl::Duration deadline) {
  PGconn* const database = database_.get();
  while (true) {
    const int unsent = PQflush(database);
    if (unsent < 0) return Lose(PQerrorMessage(database));
    if (PQisBusy(database) == 0) return absl::OkStatus();
    const absl::Duration left = std::max(deadline - clock_.Elapsed(), absl::ZeroDuration());
    pollfd ready = {.fd = PQsocket(database), .events = POLLIN, .revents = 0};
    if (unsent > 0) ready.events |= POLLOUT;
    // Rounded up, lest the last millisecond is spent in circles.
    const int64_t left_ms = absl::ToInt64Milliseconds(absl::Ceil(left, absl::Milliseconds(1)));
    if (poll(&ready, 1, static_cast<int>(left_ms)) == 0 && left == absl::ZeroDuration()) {
      return Lose("the database does not answer within the time it is given");
    }
    if ((ready.revents & ~POLLOUT) != 0 && PQconsumeInput(database) == 0) {
      return Lose(PQerrorMessage(database));
    }
  }
}

void PostgresConnection::Collect(const std::vector<Sent>& sent, absl::Duration deadline,
                                 PostgresReply& reply) {
  size_t at = 0;
  while (true) {
    if (absl::Status status = AwaitResult(deadline); !status.ok()) {
      if (reply.status.ok()) reply.status = std::move(status);
      return;
    }
    pg_result* const raw = PQgetResult(database_.get());
    if (raw == nullptr) {
      ++at;
      continue;
    }
    PostgresResult result(raw);
    const ExecStatusType code = PQresultStatus(raw);
    if (code == PGRES_PIPELINE_SYNC) return;
    if (code == PGRES_COMMAND_OK || code == PGRES_TUPLES_OK) {
      CHAYAN_CHECK(at < sent.size());
      if (sent[at].preparing != nullptr) {
        prepared_.insert(sent[at].preparing->name);
      } else {
        reply.results.push_back(std::move(result));
      }
    } else if (code != PGRES_PIPELINE_ABORTED && reply.status.ok()) {
      reply.status = StatusOf(raw);
    }
    if (PQstatus(database_.get()) != CONNECTION_OK) {
      if (reply.status.ok()) reply.status = absl::UnavailableError("the connection was lost");
      database_.reset();
      return;
    }
  }
}

PostgresReply PostgresConnection::Run(std::span<const PostgresQuery> queries,
                                      absl::Duration timeout) {
  PostgresReply reply;
  if (broken()) {
    reply.status = absl::UnavailableError("the connection to the database was lost");
    return reply;
  }
  const absl::Duration deadline = clock_.Elapsed() + timeout;
  warned_ = false;
  std::vector<Sent> sent;
  reply.status = Send(queries, sent);
  if (reply.status.ok()) Collect(sent, deadline, reply);
  reply.warned = warned_;
  return reply;
}

absl::StatusOr<PostgresResult> PostgresConnection::Ask(const PostgresStatement& statement,
                                                       PostgresParameters parameters,
                                                       absl::Duration timeout) {
  const PostgresQuery query = {.statement = &statement, .parameters = std::move(parameters)};
  PostgresReply reply = Run({&query, 1}, timeout);
  CHAYAN_RETURN_IF_ERROR(reply.status);
  CHAYAN_CHECK(reply.results.size() == 1);
  return std::move(reply.results[0]);
}

}  // namespace chayan::store
