// Answers of DuckDB-WASM, in the form of answers.py. Evaluated in a page that can import `duckdb`.
async ({ dist, extensions, tables, statements, questions }) => {
  const duckdb = await import("duckdb");
  const worker = new Worker(`${dist}/duckdb-browser-eh.worker.js`);
  const db = new duckdb.AsyncDuckDB(new duckdb.VoidLogger(), worker);
  await db.instantiate(`${dist}/duckdb-eh.wasm`);
  const connection = await db.connect();
  const plain = (value) => {
    if (value === null || value === undefined) return null;
    if (typeof value === "bigint") return Number(value);
    if (typeof value === "object" && typeof value[Symbol.iterator] === "function") return [...value].map(plain);
    return value;
  };
  const all = (table) => {
    const columns = table.schema.fields.map((column, index) => [column.name, table.getChildAt(index)]);
    return Array.from({ length: table.numRows }, (_, row) =>
      Object.fromEntries(columns.map(([name, values]) => [name, plain(values.get(row))])));
  };
  try {
    if (extensions) await connection.query(`set custom_extension_repository = '${extensions}'`);
    for (const [name, address] of tables) {
      const stream = new Uint8Array(await (await fetch(address)).arrayBuffer());
      await connection.insertArrowFromIPCStream(stream, { name, create: true });
    }
    for (const statement of statements) await connection.query(statement);
    const answers = [];
    for (const question of questions) {
      try {
        const types = all(await connection.query(`describe ${question}`));
        answers.push({
          types: Object.fromEntries(types.map((column) => [column.column_name, column.column_type])),
          rows: all(await connection.query(question)),
        });
      } catch (error) {
        answers.push({ error: String(error.message || error) });
      }
    }
    const [{ version }] = all(await connection.query("select version() as version"));
    return [version, answers];
  } finally {
    worker.terminate();
  }
}
