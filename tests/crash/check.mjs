// Checks what clients were told, as chayan-load --record kept it, against the exported log: with receipt.mjs alone, no
// code of Chayan's.
//
//   node check.mjs EXPORT TRUST RECORD…
//
// Every answer, and every error that came with a receipt, must prove itself; its entry must stand at the stated index,
// byte for byte; and the checkpoint it came with must be a state that the exported log went through. So there is one
// root for each size, and the last checkpoint covers every entry.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkReceipt, leafHash, nodeHash, openCheckpoint, parseProof, readTrust } from '../interop/receipt.mjs';

const interop = new URL('../interop/', import.meta.url);
const protobuf = createRequire(new URL('package.json', interop))('protobufjs');
const protos = fileURLToPath(new URL('../../proto/', import.meta.url));
const root = new protobuf.Root();
root.resolvePath = (_, target) => (target.startsWith('/') ? target : protos + target);
root.loadSync('chayan/v1/receipt.proto');
const View = root.lookupType('chayan.v1.VerifyDocumentResponseView');
const Receipt = root.lookupType('chayan.v1.Receipt');

const BUNDLE_ENTRIES = 256;

function demand(condition, what) {
  if (!condition) throw new Error(what);
}

// See tests/bench/record.h.
function* recordsOf(path) {
  const bytes = readFileSync(path);
  let at = 0;
  const part = () => {
    demand(at + 4 <= bytes.length, `${path} ends within a record`);
    const length = bytes.readUInt32BE(at);
    const value = bytes.subarray(at + 4, at + 4 + length);
    at += 4 + length;
    demand(at <= bytes.length, `${path} ends within a record`);
    return value;
  };
  while (at < bytes.length) {
    const kind = String.fromCharCode(bytes[at++]);
    demand(kind === 'A' || kind === 'E', `${path}: an unknown kind of record`);
    yield { kind, request: part(), told: part(), receipt: part() };
  }
}

// c2sp.org/tlog-tiles.
function bundlePath(n, width) {
  const groups = [String(n % 1000).padStart(3, '0')];
  for (let rest = Math.floor(n / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`);
  }
  return join('tile/entries', ...groups) + (width < BUNDLE_ENTRIES ? `.p/${width}` : '');
}

function leavesOf(folder, size) {
  const leaves = [];
  while (leaves.length < size) {
    const width = Math.min(BUNDLE_ENTRIES, size - leaves.length);
    const bundle = readFileSync(join(folder, bundlePath(leaves.length / BUNDLE_ENTRIES, width)));
    let at = 0;
    for (let i = 0; i < width; ++i) {
      const length = bundle.readUInt16BE(at);
      leaves.push(bundle.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
    demand(at === bundle.length, 'a bundle is longer than its entries');
  }
  return leaves;
}

// The root at every size, from 1 on (RFC 6962 section 2.1 over the peaks of the tree).
function rootsOf(leaves) {
  const peaks = [];
  return leaves.map((leaf, index) => {
    let hash = leafHash(leaf);
    for (let size = index; size % 2 === 1; size = (size - 1) / 2) hash = nodeHash(peaks.pop(), hash);
    peaks.push(hash);
    return peaks.slice(0, -1).reduceRight((right, peak) => nodeHash(peak, right), hash);
  });
}

function checkRecord(record, log, trust, counts) {
  const view = record.kind === 'A' ? View.decode(record.told) : null;
  const receipt = view ? view.receipt : Receipt.decode(record.receipt);
  // An item of a stream that failed without an entry (the log cannot be written) has no receipt.
  if (view && !receipt) {
    demand(view.answer === undefined || view.answer.length === 0, 'an answer without a receipt');
    ++counts.withoutReceipt;
    return;
  }
  const told = view ? (view.result === 'answer' ? view.answer : view.status) : record.told;
  const leaf = checkReceipt({ receipt, request: record.request, told, trust });
  const proof = parseProof(receipt.tlogProof);
  const index = Number(proof.index);
  demand(index < log.leaves.length, `entry ${index} is not in the exported log of ${log.leaves.length} entries`);
  demand(log.leaves[index].equals(receipt.leaf), `entry ${index} of the exported log is another one`);
  const checkpoint = openCheckpoint(proof.checkpoint, trust.vkey);
  demand(log.roots[Number(checkpoint.size) - 1]?.equals(checkpoint.root),
    `a receipt's checkpoint of size ${checkpoint.size} has another root than the exported log at that size`);
  demand(!log.claimed.has(index), `entry ${index} was given to two exchanges`);
  log.claimed.add(index);
  counts.sizes.add(checkpoint.size);
  const what = leaf.outcome ?? leaf.reason ?? leaf.type;
  counts.outcomes[what] = (counts.outcomes[what] ?? 0) + 1;
}

const [folder, trustFile, ...files] = process.argv.slice(2);
const trust = readTrust(readFileSync(trustFile, 'utf8'));
const final = openCheckpoint(readFileSync(join(folder, 'checkpoint'), 'utf8'), trust.vkey);
const leaves = leavesOf(folder, Number(final.size));
const roots = rootsOf(leaves);
demand(roots.at(-1).equals(final.root), 'the exported entries are not those of the exported checkpoint');
const log = { leaves, roots, claimed: new Set() };
const counts = { outcomes: {}, withoutReceipt: 0, sizes: new Set() };
let checked = 0;
for (const file of files) {
  for (const record of recordsOf(file)) {
    try {
      checkRecord(record, log, trust, counts);
    } catch (error) {
      error.message = `${file}, record ${checked}: ${error.message}`;
      throw error;
    }
    ++checked;
  }
}
demand(checked > counts.withoutReceipt, 'no receipt was checked');
console.log(`${checked - counts.withoutReceipt} receipts hold, each entry is in the log of ${final.size} entries, `
  + `${counts.sizes.size} checkpoints lie on one history: ${JSON.stringify(counts.outcomes)}`);
