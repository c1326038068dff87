// What a table is made from, as a picture: sources at the left, each model right of what it needs.

const LAYERS = { raw: "Raw lake", seeds: "Kept by hand", staging: "Staging", intermediate: "Intermediate" };
const [SIGN, LINE, GAP] = [7.3, 30, 40];

// Names by column: what needs nothing first, the table last.
function columnsOf(table, names) {
  const parents = (name) => (cache.lineage[name] || []).filter((each) => names.has(each) && each !== name);
  const depths = new Map();
  const depth = (name, path) => {
    if (depths.has(name)) return depths.get(name);
    if (path.has(name)) return 0;
    const below = parents(name).map((each) => depth(each, new Set([...path, name])));
    depths.set(name, below.length ? 1 + Math.max(...below) : 0);
    return depths.get(name);
  };
  const columns = [];
  for (const name of names) (columns[depth(name, new Set())] ||= []).push(name);
  return { columns: columns.filter((column) => column), parents };
}

function picture(table, layerOf) {
  const names = new Set([...layerOf.keys(), table.name]);
  const { columns, parents } = columnsOf(table, names);
  const boxes = new Map();
  const tallest = Math.max(...columns.map((column) => column.length));
  let x = 1;
  for (const column of columns) {
    const width = Math.max(...column.map((name) => name.length)) * SIGN + 20;
    const top = ((tallest - column.length) * LINE) / 2;
    column.forEach((name, index) => boxes.set(name, { x, y: top + index * LINE + 3, width, height: LINE - 8 }));
    x += width + GAP;
  }
  const [width, height] = [x - GAP + 1, tallest * LINE];
  const chart = make("svg", { class: "lineage", viewBox: `0 0 ${width} ${height}`, width, height, role: "img",
    "aria-label": `${table.name} is made from ${layerOf.size} models and sources; the list below names them.` });
  for (const [name, to] of boxes) {
    for (const parent of parents(name)) {
      const from = boxes.get(parent);
      const [x1, y1, x2, y2] = [from.x + from.width, from.y + from.height / 2, to.x, to.y + to.height / 2];
      const middle = (x1 + x2) / 2;
      chart.append(make("path", { class: "edge", d: `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}` }));
    }
  }
  for (const [name, box] of boxes) {
    const layer = layerOf.get(name) || "table";
    chart.append(make("g", { class: "node" },
      make("title", null, `${name} (${LAYERS[layer] || layer})`),
      make("rect", { class: name === table.name ? "box self" : `box`, rx: 5, ...box }),
      make("text", { x: box.x + 10, y: box.y + box.height / 2 + 4 }, name)));
  }
  return chart;
}

function lineageSection(table) {
  const layers = Object.entries(table.made_from);
  if (!layers.length) return null;
  const layerOf = new Map(layers.flatMap(([layer, names]) => names.map((name) => [name, layer])));
  const hasEdges = cache.lineage[table.name] !== undefined;
  return make("section", { id: "lineage" }, make("h2", null, "Made from"),
    hasEdges ? scrolling(`Picture of what ${table.name} is made from`, picture(table, layerOf)) : null,
    make("div", { class: "layers" }, layers.map(([layer, names]) =>
      make("div", null, make("h3", null, LAYERS[layer] || layer), make("ul", null, names.map((name) => make("li", null, name)))))));
}
