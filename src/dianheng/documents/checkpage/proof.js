// What the check page computes: digests, signatures, the code's text, the PDF. No network, no
// library. WebCrypto does the arithmetic where the browser offers it; some telephones open a
// file from a disk without it, so SHA-256 and P-256 stand here a second time.
"use strict";

const utf8 = (text) => new TextEncoder().encode(text);
const latin1 = (bytes) => {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return text;
};
const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);
const joined = (...parts) => {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { out.set(part, at); at += part.length; }
  return out;
};
const hex = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));

function toBase64url(bytes) {
  return btoa(latin1(bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function fromBase64url(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new Error("not base64url");
  const raw = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  const bytes = Uint8Array.from(raw, (c) => c.charCodeAt(0));
  if (toBase64url(bytes) !== text) throw new Error("not the shortest spelling");
  return bytes;
}

// --- SHA-256 and P-256, for browsers without WebCrypto -------------------------------------

const ownCrypto = {
  sha256(message) {
    const primes = [];
    for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
    const fraction = (x) => ((x - Math.floor(x)) * 4294967296) >>> 0;
    const k = primes.map((p) => fraction(Math.cbrt(p)));
    const state = primes.slice(0, 8).map((p) => fraction(Math.sqrt(p)));
    const length = message.length;
    const padded = new Uint8Array(((length + 8) >> 6) * 64 + 64);
    padded.set(message);
    padded[length] = 0x80;
    const view = new DataView(padded.buffer);
    view.setUint32(padded.length - 8, Math.floor(length / 536870912));
    view.setUint32(padded.length - 4, (length << 3) >>> 0);
    const w = new Int32Array(64);
    const turn = (x, n) => (x >>> n) | (x << (32 - n));
    for (let block = 0; block < padded.length; block += 64) {
      for (let i = 0; i < 16; i++) w[i] = view.getInt32(block + 4 * i);
      for (let i = 16; i < 64; i++) {
        const a = w[i - 15], b = w[i - 2];
        w[i] = (w[i - 16] + w[i - 7] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10))) | 0;
      }
      let [a, b, c, d, e, f, g, h] = state;
      for (let i = 0; i < 64; i++) {
        const t1 = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + k[i] + w[i]) | 0;
        const t2 = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
      }
      [a, b, c, d, e, f, g, h].forEach((value, i) => { state[i] = (state[i] + value) | 0; });
    }
    const out = new DataView(new ArrayBuffer(32));
    state.forEach((value, i) => out.setInt32(4 * i, value));
    return new Uint8Array(out.buffer);
  },

  // ECDSA over P-256 in Jacobian coordinates; verifying handles nothing secret.
  verify(spki, signature, digest) {
    const p = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
    const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
    const base = [
      0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
      0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n, 1n,
    ];
    const number = (bytes) => bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
    const mod = (x, m) => ((x % m) + m) % m;
    const inverse = (x, m) => {
      let [a, c, u, v] = [mod(x, m), m, 1n, 0n];
      while (a > 1n) { const q = c / a; [a, c, u, v] = [c % a, a, v - q * u, u]; }
      return mod(u, m);
    };
    const double = ([x, y, z]) => {
      if (!z || !y) return [0n, 1n, 0n];
      const y2 = mod(y * y, p), s = mod(4n * x * y2, p), z2 = mod(z * z, p);
      const m = mod(3n * (x - z2) * (x + z2), p);
      const x3 = mod(m * m - 2n * s, p);
      return [x3, mod(m * (s - x3) - 8n * y2 * y2, p), mod(2n * y * z, p)];
    };
    const add = (one, two) => {
      const [x1, y1, z1] = one, [x2, y2, z2] = two;
      if (!z1) return two;
      if (!z2) return one;
      const a = mod(z1 * z1, p), c = mod(z2 * z2, p);
      const u1 = mod(x1 * c, p), u2 = mod(x2 * a, p);
      const s1 = mod(y1 * z2 * c, p), s2 = mod(y2 * z1 * a, p);
      if (u1 === u2) return s1 === s2 ? double(one) : [0n, 1n, 0n];
      const h = mod(u2 - u1, p), r = mod(s2 - s1, p), h2 = mod(h * h, p), h3 = mod(h * h2, p);
      const v = mod(u1 * h2, p), x3 = mod(r * r - h3 - 2n * v, p);
      return [x3, mod(r * (v - x3) - s1 * h3, p), mod(h * z1 * z2, p)];
    };
    const point = spki.slice(-65);
    const x = number(point.slice(1, 33)), y = number(point.slice(33));
    if (point[0] !== 4 || mod(y * y - (x * x * x - 3n * x + b), p) !== 0n) return false;
    const r = number(signature.slice(0, 32)), s = number(signature.slice(32));
    if (r < 1n || r >= n || s < 1n || s >= n) return false;
    const w = inverse(s, n), u1 = mod(number(digest) * w, n), u2 = mod(r * w, n);
    const key = [x, y, 1n], both = add(base, key);
    let sum = [0n, 1n, 0n];
    for (let bit = 255n; bit >= 0n; bit--) {
      sum = double(sum);
      const i = (u1 >> bit) & 1n, j = (u2 >> bit) & 1n;
      if (i && j) sum = add(sum, both); else if (i) sum = add(sum, base); else if (j) sum = add(sum, key);
    }
    if (!sum[2]) return false;
    const zi = inverse(sum[2], p);
    return mod(mod(sum[0] * zi * zi, p), n) === r;
  },
};

