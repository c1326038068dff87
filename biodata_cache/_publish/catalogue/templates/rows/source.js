// Where the rows of a table come from: its objects, by range requests; from file://, where browsers
// refuse these, the first rows that are kept in the page.

const kindOf = (type) => {
  const element = type.replace(/\[\]$/, "");
  if (/^(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|FLOAT|DOUBLE)$/.test(element)) return "number";
  if (/^(TIMESTAMP|DATE)/.test(element)) return "time";
  return "text";
};

// A moment as the sample has it: UTC, without the zeros at the end of its fraction.
function moment(micros) {
  const whole = new Date(Number(micros / 1000n));
  if (isNaN(whole)) return String(micros);
  const fraction = String(((micros % 1000000n) + 1000000n) % 1000000n).padStart(6, "0").replace(/0+$/, "");
  return whole.toISOString().slice(0, -5).replace("T", " ") + (fraction ? `.${fraction}` : "");
}

const parsers = {
  timestampFromMilliseconds: (millis) => moment(BigInt(millis) * 1000n),
  timestampFromMicroseconds: (micros) => moment(BigInt(micros)),
  timestampFromNanoseconds: (nanos) => moment(BigInt(nanos) / 1000n),
  dateFromDays: (days) => new Date(days * 86400000).toISOString().slice(0, 10),
};

// A value as JSON has it.
function plainValue(value) {
  if (value === undefined || value === null) return null;
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (Array.isArray(value)) return value.map(plainValue);
  return typeof value === "object" ? JSON.stringify(value) : value;
}

// The rows that are kept in the page.
class Sample {
  constructor(table, reason) {
    this.rows = table.sample;
    this.total = table.sample.length;
    this.reason = reason;
    this.names = table.columns.map(([name]) => name);
  }

  async column(name) {
    const index = this.names.indexOf(name);
    return this.rows.map((row) => row[index]);
  }

  async at(positions) {
    return positions.map((position) => this.rows[position]);
  }
}

// The most that a browser reads at once.
const MOST_BYTES = 48e6;

function checkSize(bytes, what) {
  if (bytes > MOST_BYTES) throw new Error(`${what} is ${size(bytes)}`);
}

// All rows, in parts as they are needed: whole groups of rows, or single columns of all of them.
class Objects {
  constructor(table) {
    this.names = table.columns.map(([name]) => name);
    this.files = table.objects.map(([name, rows, bytes]) => ({ name, rows, bytes }));
    this.total = this.files.reduce((sum, file) => sum + file.rows, 0);
    this.columns = new Map();
    this.groups = new Map();
  }

  // The footer of a file: which rows are in which group.
  async opened(file) {
    file.opened ??= (async () => {
      const url = new URL(`../.objects/${file.name}`, document.baseURI).href;
      const buffer = await hyparquet.asyncBufferFromUrl({ url, byteLength: file.bytes });
      const metadata = await hyparquet.parquetMetadataAsync(buffer, { parsers });
      let end = 0;
      const groups = metadata.row_groups.map((group) => {
        const start = end;
        end += Number(group.num_rows);
        const bytes = group.columns.map((column) => Number(column.meta_data.total_compressed_size));
        const columns = group.columns.map((column, index) => [column.meta_data.path_in_schema[0], bytes[index]]);
        return { start, end, columns, bytes: bytes.reduce((sum, each) => sum + each, 0) };
      });
      return { buffer, metadata, groups };
    })();
    return file.opened;
  }

  async read(file, options) {
    const { buffer, metadata } = await this.opened(file);
    return hyparquet.parquetReadObjects({
      file: buffer,
      metadata,
      compressors: { ZSTD: (input, length) => hyparquet.zstd(input, new Uint8Array(length)) },
      parsers,
      ...options,
    });
  }

  async column(name) {
    if (!this.columns.has(name)) {
      this.columns.set(name, (async () => {
        const values = [];
        let bytes = 0;
        for (const file of this.files) {
          const { groups } = await this.opened(file);
          for (const [each, part] of groups.flatMap((group) => group.columns)) bytes += each === name ? part : 0;
          checkSize(bytes, `the column ${name}`);
          const rows = file.rows ? await this.read(file, { columns: [name] }) : [];
          for (const row of rows) values.push(plainValue(row[name]));
        }
        return values;
      })());
    }
    return this.columns.get(name);
  }

  // The group of rows that has a row, read once.
  async group(position) {
    let first = 0;
    const file = this.files.find((each) => {
      if (position < first + each.rows) return true;
      first += each.rows;
      return false;
    });
    const { groups } = await this.opened(file);
    const { start, end, bytes } = groups.find((each) => position - first < each.end);
    checkSize(bytes, "one part of the table");
    const key = `${file.name} ${start}`;
    if (!this.groups.has(key)) this.groups.set(key, this.read(file, { rowStart: start, rowEnd: end }));
    return { rows: await this.groups.get(key), from: first + start, to: first + end };
  }

  async at(positions) {
    const rows = [];
    let part = { from: 0, to: 0 };
    for (const position of positions) {
      if (position < part.from || position >= part.to) part = await this.group(position);
      const row = part.rows[position - part.from];
      rows.push(this.names.map((name) => plainValue(row[name])));
    }
    return rows;
  }
}

const fromFile = "a browser reads no other file from file://; over http it would show all of them";
const sources = new Map();

function sourceOf(table) {
  if (!sources.has(table.name)) {
    const isReadable = location.protocol !== "file:" && table.objects.length > 0;
    const reason = location.protocol === "file:" ? fromFile : "this build has no objects";
    sources.set(table.name, isReadable ? new Objects(table) : new Sample(table, reason));
  }
  return sources.get(table.name);
}
