// tests/bench/connections: what it costs to open a connection: TCP, a whole mutual TLS handshake, HTTP/2's first
// SETTINGS. Each round every system once, in turn.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bin, clientArgs, conditions, main, newFolder, startChayan, startPeers, writeResult } from './deployment.mjs';
import { run } from './processes.mjs';
import { median, tableOf } from './report.mjs';

const { values: flags } = parseArgs({ options: {
  rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '3' },
  'at-once': { type: 'string', default: '8' } } });

async function connect(place, system) {
  const args = ['--gateway', system.address, ...clientArgs(place), '--seconds', flags.seconds, '--at-once', flags['at-once'],
    '--watch', system.processes.join(',')];
  return JSON.parse(await run(join(bin, 'chayan-bench-connect'), args, [0, 2]));
}

await main(async () => {
  const place = await newFolder('connections');
  const { peers } = await startPeers(place, [1]);
  const [chayan] = await startChayan(place, [{ name: 'gateway', workers: 1, vault: true }]);
  const systems = [...peers, { ...chayan, system: 'chayan' }];
  const samples = [];
  for (let round = 1; round <= Number(flags.rounds); ++round) {
    for (const system of systems) samples.push({ system: system.system, round, ...await connect(place, system) });
  }
  const rows = systems.map(({ system }) => {
    const of = samples.filter((sample) => sample.system === system);
    const figure = (name) => median(of.map((sample) => sample[name]));
    return { system, per_second: figure('per_second'), cpu_us: figure('cpu_us'), p50_us: figure('p50_us'),
      p99_us: figure('p99_us'), rss_kib: figure('rss_kib'), failed: of.reduce((sum, sample) => sum + sample.failed, 0) };
  });
  console.log(tableOf(['system', 'handshakes/s', 'CPU µs each', 'p50 ms', 'p99 ms', 'failed'], rows.map((row) => [
    row.system, row.per_second.toFixed(0), row.cpu_us.toFixed(0), (row.p50_us / 1000).toFixed(1),
    (row.p99_us / 1000).toFixed(1), row.failed])));
  writeResult('connections', { conditions: conditions({ ...flags }), rows });
  return rows.reduce((sum, row) => sum + row.failed, 0);
});
