// tests/bench/cores: one core against two. The gateway pinned to one core with one worker, everything else on the other;
// and the gateway with two workers on both. Closed loop for throughput and CPU; an open loop of 1,200 questions a second,
// ten times the national burst, for what callers wait on one core.
import { parseArgs } from 'node:util';
import { conditions, failuresOf, main, measure, newFolder, startChayan, startPeers,
  writeResult } from './deployment.mjs';
import { rowsOf, tableOf } from './report.mjs';

const { values: flags } = parseArgs({ options: {
  rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '3' },
  rate: { type: 'string', default: '1200' } } });
const CLOSED = { in_flight: 64, connections: 16 };

await main(async () => {
  const place = await newFolder('cores');
  const pin = (core) => ['taskset', '-c', String(core)];
  const { direct } = await startPeers(place, []);
  const one = await startChayan(place, [{ name: 'one', workers: 1, vault: true, prefix: pin(0) }], pin(1));
  const two = await startChayan(place, [{ name: 'two', workers: 2, vault: true }], []);
  const samples = [];
  const seconds = Number(flags.seconds);
  for (let round = 1; round <= Number(flags.rounds); ++round) {
    for (const system of [...one, ...two]) {
      const prefix = system.name === 'one' ? pin(1) : [];
      samples.push({ round, cores: system.name, ...await measure(place, system, CLOSED, { seconds, prefix }) });
    }
    const more = ['--rate', flags.rate];
    for (const system of [direct, ...one]) {
      samples.push({ round, cores: 'rate', ...await measure(place, system, CLOSED, { seconds, prefix: pin(1), more }) });
    }
  }
  const rows = ['one', 'two', 'rate'].flatMap((cores) => rowsOf(samples.filter((s) => s.cores === cores))
    .map((row) => ({ cores, ...row })));
  const load = { one: 'one core', two: 'two cores', rate: `one core, ${flags.rate}/s` };
  console.log(tableOf(['gateway', 'call', 'req/s', 'CPU µs', 'p50 ms', 'p99 ms'], rows.map((row) => [load[row.cores],
    row.system, row.rps.toFixed(0), row.system === 'direct' ? '-' : row.cpu_us.toFixed(1), (row.p50_us / 1000).toFixed(2),
    (row.p99_us / 1000).toFixed(2)])));
  console.log('what callers wait beyond the direct call is the gateway\'s own part, the adapter and the link');
  writeResult('cores', { conditions: conditions({ ...flags }), rows });
  return samples.reduce((sum, sample) => sum + failuresOf(sample), 0);
});
