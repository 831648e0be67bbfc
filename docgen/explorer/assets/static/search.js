// Search and filters of a published site, carried out in the browser on files beside this one.
"use strict";
(function () {
  const MOST = 200; // shown of what is found
  const asked = new URLSearchParams(location.search), place = document.getElementById("list-place");
  const box = document.getElementById("q");
  if (box && asked.get("q")) box.value = asked.get("q");
  const kinds = ["variation", "tier", "compliance", "fakes", "reasoning", "model", "state"]; // of transcripts
  const fields = ["fact", "type", "finding", "words"].concat(kinds), chosen = [];
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
      if (row.k && kinds.includes(pair[0])) return row.k[pair[0]] === value;
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
    about.append(element("span", "", row.n));
    if (row.w) about.append(element("span", "", row.w.toLocaleString("en") + " words"));
    row.f.forEach(function (f) { const tag = element("span", "tag f" + (f[0] % 8), f[0]); tag.title = f[1]; about.append(tag); });
    li.dataset.item = "";
    li.append(link, element("p", "excerpt", row.x), about);
    return li;
  }

  async function search() {
    await load("about.js");
    const about = got["about "], words = Array.from((asked.get("q") || "").matchAll(/[\p{L}\p{N}_]+/gu), function (m) { return fold(m[0]); })
      .filter(function (word) { return !about.common.includes(word); });
    const shards = Array.from(new Set(words.map(shard)));
    await Promise.all(shards.filter(function (s) { return about.shards.includes(s); }).map(function (s) { return load("words-" + s + ".js"); }));
    const sets = words.map(function (word) {
      const packed = (got["words " + shard(word)] || {})[word];
      return packed === undefined ? new Set() : docs(packed);
    });
    let hits = Array.from({ length: about.documents }, function (_, i) { return i; })
      .filter(function (i) { return sets.every(function (set) { return set.has(i); }); });
    // Words alone need only the files of those that are shown; filters have to look at every one that has the words.
    const needed = new Set((chosen.length ? hits : hits.slice(0, MOST)).map(function (i) { return Math.floor(i / about.chunk); }));
    await Promise.all(Array.from(needed, function (i) { return load("documents-" + i + ".js"); }));
    function row(i) { return got["documents " + Math.floor(i / about.chunk)][i % about.chunk]; }
    if (chosen.length) hits = hits.filter(function (i) { return meets(row(i)); });
    const list = element("ol", "list");
    hits.slice(0, MOST).forEach(function (i) { list.append(item(row(i))); });
    const told = element("p", "quiet", hits.length > MOST ? "The first " + MOST + " are shown." : "");
    place.replaceChildren(list, told);
    const title = document.querySelector("main h1");
    title.textContent = hits.length.toLocaleString("en") + " " + about.unit + (hits.length === 1 ? "" : "s");
    const said = chosen.map(function (pair) { return pair[1].replace(/[_-]/g, " "); });
    if (asked.get("q")) said.unshift("“" + asked.get("q") + "”");
    title.append(" ", element("small", "", "with " + said.join(", ")));
    const back = element("a", "", "all " + about.unit + "s");
    back.href = about.list;
    told.append(" ", back);
    document.dispatchEvent(new Event("docgen-list"));
  }
  search();
})();
