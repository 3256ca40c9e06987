// chayan audit trust init: the page on which auditors and operator agree,
// before there is anything to check: fingerprints of the log's key, the
// witnesses' keys, the certificate authorities and the answer keys of the
// registry; and the trust file that says the same to programs.
#include <google/protobuf/text_format.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/base/status_macros.h"
#include "gateway/cli/audit_commands.h"
#include "gateway/cli/document_output.h"
#include "gateway/registry/snapshot.h"
#include "gateway/report/formats.h"
#include "gateway/report/period.h"
#include "gateway/tlog/policy_file.h"

namespace chayan::cli {
namespace {

// Digits of a fingerprint that stand together, so that two people can read them
// to each other.
constexpr size_t kGroupDigits = 4;

struct Options {
  std::string vkey;
  std::vector<std::string> witnesses;
  std::string quorum;
  std::string registry;
  std::string out;
  std::string page;
};

std::string Fingerprint(absl::string_view bytes) {
  const std::string hex = HexEncode(crypto::Sha256(bytes).raw());
  std::string text;
  for (size_t i = 0; i < hex.size(); i += kGroupDigits) {
    if (i > 0) text.push_back(' ');
    text += hex.substr(i, kGroupDigits);
  }
  return text;
}

// The trust file; checked by the parser that will read it.
absl::StatusOr<std::string> TrustFile(const Options& options, const registry::Snapshot* set) {
  std::string text = absl::StrCat("log ", options.vkey, "\n");
  std::string names;
  for (size_t i = 0; i < options.witnesses.size(); ++i) {
    absl::StrAppend(&text, "witness w", i + 1, " ", options.witnesses[i], "\n");
    absl::StrAppend(&names, " w", i + 1);
  }
  if (names.empty()) {
    text += "quorum none\n";
  } else {
    const std::string threshold = options.quorum.empty() ? "all" : options.quorum;
    absl::StrAppend(&text, "group agreed ", threshold, names, "\nquorum agreed\n");
  }
  if (set != nullptr) {
    for (const auto& [name, content] : set->files()) {
      v1::RegistryFile file;
      // A checked set parses.
      if (!google::protobuf::TextFormat::ParseFromString(content, &file)) continue;
      for (const v1::AnswerKey& key : file.answer_keys()) {
        absl::StrAppend(&text, "answer-key ", key.member(), " ", key.public_key(), "\n");
      }
    }
  }
  const auto policy = tlog::Policy::Parse(text);
  if (!policy.ok()) return Annotate(policy.status(), "--vkey, --witness, --quorum");
  return text;
}

report::Table KeyTable(Language language, const tlog::Policy& policy,
                       const registry::Snapshot* set) {
  const auto say = [&](absl::string_view zh, absl::string_view en) {
    return std::string(Say(language, zh, en));
  };
  report::Table table{.name = "keys", .title = say("金鑰", "keys")};
  table.header = {say("用途", "use"), say("名稱", "name"),
                  say("公鑰 SHA-256 指紋", "SHA-256 of the public key")};
  for (const tlog::Policy::Log& log : policy.logs()) {
    table.rows.push_back(
        {say("日誌", "log"), log.key.ToString(), Fingerprint(log.key.public_key())});
  }
  for (const tlog::Policy::Witness& witness : policy.witnesses()) {
    table.rows.push_back(
        {say("見證人", "witness"), witness.key.ToString(), Fingerprint(witness.key.public_key())});
  }
  if (set != nullptr) {
    for (const auto& [id, certificate] : set->issuers()) {
      table.rows.push_back(
          {say("憑證機構", "certificate authority"), id, Fingerprint(certificate.der())});
    }
  }
  for (const tlog::Policy::AnswerKey& key : policy.answer_keys()) {
    table.rows.push_back({say("資料機關回答", "answers of"), key.holder,
                          Fingerprint(crypto::SpkiFromPublicKey(key.key))});
  }
  return table;
}

report::Letter Page(Language language, const tlog::Policy& policy, const registry::Snapshot* set,
                    absl::Time now) {
  const auto say = [&](absl::string_view zh, absl::string_view en) {
    return std::string(Say(language, zh, en));
  };
  report::Letter page;
  page.title = say("透明日誌信任協議", "Agreement on the keys of a transparency log");
  page.Paragraph(
      absl::StrCat(say("日期:", "Date: "), report::IsoTime(now), "(", report::RocTime(now), ")"));
  page.Paragraph(
      say("下列金鑰由雙方當面核對。日後所有匯出、收據與報告均以此檢查;"
          "本頁以紙本保存,"
          "不以電子傳送取代。",
          "Both sides compared the keys below in person. Every later export, "
          "receipt "
          "and report is checked against them. This page is kept on paper; nothing "
          "sent electronically takes its place."));
  page.Add(KeyTable(language, policy, set));
  if (set != nullptr) {
    page.Paragraph(absl::StrCat(say("註冊資料摘要:", "Registry set: "), set->digest().ToHex()));
  }
  for (const auto& [zh, en] : {std::pair("營運者", "Operator"), std::pair("稽核機關", "Auditor")}) {
    page.Heading(say(zh, en));
    page.Paragraph(
        say("姓名與職稱:____________________  "
            "簽章:____________________  日期:__________",
            "Name and title: ____________________  Signature: "
            "____________________  "
            "Date: __________"));
  }
  return page;
}

void PrintPage(std::ostream& out, const report::Letter& page) {
  out << page.title << "\n\n";
  for (const report::Letter::Part& part : page.parts) {
    if (part.kind != report::Letter::Part::Kind::kTable) {
      out << part.text << "\n\n";
      continue;
    }
    for (const report::Row& row : part.table.rows) {
      out << "  " << row[0] << "  " << row[1] << "\n    " << row[2] << "\n";
    }
    out << "\n";
  }
}

ExitCode Init(Program& program, const Options& options) {
  std::shared_ptr<const registry::Snapshot> set;
  if (!options.registry.empty()) {
    std::vector<std::string> faults;
    auto loaded = registry::Snapshot::Load(options.registry, &faults);
    if (!loaded.ok()) {
      return program.Fail(ExitCode::kUsage,
                          faults.empty() ? std::string(loaded.status().message()) : faults.front());
    }
    set = *std::move(loaded);
  }
  const auto text = TrustFile(options, set.get());
  if (!text.ok()) return program.FailUsage(text.status());
  const tlog::Policy policy = *tlog::Policy::Parse(*text);
  const report::Letter page = Page(program.language, policy, set.get(), program.clock.Now());
  PrintPage(program.out, page);
  const ExitCode written = WriteOutput(program, options.out, *text);
  if (written != ExitCode::kOk || options.page.empty()) return written;
  const auto odt = report::WriteOdt(page);
  if (!odt.ok()) return program.Fail(ExitCode::kCheckFailed, odt.status().message());
  return WriteOutput(program, options.page, *odt);
}

}  // namespace

void AddAuditTrustCommand(CLI::App& audit, Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* trust = audit.add_subcommand(
      "trust", std::string(program.Say("與營運者約定金鑰", "agree on keys with the operator")));
  trust->require_subcommand(1);
  CLI::App* init = trust->add_subcommand(
      "init", std::string(program.Say("印出供雙方簽名的指紋頁,並寫出信任檔",
                                      "print the page of fingerprints that both sides sign, and "
                                      "write the trust file")));
  init->add_option("--vkey", options->vkey,
                   "the log's verifier key (chayan-gateway --config FILE --print-vkey)")
      ->required();
  init->add_option("--witness", options->witnesses,
                   "verifier key of a witness; may be given several times")
      ->allow_extra_args(false);
  init->add_option("--quorum", options->quorum, "how many of the witnesses: all, any or a number");
  init->add_option("--registry", options->registry,
                   "folder of the registry set: its certificate authorities "
                   "and answer keys");
  init->add_option("--out", options->out, "the trust file to write")->required();
  init->add_option("--page", options->page, "the page as a letter (.odt)");
  init->callback([&program, options] {
    program.action = [&program, options] { return Init(program, *options); };
  });
}

}  // namespace chayan::cli
