// chayan witness keygen | serve | dial | policy: witness a log, as a server or by dialling in.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "gateway/base/diag.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/base/usage.h"
#include "gateway/cli/program.h"
#include "gateway/cli/witness_dial.h"
#include "gateway/http/listener.h"
#include "gateway/registry/snapshot.h"
#include "gateway/tlog/add_checkpoint.h"
#include "gateway/witness/witness.h"
#include "gateway/witness/witness_key.h"

namespace chayan::cli {
namespace {

struct Options {
  std::string name;
  std::string key;
  std::string state;
  std::vector<std::string> logs;
  std::string policy;
  std::string listen = "127.0.0.1:8080";
  bool any_address = false;
  bool once = false;
  double interval_seconds = 1;
  std::string registry;
  std::string vkey;
};

absl::StatusOr<std::unique_ptr<witness::Witness>> OpenWitness(const Program& program,
                                                              const Options& options) {
  std::string text;
  if (!options.policy.empty()) {
    CHAYAN_ASSIGN_OR_RETURN(text, ReadFile(options.policy));
  } else {
    for (const std::string& log : options.logs) absl::StrAppend(&text, "log ", log, "\n");
    absl::StrAppend(&text, "quorum none\n");
  }
  auto policy = tlog::Policy::Parse(text);
  if (!policy.ok()) {
    return Annotate(policy.status(), options.policy.empty() ? "--log" : options.policy);
  }
  CHAYAN_ASSIGN_OR_RETURN(tlog::NoteSigner key, witness::ReadKeyFile(options.key));
  return witness::Witness::Create({.state_directory = options.state, .logs = *std::move(policy)},
                                  std::move(key), program.clock);
}

ExitCode RunKeygen(Program& program, const Options& options) {
  const auto key = witness::GenerateKeyFile(options.key, options.name, program.random);
  if (!key.ok()) return program.FailUsage(key.status());
  program.out << key->ToString() << "\n";
  return ExitCode::kOk;
}

ExitCode RunServe(Program& program, const Options& options) {
  auto witness = OpenWitness(program, options);
  if (!witness.ok()) return program.FailUsage(witness.status());
  absl::Mutex mu;
  bool cosigned = false;
  const auto respond = [](witness::Answer answer) {
    return http::Response{.status = answer.status,
                          .body = std::move(answer.body),
                          .content_type = std::move(answer.content_type)};
  };
  std::vector<http::Route> routes;
  routes.push_back({.path = "/add-checkpoint",
                    .handler =
                        [&](const http::Request& request) {
                          witness::Answer answer = (*witness)->AddCheckpoint(request.body);
                          diag::Info("witness.answered", {{"status", answer.status}});
                          absl::MutexLock lock(&mu);
                          cosigned = cosigned || answer.status == 200;
                          return respond(std::move(answer));
                        },
                    .post_bytes_max = tlog::kAddCheckpointBytesMax});
  routes.push_back({.path = "/", .handler = [&](const http::Request& request) {
                      return respond((*witness)->Monitor(request.path));
                    }});
  auto listener =
      http::Listener::Create({.address = options.listen, .any_address = options.any_address},
                             std::move(routes), program.clock);
  if (!listener.ok()) return program.FailUsage(listener.status());
  diag::Info("witness.listening", {{"address", (*listener)->address()}});
  {
    // Without --once until the process is told to stop; kill -9 is as good a way as any.
    absl::MutexLock lock(&mu);
    const auto done = [&] { return options.once && cosigned; };
    mu.Await(absl::Condition(&done));
  }
  (*listener)->Stop();
  return ExitCode::kOk;
}

ExitCode RunDial(Program& program, const Options& options) {
  auto witness = OpenWitness(program, options);
  if (!witness.ok()) return program.FailUsage(witness.status());
  const auto key = witness::ReadKeyFile(options.key);
  if (!key.ok()) return program.FailUsage(key.status());
  std::unique_ptr<Client> client;
  if (!program.Connect(CallerRole::kWitness, client).ok()) return ExitCode::kUsage;
  WitnessDial dial(**witness, key->verifier_key(), *client, program.connection.timeout());
  if (!options.once) dial.RunForEver(absl::Seconds(options.interval_seconds));
  const absl::Status status = dial.Visit();
  return status.ok() ? ExitCode::kOk : program.Fail(ExitCodeOf(status), status.message());
}

ExitCode RunPolicy(Program& program, const Options& options) {
  std::vector<std::string> faults;
  const auto snapshot = registry::Snapshot::Load(options.registry, &faults);
  if (!snapshot.ok()) return program.FailUsage(snapshot.status());
  if ((*snapshot)->witness_policy() == nullptr) {
    return program.Fail(ExitCode::kUsage,
                        absl::StrCat(options.registry, program.Say(":沒有 witness_policy",
                                                                   ": has no witness_policy")));
  }
  program.out << registry::TlogPolicyText((*snapshot)->witness_policy()->proto, options.vkey);
  return ExitCode::kOk;
}

}  // namespace

void AddWitnessCommand(CLI::App& app, Program& program) {
  CLI::App* witness = app.add_subcommand(
      "witness",
      std::string(program.Say("為日誌作見證:副署檢查點", "witness a log: cosign its checkpoints")));
  witness->require_subcommand(1);
  const auto options = std::make_shared<Options>();
  const auto add_identity = [&](CLI::App* command) {
    command->add_option("--witness-key", options->key, "key file of the witness (witness keygen)")
        ->required();
    command
        ->add_option("--state", options->state,
                     "folder of what was cosigned last; never share "
                     "or restore it")
        ->required();
    CLI::Option* log = command->add_option("--log", options->logs,
                                           "verifier key of a log to witness; may stand often");
    command
        ->add_option("--policy", options->policy,
                     "a file with a line `log VKEY` for each log, in place of --log")
        ->excludes(log);
    command->add_flag("--once", options->once, "end after the first cosignature");
  };

  CLI::App* keygen = witness->add_subcommand(
      "keygen", std::string(program.Say("產生見證人的金鑰檔並顯示公鑰",
                                        "make a key file, print the verifier key")));
  keygen->add_option("--witness-key", options->key, "file to write, mode 0600")->required();
  keygen->add_option("--name", options->name, "name, such as witness.agency.example/w1")
      ->required();
  keygen->callback([&program, options] {
    program.action = [&program, options] { return RunKeygen(program, *options); };
  });

  CLI::App* serve = witness->add_subcommand(
      "serve", std::string(program.Say("以 HTTP 等候日誌(c2sp.org/tlog-witness)",
                                       "wait for logs over HTTP (c2sp.org/tlog-witness)")));
  add_identity(serve);
  serve->add_option("--listen", options->listen, "address and port; port 0 takes a free one")
      ->capture_default_str();
  serve->add_flag("--any-address", options->any_address,
                  "allow an address that other machines reach; put TLS in front");
  serve->callback([&program, options] {
    program.action = [&program, options] { return RunServe(program, *options); };
  });

  CLI::App* dial = witness->add_subcommand(
      "dial", std::string(program.Say("以 mTLS 主動連往閘道,不開放任何連接埠",
                                      "call the gateway over mTLS; opens no port")));
  add_identity(dial);
  dial->add_option("--interval", options->interval_seconds, "seconds between visits")
      ->capture_default_str()
      ->check(Positive());
  AddConnectionFlags(*dial, program);
  dial->callback([&program, options] {
    program.action = [&program, options] { return RunDial(program, *options); };
  });

  CLI::App* policy = witness->add_subcommand(
      "policy", std::string(program.Say("把註冊資料的見證政策寫成驗證者的信任檔",
                                        "print a registry's witness policy as a trust file")));
  policy->add_option("DIR", options->registry, "registry folder")->required();
  policy->add_option("--vkey", options->vkey, "the log's verifier key")
      ->envname("CHAYAN_LOG_VKEY")
      ->required();
  policy->callback([&program, options] {
    program.action = [&program, options] { return RunPolicy(program, *options); };
  });
}

}  // namespace chayan::cli
