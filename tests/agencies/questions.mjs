// The sample agencies' recorded questions, as an office that may ask them asks them.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { approvalOf, assertion } from '../integration/assertion.mjs';
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
const { county } = registry.flatMap((file) => file.members).find((member) => member.id === 'hro-shanhua');
const rules = registry.flatMap((file) => file.countyRules).filter((rule) => rule.county === county);

export const agencies = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'fixture.textproto')));
export const fixtureOf = (agency) =>
  readText('AdapterFixture', 'chayan/v1/adapter_fixture.proto', join(folder, agency, 'fixture.textproto'));

// Whether the kind or the office's county asks for a second person.
const needsApproval = (kind) => kinds.get(kind).approvalRequired
  || rules.some((rule) => rule.approvalRequired && rule.documentKinds.includes(kind));

// What a request needs besides what is asked: a purpose that a grant allows, a person who is vouched for and a second one
// who approves, where kind or county want them.
export function purposeFor(documentKind, subject, id, { approved = needsApproval(documentKind) } = {}) {
  const grant = grants.find((each) => each.documentKind === documentKind);
  const role = grant.personRoles.at(-1) ?? 'clerk';
  const vouched = approved || needsApproval(documentKind) || kinds.get(documentKind).personAssertionRequired;
  const purpose = {
    person: { id, role, ...(vouched && { assertion: assertion({ payload: { sub: id, role } }) }) },
    purposeCode: grant.purposes[0], legalBasis: grant.legalBases[0], caseNumber: '115-0048',
  };
  if (!approved) return purpose;
  const apr = approvalOf({ documentKind, purpose, subject });
  return { ...purpose, approver: { id: 'chief-1', role: 'supervisor',
    assertion: assertion({ payload: { sub: 'chief-1', role: 'supervisor', apr } }) } };
}

// The answer with its entry, both proved; or the refusal.
export async function ask(client, { documentKind, subject, claims, requestedFields = [], person = 'clerk-7', approved }) {
  const request = question({
    documentKind, subject, claims, requestedFields, purpose: purposeFor(documentKind, subject, person, { approved }) });
  return verifyDocument(client, request)
    .then((bytes) => readAnswer(bytes, request), (error) => readRefusal(error, request));
}

// An answer without what differs from one time to the next.
export function withoutTime(answer) {
  const { requestId, answeredBy, asOfTime, ...rest } =
    message('VerificationAnswer').toObject(answer, { enums: String, defaults: false });
  return rest;
}
