// What makes a page of an answer interactive: tables that sort and download, charts with switches and tooltips, a
// dark look. All data stand in the page; nothing is fetched. Without it the page is whole, but still.
"use strict";
const bandwright = {charts: []};

(() => {
  const element = (tag, words, attributes = {}) => {
    const made = document.createElement(tag);
    made.textContent = words;
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };

  // RFC 4180.
  const csvText = rows => rows.map(row => row.map(cell => {
    const text = String(cell);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }).join(",") + "\r\n").join("");

  const downloadButton = (name, rows) => {
    const button = element("button", "CSV", {type: "button", class: "csv", title: `download ${name}.csv`});
    button.csv = () => csvText(rows());
    button.addEventListener("click", () => {
      const link = element("a", "", {download: `${name}.csv`});
      link.href = URL.createObjectURL(new Blob([button.csv()], {type: "text/csv"}));
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
    return button;
  };

  // Tables: a number's cell has all its digits in data-v, a heading the name that JSON and CSV have in data-key.
  const raw = cell => cell.dataset.v ?? cell.textContent;
  const compare = (a, b) => {
    if (a === "" || b === "") return (a === "") - (b === "");
    const [x, y] = [Number(a), Number(b)];
    return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b, "en", {numeric: true}) : x - y;
  };
  for (const table of document.querySelectorAll("table[data-name]")) {
    const headings = [...table.tHead.rows[0].cells];
    const body = table.tBodies[0];
    const first = [...body.rows];
    headings.forEach((heading, column) => {
      const button = element("button", heading.textContent, {type: "button"});
      heading.replaceChildren(button);
      button.addEventListener("click", () => {
        const turn = {undefined: "ascending", ascending: "descending", descending: undefined};
        const order = turn[heading.getAttribute("aria-sort") ?? undefined];
        headings.forEach(each => each.removeAttribute("aria-sort"));
        if (order) heading.setAttribute("aria-sort", order);
        const sign = order === "descending" ? -1 : 1;
        const cell = row => raw(row.cells[column]);
        const empty = row => cell(row) === "";
        body.append(...(order ? [...first].sort((a, b) =>
          empty(a) || empty(b) ? empty(a) - empty(b) : sign * compare(cell(a), cell(b))) : first));
      });
    });
    const names = headings.map(each => each.dataset.key);
    table.parentElement.after(downloadButton(table.dataset.name, () =>
      [names, ...[...body.rows].map(row => [...row.cells].map(raw))]));
  }

  // Charts.
  const number = new Intl.NumberFormat("en", {maximumSignificantDigits: 5});
  const shade = index => getComputedStyle(document.documentElement).getPropertyValue(`--s${index % 8}`).trim();
  const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // All panels' series against one ascending x, as the library wants them; what is not above 0 has no logarithm. An x
  // stands as often as the series that has it most often.
  const aligned = (chart, panel) => {
    const shown = (x, y) => (!chart.x.log || x > 0) && (!chart.y.log || y > 0);
    const places = panel.series.map(series => {
      const at = new Map();
      series.x.forEach((x, i) => {
        if (shown(x, series.y[i])) at.set(x, [...at.get(x) ?? [], series.y[i]]);
      });
      return at;
    });
    const xs = panel.groups.length ? panel.groups.map((_, i) => i)
      : [...new Set(places.flatMap(each => [...each.keys()]))].sort((a, b) => a - b);
    const times = xs.map(x => Math.max(1, ...places.map(each => each.get(x)?.length ?? 0)));
    const repeated = of => xs.flatMap((x, i) => Array.from({length: times[i]}, (_, turn) => of(x, turn)));
    return [repeated(x => x), ...places.map(each => repeated((x, turn) => each.get(x)?.[turn] ?? null))];
  };

  const seriesLook = (series, index, place, count, narrow) => {
    const ink = shade(index);
    const look = {label: series.name, stroke: ink, width: 2, spanGaps: true};
    if (series.mark === "dashes") look.dash = [7, 5];
    if (series.mark === "dots") Object.assign(look, {paths: () => null, points: {show: true, size: 9, width: 1.5, fill: "transparent"}});
    if (series.mark === "bars") {
      const wide = 0.8 / count;
      Object.assign(look, {fill: ink, width: 0, points: {show: false}, paths: uPlot.paths.bars({disp: {
        x0: {unit: 1, values: u => u.data[0].map(x => x - 0.4 + wide * place)},
        size: {unit: 1, values: u => u.data[0].map(() => 0.94 * wide)}}})});
    }
    if (series.mark === "line") look.points = {show: series.x.length <= 40, size: 6};
    return look;
  };

  // The tooltip: for every series that is on, its point nearest to the pointer, if that is near.
  const tipHook = (figure, chart, panel) => {
    const tip = element("div", "", {class: "tip", role: "status"});
    tip.hidden = true;
    figure.append(tip);
    return u => {
      const {left, top} = u.cursor;
      if (left == null || left < 0) {
        tip.hidden = true;
        return;
      }
      const lines = [];
      panel.series.forEach((series, i) => {
        if (!u.series[i + 1].show) return;
        let best = -1;
        let nearest = Infinity;
        series.x.forEach((x, at) => {
          const across = Math.abs(u.valToPos(x, "x") - left);
          const away = series.mark === "dots" ? Math.hypot(across, u.valToPos(series.y[at], "y") - top) : across;
          if (away < nearest && u.data[i + 1][u.data[0].indexOf(x)] != null) [best, nearest] = [at, away];
        });
        const twice = lines.find(line => line.name === series.name);  // a curve that goes on dashed
        if (twice && twice.away <= nearest) return;
        if (twice) lines.splice(lines.indexOf(twice), 1);
        if (best >= 0 && nearest < Math.max(30, u.over.clientWidth / 12)) {
          lines.push({index: chart.names.indexOf(series.name), name: series.name, x: series.x[best], y: series.y[best], away: nearest});
        }
      });
      tip.hidden = lines.length === 0;
      const same = lines.every(line => line.x === lines[0].x);
      const at = x => panel.words[x] ?? panel.groups[x] ?? `${chart.x.label}: ${number.format(x)}`;
      tip.replaceChildren(element("b", lines.length && same ? at(lines[0].x) : panel.title), ...lines.flatMap(line => {
        const mark = element("span", "\u25a0 ");
        mark.style.color = shade(line.index);
        const words = `${line.name}: ${number.format(line.y)}${same ? "" : ` at ${number.format(line.x)}`}`;
        return [mark, element("span", words), document.createElement("br")];
      }));
      const spot = u.over.getBoundingClientRect();
      const frame = figure.getBoundingClientRect();
      const x = spot.left - frame.left + left;
      const beside = x + 16 + tip.offsetWidth > frame.width ? x - 16 - tip.offsetWidth : x + 16;
      tip.style.left = `${Math.max(0, beside)}px`;
      tip.style.top = `${spot.top - frame.top + top + 12}px`;
    };
  };

  const pen = document.createElement("canvas").getContext("2d");
  pen.font = "12px system-ui";
  const reach = text => pen.measureText(text).width;
  const tilt = 40;  // degrees, of names that do not fit beside each other
  const [down, along] = [Math.sin(tilt * Math.PI / 180), Math.cos(tilt * Math.PI / 180)];

  const draw = (figure, chart, panel) => {
    const plot = figure.querySelector(".plot");
    const axis = (words, size) => ({label: words, labelSize: 20, labelFont: "12px system-ui", font: "12px system-ui",
      stroke: colour("--ink"), grid: {stroke: colour("--line"), width: 1}, ticks: {stroke: colour("--line"), width: 1}, size});
    const bars = panel.groups.length > 0;
    const crowded = bars && panel.groups.join("").length * 7 > plot.clientWidth - 70;
    const deep = crowded ? 22 + down * Math.max(...panel.groups.map(reach)) : 36;
    const x = axis(chart.x.label, deep);
    if (bars) Object.assign(x, {splits: () => panel.groups.map((_, i) => i), values: () => panel.groups, grid: {show: false},
      rotate: crowded ? -tilt : 0});
    const y = axis(chart.y.label, (_, values) => 18 + Math.max(24, ...(values ?? []).map(value => reach(value ?? ""))));
    if (!bars && !chart.x.log) x.values = (_, marks) => marks.map(mark => mark == null ? "" : number.format(mark));
    if (!chart.y.log) y.values = (_, marks) => marks.map(mark => mark == null ? "" : number.format(mark));
    const scales = {x: {time: false, distr: chart.x.log ? 3 : 1}, y: {distr: chart.y.log ? 3 : 1}};
    if (bars) {
      scales.x.range = [-0.5, panel.groups.length - 0.5];
      scales.y.range = (_, low, high) => uPlot.rangeNum(Math.min(0, low), Math.max(0, high), {min: {pad: 0, soft: 0, mode: 1}, max: {pad: 0.08, soft: 0, mode: 1}});
    }
    plot.replaceChildren();
    const drawn = new uPlot({
      width: plot.clientWidth, height: 264 + deep, scales, axes: [x, y], legend: {show: false},
      // The last name goes on beyond its bar.
      padding: [null, crowded ? 8 + Math.max(0, along * reach(panel.groups.at(-1)) - plot.clientWidth / panel.groups.length / 2) : null, null, null],
      cursor: {drag: {x: !bars, y: false}, points: {show: !bars}},
      series: [{}, ...panel.series.map((series, i) => seriesLook(series, chart.names.indexOf(series.name), i, panel.series.length))],
      hooks: {setCursor: [tipHook(figure, chart, panel)]},
    }, aligned(chart, panel), plot);
    panel.series.forEach((series, i) => {
      if (chart.off.has(series.name)) drawn.setSeries(i + 1, {show: false});
    });
    return drawn;
  };

  const drawAll = chart => {
    chart.plots?.forEach(plot => plot.destroy());
    chart.figures.forEach(figure => figure.querySelector(".tip")?.remove());
    chart.plots = chart.panels.map((panel, i) => draw(chart.figures[i], chart, panel));
  };

  const switches = chart => chart.names.map((name, index) => {
    const button = element("button", "", {type: "button", class: "switch", "aria-pressed": "true"});
    const mark = element("span", "\u25a0", {class: "swatch"});
    mark.style.color = `var(--s${index % 8})`;
    button.append(mark, ` ${name}`);
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") === "false";
      button.setAttribute("aria-pressed", on);
      if (on) chart.off.delete(name); else chart.off.add(name);
      chart.plots.forEach((plot, i) => chart.panels[i].series.forEach((series, at) => {
        if (series.name === name) plot.setSeries(at + 1, {show: on});
      }));
    });
    return button;
  });

  // Of several views a reader chooses one, for all charts.
  const show = (chart, view) => {
    const shown = chart.all.map(panel => panel.view === "" || panel.view === view);
    chart.allFigures.forEach((figure, i) => {
      figure.hidden = !shown[i];
      figure.querySelector("figcaption").textContent = chart.all[i].title;
    });
    chart.panels = chart.all.filter((_, i) => shown[i]);
    chart.figures = chart.allFigures.filter((_, i) => shown[i]);
  };
  const chooser = (views, choose) => {
    const list = element("p", "View: ", {class: "views", role: "group", "aria-label": "View of all charts"});
    views.forEach(view => {
      const button = element("button", view, {type: "button", "data-view": view, "aria-pressed": view === views[0]});
      button.addEventListener("click", () => choose(view));
      list.append(button);
    });
    return list;
  };
  const choosers = [];
  const choose = view => {
    choosers.flatMap(list => [...list.children]).forEach(each => each.setAttribute("aria-pressed", each.dataset.view === view));
    bandwright.charts.filter(chart => chart.views.length > 1).forEach(chart => {
      show(chart, view);
      drawAll(chart);
    });
  };

  for (const section of document.querySelectorAll(".chart")) {
    const chart = JSON.parse(section.querySelector("script").textContent);
    chart.all = chart.panels;
    chart.allFigures = chart.figures = [...section.querySelectorAll("figure")];
    chart.views = [...new Set(chart.panels.map(panel => panel.view).filter(view => view !== ""))];
    chart.names = [...new Set(chart.panels.flatMap(panel => panel.series.map(series => series.name)))];
    chart.off = new Set();
    const view = panel => chart.views.length > 1 ? [panel.view] : [];
    section.querySelector(".panels").after(downloadButton(chart.name, () =>
      [[...(chart.views.length > 1 ? ["view"] : []), "panel", "series", chart.x.label, chart.y.label],
      ...chart.all.flatMap(panel => panel.series.flatMap(series =>
        series.x.map((x, i) => [...view(panel), panel.title, series.name, panel.words[x] ?? panel.groups[x] ?? x, series.y[i]])))]));
    const map = chart.panels.every(panel => panel.series.every(series => series.mark === "cells"));
    if (map || typeof uPlot === "undefined") continue;
    if (chart.views.length > 1) {
      show(chart, chart.views[0]);
      choosers.push(chooser(chart.views, choose));
      section.querySelector(".legend").before(choosers.at(-1));
    }
    section.querySelector(".legend").replaceChildren(...switches(chart));
    section.querySelector(".panels").after(element("p", "Names switch series off and on; drag to zoom, double-click to go back.", {class: "hint"}));
    drawAll(chart);
    bandwright.charts.push(chart);
  }
  let pending = 0;
  const again = () => {
    cancelAnimationFrame(pending);
    pending = requestAnimationFrame(() => bandwright.charts.forEach(drawAll));
  };
  let wide = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth !== wide) again();
    wide = innerWidth;
  });

  // The look.
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const theme = element("button", "", {type: "button", id: "theme"});
  const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : dark.matches;
  const name = () => { theme.textContent = isDark() ? "Light" : "Dark"; };
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    name();
    again();
  });
  dark.addEventListener("change", () => { name(); again(); });
  name();
  document.body.prepend(theme);
})();
