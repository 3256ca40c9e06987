// The systems of the sample agencies that answer over HTTPS, in one process: each under a path of its own, with a module
// `system.mjs` and invented people in its agency's folder. They know nothing of Chayan.
//   node server.mjs FOLDER PKI AGENCY…
// In FOLDER: server.pem, server.key, the agencies' keys and secrets. It takes the port it had, which `port` says, and writes
// `ready` when it listens. Client certificates are taken when PKI/root.pem signed them; which system asks for one, its
// module says.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';

const [folder, pki, ...agencies] = process.argv.slice(2);
// Longer requests are none of ours.
const BODY_BYTES_MAX = 64 * 1024;
const systems = new Map();
for (const name of agencies) {
  const { open } = await import(`../${name}/system.mjs`);
  systems.set(name, open({ secret: (file) => readFileSync(join(folder, file), 'utf8').trim() }));
}

const read = (request) => new Promise((resolve, reject) => {
  const parts = [];
  let size = 0;
  request.on('data', (part) => {
    size += part.length;
    if (size > BODY_BYTES_MAX) reject(new Error('too long'));
    else parts.push(part);
  });
  request.on('end', () => resolve(Buffer.concat(parts).toString('utf8')));
  request.on('error', reject);
});

async function answer(request) {
  const url = new URL(request.url, 'https://localhost');
  const [, name, ...rest] = url.pathname.split('/');
  const system = systems.get(name);
  if (!system) return { status: 404, json: { message: 'no such system' } };
  return system({
    method: request.method,
    path: `/${rest.join('/')}`,
    query: url.searchParams,
    headers: request.headers,
    body: await read(request),
    // The certificate's URI, if there is one that holds.
    client: request.socket.authorized ? request.socket.getPeerCertificate().subjectaltname : undefined,
  });
}

const server = https.createServer({
  cert: readFileSync(join(folder, 'server.pem')),
  key: readFileSync(join(folder, 'server.key')),
  ca: readFileSync(join(pki, 'root.pem')),
  requestCert: true,
  rejectUnauthorized: false,
}, async (request, response) => {
  let said;
  try {
    said = await answer(request);
  } catch (error) {
    console.error(`${request.method} failed: ${error.message}`);
    said = { status: 500, json: { message: 'internal error' } };
  }
  const type = said.xml === undefined ? 'application/json; charset=utf-8' : 'text/xml; charset=utf-8';
  response.writeHead(said.status ?? 200, { 'content-type': type });
  response.end(said.xml ?? JSON.stringify(said.json));
});
const portFile = join(folder, 'port');
const port = existsSync(portFile) ? Number(readFileSync(portFile, 'utf8')) : 0;
server.listen(port, '127.0.0.1', () => {
  writeFileSync(portFile, String(server.address().port));
  writeFileSync(join(folder, 'ready'), '');
});
