// Calls to a gateway from another gRPC stack, on raw bytes, so that exactly what was sent and received is what gets
// checked. The environment is that of deploy/dev's dev.env.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { checkEntry, checkReceipt, readTrust } from './receipt.mjs';

export { checkEntry, checkReceipt, grpc };
export const env = process.env;
export const protos = fileURLToPath(new URL('../../proto/', import.meta.url));
const root = new protobuf.Root();
const shipped = fileURLToPath(new URL('./node_modules/protobufjs/', import.meta.url));
root.resolvePath = (_, target) => {
  if (target.startsWith('/')) return target;
  return (target.startsWith('google/protobuf/') ? shipped : protos) + target;
};
root.loadSync(['chayan/v1/verification_service.proto', 'chayan/v1/receipt.proto',
  'chayan/v1/adapter_link_service.proto', 'chayan/v1/adapter_fixture.proto', 'chayan/v1/registry.proto',
  'chayan/v1/notice_service.proto', 'chayan/v1/audit_service.proto', 'chayan/v1/operator_service.proto',
  'google/rpc/status.proto', 'google/rpc/error_details.proto']);

export const message = (name) => root.lookupType(name.includes('.') ? name : `chayan.v1.${name}`);
export const nameOf = (enumeration, number) => root.lookupEnum(`chayan.v1.${enumeration}`).valuesById[number];
export function encode(type, value) {
  assert.equal(message(type).verify(value), null);
  return Buffer.from(message(type).encode(message(type).create(value)).finish());
}
export const decode = (type, bytes) => message(type).decode(bytes);

export const trust = readTrust(readFileSync(env.CHAYAN_TRUST, 'utf8'));
export const credentialsOf = (cert, key) => grpc.credentials.createSsl(readFileSync(env.CHAYAN_CA),
  readFileSync(key), readFileSync(cert));

// A client with a connection of its own: other clients of this process do not share it.
export function clientOf(cert, key, options = {}, target = env.CHAYAN_GATEWAY) {
  return new grpc.Client(target, credentialsOf(cert, key), { 'grpc.use_local_subchannel_pool': 1, ...options });
}
export const clientFor = (role, options) =>
  clientOf(env[`CHAYAN_${role}_CERT`], env[`CHAYAN_${role}_KEY`], options);

// A question about the sample person, which the holder answers with MATCH.
export function questionValue(changes = {}) {
  return {
    requestId: randomUUID(),
    actingFor: 'hro-shanhua',
    purpose: {
      person: { id: 'clerk-7', role: 'clerk' },
      purposeCode: 'household.move',
      legalBasis: 'household-act-68',
      caseNumber: '113-0042',
    },
    documentKind: 'land.title',
    subject: { identifier: { scheme: 1, value: 'A123456789' }, name: '王小明' },
    claims: [
      { code: 'land_office', text: 'AD' }, { code: 'section', text: '0863' }, { code: 'lot', text: '48' },
      { code: 'owner_name', text: '王小明' }, { code: 'owner_number', text: 'A123456789' },
    ],
    ...changes,
  };
}
export const question = (changes) => encode('VerifyDocumentRequest', questionValue(changes));

export const DEADLINE_MS = 20_000;
export function unary(client, method, bytes, options = {}) {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(`/chayan.v1.${method}`, (b) => b, (b) => b, bytes,
      options.metadata ?? new grpc.Metadata(), { deadline: Date.now() + (options.deadlineMs ?? DEADLINE_MS) },
      (error, response) => (error ? reject(error) : resolve(response)));
  });
}
export const verifyDocument = (client, bytes, options) =>
  unary(client, 'VerificationService/VerifyDocument', bytes, options);
export const openStream = (client, method, deadlineMs = 60_000) => client.makeBidiStreamRequest(
  `/chayan.v1.${method}`, (b) => b, (b) => b, new grpc.Metadata(), { deadline: Date.now() + deadlineMs });

// An answer whose receipt holds, with its entry.
export function readAnswer(response, request) {
  const view = decode('VerifyDocumentResponseView', response);
  assert.ok(view.answer?.length, 'a status in place of an answer');
  const leaf = checkReceipt({ receipt: view.receipt, request, told: view.answer, trust });
  const answer = decode('VerificationAnswer', view.answer);
  return {
    view, leaf, answer, outcome: nameOf('Outcome', answer.outcome).slice('OUTCOME_'.length),
    nextStep: decode('NextStep', view.nextStep),
  };
}

// The google.rpc.Status in plain words.
export function readStatus(bytes) {
  const status = decode('google.rpc.Status', bytes);
  const told = { code: status.code, message: status.message, bytes, violations: [], metadata: {} };
  for (const detail of status.details) {
    const type = detail.type_url.split('/')[1];
    const value = decode(type, detail.value);
    if (type === 'google.rpc.ErrorInfo') Object.assign(told, { reason: value.reason, metadata: value.metadata });
    if (type === 'google.rpc.BadRequest') told.violations = value.fieldViolations;
    if (type === 'google.rpc.RetryInfo') told.retryDelay = value.retryDelay;
  }
  told.fields = told.violations.map((violation) => violation.field);
  return told;
}

// What a failed call was told, with the entry that its receipt proves. A call that was refused at the door, before its
// request was read, has an entry without commitments.
export function readRefusal(error, request) {
  const details = error.metadata?.get('grpc-status-details-bin')[0];
  if (!details) return { code: error.code, message: error.details };
  const refusal = readStatus(details);
  assert.equal(refusal.code, error.code);
  const receiptBytes = error.metadata.get('chayan-receipt-bin')[0];
  if (!receiptBytes) return refusal;
  const receipt = decode('Receipt', receiptBytes);
  const atTheDoor = receipt.requestOpening.length === 0;
  refusal.leaf = atTheDoor ? checkEntry(receipt, trust)
    : checkReceipt({ receipt, request, told: details, trust });
  assert.equal(refusal.leaf.reason, refusal.reason);
  return refusal;
}
