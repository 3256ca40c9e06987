// Chayan as it is deployed (policy, vault, durable log, receipts), with a backend that answers from memory.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { outputOf, run, start, until } from './processes.mjs';

const ORIGIN = 'gw.chayan.example/log/bench';

// The sample registry, with bounds on the asking member that no run reaches, and `members` (text) besides.
export function makeRegistry(root, pki, folder, { members = '' } = {}) {
  mkdirSync(folder, { recursive: true });
  const from = join(root, 'adapters/agencies/registry');
  for (const name of readdirSync(from)) {
    if (!name.endsWith('.textproto')) continue;
    const text = readFileSync(join(from, name), 'utf8');
    const id = '  id: "hro-shanhua"\n';
    writeFileSync(join(folder, name), name !== 'members.textproto' ? text
      : text.replace(id, `${id}  requests_per_second: 100000\n  in_flight_max: 100000\n`) + members);
  }
  copyFileSync(join(pki, 'keys.textproto'), join(folder, 'keys.textproto'));
}

function config(workers, pki, more) {
  return `
# proto-file: proto/chayan/v1/gateway_config.proto
# proto-message: chayan.v1.GatewayConfig
gateway_name: "gw-1"
listen: "127.0.0.1:0"
workers: ${workers}
certificate_file: "${pki}/gateway.pem"
key_file: "${pki}/gateway.key"
roots_file: "${pki}/trusted.pem"
crl_directory: "${pki}/crl"
store_file: "store.sqlite"
head_file: "head"
log_origin: "${ORIGIN}"
log_key_file: "${pki}/log.key"
vault_kek_file: "${pki}/vault.kek"
vault_key_directory: "vault-keys"
${more}`;
}

// One gateway; `vault` false takes the one that seals nothing and stores no vault row. `prefix` goes before the command,
// such as taskset's, `settings` (text) into its configuration. In a folder that is there already it goes on with the store it
// finds.
export async function startGateway({ bin, pki, registry, folder, workers, vault, name, prefix = [], settings = '' }) {
  const home = join(folder, name);
  mkdirSync(home, { recursive: true });
  const file = join(home, 'gateway.textproto');
  writeFileSync(file, config(workers, pki, settings));
  const program = join(bin, vault ? 'chayan-gateway' : 'chayan-bench-gateway');
  const [command, ...args] = [...prefix, program, '--config', file, '--bootstrap-registry', registry];
  const handle = start(name, home, command, args);
  const address = await until(`${name} listens`,
    () => outputOf(handle).match(/"gateway\.listening".*"address":"([^"]+)"/)?.[1]);
  const vkey = (await run(join(bin, 'chayan-gateway'), ['--config', file, '--print-vkey'])).trim();
  return { name, home, handle, workers, vault, address, processes: [handle.child.pid], vkey };
}

// Links that a gateway has opened since its start.
export function linksOf(handle) {
  return outputOf(handle).match(/"link\.opened"/g)?.length ?? 0;
}

// One adapter of `agency` with `links` links to each gateway; `more` are further options.
export function startAdapter({ bin, pki, registry, folder, gateways, name = 'adapter', prefix = [], links = 1,
  agency = 'land-ad', more = [] }) {
  const [command, ...args] = [...prefix, join(bin, 'chayan-bench-adapter')];
  return start(name, folder, command, [...args,
    '--ca', `${pki}/root.pem`, '--cert', `${pki}/${agency}.pem`, '--key', `${pki}/${agency}.key`, ...more,
    '--answer-key', `${pki}/answer/${agency}.key`, '--answer-log', `${folder}/${name}.answers`, '--registry', registry, '--links', String(links),
    ...gateways.flatMap(({ address }) => ['--gateway', address])]);
}

export function writeTrust(pki, vkey, path) {
  const spki = execFileSync('openssl', ['pkey', '-in', `${pki}/answer/land-ad.key`, '-pubout', '-outform', 'DER']);
  writeFileSync(path, `log ${vkey}\nquorum none\nanswer-key land-ad ${spki.toString('base64')}\n`);
}

// The same gateway asked in both ways.
export function systemsOf({ name, handle, workers, vault, address, processes }) {
  return [false, true].map((stream) => (
    { name, handle, system: stream ? 'stream' : 'unary', workers, vault, address, processes, stream, gateway: true }));
}
