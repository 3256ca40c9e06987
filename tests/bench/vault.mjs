// tests/bench/vault: what the vault costs: the gateway beside one that makes the same commitments under random openings,
// seals nothing and stores no vault row. Each round both, in turn.
import { parseArgs } from 'node:util';
import { conditions, failuresOf, main, measure, newFolder, startChayan, writeResult } from './deployment.mjs';
import { ratio, rowsOf, tableOf } from './report.mjs';

const { values: flags } = parseArgs({ options: {
  rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '3' } } });
const SETTINGS = [{ in_flight: 1, connections: 16 }, { in_flight: 64, connections: 16 }];

await main(async () => {
  const place = await newFolder('vault');
  const systems = await startChayan(place, [{ name: 'with', workers: 1, vault: true },
    { name: 'without', workers: 1, vault: false }]);
  const samples = [];
  for (let round = 1; round <= Number(flags.rounds); ++round) {
    for (const setting of SETTINGS) {
      for (const system of systems) {
        samples.push({ round, ...await measure(place, system, setting, { seconds: Number(flags.seconds) }) });
      }
    }
  }
  const rows = [];
  for (const { in_flight } of SETTINGS) {
    for (const system of ['unary', 'stream']) {
      const of = samples.filter((s) => s.system === system && s.in_flight === in_flight);
      const [on] = rowsOf(of.filter((s) => s.vault));
      const [off] = rowsOf(of.filter((s) => !s.vault));
      rows.push({ ...on, without_vault: off, ratio: ratio(of, { vault: true }, { vault: false }) });
    }
  }
  console.log(tableOf(['call', 'in flight', 'CPU µs with', 'without', 'ratio', 'p50 µs with', 'without'],
    rows.map((row) => [row.system, row.in_flight, row.cpu_us.toFixed(1), row.without_vault.cpu_us.toFixed(1),
      `${row.ratio.median} (${row.ratio.least}–${row.ratio.greatest})`, row.p50_us.toFixed(0),
      row.without_vault.p50_us.toFixed(0)])));
  writeResult('vault', { conditions: conditions({ ...flags }), rows });
  return samples.reduce((sum, sample) => sum + failuresOf(sample), 0);
});