const webCrypto = () => (typeof crypto === "object" && crypto.subtle) || null;

async function sha256(bytes) {
  const web = webCrypto();
  return web ? new Uint8Array(await web.digest("SHA-256", bytes)) : ownCrypto.sha256(bytes);
}

// `signature` is r and s, 32 bytes each.
async function isSigned(bytes, signature, spki) {
  if (signature.length !== 64) return false;
  const web = webCrypto();
  if (!web) return ownCrypto.verify(spki, signature, ownCrypto.sha256(bytes));
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const key = await web.importKey("spki", spki, algorithm, false, ["verify"]);
  return web.verify(algorithm, key, signature, bytes);
}

// --- canonical JSON, code, facts -----------------------------------------------------------

function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value && typeof value === "object") {
    return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
  }
  if (typeof value === "number" && !Number.isSafeInteger(value)) throw new Error("number out of range");
  return JSON.stringify(value);
}

function readCanonical(bytes) {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  const value = JSON.parse(text);
  if (canonical(value) !== text) throw new Error("not canonical");
  return value;
}

const KINDS = { C: "verification_certificate", N: "result_notice", S: "sampling_report", R: "original_record" };
const CONCLUSIONS = { P: "pass", F: "fail", A: "accept", J: "reject", U: "not_judged" };
const isDay = (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));

function readCode(text) {
  const start = text.indexOf("DH1~");
  if (start < 0 || (start > 0 && text[start - 1] !== "#")) throw new Error("not a code");
  text = text.slice(start).trim();
  const parts = text.split("~");
  if (parts.length !== 10) throw new Error("cut short");
  const [, kind, number, subject, conclusion, tested, through, digest, key, signature] = parts;
  if (!KINDS[kind] || !CONCLUSIONS[conclusion] || !isDay(tested) || (through && !isDay(through))) throw new Error("out of form");
  const raw = fromBase64url(signature);
  if (raw.length !== 64 || fromBase64url(digest).length !== 32) throw new Error("wrong length");
  return {
    text,
    facts: {
      kind: KINDS[kind], number: decodeURIComponent(number), subject: decodeURIComponent(subject),
      conclusion: CONCLUSIONS[conclusion], tested_on: tested, valid_through: through,
    },
    digest, key, signature: raw, signed: utf8(text.slice(0, -signature.length - 1)),
  };
}

