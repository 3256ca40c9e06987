// tests/bench/run's measurements: every system in every round, in turn, so that what the machine does meanwhile falls on
// all alike. Figures of one run are compared with each other only.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { conditions, main, measure as measureOne, newFolder, out, startChayan, startPeers,
  writeResult } from './deployment.mjs';
import { chart, median, ratio, ratiosOf, rowsOf, table } from './report.mjs';

const { values: flags } = parseArgs({ options: {
  quick: { type: 'boolean', default: false }, 'in-flight': { type: 'string' }, rounds: { type: 'string' } } });
const CONNECTIONS = 16;
const SECONDS = 3;
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
  const place = await newFolder('work');
  const { direct, peers } = await startPeers(place, [1, 2]);
  const systems = [direct, ...peers];
  systems.push(...await startChayan(place, [{ name: 'gateway-1', workers: 1, vault: true },
    { name: 'gateway-1-no-vault', workers: 1, vault: false }, { name: 'gateway-2', workers: 2, vault: true }]));
  return { place, systems };
}

async function measure(place, system, setting, number) {
  return { ...await measureOne(place, system, setting, { seconds: SECONDS }), round: number };
}

async function rounds(place, systems) {
  const samples = [];
  for (let number = 1; number <= ROUNDS; ++number) {
    for (const setting of SETTINGS) {
      // The vault is compared on the usual connections alone; each round begins with another system.
      const here = systems.filter(({ vault }) => vault !== false || setting.connections === CONNECTIONS);
      const first = number % here.length;
      for (const system of [...here.slice(first), ...here.slice(0, first)]) {
        samples.push(await measure(place, system, setting, number));
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
  const latest = { conditions: conditions({ quick: flags.quick, rounds: ROUNDS, seconds: SECONDS, calibration }), rows,
    ratios, vault };
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
  console.log(`machine: ${latest.conditions.cpus} × ${latest.conditions.cpu}, calibration unit ${calibration.unit_us} µs `
    + `(${calibration.least}–${calibration.greatest}): a wide range means a noisy run`);
  writeResult('latest', latest);
  return rows.concat(vault.map((row) => row.without_vault)).reduce((sum, row) => sum + row.errors, 0);
}

await main(async () => {
  const { place, systems } = await startAll();
  return report(systems, await rounds(place, systems));
});
