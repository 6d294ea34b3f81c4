// The conclusion worked out again from the readings, as documents/signing/rework.py does it: exact
// fractions of whole numbers, half to the even multiple of the interval, no binary floats. The rule
// tables are not here, so limits and intervals are those that the data state.
"use strict";

const MEASURED = new Set(["clock_daily", "clock_value", "consistency", "constant", "demand", "deviation", "load_rise_fall", "register_combination", "stability", "tariff_switch", "unbalanced_difference", "up_down", "variation"]);
const MEANS = new Set(["clock_daily"]);
const ERRORS = ["basic_error", "ratio_error", "phase_displacement"];

// A number is { n, d }: numerator and denominator, d > 0.
function number(text) {
  const found = /^([+-]?)([0-9]{1,20})(?:\.([0-9]{1,60}))?$/.exec(text);
  if (!found) throw new Error(`not a figure: ${String(text).slice(0, 40)}`);
  const [, sign, whole, rest = ""] = found;
  const n = BigInt(whole + rest);
  return { n: sign === "-" ? -n : n, d: 10n ** BigInt(rest.length) };
}

const sizeOf = (value) => ({ n: value.n < 0n ? -value.n : value.n, d: value.d });
const times = (a, b) => ({ n: a.n * b.n, d: a.d * b.d });
const compare = (a, b) => { const left = a.n * b.d, right = b.n * a.d; return left < right ? -1 : left > right ? 1 : 0; };
const sum = (values) => values.reduce((a, b) => ({ n: a.n * b.d + b.n * a.d, d: a.d * b.d }));

function meanOf(values) {
  const total = sum(values);
  return { n: total.n, d: total.d * BigInt(values.length) };
}

// The nearest multiple of the interval; ties go to the even multiple.
function roundTo(value, interval) {
  if (interval.n <= 0n) throw new Error("a rounding interval is greater than zero");
  const n = sizeOf(value).n * interval.d, d = value.d * interval.n;
  let multiple = n / d;
  const rest = 2n * (n % d);
  if (rest > d || (rest === d && multiple % 2n)) multiple += 1n;
  return times({ n: value.n < 0n ? -multiple : multiple, d: 1n }, interval);
}

// Decimals with which a multiple of the interval is written.
function decimalsOf(text) {
  return (text.split(".")[1] || "").replace(/0+$/, "").length;
}

// Written with so many decimals: rounded to them, half to even.
function written(value, decimals, signed = false) {
  const unit = { n: 1n, d: 10n ** BigInt(decimals) };
  const scaled = roundTo(value, unit);
  const units = scaled.n * unit.d / scaled.d;
  const digits = String(units < 0n ? -units : units).padStart(decimals + 1, "0");
  const text = decimals ? `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}` : digits;
  return (units < 0n ? "-" : signed && units > 0n ? "+" : "") + text;
}

function plainText(value) {
  return written(value, 6).replace(/\.?0+$/, "");
}

// A stated figure against the found one, at the decimals of the stated one.
function figureDiffers(what, stated, found) {
  if (!stated) return [];
  const decimals = (stated.split(".")[1] || "").length;
  const same = compare(number(written(found, decimals)), number(stated)) === 0;
  return same ? [] : [{ what, stated, found: plainText(found) }];
}

// Judge one value: { mean, rounded, conclusion, differences }.
function judged({ value, interval, limit, isComplete = true, statedMean, statedRounded, stated }) {
  const rounded = interval ? roundTo(value, number(interval)) : null;
  const within = compare(sizeOf(rounded || value), number(limit)) <= 0;
  const conclusion = !isComplete ? "not_judged" : within ? "pass" : "fail";
  const text = rounded ? written(rounded, decimalsOf(interval), true) : "";
  const differences = figureDiffers("mean", statedMean, value);
  if (statedRounded && rounded && compare(number(statedRounded), rounded)) differences.push({ what: "rounded", stated: statedRounded, found: text });
  if (stated !== conclusion) differences.push({ what: "conclusion", stated, found: conclusion });
  return { mean: plainText(value), rounded: text, conclusion, differences };
}

