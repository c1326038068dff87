// The rows of a table: sorted, filtered, page by page, and as CSV.

const MOST_CSV = 100000;

const shownText = (value) => (Array.isArray(value) ? value.map(shownText).join(", ") : String(value));

function cell(value, kind) {
  if (value === null) return make("td", { class: "missing" }, make("span", { class: "hidden" }, "missing"));
  const text = shownText(value);
  const isNumber = kind === "number" && !Array.isArray(value);
  return make("td", { class: isNumber ? "number" : null, title: text.length > 60 ? text : null },
    text.length > 60 ? text.slice(0, 58) + "…" : text === "" ? make("em", null, "empty") : text);
}

// A field of a filter. Its text is part of the choice as soon as it is typed.
function field(column, filter, choice, changed, more) {
  const key = `${filter}.${column}`;
  const words = { has: `${column} has`, from: `${column} from`, to: `${column} to` }[filter];
  const input = make("input", { type: "text", "aria-label": words, autocomplete: "off", spellcheck: "false", ...more });
  input.value = choice.filters.get(key) || "";
  input.addEventListener("input", () => {
    const text = input.value.trim();
    if (text) choice.filters.set(key, text);
    else choice.filters.delete(key);
    changed();
  });
  return input;
}

function selection(column, statistics, choice, changed) {
  const [is, no] = [`is.${column}`, `no.${column}`];
  const options = [
    make("option", { value: "" }, "any"),
    ...(statistics.values || []).map(([value, rows]) =>
      make("option", { value: `=${value}` }, `${value === "" ? "empty" : value} (${count(rows)})`)),
    statistics.missing ? make("option", { value: "missing" }, `missing (${count(statistics.missing)})`) : null,
  ];
  const wanted = choice.filters.get(is);
  if (wanted !== undefined && !(statistics.values || []).some(([value]) => value === wanted)) {
    options.push(make("option", { value: `=${wanted}` }, wanted));
  }
  const select = make("select", { "aria-label": `${column} is` }, options);
  select.value = choice.filters.has(no) ? "missing" : wanted === undefined ? "" : `=${wanted}`;
  select.addEventListener("change", () => {
    choice.filters.delete(is);
    choice.filters.delete(no);
    if (select.value === "missing") choice.filters.set(no, "");
    else if (select.value) choice.filters.set(is, select.value.slice(1));
    changed();
  });
  return select;
}

// A choice of values where there are few, a range of numbers and times, else a part of the text.
function filterOf([name, type], statistics, choice, changed) {
  const kind = kindOf(type);
  if (statistics.values || choice.filters.has(`is.${name}`) || choice.filters.has(`no.${name}`)) {
    return selection(name, statistics, choice, changed);
  }
  if (kind === "text") return field(name, "has", choice, changed, { placeholder: "has …" });
  const ends = kind === "time" ? [statistics.smallest, statistics.largest].map((text) => text?.slice(0, 10)) : [statistics.smallest, statistics.largest];
  const more = (text) => ({ placeholder: text ?? "", inputmode: kind === "number" ? "decimal" : null });
  return make("div", { class: "range" },
    field(name, "from", choice, changed, more(ends[0])), field(name, "to", choice, changed, more(ends[1])));
}

function headOf(table, choice, changed) {
  const titles = table.columns.map(([name, type]) => {
    const button = make("button", { type: "button", class: "sort" }, name);
    const head = make("th", { scope: "col", class: kindOf(type) === "number" ? "number" : null }, button);
    const update = () => {
      const isSorted = choice.sort === name;
      head.setAttribute("aria-sort", isSorted ? (choice.isDown ? "descending" : "ascending") : "none");
    };
    button.addEventListener("click", () => {
      const isSorted = choice.sort === name;
      if (isSorted && choice.isDown) Object.assign(choice, { sort: null, isDown: false });
      else Object.assign(choice, { sort: name, isDown: isSorted });
      changed();
    });
    return { head, update };
  });
  const filters = table.columns.map((column, position) =>
    make("td", null, filterOf(column, table.statistics[position] || {}, choice, changed)));
  const head = make("thead", null,
    make("tr", null, titles.map(({ head: title }) => title)), make("tr", { class: "filters" }, filters));
  return { head, update: () => titles.forEach((title) => title.update()) };
}

