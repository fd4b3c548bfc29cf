// A client of the sync protocol, written from shared/protocol/PROTOCOL.md alone; numbers of sections are that page's.
//
//   node client.mjs DIR enrol LINK | file SERVICE JSON | note REQUEST TEXT | photo FILE REQUEST [STAGE]
//   node client.mjs DIR sync [--break-after BYTES] | verify | handover | show
//   node client.mjs vectors TESTDATA_DIR
//
// Exit: 0 done · 1 failed, nothing is lost · 3 broken off on demand · 4 the server is busy, come back · 5 revoked.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { handOver } from './departure.mjs';
import {
  ZERO, b64u, canonical, content, fingerprint, jpegSize, link, lookupOf, mutationInfo, newReference, open, publicOf, recordInfo, seal, sha256, uuid,
} from './forms.mjs';
import { Line, list } from './line.mjs';
import { blobsSafe, unsafeBlobs, upload } from './upload.mjs';
import { vectors } from './vectors.mjs';
import { verify } from './verify.mjs';

// ---- State: one JSON file, replaced whole, so a page and its cursor are stored together or not at all (6).
class Store {
  constructor(dir) {
    this.dir = dir;
    this.file = path.join(dir, 'state.json');
    fs.mkdirSync(path.join(dir, 'blobs'), { recursive: true });
    this.s = fs.existsSync(this.file) ? JSON.parse(fs.readFileSync(this.file)) : {};
  }
  save() {
    const temporary = this.file + '.new', f = fs.openSync(temporary, 'w', 0o600);
    fs.writeSync(f, JSON.stringify(this.s));
    fs.fsyncSync(f);
    fs.closeSync(f);
    fs.renameSync(temporary, this.file);
  }
  blob(sha) { return path.join(this.dir, 'blobs', sha); }
}
// The cache is what the city sent, echoes included: refused, all of it goes together.
const emptyCache = () => ({ cursor: '', epoch: '', safe: 0, records: {}, acks: {} });
const newStream = () => ({ name: 's-' + crypto.randomBytes(8).toString('hex'), chain: [], pushed: 0 });

// ---- Records (6).
const name = (r) => `${r.kind}/${r.id}`;
export function applyFrame(cache, frame, device) {
  const { put, evict, ack } = frame;
  if (ack) cache.acks[ack.mutation] = ack;
  // Frames of the past follow a record of the present when the city brings some records ahead: seq decides, for evict too.
  if (evict && !(cache.records[name(evict)]?.seq > evict.seq)) delete cache.records[name(evict)];
  if (!put) return; // kinds of frames that this program does not know are passed over
  const old = cache.records[name(put)];
  if (old && old.seq >= put.seq) return;
  const record = put.full || !old ? { kind: put.kind, id: put.id, fields: {}, writers: {} } : old;
  Object.assign(record, { seq: put.seq }, put.parent && { parent: put.parent });
  if (put.sealed) Object.assign(record, { sealed: put.sealed, w: put.w }); else delete record.sealed;
  for (const [field, value] of Object.entries(put.fields ?? {})) {
    if (value === null) delete record.fields[field]; else record.fields[field] = value;
    record.writers[field] = put.w;
  }
  Object.assign(record.writers, put.ws); // names the writers of cleared fields too
  cache.records[name(put)] = record;
}

// ---- Acts (3).
function record(store, type, args, blobs) {
  const { s } = store, id = uuid();
  const actor = s.kind === 'kiosk' ? { kind: 'resident' } : crewActor(s);
  const act = { id, type, actor, at: new Date().toISOString(), grant_rev: s.grant_rev, base: {}, reads: {} };
  if (s.kind === 'kiosk') act.sealed = { key: s.sealing_id, body: seal(s.sealing_key, mutationInfo(s.sealing_id, id, type), canonical(args)) };
  else act.args = args;
  if (blobs) act.blobs = blobs;
  s.acts[id] = { env: act, content: content(act) };
  place(s, id);
  store.save();
  return id;
}
// An act gets its n when it is put on a stream; it may be put on several, its content stays.
function place(s, id) {
  const { chain } = s.stream;
  chain.push({ id, link: link(chain.at(-1)?.link ?? ZERO, s.acts[id].content) });
}
function crewActor(s) {
  const crew = s.grants.find((g) => g.startsWith('crew:'))?.slice(5);
  const member = s.cache.records['crew/' + crew]?.fields.members?.[0];
  return { kind: 'crew', ...member && { id: member.id, name: member.name }, crew };
}

