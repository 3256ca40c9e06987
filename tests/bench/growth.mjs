// tests/bench/growth: whether a verification costs the same in a short log and in a long one. One gateway for each length,
// its store filled in bulk beforehand; each round every gateway once, in turn.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startGateway } from './chayan.mjs';
import { bin, conditions, failuresOf, main, measure, newFolder, startChayan, writeResult } from './deployment.mjs';
import { run, stop } from './processes.mjs';
import { median, rowsOf, tableOf } from './report.mjs';

const { values: flags } = parseArgs({ options: {
  sizes: { type: 'string', default: '1000,10000,100000,1000000,10000000' }, rounds: { type: 'string', default: '5' },
  seconds: { type: 'string', default: '3' } } });
const SETTING = { in_flight: 64, connections: 16 };
// By how much a length may differ from the shortest.
const SPREAD_MAX = 0.15;

// A gateway's own first entry, then the rest in bulk. Returns how to start it again.
async function fill(place, size) {
  const options = { name: `gateway-${size}`, workers: 1, vault: true };
  const first = await startGateway({ ...place, ...options });
  await stop(first.handle);
  const start = Date.now();
  await run(join(bin, 'chayan-bench-grow'), ['--store', join(first.home, 'store.sqlite'), '--size', String(size)]);
  console.log(`${size} entries: filled in ${((Date.now() - start) / 1000).toFixed(0)} s`);
  return { ...options, size };
}

await main(async () => {
  const place = await newFolder('growth');
  const wanted = [];
  for (const size of flags.sizes.split(',').map(Number)) wanted.push(await fill(place, size));
  const systems = (await startChayan(place, wanted)).filter(({ stream }) => !stream);
  const samples = [];
  for (let round = 1; round <= Number(flags.rounds); ++round) {
    for (const [i, system] of systems.entries()) {
      samples.push({ round, size: wanted[i].size,
        ...await measure(place, system, SETTING, { seconds: Number(flags.seconds) }) });
    }
  }
  const of = (size) => samples.filter((sample) => sample.size === size);
  const shortest = of(wanted[0].size);
  const rows = wanted.map(({ size }) => ({ size, ...rowsOf(of(size))[0],
    ratio: median(of(size).map((sample, i) => sample.cpu_us / shortest[i].cpu_us)) }));
  console.log(tableOf(['entries', 'CPU µs', 'beside the shortest', 'req/s', 'p50 ms', 'p99 ms', 'RSS MiB'], rows.map((row) => [
    row.size, row.cpu_us.toFixed(1), row.ratio.toFixed(2), row.rps.toFixed(0), (row.p50_us / 1000).toFixed(2),
    (row.p99_us / 1000).toFixed(2), (row.rss_kib / 1024).toFixed(1)])));
  writeResult('growth', { conditions: conditions({ ...flags }), rows });
  const worst = Math.max(...rows.map((row) => Math.abs(row.ratio - 1)));
  if (worst > SPREAD_MAX) throw new Error(`the cost is not flat: ${(worst * 100).toFixed(0)} % apart`);
  return samples.reduce((sum, sample) => sum + failuresOf(sample), 0);
});
