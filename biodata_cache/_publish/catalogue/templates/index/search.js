// Search by words: "age" finds what is named age before what has it in a longer name, and nothing
// that only has these letters somewhere ("package").

const wordsOf = (text) => text.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter((word) => word);

// How well one word matches these words: 2 as a whole, 1 as the beginning of one, 0 not at all.
function fit(word, words) {
  if (words.includes(word)) return 2;
  return word.length > 2 && words.some((each) => each.startsWith(word)) ? 1 : 0;
}

const index = cache.tables.map((table) => ({
  table,
  name: wordsOf(table.name),
  text: wordsOf(plain(table.description)),
  columns: table.columns.map(([name, type, text], position) => ({
    name,
    type,
    text,
    whole: name.toLowerCase(),
    words: wordsOf(name),
    described: wordsOf(`${type} ${plain(text)}`),
    values: (table.statistics[position]?.values || []).map(([value]) => [value, wordsOf(value)]),
  })),
}));

// What is worth most is the name of a column or table itself, then words of names, values, texts.
function columnScore(column, word) {
  if (column.whole === word) return 18;
  const [named, described] = [fit(word, column.words), fit(word, column.described)];
  const valued = column.values.some(([, words]) => words.includes(word));
  return Math.max(named * 8, valued ? 12 : 0, described);
}

const tableScore = (entry, word) =>
  Math.max(entry.table.name.toLowerCase() === word ? 60 : 0, fit(word, entry.name) * 10, fit(word, entry.text) * 2);

// A table matches if each word is in its name, its text, or in a column: its name, text or values.
function matches(words) {
  const all = index.map((entry) => {
    const columns = entry.columns
      .map((column) => ({ column, score: words.reduce((sum, word) => sum + columnScore(column, word), 0) }))
      .filter(({ score }) => score > 0)
      .sort((one, other) => other.score - one.score);
    const scores = words.map((word) =>
      Math.max(tableScore(entry, word), ...entry.columns.map((column) => columnScore(column, word)), 0));
    return {
      table: entry.table,
      columns: columns.map(({ column }) => column),
      rank: scores.reduce((sum, score) => sum + score, 0),
      isFound: scores.every((score) => score > 0),
    };
  });
  const hits = all.filter((each) => each.isFound);
  return words.length ? hits.sort((one, other) => other.rank - one.rank) : hits;
}

// The values of a column that have one of the words.
const valuesFound = (column, words) =>
  column.values.filter(([, parts]) => words.some((word) => parts.includes(word))).map(([value]) => value);

// The text with the words marked where a word of it begins with them.
function marked(text, words) {
  if (!words.length) return [text];
  const escaped = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const parts = text.split(new RegExp(`(?<![\\p{L}\\p{N}])(${escaped.join("|")})`, "iu"));
  return parts.map((part, position) => (position % 2 ? make("mark", null, part) : part));
}
