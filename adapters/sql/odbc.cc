#include "adapters/sql/odbc.h"

#include <sql.h>
#include <sqlext.h>

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "adapters/sql/statement_timer.h"
#include "gateway/base/check.h"
#include "gateway/base/status_macros.h"

namespace chayan::sql {
namespace {

// A driver that cannot be reached is given up after this long.
constexpr SQLULEN kLoginSecondsMax = 5;
constexpr SQLSMALLINT kColumnsMax = 256;

// Attributes that are numbers travel in a pointer.
SQLPOINTER Number(SQLULEN number) { return reinterpret_cast<SQLPOINTER>(number); }

SQLCHAR* Text(const std::string& text) {
  return reinterpret_cast<SQLCHAR*>(const_cast<char*>(text.c_str()));
}

bool Succeeded(SQLRETURN code) { return SQL_SUCCEEDED(code); }

struct Fault {
  std::string state = "HY000";
  SQLINTEGER number = 0;
  std::string text;
};

Fault FaultOf(SQLSMALLINT type, SQLHANDLE handle) {
  Fault fault;
  std::array<SQLCHAR, 6> state{};
  std::array<SQLCHAR, SQL_MAX_MESSAGE_LENGTH> text{};
  SQLSMALLINT size = 0;
  if (Succeeded(SQLGetDiagRec(type, handle, 1, state.data(), &fault.number, text.data(),
                              static_cast<SQLSMALLINT>(text.size()), &size))) {
    fault.state = reinterpret_cast<const char*>(state.data());
    fault.text = reinterpret_cast<const char*>(text.data());
  }
  return fault;
}

// Frees an ODBC handle; a connection is closed first.
class Handle {
 public:
  Handle(SQLSMALLINT type, SQLHANDLE parent) : type_(type) {
    if (!Succeeded(SQLAllocHandle(type, parent, &handle_))) handle_ = SQL_NULL_HANDLE;
  }
  ~Handle() {
    if (handle_ == SQL_NULL_HANDLE) return;
    if (type_ == SQL_HANDLE_DBC) SQLDisconnect(handle_);
    SQLFreeHandle(type_, handle_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  SQLHANDLE get() const { return handle_; }
  bool ok() const { return handle_ != SQL_NULL_HANDLE; }

 private:
  const SQLSMALLINT type_;
  SQLHANDLE handle_ = SQL_NULL_HANDLE;
};

// One for the process: the driver manager keeps its own locks per environment.
SQLHANDLE Environment() {
  static const SQLHANDLE environment = [] {
    SQLHANDLE handle = SQL_NULL_HANDLE;
    CHAYAN_CHECK(Succeeded(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &handle)));
    CHAYAN_CHECK(Succeeded(SQLSetEnvAttr(handle, SQL_ATTR_ODBC_VERSION, Number(SQL_OV_ODBC3), 0)));
    return handle;
  }();
  return environment;
}

// Class 08 is the connection; 57P01 to 57P03 are PostgreSQL's shutdowns; 40 asks to try again.
bool MeansConnectionLost(const Fault& fault) {
  return absl::StartsWith(fault.state, "08") || absl::StartsWith(fault.state, "57P") ||
         absl::StartsWith(fault.state, "40");
}

class OdbcConnection final : public Connection {
 public:
  explicit OdbcConnection(absl::Duration timeout)
      : timeout_(timeout), connection_(SQL_HANDLE_DBC, Environment()) {}