const commands = {
  async enrol(store, text) {
    const url = new URL(text), q = url.searchParams, seed = crypto.randomBytes(32);
    if (url.protocol !== 'cityhall:') throw new Error('not a link to enrol with');
    // The key is kept before the code is used: repeating with the same key is free, with another one the code is gone (2).
    if (store.s.link !== text) {
      Object.keys(store.s).forEach((k) => delete store.s[k]);
      Object.assign(store.s, { link: text, url: q.get('u'), seed: b64u(seed), public: publicOf('ed25519', seed) });
      store.save();
    }
    const line = new Line(store), answer = await line.call('POST', 'enroll', {
      body: JSON.stringify({ code: q.get('c'), public: store.s.public }), headers: { 'Content-Type': 'application/json' } });
    const reply = JSON.parse(answer.bytes);
    if (fingerprint(reply.server) !== q.get('k')) throw new Error('this is not the server that the link names');
    line.check('cityhall enrolment v1', answer, reply.server);
    const { device, kind, server, grants, grant_rev, sealing_key, sealing_id } = reply;
    Object.assign(store.s, { device, kind, name: reply.name, server, grants, grant_rev, sealing_key, sealing_id, acts: {}, stream: newStream(), cache: emptyCache() });
    // Kept in the clear, as befits an example; a tablet of a city has to wrap it under a PIN (4).
    if (kind === 'tablet') store.s.personal = b64u(crypto.randomBytes(32));
    store.save();
    console.log(JSON.stringify({ device, kind, grants }));
  },

  async file(store, service, json) {
    const { records } = store.s.cache, known = records['service/' + service], salt = records['city/city']?.fields.lookup_salt;
    if (!known) throw new Error('no such service here; sync first');
    const reference = newReference(), request = uuid();
    // The reference itself is shown and forgotten; only what it is looked up by is filed.
    const args = { request, service, version: known.fields.version, ...JSON.parse(json), ...salt && { lookup: lookupOf(reference, salt) } };
    console.log(JSON.stringify({ mutation: record(store, 'request.file@1', args), request, reference, lookup: args.lookup }));
  },

  async note(store, request, text) {
    const note = uuid();
    console.log(JSON.stringify({ mutation: record(store, 'note.add@1', { note, request, text }), note }));
  },

  async photo(store, file, request, stage = 'after') {
    const bytes = fs.readFileSync(file), blob = sha256(bytes).toString('hex'), photo = uuid();
    fs.writeFileSync(store.blob(blob), bytes); // before the act that names it (8)
    const args = { photo, request, blob, stage, bytes: bytes.length, ...jpegSize(bytes) };
    console.log(JSON.stringify({ mutation: record(store, 'photo.add@1', args, [blob]), photo, blob }));
  },

  async sync(store, flag, bytes) {
    const run = new Sync(store, flag === '--break-after' ? Number(bytes) : Infinity);
    await run.hello();
    await run.push();
    await run.pull();
    for (let again = 0; again < 3 && await run.reconcile(); again++) { await run.push(); await run.pull(); }
    if (await upload(store, run.line, run.left, () => run.hello())) await run.pull(); // the city answers an arrived photo with an act of its own
    console.log(JSON.stringify({ unechoed: run.unechoed().length, records: Object.keys(store.s.cache.records).length, upgrade: run.upgrade, told: run.line.told, salvaged: run.kept }));
  },

  // Once a day, and when it did not end well; here when somebody asks. Behind, it says 409: sync first.
  async verify(store) {
    const run = new Sync(store, Infinity), { cache } = store.s;
    const { wrong, rebuild } = await verify(cache, async (body) => list((await run.line.call('POST', 'verify?cursor=' + encodeURIComponent(cache.cursor), { body, headers: { 'Content-Type': 'application/json' } })).bytes), applyFrame);
    store.s.repaired = (store.s.repaired ?? 0) + wrong;
    if (rebuild) run.rebuild();
    store.save();
    console.log(JSON.stringify({ wrong, rebuild }));
  },

  // A revoked device saves what it has not said yet (13).
  async handover(store) {
    console.log(JSON.stringify(await handOver(store, new Line(store), new Sync(store).unechoed())));
  },

  async show(store) {
    const { s } = store, { records, safe } = s.cache, all = Object.values(records);
    // Who a resident is may be shown for so long after a signed hello, and no longer (4).
    const leased = s.leased && Date.now() / 1000 < s.leased.at + s.leased.for && Date.now() / 1000 > s.leased.at - 3600;
    for (const r of all) {
      const shown = { record: name(r), parent: r.parent, seq: r.seq, fields: r.fields };
      if (r.sealed) shown.fields = leased ? JSON.parse(open(s.personal, recordInfo(r.sealed.key, s.device, r), r.sealed.body)) : null;
      console.log(JSON.stringify(shown));
    }
    for (const [id, act] of Object.entries(s.acts)) {
      const ack = s.cache.acks[id];
      let state = ack ? (ack.seq <= safe && blobsSafe(s, act) ? 'safe' : 'received') : act.verdict ? 'sent' : 'unsent';
      // An echo of a held act says held for ever; that it has been decided shows in what names it (5).
      if (ack?.verdict === 'held' && !all.some((r) => Object.values(r.writers).includes(id) || r.kind === 'review' && r.fields.mutations?.includes(id))) state = 'waiting';
      console.log(JSON.stringify({ act: id, type: act.env?.type, state, verdict: ack?.verdict, code: ack?.code, review: ack?.review, hint: act.verdict, seq: ack?.seq }));
    }
  },
};

