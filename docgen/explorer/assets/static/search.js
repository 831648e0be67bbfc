// Search and filters of a published site, carried out in the browser on files beside this one.
"use strict";
(function () {
  const asked = new URLSearchParams(location.search), place = document.getElementById("list-place");
  const box = document.getElementById("q");
  if (box && asked.get("q")) box.value = asked.get("q");
  const fields = ["fact", "type", "finding", "words"], chosen = [];
  fields.forEach(function (name) { asked.getAll(name).forEach(function (value) { chosen.push([name, value]); }); });
  if (!place || (!asked.get("q") && !chosen.length)) return;

  const base = document.currentScript.src.replace(/static\/search\.js.*$/, "search/"), got = {};
  window.docgenSearch = function (kind, name, value) { got[kind + " " + name] = value; };
  function load(file) {
    return new Promise(function (done) {
      const script = document.createElement("script");
      script.src = base + file;
      script.onload = done;
      script.onerror = done; // no word begins so
      document.head.append(script);
    });
  }
  function fold(word) { return word.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, ""); }
  function shard(word) {
    return Array.from(word).slice(0, 2).map(function (c) { return c.codePointAt(0).toString(16); }).join("-");
  }
  function docs(packed) {
    let at = 0;
    return new Set(packed.split(" ").map(function (part) { at += parseInt(part, 36); return at; }));
  }
  function meets(row) {
    return chosen.every(function (pair) {
      const value = pair[1];
      if (pair[0] === "fact") return value === "none" ? !row.f.length : row.f.some(function (f) { return f[1] === value.split(":")[0]; });
      if (pair[0] === "type") return row.y === value;
      if (pair[0] === "finding") return row.r.includes(value);
      const range = value.split("-");
      return row.w >= Number(range[0]) && (!range[1] || row.w <= Number(range[1]));
    });
  }
  function element(kind, cls, text) {
    const made = document.createElement(kind);
    if (cls) made.className = cls;
    if (text !== undefined) made.textContent = text;
    return made;
  }
  function item(row) {
    const li = element("li", "item"), link = element("a", "title", row.t), about = element("p", "about");
    link.href = base + "../" + row.u;
    about.append(element("span", "", row.n), element("span", "", row.w.toLocaleString("en") + " words"));
    row.f.forEach(function (f) { const tag = element("span", "tag f" + (f[0] % 8), f[0]); tag.title = f[1]; about.append(tag); });
    li.dataset.item = "";
    li.append(link, element("p", "excerpt", row.x), about);
    return li;
  }

  async function search() {
    await load("about.js");
    const about = got["about "], words = Array.from((asked.get("q") || "").matchAll(/[\p{L}\p{N}_]+/gu), function (m) { return fold(m[0]); })
      .filter(function (word) { return !about.common.includes(word); });
    const shards = Array.from(new Set(words.map(shard))), chunks = Array.from({ length: about.chunks }, function (_, i) { return i; });
    await Promise.all(shards.filter(function (s) { return about.shards.includes(s); }).map(function (s) { return load("words-" + s + ".js"); })
      .concat(chunks.map(function (i) { return load("documents-" + i + ".js"); })));
    const sets = words.map(function (word) {
      const packed = (got["words " + shard(word)] || {})[word];
      return packed === undefined ? new Set() : docs(packed);
    });
    const all = chunks.flatMap(function (i) { return got["documents " + i]; });
    const rows = all.filter(function (row, i) { return sets.every(function (set) { return set.has(i); }) && meets(row); });
    const list = element("ol", "list");
    rows.slice(0, 200).forEach(function (row) { list.append(item(row)); });
    const told = element("p", "quiet", rows.length > 200 ? "The first 200 are shown." : "");
    place.replaceChildren(list, told);
    const title = document.querySelector("main h1");
    title.textContent = rows.length.toLocaleString("en") + (rows.length === 1 ? " document" : " documents");
    const said = chosen.map(function (pair) { return pair[1].replace(/[_-]/g, " "); });
    if (asked.get("q")) said.unshift("“" + asked.get("q") + "”");
    title.append(" ", element("small", "", "with " + said.join(", ")));
    const back = element("a", "", "all documents");
    back.href = "documents.html";
    told.append(" ", back);
    document.dispatchEvent(new Event("docgen-list"));
  }
  search();
})();
