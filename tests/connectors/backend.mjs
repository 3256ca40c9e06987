// An agency's own system, in a process of its own: HTTPS with client certificates, titles as JSON. What it answers
// stands in a file that is read for each request, so that a test can make it hostile.
//   node backend.mjs FOLDER: port, server.pem, server.key, client-roots.pem, answer.json, requests.log are in it
import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';

const file = (name) => join(process.argv[2], name);
const server = https.createServer({
  cert: readFileSync(file('server.pem')),
  key: readFileSync(file('server.key')),
  ca: readFileSync(file('client-roots.pem')),
  requestCert: true,
  rejectUnauthorized: true,
}, (request, response) => {
  let body = '';
  request.on('data', (data) => { body += data; });
  request.on('end', () => {
    appendFileSync(file('requests.log'), `${JSON.stringify({
      method: request.method, url: request.url, exchange: request.headers['x-exchange'], body,
      client: request.socket.getPeerCertificate().subjectaltname })}\n`);
    const said = JSON.parse(readFileSync(file('answer.json'), 'utf8'));
    if (said.hang) return;
    response.writeHead(said.status ?? 200, { 'content-type': 'application/json', ...said.headers });
    if (said.repeat) for (let i = 0; i < said.repeat; i += 1) response.write(said.body);
    response.end(said.base64 ? Buffer.from(said.base64, 'base64') : said.body);
  });
});
server.listen(0, '127.0.0.1', () => {
  writeFileSync(file('port.new'), String(server.address().port));
  renameSync(file('port.new'), file('port'));
});
