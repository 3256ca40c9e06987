// Goal: a question that is not whole, not of its form, or not this gateway's to answer is refused by name, costs the
// gateway little, and leaves an entry whose receipt holds. Method: one question for each fault, on raw bytes where the
// fault is in the bytes. A kind with one claim of every type and every scheme of subjects stands in the registry
// beside the sample's.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import { after, before, test } from 'node:test';
import {
  checkReceipt, clientFor, decode, encode, env, grpc, message, openStream, question, questionValue, readAnswer,
  readRefusal, readStatus, trust, verifyDocument,
} from '../interop/calls.mjs';
import { applySet, awaitEntry, changedSet, logSize, sampleSet } from './deployment.mjs';

const KIND = 'it.every';
const SCHEMES = ['NATIONAL_ID', 'RESIDENT_NUMBER', 'OLD_RESIDENT_NUMBER', 'BUSINESS_NUMBER', 'PASSPORT', 'HEALTH_CARD',
  'CITIZEN_CERTIFICATE', 'HOUSEHOLD_NUMBER'];
const TYPES = ['TEXT', 'NAME', 'DATE', 'PERSON_NUMBER', 'BUSINESS_NUMBER', 'ADDRESS', 'LAND_OFFICE', 'LAND_SECTION',
  'LAND_LOT', 'BUILDING_NUMBER', 'PASSPORT', 'INTEGER', 'VEHICLE_PLATE'];
const client = clientFor('HOUSEHOLD');
after(() => client.close());

// Nobody answers it: what passes the checks ends at SOURCE_DOWN.
before(async () => {
  const title = (name) => `title { zh_tw: "${name}" en: "${name}" }`;
  await applySet(changedSet('every', { 'land.textproto': (text) => `${text}
document_kinds {
  code: "${KIND}" ${title('every')}
  ${TYPES.map((type) => `claims { code: "${type.toLowerCase()}" type: VALUE_TYPE_${type} ${title(type)} }`).join(' ')}
  subject_schemes: [ ${SCHEMES.map((scheme) => `IDENTIFIER_SCHEME_${scheme}`).join(', ')} ]
  legal_bases: "household-act-68" answer_mode: ANSWER_MODE_SYNC service_level_workdays: 1
  retention_class: RETENTION_CLASS_FIVE_YEARS
}
routes { document_kind: "${KIND}" holder: "land-ad" }
grants {
  id: "it-every" member: "hro-shanhua" document_kind: "${KIND}"
  claims: [ ${TYPES.map((type) => `"${type.toLowerCase()}"`).join(', ')} ]
  purposes: "household.move" legal_bases: "household-act-68" person_roles: "clerk"
}
` }));
});
after(() => applySet(sampleSet));

async function ask(changes) {
  const request = question(changes);
  return readAnswer(await verifyDocument(client, request), request);
}
async function refuseBytes(request, options) {
  const error = await verifyDocument(options?.client ?? client, request, options).then(() => null, (e) => e);
  assert.ok(error, 'an answer in place of a refusal');
  return readRefusal(error, request);
}
async function refuse(changes, code, reason, fields) {
  const refusal = await refuseBytes(question(changes));
  assert.equal(refusal.reason, reason, refusal.message);
  assert.equal(refusal.code, grpc.status[code]);
  assert.ok(refusal.leaf, 'no receipt');
  assert.deepEqual(refusal.fields, fields);
  return refusal;
}
const purpose = (changes) => ({ purpose: { ...questionValue().purpose, ...changes } });
const claims = (changes) => ({
  claims: questionValue().claims.map((claim) => ({ ...claim, text: changes[claim.code] ?? claim.text })),
});
const every = (claim, changes = {}) => ({ documentKind: KIND, claims: [claim], ...changes });

test('a question without person, role, purpose, legal basis, case number, office or kind names the field', async () => {
  const cases = [
    [purpose({ person: { role: 'clerk' } }), 'purpose.person.id'],
    [purpose({ person: { id: 'clerk-7' } }), 'purpose.person.role'],
    [purpose({ purposeCode: '' }), 'purpose.purpose_code'],
    [purpose({ legalBasis: '' }), 'purpose.legal_basis'],
    [purpose({ caseNumber: '' }), 'purpose.case_number'],
    [purpose({ caseNumber: '  ' }), 'purpose.case_number'],
    [{ actingFor: '' }, 'acting_for'],
    [{ documentKind: '' }, 'document_kind'],
  ];
  for (const [changes, field] of cases) {
    await refuse(changes, 'INVALID_ARGUMENT', 'FIELD_MISSING', [field]);
  }
});