  absl::Status Open(const ConnectOptions& options) {
    if (!connection_.ok()) return absl::UnavailableError("no ODBC handle can be had");
    SQLHANDLE connection = connection_.get();
    if (!options.writable) {
      SQLSetConnectAttr(connection, SQL_ATTR_ACCESS_MODE, Number(SQL_MODE_READ_ONLY), 0);
    }
    SQLSetConnectAttr(connection, SQL_ATTR_LOGIN_TIMEOUT, Number(kLoginSecondsMax), 0);
    if (!Succeeded(SQLDriverConnect(connection, nullptr, Text(options.connection_string), SQL_NTS,
                                    nullptr, 0, nullptr, SQL_DRIVER_NOPROMPT))) {
      const Fault fault = FaultOf(SQL_HANDLE_DBC, connection);
      return absl::UnavailableError(absl::StrCat("connect: SQLSTATE ", fault.state, ": ",
                                                 absl::StripAsciiWhitespace(fault.text)));
    }
    for (const std::string& text : options.session_statements) {
      const auto done = Run(Statement{text, {}}, {});
      if (!done.ok()) return Annotate(done.status(), "session statement");
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Rows> Select(const Statement& statement, std::span<const Value> values) override {
    return Run(statement, values);
  }

  absl::StatusOr<int64_t> Execute(const Statement& statement,
                                  std::span<const Value> values) override {
    SQLLEN touched = 0;
    CHAYAN_RETURN_IF_ERROR(Run(statement, values, &touched).status());
    return static_cast<int64_t>(touched);
  }

  absl::Status Transact(const std::function<absl::Status()>& work) override {
    CHAYAN_RETURN_IF_ERROR(SetAutocommit(SQL_AUTOCOMMIT_OFF));
    absl::Status status = work();
    if (!Succeeded(SQLEndTran(SQL_HANDLE_DBC, connection_.get(),
                              status.ok() ? SQL_COMMIT : SQL_ROLLBACK)) &&
        status.ok()) {
      status = ConnectionFault("commit");
    }
    if (status.ok()) return SetAutocommit(SQL_AUTOCOMMIT_ON);
    SetAutocommit(SQL_AUTOCOMMIT_ON).IgnoreError();  // the first error says more
    return status;
  }

 private:
  absl::Status SetAutocommit(SQLULEN mode) {
    if (Succeeded(SQLSetConnectAttr(connection_.get(), SQL_ATTR_AUTOCOMMIT, Number(mode), 0))) {
      return absl::OkStatus();
    }
    return ConnectionFault("transaction");
  }

  absl::Status ConnectionFault(absl::string_view what) const {
    const Fault fault = FaultOf(SQL_HANDLE_DBC, connection_.get());
    return absl::UnavailableError(
        absl::StrCat(what, ": SQLSTATE ", fault.state, ", driver's number ", fault.number));
  }

  absl::StatusOr<Rows> Run(const Statement& statement, std::span<const Value> values,
                           SQLLEN* touched = nullptr) {
    CHAYAN_CHECK(values.size() == statement.parameters.size());
    Handle handle(SQL_HANDLE_STMT, connection_.get());
    if (!handle.ok()) return absl::UnavailableError("no statement handle can be had");
    const auto seconds = static_cast<SQLULEN>(absl::ToInt64Seconds(timeout_) + 1);
    SQLSetStmtAttr(handle.get(), SQL_ATTR_QUERY_TIMEOUT, Number(seconds), 0);

    std::vector<SQLLEN> sizes(values.size());
    for (size_t i = 0; i < values.size(); ++i) {
      CHAYAN_RETURN_IF_ERROR(Bind(handle.get(), i, values[i], sizes[i]));
    }
    StatementTimer::Guard guard(StatementTimer::Instance(), timeout_,
                                [&handle] { SQLCancel(handle.get()); });
    absl::StatusOr<Rows> rows = Fetch(handle.get(), statement);
    if (rows.ok() && touched != nullptr && !Succeeded(SQLRowCount(handle.get(), touched))) {
      return StatementFault(handle.get(), "count");
    }
    // Whatever it came to: MariaDB answers some statements that it ended as if they had come to
    // their end.
    if (guard.expired()) {
      return absl::DeadlineExceededError("the statement ran too long and was ended");
    }
    if (absl::IsInternal(rows.status()) && IsDead()) {
      return absl::UnavailableError(rows.status().message());
    }
    return rows;
  }

  // Where no state says so: MariaDB's driver tells a lost connection by a number of its own. A
  // driver that does not know says no.
  bool IsDead() const {
    SQLUINTEGER dead = SQL_CD_FALSE;
    return Succeeded(SQLGetConnectAttr(connection_.get(), SQL_ATTR_CONNECTION_DEAD, &dead,
                                       sizeof(dead), nullptr)) &&
           dead == SQL_CD_TRUE;
  }

  static absl::Status Bind(SQLHANDLE handle, size_t index, const Value& value, SQLLEN& size) {
    static const std::string kEmpty;
    const std::string& text = value.has_value() ? *value : kEmpty;
    size = value.has_value() ? static_cast<SQLLEN>(text.size()) : SQL_NULL_DATA;
    if (!Succeeded(SQLBindParameter(handle, static_cast<SQLUSMALLINT>(index + 1), SQL_PARAM_INPUT,
                                    SQL_C_CHAR, SQL_VARCHAR, std::max<size_t>(text.size(), 1), 0,
                                    Text(text), static_cast<SQLLEN>(text.size()), &size))) {
      return StatementFault(handle, "bind");
    }
    return absl::OkStatus();
  }

  static absl::StatusOr<Rows> Fetch(SQLHANDLE handle, const Statement& statement) {
    const SQLRETURN code = SQLExecDirect(handle, Text(statement.text), SQL_NTS);
    if (!Succeeded(code) && code != SQL_NO_DATA) return StatementFault(handle, "execute");
    Rows rows;
    CHAYAN_RETURN_IF_ERROR(ReadColumns(handle, rows));
    while (!rows.columns.empty()) {
      const SQLRETURN fetched = SQLFetch(handle);
      if (fetched == SQL_NO_DATA) break;
      if (!Succeeded(fetched)) return StatementFault(handle, "fetch");
      if (rows.rows.size() == kRowsMax) {
        rows.truncated = true;
        break;
      }
      std::vector<Value>& row = rows.rows.emplace_back(rows.columns.size());
      for (size_t i = 0; i < row.size(); ++i) {
        CHAYAN_ASSIGN_OR_RETURN(row[i], ReadValue(handle, i));
      }
    }
    return rows;
  }

  static absl::Status ReadColumns(SQLHANDLE handle, Rows& rows) {
    SQLSMALLINT count = 0;
    if (!Succeeded(SQLNumResultCols(handle, &count))) return StatementFault(handle, "columns");
    if (count > kColumnsMax) {
      return absl::InternalError(absl::StrCat("more than ", kColumnsMax, " columns"));
    }
    for (SQLSMALLINT i = 1; i <= count; ++i) {
      std::array<SQLCHAR, 256> name{};
      SQLSMALLINT type = SQL_UNKNOWN_TYPE;
      if (!Succeeded(SQLDescribeCol(handle, static_cast<SQLUSMALLINT>(i), name.data(),
                                    static_cast<SQLSMALLINT>(name.size()), nullptr, &type, nullptr,
                                    nullptr, nullptr))) {
        return StatementFault(handle, "columns");
      }
      rows.columns.push_back(absl::AsciiStrToLower(reinterpret_cast<const char*>(name.data())));
      // Drivers write it in hexadecimal, which would differ from every claim.
      if (type == SQL_BINARY || type == SQL_VARBINARY || type == SQL_LONGVARBINARY) {
        return absl::InternalError(
            absl::StrCat("column ", rows.columns.back(), " is binary, the query must cast it"));
      }
    }
    return absl::OkStatus();
  }

  // A value comes in pieces of the buffer's size; SQL_SUCCESS marks the last.
  static absl::StatusOr<Value> ReadValue(SQLHANDLE handle, size_t index) {
    std::string value;
    std::array<char, 1024> piece;
    while (true) {
      SQLLEN size = 0;
      const SQLRETURN code = SQLGetData(handle, static_cast<SQLUSMALLINT>(index + 1), SQL_C_CHAR,
                                        piece.data(), static_cast<SQLLEN>(piece.size()), &size);
      if (code == SQL_NO_DATA) return value;
      if (!Succeeded(code)) return StatementFault(handle, "read");
      if (size == SQL_NULL_DATA) return Value();
      const bool last = code == SQL_SUCCESS;
      const size_t in_piece = last && size >= 0
                                  ? std::min(static_cast<size_t>(size), piece.size() - 1)
                                  : piece.size() - 1;
      value.append(piece.data(), in_piece);
      if (value.size() > kValueBytesMax) {
        return absl::InternalError(
            absl::StrCat("a value has more than ", kValueBytesMax, " bytes"));
      }
      if (last) return value;
    }
  }

  static absl::Status StatementFault(SQLHANDLE handle, absl::string_view what) {
    const Fault fault = FaultOf(SQL_HANDLE_STMT, handle);
    const std::string message =
        absl::StrCat(what, ": SQLSTATE ", fault.state, ", driver's number ", fault.number);
    if (fault.state == "HYT00" || fault.state == "57014") {
      return absl::DeadlineExceededError(message);
    }
    return MeansConnectionLost(fault) ? absl::UnavailableError(message)
                                      : absl::InternalError(message);
  }

  const absl::Duration timeout_;
  Handle connection_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> Connect(const ConnectOptions& options) {
  auto connection = std::make_unique<OdbcConnection>(options.statement_timeout);
  CHAYAN_RETURN_IF_ERROR(connection->Open(options));
  return connection;
}

absl::StatusOr<std::string> ConnectionAttribute(absl::string_view name, absl::string_view value) {
  if (name.empty() || name.find_first_of("[]{}(),;?*=!@\\") != absl::string_view::npos) {
    return absl::InvalidArgumentError("the name holds a character that ODBC keeps for itself");
  }
  if (value.find('\0') != absl::string_view::npos || absl::StrContains(value, '}')) {
    return absl::InvalidArgumentError("the value holds '}' or a zero byte, which drivers misread");
  }
  const bool quote = value.find_first_of(";{") != absl::string_view::npos ||
                     absl::StripAsciiWhitespace(value).size() != value.size();
  return quote ? absl::StrCat(name, "={", value, "};") : absl::StrCat(name, "=", value, ";");
}

}  // namespace chayan::sql
