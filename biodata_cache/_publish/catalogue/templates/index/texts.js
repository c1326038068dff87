// The texts that tables and columns have of themselves.

const tables = new Map(cache.tables.map((table) => [table.name, table]));

// Bold and code of the texts; code that names a table or a column of the table leads there.
function inline(text, table) {
  return text.split(/(\*\*[^*]+\*\*|`[^`]+`)/).map((part) => {
    if (part.startsWith("**") && part.length > 4) return make("strong", null, part.slice(2, -2));
    if (!part.startsWith("`") || part.length < 3) return part;
    const name = part.slice(1, -1);
    const code = make("code", null, name);
    if (tables.has(name) && !(table && table.name === name)) return link(name, code);
    return code;
  });
}

// A paragraph ends at an empty line, or where the next line begins with a bold word.
function paragraphs(text, table) {
  return text.split(/\n\s*\n|\n(?=\*\*)/).map((part) => make("p", null, inline(part.replace(/\s+/g, " ").trim(), table)));
}

const plain = (text) => text.replace(/\*\*|`/g, "").replace(/\s+/g, " ").trim();

function summary(table) {
  const text = plain(table.description);
  const end = text.search(/\.(\s|$)/);
  return end < 0 ? text : text.slice(0, end + 1);
}