const csvText = (value) => {
  if (value === null) return "";
  const text = Array.isArray(value) ? JSON.stringify(value) : String(value);
  return /[",\r\n]/.test(text) || text === "" ? `"${text.replaceAll('"', '""')}"` : text;
};

async function download(table, source, positions) {
  const rows = await source.at(positions.slice(0, MOST_CSV));
  const lines = [table.columns.map(([name]) => name), ...rows].map((row) => row.map(csvText).join(","));
  const file = new Blob([lines.join("\r\n"), "\r\n"], { type: "text/csv;charset=utf-8" });
  const url = URL.createObjectURL(file);
  make("a", { href: url, download: `${table.name}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

function rowsSection(table, options) {
  if (!table.sample.length && !(table.objects.length && location.protocol !== "file:")) return null;
  const choice = choiceOf(table, options);
  let source = sourceOf(table);
  let [positions, turn] = [[], 0];
  const note = make("p", { class: "note", role: "status" }, "Reading …");
  const body = make("tbody");
  const pages = make("span", { class: "pages" });
  const [before, after, csv, all] = ["Previous", "Next", "Download CSV", "Show all"].map((text) => make("button", { type: "button" }, text));

  function update() {
    const last = Math.max(1, Math.ceil(positions.length / PAGE_ROWS));
    const isSample = source instanceof Sample;
    const shown = choice.filters.size ? `${plural(positions.length, "row")} of ${count(source.total)}` : plural(source.total, "row");
    const of = isSample && source.total < (table.rows ?? 0) ? `, the first of ${count(table.rows)}` : "";
    const why = isSample && of ? `: ${source.reason}.` : ".";
    const unknown = choice.unknown.length ? ` The address also asks for ${choice.unknown.join(", ")}, which this table does not have.` : "";
    const words = choiceWords(choice);
    note.textContent = `${shown}${of}${why}${words ? ` Chosen: ${words}.` : ""}${unknown}`;
    pages.textContent = `Page ${count(choice.page)} of ${count(last)}`;
    before.disabled = choice.page <= 1;
    after.disabled = choice.page >= last;
    all.hidden = !choice.filters.size && !choice.sort;
    csv.disabled = !positions.length;
    csv.textContent = positions.length > MOST_CSV ? `Download CSV (first ${count(MOST_CSV)})` : "Download CSV";
  }

  async function show() {
    turn += 1;
    const mine = turn;
    body.setAttribute("aria-busy", "true");
    try {
      const chosen = await chosenRows(table, source, choice);
      choice.page = Math.min(choice.page, Math.max(1, Math.ceil(chosen.length / PAGE_ROWS)));
      const from = (choice.page - 1) * PAGE_ROWS;
      const rows = await source.at(chosen.slice(from, from + PAGE_ROWS));
      if (mine !== turn) return; // something else was chosen meanwhile
      positions = chosen;
      body.replaceChildren(...rows.map((row) =>
        make("tr", null, row.map((value, index) => cell(value, kindOf(table.columns[index][1]))))));
      update();
    } catch (error) {
      if (mine !== turn) return;
      source = new Sample(table, `the others cannot be read (${error.message})`);
      sources.set(table.name, source);
      await show();
    } finally {
      if (mine === turn) body.removeAttribute("aria-busy");
    }
  }

  const head = headOf(table, choice, () => changed(true));
  function changed(isOtherRows) {
    if (isOtherRows) choice.page = 1;
    choice.unknown = [];
    head.update();
    replaceAddress(addressOfChoice(table, choice));
    show();
  }

  before.addEventListener("click", () => { choice.page -= 1; changed(false); });
  after.addEventListener("click", () => { choice.page += 1; changed(false); });
  csv.addEventListener("click", () => download(table, source, positions));
  all.addEventListener("click", () => { location.hash = anchor(table.name); });
  head.update();
  show();
  const asSql = hasSql() && table.objects.length
    ? make("a", { href: sqlAddress(`select *\nfrom ${quotedName(table.name)}\nlimit 10`) }, "SQL") : null;
  return make("section", { id: "rows" }, make("h2", null, "Rows"), note,
    scrolling(`Rows of ${table.name}`, make("table", { class: "rows" }, head.head, body)),
    make("div", { class: "tools" }, before, pages, after, all, asSql, csv));
}
