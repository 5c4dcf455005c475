// Runs in a page after all of its own: uses it as a reader does and leaves what it saw, as JSON, in the page.
addEventListener("load", () => {
  const seen = {};
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = "12px system-ui";
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map(part => part / 255).map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const numbers = text => text.match(/[\d.]+/g).map(Number);
  const ratio = (a, b) => {
    const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  };
  // What lies behind an element, shades that let through among it.
  const background = element => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const [r, g, b, ink = 1] = numbers(getComputedStyle(at).backgroundColor);
      layers.unshift([[r, g, b], ink]);
      if (ink === 1) break;
    }
    return layers.reduce((under, [colour, ink]) => under.map((part, i) => ink * colour[i] + (1 - ink) * part), [255, 255, 255]);
  };
  // The least contrast of a text that shows, and of a series with the paper.
  const contrast = () => {
    let least = {ratio: Infinity};
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      const words = walker.currentNode.textContent.trim();
      if (!words || ["SCRIPT", "STYLE"].includes(element.tagName) || !element.getClientRects().length || words === "\u25a0") continue;
      const found = ratio(numbers(getComputedStyle(element).color), background(element));
      if (found < least.ratio) least = {ratio: found, words: words.slice(0, 40), tag: element.tagName};
    }
    const paper = background(document.body);
    const canvas = document.createElement("canvas").getContext("2d");
    const shades = [0, 1, 2, 3, 4, 5, 6, 7].map(i => {
      canvas.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(`--s${i}`).trim();
      return ratio(canvas.fillStyle.slice(1).match(/../g).map(part => parseInt(part, 16)), paper);
    });
    return {text: least, series: Math.min(...shades), paper};
  };

  seen.wider = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  seen.fetched = performance.getEntriesByType("resource").map(entry => entry.name);
  seen.light = contrast();
  seen.headings = [...document.querySelectorAll("h2")].map(each => each.textContent);
  seen.links = [...document.querySelectorAll("nav a")].every(link => document.querySelector(link.getAttribute("href")));

  seen.drawings = [...document.querySelectorAll(".plot > svg")].filter(each => each.getClientRects().length).length;
  seen.charts = bandwright.charts.map(chart => {
    const names = [...chart.figures[0].closest(".chart").querySelectorAll(".switch")];
    const tips = chart.plots.map((plot, i) => {
      // Where the first series has a point in the middle of its own; of dots, on it.
      const series = chart.panels[i].series[0];
      const middle = Math.floor(series.x.length / 2);
      const dots = series.mark === "dots";
      const spot = plot.over.getBoundingClientRect();
      const at = {clientX: spot.left + plot.valToPos(series.x[middle], "x"),
        clientY: spot.top + (dots ? plot.valToPos(series.y[middle], "y") : spot.height / 2), bubbles: true};
      plot.over.dispatchEvent(new MouseEvent("mouseenter", at));
      plot.over.dispatchEvent(new MouseEvent("mousemove", at));
      const tip = chart.figures[i].querySelector(".tip");
      const said = dots ? new Intl.NumberFormat("en", {maximumSignificantDigits: 5}).format(series.y[middle]) : series.name;
      return !tip.hidden && tip.textContent.includes(series.name) && tip.textContent.includes(said) ? tip.textContent : null;
    });
    names[0].click();
    const off = chart.plots.every((plot, i) => chart.panels[i].series.every((series, at) =>
      plot.series[at + 1].show === (series.name !== chart.names[0])));
    names[0].click();
    const on = chart.plots.every(plot => plot.series.every(series => series.show));
    return {
      name: chart.name, switches: names.map(each => each.textContent.slice(2)), off, on, tips,
      panels: chart.panels.map((panel, i) => ({
        title: panel.title, groups: panel.groups, series: panel.series, drawn: chart.plots[i].series.length - 1,
        points: chart.plots[i].data.slice(1).map(ys => ys.filter(y => y != null).length),
        // Beside the numbers of the upright axis, where they are the widest.
        gap: (axis => axis._size - Math.max(...axis._values.map(value => pen.measureText(value ?? "").width)))(chart.plots[i].axes[1]),
        width: chart.plots[i].width, canvas: chart.plots[i].ctx.canvas.width > 0})),
      csv: chart.figures[0].closest(".chart").querySelector(".csv").csv(),
      points: chart.all.flatMap(panel => panel.series.flatMap(series => series.x)).length,
    };
  });

  seen.maps = [...document.querySelectorAll("table.cells")].map(table => {
    const section = table.closest(".chart");
    const cells = [...table.querySelectorAll("td")].filter(cell => cell.textContent !== "");
    return {
      panels: JSON.parse(section.querySelector("script").textContent).panels,
      cells: cells.map(cell => Number(cell.textContent.replaceAll(",", ""))),
      least: cells.filter(cell => cell.classList.contains("least")).map(cell => Number(cell.textContent.replaceAll(",", ""))),
      titles: cells.map(cell => cell.title),
      csv: section.querySelector(".csv").csv(),
    };
  });

  // Of several views another is chosen, and the first one again.
  const choosers = [...document.querySelectorAll(".views")];
  if (choosers.length) {
    const several = bandwright.charts.filter(chart => chart.views.length > 1);
    const shown = () => several.map(chart => chart.panels.map(panel => panel.view));
    const press = at => [...choosers[0].querySelectorAll("button")].at(at).click();
    seen.views = {names: several[0].views, first: shown()};
    press(-1);
    seen.views.last = shown();
    seen.views.whole = several.every(chart => chart.plots.length === chart.panels.length &&
      chart.figures.every(figure => figure.querySelector("canvas").width > 0) &&
      chart.allFigures.every(figure => figure.hidden !== chart.figures.includes(figure)));
    seen.views.pressed = choosers.map(list => [...list.querySelectorAll("[aria-pressed=true]")].map(each => each.dataset.view));
    press(0);
    seen.views.again = shown();
  }

  seen.tables = [...document.querySelectorAll("table[data-name]")].map(table => {
    const column = [...table.rows[0].cells].findIndex(cell => cell.classList.contains("number"));
    const values = () => [...table.tBodies[0].rows].map(row => row.cells[Math.max(column, 0)]).map(cell => cell.dataset.v ?? cell.textContent);
    const button = table.rows[0].cells[Math.max(column, 0)].querySelector("button");
    const before = values();
    button.click();
    const ascending = values();
    button.click();
    const descending = values();
    button.click();
    return {name: table.dataset.name, before, ascending, descending, after: values(), numeric: column >= 0,
      csv: table.parentElement.nextElementSibling.csv()};
  });

  document.querySelector("#theme").click();
  seen.dark = contrast();
  seen.theme = document.documentElement.dataset.theme;
  setTimeout(() => {  // after the frame in which charts are drawn again
    seen.redrawn = bandwright.charts.every(chart => chart.plots.every(plot => plot.root.isConnected));
    seen.errors = window.errorsSeen;
    const left = document.createElement("pre");
    left.id = "seen";
    left.textContent = JSON.stringify(seen);
    document.body.append(left);
  }, 500);
});
