// A stand-in for the health insurance's system: OAuth 2.0 client credentials (RFC 6749 section 4.4), then REST.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

const insured = JSON.parse(readFileSync(new URL('./register.json', import.meta.url), 'utf8'));
const TOKEN_SECONDS = 300;

export function open({ secret }) {
  const login = `Basic ${Buffer.from(`chayan:${secret('nhi.secret')}`).toString('base64')}`;
  const tokens = new Map(); // token → its end
  return ({ method, path, headers, body }) => {
    if (path === '/v1/health') return { json: { status: 'up' } };
    if (path === '/oauth/token') {
      const grant = new URLSearchParams(body);
      if (method !== 'POST' || headers.authorization !== login) return { status: 401, json: { error: 'invalid_client' } };
      if (grant.get('grant_type') !== 'client_credentials' || grant.get('scope') !== 'insured.read') {
        return { status: 400, json: { error: 'invalid_scope' } };
      }
      const token = randomUUID();
      tokens.set(token, Date.now() + TOKEN_SECONDS * 1000);
      return { json: { access_token: token, token_type: 'Bearer', expires_in: TOKEN_SECONDS } };
    }
    const end = tokens.get(headers.authorization?.replace('Bearer ', ''));
    if (!end || end < Date.now()) return { status: 401, json: { error: 'invalid_token' } };
    const number = path.match(/^\/v1\/insured\/([A-Z][0-9A-Z][0-9]{8})$/)?.[1];
    if (!number) return { status: 400, json: { error: 'invalid_request' } };
    return { json: { dataTime: '2026-01-15T08:00:00+08:00', insured: insured.filter(({ idNo }) => idNo === number) } };
  };
}