test('all missing fields are named at once', async () => {
  const refusal = await refuseBytes(encode('VerifyDocumentRequest', { requestId: randomUUID() }));
  assert.equal(refusal.reason, 'FIELD_MISSING');
  assert.deepEqual(refusal.fields, ['acting_for', 'purpose.person.id', 'purpose.person.role', 'purpose.purpose_code',
    'purpose.legal_basis', 'purpose.case_number', 'document_kind']);
});

test('unknown kind, claim and field are named, and their text stands in no entry', async () => {
  const kind = await refuse({ documentKind: 'land.tile' }, 'INVALID_ARGUMENT', 'DOCUMENT_KIND_UNKNOWN',
    ['document_kind']);
  assert.match(kind.violations[0].description, /land\.title/);
  assert.equal(kind.leaf.kind, 'unknown');
  await refuse({ claims: [...questionValue().claims, { code: 'colour', text: 'red' }] }, 'INVALID_ARGUMENT',
    'CLAIM_UNKNOWN', ['claims[5].code']);
  await refuse({ requestedFields: ['share', 'mortgage'] }, 'INVALID_ARGUMENT', 'REQUESTED_FIELD_UNKNOWN',
    ['requested_fields[1]']);
});

test('a purpose, a basis or a role that is not granted is refused', async () => {
  await refuse(purpose({ purposeCode: 'household.move-abroad' }), 'PERMISSION_DENIED', 'PURPOSE_NOT_GRANTED', []);
  await refuse(purpose({ legalBasis: 'nationality-rules-9' }), 'PERMISSION_DENIED', 'LEGAL_BASIS_NOT_GRANTED', []);
  await refuse(purpose({ person: { id: 'clerk-7', role: 'cleaner' } }), 'PERMISSION_DENIED', 'PERSON_ROLE_NOT_GRANTED',
    []);
});

test('none, too many or repeated claims are refused', async () => {
  await refuse({ claims: [] }, 'INVALID_ARGUMENT', 'FIELD_INVALID', ['claims']);
  await refuse({ claims: [...questionValue().claims, { code: 'lot', text: '49' }] }, 'INVALID_ARGUMENT',
    'FIELD_INVALID', ['claims[5].code']);
  const many = Array.from({ length: 33 }, () => ({ code: 'lot', text: '48' }));
  await refuse({ claims: many }, 'INVALID_ARGUMENT', 'FIELD_INVALID', ['claims']);
});

// Scheme, values that are not of its form, a value that is.
const NUMBERS = [
  [1, ['A123456788', 'D810000001', 'A12345678', 'A1234567890', '1123456789', 'A323456789', ''], 'D100000004'],
  [2, ['A800000015', 'D800000007', 'A123456789', 'A80000001'], 'A800000014'],
  [3, ['AC01234568', 'AE00000000', 'A800000014'], 'AC01234567'],
  [4, ['12345678', '04595253', '00000000', '1234567', '123456789'], '04595252'],
  [5, ['1234', 'ABCDEFGHIJKLMNOP', 'AB-12345'], '312345678'],
  [6, ['12345678901', '1234567890123', '12345678901A'], '123456789012'],
  [7, ['A123456789012345', 'AB1234567890123', 'AB123456789012345'], 'AB12345678901234'],
  [8, ['A123456', 'A12345678', '11234567', 'A123456A'], 'A1234567'],
];

test('each kind of number: what is not of its form is refused, what is passes', async () => {
  const claim = { code: 'text', text: 'x' };
  for (const [scheme, invalid, valid] of NUMBERS) {
    for (const value of invalid) {
      await refuse(every(claim, { subject: { identifier: { scheme, value }, name: '王小明' } }), 'INVALID_ARGUMENT',
        'FIELD_INVALID', ['subject.identifier.value']);
    }
    const { outcome } = await ask(every(claim, { subject: { identifier: { scheme, value: valid }, name: '王小明' } }));
    assert.equal(outcome, 'SOURCE_DOWN', `${SCHEMES[scheme - 1]} ${valid}`);
  }
});

