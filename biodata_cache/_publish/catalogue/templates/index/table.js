// One table.

const shownValue = (value) => (value === "" ? make("em", null, "empty text") : value);

function partitionSection(table) {
  if (!table.partition_key) return null;
  const key = table.partition_key;
  const body = make("tbody", null, table.largest.map(([value, rows, bytes]) => {
    const path = fileOf(table, value);
    return make("tr", null, make("td", null, make("a", { class: "name", href: href(path), title: path }, shownValue(value))),
      make("td", { class: "number" }, count(rows ?? null)), make("td", { class: "number" }, size(bytes ?? null)));
  }));
  return make("section", { id: "files" },
    make("h2", null, "Files", make("small", null, `${count(table.partitions)}, one for each `, make("code", null, key))),
    table.largest.length < table.partitions ? make("p", null, `The ${table.largest.length} largest:`) : null,
    make("table", { class: "files" },
      make("thead", null, make("tr", null, make("th", { scope: "col" }, key), make("th", { scope: "col", class: "number" }, "Rows"), make("th", { scope: "col", class: "number" }, "Size"))),
      body));
}

function readSection(table) {
  const made = snippets(table).map(([title, code]) => {
    const button = make("button", { type: "button", "aria-label": `Copy: ${title}` }, "Copy");
    button.addEventListener("click", () => copy(code, button));
    return make("div", { class: "snippet" }, make("h3", null, title), make("pre", { tabindex: "0" }, code), button);
  });
  return make("section", null, make("h2", null, "Read it"), made);
}

// A page from file:// may not use the clipboard of newer browsers everywhere.
async function copy(text, button) {
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = make("textarea", { class: "hidden" });
    area.value = text;
    document.body.append(area);
    area.select();
    done = document.execCommand("copy");
    area.remove();
    button.focus();
  }
  button.textContent = done ? "Copied" : "Select it";
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}

function columnSection(table, chosen) {
  const hasStatistics = table.statistics.length > 0;
  const rows = table.columns.map(([name, type, text], position) => {
    const id = `${table.name}.${name}`;
    const chips = [
      table.primary_key.includes(name) ? [" ", make("span", { class: "chip" }, "key")] : null,
      table.partition_key === name ? [" ", make("span", { class: "chip" }, "partition")] : null,
    ].flat();
    return make("tr", { id, class: name === chosen ? "chosen" : null },
      make("td", null, make("a", { class: "name", href: anchor(id) }, name), chips),
      make("td", { class: "type" }, type), make("td", null, make("p", null, inline(text.replace(/\s+/g, " "), table))),
      hasStatistics ? make("td", { class: "statistics" }, statisticsOf(table, position)) : null);
  });
  return make("section", null,
    make("h2", null, "Columns", make("small", null, count(table.columns.length))),
    make("table", { class: "columns" },
      heads([["Name", false], ["Type", false], ["What it holds", false], ...(hasStatistics ? [["Values", false]] : [])]),
      make("tbody", null, rows)));
}

function checkSection(table) {
  if (!table.checks.length) return null;
  const warned = table.checks.filter(([, status]) => status !== "pass").length;
  const note = warned ? `${count(table.checks.length - warned)} passed, ${count(warned)} tolerated` : `all ${count(table.checks.length)} passed`;
  return make("section", null, make("h2", null, "Checks", make("small", null, note)),
    make("ul", { class: "checks" }, table.checks.map(([text, status]) =>
      make("li", { class: status === "pass" ? null : "warn" }, inline(text, table), status === "pass" ? null : " (tolerated)"))));
}

function fact(title, value, note) {
  return make("div", null, make("dt", null, title), make("dd", null, value, note ? make("small", null, note) : null));
}

function detail(table, chosen, options) {
  const names = (columns) => columns.flatMap((name, index) => [index ? ", " : null, make("code", null, name)]);
  const more = [
    ["One row for each", table.primary_key.length ? names(table.primary_key) : null],
    ["Sorted by", table.sort_order.length ? names(table.sort_order) : null],
    ["File", table.partition_key || table.files === 0 ? null : make("a", { href: href(lastPart(table)) }, lastPart(table))],
    ["SHA-256", table.partition_key || !table.sha256 ? null : make("code", null, table.sha256)],
    ["Build", table.build ? make("code", null, table.build) : null],
  ].filter(([, value]) => value);
  return [
    make("p", { class: "crumb" }, make("a", { href: "#" }, "← All tables")),
    make("div", { class: "title" }, make("h1", { class: "name", tabindex: "-1" }, table.name), make("span", { class: "chip" }, table.type)),
    make("div", { class: "text" }, paragraphs(table.description, table)),
    make("dl", { class: "facts" },
      fact("Rows", count(table.rows)),
      fact("Size", size(table.bytes)),
      fact("Files", count(table.files)),
      fact("Columns", count(table.columns.length)),
      fact("Built", time(table.built_at), minute(table.built_at))),
    make("dl", { class: "more" }, more.flatMap(([title, value]) => [make("dt", null, title), make("dd", null, value)])),
    rowsSection(table, options),
    monthsSection(table),
    columnSection(table, chosen),
    readSection(table),
    partitionSection(table),
    historySection(table),
    checkSection(table),
    lineageSection(table),
  ].filter((part) => part);
}
