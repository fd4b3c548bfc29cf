// The end of a device: what it has not said yet is handed over, for staff to look at (13).
import { list } from './line.mjs';
import { upload } from './upload.mjs';

export async function handOver(store, line, ids) {
  const { s } = store, kept = {};
  const send = async (header, acts) => {
    const body = [header, ...acts].map((x) => JSON.stringify(x) + '\n').join('');
    const answer = list((await line.call('POST', 'quarantine', { body, label: 'cityhall handover v1', headers: { 'Content-Type': 'application/x-ndjson' } })).bytes);
    if (!answer) throw new Error('the answer was cut off');
    for (const v of answer.lines) kept[v.id] = v.code ?? v.verdict;
    return answer.end;
  };
  const last = (id) => s.stream.chain.findLastIndex((p) => p.id === id) + 1;
  for (let i = 0; i < ids.length; i += 15) // 15 of at most 256 KiB stay below 4 MiB
    await send({}, ids.slice(i, i + 15).map((id) => ({ n: last(id), ...s.acts[id].env })));
  // Blobs that nothing in quarantine names are refused; those that it names are taken as ever.
  await upload(store, line, Infinity, () => {});
  const end = await send({ last: true }, []);
  return { kept, taken: end.taken, closed: end.closed };
}
