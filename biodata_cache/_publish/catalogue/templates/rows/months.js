// Rows by month, and by platform where a table has one.

const MOST_GAP = 120;

// All months between the first and the last, so that gaps are gaps; unless they are too many.
function calendar(months) {
  const number = (text) => Number(text.slice(0, 4)) * 12 + Number(text.slice(5)) - 1;
  const [first, last] = [number(months[0]), number(months[months.length - 1])];
  if (last - first > MOST_GAP) return months;
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const at = first + index;
    return `${String(Math.floor(at / 12)).padStart(4, "0")}-${String((at % 12) + 1).padStart(2, "0")}`;
  });
}

const seriesName = (name, by) => name || (by ? `no ${by.replace(/s$/, "")}` : "rows");

function monthsSection(table) {
  const counted = table.months;
  if (!counted) return null;
  const { months, series, by, column, earlier } = counted;
  const shown = calendar(months);
  const at = new Map(months.map((month, index) => [month, index]));
  const rowsIn = (line, month) => (at.has(month) ? line[at.get(month)] : 0);
  const totals = shown.map((month) => series.reduce((sum, [, line]) => sum + rowsIn(line, month), 0));
  const most = Math.max(...totals);
  const [width, height] = [960, 170];
  const step = width / shown.length;
  const chart = make("svg", { class: "months", viewBox: `0 0 ${width} ${height}`, role: "img", preserveAspectRatio: "none",
    "aria-label": `Rows of ${table.name} by month of ${column}, from ${shown[0]} to ${shown[shown.length - 1]}; at most ${count(most)} in ${shown[totals.indexOf(most)]}.` });
  shown.forEach((month, index) => {
    let top = height;
    series.forEach(([name, line], number) => {
      const tall = (rowsIn(line, month) / most) * height;
      if (!tall) return;
      top -= tall;
      chart.append(make("rect", { class: `series${number}`, x: index * step, y: top, width: Math.max(0.5, step * 0.86), height: tall },
        make("title", null, `${month}, ${seriesName(name, by)}: ${count(rowsIn(line, month))}`)));
    });
  });
  const legend = by ? make("ul", { class: "legend" }, series.map(([name], number) =>
    make("li", null, make("span", { class: `swatch series${number}`, "aria-hidden": "true" }), seriesName(name, by)))) : null;
  const notes = [
    earlier ? `${plural(earlier, "row")} of earlier months ${earlier === 1 ? "is" : "are"} left out.` : null,
    by && by.endsWith("s") ? `A row with several ${by} counts once for each.` : null,
  ].filter((note) => note);
  return make("section", { id: "months" },
    make("h2", null, "Rows by month", make("small", null, "of ", make("code", null, column), by ? [", by ", make("code", null, by)] : null)),
    make("figure", { class: "figure" },
      make("div", { class: "scale upright" }, make("span", null, count(most)), make("span", null, "0")),
      chart,
      make("div", { class: "scale" }, [...new Set([shown[0], shown[shown.length - 1]])].map((month) => make("span", null, month)))),
    legend,
    notes.length ? make("p", { class: "note" }, notes.join(" ")) : null,
    make("details", null, make("summary", null, "The same as a table"),
      scrolling(`Rows of ${table.name} by month`, make("table", null,
        heads([["Month", false], ...series.map(([name]) => [seriesName(name, by), true])]),
        make("tbody", null, months.map((month, index) =>
          make("tr", null, make("td", null, month), series.map(([, line]) => make("td", { class: "number" }, count(line[index]))))).reverse())))));
}
