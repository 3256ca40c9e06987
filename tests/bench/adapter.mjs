// tests/bench/adapter: the land office's register in PostgreSQL behind the sql connector, asked by a gateway as fast as the
// adapter answers. CPU time is the adapter's own; the database's stands beside it. And what the matcher alone costs.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startGateway, systemsOf, writeTrust } from './chayan.mjs';
import { awaitAnswers, bin, conditions, failuresOf, main, measure, newFolder, root, start, writeResult } from './deployment.mjs';
import { run } from './processes.mjs';
import { median, tableOf } from './report.mjs';

const { values: flags } = parseArgs({ options: {
  rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '3' } } });
const COMPARISONS_MIN = 5000;
const MATCH_NS_MAX = 5000;
const SETTING = { in_flight: 256, connections: 16 };
const CONNECTIONS = 4;
const { PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD } = process.env;

const psql = (input) => execFileSync('psql', ['-q', '-v', 'ON_ERROR_STOP=1'], { input });

// The sample's register as it is, from SQLite's own words.
function loadRegister(folder) {
  execFileSync(join(bin, 'chayan-sample-data'), ['--out', join(folder, 'data')]);
  const dump = execFileSync('sqlite3', [join(folder, 'data/land-ad.db'), '.dump'], { maxBuffer: 1 << 28 }).toString();
  psql(dump.replace(/^PRAGMA .*$/gm, '').replace(/^BEGIN TRANSACTION;$/m, 'BEGIN;'));
  psql('ANALYZE;');
}

function startSqlAdapter({ folder, pki }, gateway) {
  const home = join(folder, 'agencies/land-ad');
  mkdirSync(home, { recursive: true });
  writeFileSync(join(folder, 'password'), `${PGPASSWORD}\n`, { mode: 0o600 });
  const settings = readFileSync(join(root, 'adapters/agencies/land-ad/adapter.textproto'), 'utf8');
  const source = `source {
  driver: "PostgreSQL Unicode"
  attributes { name: "Servername" text: "${PGHOST}" } attributes { name: "Port" text: "${PGPORT}" }
  attributes { name: "Database" text: "${PGDATABASE}" } attributes { name: "UID" text: "${PGUSER}" }
  attributes { name: "PWD" secret: "file:../../password" }
  session_statements: "SET default_transaction_read_only = on"
  connections: ${CONNECTIONS}
}`;
  writeFileSync(join(home, 'adapter.textproto'),
    `${settings.replace(/^source \{[^}]*\}$/m, source)}\ngateways: "${gateway.address}"\n`);
  const handle = start('land-ad', home, join(bin, 'chayan-adapter'), ['--config', join(home, 'adapter.textproto')]);
  return handle.child.pid;
}

// User and system time of the server's processes, those that ended too, in microseconds.
function databaseCpuUs() {
  const ticks = (pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0);
  };
  const pids = execFileSync('psql', ['-qAtc', 'SELECT pid FROM pg_stat_activity']).toString().trim().split('\n');
  return pids.reduce((sum, pid) => {
    try {
      return sum + ticks(pid) * 10_000;
    } catch {
      return sum; // the one that asked has ended
    }
  }, 0);
}

await main(async () => {
  const place = await newFolder('adapter');
  loadRegister(place.folder);
  const gateway = await startGateway({ ...place, name: 'gateway', workers: 1, vault: true });
  const adapter = startSqlAdapter(place, gateway);
  writeTrust(place.pki, gateway.vkey, place.trust);
  // The adapter is what is watched here.
  const [, stream] = systemsOf({ ...gateway, processes: [adapter] });
  await awaitAnswers(place, [stream]);
  const samples = [];
  for (let round = 1; round <= Number(flags.rounds); ++round) {
    const before = databaseCpuUs();
    const seen = await measure(place, stream, SETTING, { warmUp: 0, seconds: Number(flags.seconds) });
    samples.push({ round, ...seen, database_cpu_us: (databaseCpuUs() - before) / seen.answers });
  }
  const match = JSON.parse(await run(join(bin, 'chayan-bench-match'), []));
  const cpu = median(samples.map((one) => one.cpu_us));
  const aCore = 1e6 / cpu;
  console.log(tableOf(['adapter CPU µs', 'comparisons/s a core', 'answers/s here', 'database CPU µs'], [[cpu.toFixed(1),
    aCore.toFixed(0), median(samples.map((one) => one.rps)).toFixed(0),
    median(samples.map((one) => one.database_cpu_us)).toFixed(1)]]));
  console.log(tableOf(['typical name µs', 'names µs', 'address µs'],
    [[match.typical_name_ns, match.names_ns, match.address_ns].map((ns) => (ns / 1000).toFixed(2))]));
  writeResult('adapter', { conditions: conditions({ ...flags }), cpu_us: cpu, per_core: aCore, match, samples });
  if (aCore < COMPARISONS_MIN || match.typical_name_ns > MATCH_NS_MAX) process.exitCode = 1;
  return samples.reduce((sum, one) => sum + failuresOf(one), 0);
});
