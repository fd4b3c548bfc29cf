// What has to be the same byte for byte on both sides: framed parts, canonical form, hashes, keys, seals, signatures, references.
// Nothing here knows of a file or a connection.
import crypto from 'node:crypto';
import { argon2id } from './argon2id.mjs';

export const ZERO = '0'.repeat(64);
export const sha256 = (bytes) => crypto.createHash('sha256').update(bytes).digest();
export const b64u = (bytes) => Buffer.from(bytes).toString('base64url');
const unb64u = (text) => Buffer.from(text, 'base64url');

// Each part with its length before it (1).
export function framed(...parts) {
  return Buffer.concat(parts.flatMap((part) => {
    const bytes = Buffer.from(part), size = Buffer.alloc(4);
    size.writeUInt32BE(bytes.length);
    return [size, bytes];
  }));
}

// RFC 8785 is what JSON.stringify does with a string or a number, and keys in the order in which JavaScript compares strings (3).
export function canonical(value) {
  if (Array.isArray(value)) return '[' + value.map(canonical).join() + ']';
  if (value === null || typeof value !== 'object') {
    if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new Error('only integers of 53 bits are canonical');
    return JSON.stringify(value);
  }
  return '{' + Object.keys(value).filter((k) => value[k] !== undefined).sort().map((k) => JSON.stringify(k) + ':' + canonical(value[k])).join() + '}';
}
export function content({ n, ...act }) { return sha256(canonical(act)).toString('hex'); }
export const link = (before, it) => sha256(Buffer.from(before + it, 'hex')).toString('hex');

// A record as verify compares it (12).
export function digestOf({ kind, id, parent = '', seq, fields, writers }) {
  return { bucket: sha256(`${kind}/${id}`)[0], digest: sha256(canonical({ fields, id, kind, parent, seq, writers })).toString('hex') };
}

// Crockford's base 32, bits from the left, the last character padded with zero bits.
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
function base32(bytes) {
  const bits = [...bytes].map((b) => b.toString(2).padStart(8, '0')).join('');
  return bits.match(/.{1,5}/g).map((five) => ALPHABET[parseInt(five.padEnd(5, '0'), 2)]).join('');
}
export const fingerprint = (key) => base32(sha256(framed('cityhall public key v1', unb64u(key))).subarray(0, 16));
export const keyId = (key) => base32(sha256(framed('cityhall sealing key v1', unb64u(key))).subarray(0, 8));

// Node takes bare keys only in their ASN.1 wrapping, which for these two curves is a constant.
const CURVES = { ed25519: '70', x25519: '6e' };
export const keyOf = (curve, seed) => crypto.createPrivateKey({ format: 'der', type: 'pkcs8', key: Buffer.concat([Buffer.from(`302e020100300506032b65${CURVES[curve]}04220420`, 'hex'), bare(seed)]) });
const publicKey = (curve, bytes) => crypto.createPublicKey({ format: 'der', type: 'spki', key: Buffer.concat([Buffer.from(`302a300506032b65${CURVES[curve]}032100`, 'hex'), bare(bytes)]) });
const bare = (key) => (typeof key === 'string' ? unb64u(key) : key);
const bytesOf = (key) => crypto.createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
export const publicOf = (curve, seed) => b64u(bytesOf(keyOf(curve, seed)));

// HPKE, RFC 9180, base mode, for one message (3).
const KEM = Buffer.from('KEM\0\x20'), SUITE = Buffer.from('HPKE\0\x20\0\x01\0\x03');
const hmac = (key, ...parts) => crypto.createHmac('sha256', key).update(Buffer.concat(parts.map((p) => Buffer.from(p)))).digest();
const extract = (suite, salt, label, key) => hmac(salt, 'HPKE-v1', suite, label, key);
const expand = (suite, key, label, info, size) => // never more than one block of the hash
  hmac(key, Buffer.from([0, size]), 'HPKE-v1', suite, label, info, Buffer.from([1])).subarray(0, size);