test('a scheme that the kind does not take, and none at all, are refused', async () => {
  const subject = (scheme) => ({ subject: { identifier: { scheme, value: '04595252' }, name: '王小明' } });
  for (const scheme of [0, 4, 5, 6, 7, 8]) {
    await refuse(subject(scheme), 'INVALID_ARGUMENT', 'FIELD_INVALID', ['subject.identifier.scheme']);
  }
  // A number that is no scheme at all; encoded without the check that keeps this file's own slips out.
  const bytes = message('VerifyDocumentRequest').encode(questionValue(subject(99))).finish();
  assert.deepEqual((await refuseBytes(Buffer.from(bytes))).fields, ['subject.identifier.scheme']);
});

test('each type of claim: what is not of its form is refused by its path, what is passes', async () => {
  const cases = {
    person_number: [['A123456788', ''], 'A123456789'],
    business_number: [['12345678'], '22099131'],
    land_office: [['A', 'A1', 'ABC'], 'AD'],
    land_section: [['86', '08633', 'ABCD'], '0863'],
    land_lot: [['179-', 'x', '123456789', '0'], '179-1065'],
    building_number: [['x', '123456789'], '173'],
    passport: [['1234'], 'AB1234567'],
    integer: [['-1', '1.5', '1234567890123456789'], '42'],
    vehicle_plate: [['ABC', '1234', 'ABCD12345'], 'ABC-1235'],
    name: [['', '明'.repeat(51)], '明'.repeat(50)],
    text: [['', '字'.repeat(501)], '字'.repeat(500)],
  };
  for (const [code, [invalid, valid]] of Object.entries(cases)) {
    for (const text of invalid) {
      await refuse(every({ code, text }), 'INVALID_ARGUMENT', 'FIELD_INVALID', ['claims[0].text']);
    }
    assert.equal((await ask(every({ code, text: valid }))).outcome, 'SOURCE_DOWN', `${code} ${valid}`);
  }
});

test('dates that do not exist, and dates without era, are refused', async () => {
  const dates = [
    { era: 1, year: 114, month: 2, day: 29 }, { era: 1, year: 114, month: 11, day: 31 },
    { era: 1, year: 0, month: 1, day: 1 }, { era: 0, year: 77, month: 5, day: 20 },
    { era: 1, year: 77, month: 13, day: 1 }, { era: 1, year: 77, month: 0, day: 1 },
    { era: 2, year: -1, month: 1, day: 1 },
  ];
  const subject = questionValue().subject;
  for (const date of dates) {
    await refuse(every({ code: 'date', date }), 'INVALID_ARGUMENT', 'FIELD_INVALID', ['claims[0].date']);
    await refuse({ subject: { ...subject, birthDate: date } }, 'INVALID_ARGUMENT', 'FIELD_INVALID',
      ['subject.birth_date']);
    await refuse({ asOfDate: date }, 'INVALID_ARGUMENT', 'FIELD_INVALID', ['as_of_date']);
  }
  await refuse(every({ code: 'date', text: '0770520' }), 'INVALID_ARGUMENT', 'FIELD_INVALID', ['claims[0].date']);
  await refuse(every({ code: 'text', date: dates[0] }), 'INVALID_ARGUMENT', 'FIELD_INVALID', ['claims[0].text']);
  assert.equal((await ask(every({ code: 'date', date: { era: 1, year: 113, month: 2, day: 29 } }))).outcome,
    'SOURCE_DOWN');
});

test('request ids that are no lower-case UUID are refused', async () => {
  for (const requestId of ['', '1', randomUUID().toUpperCase(), randomUUID().replaceAll('-', '')]) {
    await refuse({ requestId }, 'INVALID_ARGUMENT', 'FIELD_INVALID', ['request_id']);
  }
});

test('full-width and lower-case numbers, and numbers with blanks around, match', async () => {
  for (const value of ['Ａ１２３４５６７８９', 'a123456789', 'ａ１２３４５６７８９', ' A123456789 ', '　A123456789']) {
    const { outcome } = await ask({ subject: { identifier: { scheme: 1, value }, name: '王小明' },
      ...claims({ owner_number: value }) });
    assert.equal(outcome, 'MATCH', value);
  }
  const { outcome } = await ask(claims({ land_office: 'ａｄ', section: '０８６３', lot: '４８' }));
  assert.equal(outcome, 'MATCH');
});

