// The page around proof.js: reads what a person gives, shows what is found.
"use strict";

const built = JSON.parse(document.getElementById("built").textContent);
const $ = (id) => document.getElementById(id);
let lang = (navigator.language || "zh").toLowerCase().startsWith("zh") ? "zh" : "en";
let list = null;
let last = null;

const fill = (text, facts) => text.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(facts, name) ? facts[name] : whole));
// What a file names is looked up among own names only.
const known = (table, name) => (Object.hasOwn(table, name) ? table[name] : name);
const word = (name, facts = {}) => fill(known(built.words[lang], name), facts);
const named = (codes) => codes.map((code) => known(built.names[lang], code)).filter(Boolean).join(" ");
// A finding about the evidence has codes of the trade among its facts.
const spoken = (facts) => ({
  ...facts,
  ...(facts.item && { item: named([facts.item, ...(facts.where || "").split("|")]) }),
  ...(facts.what && { what: word(`what_${facts.what}`), stated: word(facts.stated), found: word(facts.found) }),
});
const element = (tag, text, name) => {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (name) made.className = name;
  return made;
};
const today = () => {
  const now = new Date();
  return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((n) => String(n).padStart(2, "0")).join("-");
};

function showWords() {
  document.documentElement.lang = lang;
  document.title = word("title");
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = word(node.dataset.word);
  const keys = $("keys");
  keys.replaceChildren(...built.keys.map((key) => {
    const facts = { from: key.from.slice(0, 10), through: (key.through || "").slice(0, 10) };
    const item = element("li");
    item.append(element("strong", key.key_no), ` ${word(key.through ? "keys_used" : "keys_in_use", facts)} · ${word(`proves_${key.proves}`)}`);
    return item;
  }));
  const about = !list ? word("list_none") : list.bad ? word("list_bad") : word("list_built_in", { as_of: list.issued_at, count: list.entries.length });
  $("list").textContent = about;
  if (last) show(last);
}

function show(report) {
  last = report;
  const box = $("result");
  const kind = { genuine: "good", genuine_code: "good", not_genuine: "bad", unreadable: "open" }[report.verdict];
  const ended = report.findings.find((finding) => /^list_(superseded|revoked)$|^validity_expired$/.test(finding.code));
  box.className = `result ${kind === "good" && ended ? "open" : kind}`;
  const sign = { good: "✓ ", bad: "✗ ", open: "? " }[kind];
  const parts = [element("h2", sign + word(report.verdict))];
  if (kind === "good" && ended) parts.push(element("p", word(ended.code, ended.facts), "ended"));
  if (report.facts) {
    const facts = report.facts;
    parts.push(element("p", word("hold_against")));
    const table = element("table");
    const rows = [
      ["kind", word(facts.kind)], ["number", facts.number],
      [facts.kind === "sampling_report" ? "lot" : "subject", facts.subject],
      ["conclusion", word(facts.conclusion)], ["tested_on", facts.tested_on],
      ["valid_through", facts.valid_through || word("none")],
    ];
    for (const [name, value] of rows) {
      const row = table.insertRow();
      const head = element("th", word(name));
      head.scope = "row";
      row.append(head, element("td", value));
    }
    parts.push(table);
  }
  const told = element("ul", undefined, "findings");
  for (const finding of report.findings) {
    const mark = { true: "✓", false: "✗", null: "·" }[String(finding.good)];
    const item = element("li", `${mark} ${word(finding.code, spoken(finding.facts))}`, { true: "good", false: "bad", null: "" }[String(finding.good)]);
    item.dataset.code = finding.code;
    told.append(item);
  }
  parts.push(told);
  if (report.lines && report.lines.length) parts.push(workedTable(report.lines));
  if (report.chain && report.chain.length) parts.push(chainList(report.chain));
  box.replaceChildren(...parts);
  box.hidden = false;
}

// What was read or seen, and what became of it up to the limit.
function wayOf(line) {
  const said = (prefix, value) => built.words[lang][`${prefix}_${value}`] || value;
  const seen = (line.facts || []).map(([name, value]) => `${said("fact", name)} ${said("said", value)}`);
  const first = line.readings.slice(0, line.first || undefined).join(" "), further = line.first ? line.readings.slice(line.first).join(" ") : "";
  const steps = [[...seen, first, further && `${word("col_further")} ${further}`].filter(Boolean).join("; ")];
  if (!line.isStated) steps.push(line.mean, line.rounded && `${line.rounded} (${line.interval})`, `±${line.limit} ${line.unit}`);
  return steps.filter(Boolean).join(" → ");
}

