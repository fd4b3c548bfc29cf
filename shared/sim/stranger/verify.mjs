// Is what is held what the city would send? (12) Two hundred and fifty-six hashes say so; what differs is sent again.
import { digestOf } from './forms.mjs';

function digests(records) {
  const sums = Array.from({ length: 257 }, () => null);
  for (const r of Object.values(records)) {
    // Who a resident is may be sealed, so its fields are no part of what is compared.
    const person = r.kind === 'request.person', { bucket, digest } = digestOf(person ? { ...r, fields: {}, writers: {} } : r);
    const at = person ? 256 : bucket, sum = sums[at] ?? Buffer.alloc(32);
    sums[at] = sum.map((b, i) => b ^ Buffer.from(digest, 'hex')[i]);
  }
  const hashes = sums.map((sum) => sum?.toString('hex') ?? '');
  return { people: hashes.pop(), buckets: hashes };
}

// verify asks (ask posts a body and gives a list) and mends the cache; it gives how many records were wrong, and whether the
// cache has to be built anew.
export async function verify(cache, ask, applyFrame) {
  const held = digests(cache.records);
  for (let from = 0, wrong = 0, people = false; ;) {
    const { lines, end } = await ask(JSON.stringify({ ...held, from }));
    if (lines.length !== end.count) throw new Error('the answer was cut off');
    const buckets = new Set(end.replaced), before = {};
    for (const [key, r] of Object.entries(cache.records)) {
      if (r.kind === 'request.person' || !buckets.has(digestOf(r).bucket)) continue;
      before[key] = digestOf(r).digest;
      delete cache.records[key];
    }
    for (const frame of lines) {
      applyFrame(cache, frame);
      const { kind, id } = frame.put, key = `${kind}/${id}`;
      if (digestOf(cache.records[key]).digest !== before[key]) wrong++;
      delete before[key];
    }
    wrong += Object.keys(before).length;
    people ||= end.people === true;
    if (end.next === 256) return { wrong, rebuild: people };
    from = end.next;
  }
}
