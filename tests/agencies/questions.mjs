// The sample agencies' recorded questions, as an office that may ask them asks them.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assertion } from '../integration/assertion.mjs';
import { root, sampleSet } from '../integration/deployment.mjs';
import { decode, message, protos, question, readAnswer, readRefusal, verifyDocument } from '../interop/calls.mjs';

const folder = join(root, 'adapters/agencies');

// A text file of the repository as a message.
function readText(type, proto, file) {
  return decode(type, execFileSync('protoc', [`-I${protos}`, `--encode=chayan.v1.${type}`, join(protos, proto)],
    { input: readFileSync(file) }));
}

// What the registry says: document kinds by code, and the grants of the office.
const registry = readdirSync(sampleSet).filter((name) => name.endsWith('.textproto'))
  .map((name) => readText('RegistryFile', 'chayan/v1/registry.proto', join(sampleSet, name)));
const kinds = new Map(registry.flatMap((file) => file.documentKinds).map((kind) => [kind.code, kind]));
const grants = registry.flatMap((file) => file.grants).filter((grant) => grant.member === 'hro-shanhua');

export const agencies = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'fixture.textproto')));
export const questionsOf = (agency) =>
  readText('AdapterFixture', 'chayan/v1/adapter_fixture.proto', join(folder, agency, 'fixture.textproto')).questions;

// What a request needs besides what is asked: a purpose that a grant allows, and a person who is vouched for where the
// kind wants one.
export function purposeFor(kind, person) {
  const grant = grants.find(({ documentKind }) => documentKind === kind);
  const role = grant.personRoles.at(-1) ?? 'clerk';
  return {
    person: { id: person, role, ...(kinds.get(kind).personAssertionRequired
      && { assertion: assertion({ payload: { sub: person, role } }) }) },
    purposeCode: grant.purposes[0], legalBasis: grant.legalBases[0], caseNumber: '115-0048',
  };
}

// The answer with its entry, both proved; or the refusal.
export async function ask(client, { documentKind, subject, claims, requestedFields = [], person = 'clerk-7' }) {
  const request = question({
    documentKind, subject, claims, requestedFields, purpose: purposeFor(documentKind, person) });
  return verifyDocument(client, request)
    .then((bytes) => readAnswer(bytes, request), (error) => readRefusal(error, request));
}

// An answer without what differs from one time to the next.
export function withoutTime(answer) {
  const { requestId, answeredBy, asOfTime, ...rest } =
    message('VerificationAnswer').toObject(answer, { enums: String, defaults: false });
  return rest;
}
