// SQL on the tables, by DuckDB-WASM. It is loaded from the address that the publisher set, when a
// query is first run; without an address there is no such page.

const MOST_ROWS = 200;
const sqlAddress = (text) => `#sql?${new URLSearchParams({ query: text })}`;
const hasSql = () => cache.modules !== null && location.protocol !== "file:";
let engine = null;

// A worker may only be of this origin: a script of it that loads the other one.
async function start() {
  const { AsyncDuckDB, VoidLogger } = await import("@duckdb/duckdb-wasm");
  const dist = `${cache.modules}/@duckdb/duckdb-wasm/dist`;
  const script = new Blob([`importScripts(${JSON.stringify(`${dist}/duckdb-browser-eh.worker.js`)});`], { type: "text/javascript" });
  const url = URL.createObjectURL(script);
  const database = new AsyncDuckDB(new VoidLogger(), new Worker(url));
  await database.instantiate(`${dist}/duckdb-eh.wasm`);
  URL.revokeObjectURL(url);
  return { connection: await database.connect(), views: new Set() };
}

const quotedName = (name) => `"${name.replaceAll('"', '""')}"`;

// A view for each table that the query names, of the objects of this build.
async function makeViews(connection, views, text) {
  for (const table of cache.tables) {
    const isNamed = new RegExp(`(?<![\\w])${table.name.replace(/\W/g, "\\$&")}(?![\\w])`, "i").test(text);
    if (!isNamed || views.has(table.name) || !table.objects.length) continue;
    const files = table.objects.map(([file]) => `'${new URL(`../.objects/${file}`, document.baseURI).href.replaceAll("'", "''")}'`);
    await connection.query(`create view ${quotedName(table.name)} as select * from read_parquet([${files}])`);
    views.add(table.name);
  }
}

async function answer(text) {
  engine ??= start();
  const { connection, views } = await engine.catch((error) => {
    engine = null;
    throw error;
  });
  await makeViews(connection, views, text);
  const query = text.trim().replace(/;\s*$/, "");
  const result = await connection.query(`select columns(*)::varchar from (${query}\n) limit ${MOST_ROWS + 1}`);
  const columns = result.schema.fields.map((field, index) => [field.name, result.getChildAt(index)]);
  return {
    names: columns.map(([title]) => title),
    rows: Array.from({ length: result.numRows }, (_, row) => columns.map(([, values]) => values.get(row) ?? null)),
  };
}

function sqlPage(options) {
  const area = make("textarea", { id: "sql", rows: "8", spellcheck: "false", autocomplete: "off" });
  area.value = options.get("query") || `select *\nfrom ${cache.tables[0].name}\nlimit 10`;
  const run = make("button", { type: "button" }, "Run");
  const note = make("p", { class: "note", role: "status" }, "Nothing is loaded before a query is run. Each table is a view.");
  const result = make("div");
  run.addEventListener("click", async () => {
    replaceAddress(sqlAddress(area.value));
    run.disabled = true;
    note.textContent = "Running …";
    result.replaceChildren();
    try {
      const { names, rows } = await answer(area.value);
      const shown = rows.slice(0, MOST_ROWS);
      note.textContent = rows.length > MOST_ROWS ? `The first ${count(MOST_ROWS)} rows.` : `${plural(rows.length, "row")}.`;
      result.append(scrolling("Result", make("table", { class: "rows" }, heads(names.map((title) => [title, false])),
        make("tbody", null, shown.map((row) => make("tr", null, row.map((value) => cell(value, "text"))))))));
    } catch (error) {
      note.textContent = `That did not work: ${error.message || error}`;
    } finally {
      run.disabled = false;
    }
  });
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run.click();
  });
  return [
    make("p", { class: "crumb" }, make("a", { href: "#" }, "← All tables")),
    make("div", { class: "lead" }, make("h1", { tabindex: "-1" }, "SQL")),
    make("label", { for: "sql", class: "hidden" }, "Query"), area,
    make("div", { class: "tools" }, run, make("span", { class: "pages" }, "or Ctrl+Enter")), note, result,
  ];
}
