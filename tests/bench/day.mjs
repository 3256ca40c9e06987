// tests/bench/day: days at the counters in minutes. Offices connect anew each hour and ask at the rate of that hour; at
// midnight the adapter is started anew. On the first day memory fills with what is kept up to a bound (answers for
// repeated questions); what the gateway holds on the third day must be what it held on the second.
import { parseArgs } from 'node:util';
import { startAdapter, startGateway, systemsOf, writeTrust } from './chayan.mjs';
import { awaitAnswers, conditions, failuresOf, main, measure, newFolder, writeResult } from './deployment.mjs';
import { residentKib, stop } from './processes.mjs';
import { tableOf } from './report.mjs';

const { values: flags } = parseArgs({ options: {
  minutes: { type: 'string', default: '5' }, peak: { type: 'string', default: '1000' } } });
// Of the peak's rate, hour by hour: counters are open from 8 to 17.30, at noon with half their clerks; some systems
// check their lists at night.
const HOURS = [1, 1, 2, 2, 1, 1, 2, 8, 60, 90, 100, 90, 50, 80, 95, 90, 75, 45, 15, 8, 5, 3, 2, 1].map((p) => p / 100);
const DAYS = 3;
const SECONDS = (Number(flags.minutes) * 60) / (DAYS * HOURS.length);
const GROWTH_MAX = 1.05;

await main(async () => {
  const place = await newFolder('day');
  const gateway = await startGateway({ ...place, name: 'gateway', workers: 1, vault: true });
  const [system] = systemsOf(gateway);
  writeTrust(place.pki, gateway.vkey, place.trust);
  const [pid] = system.processes;
  const hours = [];
  for (let day = 1; day <= DAYS; ++day) {
    const adapter = startAdapter({ ...place, name: `adapter-${day}`, gateways: [gateway] });
    await awaitAnswers(place, [system]);
    for (const [hour, share] of HOURS.entries()) {
      const rate = Math.max(1, Number(flags.peak) * share);
      const seen = await measure(place, system, { in_flight: 256, connections: 4 + Math.round(60 * share) },
        { warmUp: 0, seconds: SECONDS, more: ['--rate', rate] });
      hours.push({ day, hour, rate, answers: seen.answers, p50_us: seen.p50_us, p99_us: seen.p99_us, cpu_us: seen.cpu_us,
        rss_kib: residentKib(pid), failed: failuresOf(seen) });
    }
    await stop(adapter);
  }
  const [first, second] = [2, 3].map((day) => hours.filter((row) => row.day === day));
  const ms = (us) => (us / 1000).toFixed(1);
  const mib = (kib) => (kib / 1024).toFixed(1);
  console.log(tableOf(['hour', 'questions/s', 'p99 ms', 'RSS MiB', 'next day p99 ms', 'RSS MiB'], HOURS.map((_, hour) => [
    hour, first[hour].rate.toFixed(0), ms(first[hour].p99_us), mib(first[hour].rss_kib), ms(second[hour].p99_us),
    mib(second[hour].rss_kib)])));
  const [before, after] = [first, second].map((rows) => Math.max(...rows.map((row) => row.rss_kib)));
  console.log(`most memory: ${mib(before)} MiB on the second day, ${mib(after)} MiB on the third`);
  writeResult('day', { conditions: conditions({ ...flags }), hours, most_kib: [before, after] });
  if (after > before * GROWTH_MAX) throw new Error('memory grows from day to day');
  return hours.reduce((sum, row) => sum + row.failed, 0);
});
