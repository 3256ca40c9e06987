// Checks a receipt with nothing of Chayan's own code: Node's crypto, and the formats as receipt.proto and the C2SP
// documents (tlog-proof, signed-note, tlog-checkpoint) state them.
import { createHash, createHmac, createPublicKey, verify } from 'node:crypto';

export const sha256 = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
export const leafHash = (leaf) => sha256(Buffer.of(0), leaf);
export const nodeHash = (left, right) => sha256(Buffer.of(1), left, right);
export const uint32 = (value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

// RFC 6962 section 2.1, over leaf hashes.
export function treeHash(hashes) {
  if (hashes.length === 1) return hashes[0];
  let split = 1;
  while (split * 2 < hashes.length) split *= 2;
  return nodeHash(treeHash(hashes.slice(0, split)), treeHash(hashes.slice(split)));
}

// Ed25519 by the key of this SubjectPublicKeyInfo. What held once holds again: the receipts of one commit share their
// checkpoint, those of one frame the holder's signature.
const held = new Set();
function isSigned(spki, message, signature) {
  const all = sha256(spki, uint32(message.length), message, signature).toString('base64');
  if (held.has(all)) return true;
  if (!verify(null, message, createPublicKey({ key: spki, format: 'der', type: 'spki' }), signature)) return false;
  held.add(all);
  return true;
}

function demand(condition, what) {
  if (!condition) throw new Error(what);
}

// RFC 9162 section 2.1.3.2. BigInt: a log may outgrow 32 bits.
export function rootFromPath(leaf, index, size, path) {
  demand(index < size, 'index beyond the tree');
  let fn = BigInt(index);
  let sn = BigInt(size) - 1n;
  let root = leaf;
  for (const hash of path) {
    demand(sn !== 0n, 'path too long');
    if (fn & 1n || fn === sn) {
      root = nodeHash(hash, root);
      while (!(fn & 1n) && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      root = nodeHash(root, hash);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  demand(sn === 0n, 'path too short');
  return root;
}

// c2sp.org/tlog-proof: index, path, and the checkpoint note verbatim.
export function parseProof(text) {
  const end = text.indexOf('\n\n');
  demand(text.startsWith('c2sp.org/tlog-proof@v1\n') && end > 0, 'not a tlog-proof');
  const lines = text.slice(0, end).split('\n').slice(1);
  if (lines[0].startsWith('extra ')) lines.shift();
  demand(lines[0].startsWith('index '), 'no index');
  return {
    index: BigInt(lines[0].slice('index '.length)),
    path: lines.slice(1).map((line) => Buffer.from(line, 'base64')),
    checkpoint: text.slice(end + 2),
  };
}

// c2sp.org/signed-note with the key of a vkey NAME+ID+BASE64(type || key).
export function openCheckpoint(note, vkey) {
  const split = note.lastIndexOf('\n\n');
  const text = note.slice(0, split + 1);
  const [name, id, ...rest] = vkey.split('+');
  const key = Buffer.from(rest.join('+'), 'base64');
  demand(key[0] === 1, 'not an Ed25519 key');
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key.subarray(1)]);
  const good = note.slice(split + 2).split('\n').some((line) => {
    if (!line.startsWith(`\u2014 ${name} `)) return false;
    const bytes = Buffer.from(line.slice(name.length + 3), 'base64');
    return bytes.subarray(0, 4).toString('hex') === id && isSigned(spki, Buffer.from(text), bytes.subarray(4));
  });
  demand(good, 'no good signature of the log on its checkpoint');
  const [origin, size, root] = text.split('\n');
  demand(origin === name, 'the checkpoint is of another log');
  return { size: BigInt(size), root: Buffer.from(root, 'base64') };
}

function commitment(opening, what, bytes) {
  demand(opening.length === 32, `the opening of c_${what} has ${opening.length} bytes`);
  return createHmac('sha256', opening).update(`chayan/commit/v1\0${what}\0`).update(bytes).digest('base64');
}

const idBytes = (text) => Buffer.from(text.replaceAll('-', ''), 'hex');

// What the holder signed: its answer to the entry's question; of a delivery, that the notice is there.
const signedOf = (leaf, request, told, itemId) => (leaf.type === 'delivery'
  ? sha256('chayan/delivery/v1\0', idBytes(itemId), sha256(request), sha256(told))
  : sha256('chayan/answer/v1\0', idBytes(leaf.id), sha256(request), sha256(told)));

function checkHolder(signature, leaf, digest, trust) {
  demand(leaf.hsig === sha256(signature.keyId, signature.signature, uint32(signature.index), uint32(signature.count),
    ...signature.path).toString('base64'), 'hsig is of another signature');
  const spki = trust.answerKeys.filter((key) => key.holder === leaf.holder).map((key) => key.spki)
    .find((key) => sha256(key).equals(signature.keyId));
  demand(spki, `no trusted answer key of ${leaf.holder} has this key id`);
  const root = rootFromPath(leafHash(digest), signature.index, signature.count, signature.path);
  const signed = Buffer.concat([Buffer.from('chayan/frame/v1\0'), uint32(signature.count), root]);
  demand(isSigned(spki, signed, signature.signature), "the holder's signature is false");
}

// The trust file: lines `log VKEY` and `answer-key HOLDER B64-SPKI` among others.
export function readTrust(text) {
  const words = text.split('\n').map((line) => line.trim().split(/\s+/));
  return {
    vkey: words.find((w) => w[0] === 'log')[1],
    answerKeys: words.filter((w) => w[0] === 'answer-key')
      .map((w) => ({ holder: w[1], spki: Buffer.from(w[2], 'base64') })),
  };
}

// Throws unless the log's key vouches for the entry; returns it with its index.
export function checkEntry(receipt, trust) {
  const proof = parseProof(receipt.tlogProof);
  const checkpoint = openCheckpoint(proof.checkpoint, trust.vkey);
  const root = rootFromPath(leafHash(receipt.leaf), proof.index, checkpoint.size, proof.path);
  demand(root.equals(checkpoint.root), 'the entry is not in the log');
  return { ...JSON.parse(receipt.leaf.toString('utf8')), index: Number(proof.index) };
}

// What c_res of a bulk entry commits to, if this item stands there in its frame: receipt.proto at FrameProof.
function frameBytes({ index, count, path }, itemId, request, told) {
  const item = sha256('chayan/bulk/v1\0', idBytes(itemId), sha256(request), sha256(told));
  return Buffer.concat([rootFromPath(leafHash(item), index, count, path), uint32(count)]);
}

// Throws with the first lie it finds; returns the entry. `told`: the bytes of the answer, or of the status. Of an item of a
// bulk entry also its place in the frame, and its id. Of a delivery the request is the DeliveredNotice, `told` the
// DeliveryReceipt, and `itemId` the id in both; one that was pulled is bound by its recipient's recorded call, unsigned.
export function checkReceipt({ receipt, request, told, trust, frame, itemId }) {
  const leaf = checkEntry(receipt, trust);
  if (leaf.type === 'bulk') {
    const bytes = frameBytes(frame, itemId, request, told);
    demand(leaf.c_res === commitment(receipt.responseOpening, 'res', bytes), 'c_res is of another frame');
    return leaf;
  }
  demand(leaf.c_req === commitment(receipt.requestOpening, 'req', request), 'c_req is of another request');
  demand(leaf.c_res === commitment(receipt.responseOpening, 'res', told), 'c_res is of another answer');
  const isPulled = leaf.type === 'delivery' && leaf.method === 'ReceiveNotices';
  if (leaf.by === 'holder' && !isPulled) {
    checkHolder(receipt.holderSignature, leaf, signedOf(leaf, request, told, itemId), trust);
  }
  return leaf;
}