class Sync {
  constructor(store, breakAfter) { Object.assign(this, { store, s: store.s, line: new Line(store), left: breakAfter, kept: 0 }); }

  unechoed() { return Object.keys(this.s.acts).filter((id) => this.s.acts[id].env && !this.s.cache.acks[id]); }
  target() { return this.s.building ?? this.s.cache; }
  rebuild() { this.s.building = emptyCache(); this.s.ask = true; } // ask: reconcile is due about all acts, pending ones too (12)

  async hello(again = true) {
    const { s } = this, disk = fs.statfsSync(this.store.dir), waiting = this.unechoed();
    const answer = await this.line.call('POST', 'hello', { label: 'cityhall hello v1', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({
      stream: s.stream.name, last_n: s.stream.chain.length, version: 'stranger 1', pending: waiting.length, oldest: waiting.map((id) => s.acts[id].env.at).sort()[0],
      blobs: unsafeBlobs(this.store).length, repaired: s.repaired, disk: disk.bavail * disk.bsize, clock: new Date().toISOString(), cursor: this.target().cursor || undefined,
      seal_to: s.personal && publicOf('x25519', s.personal) }) });
    const reply = JSON.parse(answer.bytes);
    // Of a hello out of time nothing was noted, and this cannot be told from its answer but by the clock (1).
    if (again && Math.abs(Date.parse(reply.now) / 1000 - Date.now() / 1000 - (s.skew ?? 0)) > 240) {
      this.line.correct(reply.now);
      return this.hello(false);
    }
    const { grants, grant_rev, sealing_key, sealing_id, epoch } = reply;
    const lost = s.grants.some((g) => !grants.includes(g)), epochs = this.target().epoch && this.target().epoch !== epoch;
    if (lost) s.cache = emptyCache(); // not a minute longer than it is allowed (6)
    if (lost || grant_rev !== s.grant_rev || epochs) this.rebuild();
    Object.assign(s, { grants, grant_rev, sealing_key, sealing_id, leased: { at: Date.now() / 1000, for: reply.lease ?? 14 * 86400 } });
    this.store.save();
  }

  async push() {
    for (let { s } = this, tries = 0; s.stream.pushed < s.stream.chain.length;) {
      const { name: stream, chain, pushed } = s.stream, lines = [JSON.stringify({ stream, from: pushed + 1, prev: chain[pushed - 1]?.link ?? '' })];
      for (let i = pushed, size = 0; i < chain.length && lines.length <= 500; i++) {
        lines.push(JSON.stringify({ n: i + 1, ...s.acts[chain[i].id].env }));
        if ((size += Buffer.byteLength(lines.at(-1)) + 1) > 3.5 * 1048576) break;
      }
      if (++tries > 20) throw new Error('the push does not come to an end');
      try {
        const said = list((await this.line.call('POST', 'push', { body: lines.join('\n') + '\n', headers: { 'Content-Type': 'application/x-ndjson' } })).bytes);
        if (!said) continue; // the answer was cut off: the same again
        for (const v of said.lines) {
          const act = s.acts[v.id];
          act.verdict = v.stored ?? v.verdict;
          if (v.stored === 'erased') act.env = null; // forgotten by law
        }
        s.stream.pushed = said.end.last_n;
      } catch (e) {
        if (e.code !== 'fork') throw e;
        // Behind us on our own chain: the city was restored, go on from there. Else somebody wrote on our stream: begin another (5).
        const { last_n: n = 0, link: l = '' } = e.body;
        if (n <= chain.length && (n ? chain[n - 1].link : '') === l && chain.slice(n).every((p) => s.acts[p.id].env)) s.stream.pushed = n;
        else this.restream();
      }
      this.store.save();
    }
  }
  restream() {
    this.s.stream = newStream();
    this.unechoed().forEach((id) => place(this.s, id));
  }

