// A stand-in for the consular bureau's system: SOAP 1.1.
import { readFileSync } from 'node:fs';
import { elements, envelope, textOf } from '../systems/soap.mjs';

const register = JSON.parse(readFileSync(new URL('./register.json', import.meta.url), 'utf8'));
const list = (name, item, records) => envelope(
  `<b:${name} xmlns:b="urn:boca" count="${records.length}">${records.map((record) =>
    `<b:${item}>${elements(record)}</b:${item}>`).join('')}</b:${name}>`);

function passports(number, day) {
  return register.passports.filter(({ PersonId }) => PersonId === number).map((passport) => ({
    ...passport, Valid: passport.State === 'ISSUED' && passport.ExpiryDate >= day ? 'Y' : 'N' }));
}

export function open() {
  return ({ path, headers, body }) => {
    if (path === '/ws/health') return { json: { status: 'up' } };
    if (path === '/ws/passport' && headers.soapaction === 'urn:boca:FindPassports') {
      return { xml: list('Passports', 'Passport', passports(textOf(body, 'PersonId'), textOf(body, 'OnDay'))) };
    }
    if (path === '/ws/authentication' && headers.soapaction === 'urn:boca:FindAuthentication') {
      return { xml: list('Authentications', 'Authentication', register.authentications.filter((one) =>
        one.FileNo === textOf(body, 'FileNo') && one.ApplicantId === textOf(body, 'ApplicantId'))) };
    }
    return { status: 500, xml: envelope('<soap:Fault><faultcode>soap:Client</faultcode></soap:Fault>') };
  };
}
