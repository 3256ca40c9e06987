// A stand-in for the register of companies: open data behind a key that counts who asks.
import { readFileSync } from 'node:fs';

const companies = JSON.parse(readFileSync(new URL('./register.json', import.meta.url), 'utf8'));

export function open({ secret }) {
  const key = secret('commerce.secret');
  return ({ path, query, headers }) => {
    if (headers['x-api-key'] !== key) return { status: 401, json: { message: 'no such key' } };
    if (path !== '/od/companies') return { status: 400, json: { message: 'no such path' } };
    const found = companies.find((company) => company.Business_Accounting_NO === query.get('ban'));
    return found ? { json: found } : { status: 404, json: { message: '查無資料' } };
  };
}
