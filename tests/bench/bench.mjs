// tests/bench/run's measurements: every system in every round, in turn, so that what the machine does meanwhile falls on
// all alike. Figures of one run are compared with each other only.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeRegistry, startAdapter, startGateway, systemsOf, writeTrust } from './chayan.mjs';
import { startHaproxy, startNginx } from './peers.mjs';
import { outputOf, run, start, stopAll, until } from './processes.mjs';
import { chart, median, ratio, ratiosOf, rowsOf, table } from './report.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const bin = process.env.CHAYAN_BIN ?? join(root, 'build/release/bin');
const out = join(root, 'build/bench');
const folder = join(out, 'work');
const pki = join(folder, 'pki');

const { values: flags } = parseArgs({ options: {
  quick: { type: 'boolean', default: false }, 'in-flight': { type: 'string' }, rounds: { type: 'string' } } });
const [WARM_UP_SECONDS, SECONDS] = [0.7, 3];
// Of the answers of a gateway, one in this many has its receipt checked whole.
const RECEIPT_EVERY = 256;
const CONNECTIONS = 16;
const MAIN = { in_flight: 64, connections: CONNECTIONS };

function settingsOf() {
  if (flags['in-flight']) {
    return flags['in-flight'].split(',').map((n) => ({ in_flight: Number(n), connections: CONNECTIONS }));
  }
  if (flags.quick) return [MAIN];
  const counts = [1, 16, 64, 256];
  const settings = counts.flatMap((n) => [CONNECTIONS, n].map((connections) => ({ in_flight: n, connections })));
  // 16 in flight on 16 connections is both.
  return settings.filter((s, i) => i === 0 || s.connections !== settings[i - 1].connections
    || s.in_flight !== settings[i - 1].in_flight);
}

const SETTINGS = settingsOf();
const ROUNDS = Number(flags.rounds ?? (flags.quick ? 3 : 5));

async function startAll() {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await run(join(root, 'certs/dev-pki'), [pki]);
  const registry = join(folder, 'registry');
  makeRegistry(root, pki, registry);

  const handle = start('backend', folder, join(bin, 'chayan-bench-backend'),
    ['--ca', `${pki}/root.pem`, '--cert', `${pki}/gateway.pem`, '--key', `${pki}/gateway.key`]);
  const backend = await until('the backend listens', () => outputOf(handle).match(/^127\.0\.0\.1:\d+$/m)?.[0]);
  const systems = [{ system: 'direct', workers: 1, address: backend, processes: [], stream: false }];
  for (const workers of [1, 2]) {
    systems.push(await startNginx({ workers, backend, pki, folder }));
    systems.push(await startHaproxy({ workers, backend, pki, folder }));
  }
  const gateways = [];
  for (const [workers, vault] of [[1, true], [1, false], [2, true]]) {
    gateways.push(await startGateway({ bin, pki, registry, folder, workers, vault }));
  }
  startAdapter({ bin, pki, registry, folder, gateways });
  writeTrust(pki, gateways[0].vkey, join(folder, 'trust'));
  for (const gateway of gateways) systems.push(...systemsOf(gateway));
  return systems;
}

// Exit 2 of the load means that answers were wrong or missing: its figures say which.
async function load(system, { in_flight, connections }, more = []) {
  const args = ['--gateway', system.address, '--ca', `${pki}/root.pem`, '--cert', `${pki}/household.pem`,
    '--key', `${pki}/household.key`, '--in-flight', in_flight, '--connections', connections, ...more];
  if (system.stream) args.push('--stream');
  return JSON.parse(await run(join(bin, 'chayan-load'), args.map(String), [0, 2]));
}

async function awaitLinks(systems) {
  for (const system of systems) {
    await until(`${system.system} answers`, async () => {
      const seen = await load(system, { in_flight: 1, connections: 1 }, ['--warm-up', 0, '--count', 1]);
      return seen.errors === 0 && seen.wrong === 0;
    });
  }
}

async function measure(system, setting, number) {
  const more = ['--warm-up', WARM_UP_SECONDS, '--seconds', SECONDS, '--calibrate'];
  if (system.processes.length) more.push('--watch', system.processes.join(','));
  if (system.gateway) more.push('--trust', join(folder, 'trust'), '--receipt-every', RECEIPT_EVERY);
  const seen = await load(system, setting, more);
  if (seen.errors || seen.wrong) {
    console.error(`${system.system}: ${JSON.stringify(seen.errors_by_code)} ${seen.first_wrong}`);
  }
  const { system: name, workers, vault } = system;
  return { ...seen, ...setting, system: name, workers, vault, round: number };
}

