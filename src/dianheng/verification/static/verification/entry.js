// Entering results by hand: what lies near or over the limit, or apart from its fellow, is marked at once.
"use strict";
(() => {
  const table = document.querySelector("[data-entry]");
  if (!table) return;
  const half = (text) =>
    text.replace(/[！-～]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0)).replace(",", ".");
  const read = (field) => {
    const text = half(field.value).trim();
    return /^[+-]?\d*\.?\d+$/.test(text) ? Number(text) : null;
  };

  // A hint for the eye; the server judges by exact decimals.
  function mark(row) {
    const limit = Number(row.dataset.limit);
    const near = Number(row.dataset.near);
    const fields = [...row.querySelectorAll("input")];
    const values = fields.map(read);
    const known = values.filter((value) => value !== null);
    const middle = [...known].sort((a, b) => a - b)[Math.floor((known.length - 1) / 2)];
    fields.forEach((field, place) => {
      const value = values[place];
      const isWrong = value === null && field.value.trim() !== "";
      const size = Math.abs(value ?? 0);
      field.classList.toggle("over", isWrong || (limit > 0 && size > limit));
      field.classList.toggle("near", limit > 0 && size >= near && size <= limit);
      field.classList.toggle("odd", known.length > 1 && value !== null && limit > 0 && Math.abs(value - middle) > limit / 3);
      field.setAttribute("aria-invalid", String(isWrong));
    });
    const mean = known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
    row.querySelector("[data-mean]").textContent = mean === null ? "" : `${mean >= 0 ? "+" : "−"}${Math.abs(mean).toFixed(4)}`;
  }
  for (const row of table.tBodies[0].rows) mark(row);
  table.addEventListener("input", (event) => mark(event.target.closest("tr")));
})();
