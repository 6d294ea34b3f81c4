// The conclusion worked out again from the readings, as documents/signing/rework.py does it: exact
// fractions of whole numbers, half to the even multiple of the interval, no binary floats. Limits
// and intervals are held against the rule tables that were built into the page, where these judged.
"use strict";

const MEASURED = new Set(["clock_daily", "clock_value", "consistency", "constant", "demand", "deviation", "load_rise_fall", "register_combination", "stability", "tariff_switch", "unbalanced_difference", "up_down", "variation"]);
const PHASES = { A: "phase_a", B: "phase_b", C: "phase_c" };
const PLACES = 12; // decimals to which figures are held against each other
const OF_READINGS = new Set(["clock_daily", "clock_value", "consistency", "demand", "deviation", "load_rise_fall", "tariff_switch", "variation"]);
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
const minus = (a, b) => sum([a, { n: -b.n, d: b.d }]);
const over = (a, b) => { if (!b.n) throw new Error("divided by zero"); return b.n < 0n ? { n: -a.n * b.d, d: -a.d * b.n } : { n: a.n * b.d, d: a.d * b.n }; };
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

// Whether a stated figure is the found one, at the decimals of the stated one.
function isStated(stated, found) {
  const decimals = Math.min(PLACES, (stated.split(".")[1] || "").length);
  return written(found, decimals) === written(number(stated), decimals);
}

function figureDiffers(what, stated, found) {
  return !stated || isStated(stated, found) ? [] : [{ what, stated, found: plainText(found) }];
}

// Whether a limit or interval is that of the table, at six places as papers print them.
function tableDiffers(what, stated, found) {
  return plainText(number(stated)) === plainText(found) ? [] : [{ what, stated, found: plainText(found) }];
}