test('a private-use character in a name is UNCOMPARABLE on either side, never a mismatch', async () => {
  for (const name of ['王小\u{E000}', '王小\u{F0000}', '王\u{FFFD}明', '王■明']) {
    assert.equal((await ask(claims({ owner_name: name }))).outcome, 'UNCOMPARABLE', name);
  }
  // The holder's register has 陳■英.
  const { outcome } = await ask({
    subject: { identifier: { scheme: 1, value: 'B220000019' }, name: '陳𤧟英' },
    ...claims({ lot: '50', owner_name: '陳𤧟英', owner_number: 'B220000019' }),
  });
  assert.equal(outcome, 'UNCOMPARABLE');
});

test('a name that is not UTF-8 is refused as malformed', async () => {
  const bytes = Buffer.from(question());
  bytes[bytes.indexOf('王小明')] = 0xff;
  assert.equal((await refuseBytes(bytes)).reason, 'MESSAGE_MALFORMED');
});

test('a message over the bound is refused; the connection serves on', async () => {
  const large = question(purpose({ reason: 'x'.repeat(70_000) }));
  const recorded = await refuseBytes(large);
  assert.equal(recorded.code, grpc.status.RESOURCE_EXHAUSTED);
  assert.equal(recorded.reason, 'MESSAGE_TOO_LARGE');
  assert.ok(recorded.leaf);
  const huge = await refuseBytes(question(purpose({ reason: 'x'.repeat(2 << 20) })));
  assert.equal(huge.code, grpc.status.RESOURCE_EXHAUSTED);
  assert.equal(huge.reason, 'MESSAGE_TOO_LARGE');
  assert.equal((await ask()).outcome, 'MATCH');
  const stream = openStream(client, 'VerificationService/VerifyDocuments');
  stream.on('data', () => {});
  const ended = new Promise((resolve) => { stream.on('error', resolve); });
  stream.write(question(purpose({ reason: 'x'.repeat(2 << 20) })));
  assert.equal(readRefusal(await ended).reason, 'MESSAGE_TOO_LARGE');
});

test('a compressed message that unpacks over the bound is refused', async () => {
  const gzip = clientFor('HOUSEHOLD', { 'grpc.default_compression_algorithm': 2 });
  try {
    const request = question();
    assert.equal(readAnswer(await verifyDocument(gzip, request), request).outcome, 'MATCH');
    const bomb = await refuseBytes(question(purpose({ reason: 'x'.repeat(8 << 20) })), { client: gzip });
    assert.equal(bomb.reason, 'MESSAGE_TOO_LARGE');
  } finally {
    gzip.close();
  }
});

test('bytes that are no message, and fields nobody knows, are refused', async () => {
  const unknownField = Buffer.concat([question(), Buffer.from([0xfa, 0x07, 0x01, 0x78])]);
  for (const bytes of [Buffer.from([0xff]), Buffer.from('no protocol buffer'), question().subarray(0, -1),
    unknownField]) {
    const refusal = await refuseBytes(bytes);
    assert.equal(refusal.code, grpc.status.INVALID_ARGUMENT);
    assert.equal(refusal.reason, 'MESSAGE_MALFORMED');
    assert.equal(refusal.leaf.type, 'failed');
  }
});

test('on a stream a faulty item is answered with its status, and the stream goes on', async () => {
  const good = question();
  const denied = question({ actingFor: 'hro-banqiao' });
  const invalid = question({ subject: { identifier: { scheme: 1, value: 'A123456788' } } });
  const byId = new Map([good, denied, invalid].map((b) => [decode('VerifyDocumentRequest', b).requestId, b]));
  const malformed = Buffer.from([0xff]);
  byId.set('', malformed);
  const stream = openStream(client, 'VerificationService/VerifyDocuments');
  const seen = [];
  const ended = new Promise((resolve, reject) => {
    stream.on('error', reject);
    stream.on('end', resolve);
    stream.on('data', (bytes) => {
      const view = decode('VerifyDocumentResponseView', bytes);
      const request = byId.get(view.requestId);
      const told = view.answer?.length ? view.answer : view.status;
      const leaf = checkReceipt({ receipt: view.receipt, request, told, trust });
      seen.push(view.answer?.length ? leaf.outcome : readStatus(view.status).reason);
    });
  });
  [malformed, denied, invalid, good].forEach((bytes) => stream.write(bytes));
  stream.end();
  await ended;
  assert.deepEqual(seen.sort(), ['ACTING_FOR_NOT_ALLOWED', 'FIELD_INVALID', 'MATCH', 'MESSAGE_MALFORMED']);
});