function factsOf(kind, data) {
  const told = { pass: "accept", fail: "reject" };
  if (kind === "sampling_report") {
    return { kind, number: data.number, subject: data.lot_no, conclusion: told[data.conclusion] || data.conclusion, tested_on: data.tested_until_on, valid_through: "" };
  }
  const fixed = { verification_certificate: "pass", result_notice: "fail" }[kind];
  const stated = Object.values(CONCLUSIONS).includes(data.conclusion) ? data.conclusion : "not_judged";
  return {
    kind, number: data.number, subject: data.device.bar_code, conclusion: fixed || stated,
    tested_on: data.verified_on || data.ended_at.slice(0, 10), valid_through: data.valid_through || "",
  };
}

// --- the PDF -------------------------------------------------------------------------------

// Parts of a DER value: tag, whole bytes, content; and the parts inside.
function der(bytes, at = 0) {
  let length = bytes[at + 1], head = 2;
  if (length > 0x80) {
    const size = length & 0x7f;
    length = 0;
    for (let i = 0; i < size; i++) length = length * 256 + bytes[at + 2 + i];
    head += size;
  }
  const end = at + head + length;
  if (!(end <= bytes.length)) throw new Error("cut short");
  return { tag: bytes[at], whole: bytes.subarray(at, end), content: bytes.subarray(at + head, end), end };
}

function inside(value) {
  const parts = [];
  for (let at = 0; at < value.content.length;) {
    const part = der(value.content, at);
    parts.push(part);
    at = part.end;
  }
  return parts;
}

function enclose(tag, ...parts) {
  const content = joined(...parts);
  let size = content.length, length = [];
  if (size < 0x80) length = [size];
  else { while (size) { length.unshift(size & 0xff); size >>= 8; } length.unshift(0x80 | length.length); }
  return joined(Uint8Array.from([tag, ...length]), content);
}

// ECDSA signature from DER to r and s of 32 bytes each.
function plainSignature(bytes) {
  const [r, s] = inside(der(bytes)).map((part) => {
    const raw = part.content[0] === 0 ? part.content.subarray(1) : part.content;
    if (raw.length > 32) throw new Error("number too long");
    return joined(new Uint8Array(32 - raw.length), raw);
  });
  return joined(r, s);
}

const OID = { digest: "2a864886f70d010904", signed: "2a864886f70d010702", data: "2a864886f70d010701" };

// Returns { why, key } – why is "" when every byte is as it was signed; null without signature.
async function readSignature(pdf, keys) {
  const found = [...latin1(pdf).matchAll(/\/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]/g)];
  if (!found.length) return null;
  const [start, before, after, rest] = found[found.length - 1].slice(1).map(Number);
  if (start || before >= after || after > pdf.length) return null;
  const gap = latin1(pdf.subarray(before, after));
  let container, info, attributes, certificate, digest, signature;
  try {
    const raw = hex(gap.slice(1, -1));
    const whole = der(raw);
    container = whole.whole;
    if (raw.subarray(whole.end).some((byte) => byte)) return { why: "container_changed", key: null };
    const signed = inside(inside(inside(whole)[1])[0]);
    certificate = inside(signed[3])[0].whole;
    info = inside(inside(signed[4])[0]);
    attributes = info[3];
    signature = info[5].content;
    for (const attribute of inside(attributes)) {
      const [name, values] = inside(attribute);
      if (same(name.content, hex(OID.digest))) digest = inside(values)[0].content;
    }
  } catch (error) {
    return null;
  }
  const key = keys.find((known) => same(fromBase64url(known.certificate), certificate)) || null;
  if (found.length > 1 || after + rest !== pdf.length) return { why: "changed_after_signing", key };
  const seen = await sha256(joined(pdf.subarray(0, before), pdf.subarray(after)));
  if (!digest || !same(seen, digest)) return { why: "bytes_changed", key };
  if (!key) return { why: "unknown_key", key };
  try {
    const proven = await isSigned(enclose(0x31, attributes.content), plainSignature(signature), fromBase64url(key.public));
    if (!proven) return { why: "signature_changed", key };
  } catch (error) {
    return { why: "signature_changed", key };
  }
  // What no digest covers is built anew and compared.
  const tbs = inside(inside(der(certificate))[0]);
  const sha = enclose(0x30, hex("06096086480165030402010500"));
  const one = hex("020101");
  const signer = enclose(0x30, one, enclose(0x30, tbs[3].whole, tbs[1].whole), sha, enclose(0xa0, attributes.content), enclose(0x30, hex("06082a8648ce3d040302")), enclose(0x04, signature));
  const content = enclose(0x30, one, enclose(0x31, sha), enclose(0x30, enclose(0x06, hex(OID.data))), enclose(0xa0, certificate), enclose(0x31, signer));
  const expected = enclose(0x30, enclose(0x06, hex(OID.signed)), enclose(0xa0, content));
  const intact = same(expected, container) && /^<[0-9A-F]*>$/.test(gap);
  return { why: intact ? "" : "container_changed", key };
}

