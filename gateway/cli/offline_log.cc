#include "gateway/cli/offline_log.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gateway/base/clock.h"
#include "gateway/base/encoding.h"
#include "gateway/base/file.h"
#include "gateway/ident/era_date.h"

namespace chayan::cli {

void AddOfflineFlags(CLI::App& command, OfflineFlags& flags, bool required) {
  command
      .add_option("DIR", flags.directory,
                  "the exported log (chayan audit export DIR); it is proved "
                  "before it is believed")
      ->required(required);
  AddTrustFlags(command, flags);
}

ExitCode ReadOfflineLog(Program& program, const OfflineFlags& flags,
                        std::function<void(const AuditedEntry&)> visit, AuditReport& report) {
  const auto trust = LoadTrust(program, flags);
  if (!trust.ok()) return program.FailUsage(trust.status());
  AuditOptions options;
  options.directory = flags.directory;
  options.old_checkpoints = flags.old_checkpoints;
  options.visit = std::move(visit);
  if (program.err_is_terminal) {
    options.progress = [&program](uint64_t read, uint64_t size) {
      program.err << "\r" << read << "/" << size << (read == size ? "\n" : "") << std::flush;
    };
  }
  auto audited = AuditLog(options, *trust);
  if (!audited.ok()) return program.FailUsage(audited.status());
  report = *std::move(audited);
  if (!report.first_lie.has_value()) return ExitCode::kOk;
  return program.Fail(
      ExitCode::kCheckFailed,
      absl::StrCat(flags.directory,
                   program.Say(":匯出的日誌不可信:", " is not what the log signed: "),
                   report.first_lie->what, " (", report.first_lie->how, ")",
                   program.Say(";請執行 chayan audit verify", "; see chayan audit verify")));
}

const registry::Snapshot* ExportedSets::Find(absl::string_view digest) {
  const auto known = sets_.find(digest);
  if (known != sets_.end()) return known->second.get();
  std::shared_ptr<const registry::Snapshot> set;
  const auto raw = Base64Decode(digest);
  if (raw.ok()) {
    auto files = ReadTree(absl::StrCat(directory_, "/registry/", HexEncode(*raw)), "");
    // The audit compared the digest; a set that is none stays null.
    if (files.ok() && registry::SetDigest(*files).raw() == *raw) {
      auto created = registry::Snapshot::Create(*std::move(files), nullptr);
      if (created.ok()) set = *std::move(created);
    }
  }
  return sets_.emplace(digest, std::move(set)).first->second.get();
}

absl::StatusOr<absl::Time> ParseMoment(absl::string_view flag, const std::string& text, bool end,
                                       absl::Time now) {
  absl::Time time;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, nullptr)) return time;
  const auto date = ident::ParseEraDate(text);
  if (date.ok() && ident::IsComplete(*date)) {
    return absl::FromCivil(ident::ToCivilDay(*date) + (end ? 1 : 0), TaipeiTimeZone());
  }
  absl::Duration ago;
  if (absl::ParseDuration(text, &ago) && ago > absl::ZeroDuration()) return now - ago;
  return absl::InvalidArgumentError(
      absl::StrCat(flag,
                   ": no moment; write a day (2026-01-15, 1150115), a time "
                   "(2026-01-15T08:30:00Z) or how long ago (90m, 24h)"));
}

}  // namespace chayan::cli