// A connection without gRPC's own care for its headers.
function rawCall(headers) {
  return new Promise((resolve) => {
    const session = http2.connect(`https://${env.CHAYAN_GATEWAY}`, {
      ca: readFileSync(env.CHAYAN_CA), cert: readFileSync(env.CHAYAN_HOUSEHOLD_CERT),
      key: readFileSync(env.CHAYAN_HOUSEHOLD_KEY), checkServerIdentity: () => undefined,
      maxSendHeaderBlockLength: 1 << 22,
    });
    const done = (result) => {
      resolve(result);
      session.destroy();
    };
    session.on('error', (error) => done({ lost: error.code }));
    session.on('close', () => done({ lost: 'closed' }));
    const stream = session.request({
      ':method': 'POST', ':path': '/chayan.v1.VerificationService/VerifyDocument',
      'content-type': 'application/grpc', te: 'trailers', ...headers });
    let status;
    const take = (received) => { status = received['grpc-status'] ?? status; };
    stream.on('response', take);
    stream.on('trailers', take);
    stream.on('error', (error) => done({ lost: error.code }));
    stream.on('close', () => done(status === undefined ? { lost: 'stream' } : { status: Number(status) }));
    stream.resume();
    const request = question();
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(request.length, 1);
    stream.end(Buffer.concat([prefix, request]));
  });
}

test('a flood of metadata is refused, a larger one costs the connection, others are served', async () => {
  const headers = (count, size) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`x-${i}`,
    randomUUID().repeat(Math.ceil(size / 36)).slice(0, size)]));
  assert.deepEqual(await rawCall({}), { status: grpc.status.OK });
  assert.deepEqual(await rawCall(headers(10, 100)), { status: grpc.status.OK });
  assert.deepEqual(await rawCall(headers(300, 100)), { status: grpc.status.RESOURCE_EXHAUSTED });
  assert.deepEqual(await rawCall(headers(1, 20_000)), { status: grpc.status.RESOURCE_EXHAUSTED });
  assert.ok((await rawCall(headers(3_000, 500))).lost);
  assert.equal((await ask()).outcome, 'MATCH');
});

test('an area that nobody holds is refused by the name of the claim', async () => {
  const refusal = await refuse(claims({ land_office: 'ZZ' }), 'FAILED_PRECONDITION', 'NO_ROUTE', ['claims[0].text']);
  assert.equal(refusal.metadata.claim, 'land_office');
});

test('a twin gets the same answer and receipt, one in flight joins, other bytes are refused', async () => {
  const requestId = randomUUID();
  const request = question({ requestId });
  const [one, two] = await Promise.all([verifyDocument(client, request), verifyDocument(client, request)]);
  assert.deepEqual(one, two);
  assert.deepEqual(await verifyDocument(client, request), one);
  readAnswer(one, request);
  const refusal = await refuseBytes(question({ requestId, ...claims({ lot: '51' }) }));
  assert.equal(refusal.code, grpc.status.ALREADY_EXISTS);
  assert.equal(refusal.reason, 'REQUEST_ID_REUSED');
  assert.equal(refusal.leaf.type, 'failed');
  // The key holds the system: another one's id is its own.
  const other = clientFor('HOUSEHOLD2');
  const theirs = question({ requestId, actingFor: 'hro-banqiao' });
  assert.notDeepEqual(await verifyDocument(other, theirs).finally(() => other.close()), one);
});

test('a deadline that leaves no time for the holder is told so and recorded', async () => {
  const from = await logSize();
  const request = question();
  const error = await verifyDocument(client, request, { deadlineMs: 140 }).then(() => null, (e) => e);
  assert.equal(error?.code, grpc.status.DEADLINE_EXCEEDED);
  await awaitEntry(from, 'the refusal', (e) => e.type === 'failed' && e.reason === 'DEADLINE_TOO_SHORT');
});