async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// The data and the text of the code that stand inside the PDF.
async function attached(pdf) {
  const text = latin1(pdf);
  const out = { data: null, code: "" };
  for (const found of text.matchAll(/<<[^\n]*?\/Type\s*\/EmbeddedFile[^\n]*\nstream\r?\n/g)) {
    const length = /\/Length\s+(\d+)/.exec(found[0]);
    if (!length) continue;
    const start = found.index + found[0].length;
    let bytes = pdf.subarray(start, start + Number(length[1]));
    if (/\/Filter\s*\/FlateDecode/.test(found[0])) bytes = await inflate(bytes);
    if (bytes[0] === 0x7b) out.data = bytes; else out.code = new TextDecoder().decode(bytes);
  }
  return out;
}

// --- what is found out ---------------------------------------------------------------------

async function checkList(text, keys) {
  if (!text) return null;
  try {
    const value = JSON.parse(text);
    const key = keys.find((known) => known.key_no === value.list.key_no);
    const good = key && await isSigned(utf8(canonical(value.list)), fromBase64url(value.signature), fromBase64url(key.public));
    return good ? value.list : { bad: true };
  } catch (error) {
    return { bad: true };
  }
}

function aboutToday(code, list, today) {
  const findings = [];
  const through = code.facts.valid_through;
  if (!through) findings.push({ code: "validity_none", good: null, facts: {} });
  else findings.push({ code: through < today ? "validity_expired" : "validity_in_force", good: null, facts: { through } });
  if (!list) findings.push({ code: "list_absent", good: null, facts: {} });
  else if (list.bad) findings.push({ code: "list_bad", good: null, facts: {} });
  else {
    const entry = list.entries.find((one) => one.number === code.facts.number);
    if (!entry) findings.push({ code: "list_clear", good: null, facts: { as_of: list.issued_at } });
    else findings.push({ code: `list_${entry.status}`, good: null, facts: { as_of: list.issued_at, on: entry.on, by: entry.replaced_by, reason: entry.reason } });
  }
  return findings;
}

async function aboutCode(code, keys) {
  const key = keys.find((known) => known.key_no === code.key);
  if (!key) return { code: "code_unknown_key", good: false, facts: { key: code.key } };
  const good = await isSigned(code.signed, code.signature, fromBase64url(key.public));
  return { code: good ? "code_genuine" : "code_forged", good, facts: { key: code.key } };
}

async function aboutData(bytes, code) {
  const matches = toBase64url(await sha256(bytes)) === code.digest;
  const findings = [{ code: matches ? "data_matches" : "data_differs", good: matches, facts: {} }];
  let value = null;
  try {
    value = readCanonical(bytes);
    if (value.format !== "dianheng-paper" || value.version !== 1) throw new Error("another format");
    const agree = canonical(factsOf(value.kind, value.data)) === canonical(code.facts);
    findings.push({ code: agree ? "facts_agree" : "facts_differ", good: agree, facts: {} });
  } catch (error) {
    value = null;
    findings.push({ code: "data_unreadable", good: false, facts: {} });
  }
  return { findings, value };
}