  async pull() {
    for (let { s } = this, tries = 0; ;) {
      if (++tries > 10000) throw new Error('the pull does not come to an end');
      const cache = this.target();
      let page;
      try {
        page = list((await this.line.call('GET', 'pull?' + (cache.cursor ? `cursor=${encodeURIComponent(cache.cursor)}&` : '') + 'limit=2000')).bytes);
      } catch (e) {
        if (e.status === 426) return void (this.upgrade = true); // acts and photos go on (6)
        if (!['lineage', 'horizon', 'grants'].includes(e.code) || this.refused++ > 3) throw e;
        // No snapshot: Node 18 cannot open zstd, and without a cursor a pull brings the same.
        if (e.code === 'grants') await this.hello(); // which tells whether something was lost
        this.rebuild();
        this.store.save();
        continue;
      }
      if (!page || page.lines.length !== page.end.count) continue; // cut off: thrown away whole
      for (const frame of page.lines) {
        applyFrame(cache, frame);
        if (frame.ack?.verdict === 'erased' && s.acts[frame.ack.mutation]) s.acts[frame.ack.mutation].env = null;
      }
      Object.assign(cache, { cursor: page.end.cursor, epoch: page.end.epoch, safe: page.end.safe_seq });
      if (!page.end.more && s.building) {
        if (s.cache.epoch && s.cache.epoch !== cache.epoch) await this.salvage(s.cache, cache);
        s.cache = cache;
        delete s.building;
      }
      this.store.save();
      if (!page.end.more) return;
    }
  }
  refused = 0; // times that a cursor was

  // After a restore the old cache may hold the only trace of what others did (12).
  async salvage(old, now) {
    const same = (r) => r && canonical([r.fields, r.writers]);
    const lines = Object.entries(old.records).filter(([key, r]) => r.kind !== 'request.person' && same(r) !== same(now.records[key]))
      .map(([, { kind, id, parent, seq, fields, writers }]) => JSON.stringify({ kind, id, parent, seq, fields, writers }));
    try {
      for (let i = 0; i < lines.length; i += 15) // 15 of at most 256 KiB stay below 4 MiB
        this.kept += JSON.parse((await this.line.call('POST', 'salvage?cursor=' + encodeURIComponent(old.cursor), { body: lines.slice(i, i + 15).join('\n') + '\n', headers: { 'Content-Type': 'application/x-ndjson' } })).bytes).kept;
    } catch (e) { if (!['lineage', 'too_large', 'malformed'].includes(e.code)) throw e; }
  }

  // True when something has to be pushed again.
  async reconcile() {
    const { s } = this, ids = this.unechoed().filter((id) => s.ask || s.acts[id].verdict), missing = [];
    if (this.upgrade || s.building) return false;
    for (let i = 0; i < ids.length; i += 5000) {
      const some = ids.slice(i, i + 5000), answer = list((await this.line.call('POST', 'reconcile?cursor=' + encodeURIComponent(s.cache.cursor), {
        headers: { 'Content-Type': 'application/x-ndjson' }, body: some.map((mutation) => JSON.stringify({ mutation, content: s.acts[mutation].content }) + '\n').join('') })).bytes);
      if (!answer) return true; // cut off: ask again
      const acks = Object.fromEntries(answer.lines.map(({ ack }) => [ack.mutation, ack]));
      for (const id of some) {
        if (!acks[id]) missing.push(id);
        else if (acks[id].seq <= answer.end.seq) s.cache.acks[id] = acks[id];
      }
    }
    delete s.ask;
    const queued = new Set(s.stream.chain.slice(s.stream.pushed).map((p) => p.id));
    for (const id of missing) {
      delete s.acts[id].verdict;
      if (!queued.has(id)) place(s, id);
    }
    this.store.save();
    return missing.length > 0;
  }
}

const [first, second, ...rest] = process.argv.slice(2);
try {
  if (first === 'vectors') process.exit(vectors(second, { applyFrame, emptyCache }) ? 0 : 1);
  if (!commands[second]) throw new Error('usage: client.mjs DIR enrol|file|note|photo|sync|verify|handover|show …, client.mjs vectors TESTDATA_DIR');
  await commands[second](new Store(first), ...rest);
} catch (e) {
  console.error(String(e.message ?? e));
  process.exit(e.code === 'revoked' ? 5 : [429, 503].includes(e.status) ? 4 : 1);
}
