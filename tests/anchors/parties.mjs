// The parties outside the gateway: witnesses, one with a liar in front, and an authority for timestamps.
import { execFile, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { directory, poll, program } from '../integration/deployment.mjs';

const children = [];
// Whatever a test started ends with it, also when it fails.
export function endAll() {
  for (const child of children) child.kill('SIGKILL');
}

// Starts a program of ours; its output goes to the deployment's logs.
export function start(name, command, args, env = process.env) {
  const log = join(directory, `log/${name}.log`);
  const out = openSync(log, 'a');
  const child = spawn(command, args, { env, stdio: ['ignore', out, out] });
  closeSync(out);
  children.push(child);
  const exited = new Promise((resolve) => {
    child.on('exit', (code, signal) => resolve({ code, signal }));
  });
  return { name, child, log, exited, text: () => readFileSync(log, 'utf8') };
}

// The address that a program says it listens on, once it has said so after `mark` bytes of its log.
export const addressOf = (party, event, mark = 0) => poll(`${party.name} listening`, () => {
  const line = party.text().slice(mark).split('\n').find((each) => each.includes(`"${event}"`));
  return line && JSON.parse(line).address;
});

export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = execFile(command, args, { timeout: 60_000, ...options }, (error, out, err) => {
      resolve({ code: error ? error.code ?? 'killed' : 0, out, err });
    });
    child.stdin.end();
  });
}

// A witness of ours that serves; `again` starts it on the same port and state.
export async function serveWitness(name, key, logVkey) {
  const args = (listen) => ['witness', 'serve', '--witness-key', key, '--state', join(directory, `witness-${name}`),
    '--log', logVkey, '--listen', listen];
  let party = start(name, program('chayan'), args('127.0.0.1:0'));
  const address = await addressOf(party, 'witness.listening');
  return {
    url: `http://${address}`,
    kill: () => {
      party.child.kill('SIGKILL');
      return party.exited;
    },
    again: async () => {
      const mark = party.text().length;
      party = start(name, program('chayan'), args(address));
      await addressOf(party, 'witness.listening', mark);
    },
  };
}

function body(stream) {
  return new Promise((resolve, reject) => {
    const parts = [];
    stream.on('data', (part) => parts.push(part));
    stream.on('end', () => resolve(Buffer.concat(parts)));
    stream.on('error', reject);
  });
}
const listen = (server) => new Promise((resolve) => {
  server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`));
});
function pass(target, incoming, bytes, outgoing) {
  const onward = httpRequest(`${target}${incoming.url}`, { method: incoming.method, headers: incoming.headers },
    async (answer) => {
      outgoing.writeHead(answer.statusCode, { 'content-type': answer.headers['content-type'] });
      outgoing.end(await body(answer));
    });
  onward.on('error', () => outgoing.destroy());
  onward.end(bytes);
}

// In front of an honest witness: passes everything on until `lie` gives an answer of its own.
export async function liar(target) {
  const self = { lie: undefined, told: 0 };
  const server = createServer(async (incoming, outgoing) => {
    const bytes = await body(incoming);
    const answer = self.lie?.(incoming, bytes);
    if (!answer) return pass(target, incoming, bytes, outgoing);
    self.told += 1;
    outgoing.writeHead(answer.status, { 'content-type': answer.type ?? 'text/plain' });
    return outgoing.end(answer.body ?? '');
  });
  self.url = await listen(server);
  self.close = () => server.close();
  return self;
}

// Answers queries with `openssl ts -reply`.
export async function timestampAuthority(folder) {
  const self = { queries: 0 };
  const server = createServer(async (incoming, outgoing) => {
    const bytes = await body(incoming);
    self.queries += 1;
    writeFileSync(join(folder, 'query'), bytes);
    const { code, err } = await run('openssl',
      ['ts', '-reply', '-config', 'tsa.cnf', '-queryfile', 'query', '-out', 'reply'], { cwd: folder });
    if (code !== 0) {
      outgoing.writeHead(500);
      return outgoing.end(err);
    }
    outgoing.writeHead(200, { 'content-type': 'application/timestamp-reply' });
    return outgoing.end(readFileSync(join(folder, 'reply')));
  });
  self.url = await listen(server);
  self.close = () => server.close();
  return self;
}
