// What the commands beside this file share: a folder with PKI and registry, Chayan's processes in it, loads against
// them, and where results go.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeRegistry, startAdapter, startGateway, systemsOf, writeTrust } from './chayan.mjs';
import { startHaproxy, startNginx } from './peers.mjs';
import { outputOf, run, start, stopAll, until } from './processes.mjs';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
export const bin = process.env.CHAYAN_BIN ?? join(root, 'build/release/bin');
export const out = join(root, 'build/bench');

// A new folder below build/bench with a development PKI, also for these agencies, and the sample registry.
export async function newFolder(name, { agencies = [], ...registryOptions } = {}) {
  const folder = join(out, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const pki = join(folder, 'pki');
  await run(join(root, 'certs/dev-pki'), [pki, ...agencies]);
  const registry = join(folder, 'registry');
  makeRegistry(root, pki, registry, registryOptions);
  return { bin, folder, pki, registry, trust: join(folder, 'trust') };
}

// The backend that answers from memory and what forwards to it: nginx and HAProxy with each number of workers.
export async function startPeers(place, workerCounts) {
  const { pki, folder } = place;
  const handle = start('backend', folder, join(bin, 'chayan-bench-backend'),
    ['--ca', `${pki}/root.pem`, '--cert', `${pki}/gateway.pem`, '--key', `${pki}/gateway.key`]);
  const backend = await until('the backend listens', () => outputOf(handle).match(/^127\.0\.0\.1:\d+$/m)?.[0]);
  const direct = { system: 'direct', workers: 1, address: backend, processes: [], stream: false };
  const peers = [];
  for (const workers of workerCounts) {
    peers.push(await startNginx({ workers, backend, pki, folder }));
    peers.push(await startHaproxy({ workers, backend, pki, folder }));
  }
  await awaitAnswers(place, [direct, ...peers]);
  return { direct, peers };
}

// Gateways, each {name, workers, vault, …} of startGateway, and one adapter with a link to each; `adapterPrefix` goes
// before its command. Gives the systems to be measured: each gateway's unary and stream call.
export async function startChayan(place, wanted, adapterPrefix = []) {
  const gateways = [];
  for (const options of wanted) gateways.push(await startGateway({ ...place, ...options }));
  startAdapter({ ...place, gateways, name: `adapter-of-${wanted[0].name}`, prefix: adapterPrefix });
  writeTrust(place.pki, gateways[0].vkey, place.trust);
  const systems = gateways.flatMap(systemsOf);
  await awaitAnswers(place, systems);
  return systems;
}

export function clientArgs({ pki }, client = 'household') {
  return ['--ca', `${pki}/root.pem`, '--cert', `${pki}/${client}.pem`, '--key', `${pki}/${client}.key`];
}

// One run of the load. Exit 2 means that answers were wrong or missing: the figures say which.
export async function load(place, system, { in_flight, connections }, more = [], prefix = []) {
  const args = ['--gateway', system.address, ...clientArgs(place), '--in-flight', in_flight, '--connections', connections,
    ...more];
  if (system.stream) args.push('--stream');
  const [command, ...rest] = [...prefix, join(bin, 'chayan-load'), ...args].map(String);
  const seen = JSON.parse(await run(command, rest, [0, 2]));
  if (seen.errors || seen.wrong) {
    console.error(`${system.name ?? system.system}: ${JSON.stringify(seen.errors_by_code)} ${seen.first_wrong}`);
  }
  return seen;
}

export async function awaitAnswers(place, systems) {
  for (const system of systems) {
    await until(`${system.name ?? system.system} answers`, async () => {
      const args = ['--gateway', system.address, ...clientArgs(place), '--in-flight', 1, '--connections', 1,
        '--warm-up', 0, '--count', 1, ...(system.stream ? ['--stream'] : [])];
      const seen = JSON.parse(await run(join(bin, 'chayan-load'), args.map(String), [0, 2]));
      return seen.errors === 0 && seen.wrong === 0;
    });
  }
}

// Of a measured run of a gateway's answers, one in this many has its receipt checked whole.
const RECEIPT_EVERY = 256;

// One measured run: CPU and memory of the process in the middle, receipts of a gateway checked.
export async function measure(place, system, setting, { warmUp = 0.7, seconds = 3, more = [], prefix = [] } = {}) {
  const args = ['--warm-up', warmUp, '--seconds', seconds, '--calibrate', ...more];
  if (system.processes.length) args.push('--watch', system.processes.join(','));
  if (system.gateway) args.push('--trust', place.trust, '--receipt-every', RECEIPT_EVERY);
  const seen = await load(place, system, setting, args, prefix);
  const { system: name, workers, vault } = system;
  return { ...seen, ...setting, system: name, workers, vault };
}

export function failuresOf(seen) {
  return seen.errors + seen.wrong + seen.unanswered;
}

export function conditions(more = {}) {
  return { time: new Date().toISOString(), cpus: cpus().length, cpu: cpus()[0].model, kernel: release(),
    load_average: loadavg()[0], ...more };
}

export function writeResult(name, result) {
  const path = join(out, `${name}.json`);
  writeFileSync(path, `${JSON.stringify(result, null, 1)}\n`);
  console.log(`written: ${path}`);
}

// Runs a command to its end and stops what it started, whatever happens. `body` gives how many answers were missing or
// wrong; with any, its figures do not count.
export async function main(body) {
  process.on('SIGINT', () => stopAll().then(() => process.exit(130)));
  process.on('SIGTERM', () => stopAll().then(() => process.exit(143)));
  let failed = 0;
  try {
    failed = await body();
  } finally {
    await stopAll();
  }
  if (failed) {
    console.log(`bench: ${failed} answers were missing or wrong, so these figures do not count`);
    process.exit(1);
  }
}

export { start, until };