function ofPoint(point, evidence) {
  const line = {
    item: "basic_error", where: [point.direction, point.load, point.current, point.power_factor], unit: "%",
    readings: point.readings_pct, first: evidence.first_count, interval: point.interval_pct, limit: point.limit_pct, row: point.row,
  };
  const first = evidence.first_count, readings = point.readings_pct.map(number);
  if (!point.interval_pct || !point.limit_pct || !(first > 0 && first <= readings.length)) return { ...line, isStated: true, conclusion: point.conclusion, differences: [] };
  const limit = number(point.limit_pct);
  let value = meanOf(readings.slice(0, first)), isComplete = true;
  if (evidence.extra_from_ratio && evidence.extra_to_ratio) {
    const size = sizeOf(value), more = readings.length - first;
    if (compare(size, times(limit, number(evidence.extra_from_ratio))) >= 0 && compare(size, times(limit, number(evidence.extra_to_ratio))) <= 0) {
      isComplete = more >= evidence.extra_count;
      if (more) value = meanOf(readings);
    }
  }
  return { ...line, ...judged({ value, interval: point.interval_pct, limit: point.limit_pct, isComplete, statedMean: point.mean_pct, statedRounded: point.rounded_pct, stated: point.conclusion }) };
}

function ofSheet(sheet) {
  return sheet.points.flatMap((point) => [
    ["ratio_error", "%", "f", "pct"], ["phase_displacement", "′", "delta", "min"],
  ].map(([item, unit, name, ending]) => {
    const readings = point[`${name}_readings_${ending}`], limit = point[`${name}_limit_${ending}`];
    const interval = point[`${name}_interval_${ending}`], conclusion = point[`${name}_conclusion`];
    const line = {
      item, where: [sheet.part, sheet.phase, sheet.ratio, point.burden, `${point.percent} %`], unit,
      readings, first: readings.length, interval, limit, row: point[`${name}_row`],
    };
    if (!interval || !limit || !readings.length || conclusion === "not_judged") return { ...line, isStated: true, conclusion, differences: [] };
    return { ...line, ...judged({ value: meanOf(readings.map(number)), interval, limit, statedRounded: point[`${name}_${ending}`], stated: conclusion }) };
  }));
}

function ofItem(item) {
  const line = {
    item: item.item, where: [item.conditions], unit: item.unit, first: 0, interval: item.interval, row: item.row,
    readings: item.facts.length ? [] : item.readings, facts: item.facts,
    limit: item.limit_high || item.limit_low,
  };
  if (!MEASURED.has(item.item) || !item.value || !item.limit_high || item.conclusion === "not_judged") return { ...line, isStated: true, conclusion: item.conclusion, differences: [] };
  const value = MEANS.has(item.item) && item.readings.length ? meanOf(item.readings.map(number)) : number(item.value);
  return { ...line, ...judged({ value, interval: item.interval, limit: item.limit_high, statedMean: item.value, statedRounded: item.interval ? item.result : "", stated: item.conclusion }) };
}

// All lines of a certificate or notice, and the errors that fail without being named or the
// other way round.
function rework(data) {
  const lines = [
    ...data.points.map((point) => ofPoint(point, data.evidence)), ...data.sheets.flatMap(ofSheet), ...data.items.map(ofItem),
  ];
  const failing = new Set(lines.filter((line) => line.conclusion === "fail" && ERRORS.includes(line.item)).map((line) => line.item));
  const named = (data.failed_items || []).filter((item) => ERRORS.includes(item));
  return { lines, unnamed: [...failing].filter((item) => !named.includes(item)).sort(), unfounded: named.filter((item) => !failing.has(item)).sort() };
}

// Findings about the evidence in the data, and the lines.
function aboutEvidence(value) {
  if (!["verification_certificate", "result_notice"].includes(value.kind)) return { findings: [], lines: [] };
  const { evidence } = value.data;
  if (!evidence) return { findings: [{ code: "evidence_absent", good: null, facts: {} }], lines: [] };
  let done, book;
  try {
    done = rework(value.data);
    book = { rules: `${evidence.rules.standard}-${evidence.rules.edition}`, digest: evidence.rules.digest.slice(0, 12) };
  } catch (error) {
    return { findings: [{ code: "evidence_unreadable", good: false, facts: { reason: error.message } }], lines: [] };
  }
  const findings = done.lines.flatMap((line) => line.differences.map((one) => ({ code: "evidence_differs", good: false, facts: { item: line.item, where: line.where.join("|"), ...one } })));
  findings.push(...done.unnamed.map((item) => ({ code: "evidence_unnamed", good: false, facts: { item } })));
  findings.push(...done.unfounded.map((item) => ({ code: "evidence_unfounded", good: false, facts: { item } })));
  const stated = done.lines.filter((line) => line.isStated).length;
  if (!findings.length) findings.push({ code: "evidence_agrees", good: true, facts: { worked: String(done.lines.length - stated), stated: String(stated) } });
  findings.push({ code: "tables_not_here", good: null, facts: book });
  return { findings, lines: done.lines, chain: evidence.chain };
}
