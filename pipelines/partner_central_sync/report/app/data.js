// The rows, unpacked: columns by table and name. A column of names has its values once, and where each row has which.

const tables = {};
const spends = new Map(); // of opportunities with several currencies: [currency, amount], by row
const MISSING = -(2 ** 31); // of a column of whole numbers
const currencies = []; // of all amounts

async function unpack() {
  const letters = atob(document.getElementById("rows").textContent);
  const bytes = new Uint8Array(letters.length);
  for (let place = 0; place < letters.length; place += 1) bytes[place] = letters.charCodeAt(place);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const packed = JSON.parse(await new Response(stream).text());
  for (const [name, columns] of Object.entries(packed.tables)) {
    const fields = meta.fields[name];
    const found = {};
    for (const { name: column, kind } of fields) found[column] = unpackColumn(columns[column], kind);
    tables[name] = { name, columns: found, size: packed.sizes[name], elsewhere: columns.other ?? {} };
    tables[name].fields = Object.fromEntries(fields.map((field) => [field.name, field]));
  }
  for (const [row, pairs] of Object.entries(packed.spends)) {
    spends.set(
      Number(row),
      pairs.map(([currency, amount]) => [currency, amountOf(amount)]),
    );
  }
  const places = new Map();
  for (const table of Object.values(tables)) if (table.columns.amount) table.money = unpackMoney(table, places);
  currencies.push(...places.keys());
}

// The amounts once more, for fast sums: the place of the currency of each row, and its amount. -1 is without, and -2
// has several amounts, or one that a number does not hold exactly. What is not known in the reporting currency is NaN.
function unpackMoney(table, places) {
  const { amount, currency, reporting } = table.columns;
  const placeOf = (name) => {
    if (!places.has(name)) places.set(name, places.size);
    return places.get(name);
  };
  const of = new Int32Array(table.size).fill(-1);
  const amounts = new Float64Array(table.size);
  for (let row = 0; row < table.size; row += 1) {
    const one = amount.rows[row];
    if (typeof one === "number") {
      of[row] = placeOf(currency.at(row) ?? "");
      amounts[row] = one;
    } else if (one !== null || spendsOf(row, table).length) {
      of[row] = -2;
      for (const [name] of spendsOf(row, table)) placeOf(name);
    }
  }
  const about = reporting && Float64Array.from(reporting.rows, (value) => (value === null ? NaN : Number(value)));
  return { of, amounts, about };
}

function unpackColumn(column, kind) {
  if (kind === "name" || kind === "names") {
    const of = Int32Array.from(column.of);
    const parts = column.values.map((value) =>
      value === null || kind === "name" ? [value] : [...new Set(value.split("; "))],
    );
    return { kind, values: column.values, of, parts, at: (row) => column.values[of[row]] };
  }
  if (["day", "count", "flag"].includes(kind)) {
    const ints = Int32Array.from(column, (value) => value ?? MISSING);
    return { kind, ints, at: (row) => (ints[row] === MISSING ? null : ints[row]) };
  }
  if (kind === "money") column = column.map(amountOf);
  return { kind, rows: column, at: (row) => column[row] ?? null };
}

const amountOf = (value) => (typeof value === "string" ? BigInt(value) : value);

// The amounts of an opportunity, or of a row of another table, by currency: [currency, amount].
function spendsOf(row, table = tables.opportunities) {
  const { amount, currency } = table.columns;
  const one = amount.rows[row];
  if (one === null) return (table.name === "opportunities" && spends.get(row)) || [];
  return [[currency.at(row) ?? "", one]];
}

// The amounts that a column shows: all of them, or the one in the reporting currency.
function amountsOf({ name }, row) {
  if (name !== "reporting") return [...spendsOf(row)];
  const about = aboutOf(row);
  return about === null ? [] : [[meta.reporting, about]];
}

const aboutOf = (row, table = tables.opportunities) => table.columns.reporting?.rows[row] ?? null;

// The value of a row; a change or an invitation has that of its opportunity where it has none itself.
function valueOf(table, name, row) {
  const value = table.columns[name].at(row);
  if (table.name === "opportunities") return value;
  const opportunity = table.columns.id.rows[row];
  if (name === "id")
    return opportunity < 0 ? (table.elsewhere[row] ?? null) : tables.opportunities.columns.id.at(opportunity);
  if (name === "customer" && value === null && opportunity >= 0)
    return tables.opportunities.columns.customer.at(opportunity);
  return value;
}

// The text of a cell, and what to show when the pointer rests on it.
function cellOf(table, field, row) {
  const value = valueOf(table, field.name, row);
  if (field.kind === "money") {
    const pairs = amountsOf(field, row).sort(([one], [other]) => byText(one, other));
    const text = pairs.map(([currency, amount]) => short(amount, currency)).join(", ");
    return { text: text || NOTHING, title: pairs.map(([currency, amount]) => exact(amount, currency)).join(", ") };
  }
  if (field.kind === "day") return { text: formatDay(value), title: "" };
  if (field.kind === "flag") return { text: value ? "yes" : "no", title: "" };
  if (value === null) return { text: NOTHING, title: "" };
  return { text: field.kind === "count" ? formatCount(value) : value, title: "" };
}
