#include "gateway/store/postgres_settings.h"

#include <libpq-fe.h>

#include <map>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "gateway/base/status_macros.h"

namespace chayan::store {
namespace {

using Values = std::map<std::string, std::string>;

absl::StatusOr<Values> ParseKeywords(const std::string& connection_string) {
  char* error = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(connection_string.c_str(), &error), &PQconninfoFree);
  // libpq's text repeats what it was given, which may be a password in the wrong place.
  if (error != nullptr) PQfreemem(error);
  if (options == nullptr) {
    return absl::InvalidArgumentError(
        "is no connection string of libpq: write keyword=value pairs, such as "
        "\"host=/run/postgresql dbname=chayan user=gateway\"");
  }
  Values values;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr && option->val[0] != '\0') values[option->keyword] = option->val;
  }
  return values;
}

// A socket of this machine, or its loopback.
bool IsLocal(absl::string_view host) {
  return absl::StartsWith(host, "/") || absl::StartsWith(host, "@") || host == "localhost" ||
         host == "127.0.0.1" || host == "::1";
}

bool AllLocal(const Values& values) {
  const auto addresses = values.find("hostaddr");
  const auto& hosts = addresses != values.end() ? addresses : values.find("host");
  for (const absl::string_view host : absl::StrSplit(hosts->second, ',')) {
    if (!IsLocal(host)) return false;
  }
  return true;
}

absl::Status Check(const Values& values) {
  if (values.contains("password") || values.contains("sslpassword")) {
    return absl::InvalidArgumentError(
        "holds a password: put it into a file of mode 0600 in the form of .pgpass and name that "
        "with passfile=FILE, or let the server trust the gateway's user (peer) or certificate");
  }
  if (values.contains("service")) {
    return absl::InvalidArgumentError(
        "names a service, whose settings cannot be checked: write them here");
  }
  if (!values.contains("host") && !values.contains("hostaddr")) {
    return absl::InvalidArgumentError(
        "names no server: add host=, a name, a list of names, or the folder of a socket");
  }
  if (!values.contains("dbname")) {
    return absl::InvalidArgumentError("names no database: add dbname=");
  }
  const auto mode = values.find("sslmode");
  if (!AllLocal(values) && (mode == values.end() || mode->second != "verify-full")) {
    return absl::InvalidArgumentError(
        "goes over a network without checking who answers: add sslmode=verify-full and "
        "sslrootcert=FILE");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PostgresSettings> PostgresSettings::Parse(absl::string_view connection_string) {
  CHAYAN_ASSIGN_OR_RETURN(Values values, ParseKeywords(std::string(connection_string)));
  CHAYAN_RETURN_IF_ERROR(Check(values));
  // Of several hosts the one that takes writes, so that a failover is followed.
  values.try_emplace("target_session_attrs", "read-write");
  values.try_emplace("application_name", "chayan-gateway");
  // Texts are ours alone, and bytes everything else.
  values["client_encoding"] = "UTF8";
  PostgresSettings settings;
  settings.keywords.assign(values.begin(), values.end());
  return settings;
}

}  // namespace chayan::store
