// The table of a reviewer: arrows move, X takes a device out, R sends it back, Enter opens its record.
"use strict";
(() => {
  const table = document.querySelector("[data-decide]");
  if (!table) return;
  const rows = [...table.tBodies[0].rows];

  function go(row) {
    for (const each of rows) each.tabIndex = each === row ? 0 : -1;
    row.focus();
    row.scrollIntoView({ block: "nearest" });
  }
  function toggle(row, name, other) {
    const box = row.querySelector(`input[name="${name}"]`);
    if (!box || box.disabled) return;
    box.checked = !box.checked;
    const fellow = row.querySelector(`input[name="${other}"]:not(:disabled)`);
    if (box.checked && fellow) fellow.checked = false;
  }
  table.addEventListener("keydown", (event) => {
    const row = event.target.closest("tbody tr");
    if (!row || event.ctrlKey || event.altKey || event.metaKey) return;
    const place = rows.indexOf(row);
    const key = event.key.toLowerCase();
    const next = { arrowdown: 1, j: 1, arrowup: -1, k: -1 }[key];
    if (next !== undefined) {
      event.preventDefault();
      if (rows[place + next]) go(rows[place + next]);
    } else if (key === "x" || key === "r") {
      event.preventDefault();
      toggle(row, key === "x" ? "out" : "back", key === "x" ? "back" : "out");
    } else if (key === "enter" && event.target === row) {
      event.preventDefault();
      row.querySelector("a[href]")?.click();
    }
  });
  table.addEventListener("change", (event) => {
    const { name, checked } = event.target;
    if (!checked) return;
    const other = event.target.closest("tr").querySelector(`input[name="${name === "out" ? "back" : "out"}"]:not(:disabled)`);
    if (other) other.checked = false;
  });
})();
