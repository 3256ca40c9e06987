// Which stage of a verification a moment of CPU time belongs to: the innermost frame of its call chain that a rule
// knows decides. So what a stage calls (memory, copies, SQLite under the store) counts as that stage's, and the hot
// path carries no marks.

// [stage, symbols, library]: the first rule that fits a frame takes it.
const RULES = [
  // The kernel's part of sockets; without it nothing of TLS or HTTP/2 could be compared with anything.
  ['sockets', /^(__libc_send|__send|send|__libc_recv|__recv|recv|.*(Read|Write)Socket\(.*|accept4)$/],
  ['wake-ups', /^(epoll_wait|epoll_pwait|epoll_ctl|eventfd_write|__pthread_cond_.*|.*Mailbox::Wake.*|.*absl.*(CondVar|PerThreadSem|Waiter).*)/],
  ['wake-ups', /(LockSlow|UnlockSlow|AbslInternalMutexYield)/],
  ['sync', /^(fdatasync|fsync)$/],
  ['store', /./, /libsqlite3/],
  ['store', /chayan::store::/],
  ['sign', /chayan::tlog::(SignCheckpoint|NoteSigner::Sign)|Ed25519Key::Sign/],
  ['vault', /Vault::Seal|tlog::(Commit|SealDetail|WrapVaultSecret|MakeSearchTag|EntrySecrets)|Exchange::(Seal|DetailBytes)/],
  ['entry', /RenderUnstampedLeaf|StampLeaf|tlog::|chayan::log::|verify::Exchange::(NewEntry|Record|KnownOrUnknown)/],
  ['link', /chayan::link::/],
  ['policy', /chayan::policy::|Exchange::Permit|verify::Quota::/],
  ['parse', /verify::Exchange::(Parse|CheckAndRoute|OnReply)|IsPlain|CheckQuestion|CheckAnswer|chayan::answer::|chayan::ident::/],
  ['release', /verify::(Exchange|Twins|QuestionStream|Response)|Asker/],
  ['TLS', /^SSL_|^BIO_/, /lib(ssl|crypto)/],
  ['TLS', /./, /libssl/],
  ['HTTP/2', /./, /libnghttp2/],
  ['gRPC', /chayan::rpc::(Exchange|MessageReader|ParsePrefix|Mailbox|Admission|Rate|Slot)/],
  ['HTTP/2', /chayan::rpc::Connection/],
  ['gRPC', /chayan::rpc::/],
];

export const STAGES = ['TLS', 'HTTP/2', 'gRPC', 'parse', 'policy', 'link', 'entry', 'vault', 'release', 'sign', 'store',
  'sync', 'sockets', 'wake-ups', 'other'];
// What every forwarder has, too.
export const FRONT = ['TLS', 'HTTP/2', 'gRPC', 'sockets', 'wake-ups'];

// `frames`: innermost first, each {symbol, library}.
export function stageOf(frames) {
  for (const { symbol, library } of frames) {
    for (const [stage, symbols, libraries] of RULES) {
      if (symbols.test(symbol) && (!libraries || libraries.test(library))) return stage;
    }
  }
  return 'other';
}
