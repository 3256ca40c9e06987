// A stand-in for the conscription authority's system: SOAP 1.2, faults and all.
import { readFileSync } from 'node:fs';
import { escape, elements, envelope, textOf } from '../systems/soap.mjs';

const soldiers = JSON.parse(readFileSync(new URL('./register.json', import.meta.url), 'utf8'));
const NAMESPACE = 'http://www.w3.org/2003/05/soap-envelope';
const fault = (side) => ({ status: side === 'Sender' ? 400 : 500, xml: envelope(
  `<soap:Fault><soap:Code><soap:Value>soap:${side}</soap:Value></soap:Code></soap:Fault>`, NAMESPACE) });
const result = (text, more = '') => ({ xml: envelope(
  `<c:Answer xmlns:c="urn:conscription"><c:Result>${text}</c:Result>${more}</c:Answer>`, NAMESPACE) });

export function open() {
  return ({ path, body }) => {
    const number = textOf(body, 'Idn');
    if (path !== '/soap/status' || !/office="[^"]+"/.test(body)) return fault('Sender');
    // The authority keeps records of nationals alone.
    if (!/^[A-Z][12][0-9]{8}$/.test(number)) return fault('Sender');
    const soldier = soldiers[number];
    if (!soldier) return result('NONE');
    if (soldier.classified) return result('CLASSIFIED');
    return result('FOUND', `<c:Soldier idn="${escape(number)}">${elements(soldier)}</c:Soldier>`);
  };
}
