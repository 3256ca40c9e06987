// tests/bench/profile: where a verification's CPU time goes. perf samples the gateway's call chains by CPU time while a
// load runs; stages.mjs says which stage each sample is. The sum of the samples is compared with what the kernel
// accounted to the process.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { conditions, failuresOf, load, main, newFolder, startChayan, until, writeResult } from './deployment.mjs';
import { tableOf } from './report.mjs';
import { FRONT, STAGES, stageOf } from './stages.mjs';

const { values: flags } = parseArgs({ options: {
  seconds: { type: 'string', default: '6' }, 'in-flight': { type: 'string', default: '64' },
  connections: { type: 'string', default: '16' }, symbols: { type: 'string', default: '0' } } });
// Of samples a second; a prime, so that it falls in step with nothing.
const FREQUENCY = 997;
// Bytes of stack kept with a sample: chains of ours are far shorter.
const STACK_BYTES = 16384;
// By how much the stages may miss the process's total.
const MISS_MAX = 0.1;

function cpuUsOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // Clock ticks of user and system time: a hundred a second on every Linux.
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

async function record(pid, file, work) {
  const perf = spawn('perf', ['record', '-q', '-e', 'cpu-clock', '-F', String(FREQUENCY),
    '--call-graph', `dwarf,${STACK_BYTES}`, '-p', String(pid), '-o', file], { stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = once(perf, 'close');
  await until('perf samples', () => {
    if (perf.exitCode !== null) throw new Error('perf record ended: may this user sample (kernel.perf_event_paranoid)?');
    return existsSync(file);
  });
  const result = await work();
  perf.kill('SIGINT');
  await ended;
  return result;
}

// Calls `take` with each sample: its share of CPU time in microseconds and its frames, innermost first.
async function eachSample(file, take) {
  const perf = spawn('perf', ['script', '-i', file, '--no-inline', '-F', 'comm,tid,period,ip,sym,dso'],
    { stdio: ['ignore', 'pipe', 'ignore'] });
  let sample = null;
  for await (const line of createInterface({ input: perf.stdout })) {
    const frame = line.match(/^\s+[0-9a-f]+ (.*) \((.*)\)$/);
    const head = frame ? null : line.match(/^(\S.*?)\s+\d+\s+(\d+)/);
    if (head) sample = { thread: head[1], us: Number(head[2]) / 1000, frames: [] };
    else if (frame && sample) sample.frames.push({ symbol: frame[1].replace(/\+0x[0-9a-f]+$/, ''), library: frame[2] });
    else if (line === '' && sample) {
      take(sample);
      sample = null;
    }
  }
  if (sample) take(sample);
}

async function profileOf(place, system) {
  const file = join(place.folder, `${system.system}.perf`);
  const [pid] = system.processes;
  const setting = { in_flight: Number(flags['in-flight']), connections: Number(flags.connections) };
  const { seen, totalUs } = await record(pid, file, async () => {
    const before = cpuUsOf(pid);
    const answered = await load(place, system, setting, ['--warm-up', 0, '--seconds', flags.seconds]);
    return { seen: answered, totalUs: cpuUsOf(pid) - before };
  });
  const stages = new Map(STAGES.map((stage) => [stage, 0]));
  const symbols = new Map();
  await eachSample(file, ({ us, frames, thread }) => {
    const stage = stageOf(frames);
    stages.set(stage, stages.get(stage) + us);
    const key = `${stage}\t${thread}\t${frames[0]?.symbol ?? '?'}\t${(frames.find((f) => /chayan::/.test(f.symbol)) ?? {}).symbol ?? ''}`;
    symbols.set(key, (symbols.get(key) ?? 0) + us);
  });
  const each = (us) => Math.round((us / seen.answers_whole) * 100) / 100;
  const sum = [...stages.values()].reduce((a, b) => a + b, 0);
  const front = FRONT.reduce((total, stage) => total + stages.get(stage), 0);
  if (Number(flags.symbols)) {
    const hottest = [...symbols].sort((a, b) => b[1] - a[1]).slice(0, Number(flags.symbols));
    for (const [key, us] of hottest) console.log(`${each(us).toFixed(2)}\t${key.slice(0, 220)}`);
  }
  return { system: system.system, ...setting, answers: seen.answers_whole, total_us: each(totalUs),
    stages: Object.fromEntries([...stages].map(([stage, us]) => [stage, each(us)])), sum_us: each(sum),
    front_us: each(front), rest_us: each(sum - front), failed: failuresOf(seen) };
}

await main(async () => {
  const place = await newFolder('profile');
  const systems = await startChayan(place, [{ name: 'gateway', workers: 1, vault: true }]);
  const profiles = [];
  for (const system of systems) profiles.push(await profileOf(place, system));
  const rows = [...STAGES, 'sum', 'front', 'rest', 'process'].map((stage) => [stage, ...profiles.map((p) => (
    { sum: p.sum_us, front: p.front_us, rest: p.rest_us, process: p.total_us }[stage] ?? p.stages[stage]).toFixed(1))]);
  console.log(`CPU µs a verification, ${flags['in-flight']} in flight, ${flags.connections} connections, one worker`);
  console.log(tableOf(['stage', ...profiles.map((p) => p.system)], rows));
  console.log(`front: ${FRONT.join(', ')}; rest: all others; process: as the kernel accounted it`);
  writeResult('profile', { conditions: conditions(), profiles });
  for (const profile of profiles) {
    const miss = profile.sum_us / profile.total_us - 1;
    if (Math.abs(miss) > MISS_MAX) {
      throw new Error(`${profile.system}: the stages miss the process's CPU by ${(miss * 100).toFixed(0)} %`);
    }
  }
  return profiles.reduce((sum, profile) => sum + profile.failed, 0);
});
