// Rows of a table over the builds.

// The row counts as they were: [time, rows, bytes] of each build that had the table.
function course(table) {
  return table.history
    .map((sizes, index) => sizes && [cache.builds[index], ...sizes])
    .filter((step) => step);
}

function scale(steps) {
  const times = steps.map(([at]) => +date(at));
  const rows = steps.map(([, rows]) => rows);
  const [low, high] = [Math.min(...rows), Math.max(...rows)];
  const [first, last] = [times[0], times[times.length - 1]];
  return steps.map(([, rows], index) => [
    last > first ? (times[index] - first) / (last - first) : steps.length > 1 ? index / (steps.length - 1) : 1,
    high > low ? (rows - low) / (high - low) : 0.5,
  ]);
}

// A build counts until the next one: the line goes on level, then up or down.
function staircase(points) {
  return points.map(([x, y], index) => (index ? `H${x}V${y}` : `M${x} ${y}`)).join("");
}

function spoken(table, steps) {
  const [first, last] = [steps[0], steps[steps.length - 1]];
  return `Rows of ${table.name} over ${plural(steps.length, "build")}: from ${count(first[1])} to ${count(last[1])}.`;
}

function plot(table, { width, height, margin, full }) {
  const steps = course(table);
  if (!steps.length) return null;
  const points = scale(steps).map(([x, y]) => [
    +(margin + x * (width - 2 * margin)).toFixed(2),
    +(height - margin - y * (height - 2 * margin)).toFixed(2),
  ]);
  const path = points.length > 1 ? staircase(points) : `M${margin} ${points[0][1]}H${width - margin}`;
  const svg = make("svg", {
    class: "plot", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": spoken(table, steps),
    width: full ? null : width, height: full ? null : height,
  });
  if (full) {
    const bottom = height - margin;
    const from = points.length > 1 ? points[0][0] : margin;
    const to = points.length > 1 ? points[points.length - 1][0] : width - margin;
    svg.append(make("path", { class: "area", d: `${path}L${to} ${bottom}L${from} ${bottom}Z` }));
    for (const y of [margin, bottom]) svg.append(make("line", { class: "grid", x1: margin, x2: width - margin, y1: y, y2: y }));
  }
  svg.append(make("path", { class: "line", d: path }));
  const dots = full && points.length <= width / 20 ? points.map((_, index) => index) : [points.length - 1];
  for (const index of dots) {
    const [at, rows] = steps[index];
    const dot = make("circle", { cx: points[index][0], cy: points[index][1], r: full ? 3.5 : 2.2 });
    dot.append(make("title", null, `${minute(at)}: ${plural(rows, "row")}`));
    svg.append(dot);
  }
  return svg;
}

function change(steps, index) {
  const difference = index ? steps[index][1] - steps[index - 1][1] : 0;
  return difference ? `${difference > 0 ? "+" : "−"}${count(Math.abs(difference))}` : "";
}

// The first and the last time of a chart: by day if they differ so, else by minute.
function ends(steps) {
  const times = [minute(steps[0][0]), minute(steps[steps.length - 1][0])];
  const days = times.map((text) => text.slice(0, 10));
  return days[0] === days[1] ? [...new Set(times)] : days;
}

function historySection(table) {
  const steps = course(table);
  if (!steps.length) return null;
  const [low, high] = [Math.min(...steps.map(([, rows]) => rows)), Math.max(...steps.map(([, rows]) => rows))];
  const body = steps.map(([at, rows, bytes], index) =>
    make("tr", null, make("td", null, minute(at)), make("td", { class: "number" }, count(rows)),
      make("td", { class: "number" }, change(steps, index)), make("td", { class: "number" }, size(bytes)))).reverse();
  return make("section", null,
    make("h2", null, "Rows over time", make("small", null, steps.length === 1 ? "the first build" : plural(steps.length, "build"))),
    make("figure", { class: "figure" },
      make("div", { class: "scale upright" }, [...new Set([high, low])].map((rows) => make("span", null, count(rows)))),
      plot(table, { width: Math.min(960, Math.max(240, content.clientWidth - 130)), height: 150, margin: 8, full: true }),
      make("div", { class: "scale" }, ends(steps).map((text) => make("span", null, text)))),
    make("details", null, make("summary", null, "The same as a table"),
      make("table", null,
        make("thead", null, make("tr", null, make("th", { scope: "col" }, "Build of"), make("th", { scope: "col", class: "number" }, "Rows"),
          make("th", { scope: "col", class: "number" }, "Change"), make("th", { scope: "col", class: "number" }, "Size"))),
        make("tbody", null, body))));
}
