// Selecting text fills in the passage; g and b label; forms are sent without losing the place on the page.
"use strict";
(function () {
  const form = document.getElementById("label-form"), text = document.getElementById("text");
  if (!form || !text) return;
  const problem = document.getElementById("label-problem");

  // The place of a point in the text, counted in characters as the server does, not in UTF-16 units.
  function place(node, offset) {
    const own = node.nodeType === Node.TEXT_NODE ? node.parentElement : node.childNodes[offset] || node;
    const piece = own.closest && own.closest("[data-at]");
    if (!piece || !text.contains(piece)) return null;
    const start = Number(piece.dataset.at);
    if ("one" in piece.dataset) return start + (offset > 0 ? 1 : 0);
    if (node.nodeType !== Node.TEXT_NODE) return start;
    const range = document.createRange();
    range.setStart(piece, 0);
    range.setEnd(node, offset);
    let extra = 0; // labels of hidden characters inside count as one each
    const before = range.cloneContents();
    before.querySelectorAll("[data-one]").forEach(function (label) { extra += 1 - Array.from(label.textContent).length; });
    return start + Array.from(before.textContent).length + extra;
  }

  document.addEventListener("selectionchange", function () {
    const chosen = document.getSelection();
    if (!chosen || chosen.isCollapsed || !text.contains(chosen.anchorNode)) return;
    const range = chosen.getRangeAt(0);
    const start = place(range.startContainer, range.startOffset), end = place(range.endContainer, range.endOffset);
    if (start === null || end === null || start >= end) return;
    form.elements.start.value = start;
    form.elements.end.value = end;
    form.elements.passage.value = chosen.toString();
  });
  form.elements.passage.addEventListener("input", function () {
    form.elements.start.value = form.elements.end.value = "";
  });

  async function send(target, button) {
    const fields = new URLSearchParams(new FormData(target));
    if (button && button.name) fields.set(button.name, button.value);
    const answer = await fetch(target.action, {
      method: "POST", body: fields, headers: { accept: "application/json", "x-docgen-token": document.body.dataset.token },
    });
    if (answer.ok) {
      const whole = fields.get("say") === "whole:complete";
      if (whole && document.body.dataset.page === "blind_document") location.href = fields.get("next");
      else location.reload();
    } else if (problem) problem.textContent = await answer.text();
  }

  document.addEventListener("submit", function (event) {
    const target = event.target;
    if (target !== form && !target.classList.contains("undo")) return;
    event.preventDefault();
    send(target, event.submitter).catch(function () {
      if (problem) problem.textContent = "docgen view does not answer: is it still running?";
    });
  });

  document.addEventListener("keydown", function (event) {
    if (event.target.closest("input, textarea, select, dialog[open]") || event.ctrlKey || event.metaKey || event.altKey) return;
    const say = { g: "document:good", b: "document:bad" }[event.key];
    const button = say && form.querySelector('button[value="' + say + '"]');
    if (button) button.click();
  });
})();
