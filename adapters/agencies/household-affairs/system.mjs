// A stand-in for the interior ministry's household system: each request carries a token that the caller has signed
// (RS256); answers are HTTP 200 with a code of the system's own.
//   RS7009 done · RS7007 fault of the network · RS3811 caller not set up · RS3822 condition not taken
import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { IdCardCheck } from './id_card.mjs';

const register = JSON.parse(readFileSync(new URL('./register.json', import.meta.url), 'utf8'));
const CLOCK_SECONDS_MAX = 180;

const parse = (part) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
const said = (rdCode, rdMessage, responseData) =>
  ({ json: { httpCode: '200', httpMessage: 'OK', rdCode, rdMessage, ...(responseData && { responseData }) } });
const NOT_SET_UP = said('RS3811', '介接端未設定');
const BAD_CONDITION = said('RS3822', '查詢條件有誤');

// The token's claims; undefined where its signature, caller or time does not hold.
export function readToken(authorization, key, now = Date.now()) {
  const [, header, payload, signature] =
    authorization?.match(/^Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/) ?? [];
  if (!signature || parse(header).alg !== 'RS256') return undefined;
  if (!verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'))) return undefined;
  const claims = parse(payload);
  const seconds = now / 1000;
  const inTime = claims.iat <= seconds + CLOCK_SECONDS_MAX && claims.exp >= seconds
    && claims.exp - claims.iat <= CLOCK_SECONDS_MAX;
  return inTime && claims.iss === 'chayan' && claims.orgId === 'chayan' ? claims : undefined;
}

function checkCard(claims, cards) {
  const { conditionMap: condition, userId, jti } = claims;
  if (!/^[0-3]$/.test(condition.applyCode) || !/^\d{7}$/.test(condition.applyYyymmdd)
      || !/^\d{5}$/.test(condition.issueSiteId) || !userId || !jti) return BAD_CONDITION;
  if (register.networkFails.includes(condition.personId)) return said('RS7007', '網路異常');
  return said('RS7009', '查詢作業完成', { checkIdCardApply: cards.check({ userId, jti, condition }) });
}

export function open({ secret }) {
  const key = createPublicKey(secret('household-affairs.pub'));
  const cards = new IdCardCheck(register.cards, register);
  return ({ path, headers }) => {
    if (path === '/health') return { json: { status: 'up' } };
    const claims = readToken(headers.authorization, key);
    if (!claims) return NOT_SET_UP;
    if (!/^[A-Z][0-9A-Z][0-9]{8}$/.test(claims.conditionMap?.personId)) return BAD_CONDITION;
    if (path === '/integration/rwv2c2/' && claims.jobId === 'V2C201') return checkCard(claims, cards);
    if (path === '/integration/marital/' && claims.jobId === 'V2M101') {
      const person = register.marital.find(({ personId }) => personId === claims.conditionMap.personId);
      return said('RS7009', '查詢作業完成', person ? [person] : []);
    }
    return BAD_CONDITION;
  };
}