async function rounds(systems) {
  const samples = [];
  for (let number = 1; number <= ROUNDS; ++number) {
    for (const setting of SETTINGS) {
      // The vault is compared on the usual connections alone; each round begins with another system.
      const here = systems.filter(({ vault }) => vault !== false || setting.connections === CONNECTIONS);
      const first = number % here.length;
      for (const system of [...here.slice(first), ...here.slice(0, first)]) {
        samples.push(await measure(system, setting, number));
      }
      process.stderr.write(`round ${number} of ${ROUNDS}: ${setting.in_flight} in flight, ${setting.connections} connections\n`);
    }
  }
  return samples;
}

function order(systems) {
  const place = (row) => systems.findIndex((s) => s.system === row.system && s.workers === row.workers
    && (s.vault !== false));
  return (a, b) => a.in_flight - b.in_flight || a.connections - b.connections || place(a) - place(b);
}

const percent = (value) => `${value >= 0 ? '+' : ''}${(value * 100).toFixed(0)} %`;

// One worker with the vault and without.
function vaultRows(samples) {
  const both = samples.filter((s) => s.workers === 1 && s.vault !== undefined && s.connections === CONNECTIONS);
  const rows = [];
  for (const { in_flight } of SETTINGS.filter((s) => s.connections === CONNECTIONS)) {
    for (const system of ['unary', 'stream']) {
      const of = both.filter((s) => s.system === system && s.in_flight === in_flight);
      rows.push({ ...rowsOf(of.filter((s) => s.vault))[0], without_vault: rowsOf(of.filter((s) => !s.vault))[0],
        ratio: ratio(of, { vault: true }, { vault: false }) });
    }
  }
  return rows;
}

function report(systems, samples) {
  const main = samples.filter((sample) => sample.vault !== false);
  const rows = rowsOf(main).sort(order(systems));
  const ratios = ratiosOf(main);
  const vault = vaultRows(samples);
  const units = samples.map((sample) => sample.calibration_us);
  const calibration = { unit_us: median(units), least: Math.min(...units), greatest: Math.max(...units) };
  const conditions = { time: new Date().toISOString(), quick: flags.quick, rounds: ROUNDS, seconds: SECONDS, cpus: cpus().length,
    cpu: cpus()[0].model, kernel: release(), calibration };
  const latest = { conditions, rows, ratios, vault };
  writeFileSync(join(out, 'latest.json'), `${JSON.stringify(latest, null, 1)}\n`);
  const shown = SETTINGS.find((s) => s.in_flight === MAIN.in_flight) ?? SETTINGS[0];
  const drawn = rows.filter((row) => row.in_flight === shown.in_flight && row.connections === shown.connections);
  writeFileSync(join(out, 'latest.svg'),
    chart(drawn, `${shown.in_flight} in flight, ${shown.connections} connections, mTLS both sides`));

  console.log(`\n${table(rows)}\n`);
  console.log('CPU beside a peer with as many workers (median of the rounds, least to greatest):');
  for (const r of ratios) {
    console.log(`  ${r.system} / ${r.to}, ${r.workers} worker(s), ${r.in_flight} in flight, ${r.connections} connections: `
      + `${r.median} (${r.least}–${r.greatest})`);
  }
  for (const row of vault) {
    console.log(`vault, ${row.system}, ${row.in_flight} in flight: CPU ${row.cpu_us} µs with, ${row.without_vault.cpu_us} µs without`
      + ` (median of the rounds ${percent(row.ratio.median - 1)}); p50 ${row.p50_us} and ${row.without_vault.p50_us} µs`);
  }
  console.log(`machine: ${conditions.cpus} × ${conditions.cpu}, calibration unit ${calibration.unit_us} µs `
    + `(${calibration.least}–${calibration.greatest}): a wide range means a noisy run`);
  return rows.concat(vault.map((row) => row.without_vault)).reduce((sum, row) => sum + row.errors, 0);
}

process.on('SIGINT', () => stopAll().then(() => process.exit(130)));
process.on('SIGTERM', () => stopAll().then(() => process.exit(143)));
let failed = 0;
try {
  const systems = await startAll();
  await awaitLinks(systems);
  failed = report(systems, await rounds(systems));
} finally {
  await stopAll();
}
console.log(`written: ${join(out, 'latest.json')}, ${join(out, 'latest.svg')}`);
if (failed) {
  console.log(`bench: ${failed} answers were missing or wrong, so these figures do not count`);
  process.exit(1);
}