function schedule(dh, encapsulated, recipient, info) {
  const shared = expand(KEM, extract(KEM, '', 'eae_prk', dh), 'shared_secret', Buffer.concat([encapsulated, recipient]), 32);
  const context = Buffer.concat([Buffer.from([0]), extract(SUITE, '', 'psk_id_hash', ''), extract(SUITE, '', 'info_hash', info)]);
  const secret = extract(SUITE, shared, 'secret', '');
  return [expand(SUITE, secret, 'key', context, 32), expand(SUITE, secret, 'base_nonce', context, 12)];
}
export function seal(recipient, info, plain) {
  const own = crypto.generateKeyPairSync('x25519').privateKey, encapsulated = bytesOf(own), to = bare(recipient);
  const dh = crypto.diffieHellman({ privateKey: own, publicKey: publicKey('x25519', to) });
  const cipher = crypto.createCipheriv('chacha20-poly1305', ...schedule(dh, encapsulated, to, info), { authTagLength: 16 });
  return Buffer.concat([encapsulated, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64');
}
export function open(seed, info, body) {
  const bytes = Buffer.from(body, 'base64'), own = keyOf('x25519', seed), encapsulated = bytes.subarray(0, 32);
  const dh = crypto.diffieHellman({ privateKey: own, publicKey: publicKey('x25519', encapsulated) });
  const cipher = crypto.createDecipheriv('chacha20-poly1305', ...schedule(dh, encapsulated, bytesOf(own), info), { authTagLength: 16 });
  cipher.setAuthTag(bytes.subarray(-16));
  return Buffer.concat([cipher.update(bytes.subarray(32, -16)), cipher.final()]).toString();
}
export const mutationInfo = (key, id, type) => framed('cityhall sealed mutation v1', key, id, type);
export const recordInfo = (key, device, { kind, id, seq }) => framed('cityhall sealed record v1', key, device, kind, id, String(seq));

// The one shape of RFC 9421 that the city takes (1).
export function signatureBase({ method, target, body, created, keyid, nonce }) {
  const [path, query = ''] = target.split(/\?(.*)/s), digest = `sha-256=:${sha256(body).toString('base64')}:`;
  const params = `("@method" "@path" "@query" "content-digest");created=${created};keyid="${keyid}";nonce="${nonce}";alg="ed25519"`;
  const base = [`"@method": ${method}`, `"@path": ${path}`, `"@query": ?${query}`, `"content-digest": ${digest}`, `"@signature-params": ${params}`].join('\n');
  return { base, headers: (seed) => ({ 'Content-Digest': digest, 'Signature-Input': 'sig=' + params, Signature: `sig=:${crypto.sign(null, Buffer.from(base), keyOf('ed25519', seed)).toString('base64')}:` }) };
}
export const signedBytes = (label, bytes) => framed('cityhall signed bytes v1', label, bytes);
export const serverSigned = (server, label, bytes, signature) => crypto.verify(null, signedBytes(label, bytes), publicKey('ed25519', server), unb64u(signature));

// References (11): the field of 32 elements, each character weighed by a power of x.
function weigh(characters) {
  return [...characters].reverse().reduce((sum, c, k) => {
    let x = ALPHABET.indexOf(c);
    for (; k > 0; k--) x = (x << 1) ^ (x & 16 ? 0b100101 : 0);
    return sum ^ x;
  }, 0);
}
export const validReference = (reference) => weigh(reference.replaceAll('-', '')) === 0;
export function newReference() {
  const twelve = Array.from(crypto.randomBytes(12), (b) => ALPHABET[b & 31]).join('');
  return (twelve + ALPHABET[weigh(twelve + '0')]).match(/.{1,4}/g).join('-');
}
export const lookupOf = (reference, salt) =>
  b64u(argon2id(Buffer.from(reference.replaceAll('-', '')), framed('cityhall reference v1', unb64u(salt)), { memory: 16384, size: 32 }));

// UUIDv7: milliseconds, then chance.
export function uuid() {
  const hex = Date.now().toString(16).padStart(12, '0') + '7' + crypto.randomBytes(10).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${'89ab'[crypto.randomInt(4)]}${hex.slice(16, 19)}-${hex.slice(19, 31)}`;
}

// The size of a picture stands in the frame header of its JPEG.
export function jpegSize(b) {
  for (let i = 2; b[0] === 0xff && b[1] === 0xd8 && i + 9 < b.length; i += 2 + b.readUInt16BE(i + 2))
    if (b[i + 1] >= 0xc0 && b[i + 1] <= 0xc2) return { height: b.readUInt16BE(i + 5), width: b.readUInt16BE(i + 7) };
  return {};
}
