#include "gateway/verify/next_step.h"

#include "gateway/verify/limits.h"

namespace chayan::verify {
namespace {

struct Advice {
  v1::NextStepCode code;
  const char* zh_tw;
  const char* en;
};

Advice AdviceAfter(v1::Outcome outcome, bool retry_is_safe) {
  switch (outcome) {
    case v1::OUTCOME_MATCH:
      return {v1::NEXT_STEP_CODE_PROCEED, "查驗相符,續辦案件。",
              "Everything matches; go on with the case."};
    case v1::OUTCOME_VARIANT:
      return {v1::NEXT_STEP_CODE_DECIDE, "僅異體字不同,請核對後由承辦人判定。",
              "Only variant characters differ; compare by eye and decide."};
    case v1::OUTCOME_MISMATCH:
      return {
          v1::NEXT_STEP_CODE_CHECK_INPUT,
          "資料不符,請核對輸入並向申請人確認;仍不符時洽資料提供機關。",
          "Something differs; check what was typed and ask the applicant; then ask the holder."};
    case v1::OUTCOME_NOT_FOUND:
      return {v1::NEXT_STEP_CODE_CHECK_INPUT,
              "查無資料,請核對輸入;仍查無時改以聯繫單洽資料提供機關。",
              "No such document; check what was typed, then use the holder's contact form."};
    case v1::OUTCOME_UNCOMPARABLE:
      return {v1::NEXT_STEP_CODE_DECIDE, "含無法比對之字元,請核對後由承辦人判定或洽資料提供機關。",
              "A character cannot be compared by machine; decide by eye or ask the holder."};
    case v1::OUTCOME_PENDING:
      return {v1::NEXT_STEP_CODE_WAIT, "資料提供機關處理中,請等候。",
              "The holder is working on it; wait."};
    case v1::OUTCOME_SOURCE_DOWN:
      if (retry_is_safe) {
        return {v1::NEXT_STEP_CODE_RETRY_LATER, "資料提供機關暫時無法回應,請稍後以新序號重新查驗。",
                "The holder cannot be reached; ask again later with a new request id."};
      }
      return {v1::NEXT_STEP_CODE_ASK_HOLDER, "查驗已送出但未獲回應,請勿重複查驗,改洽資料提供機關。",
              "The question was forwarded but not answered; do not repeat it, ask the holder."};
    default:
      return {v1::NEXT_STEP_CODE_ASK_HOLDER, "請改以聯繫單或電話洽資料提供機關。",
              "Ask the holder by form or phone."};
  }
}

// Locks of the gateway's own; a holder's are for the holder to lift.
Advice AdviceWhenLocked(v1::LockScope scope) {
  if (scope == v1::LOCK_SCOPE_SUBJECT) {
    return {v1::NEXT_STEP_CODE_LIFT_LOCK,
            "多人查驗此人此類資料不符,已對所有人鎖定至午夜;請改洽資料提供機關,或請另一人員附理由"
            "解除鎖定。",
            "Several persons had mismatches about this subject: it is locked for everybody until "
            "midnight. Ask the holder, or have another person lift the lock with a reason."};
  }
  return {v1::NEXT_STEP_CODE_LIFT_LOCK,
          "您對此人此類資料查驗不符已達上限,鎖定至午夜;請改洽資料提供機關,或請另一人員附理由解除"
          "鎖定。",
          "You had as many mismatches about this subject as a day allows: you are locked out of it "
          "until midnight. Ask the holder, or have another person lift the lock with a reason."};
}

}  // namespace

v1::NextStep AskDesk(const v1::DocumentKind& kind, const v1::Member* holder,
                     const registry::Calendar& calendar, absl::Time now) {
  v1::NextStep step;
  step.set_code(v1::NEXT_STEP_CODE_ASK_HOLDER);
  step.mutable_text()->set_zh_tw("此類文件由資料提供機關承辦人回復,請填表單洽辦並於期限前追蹤。");
  step.mutable_text()->set_en(
      "A person at the holder answers this kind; send the form to the desk and look after it by "
      "the due day.");
  step.set_fallback_form(kind.fallback_form());
  if (holder != nullptr && holder->has_desk()) *step.mutable_desk() = holder->desk();
  const absl::CivilDay due = calendar.AddWorkdays(registry::TaipeiDay(now),
                                                  static_cast<int>(kind.service_level_workdays()));
  step.set_due_date(absl::FormatCivilTime(due));
  return step;
}

v1::NextStep NextStepAfter(const Ending& ending, const v1::DocumentKind& kind,
                           const v1::Member* holder, absl::Time now) {
  const bool locked = ending.lock.has_value() && ending.lock->scope() != v1::LOCK_SCOPE_UNSPECIFIED;
  const Advice advice = locked
                            ? AdviceWhenLocked(ending.lock->scope())
                            : AdviceAfter(ending.outcome, !ending.forwarded || kind.repeatable());
  v1::NextStep step;
  if (ending.lock.has_value()) *step.mutable_lock() = *ending.lock;
  step.set_code(advice.code);
  step.mutable_text()->set_zh_tw(advice.zh_tw);
  step.mutable_text()->set_en(advice.en);
  if (advice.code == v1::NEXT_STEP_CODE_PROCEED || advice.code == v1::NEXT_STEP_CODE_WAIT)
    return step;
  step.set_fallback_form(kind.fallback_form());
  if (holder != nullptr && holder->has_desk()) *step.mutable_desk() = holder->desk();
  if (advice.code == v1::NEXT_STEP_CODE_RETRY_LATER) {
    step.mutable_earliest_retry_time()->set_seconds(absl::ToUnixSeconds(now + kRetryAdvice));
  }
  return step;
}

std::string NextStepBytes(const Ending& ending, const v1::DocumentKind& kind,
                          const v1::Member* holder, absl::Time now) {
  const auto serialize = [&] {
    return NextStepAfter(ending, kind, holder, now).SerializeAsString();
  };
  // What most questions come to depends on nothing else.
  if (ending.outcome != v1::OUTCOME_MATCH) return serialize();
  static const std::string& of_match = *new std::string(serialize());
  return of_match;
}

}  // namespace chayan::verify
