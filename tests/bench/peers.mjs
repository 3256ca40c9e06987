// What a user who wants mTLS forwarding alone would take, tuned as its manual advises: nginx with grpc_pass, and
// HAProxy. TLS 1.3 and certificates on both sides, connections kept, no access log.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, outputOf, processesOf, start, until } from './processes.mjs';

// Far above the calls of a run: a connection lives as long as the run.
const REQUESTS_PER_CONNECTION = 1_000_000_000;
const STREAMS_MAX = 1024;
// nginx has one call at a time on a connection to the backend.
const KEPT_CONNECTIONS = 512;

function nginxConfig({ workers, port, backend, pki, folder }) {
  return `
daemon off;
worker_processes ${workers};
worker_rlimit_nofile 8192;
pid ${folder}/nginx-${workers}.pid;
error_log stderr warn;
events { worker_connections 4096; }
http {
  access_log off;
  tcp_nodelay on;
  client_body_temp_path ${folder}/nginx-body;
  proxy_temp_path ${folder}/nginx-proxy;
  fastcgi_temp_path ${folder}/nginx-fastcgi;
  uwsgi_temp_path ${folder}/nginx-uwsgi;
  scgi_temp_path ${folder}/nginx-scgi;
  keepalive_requests ${REQUESTS_PER_CONNECTION};
  keepalive_timeout 1h;
  http2_max_concurrent_streams ${STREAMS_MAX};
  upstream backend {
    server ${backend};
    keepalive ${KEPT_CONNECTIONS};
    keepalive_requests ${REQUESTS_PER_CONNECTION};
  }
  server {
    listen 127.0.0.1:${port} ssl http2 backlog=1024;
    ssl_protocols TLSv1.3;
    ssl_certificate ${pki}/gateway.pem;
    ssl_certificate_key ${pki}/gateway.key;
    ssl_client_certificate ${pki}/root.pem;
    ssl_verify_client on;
    ssl_verify_depth 3;
    ssl_session_tickets off;
    location / {
      grpc_pass grpcs://backend;
      grpc_ssl_protocols TLSv1.3;
      grpc_ssl_certificate ${pki}/household2.pem;
      grpc_ssl_certificate_key ${pki}/household2.key;
      grpc_ssl_trusted_certificate ${pki}/root.pem;
      grpc_ssl_verify on;
      grpc_ssl_verify_depth 3;
      grpc_ssl_name localhost;
      grpc_read_timeout 60s;
    }
  }
}
`;
}

function haproxyConfig({ workers, port, backend, pki, folder }) {
  return `
global
  nbthread ${workers}
  maxconn 4096
  tune.h2.max-concurrent-streams ${STREAMS_MAX}
  ssl-default-bind-options ssl-min-ver TLSv1.3 no-tls-tickets
  ssl-default-server-options ssl-min-ver TLSv1.3
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
frontend front
  bind 127.0.0.1:${port} ssl crt ${folder}/front.pem ca-file ${pki}/root.pem verify required alpn h2
  default_backend agency
backend agency
  http-reuse always
  server s1 ${backend} ssl alpn h2 ca-file ${pki}/root.pem verify required verifyhost localhost crt ${folder}/client.pem
`;
}

// HAProxy wants certificate and key in one file.
function joinPem(pki, name, to) {
  writeFileSync(to, readFileSync(`${pki}/${name}.pem`, 'utf8') + readFileSync(`${pki}/${name}.key`, 'utf8'),
    { mode: 0o600 });
}

async function peer(system, workers, handle, port) {
  const { connect } = await import('node:net');
  await until(`${system} listens`, () => new Promise((resolve) => {
    outputOf(handle);
    const socket = connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true); });
    socket.on('error', () => resolve(false));
  }));
  const processes = await until(`${system}'s workers`, () => {
    const pids = processesOf(handle);
    return system !== 'nginx' || pids.length === workers + 1 ? pids : null;
  });
  return { system, workers, address: `127.0.0.1:${port}`, processes, stream: false };
}

export async function startNginx({ workers, backend, pki, folder }) {
  const port = await freePort();
  const config = join(folder, `nginx-${workers}.conf`);
  writeFileSync(config, nginxConfig({ workers, port, backend, pki, folder }));
  return peer('nginx', workers, start(`nginx-${workers}`, folder, 'nginx', ['-p', folder, '-c', config]), port);
}

export async function startHaproxy({ workers, backend, pki, folder }) {
  joinPem(pki, 'gateway', join(folder, 'front.pem'));
  joinPem(pki, 'household2', join(folder, 'client.pem'));
  const port = await freePort();
  const config = join(folder, `haproxy-${workers}.cfg`);
  writeFileSync(config, haproxyConfig({ workers, port, backend, pki, folder }));
  return peer('haproxy', workers, start(`haproxy-${workers}`, folder, 'haproxy', ['-db', '-f', config]), port);
}
