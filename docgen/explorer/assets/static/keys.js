// Keys: / search, j k next and previous, o open, r random, u up, ? help. Reading works without this file.
"use strict";
(function () {
  let items = Array.from(document.querySelectorAll("[data-item]")), at = -1;
  document.addEventListener("docgen-list", function () { items = Array.from(document.querySelectorAll("[data-item]")); at = -1; });

  function go(link) {
    if (link) location.href = link.href;
  }

  function mark(step) {
    if (!items.length) return go(document.querySelector(step > 0 ? "a[rel=next]" : "a[rel=prev]"));
    if (at + step >= items.length) return go(document.querySelector("a[rel=next]"));
    if (at + step < 0) return at < 0 ? undefined : go(document.querySelector("a[rel=prev]"));
    at += step;
    items.forEach(function (item, place) { item.classList.toggle("marked", place === at); });
    items[at].querySelector("a").focus({ preventScroll: true });
    items[at].scrollIntoView({ block: "nearest" });
  }

  function help() {
    const dialog = document.getElementById("keys");
    if (dialog && !dialog.open) dialog.showModal();
  }

  const acts = {
    "/": function () { const box = document.getElementById("q"); if (box) { box.focus(); box.select(); } },
    j: function () { if (document.body.dataset.page === "document") go(document.querySelector("a[rel=next]")); else mark(1); },
    k: function () { if (document.body.dataset.page === "document") go(document.querySelector("a[rel=prev]")); else mark(-1); },
    o: function () { if (at >= 0) go(items[at].querySelector("a")); },
    r: function () { const random = document.body.dataset.random; if (random) location.href = random; },
    u: function () { go(document.querySelector("a[rel=up]")); },
    "?": help,
  };

  document.addEventListener("keydown", function (event) {
    const where = event.target;
    const typing = where.closest("input:not([type=radio]):not([type=checkbox]), textarea, select, dialog[open]");
    if (event.key === "Escape" && typing && typing.id === "q") typing.blur();
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = acts[event.key];
    if (act) { event.preventDefault(); act(); }
  });

  const button = document.getElementById("help");
  if (button) { button.hidden = false; button.addEventListener("click", help); }
  document.querySelectorAll("select[data-submit]").forEach(function (select) {
    select.addEventListener("change", function () { select.form.submit(); });
    const go = select.form.querySelector("button");
    if (go) go.classList.add("visually-hidden");
  });
  const narrow = matchMedia("(max-width: 60rem)");
  const facets = document.querySelector("details.facets");
  if (facets && narrow.matches) facets.open = false;
})();
