// Runs before the page is drawn: light or dark as last chosen here, else as the system says.
"use strict";
(function () {
  let chosen = null;
  try { chosen = localStorage.getItem("docgen-theme"); } catch { /* not kept then */ }
  if (chosen) document.documentElement.dataset.theme = chosen;
  document.documentElement.classList.add("scripted");
  document.addEventListener("DOMContentLoaded", function () {
    const button = document.getElementById("theme");
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", function () {
      const dark = matchMedia("(prefers-color-scheme: dark)").matches;
      const now = document.documentElement.dataset.theme || (dark ? "dark" : "light");
      const next = now === "dark" ? "light" : "dark";
      document.documentElement.dataset.theme = next;
      try { localStorage.setItem("docgen-theme", next); } catch { /* for this page only */ }
    });
  });
})();