// Readings → mean → rounded value → limit → conclusion, a row for each error and item.
function workedTable(lines) {
  const frame = element("div", undefined, "wide");
  frame.tabIndex = 0;
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", word("worked_table"));
  const table = element("table", undefined, "worked");
  table.append(element("caption", word("worked_out")));
  const head = table.createTHead().insertRow();
  for (const name of ["", "col_where", "col_way", "conclusion"]) {
    const cell = element(name ? "th" : "td", name ? word(name) : "");
    if (name) cell.scope = "col";
    head.append(cell);
  }
  const body = table.createTBody();
  for (const line of lines) {
    const differs = line.differences.length > 0;
    const row = body.insertRow();
    if (differs) row.className = "bad";
    const where = element("th", named([line.item, ...line.where]));
    where.scope = "row";
    row.append(
      element("td", line.isStated ? "·" : differs ? "!" : "="), where,
      element("td", wayOf(line)), element("td", word(line.conclusion)),
    );
    row.title = line.row || "";
  }
  frame.append(table);
  return frame;
}

function chainList(chain) {
  const box = element("div");
  box.append(element("h3", word("chain")));
  const told = element("ul");
  for (const link of chain) {
    told.append(element("li", word("chain_link", {
      standard: link.standard, certificate: link.certificate_no, through: link.valid_through || word("none"),
      above: [link.traced_to, link.kept_by].filter(Boolean).join(" "), national: link.is_national ? word("chain_national") : "",
    })));
  }
  box.append(told);
  return box;
}

async function ask() {
  const codeText = $("code").value.trim();
  const chosen = $("file").files[0];
  if (!codeText && !chosen) return;
  const box = $("result");
  box.hidden = false;
  box.className = "result";
  box.replaceChildren(element("p", word("working")));
  try {
    const file = chosen ? new Uint8Array(await chosen.arrayBuffer()) : null;
    show(await check({ codeText, file, keys: built.keys, list, tables: built.tables, today: today() }));
  } catch (error) {
    show({ verdict: "unreadable", findings: [{ code: "file_unreadable", good: null, facts: {} }], facts: null });
  }
}

// --- codes from camera and photo, where the browser reads them itself ----------------------

let stream = null;

function stopCamera() {
  if (stream) stream.getTracks().forEach((track) => track.stop());
  stream = null;
  $("camera").hidden = true;
  $("stop").hidden = true;
}

async function startCamera() {
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  const video = $("camera");
  video.srcObject = stream;
  video.hidden = false;
  $("stop").hidden = false;
  await video.play();
  const look = async () => {
    if (!stream) return;
    const [found] = await detector.detect(video).catch(() => []);
    if (found) { stopCamera(); take(found.rawValue); } else requestAnimationFrame(look);
  };
  look();
}

async function readPhoto(event) {
  const picture = await createImageBitmap(event.target.files[0]);
  const [found] = await new BarcodeDetector({ formats: ["qr_code"] }).detect(picture);
  if (found) take(found.rawValue); else $("seen").textContent = word("nothing_seen");
}

function take(text) {
  $("code").value = text;
  $("seen").textContent = "";
  ask();
}

async function begin() {
  list = await checkList(built.revocations, built.keys);
  showWords();
  $("language").addEventListener("click", () => { lang = lang === "zh" ? "en" : "zh"; showWords(); });
  $("form").addEventListener("submit", (event) => { event.preventDefault(); ask(); });
  $("file").addEventListener("change", ask);
  if ("BarcodeDetector" in window) {
    $("photo-field").hidden = false;
    $("photo").addEventListener("change", readPhoto);
    if (navigator.mediaDevices) {
      $("scan").hidden = false;
      $("scan").addEventListener("click", () => startCamera().catch(stopCamera));
      $("stop").addEventListener("click", stopCamera);
    }
  } else $("no-scanner").hidden = false;
  const given = decodeURIComponent(location.hash.slice(1));
  if (given.startsWith("DH1~")) take(given);
}

begin();
