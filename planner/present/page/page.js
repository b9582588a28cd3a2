"use strict";
/* Draws what the tables of this page say, and shows reasons beside a cell or edge. No verdict is made here. */
(() => {
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.id = "tip";
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;
  document.body.append(tip);

  let told = null;
  const place = () => {
    const box = told.getBoundingClientRect();
    const left = Math.min(box.left, innerWidth - tip.offsetWidth - 12);
    const below = box.bottom + 10;
    const top = below + tip.offsetHeight < innerHeight ? below : box.top - tip.offsetHeight - 10;
    tip.style.left = `${Math.max(12, left)}px`;
    tip.style.top = `${Math.max(12, top)}px`;
  };
  const hide = () => {
    if (told) told.removeAttribute("aria-describedby");
    told = null;
    tip.hidden = true;
  };
  const explain = (element, title, note) => {
    const show = () => {
      hide();
      tip.replaceChildren(Object.assign(document.createElement("b"), { textContent: title }));
      if (note) tip.append(...[...note.children].map((child) => child.cloneNode(true)));
      tip.hidden = false;
      element.setAttribute("aria-describedby", "tip");
      told = element;
      place();
    };
    for (const name of ["mouseenter", "focus", "click"]) element.addEventListener(name, show);
    for (const name of ["mouseleave", "blur"]) element.addEventListener(name, hide);
  };
  addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  addEventListener("scroll", () => { if (told) place(); }, { passive: true });

  const WORDS = {
    safe: "safe", unsafe: "unsafe", unknown: "unknown", none: "no edge",
    depends: "safe only for guests booted on the source",
  };

  const edgesOf = (figure) => [...figure.querySelectorAll(".grid tbody tr")].flatMap((row) =>
    [...row.querySelectorAll("td")].map((cell, place) => {
      const source = row.querySelector("th").textContent;
      const target = figure.querySelectorAll(".grid thead th")[place].textContent;
      const link = cell.querySelector("a");
      const note = link && document.getElementById(link.hash.slice(1));
      const outcome = cell.className;
      return { cell, link, source, target, note, outcome, title: `${source} to ${target}: ${WORDS[outcome]}` };
    }));

  const drawGraph = (figure, edges) => {
    const names = [...new Set(edges.map((edge) => edge.source))];
    if (names.length < 2 || names.length > 14) return;
    const radius = 46 + names.length * 13;
    const half = radius + 38;
    const angle = d3.scalePoint().domain([...names, ""]).range([-Math.PI / 2 - (names.length === 2 ? Math.PI / 2 : 0),
      1.5 * Math.PI - (names.length === 2 ? Math.PI / 2 : 0)]);
    const at = (name) => [radius * Math.cos(angle(name)), radius * Math.sin(angle(name))];
    const [top, bottom] = d3.extent(names, (name) => at(name)[1]);
    const margin = names.length === 2 ? 52 : 34;
    const svg = d3.select(figure.querySelector(".both")).append("svg")
      .attr("viewBox", [-half, top - margin, 2 * half, bottom - top + 2 * margin])
      .attr("width", 2 * half).attr("height", bottom - top + 2 * margin)
      .attr("role", "group").attr("aria-label", "Graph of host profiles; the table beside it says the same");
    const drawn = edges.filter((edge) => edge.outcome !== "none" && edge.source !== edge.target);
    const edge = svg.selectAll(".edge").data(d3.sort(drawn, (one) => one.outcome === "safe" ? 0 : 1)).join("g")
      .attr("class", (one) => `edge to-${one.outcome}`);
    edge.each(function (one) {
      const [x1, y1] = at(one.source), [x2, y2] = at(one.target);
      const length = Math.hypot(x2 - x1, y2 - y1);
      const [ux, uy] = [(x2 - x1) / length, (y2 - y1) / length];
      const bend = Math.min(26, length * .16);
      const [cx, cy] = [(x1 + x2) / 2 - uy * bend, (y1 + y2) / 2 + ux * bend];
      const gap = 22;
      const start = [x1 + ux * gap - uy * 4, y1 + uy * gap + ux * 4];
      const end = [x2 - ux * gap - uy * 4, y2 - uy * gap + ux * 4];
      const way = d3.path();
      way.moveTo(...start);
      way.quadraticCurveTo(cx, cy, ...end);
      const turn = Math.atan2(end[1] - cy, end[0] - cx);
      const head = d3.path();
      for (const side of [2.6, -2.6]) {
        head.moveTo(...end);
        head.lineTo(end[0] + 9 * Math.cos(turn + side), end[1] + 9 * Math.sin(turn + side));
      }
      const group = d3.select(this);
      group.append("path").attr("class", "hit").attr("d", way);
      group.append("path").attr("d", way);
      group.append("path").attr("d", head).attr("class", "head");
      if (one.outcome !== "safe") {
        group.append("text").attr("class", "sign").attr("x", (start[0] + 2 * cx + end[0]) / 4)
          .attr("y", (start[1] + 2 * cy + end[1]) / 4).text({ unsafe: "✕", unknown: "?", depends: "◐" }[one.outcome]);
        group.attr("tabindex", 0).attr("role", "img").attr("aria-label", one.title);
      }
      explain(this, one.title, one.note);
    });
    const node = svg.selectAll(".node").data(names).join("g").attr("class", "node")
      .attr("transform", (name) => `translate(${at(name)})`);
    node.append("circle").attr("r", 17);
    node.append("text").text(String);
  };

  const drawn = new WeakSet();
  const draw = (pool) => {
    if (drawn.has(pool)) return;
    drawn.add(pool);
    for (const figure of pool.querySelectorAll(".trial")) {
      const edges = edgesOf(figure);
      for (const edge of edges) explain(edge.link || edge.cell, edge.title, edge.note);
      if (figure.querySelector(".notes")) drawGraph(figure, edges);
    }
  };
  const pools = [...document.querySelectorAll(".pool")];
  for (const pool of pools) {
    if (pool.open) draw(pool);
    pool.addEventListener("toggle", () => { if (pool.open) draw(pool); });
  }
  const open = () => {
    const found = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    const fold = found && found.querySelector(".fold");
    if (fold) fold.open = true;
    const pool = found && found.closest(".pool");
    if (pool) { pool.open = true; draw(pool); found.scrollIntoView(); }
  };
  addEventListener("hashchange", open);
  open();
  addEventListener("beforeprint", () => pools.forEach((pool) => { pool.open = true; draw(pool); }));
  addEventListener("beforeprint", () => document.querySelectorAll(".fold").forEach((fold) => { fold.open = true; }));

  const rows = [...document.querySelectorAll(".waves tbody tr")].map((row) => ({ ...row.dataset }));
  const stage = document.querySelector(".timeline");
  if (stage && rows.length) {
    const dated = rows.every((row) => row.day);
    const day = (text) => new Date(`${text}T00:00:00Z`);
    const start = (row) => dated ? day(row.day) : Number(row.wave);
    const step = dated && rows.length > 1 ? day(rows[1].day) - day(rows[0].day) : dated ? 864e5 : 1;
    const end = (row) => dated ? new Date(Number(day(row.day)) + step) : Number(row.wave) + 1;
    const last = (row) => dated && row.last ? day(row.last) : end(row);
    const width = Math.max(320, Math.min(1080, stage.clientWidth || 900)), height = 112;
    const domain = [d3.min(rows, start), d3.max(rows, (row) => d3.max([end(row), last(row)]))];
    const x = (dated ? d3.scaleUtc() : d3.scaleLinear()).domain(domain).range([10, width - 14]);
    const svg = d3.select(stage).append("svg").attr("viewBox", [0, 0, width, height]).attr("width", width);
    const group = svg.selectAll(".wave").data(rows).join("g").attr("class", "wave");
    group.append("rect").attr("class", (row) => row.free === "1" ? "bar" : "bar costs").attr("rx", 3).attr("y", 4)
      .attr("height", 34).attr("x", (row) => x(start(row)) + 1).attr("width", (row) => Math.max(2, x(end(row)) - x(start(row)) - 2));
    if (x(end(rows[0])) - x(start(rows[0])) > 26) {
      group.append("text").attr("x", (row) => (x(start(row)) + x(end(row))) / 2).attr("y", 26).attr("text-anchor", "middle")
        .text((row) => row.wave);
    }
    const flips = group.filter((row) => row.flips !== "0");
    flips.append("line").attr("class", "soak").attr("x1", (row) => x(end(row))).attr("x2", (row) => x(last(row)))
      .attr("y1", 58).attr("y2", 58);
    flips.append("path").attr("class", "flip").attr("d", d3.symbol(d3.symbolDiamond, 90))
      .attr("transform", (row) => `translate(${Math.min(x(last(row)), width - 16)},58)`);
    stage.prepend(Object.assign(document.createElement("p"), { className: "quiet",
      textContent: "Solid box: the way back is free. Dashed box: it costs guests. Diamond: flips, after a dotted soak." }));
    const axis = d3.axisBottom(x).ticks(Math.min(rows.length + 1, Math.floor(width / 90)));
    svg.append("g").attr("class", "axis").attr("transform", "translate(0,80)")
      .call(dated ? axis.tickFormat(d3.utcFormat("%-d %b")) : axis.tickFormat((value) => Number.isInteger(value) ? `wave ${value}` : ""));
    svg.selectAll(".axis text").attr("class", "small");
  }

  const form = document.querySelector(".search");
  if (form) {
    form.hidden = false;
    const box = form.querySelector("input"), told = form.querySelector("output");
    const hosts = [...document.querySelectorAll(".hosts tbody tr")];
    let texts = null;
    const filter = () => {
      texts = texts || hosts.map((row) => row.textContent.toLowerCase());
      const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
      let found = 0;
      hosts.forEach((row, number) => {
        const kept = words.every((word) => texts[number].includes(word));
        if (row.hidden === kept) row.hidden = !kept;
        found += kept;
      });
      told.textContent = `${found.toLocaleString("en")} of ${hosts.length.toLocaleString("en")} hosts`;
    };
    let timer = 0;
    box.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(filter, 120); });
    form.addEventListener("submit", (event) => { event.preventDefault(); filter(); });
    told.textContent = `${hosts.length.toLocaleString("en")} hosts`;
  }
})();
