// chayan certs request | answer-key | sign | renew | revoke | due.
#include <iomanip>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/cli/certs.h"
#include "gateway/cli/json_writer.h"
#include "gateway/cli/program.h"

namespace chayan::cli {
namespace {

constexpr int kLeafDays = 90;
constexpr int kListDays = 30;
constexpr int kDueDays = 30;

struct Options {
  crypto::SubjectNames names;
  std::string uri;
  std::string key;
  std::string out;
  std::string request;
  std::string certificate;
  std::string signed_file;
  AuthorityFiles authority;
  std::string expected_uri;
  bool server = false;
  int days = 0;
  RevokeOrder revoke;
  std::string directory;
  bool json = false;
};
using OptionsPtr = std::shared_ptr<Options>;

absl::Duration Days(int days) { return absl::Hours(24) * days; }

ExitCode Done(const Program& program, const absl::Status& status, absl::string_view message) {
  if (!status.ok()) return program.Fail(ExitCode::kCheckFailed, status.message());
  program.out << message << "\n";
  return ExitCode::kOk;
}

bool IsComplete(const SystemUri& uri) {
  return !uri.system.empty() && !uri.member.empty() && !uri.trust_domain.empty();
}

ExitCode FailUri(const Program& program) {
  return program.Fail(ExitCode::kUsage,
                      program.Say("--uri 的形式為 spiffe://信任網域/機關/系統",
                                  "--uri has the form spiffe://TRUST-DOMAIN/MEMBER/SYSTEM"));
}

ExitCode Request(const Program& program, const Options& options) {
  const SystemUri uri = ParseSystemUri(options.uri);
  if (!IsComplete(uri)) return FailUri(program);
  crypto::SubjectNames names = options.names;
  names.uris = {options.uri};
  names.common_name = uri.system;
  return Done(
      program, RequestCertificate(options.key, options.out, names),
      absl::StrCat(program.Say("私鑰(請勿離開本機): ", "private key (stays here): "), options.key,
                   program.Say("\n請求(送交發證者): ", "\nrequest (for the authority): "),
                   options.out));
}

// The registry's line alone on standard output: it can be appended to a file.
ExitCode AnswerKey(const Program& program, const Options& options) {
  const SystemUri uri = ParseSystemUri(options.uri);
  if (!IsComplete(uri)) return FailUri(program);
  const auto public_key = MakeAnswerKey(options.key, program.random);
  if (!public_key.ok()) {
    return program.Fail(ExitCode::kCheckFailed, public_key.status().message());
  }
  program.out << "answer_keys { member: \"" << uri.member << "\" system: \"" << uri.system
              << "\" public_key: \"" << *public_key << "\" }\n";
  return ExitCode::kOk;
}

ExitCode Sign(const Program& program, const Options& options) {
  const auto names = SignRequest(
      {.authority = options.authority,
       .request = options.request,
       .out = options.out,
       .expected_uri = options.expected_uri,
       .use = options.server ? crypto::CertificateUse::kServer : crypto::CertificateUse::kClient,
       .lifetime = Days(options.days)},
      program.clock.Now(), program.random);
  if (!names.ok()) return program.Fail(ExitCode::kCheckFailed, names.status().message());
  program.out << options.out << ": " << names->uris.front();
  for (const std::string& dns : names->dns_names) program.out << ", DNS:" << dns;
  for (const std::string& ip : names->ip_addresses) program.out << ", IP:" << ip;
  program.out << program.Say(",至 ", ", until ")
              << TimeText(program.language, program.clock.Now() + Days(options.days)) << "\n";
  return ExitCode::kOk;
}

ExitCode Renew(const Program& program, const Options& options) {
  if (!options.signed_file.empty()) {
    return Done(
        program,
        FinishRenewal(options.certificate, options.key, options.signed_file, program.clock.Now()),
        absl::StrCat(program.Say("已換上新憑證與新私鑰: ", "new certificate and key in place: "),
                     options.certificate, ", ", options.key));
  }
  const std::string request =
      options.out.empty() ? absl::StrCat(options.certificate, ".csr") : options.out;
  const absl::Status begun = BeginRenewal(options.certificate, options.key, request);
  if (!begun.ok() || options.authority.certificate.empty()) {
    return Done(program, begun,
                absl::StrCat(program.Say("請求: ", "request: "), request,
                             program.Say("\n簽發後執行: ", "\nwhen it is signed, run: "),
                             "chayan certs renew --cert ", options.certificate, " --key ",
                             options.key, " --signed FILE"));
  }
  // With the authority at hand both halves are one.
  const auto use = ReadUse(options.certificate);
  if (!use.ok()) return program.Fail(ExitCode::kCheckFailed, use.status().message());
  const std::string fresh = options.certificate + ".next";
  const auto names = SignRequest({.authority = options.authority,
                                  .request = request,
                                  .out = fresh,
                                  .expected_uri = "",
                                  .use = *use,
                                  .lifetime = Days(options.days)},
                                 program.clock.Now(), program.random);
  if (!names.ok()) return program.Fail(ExitCode::kCheckFailed, names.status().message());
  return Done(program, FinishRenewal(options.certificate, options.key, fresh, program.clock.Now()),
              absl::StrCat(options.certificate, program.Say(":已換發,至 ", ": renewed until "),
                           TimeText(program.language, program.clock.Now() + Days(options.days))));
}

ExitCode RunRevoke(const Program& program, const Options& options) {
  RevokeOrder order = options.revoke;
  order.authority = options.authority;
  order.lifetime = Days(options.days);
  const auto count = Revoke(order, program.clock.Now());
  if (!count.ok()) return program.Fail(ExitCode::kCheckFailed, count.status().message());
  program.out << order.crl << ": " << *count
              << program.Say(" 張已廢止;下次更新 ", " revoked; next update ")
              << TimeText(program.language, program.clock.Now() + order.lifetime) << "\n";
  return ExitCode::kOk;
}

ExitCode RunDue(const Program& program, const Options& options) {
  const absl::Time now = program.clock.Now();
  const auto due = FindDue(options.directory, now + Days(options.days));
  if (!due.ok()) return program.FailUsage(due.status());
  if (options.json) {
    JsonWriter json;
    json.BeginObject().BeginArray("due");
    for (const Due& item : *due) {
      json.BeginObject().Text("path", item.path).Text("what", item.what);
      json.Text("kind", item.is_list ? "crl" : "certificate");
      json.Text("end_time", FormatTimestamp(item.end)).EndObject();
    }
    json.EndArray().EndObject();
    program.out << std::move(json).Take() << "\n";
  } else {
    for (const Due& item : *due) {
      program.out << TimeText(program.language, item.end)
                  << (item.end < now ? program.Say("  已到期  ", "  ENDED  ") : "  ") << item.path
                  << "  " << item.what
                  << (item.is_list
                          ? program.Say("  (chayan certs revoke 重新簽發)",
                                        "  (chayan certs revoke makes it anew)")
                          : program.Say("  (chayan certs renew)", "  (chayan certs renew)"))
                  << "\n";
    }
    if (due->empty()) program.out << program.Say("沒有將到期者\n", "nothing is due\n");
  }
  return due->empty() ? ExitCode::kOk : ExitCode::kCheckFailed;
}

using Action = ExitCode (*)(const Program&, const Options&);

// A subcommand with its own options.
CLI::App* Add(CLI::App& certs, Program& program, const char* name, absl::string_view help,
              const OptionsPtr& options, int days, Action action) {
  CLI::App* command = certs.add_subcommand(name, std::string(help));
  options->days = days;
  command->callback([&program, options, action] {
    program.action = [&program, options, action] { return action(program, *options); };
  });
  return command;
}

CLI::Option* AddDays(CLI::App& command, Options& options, const char* help) {
  return command.add_option("--days", options.days, help)
      ->capture_default_str()
      ->check(CLI::Range(1, 36500));
}

void AddAuthority(CLI::App& command, Options& options, bool required) {
  auto* certificate = command.add_option("--ca-cert", options.authority.certificate,
                                         "the authority's certificate, then those above it");
  auto* key = command.add_option("--ca-key", options.authority.key, "the authority's key");
  certificate->needs(key);
  key->needs(certificate);
  if (required) certificate->required();
}

void AddRequest(CLI::App& certs, Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      Add(certs, program, "request",
          program.Say("在使用處產生私鑰與憑證請求", "make a key where it is used, and a request"),
          options, 0, &Request);
  command->add_option("--uri", options->uri, "spiffe://TRUST-DOMAIN/MEMBER/SYSTEM")->required();
  command->add_option("--key", options->key, "where the new private key goes (mode 0600)")
      ->required();
  command->add_option("--out", options->out, "where the request goes")->required();
  command->add_option("--dns", options->names.dns_names,
                      "host name, for a gateway's certificate; repeatable");
  command->add_option("--ip", options->names.ip_addresses,
                      "IP address, for a gateway's certificate; repeatable");
}

void AddAnswerKey(CLI::App& certs, Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = Add(certs, program, "answer-key",
                          program.Say("轉接器:產生答覆簽章金鑰,印出登錄檔的一行",
                                      "an adapter's answer key; prints the registry's line for it"),
                          options, 0, &AnswerKey);
  command->add_option("--uri", options->uri, "spiffe://TRUST-DOMAIN/MEMBER/SYSTEM")->required();
  command->add_option("--key", options->key, "where the new private key goes (mode 0600)")
      ->required();
}

void AddSign(CLI::App& certs, Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = Add(certs, program, "sign",
                          program.Say("發證:簽發一份請求", "sign a request, as the authority"),
                          options, kLeafDays, &Sign);
  AddAuthority(*command, *options, /*required=*/true);
  command->add_option("--request", options->request, "the request")->required();
  command->add_option("--out", options->out, "where the certificate with its chain goes")
      ->required();
  command->add_option("--expect-uri", options->expected_uri,
                      "sign only if the request asks for exactly this URI");
  command->add_flag("--server", options->server,
                    "for a gateway: may serve, and may not be a client");
  AddDays(*command, *options, "days until it ends");
}

void AddRenew(CLI::App& certs, Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      Add(certs, program, "renew",
          program.Say("換發:新私鑰、同名憑證,成對換上",
                      "a new key and certificate of the same names, put in place together"),
          options, kLeafDays, &Renew);
  command->add_option("--cert", options->certificate, "the certificate that is to be renewed")
      ->required();
  command->add_option("--key", options->key, "its key; the new one waits in KEY.next")->required();
  command->add_option("--out", options->out, "where the request goes; CERT.csr when not given");
  command->add_option("--signed", options->signed_file,
                      "second step: the signed certificate, to be put in place with KEY.next");
  AddAuthority(*command, *options, /*required=*/false);
  AddDays(*command, *options, "days until it ends (with --ca-cert)");
}

void AddRevoke(CLI::App& certs, Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = Add(certs, program, "revoke",
                          program.Say("廢止憑證;未指定憑證時僅重新簽發清單",
                                      "revoke; without a certificate only make the list anew"),
                          options, kListDays, &RunRevoke);
  AddAuthority(*command, *options, /*required=*/true);
  command->add_option("--crl", options->revoke.crl, "the revocation list, replaced in one step")
      ->required();
  command->add_option("--cert", options->revoke.certificates, "certificate to revoke; repeatable");
  command->add_option("--serial", options->revoke.serials,
                      "serial number in hexadecimal, where the certificate is lost; repeatable");
  AddDays(*command, *options, "days until the next list");
}

void AddDue(CLI::App& certs, Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = Add(certs, program, "due",
                          program.Say("列出即將到期的憑證與廢止清單",
                                      "certificates and lists that end soon; exit code 1 if any"),
                          options, kDueDays, &RunDue);
  command->add_option("DIR", options->directory, "folder to look through")->required();
  AddDays(*command, *options, "how many days ahead");
  command->add_flag("--json", options->json, "print one JSON object");
}

}  // namespace

void AddCertsCommand(CLI::App& app, Program& program) {
  CLI::App* certs = app.add_subcommand(
      "certs",
      std::string(program.Say("憑證:請求、答覆金鑰、簽發、換發、廢止、到期",
                              "certificates: request, answer-key, sign, renew, revoke, due")));
  certs->require_subcommand(1);
  AddRequest(*certs, program);
  AddAnswerKey(*certs, program);
  AddSign(*certs, program);
  AddRenew(*certs, program);
  AddRevoke(*certs, program);
  AddDue(*certs, program);
}

}  // namespace chayan::cli