// The square root, to thirty decimals.
function rootOf(value) {
  const scaled = value.n * 10n ** 60n / value.d;
  if (scaled < 2n) return { n: scaled, d: 10n ** 30n };
  let root = 1n << BigInt(Math.ceil(scaled.toString(2).length / 2));
  for (let next = root; ;) {
    next = (root + scaled / root) >> 1n;
    if (next >= root) return { n: root, d: 10n ** 30n };
    root = next;
  }
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

// --- the rule tables -----------------------------------------------------------------------

// The tables of a book: { found: same, other or absent, rules }, lines of limits as objects.
function tablesOf(book, tables) {
  const known = tables.find((one) => one.standard === book.standard && one.edition === book.edition);
  if (!known) return { found: "absent", rules: null };
  if (known.digest !== book.digest) return { found: "other", rules: null };
  const limits = known.limits.map((cells) => Object.fromEntries(known.heads.map((head, at) => [head, cells[at]])));
  return { found: "same", rules: { ...known, limits } };
}

function figureOf(rules, row) {
  if (!Object.hasOwn(rules.figures, row)) throw new Error(`no figure ${row.slice(0, 60)}`);
  return number(rules.figures[row]);
}

function readLoad(text) {
  const found = /^([0-9.]{0,12})\s*\*?\s*(Imax|Itr|Imin|Ib|In)$/i.exec(text.trim());
  if (!found) throw new Error(`not a current: ${text.slice(0, 40)}`);
  const multiple = number(found[1] ? `0${found[1]}`.replace(/\.$/, "") : "1");
  if (multiple.n <= 0n) throw new Error("a load current is greater than zero");
  return { multiple, of: found[2].toLowerCase() };
}

function readFactor(text) {
  const found = /^([01](?:\.[0-9]{1,3})?)\s*([LC]?)$/i.exec(text.trim());
  const value = found ? number(found[1]) : { n: 0n, d: 1n };
  if (value.n <= 0n || value.n > value.d) throw new Error(`not a factor: ${text.slice(0, 40)}`);
  return value.n === value.d ? "1.0" : plainText(value) + found[2].toUpperCase();
}

// The current as a multiple of the base current; null for a part of Imax where that is not known.
function ratioToBase(load, connection, imax, rules) {
  if (load.of === "ib" || load.of === "in") return load.multiple;
  if (load.of === "imax") return imax && times(load.multiple, imax);
  if (load.of === "itr") return over(load.multiple, number(rules.itr_per_base[connection]));
  throw new Error("Imin is not a fixed multiple of the base current");
}

function rowHolds(row, load, ratio, imax) {
  const from = number(row.from_ratio), hasEnd = row.to_ratio !== "Imax";
  if (!ratio) return compare(load.multiple, number("1")) <= 0 && compare(load.multiple, from) >= 0 && !hasEnd;
  if (compare(ratio, from) < 0) return false;
  if (!hasEnd) return !imax || compare(ratio, imax) <= 0;
  const end = compare(ratio, number(row.to_ratio));
  return end < 0 || (row.is_to_included === "yes" && end === 0);
}

// Limit, interval and row of a point of a meter; the first row that holds decides.
function meterRule(rules, data, point) {
  const { evidence } = data, classes = data.device.accuracy_class, cut = classes.indexOf(" / ");
  const measure = point.direction.startsWith("reactive") ? "reactive" : "active";
  const active = cut < 0 ? classes : classes.slice(0, cut), reactive = cut < 0 ? "" : classes.slice(cut + 3);
  const accuracy = measure === "reactive" ? reactive : active;
  const factor = measure === "reactive" ? readFactor(point.power_factor).replace(/[LC]+$/, "") : readFactor(point.power_factor);
  const imax = evidence.imax_ratio ? number(evidence.imax_ratio) : null;
  const load = readLoad(point.current), ratio = ratioToBase(load, evidence.connection, imax, rules);
  const row = rules.limits.find((one) => one.measure === measure
    && one.loading === (point.load === "balanced" ? "balanced" : "single_phase")
    && one.connection === evidence.connection && one.accuracy_class === accuracy && one.factor === factor
    && rowHolds(one, load, ratio, imax));
  if (!row) throw new Error("no limit at this load point");
  return { limit: number(row.limit_pct), interval: figureOf(rules, `rounding_interval_pct/${measure}/${accuracy}`), row: row.row };
}

function meterTables(rules, data, point) {
  const { evidence } = data, rule = meterRule(rules, data, point);
  const differences = [...tableDiffers("limit", point.limit_pct, rule.limit), ...tableDiffers("interval", point.interval_pct, rule.interval)];
  if (point.row !== rule.row) differences.push({ what: "row", stated: point.row, found: rule.row });
  const first = figureOf(rules, "readings/first_count"), extra = figureOf(rules, "readings/extra_count");
  if (compare(first, number(String(evidence.first_count)))) differences.push({ what: "first_count", stated: String(evidence.first_count), found: plainText(first) });
  if (evidence.extra_from_ratio && compare(rule.limit, number(point.limit_pct)) === 0) {
    const bounds = (from, to) => [from, to].map((part) => times(rule.limit, part));
    const said = bounds(number(evidence.extra_from_ratio), number(evidence.extra_to_ratio));
    const found = bounds(figureOf(rules, "readings/extra_from_ratio"), figureOf(rules, "readings/extra_to_ratio"));
    if (compare(extra, number(String(evidence.extra_count))) || said.some((each, at) => compare(each, found[at]))) {
      differences.push({ what: "extra_rule", stated: said.map(plainText).join("–"), found: found.map(plainText).join("–") });
    }
  }
  return differences;
}

// Limits of both errors of a transformer; between two points of the table they follow a line.
function transformerRule(rules, part, accuracy, percent) {
  const at = number(percent);
  const points = rules.limits.filter((one) => one.device === part && one.accuracy_class === accuracy)
    .map((one) => ({ ...one, at: number(one.percent_rated) })).sort((a, b) => compare(a.at, b.at));
  if (!points.length) throw new Error("no limits for this class");
  const place = points.findIndex((one) => compare(one.at, at) >= 0);
  const isAt = place >= 0 && compare(points[place].at, at) === 0;
  if (!isAt && place <= 0) throw new Error("no limits at this point");
  const ends = isAt ? [points[place]] : [points[place - 1], points[place]];
  const named = ends.map((one) => one.row);
  if (!isAt) {
    named.push("interpolation/between_points");
    if (!Object.hasOwn(rules.figures, named[2]) && !rules.words.includes(named[2])) throw new Error("no rule between points");
  }
  const rule = (name, unit) => {
    const [low, high] = ends.map((one) => number(one[name])), interval = `rounding_interval_${unit}/${accuracy}`;
    const limit = isAt ? low : sum([low, over(times(minus(high, low), minus(at, ends[0].at)), minus(ends[1].at, ends[0].at))]);
    return { limit, interval: figureOf(rules, interval), row: [...named, interval].join(" + ") };
  };
  return { ratio_error: rule("f_pct", "pct"), phase_displacement: rule("delta_min", "min") };
}

function itemTables(rules, item) {
  return item.row.split(" + ").flatMap((part) => {
    if (!Object.hasOwn(rules.figures, part)) return [];
    if (part.includes("interval") && item.interval) return tableDiffers("interval", item.interval, number(rules.figures[part]));
    return /limit_(?:s|min|s_per_d|pct)(?:\/|$)/.test(part) ? tableDiffers("limit", item.limit_high, number(rules.figures[part])) : [];
  });
}

// --- points, sheets, items -----------------------------------------------------------------

// Mean that is judged at a point of a meter, and whether all readings are there; null: nothing to judge.
function meanAt(point, evidence) {
  const first = evidence.first_count, readings = point.readings_pct.map(number);
  if (!point.interval_pct || !point.limit_pct || !(first > 0 && first <= readings.length)) return null;
  const limit = number(point.limit_pct);
  let value = meanOf(readings.slice(0, first)), isComplete = true;
  if (evidence.extra_from_ratio && evidence.extra_to_ratio) {
    const size = sizeOf(value), more = readings.length - first;
    if (compare(size, times(limit, number(evidence.extra_from_ratio))) >= 0 && compare(size, times(limit, number(evidence.extra_to_ratio))) <= 0) {
      isComplete = more >= evidence.extra_count;
      if (more) value = meanOf(readings);
    }
  }
  return { value, isComplete };
}

function ofPoint(point, data, rules) {
  const { evidence } = data;
  const line = {
    item: "basic_error", where: [point.direction, point.load, point.current, point.power_factor], unit: "%",
    readings: point.readings_pct, first: evidence.first_count, interval: point.interval_pct, limit: point.limit_pct, row: point.row,
  };
  const seen = meanAt(point, evidence);
  if (!seen) return { ...line, isStated: true, conclusion: point.conclusion, differences: [] };
  const done = judged({ ...seen, interval: point.interval_pct, limit: point.limit_pct, statedMean: point.mean_pct, statedRounded: point.rounded_pct, stated: point.conclusion });
  if (rules) done.differences.push(...meterTables(rules, data, point));
  return { ...line, ...done };
}

function ofSheet(sheet, ruleSet) {
  return sheet.points.flatMap((point) => {
    const rules = ruleSet && transformerRule(ruleSet, sheet.part, sheet.accuracy_class, point.percent);
    return [["ratio_error", "%", "f", "pct"], ["phase_displacement", "′", "delta", "min"]].map(([item, unit, name, ending]) => {
      const readings = point[`${name}_readings_${ending}`], limit = point[`${name}_limit_${ending}`];
      const interval = point[`${name}_interval_${ending}`], conclusion = point[`${name}_conclusion`];
      const line = {
        item, where: [sheet.part, sheet.phase, sheet.ratio, point.burden, `${point.percent} %`], unit,
        readings, first: readings.length, interval, limit, row: point[`${name}_row`],
      };
      if (!interval || !limit || !readings.length || conclusion === "not_judged") return { ...line, isStated: true, conclusion, differences: [] };
      const done = judged({ value: meanOf(readings.map(number)), interval, limit, statedRounded: point[`${name}_${ending}`], stated: conclusion });
      if (rules) {
        const rule = rules[item];
        done.differences.push(...tableDiffers("limit", limit, rule.limit), ...tableDiffers("interval", interval, rule.interval));
        if (line.row !== rule.row) done.differences.push({ what: "row", stated: line.row, found: rule.row });
      }
      return { ...line, ...done };
    });
  });
}

const isAtBase = (point) => {
  const load = readLoad(point.current), isOne = compare(load.multiple, number("1")) === 0;
  return isOne && (load.of === "ib" || load.of === "in") && readFactor(point.power_factor) === "1.0";
};

// Load in one phase against balanced load, at base current and factor 1.
function loadDifferences(item, data) {
  const atBase = data.points.filter(isAtBase), means = (points) => points.map((one) => meanAt(one, data.evidence)).filter(Boolean);
  return atBase.filter((one) => Object.hasOwn(PHASES, item.conditions) && one.load === PHASES[item.conditions]).flatMap((one) => {
    const balanced = means(atBase.filter((each) => each.load === "balanced" && each.direction === one.direction));
    return means([one]).flatMap((single) => balanced.map((each) => minus(single.value, each.value)));
  });
}

// Falling less rising at all points of a transformer, of the error that the item is about.
function risesAndFalls(item, data) {
  return data.sheets.flatMap((sheet) => sheet.points)
    .map((point) => (item.unit === "%" ? point.f_readings_pct : point.delta_readings_min))
    .filter((run) => run.length > 1).map((run) => minus(number(run[run.length - 1]), number(run[0])));
}

// What the value of an item is by the rest of the data; empty where they do not say it.
function valuesOf(item, data) {
  const facts = Object.fromEntries(item.facts), has = (...names) => names.every((name) => Object.hasOwn(facts, name));
  const fact = (name) => number(facts[name]);
  if (item.item === "unbalanced_difference") return loadDifferences(item, data);
  if (item.item === "up_down") return risesAndFalls(item, data);
  if (item.item === "demand" && has("meter_kw", "standard_kw")) return [times(over(minus(fact("meter_kw"), fact("standard_kw")), fact("standard_kw")), number("100"))];
  if (item.item === "register_combination" && has("total_kwh", "rates_kwh")) return [minus(fact("total_kwh"), sum(facts.rates_kwh.split(", ").map(number)))];
  if (item.item === "constant" && has("register_kwh")) {
    if (has("reference_kwh")) return [minus(fact("register_kwh"), fact("reference_kwh"))];
    const perKwh = data.device.constant.split(" ")[0];
    if (has("pulses") && perKwh) return [minus(fact("register_kwh"), over(fact("pulses"), number(perKwh)))];
  }
  return OF_READINGS.has(item.item) && item.readings.length ? ofReadings(item, facts) : [];
}

function ofReadings(item, facts) {
  const readings = item.readings.map(number), count = readings.length;
  switch (item.item) {
    case "clock_daily": case "demand": return [meanOf(readings)];
    case "clock_value": case "tariff_switch": return [readings.reduce((most, each) => (compare(sizeOf(each), sizeOf(most)) > 0 ? each : most))];
    case "deviation": {
      if (count < 2) return [];
      const centre = meanOf(readings), squares = readings.map((each) => minus(each, centre)).map((each) => times(each, each));
      return [rootOf(over(sum(squares), { n: BigInt(count - 1), d: 1n }))];
    }
    case "consistency": return Object.hasOwn(facts, "group_mean_pct") ? [minus(meanOf(readings), number(facts.group_mean_pct))] : [];
    default: return count === 2 ? [minus(readings[1], readings[0])] : [];
  }
}

function ofItem(item, data, rules) {
  const line = {
    item: item.item, where: [item.conditions], unit: item.unit, first: 0, interval: item.interval, row: item.row,
    readings: item.facts.length ? [] : item.readings, facts: item.facts,
    limit: item.limit_high || item.limit_low,
  };
  if (!MEASURED.has(item.item) || !item.value || !item.limit_high || item.conclusion === "not_judged") return { ...line, isStated: true, conclusion: item.conclusion, differences: [] };
  const values = valuesOf(item, data);
  const value = values.find((each) => isStated(item.value, each)) || values[0] || number(item.value);
  const done = judged({ value, interval: item.interval, limit: item.limit_high, statedRounded: item.interval ? item.result : "", stated: item.conclusion });
  done.differences.unshift(...figureDiffers("value", item.value, value));
  if (rules) done.differences.push(...itemTables(rules, item));
  return { ...line, ...done };
}

// An error has readings but no conclusion, or a conclusion that rests on nothing.
const isUnjudged = (line) => ERRORS.includes(line.item) && (line.isStated || line.conclusion === "not_judged")
  && (line.readings.length > 0 || line.conclusion !== "not_judged");

// All lines of a certificate or notice; the errors that fail without being named or the other way
// round; those that a certificate leaves open.
function rework(data, tables = []) {
  const { found, rules } = tablesOf(data.evidence.rules, tables);
  const lines = [
    ...data.points.map((point) => ofPoint(point, data, rules)), ...data.sheets.flatMap((sheet) => ofSheet(sheet, rules)),
    ...data.items.map((item) => ofItem(item, data, rules)),
  ];
  const failing = new Set(lines.filter((line) => line.conclusion === "fail" && ERRORS.includes(line.item)).map((line) => line.item));
  const named = (data.failed_items || []).filter((item) => ERRORS.includes(item));
  const open = data.failed_items ? [] : lines.filter(isUnjudged).map((line) => line.item);
  return {
    lines, tables: found, unnamed: [...failing].filter((item) => !named.includes(item)).sort(),
    unfounded: named.filter((item) => !failing.has(item)).sort(), unjudged: [...new Set(open)].sort(),
  };
}

// Findings about the evidence in the data, and the lines.
function aboutEvidence(value, tables) {
  if (!["verification_certificate", "result_notice"].includes(value.kind)) return { findings: [], lines: [] };
  const { evidence } = value.data;
  if (!evidence) return { findings: [{ code: "evidence_absent", good: null, facts: {} }], lines: [] };
  let done, book;
  try {
    done = rework(value.data, tables);
    book = { rules: `${evidence.rules.standard}-${evidence.rules.edition}`, digest: evidence.rules.digest.slice(0, 12) };
  } catch (error) {
    return { findings: [{ code: "evidence_unreadable", good: false, facts: { reason: error.message } }], lines: [] };
  }
  const findings = done.lines.flatMap((line) => line.differences.map((one) => ({ code: "evidence_differs", good: false, facts: { item: line.item, where: line.where.join("|"), ...one } })));
  for (const code of ["unnamed", "unfounded", "unjudged"]) findings.push(...done[code].map((item) => ({ code: `evidence_${code}`, good: false, facts: { item } })));
  const stated = done.lines.filter((line) => line.isStated).length;
  if (!findings.length) findings.push({ code: "evidence_agrees", good: true, facts: { worked: String(done.lines.length - stated), stated: String(stated) } });
  findings.push({ code: `tables_${done.tables}`, good: done.tables === "same" ? true : null, facts: book });
  return { findings, lines: done.lines, chain: evidence.chain };
}
