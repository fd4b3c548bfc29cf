// Checks every file of the page's testdata, and the numbers that stand in the page itself.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { ZERO, canonical, content, digestOf, fingerprint, keyId, keyOf, link, lookupOf, mutationInfo, open, publicOf, recordInfo, seal, serverSigned, signatureBase, signedBytes, validReference } from './forms.mjs';
import { list } from './line.mjs';

// want stops the file's check with words.
function want(what, got, expected) {
  if (canonical(got) !== canonical(expected)) throw new Error(`${what}: got ${canonical(got)}, want ${canonical(expected)}`);
}
const hex = (text) => Buffer.from(text, 'hex');

export function vectors(dir, { applyFrame, emptyCache }) {
  const text = (file) => fs.readFileSync(path.join(dir, file), 'utf8');
  const json = (file) => JSON.parse(text(file));
  const rows = (file) => text(file).trimEnd().split('\n');
  // Links of envelopes one after another.
  const chain = (lines) => lines.map(JSON.parse).reduce((all, e) => [...all, [content(e), link(all.at(-1)?.[1] ?? ZERO, content(e))]], []);

  const checks = {
    'canonical.json': () => json('canonical.json').forEach((v) => want(v.in, canonical(JSON.parse(v.in)), v.out)),
    'envelopes.ndjson': () => want('hashes', chain(rows('envelopes.ndjson')).map((h) => h.join(' ')), rows('hashes.txt')),
    'hashes.txt': () => want('first line', rows('hashes.txt')[0], '11cb3a50488e3acd0378db38cdf070c515777c561758f99069896124437d0a71 b5ebff8837fdc33ee0d2fef847924fd8e15831725aa826cf4c3f747a2adcf5ce'),
    'requests.json': () => json('requests.json').forEach((v) => {
      const { base, headers } = signatureBase(v);
      want('base', base, v.base);
      want('headers', headers(hex(v.seed)), v.headers);
      want('public key', publicOf('ed25519', hex(v.seed)), v.public);
    }),
    'server-signature.json': () => json('server-signature.json').forEach((v) => {
      want('signed bytes', signedBytes(v.label, v.body).toString('hex'), v.signed);
      want('fingerprint', fingerprint(v.public), v.fingerprint);
      want('signature', crypto.sign(null, hex(v.signed), keyOf('ed25519', hex(v.seed))).toString('base64url'), v.city_signature);
      want('verified', serverSigned(v.public, v.label, v.body, v.city_signature), true);
      want('forged', serverSigned(v.public, v.label, v.body + ' ', v.city_signature), false);
    }),
    'sealed-mutation.json': () => json('sealed-mutation.json').forEach((v) => {
      const info = mutationInfo(v.key_id, v.mutation, v.type);
      want('info', info.toString('hex'), v.info);
      want('key', [keyId(v.public), publicOf('x25519', hex(v.private))], [v.key_id, v.public]);
      want('opened', open(hex(v.private), info, v.body), v.plain);
      want('sealed and opened', open(hex(v.private), info, seal(v.public, info, v.plain)), v.plain);
    }),
    'sealed-record.json': () => json('sealed-record.json').forEach((v) => {
      const info = recordInfo(v.key_id, v.device, v);
      want('info', info.toString('hex'), v.info);
      want('key', [keyId(v.public), publicOf('x25519', hex(v.private))], [v.key_id, v.public]);
      want('opened', open(hex(v.private), info, v.body), v.plain);
    }),
    'push-request.ndjson': () => {
      const [, ...acts] = rows('push-request.ndjson'), answer = list(Buffer.from(text('push-answer.ndjson')));
      want('link at the end', chain(acts).at(-1)[1], answer.end.link);
      const { id, type, sealed } = JSON.parse(acts[1]), [key] = json('sealed-mutation.json');
      want('opened', open(hex(key.private), mutationInfo(sealed.key, id, type), sealed.body), key.plain);
    },
    'push-answer.ndjson': () => {
      const whole = text('push-answer.ndjson'), { lines, end } = list(Buffer.from(whole));
      want('verdicts', lines.map((v) => [v.n, v.stored ?? v.verdict]), [[1, 'applied'], [2, 'applied']]);
      want('last_n', end.last_n, 2);
      want('cut off', list(Buffer.from(whole.slice(0, -9))), null);
    },
    'pull-answer.ndjson': () => {
      const { lines, end } = list(Buffer.from(text('pull-answer.ndjson'))), cache = emptyCache();
      want('count', lines.length, end.count);
      lines.forEach((frame) => applyFrame(cache, frame));
      const of = (kind) => Object.values(cache.records).find((r) => r.kind === kind), { fields, writers } = of('request');
      want('fields', fields, { number: 'EY1T-NX55', service: 'tree', status: 'assigned', team: 'Trees' });
      want('writers', Object.entries(writers).map(([k, w]) => k + ' ' + w.slice(-2)).sort(), ['number 03', 'service 03', 'status aa', 'team ab', 'words aa']);
      const person = of('request.person'), [key] = json('sealed-record.json');
      want('person', open(hex(key.private), recordInfo(person.sealed.key, key.device, person), person.sealed.body), key.plain);
      want('acks', Object.keys(cache.acks).length, 2);
    },
    'reference.json': () => json('reference.json').forEach((v) => {
      want('check character', validReference(v.reference), true);
      want('lookup', lookupOf(v.reference, v.lookup_salt), v.lookup);
    }),
    'the page: digest of a record': () => want('digest', digestOf({ kind: 'note', id: 'n-1', parent: 'case-1', seq: 7, fields: { text: 'Hi' }, writers: { text: '01900000-0000-7000-8000-000000000001' } }),
      { bucket: 143, digest: 'ee634fcd9d24c54004a0ab5889017042dbe8ea9f91d82be75aa7461ada07bf8e' }),
  };

  let good = true;
  for (const file of new Set([...fs.readdirSync(dir), ...Object.keys(checks)])) {
    let said = 'ok';
    if (!checks[file]) [said, good] = ['FAILED: a file that this client does not know', false];
    else try { checks[file](); } catch (e) { [said, good] = ['FAILED: ' + e.message, false]; }
    console.log(`${file}: ${said}`);
  }
  return good;
}
