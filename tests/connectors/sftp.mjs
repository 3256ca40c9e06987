// A real sshd with a host key and an account key of this test alone, and a folder that it serves.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { directory, poll } from '../integration/deployment.mjs';
import { start } from './agency.mjs';

export const SSHD = '/usr/sbin/sshd';

// `name`: of its folder in the deployment. Its `outbox` is what the server shows; `settings` names it for an adapter.
export async function startSshd(name) {
  const folder = join(directory, name);
  const outbox = join(folder, 'outbox');
  const file = (part) => join(folder, part);
  mkdirSync(outbox, { recursive: true });
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true });
  for (const key of ['host', 'other', 'account']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', key, '-f', file(key)]);
  }
  writeFileSync(file('authorized'), readFileSync(file('account.pub')));
  const free = net.createServer();
  await new Promise((resolve) => { free.listen(0, '127.0.0.1', resolve); });
  const { port } = free.address();
  await new Promise((resolve) => { free.close(resolve); });
  writeFileSync(file('sshd_config'), `Port ${port}
ListenAddress 127.0.0.1
HostKey ${file('host')}
AuthorizedKeysFile ${file('authorized')}
PidFile ${file('sshd.pid')}
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
UsePAM no
StrictModes no
Subsystem sftp internal-sftp
`);
  for (const [pins, key] of [['pinned', 'host'], ['strangers', 'other']]) {
    writeFileSync(file(pins), `[127.0.0.1]:${port} ${readFileSync(file(`${key}.pub`), 'utf8')}`);
  }
  start(name, SSHD, ['-D', '-e', '-f', file('sshd_config')]);
  await poll('sshd', () => existsSync(file('sshd.pid')));
  return {
    outbox,
    settings: (pins) => `sftp { host: "127.0.0.1" port: ${port} user: "${userInfo().username}"
  key_file: "../../${name}/account" known_hosts_file: "../../${name}/${pins}" path: "${outbox}" }`,
  };
}
