// The shell's manners. No inline scripts, no eval; texts come from #texts in the page.
"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const texts = () => $("#texts")?.dataset ?? {};
  const keep = (name, value) => {
    document.cookie = `${name}=${value};path=/;max-age=31536000;samesite=lax`;
  };

  // -- notices -----------------------------------------------------------------------------
  function notice(text, kind = "error", link) {
    const box = $("#notices");
    if (!box) return;
    const line = document.createElement("div");
    line.className = `notice notice-${kind}`;
    line.setAttribute("role", "alert");
    line.append(text);
    if (link) {
      const anchor = document.createElement("a");
      anchor.href = link.url;
      anchor.target = "_blank";
      anchor.textContent = link.label;
      line.append(" ", anchor);
    }
    box.replaceChildren(line);
    line.scrollIntoView({ block: "nearest" });
  }
  function askLogin() {
    notice(texts().login, "warning", { url: texts().loginUrl, label: texts().loginLink });
  }
  window.dianheng = { notice, askLogin };

  // -- htmx: refusals are shown, a lost login never throws the page away ------------------------
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if ([403, 404, 409, 422].includes(xhr.status)) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
      event.detail.target = $("#notices");
      event.detail.swapOverride = "innerHTML";
      window.scrollTo({ top: 0 });
    }
  });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    if (event.detail.xhr.status === 401) {
      event.preventDefault();
      askLogin();
    }
  });
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status >= 500) notice(texts().broken);
  });
  document.addEventListener("htmx:sendError", () => notice(texts().lost, "warning"));

  // A login in another window gives a new token; pages opened before take it from the cookie.
  const csrf = () => document.cookie.split("; ").find((c) => c.startsWith("csrftoken="))?.slice(10);
  document.addEventListener("htmx:configRequest", (event) => {
    if (csrf()) event.detail.headers["X-CSRFToken"] = csrf();
  });
  document.addEventListener("submit", (event) => {
    const field = event.target.elements?.csrfmiddlewaretoken;
    if (field && csrf()) field.value = csrf();
  });

  // -- keys ----------------------------------------------------------------------------------
  const isField = (node) => node.closest?.("input, textarea, select, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    const ctrlK = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
    if (ctrlK || (event.key === "/" && !isField(event.target) && !event.ctrlKey && !event.altKey)) {
      const box = $("#find");
      if (box) {
        event.preventDefault();
        box.focus();
        box.select();
      }
    } else if (event.key === "F2") {
      const box = $("[data-scan-field]") ?? $("#scan-box");
      if (box) {
        event.preventDefault();
        box.focus();
        box.select?.();
      }
    } else if (event.key === "Escape") {
      for (const drop of $$("details[data-drop][open]")) {
        drop.open = false;
        if (drop.contains(event.target)) $("summary", drop).focus();
      }
      $("#found")?.replaceChildren();
      closeRail();
    }
  });
  // A scanner may end with Tab where another ends with Enter.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Tab" && !event.shiftKey && event.target.id === "scan-box" && event.target.value) {
      event.preventDefault();
      event.target.form.requestSubmit();
    }
  });
  document.addEventListener("click", (event) => {
    for (const drop of $$("details[data-drop][open]")) {
      if (!drop.contains(event.target)) drop.open = false;
    }
    if (!event.target.closest?.("[data-find]")) $("#found")?.replaceChildren();
    if (event.target.closest?.("[data-back]")) history.back();
    if (event.target.closest?.('[aria-disabled="true"]')) event.preventDefault();
  });
  $("[data-find]")?.addEventListener("keydown", (event) => {
    if (!["ArrowDown", "ArrowUp"].includes(event.key)) return;
    const stops = [$("#find"), ...$$("#found .hit")];
    const next = stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    if (stops[next]) {
      event.preventDefault();
      stops[next].focus();
    }
  });

  // -- rail and light -----------------------------------------------------------------------
  const rail = $("#rail");
  const railButton = $("[data-rail]");
  const isPhone = () => matchMedia("(max-width: 767.98px)").matches;
  if (railButton && isPhone()) railButton.setAttribute("aria-expanded", "false");
  function closeRail() {
    if (rail?.classList.contains("is-open")) {
      rail.classList.remove("is-open");
      railButton.setAttribute("aria-expanded", "false");
      railButton.focus();
    }
  }
  railButton?.addEventListener("click", (event) => {
    event.stopPropagation();
    if (isPhone()) {
      const open = rail.classList.toggle("is-open");
      railButton.setAttribute("aria-expanded", String(open));
      if (open) $("a", rail)?.focus();
    } else {
      const narrow = document.documentElement.classList.toggle("rail-narrow");
      keep("rail", narrow ? "narrow" : "wide");
      railButton.setAttribute("aria-expanded", String(!narrow));
    }
  });
  document.addEventListener("click", (event) => {
    if (rail && !rail.contains(event.target)) closeRail();
  });
  $("[data-theme-switch]")?.addEventListener("click", () => {
    const root = document.documentElement;
    const next = root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
    root.dataset.theme = next;
    keep("theme", next);
    window.dianhengTheme();
  });

  // -- to-do and jobs at the top: asked for after the page, quiet when logged out ---------------
  const statusUrl = $("[data-status-url]")?.dataset.statusUrl;
  const STATUS_S = 30;
  function showStatus(numbers) {
    for (const [name, number] of Object.entries(numbers)) {
      const badge = $(`[data-count="${name}"]`);
      if (!badge) continue;
      badge.textContent = number > 999 ? "999+" : number;
      badge.hidden = !number;
    }
  }
  async function status() {
    if (!statusUrl || document.hidden) return;
    try {
      const answer = await fetch(statusUrl, { headers: { Accept: "application/json" } });
      if (answer.status === 401 || answer.redirected) return askLogin();
      if (!answer.ok) return;
      const numbers = await answer.json();
      showStatus(numbers);
      sessionStorage.setItem("status", JSON.stringify({ at: Date.now(), numbers }));
    } catch {
      // The next turn asks again; what the person does says when the server is away.
    }
  }
  // -- a form that is drawn anew while somebody types keeps what was typed meanwhile -------------
  const isChosen = (field) => ["radio", "checkbox"].includes(field.type);
  const typedInto = (form) =>
    Array.from(form.elements).filter((field) => field.name && !["hidden", "file", "submit"].includes(field.type));
  const keyOf = (field) => `${field.name}=${isChosen(field) ? field.value : ""}`;
  const valueOf = (field) => (isChosen(field) ? field.checked : field.value);
  const stateOf = (form) => new Map(typedInto(form).map((field) => [keyOf(field), valueOf(field)]));
  const drawnAnew = new WeakMap(); // by request: what stood in the form when it went, then when it came
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, xhr } = event.detail;
    if (elt.matches("form")) drawnAnew.set(xhr, { form: elt, sent: stateOf(elt) });
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const request = drawnAnew.get(event.detail.xhr);
    if (request?.form.contains(event.detail.target)) request.now = stateOf(request.form);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const { form, sent, now } = drawnAnew.get(event.detail.xhr) ?? {};
    drawnAnew.delete(event.detail.xhr);
    if (!now || !form.isConnected) return;
    const typed = typedInto(form).filter(
      (field) => sent.has(keyOf(field)) && now.has(keyOf(field)) && sent.get(keyOf(field)) !== now.get(keyOf(field)),
    );
    for (const field of typed) {
      if (isChosen(field)) field.checked = now.get(keyOf(field));
      else field.value = now.get(keyOf(field));
    }
    typed[0]?.dispatchEvent(new Event("change", { bubbles: true })); // it was not sent yet
  });

  // The next page shows the same numbers unasked for half a minute, or until something is sent.
  const forgetStatus = () => sessionStorage.removeItem("status");
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "get") forgetStatus();
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.requestConfig.verb !== "get") forgetStatus();
  });
  if (statusUrl) {
    const kept = JSON.parse(sessionStorage.getItem("status") ?? "null");
    if (kept && Date.now() - kept.at < STATUS_S * 1000) showStatus(kept.numbers);
    else status();
    setInterval(status, STATUS_S * 1000);
    document.addEventListener("visibilitychange", status);
  }

  // -- charts: engine and drawer come only where there is one -----------------------------------
  function bringCharts() {
    const figure = $("[data-chart]");
    if (!figure || bringCharts.done) return;
    bringCharts.done = true;
    for (const src of [figure.dataset.engine, figure.dataset.drawer]) {
      const script = document.createElement("script");
      script.src = src;
      script.async = false;
      document.head.append(script);
    }
  }
  bringCharts();
  document.addEventListener("htmx:afterSettle", bringCharts);

  // -- lists: choosing many -------------------------------------------------------------------
  let lastChosen = null;
  function showChosen(list) {
    const bar = $("[data-action-bar]", list);
    if (!bar) return;
    const boxes = $$("[data-choose]", list);
    const chosen = boxes.filter((box) => box.checked);
    for (const box of boxes) box.closest("tr").classList.toggle("chosen", box.checked);
    const all = $("[data-choose-filtered]", list);
    bar.classList.toggle("is-open", chosen.length > 0 || all.checked);
    $("[data-chosen]", bar).textContent = texts().chosen.replace("{n}", chosen.length);
    const head = $("[data-choose-all]", list);
    head.checked = boxes.length > 0 && chosen.length === boxes.length;
    head.indeterminate = chosen.length > 0 && chosen.length < boxes.length;
  }
  document.addEventListener("click", (event) => {
    const box = event.target.closest?.("[data-choose]");
    if (!box) return;
    const list = box.closest("[data-list]");
    const boxes = $$("[data-choose]", list);
    if (event.shiftKey && boxes.includes(lastChosen)) {
      const [a, b] = [boxes.indexOf(lastChosen), boxes.indexOf(box)].sort((x, y) => x - y);
      for (const one of boxes.slice(a, b + 1)) one.checked = box.checked;
    }
    lastChosen = box;
    showChosen(list);
  });
  document.addEventListener("change", (event) => {
    const list = event.target.closest?.("[data-list]");
    if (!list) return;
    if (event.target.matches("[data-choose-all]")) {
      for (const box of $$("[data-choose]", list)) box.checked = event.target.checked;
      showChosen(list);
    } else if (event.target.matches("[data-choose-filtered]")) {
      showChosen(list);
    }
  });
  document.addEventListener("htmx:afterSettle", () => $$("[data-list]").forEach(showChosen));
  $$("[data-list]").forEach(showChosen);

  // -- forms -----------------------------------------------------------------------------------
  const half = (text) =>
    text.replace(/[！-～]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0)).replace(/　/g, " ");
  const pad = (number) => String(number).padStart(2, "0");
  // Today where the organisation is, whatever the clock of the computer is set to.
  function today() {
    const form = { timeZone: document.documentElement.dataset.zone, year: "numeric", month: "numeric", day: "numeric" };
    const parts = new Intl.DateTimeFormat("en", form).formatToParts();
    const part = (name) => Number(parts.find((one) => one.type === name).value);
    return new Date(part("year"), part("month") - 1, part("day"));
  }
  function day(text) {
    const words = half(text).trim().toLowerCase();
    const relative = /^t(?:([+-])(\d{1,5}))?$/.exec(words);
    let date;
    if (relative) {
      date = today();
      if (relative[2]) date.setDate(date.getDate() + Number(relative[1] + relative[2]));
    } else {
      const parts = /^(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?$/.exec(words);
      if (!parts) return null;
      date = new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]));
      if (date.getMonth() !== Number(parts[2]) - 1) return null;
    }
    return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  }
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (field.matches?.("[data-day]") && field.value && !field.closest(".filter-panel")) {
      field.value = day(field.value) ?? field.value;
    }
    if (field.matches?.('[inputmode="decimal"], [inputmode="numeric"]') && field.value) {
      field.value = half(field.value).trim();
      if (/^-?\d+,\d+$/.test(field.value)) {
        const meant = field.value.replace(",", ".");
        if (confirm(texts().comma.replace("{n}", meant))) field.value = meant;
      }
    }
  });

  // What was typed comes back after a reload, a lost login or a closed window. It is dropped
  // when a page follows the sending that is not the same form without a word of success.
  for (const name of Object.keys(sessionStorage).filter((key) => key.startsWith("sent:"))) {
    const still = $(`form[data-draft="${CSS.escape(name.slice(5))}"]`);
    if (!still || $(".notice-success")) localStorage.removeItem(`draft:${name.slice(5)}`);
    sessionStorage.removeItem(name);
  }
  for (const form of $$("form[data-draft]")) {
    const name = `draft:${form.dataset.draft}`;
    const fields = () => [...form.elements].filter((f) => f.name && !["hidden", "password", "file", "submit"].includes(f.type));
    const kept = JSON.parse(localStorage.getItem(name) ?? "null");
    if (kept && !form.dataset.answered) {
      let count = 0;
      for (const field of fields()) {
        if (!(field.name in kept)) continue;
        if (field.type === "checkbox" || field.type === "radio") {
          field.checked = kept[field.name].includes(field.value);
        } else if (field.value !== kept[field.name][0]) {
          field.value = kept[field.name][0];
          count += 1;
        }
      }
      if (count) notice(texts().draft, "info");
    }
    form.addEventListener("input", () => {
      const values = {};
      for (const field of fields()) {
        const isBox = field.type === "checkbox" || field.type === "radio";
        values[field.name] ??= [];
        if (!isBox || field.checked) values[field.name].push(field.value);
      }
      localStorage.setItem(name, JSON.stringify(values));
    });
    form.addEventListener("submit", () => sessionStorage.setItem(`sent:${form.dataset.draft}`, "1"));
  }

  // Fields that offer what fits while one types.
  let asked = 0;
  document.addEventListener("input", async (event) => {
    const field = event.target;
    if (!field.matches?.("[data-suggest]") || field.value.trim().length < 1) return;
    if (!field.list) {
      const list = document.createElement("datalist");
      list.id = `${field.id}-offers`;
      field.after(list);
      field.setAttribute("list", list.id);
    }
    const turn = ++asked;
    await new Promise((resolve) => setTimeout(resolve, 150));
    if (turn !== asked) return;
    const answer = await fetch(`${field.dataset.suggest}?q=${encodeURIComponent(field.value.trim())}`, {
      headers: { Accept: "application/json" },
    }).catch(() => null);
    if (!answer?.ok || turn !== asked) return;
    field.list.replaceChildren(...(await answer.json()).map(({ value, label }) => new Option(label, value)));
  });

  // Tables of values: arrows and Enter move, a block pasted from a spreadsheet fills.
  function gridField(table, row, column) {
    return table.rows[row]?.cells[column]?.querySelector("input:not([type=hidden]), select");
  }
  document.addEventListener("keydown", (event) => {
    const cell = event.target.closest?.("table[data-grid] td");
    if (!cell || event.ctrlKey || event.altKey) return;
    const row = cell.parentNode.rowIndex;
    const column = cell.cellIndex;
    const field = event.target;
    const atEdge = field.selectionStart === undefined || field.selectionStart === null;
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], Enter: [event.shiftKey ? -1 : 1, 0] };
    if (event.key === "ArrowLeft" && (atEdge || field.selectionStart === 0)) steps.ArrowLeft = [0, -1];
    if (event.key === "ArrowRight" && (atEdge || field.selectionEnd === field.value.length)) steps.ArrowRight = [0, 1];
    const step = steps[event.key];
    const next = step && gridField(cell.closest("table"), row + step[0], column + step[1]);
    if (step && (next || event.key === "Enter")) {
      event.preventDefault();
      next?.focus();
      next?.select?.();
    }
  });
  document.addEventListener("paste", (event) => {
    const cell = event.target.closest?.("table[data-grid] td");
    const text = event.clipboardData?.getData("text") ?? "";
    if (!cell || !/[\t\n]/.test(text.trimEnd())) return;
    event.preventDefault();
    const table = cell.closest("table");
    text.trimEnd().split(/\r?\n/).forEach((line, down) => {
      line.split("\t").forEach((value, right) => {
        const field = gridField(table, cell.parentNode.rowIndex + down, cell.cellIndex + right);
        if (!field) return;
        field.value = half(value).trim();
        field.dispatchEvent(new Event("input", { bubbles: true }));
        field.dispatchEvent(new Event("change", { bubbles: true }));
      });
    });
  });

  // Questions before what cannot be taken back; one sending only.
  document.addEventListener("submit", (event) => {
    const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
    if (question && !confirm(question)) {
      event.preventDefault();
      return;
    }
    if (event.target.method === "post" && event.target.dataset.sent === "1") event.preventDefault();
    else if (event.target.method === "post" && !event.target.hasAttribute("data-again")) {
      event.target.dataset.sent = "1";
      setTimeout(() => delete event.target.dataset.sent, 4000);
    }
  });
  window.addEventListener("pageshow", () => {
    for (const form of $$("form[data-sent]")) delete form.dataset.sent;
  });
})();
