// Photos travel beside the acts that name them, in chunks, and go on where they broke off (8).
import fs from 'node:fs';
import { sha256 } from './forms.mjs';

const CHUNK = 256 << 10; // the page allows 8 MiB; a chunk that breaks off is lost, so small ones lose less on a bad line

// A photo is safe when the city has said so after all its bytes came (8).
export function blobsSafe(s, act) {
  return (act.env?.blobs ?? []).every((sha) => act.gone?.includes(sha) || Object.values(s.cache.records).some((r) =>
    r.kind === 'photo' && r.fields.blob === sha && r.fields.arrived && (!r.writers.lost_at || r.seq <= s.cache.safe)));
}

export function unsafeBlobs(store) {
  const { s } = store;
  return [...new Set(Object.values(s.acts).filter((a) => !blobsSafe(s, a)).flatMap((a) => a.env?.blobs ?? []))].filter((sha) => fs.existsSync(store.blob(sha)));
}

// upload gives whether it sent anything. It breaks off, with exit 3, when it has sent left bytes; hello is said when a HEAD is
// refused, since only its answer tells why.
export async function upload(store, line, left, hello) {
  let sent = false;
  for (const sha of unsafeBlobs(store)) {
    const bytes = fs.readFileSync(store.blob(sha)), where = 'blobs/' + sha;
    for (let tries = 0; tries < 1000; tries++) {
      try {
        const head = await line.call('HEAD', where).catch((e) => { if (e.status !== 404) throw e; return { headers: {} }; });
        let offset = Number(head.headers['upload-offset'] ?? 0);
        if (Number(head.headers['upload-length'] ?? -1) !== bytes.length)
          offset = (await line.call('POST', where, { headers: { 'Upload-Length': bytes.length } }), 0);
        while (offset < bytes.length) {
          const size = Math.min(CHUNK, left || CHUNK);
          offset = await chunk(line, where, bytes, offset, size, left === 0);
          left -= size;
          sent = true;
        }
        break;
      } catch (e) {
        if (e.status === 410) {
          for (const a of Object.values(store.s.acts)) if (a.env?.blobs?.includes(sha)) (a.gone ??= []).push(sha);
          break;
        }
        // A refusal of HEAD has no body: that it is the clock shows only in a hello.
        if (e.status === 401 && !e.code && tries === 0) await hello();
        else if (e.code !== 'offset' && e.status !== 460) throw e; // both are settled by asking anew where the city stands
      }
    }
  }
  store.save();
  return sent;
}

async function chunk(line, where, bytes, offset, size, tear) {
  const part = bytes.subarray(offset, offset + size);
  const headers = { 'Upload-Offset': offset, 'Upload-Checksum': 'sha256 ' + sha256(part).toString('base64'), 'Content-Type': 'application/offset+octet-stream' };
  if (tear) { // the next chunk dies half way, as on a real line
    await line.send('PATCH', line.target(where), part, headers, part.length >> 1).catch(() => {});
    console.error(`broken off behind byte ${offset} of ${bytes.length}`);
    process.exit(3);
  }
  const answer = await line.call('PATCH', where, { body: part, headers });
  return Number(answer.headers['upload-offset']);
}
