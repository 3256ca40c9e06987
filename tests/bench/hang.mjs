// tests/bench/hang: one agency hangs: it takes every question and answers none, so its link is full of questions that wait
// for their deadline, and more are turned away. Callers of another agency are measured in pairs, without and with it.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { linksOf, startAdapter } from './chayan.mjs';
import { bin, clientArgs, conditions, failuresOf, main, measure, newFolder, start, startChayan, until, writeResult } from './deployment.mjs';
import { median, tableOf } from './report.mjs';

const { values: flags } = parseArgs({ options: {
  rounds: { type: 'string', default: '7' }, seconds: { type: 'string', default: '3' },
  questions: { type: 'string', default: '300' } } });
// Issue and README state it.
const RISE_MAX = 1.2;
const SETTING = { in_flight: 16, connections: 16 };

// Questions to the agency that hangs, until they are stopped. Each ends in SOURCE_DOWN, in time or at once.
function askHanging(place, system, round) {
  return start(`hanging-${round}`, place.folder, join(bin, 'chayan-load'), ['--gateway', system.address,
    ...clientArgs(place), '--land-office', 'QD', '--expect', 'SOURCE_DOWN', '--in-flight', flags.questions,
    '--connections', '16', '--rate', flags.questions, '--warm-up', '0', '--seconds', '600']);
}

await main(async () => {
  const place = await newFolder('hang');
  const [system] = await startChayan(place, [{ name: 'gateway', workers: 1, vault: true }]);
  startAdapter({ ...place, gateways: [system], name: 'silent', agency: 'land-qd', more: ['--silent'] });
  await until('the link of the agency that hangs', () => linksOf(system.handle) >= 2);
  const samples = [];
  for (let round = 1; round <= Number(flags.rounds); ++round) {
    for (const hangs of round % 2 ? [false, true] : [true, false]) {
      const asking = hangs ? askHanging(place, system, round) : undefined;
      const seen = await measure(place, system, SETTING, { warmUp: 2, seconds: Number(flags.seconds) });
      if (asking) {
        asking.child.kill('SIGTERM');
        await until('the other questions to end', () => asking.ended);
      }
      samples.push({ round, hangs, ...seen });
    }
  }
  const of = (hangs, name) => samples.filter((one) => one.hangs === hangs).map((one) => one[name]);
  const row = (hangs) => [hangs ? 'one agency hangs' : 'all answer', median(of(hangs, 'rps')).toFixed(0),
    (median(of(hangs, 'p50_us')) / 1000).toFixed(2), (median(of(hangs, 'p99_us')) / 1000).toFixed(2)];
  // Within each round, so that what the machine does meanwhile falls on both.
  const rise = median(of(true, 'p99_us').map((p99, i) => p99 / of(false, 'p99_us')[i]));
  console.log(tableOf(['', 'answers/s', 'p50 ms', 'p99 ms'], [row(false), row(true)]));
  console.log(`p99 with one agency that hangs: ${rise.toFixed(2)} times; at most ${RISE_MAX}`);
  writeResult('hang', { conditions: conditions({ ...flags }), rise, samples });
  if (rise > RISE_MAX) process.exitCode = 1;
  return samples.reduce((sum, one) => sum + failuresOf(one), 0);
});
