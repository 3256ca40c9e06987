// The check of identity cards: whether a card with this day, kind and place of issue is the person's current one. It
// counts wrong questions: after the third of a day a number is locked until the next day in Taipei, and a person who was
// wrong too often is suspended for the day. A request that comes again with the same `jti` is answered as before and not
// counted again.
export const CHECK = {
  MATCH: '1', WRONG_FIRST: '2', WRONG_SECOND: '3', WRONG_THIRD: '4', LOCKED: '5', NUMBER_NOT_USED: '6', LOST: '7',
  SUSPENDED: '8',
};
const WRONG_MAX = 3;
// How many wrong questions of one person look like abnormal use. No source says; an assumption of the sample.
const WRONG_OF_USER_MAX = 10;
const TAIPEI_OFFSET_MS = 8 * 3_600_000;

export class IdCardCheck {
  // `now`: milliseconds since 1970. A card: { applyCode, applyYyymmdd, issueSiteId, state? }.
  constructor(cards, { wrongToday = {}, suspended = [], now = Date.now } = {}) {
    this.cards = cards;
    this.now = now;
    this.begin(wrongToday, suspended);
  }

  begin(wrongToday = {}, suspended = []) {
    this.day = this.today();
    this.wrong = new Map(Object.entries(wrongToday));
    this.wrongOfUser = new Map(suspended.map((user) => [user, WRONG_OF_USER_MAX]));
    this.answered = new Map();
  }

  today() { return Math.floor((this.now() + TAIPEI_OFFSET_MS) / 86_400_000); }

  // One of CHECK.
  check({ userId, jti, condition }) {
    if (this.today() !== this.day) this.begin();
    const before = this.answered.get(jti);
    if (before) return before;
    const answer = this.decide(userId, condition);
    this.answered.set(jti, answer);
    return answer;
  }

  decide(userId, condition) {
    if ((this.wrongOfUser.get(userId) ?? 0) >= WRONG_OF_USER_MAX) return CHECK.SUSPENDED;
    const wrong = this.wrong.get(condition.personId) ?? 0;
    if (wrong >= WRONG_MAX) return CHECK.LOCKED;
    const card = this.cards[condition.personId];
    if (card?.state === 'number_not_used') return CHECK.NUMBER_NOT_USED;
    if (card?.state === 'lost') return CHECK.LOST;
    if (card && ['applyCode', 'applyYyymmdd', 'issueSiteId'].every((key) => card[key] === condition[key])) {
      return CHECK.MATCH;
    }
    this.wrong.set(condition.personId, wrong + 1);
    this.wrongOfUser.set(userId, (this.wrongOfUser.get(userId) ?? 0) + 1);
    return [CHECK.WRONG_FIRST, CHECK.WRONG_SECOND, CHECK.WRONG_THIRD][wrong];
  }
}
