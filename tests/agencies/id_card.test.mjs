// Goal: the stand-in for the interior ministry's check of identity cards keeps the rules that a gateway has to live with:
// the lock after the third wrong question, until the next day in Taipei; the suspension of a person; a repeated request
// that counts once; tokens. Method: the rules by themselves with time in the test's hands; tokens signed here.
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { test } from 'node:test';
import { CHECK, IdCardCheck } from '../../adapters/agencies/household-affairs/id_card.mjs';
import { readToken } from '../../adapters/agencies/household-affairs/system.mjs';

const right = { personId: 'A123456789', applyCode: '2', applyYyymmdd: '1130301', issueSiteId: '63000' };
const wrong = { ...right, applyYyymmdd: '1130302' };
const cards = {
  A123456789: right,
  M120000070: { ...right, state: 'number_not_used' },
  P220000083: { ...right, state: 'lost' },
};
// 2026-01-15 23:59 in Taipei.
const LATE_MS = Date.UTC(2026, 0, 15, 15, 59);
function world(options = {}) {
  const self = { ms: LATE_MS };
  const check = new IdCardCheck(cards, { now: () => self.ms, ...options });
  self.ask = (condition, { userId = 'u1', jti = randomUUID() } = {}) => check.check({ userId, jti, condition });
  return self;
}

test('three wrong questions lock a number until the next day in Taipei', () => {
  const { ask } = world();
  assert.deepEqual([wrong, wrong, wrong].map((one) => ask(one)), [CHECK.WRONG_FIRST, CHECK.WRONG_SECOND, CHECK.WRONG_THIRD]);
  assert.equal(ask(right), CHECK.LOCKED);
  assert.equal(ask(right, { userId: 'u2' }), CHECK.LOCKED, 'whoever asks');
});

test('the lock ends at midnight in Taipei', () => {
  const self = world({ wrongToday: { A123456789: 3 } });
  assert.equal(self.ask(right), CHECK.LOCKED);
  self.ms += 60_000;
  assert.equal(self.ask(right), CHECK.MATCH);
});

test('a right answer does not set the count back', () => {
  const { ask } = world();
  ask(wrong);
  assert.equal(ask(right), CHECK.MATCH);
  assert.equal(ask(wrong), CHECK.WRONG_SECOND);
});

test('a request that comes again is answered as before and counts once', () => {
  const { ask } = world();
  const jti = randomUUID();
  assert.deepEqual([1, 2, 3, 4].map(() => ask(wrong, { jti })), Array(4).fill(CHECK.WRONG_FIRST));
  assert.equal(ask(wrong), CHECK.WRONG_SECOND);
});

test('a number without a card is wrong too; one that is not used and a lost card are said', () => {
  const { ask } = world();
  assert.equal(ask({ ...right, personId: 'D100000004' }), CHECK.WRONG_FIRST);
  assert.equal(ask({ ...right, personId: 'M120000070' }), CHECK.NUMBER_NOT_USED);
  assert.equal(ask({ ...right, personId: 'P220000083' }), CHECK.LOST);
});

test('a person who is wrong about many numbers is suspended, others are not', () => {
  const { ask } = world();
  for (let i = 0; i < 10; i += 1) ask({ ...wrong, personId: `B12000000${i}` });
  assert.equal(ask(right), CHECK.SUSPENDED);
  assert.equal(ask(right, { userId: 'u2' }), CHECK.MATCH);
});

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const NOW_S = 1_768_000_000;
function token(changes = {}, { key = privateKey, alg = 'RS256' } = {}) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg, typ: 'JWT' })}.${part({
    iss: 'chayan', orgId: 'chayan', jti: randomUUID(), iat: NOW_S, exp: NOW_S + 180, ...changes })}`;
  return `Bearer ${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}
const taken = (...args) => readToken(token(...args), publicKey, NOW_S * 1000) !== undefined;

test('a token is taken with the right key, caller and time alone', () => {
  assert.ok(taken());
  assert.ok(!taken({}, { key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey }), 'another key');
  assert.ok(!taken({}, { alg: 'none' }), 'another algorithm');
  assert.ok(!taken({ iss: 'stranger' }), 'another caller');
  assert.ok(!taken({ iat: NOW_S - 400, exp: NOW_S - 220 }), 'over');
  assert.ok(!taken({ iat: NOW_S + 400, exp: NOW_S + 580 }), 'not yet');
  assert.ok(!taken({ exp: NOW_S + 3600 }), 'too long');
  assert.equal(readToken(undefined, publicKey), undefined);
  assert.equal(readToken('Bearer nonsense', publicKey), undefined);
});
