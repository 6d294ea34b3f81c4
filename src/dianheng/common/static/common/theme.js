// Before the first paint: dark where the person or, without a choice, the system wants it.
(function () {
  var root = document.documentElement;
  root.classList.remove("no-js");
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  function apply() {
    var kept = /(?:^|; )theme=(light|dark)/.exec(document.cookie);
    var wish = root.dataset.theme || (kept && kept[1]) || (dark.matches ? "dark" : "light");
    root.setAttribute("data-bs-theme", wish);
  }
  apply();
  dark.addEventListener("change", apply);
  window.dianhengTheme = apply;
})();