async function aboutFile(pdf, keys) {
  const signature = await readSignature(pdf, keys);
  if (!signature) return { findings: [{ code: "signature_missing", good: null, facts: {} }], signed: false };
  const facts = { key: signature.key ? signature.key.key_no : "?", at: signedAt(pdf) };
  if (signature.why) return { findings: [{ code: `signature_${signature.why}`, good: false, facts }], signed: true };
  const findings = [{ code: "signature_intact", good: true, facts }, { code: `proves_${signature.key.proves}`, good: null, facts: {} }];
  if (signature.key.through) {
    if (facts.at && Date.parse(facts.at) > Date.parse(signature.key.through)) return { findings: [{ code: "signature_after_key", good: false, facts }], signed: true };
    findings.push({ code: "key_retired", good: null, facts: { through: signature.key.through } });
  }
  return { findings, signed: true, key: signature.key, ...await attached(pdf) };
}

function signedAt(pdf) {
  const stated = [...latin1(pdf).matchAll(/\/M\s*\((D[^)]*)\)/g)].pop();
  if (!stated) return "";
  const text = stated[1].replace(/\\([0-7]{3})/g, (_, code) => String.fromCharCode(parseInt(code, 8)));
  const found = /^D:(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:Z|([+-]\d\d)'(\d\d)'?)$/.exec(text);
  if (!found) return "";
  const [, y, m, d, hour, minute, second, zone, rest] = found;
  return `${y}-${m}-${d}T${hour}:${minute}:${second}${zone ? `${zone}:${rest}` : "+00:00"}`;
}

// One question, one answer: a code, a file, or both.
async function check({ codeText, file, keys, list, tables, today }) {
  const findings = [];
  let own = null, data = null, isPdf = false, signed = true, signer = null;
  if (file) {
    isPdf = latin1(file.subarray(0, 5)) === "%PDF-";
    if (isPdf) {
      const told = await aboutFile(file, keys);
      findings.push(...told.findings);
      signed = told.signed;
      if (told.key) {
        signer = told.key;
        data = told.data;
        own = told.code;
        if (!data || !own) findings.push({ code: "data_missing", good: false, facts: {} });
      }
    } else {
      data = file;
      while (data.length && data[data.length - 1] <= 32) data = data.subarray(0, -1);
    }
  }
  let code = null;
  const text = codeText || own;
  if (text) {
    try {
      code = readCode(text);
      findings.push(await aboutCode(code, keys));
      if (signer && code.key !== signer.key_no) findings.push({ code: "code_other_key", good: false, facts: { key: code.key } });
      if (own && codeText && readCode(own).text !== code.text) findings.push({ code: "code_of_other_paper", good: false, facts: {} });
    } catch (error) {
      findings.push({ code: "code_unreadable", good: isPdf ? false : null, facts: {} });
    }
  }
  let value = null;
  if (code && data) {
    const told = await aboutData(data, code);
    findings.push(...told.findings);
    value = told.value;
  }
  if (file && !isPdf && !code) findings.push({ code: "need_code", good: null, facts: {} });
  if (code && isPdf && signed) findings.push({ code: "page_not_compared", good: null, facts: {} });
  const evidence = value ? aboutEvidence(value, tables) : { findings: [], lines: [] };
  findings.push(...evidence.findings);
  if (code && findings.every((finding) => finding.good !== false)) findings.push(...aboutToday(code, list, today));
  let verdict = "genuine";
  if (findings.some((finding) => finding.good === false)) verdict = "not_genuine";
  else if (!code || (isPdf && !signed)) verdict = "unreadable";
  else if (!file) verdict = "genuine_code";
  return { verdict, findings, facts: code ? code.facts : null, lines: evidence.lines, chain: evidence.chain || [] };
}
