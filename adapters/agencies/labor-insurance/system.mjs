// A stand-in for the labour insurance's system: whoever asks shows a certificate, and the case for which it is asked is
// written down.
import { readFileSync } from 'node:fs';

const records = JSON.parse(readFileSync(new URL('./register.json', import.meta.url), 'utf8'));

export function open() {
  return ({ method, path, headers, body, client }) => {
    if (path === '/api/health') return { json: { status: 'up' } };
    if (!client?.includes('/labor-insurance/')) return { status: 403, json: { rtnCode: '9003', rtnMsg: '憑證不符' } };
    if (method !== 'POST' || path !== '/api/records') return { status: 404, json: { rtnCode: '9004', rtnMsg: '無此服務' } };
    const { idn, caseNo } = JSON.parse(body);
    if (!caseNo || !headers['x-request-id']) return { json: { rtnCode: '0009', rtnMsg: '缺少案號' } };
    const found = records.filter((record) => record.idn === idn);
    return { json: found.length ? { rtnCode: '0000', records: found } : { rtnCode: '0001', rtnMsg: '查無資料' } };
  };
}
