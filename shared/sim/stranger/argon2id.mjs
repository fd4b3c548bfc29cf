// Argon2id 1.3 (RFC 9106) with one pass and one lane, which is all that section 11 of the protocol asks for.
// Node has none before version 24, and no report can be found again without it.

const MASK = (1n << 64n) - 1n;
const IV = [0x6a09e667f3bcc908n, 0xbb67ae8584caa73bn, 0x3c6ef372fe94f82bn, 0xa54ff53a5f1d36f1n,
  0x510e527fade682d1n, 0x9b05688c2b3e6c1fn, 0x1f83d9abfb41bd6bn, 0x5be0cd19137e2179n];
const SIGMA = ['0123456789abcdef', 'ea489fd61c02b753', 'b8c052fdae367194', '7931dcbe265a40f8', '905724afe1bc683d',
  '2c6a0b834d75fe19', 'c51fed4a0763928b', 'db7ec13950f4862a', '6fe9b308c2d714a5', 'a2847615fb9e3cd0'];
// The columns, then the diagonals, of a state of 16 words.
const MIX = [[0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15], [0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14]];

// BLAKE2b by RFC 7693. It runs a few hundred times only, so it may be slow: big integers keep it short.
function blake2b(size, ...parts) {
  const input = Buffer.concat(parts), h = [...IV];
  h[0] ^= BigInt(0x01010000 ^ size);
  const blocks = Math.max(1, Math.ceil(input.length / 128));
  const padded = Buffer.concat([input, Buffer.alloc(blocks * 128 - input.length)]);
  const turn = (x, by) => (x >> by) | ((x << (64n - by)) & MASK);
  for (let b = 0; b < blocks; b++) {
    const last = b === blocks - 1;
    const m = Array.from({ length: 16 }, (_, i) => padded.readBigUInt64LE(b * 128 + 8 * i));
    const v = [...h, ...IV];
    v[12] ^= BigInt(last ? input.length : (b + 1) * 128);
    if (last) v[14] ^= MASK;
    for (let round = 0; round < 12; round++) {
      const order = SIGMA[round % 10];
      MIX.forEach(([a, b, c, d], i) => {
        for (const [half, first, second] of [[0, 32n, 24n], [1, 16n, 63n]]) {
          v[a] = (v[a] + v[b] + m[parseInt(order[2 * i + half], 16)]) & MASK;
          v[d] = turn(v[d] ^ v[a], first);
          v[c] = (v[c] + v[d]) & MASK;
          v[b] = turn(v[b] ^ v[c], second);
        }
      });
    }
    for (let i = 0; i < 8; i++) h[i] ^= v[i] ^ v[i + 8];
  }
  const out = Buffer.alloc(64);
  h.forEach((x, i) => out.writeBigUInt64LE(x, 8 * i));
  return out.subarray(0, size);
}

const le32 = (...numbers) => {
  const out = Buffer.alloc(4 * numbers.length);
  numbers.forEach((x, i) => out.writeUInt32LE(x, 4 * i));
  return out;
};

// H' of section 3.3: output of any length out of BLAKE2b.
function long(size, input) {
  if (size <= 64) return blake2b(size, le32(size), input);
  const out = [];
  let v = blake2b(64, le32(size), input), left = size;
  for (; left > 64; left -= 32) {
    out.push(v.subarray(0, 32));
    v = blake2b(Math.min(64, left - 32), v);
  }
  return Buffer.concat([...out, v]);
}

// A block of 1 KiB is 256 numbers of 32 bits: low and high half of each of its 128 words. This is the part that runs eight million
// times, hence no big integers. a = a + b + 2·low(a)·low(b) is the step that makes it slow on special hardware.
function add(v, a, b) {
  const x = v[a], y = v[b], x0 = x & 0xffff, x1 = x >>> 16, y0 = y & 0xffff, y1 = y >>> 16;
  const mid = x1 * y0 + ((x0 * y0) >>> 16), cross = x0 * y1 + (mid & 0xffff);
  const low = Math.imul(x, y) >>> 0, high = x1 * y1 + (mid >>> 16) + (cross >>> 16);
  const sum = x + y + ((low << 1) >>> 0);
  v[a + 1] = v[a + 1] + v[b + 1] + ((high << 1) | (low >>> 31)) + Math.floor(sum / 4294967296);
  v[a] = sum;
}
function xorTurn(v, a, b, by) {
  const low = v[a] ^ v[b], high = v[a + 1] ^ v[b + 1];
  if (by === 32) { v[a] = high; v[a + 1] = low; return; }
  if (by === 63) { v[a] = (low << 1) | (high >>> 31); v[a + 1] = (high << 1) | (low >>> 31); return; }
  v[a] = (low >>> by) | (high << (32 - by));
  v[a + 1] = (high >>> by) | (low << (32 - by));
}
function compress(x, y) {
  const r = new Uint32Array(256);
  for (let i = 0; i < 256; i++) r[i] = x[i] ^ y[i];
  const q = Uint32Array.from(r), at = new Array(16);
  for (let pass = 0; pass < 16; pass++) {
    for (let i = 0; i < 16; i++) // eight rows, then eight columns of pairs
      at[i] = 2 * (pass < 8 ? 16 * pass + i : 2 * (pass - 8) + 16 * (i >> 1) + (i & 1));
    for (const mix of MIX) {
      const a = at[mix[0]], b = at[mix[1]], c = at[mix[2]], d = at[mix[3]];
      add(q, a, b); xorTurn(q, d, a, 32); add(q, c, d); xorTurn(q, b, c, 24);
      add(q, a, b); xorTurn(q, d, a, 16); add(q, c, d); xorTurn(q, b, c, 63);
    }
  }
  for (let i = 0; i < 256; i++) q[i] ^= r[i];
  return q;
}

export function argon2id(password, salt, { memory, size }) {
  const h0 = blake2b(64, le32(1, size, memory, 1, 0x13, 2, password.length), password, le32(salt.length), salt, le32(0, 0));
  const block = (bytes) => Uint32Array.from({ length: 256 }, (_, i) => bytes.readUInt32LE(4 * i));
  const blocks = [0, 1].map((i) => block(long(1024, Buffer.concat([h0, le32(i, 0)]))));
  const segment = Math.floor(memory / 4), zero = new Uint32Array(256);
  for (let slice = 0; slice < 4; slice++) {
    let addresses;
    for (let i = 0; i < segment; i++) {
      const j = slice * segment + i;
      if (slice < 2 && i % 128 === 0) { // the first half does not depend on the password, so that its reads betray nothing
        const input = new Uint32Array(256);
        [0, 0, slice, 4 * segment, 1, 2, i / 128 + 1].forEach((x, k) => { input[2 * k] = x; });
        addresses = compress(zero, compress(zero, input));
      }
      if (j < 2) continue;
      const j1 = slice < 2 ? addresses[2 * (i % 128)] : blocks[j - 1][0];
      const x = (BigInt(j1) * BigInt(j1)) >> 32n;
      const reference = j - 2 - Number((BigInt(j - 1) * x) >> 32n);
      blocks[j] = compress(blocks[j - 1], blocks[reference]);
    }
  }
  const last = Buffer.alloc(1024);
  blocks[4 * segment - 1].forEach((x, i) => last.writeUInt32LE(x, 4 * i));
  return long(size, last);
}
