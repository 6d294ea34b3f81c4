// Before the first paint: dark where the person or, without a choice, the system wants it.
(function () {
  var root = document.documentElement;
  root.classList.remove("no-js");
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  function apply() {
    var wish = root.dataset.theme || (dark.matches ? "dark" : "light");
    root.setAttribute("data-bs-theme", wish);
  }
  apply();
  dark.addEventListener("change", apply);
  window.dianhengTheme = apply;
})();
