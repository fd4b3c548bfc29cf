// The line to the city (1, 9): every request signed, every refusal with its code, and the lists that some answers are.
import crypto from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { b64u, serverSigned, signatureBase } from './forms.mjs';

const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

export class Refusal extends Error {
  constructor(status, body, retryAfter) {
    super(`${status} ${body.code ?? '?'}${body.field ? ' ' + body.field : ''}: ${body.message ?? ''}`);
    Object.assign(this, { status, body, code: body.code, retryAfter });
  }
}

// Signs, corrects the clock, and waits when it is told to.
export class Line {
  constructor(store) { this.store = store; this.s = store.s; this.waited = 0; this.told = []; }

  // tear cuts the connection after so many bytes of the body, as a dead line would.
  send(method, target, body, headers, tear) {
    const created = Math.floor(Date.now() / 1000 + (this.s.skew ?? 0)), nonce = b64u(crypto.randomBytes(16));
    const signed = signatureBase({ method, target, body, created, keyid: this.s.device ?? this.s.public, nonce }).headers(this.s.seed);
    const url = new URL(this.s.url);
    return new Promise((resolve, reject) => {
      const request = (url.protocol === 'https:' ? https : http).request({
        protocol: url.protocol, hostname: url.hostname, port: url.port, method, path: target, timeout: 30000,
        headers: { ...headers, ...signed, 'City-Version': '1', 'Content-Length': body.length },
      }, (response) => {
        const parts = [];
        response.on('data', (part) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, bytes: Buffer.concat(parts) }));
      });
      request.on('timeout', () => request.destroy(new Error('no answer within 30 seconds')));
      request.on('error', reject);
      if (tear === undefined) return void request.end(body);
      request.write(body.subarray(0, tear), () => setTimeout(() => request.destroy(new Error('torn on demand')), 200));
    });
  }

  target(where) { return new URL(this.s.url).pathname.replace(/\/$/, '') + '/sync/v1/' + where; }

  async call(method, where, { body = '', headers = {}, label } = {}) {
    const bytes = Buffer.from(body), target = this.target(where);
    for (let corrected = false; ;) {
      const answer = await this.send(method, target, bytes, headers);
      if (answer.status < 300) {
        // Without the city's own signature an answer to hello or enrol is anybody's (1).
        if (label) this.check(label, answer);
        return answer;
      }
      let said = {};
      try { said = JSON.parse(answer.bytes); } catch { /* HEAD has no body; a proxy on the way may have its own */ }
      const refusal = new Refusal(answer.status, said, Number(answer.headers['retry-after'] ?? 0));
      this.told.push(refusal.code ?? String(answer.status));
      if (refusal.code === 'clock' && !corrected) {
        this.correct(said.now);
        corrected = true;
      } else if ([429, 503].includes(answer.status) && this.waited + (refusal.retryAfter || 1) <= 60) {
        this.waited += refusal.retryAfter || 1; // a person waits in front of this program: a longer pause is told, not waited for
        await pause((refusal.retryAfter || 1) + Math.random());
      } else throw refusal;
    }
  }

  check(label, { headers, bytes }, server = this.s.server) {
    if (!serverSigned(server, label, bytes, headers['city-signature'] ?? '')) throw new Error(`the answer is not signed by the city (${label})`);
  }

  correct(now) { this.s.skew = (Date.parse(now) - Date.now()) / 1000; this.store.save(); }
}

// NDJSON with its end, or null when it was cut off: then none of it counts.
export function list(bytes) {
  const text = bytes.toString();
  if (!text.endsWith('\n')) return null;
  const lines = text.slice(0, -1).split('\n').map((l) => { try { return JSON.parse(l); } catch { return {}; } });
  const last = lines.pop();
  return last.end ? { lines, end: last.end === true ? last : last.end } : null;
}
