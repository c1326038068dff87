// What a column holds, in numbers: what is missing, how many values, the ends, and a histogram.

const isLong = (text) => text.length > 24;
const shortened = (text) => (isLong(text) ? text.slice(0, 22) + "…" : text);

function bars(heights, label) {
  const [width, height] = [96, 24];
  const most = Math.max(...heights);
  const step = width / heights.length;
  return make("svg", { class: "bars", viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label },
    heights.map((rows, index) => {
      const tall = rows ? Math.max(1.5, (rows / most) * height) : 0;
      return make("rect", { x: index * step, y: height - tall, width: Math.max(1, step - 1), height: tall });
    }));
}

function histogram(name, statistics) {
  const { bins, values, smallest, largest } = statistics;
  if (bins) return bars(bins, `Histogram of ${name} from ${smallest} to ${largest}: ${bins.join(", ")}.`);
  if (!values || values.length < 2) return null;
  const few = values.slice(0, 6).map(([value, rows]) => `${value === "" ? "empty" : value} ${count(rows)}`);
  return bars(values.map(([, rows]) => rows), `Rows of the values of ${name}: ${few.join(", ")}${values.length > 6 ? " and others" : ""}.`);
}

function statisticsOf(table, position) {
  const statistics = table.statistics[position];
  if (!statistics || !table.rows) return null;
  const [name, type] = table.columns[position];
  const { missing, distinct, smallest, largest } = statistics;
  const facts = [];
  if (missing) facts.push(`${percent(missing, table.rows)} missing`);
  if (distinct !== undefined) facts.push(plural(distinct, "value"));
  const isDay = kindOf(type) === "time";
  const ends = smallest === undefined ? [] : [...new Set([smallest, largest].map((text) => (isDay ? text.slice(0, 10) : text)))];
  return [
    histogram(name, statistics),
    make("p", null, facts.join(", ")),
    ends.length ? make("p", { class: "ends", title: ends.some(isLong) ? ends.join(" … ") : null },
      ends.flatMap((text, index) => [index ? " … " : null, text === "" ? make("em", null, "empty") : shortened(text)])) : null,
  ];
}
