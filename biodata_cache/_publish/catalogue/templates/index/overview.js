// All tables, or those that a search finds.

const clip = (text) => (text.length > 90 ? text.slice(0, 88).replace(/\s+\S*$/, "") + "…" : text);

function columnFound(table, column, words) {
  const [value] = valuesFound(column, words);
  const name = link(`${table.name}.${column.name}`, make("code", null, marked(column.name, words)));
  if (value === undefined) return make("li", null, name, " ", marked(clip(plain(column.text)), words));
  const rows = make("a", { href: addressOf(table.name, { [`is.${column.name}`]: value }) }, marked(value, words));
  return make("li", null, name, " has ", rows);
}

function overview() {
  const words = wordsOf(query.value);
  const hits = matches(words);
  const sum = (key) => cache.tables.reduce((total, table) => total + (table[key] || 0), 0);
  const rows = hits.map(({ table, columns }) => {
    const shown = words.length ? columns.slice(0, 4) : [];
    const more = columns.length - shown.length;
    return make("tr", null,
      make("td", null,
        make("a", { class: "name", href: anchor(table.name) }, marked(table.name, words)),
        make("p", null, marked(summary(table), words)),
        shown.length ? make("ul", { "aria-label": "Columns found" },
          shown.map((column) => columnFound(table, column, words)),
          more ? make("li", null, `and ${plural(more, "more column")}`) : null) : null),
      make("td", { class: "number", "data-unit": table.rows === 1 ? "row" : "rows" }, count(table.rows)),
      make("td", { class: "number", "data-unit": "" }, size(table.bytes)),
      make("td", { class: "when" }, time(table.built_at)),
      make("td", null, plot(table, { width: 96, height: 26, margin: 4, full: false })));
  });
  results.textContent = words.length ? `${plural(hits.length, "table")} found` : "";
  const titles = [["Table", false], ["Rows", true], ["Size", true], ["Built", false], ["Rows over time", false]];
  return [
    make("div", { class: "lead" },
      make("h1", { tabindex: "-1" }, words.length ? `${count(hits.length)} of ${plural(cache.tables.length, "table")}` : plural(cache.tables.length, "table")),
      make("p", null, `${plural(sum("rows"), "row")}, ${size(sum("bytes"))} in ${plural(sum("files"), "parquet file")}, built `, time(cache.built_at), ".")),
    hits.length
      ? make("table", { class: "overview" }, heads(titles), make("tbody", null, rows))
      : make("p", { class: "nothing" }, "Nothing has these words. Try fewer, or the beginning of one."),
  ];
}

function unknown(name) {
  const words = wordsOf(name);
  const [nearest] = words.length ? matches(words.slice(0, 1)) : [];
  return [
    make("p", { class: "crumb" }, make("a", { href: "#" }, "← All tables")),
    make("div", { class: "lead" },
      make("h1", { tabindex: "-1" }, "Nothing here"),
      make("p", null, "This version has no table or column ", make("code", null, name), "."),
      nearest ? make("p", null, "Did you mean ", link(nearest.table.name, make("code", null, nearest.table.name)), "?") : null),
  ];
}
