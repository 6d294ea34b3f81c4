// Scanning: the field keeps the focus, every code is kept until the server has answered for it.
"use strict";
(() => {
  const BATCH = 200;
  const SHOWN_EXCEPTIONS = 500;
  // Codes of the command card: gloves stay on.
  const COMMANDS = { "DH-UNDO": "undo", "DH-BOOK": "book" };

  const half = (text) =>
    text.replace(/[！-～]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0));
  // AIM prefix (]C1, ]Q3 …) and control signs are the scanner's, not the code's.
  const clean = (text) =>
    half(text).replace(/[\u0000-\u001f\u007f\u200b\ufeff]/g, "").trim().replace(/^\][A-Za-z][0-9A-Za-z]/, "");
  const cookie = (name) =>
    document.cookie.split("; ").find((c) => c.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
  function newKey() {
    if (crypto.randomUUID) return crypto.randomUUID();
    return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
  }

  // -- three sounds ----------------------------------------------------------------------------
  let audio = null;
  const TONES = {
    good: [[1320, 0, 0.09]],
    repeat: [[880, 0, 0.07], [880, 0.12, 0.07]],
    refused: [[196, 0, 0.2], [165, 0.2, 0.3]],
  };
  function sound(outcome) {
    if (localStorage.getItem("scan:mute") === "1" || !TONES[outcome]) return;
    const Kind = window.AudioContext ?? window.webkitAudioContext;
    if (!Kind) return;
    audio ??= new Kind();
    audio.resume?.();
    for (const [pitch, start, length] of TONES[outcome]) {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      const from = audio.currentTime + start;
      tone.type = outcome === "refused" ? "square" : "sine";
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(outcome === "refused" ? 0.12 : 0.25, from);
      volume.gain.exponentialRampToValueAtTime(0.001, from + length);
      tone.connect(volume).connect(audio.destination);
      tone.start(from);
      tone.stop(from + length);
    }
    if (outcome === "refused") navigator.vibrate?.(200);
  }

  // -- the queue: kept per person, so nobody sends another's scans under their own name ---------
  class Queue {
    constructor(name) {
      this.name = name;
    }
    read() {
      try {
        return JSON.parse(localStorage.getItem(this.name) ?? "[]");
      } catch {
        return [];
      }
    }
    write(scans) {
      if (scans.length) localStorage.setItem(this.name, JSON.stringify(scans));
      else localStorage.removeItem(this.name);
    }
    add(scans) {
      this.write([...this.read(), ...scans]);
    }
    drop(keys) {
      this.write(this.read().filter((scan) => !keys.has(scan.key)));
    }
  }

  class Scan {
    constructor(section) {
      this.section = section;
      this.$ = (selector) => section.querySelector(selector);
      const { endpoint, session, person } = section.dataset;
      this.endpoint = endpoint;
      this.session = session;
      this.queue = new Queue(`scan:${person}:${endpoint}:${session}`);
      this.undoName = `${this.queue.name}:undo`;
      this.field = this.$("[data-scan-field]");
      this.sending = false;
      this.stopped = false;
      this.next = null;
      this.wait = 0;
      this.listen();
      this.showQueue("");
      this.send();
      // A page may ask for another field first.
      const aim = document.querySelector("main [autofocus]:not([data-scan-field])");
      (aim ?? this.field).focus();
    }

    // -- what comes in -------------------------------------------------------------------------
    take(text) {
      // A pasted column is kept with one write: the queue is read and written as a whole.
      let scans = [];
      const keep = () => {
        if (scans.length) this.keep(scans);
        scans = [];
      };
      for (const line of text.split(/[\r\n\t]+/)) {
        const code = clean(line);
        if (COMMANDS[code]) {
          keep();
          this[COMMANDS[code]]();
        } else if (code) scans.push({ key: newKey(), code, at: new Date().toISOString() });
      }
      keep();
      this.send();
    }

    keep(scans) {
      try {
        this.queue.add(scans);
      } catch {
        this.state(this.section.dataset.textFull);
        sound("refused");
        return;
      }
      if (this.offline || this.stopped) {
        this.show({ outcome: "waiting", title: scans.at(-1).code ?? "", text: "" });
      }
      this.showQueue();
    }

    undo() {
      const done = this.undoable();
      const waiting = this.queue.read().filter((scan) => scan.code);
      const last = waiting.at(-1);
      if (last && !(this.sending && this.inFlight.has(last.key))) {
        this.queue.drop(new Set([last.key]));
        this.show({ outcome: "undone", title: last.code, text: "" });
        this.showQueue();
        return;
      }
      const key = done.pop();
      if (!key) {
        this.state(this.section.dataset.textNothing);
        return;
      }
      sessionStorage.setItem(this.undoName, JSON.stringify(done));
      this.keep([{ key: newKey(), undo: key, at: new Date().toISOString() }]);
      this.send();
    }

    book() {
      this.whenAnswered(() => document.querySelector("[data-scan-book]")?.requestSubmit());
    }

    // Goes on as soon as every scan has been answered.
    whenAnswered(act) {
      this.next = act;
      this.send();
    }

    undoable() {
      return JSON.parse(sessionStorage.getItem(this.undoName) ?? "[]");
    }

    // -- sending: one request at a time, in order ------------------------------------------------
    async send() {
      if (this.sending || this.stopped) return;
      const scans = this.queue.read().slice(0, BATCH);
      if (!scans.length) {
        const next = this.next;
        this.next = null;
        this.showQueue("");
        return next?.();
      }
      clearTimeout(this.timer);
      this.sending = true;
      this.inFlight = new Set(scans.map((scan) => scan.key));
      let answer = null;
      let body = null;
      try {
        answer = await fetch(this.endpoint, {
          method: "POST",
          credentials: "same-origin",
          redirect: "manual",
          headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": cookie("csrftoken") },
          body: JSON.stringify({ session: this.session, scans }),
        });
        body = await answer.json();
      } catch {
        body = null;
      }
      this.sending = false;
      this.inFlight = new Set();
      if (answer?.ok && body?.results) {
        this.offline = false;
        this.wait = 0;
        const keys = new Set(body.results.map((result) => result.key).filter((key) => scans.some((s) => s.key === key)));
        this.queue.drop(keys);
        this.answered(body, scans);
        this.showQueue("");
        // Scans that the server did not answer for stay, but do not make a loop.
        if (keys.size) this.send();
        else this.later(this.section.dataset.textOffline);
      } else if (body?.code && ![401, 403, 500, 502, 503, 504].includes(answer.status)) {
        this.refusedWhole(body.text);
      } else if (answer?.status === 403 && body?.code === "no_right") {
        this.refusedWhole(body.text);
      } else {
        const isLogin = answer && (answer.status === 401 || answer.status === 403 || answer.type === "opaqueredirect");
        this.offline = true;
        this.$("[data-scan-login]").hidden = !isLogin;
        this.later(isLogin ? this.section.dataset.textLogin : this.section.dataset.textOffline);
      }
    }

    later(text) {
      this.state(text);
      this.wait = Math.min(10000, (this.wait || 1000) * 1.6);
      this.timer = setTimeout(() => this.send(), this.wait);
    }

    refusedWhole(text) {
      this.next = null;
      this.stopped = true;
      this.state(text);
      this.$("[data-scan-again]").hidden = false;
      this.$("[data-scan-discard]").hidden = false;
      this.show({ outcome: "refused", title: "", text });
      sound("refused");
    }

    // -- what came back --------------------------------------------------------------------------
    answered(body, scans) {
      const codes = new Map(scans.map((scan) => [scan.key, scan.code ?? ""]));
      const done = this.undoable();
      for (const result of body.results) {
        if (result.outcome === "good") done.push(result.key);
        if (result.outcome === "refused") this.exception(result, codes.get(result.key));
        this.section.dispatchEvent(new CustomEvent("scan:result", { bubbles: true, detail: result }));
      }
      sessionStorage.setItem(this.undoName, JSON.stringify(done.slice(-200)));
      const last = body.results.at(-1);
      if (!last) return;
      const worst = body.results.find((result) => result.outcome === "refused") ?? last;
      this.show({ ...worst, title: worst.title || codes.get(worst.key) });
      sound(worst.outcome);
      const count = body.total ?? last.count;
      if (count !== undefined && count !== null) this.$("[data-scan-count]").textContent = count;
      if (last.expected) {
        this.$("[data-scan-expected]").textContent = last.expected;
        this.$("[data-scan-expected]").parentNode.hidden = false;
      }
    }

    show(result) {
      const last = this.$("[data-scan-last]");
      last.dataset.outcome = result.outcome;
      const word = last.querySelector(".scan-word");
      word.textContent = word.dataset[result.outcome] ?? "";
      last.querySelector(".scan-title").textContent = result.title ?? "";
      last.querySelector(".scan-text").textContent = result.text ?? "";
      last.querySelector(".scan-next").replaceChildren(
        ...(result.next ?? []).map(({ label, url }) => {
          const link = document.createElement("a");
          link.className = "btn";
          link.href = url;
          link.textContent = label;
          return link;
        }),
      );
    }

    exception(result, code) {
      const box = this.$("[data-scan-exceptions]");
      const line = document.createElement("li");
      const name = document.createElement("b");
      name.className = "code";
      name.textContent = result.title || code;
      line.append(name, " ", result.text ?? "");
      const list = box.querySelector("ol");
      list.prepend(line);
      if (list.children.length > SHOWN_EXCEPTIONS) list.lastChild.remove();
      box.hidden = false;
      const number = this.$("[data-scan-exception-count]");
      number.textContent = Number(number.textContent) + 1;
    }

    state(text) {
      this.$("[data-scan-state-text]").textContent = text;
      this.$("[data-scan-state]").hidden = !text;
    }

    showQueue(text) {
      const count = this.queue.read().length;
      if (text === "" && !count) {
        this.state("");
        this.$("[data-scan-login]").hidden = true;
        this.$("[data-scan-again]").hidden = true;
        this.$("[data-scan-discard]").hidden = true;
      }
      this.$("[data-scan-queued]").textContent = count ? `${count} ${this.section.dataset.textQueued}` : "";
      if (count && (this.offline || this.stopped)) this.$("[data-scan-state]").hidden = false;
    }

    // -- keys, focus, buttons ----------------------------------------------------------------------
    listen() {
      const commit = () => {
        const text = this.field.value;
        this.field.value = "";
        if (text.trim()) this.take(text);
      };
      this.$("[data-scan-form]").addEventListener("submit", (event) => {
        event.preventDefault();
        event.stopPropagation();
        commit();
      });
      this.field.addEventListener("keydown", (event) => {
        if (event.isComposing) return;
        if (event.key === "Enter" || (event.key === "Tab" && !event.shiftKey && this.field.value)) {
          event.preventDefault();
          commit();
        }
      });
      this.field.addEventListener("paste", (event) => {
        const text = event.clipboardData?.getData("text") ?? "";
        if (!/[\r\n\t]/.test(text.trim())) return;
        event.preventDefault();
        this.take(text);
      });
      // A scanner that types while a button has the focus: the code goes to the field all the same.
      document.addEventListener(
        "keydown",
        (event) => {
          const isText = event.target.matches?.("input:not([type=checkbox]):not([type=radio]), textarea, select");
          if (isText || event.key.length !== 1 || event.ctrlKey || event.altKey || event.metaKey) return;
          if (event.key === " " || event.key === "/") return;
          event.preventDefault();
          event.stopPropagation();
          this.field.focus();
          this.field.value += event.key;
        },
        true,
      );
      const back = (event) => {
        if (!event?.target?.closest?.("a, button, input, select, textarea, summary, label, details, [contenteditable]")) {
          if (!String(getSelection())) this.field.focus({ preventScroll: true });
        }
      };
      document.addEventListener("click", back);
      // What comes next counts what was scanned: a hand that is quicker than the line waits for it.
      const hold = (event, act) => {
        if (event.defaultPrevented || this.stopped || this.offline || !this.queue.read().length) return;
        event.preventDefault();
        this.whenAnswered(act);
      };
      document.addEventListener("click", (event) => {
        const link = event.target.closest?.("main a[href]:not([target], [download])");
        const isPlain = !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
        if (link && isPlain) hold(event, () => location.assign(link.href));
      });
      document.addEventListener("submit", (event) => {
        const { target, submitter } = event;
        if (target.matches("main form")) hold(event, () => target.requestSubmit(submitter));
      });
      window.addEventListener("focus", () => {
        if (document.activeElement === document.body) this.field.focus({ preventScroll: true });
        this.send();
      });
      window.addEventListener("online", () => this.send());
      document.addEventListener("visibilitychange", () => document.hidden || this.send());
      window.addEventListener("storage", (event) => event.key === this.queue.name && this.showQueue());
      const on = (name, action) =>
        this.$(`[data-scan-${name}]`)?.addEventListener("click", (event) => {
          action(event.currentTarget);
          this.field.focus({ preventScroll: true });
        });
      on("undo", () => this.undo());
      on("again", () => {
        this.stopped = false;
        this.wait = 0;
        this.$("[data-scan-again]").hidden = true;
        this.$("[data-scan-discard]").hidden = true;
        this.send();
      });
      on("discard", () => {
        const scans = this.queue.read();
        if (!confirm(this.section.dataset.textDiscard.replace("{n}", scans.length))) return;
        this.queue.write([]);
        this.stopped = false;
        this.showQueue("");
      });
      on("keyboard", () => {
        this.field.inputMode = this.field.inputMode === "none" ? "text" : "none";
        this.field.blur();
      });
      const mute = this.$("[data-scan-sound]");
      const showMute = () => mute.setAttribute("aria-pressed", String(localStorage.getItem("scan:mute") !== "1"));
      on("sound", () => {
        localStorage.setItem("scan:mute", localStorage.getItem("scan:mute") === "1" ? "0" : "1");
        showMute();
        sound("good");
      });
      showMute();
      const camera = this.$("[data-scan-camera]");
      camera.hidden = !navigator.mediaDevices?.getUserMedia;
      camera.addEventListener("click", () => this.camera());
    }

    // -- camera --------------------------------------------------------------------------------------
    async camera() {
      const view = this.$("[data-scan-view]");
      const video = view.querySelector("video");
      if (!view.hidden) {
        video.srcObject?.getTracks().forEach((track) => track.stop());
        view.hidden = true;
        return;
      }
      try {
        video.srcObject = await navigator.mediaDevices.getUserMedia({
          video: { facingMode: "environment", width: { ideal: 1280 } },
        });
        view.hidden = false;
        await video.play();
        const detector = await this.detector();
        const track = video.srcObject.getVideoTracks()[0];
        const torch = this.$("[data-scan-torch]");
        torch.hidden = !track.getCapabilities?.().torch;
        torch.onclick = () => {
          torch.ariaPressed = torch.ariaPressed === "true" ? "false" : "true";
          track.applyConstraints({ advanced: [{ torch: torch.ariaPressed === "true" }] });
        };
        const seen = new Map();
        while (!view.hidden) {
          for (const { rawValue } of await detector.detect(video).catch(() => [])) {
            const now = Date.now();
            if (now - (seen.get(rawValue) ?? 0) > 3000) this.take(rawValue);
            seen.set(rawValue, now);
          }
          await new Promise((resolve) => setTimeout(resolve, 120));
        }
      } catch {
        view.hidden = true;
        this.state(this.section.dataset.textCamera);
      }
    }

    async detector() {
      const formats = ["code_128", "qr_code", "data_matrix", "code_39", "ean_13"];
      if ("BarcodeDetector" in window) {
        const known = await window.BarcodeDetector.getSupportedFormats();
        if (formats.slice(0, 2).every((format) => known.includes(format))) {
          return new window.BarcodeDetector({ formats: formats.filter((f) => known.includes(f)) });
        }
      }
      await new Promise((resolve, reject) => {
        const script = document.createElement("script");
        Object.assign(script, { src: this.section.dataset.camera, onload: resolve, onerror: reject });
        document.head.append(script);
      });
      window.dianhengCamera.prepare(this.section.dataset.wasm);
      return new window.dianhengCamera.BarcodeDetector({ formats });
    }
  }

  for (const section of document.querySelectorAll("[data-scan]")) section.scan = new Scan(section);
})();
