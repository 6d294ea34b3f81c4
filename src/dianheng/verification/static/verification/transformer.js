// Typing a transformer's record: Enter follows the tester, each reading is checked when it is left.
"use strict";
(() => {
  const form = document.querySelector("form[data-typist]");
  if (!form) return;
  const words = form.querySelector(".form-foot").dataset;
  const half = (text) => text.replace(/[！-～]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0)).replace(/[−–]/g, "-").trim();
  const SCALE = 6;
  // Whole numbers of millionths, so that a tie is a tie; null where the text is no number.
  const exact = (text) => {
    const found = /^([+-]?)(\d*)(?:\.(\d{0,6}))?$/.exec(text);
    if (!found || !(found[2] || found[3])) return null;
    return (found[1] === "-" ? -1 : 1) * Number(`${found[2] || 0}${(found[3] ?? "").padEnd(SCALE, "0")}`);
  };
  const decimals = (text) => (text.split(".")[1] ?? "").length;

  // To the nearest multiple, ties to the even one: a hint for the eye, the server decides.
  function rounded(sum, count, interval) {
    const step = interval * count;
    let multiple = Math.floor(sum / step);
    const rest = 2 * (sum - multiple * step);
    if (rest > step || (rest === step && multiple % 2 !== 0)) multiple += 1;
    return multiple * interval;
  }
  function shown(value, places) {
    const text = (Math.abs(value) / 10 ** SCALE).toFixed(places);
    return value === 0 ? text : (value < 0 ? "−" : "+") + text;
  }

  function check(field) {
    const row = field.closest("tr");
    const group = field.dataset.group;
    const fields = [...row.querySelectorAll(`input[data-group="${group}"]`)];
    const said = [];
    let isOver = false;
    for (const item of new Set(fields.map((each) => each.dataset.item))) {
      const mine = fields.filter((each) => each.dataset.item === item && each.value.trim() !== "");
      if (!mine.length) continue;
      const { limit, interval, resolution } = mine[0].dataset;
      const values = mine.map((each) => exact(half(each.value)));
      let trouble = "";
      mine.forEach((each, place) => {
        const isShort = resolution && values[place] !== null && decimals(half(each.value)) < decimals(resolution);
        const isWrong = values[place] === null || isShort;
        if (isWrong) trouble = values[place] === null ? words.wordsNumber : `${words.wordsDigits} ${resolution}`;
        each.setAttribute("aria-invalid", String(isWrong));
        each.classList.toggle("over", isWrong);
      });
      if (trouble) {
        said.push(trouble);
        isOver = true;
        continue;
      }
      const value = rounded(values.reduce((sum, each) => sum + each, 0), values.length, exact(interval));
      const isOut = Math.abs(value) > exact(limit);
      const isNear = !isOut && Math.abs(value) > 0.8 * exact(limit);
      for (const each of mine) {
        each.classList.toggle("over", isOut);
        each.classList.toggle("near", isNear);
      }
      isOver ||= isOut;
      said.push(`${shown(value, decimals(interval))}${isOut ? ` ${words.wordsOver}` : ""}`);
    }
    const place = row.querySelector(`[data-check="${group}"]`);
    const text = said.length ? `${said.join(" / ")}${isOver ? "" : ` ${words.wordsWithin}`}` : "";
    if (place.textContent !== text) place.textContent = text;
    place.classList.toggle("is-over", isOver);
  }

  const readings = [...form.querySelectorAll("input[data-order]")].sort((a, b) => a.dataset.order - b.dataset.order);
  for (const field of readings) {
    if (field.value) check(field);
    field.addEventListener("change", () => check(field));
  }
  window.addEventListener("pageshow", () => readings.forEach((field) => field.value && check(field)));

  // Enter never sends by accident: it goes on, as a typist does.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    if (!event.ctrlKey && !event.target.matches("input, select")) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.ctrlKey) {
      event.target.dispatchEvent(new Event("change", { bubbles: true }));
      form.requestSubmit(form.querySelector(".btn-primary"));
      return;
    }
    const step = event.shiftKey ? -1 : 1;
    const place = readings.indexOf(event.target);
    let next = place >= 0 ? readings[place + step] : null;
    if (place < 0 || (step < 0 && !next)) {
      const before = [...form.querySelectorAll("input:not([type=hidden]), select")].filter((each) => !each.dataset.order);
      const here = place >= 0 ? before.length : before.indexOf(event.target);
      next = before[here + step] ?? (step > 0 ? readings[0] : event.target);
    }
    next ??= form.querySelector(".form-foot .btn-primary");
    next.focus();
    next.select?.();
  }, true);
})();
