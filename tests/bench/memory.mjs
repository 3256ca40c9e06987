// tests/bench/memory: what a gateway holds with many systems connected and idle and many links open. Each system has a
// registry entry, a key and a certificate of its own, and has asked at least once, so that its buffers were in use.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bin, conditions, failuresOf, main, newFolder, startChayan, until, writeResult } from './deployment.mjs';
import { linksOf, startAdapter } from './chayan.mjs';
import { residentKib, run } from './processes.mjs';
import { tableOf } from './report.mjs';

const { values: flags } = parseArgs({ options: {
  systems: { type: 'string', default: '1000' }, links: { type: 'string', default: '100' },
  seconds: { type: 'string', default: '20' } } });
const SYSTEMS = Number(flags.systems);
const LINKS = Number(flags.links);
// The most that design and README state, with the default numbers.
const TARGET_KIB = 220 << 10;
// A hundred handshakes take a second; on a machine that does much else, far longer.
const LINKS_MS_MAX = 180_000;
// A member may have 512 connections.
const SYSTEMS_PER_MEMBER = 250;

const memberOf = (i) => `bench-${Math.floor(i / SYSTEMS_PER_MEMBER)}`;
const names = Array.from({ length: SYSTEMS }, (_, i) => ({ name: `system-${i}`, member: memberOf(i) }));

// Members with their systems, each with the grant of the office they act for.
function registryText() {
  return [...new Set(names.map(({ member }) => member))].map((member) => `
members {
  id: "${member}"
  name { zh_tw: "量測機關" en: "Office to be measured" }
  issuers: "dev-intermediate"
  requests_per_second: 100000
${names.filter((system) => system.member === member).map(({ name }) =>
    `  systems { name: "${name}" role: ROLE_HOUSEHOLD acting_for: "hro-shanhua" }`).join('\n')}
}
grants {
  id: "${member}-land-title"
  member: "${member}"
  document_kind: "land.title"
  claims: [ "land_office", "section", "lot", "owner_name", "owner_number", "share", "address" ]
  fields: [ "share", "registered_date", "address", "owner_class" ]
  purposes: [ "household.move", "household.first-registration", "household.doorplate" ]
  legal_bases: [ "household-act-68", "household-rules-7" ]
  person_roles: [ "clerk", "supervisor" ]
}`).join('\n');
}

async function issueCertificates({ pki, folder }) {
  const certificates = join(folder, 'systems');
  mkdirSync(certificates);
  const issue = spawn(join(bin, 'chayan-bench-issue'), ['--ca-cert', `${pki}/ca/intermediate/cert.pem`, '--ca-key',
    `${pki}/ca/intermediate/key.pem`, '--folder', certificates], { stdio: ['pipe', 'inherit', 'inherit'] });
  issue.stdin.end(names.map(({ name, member }) => `${name} spiffe://chayan.example/${member}/${name}\n`).join(''));
  const code = await new Promise((resolve) => issue.on('close', resolve));
  if (code !== 0) throw new Error('chayan-bench-issue failed');
  return certificates;
}

// All systems connected at once; few questions in flight, which go round them all. What the gateway holds is read at
// the end, while all are connected.
async function connectAll({ pki }, certificates, system) {
  const args = ['--gateway', system.address, '--ca', `${pki}/root.pem`,
    ...names.flatMap(({ name }) => ['--cert', `${certificates}/${name}.pem`, '--key', `${certificates}/${name}.key`]),
    '--connections', SYSTEMS, '--in-flight', 4, '--warm-up', 0, '--seconds', flags.seconds,
    '--watch', system.processes.join(',')];
  return JSON.parse(await run(join(bin, 'chayan-load'), args.map(String), [0, 2]));
}

await main(async () => {
  const place = await newFolder('memory', { members: registryText() });
  const certificates = await issueCertificates(place);
  const [system] = await startChayan(place, [{ name: 'gateway', workers: 1, vault: true }]);
  const [pid] = system.processes;
  const rows = [{ state: 'one link', rss_kib: residentKib(pid) }];
  startAdapter({ ...place, name: 'links', gateways: [system], links: LINKS - 1 });
  await until(`${LINKS} links are open`, () => linksOf(system.handle) >= LINKS, LINKS_MS_MAX);
  rows.push({ state: `${LINKS} links`, rss_kib: residentKib(pid) });
  const seen = await connectAll(place, certificates, system);
  rows.push({ state: `${LINKS} links, ${SYSTEMS} systems`, rss_kib: seen.rss_kib });
  console.log(tableOf(['state', 'RSS MiB'], rows.map(({ state, rss_kib }) => [state, (rss_kib / 1024).toFixed(1)])));
  console.log(`each system has asked: ${seen.answers_whole} questions`);
  writeResult('memory', { conditions: conditions({ systems: SYSTEMS, links: LINKS }), rows });
  if (seen.answers_whole < SYSTEMS) throw new Error(`only ${seen.answers_whole} questions: give more --seconds`);
  if (seen.rss_kib > TARGET_KIB) throw new Error(`more than ${TARGET_KIB >> 10} MiB`);
  return failuresOf(seen);
});
