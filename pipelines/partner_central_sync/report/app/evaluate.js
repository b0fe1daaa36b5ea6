// Counts the figures, as evaluate.py does, for the rows that the filters leave. Rows are lists of their numbers, and
// what a figure groups by has a code for each row, which is worked out once.

function testFor(table, [name, operator, other]) {
  const { ints, of, values } = table.columns[name];
  if (of) {
    const allowed = Uint8Array.from(values, (value) => {
      if (operator === "=") return value === other;
      if (operator === "set") return value !== null;
      return other.includes(value) === (operator === "in");
    });
    return (row) => allowed[of[row]] === 1;
  }
  if (operator === "=") return (row) => ints[row] === other;
  if (operator === "<") return (row) => ints[row] < other && ints[row] !== MISSING;
  return (row) => ints[row] >= other && ints[row] !== MISSING;
}

function filtered(rows, test) {
  const found = new Int32Array(rows.length);
  let size = 0;
  for (const row of rows) if (test(row)) found[size++] = row;
  return found.subarray(0, size);
}

const matches = new Map(); // rows by the conditions that they meet, of one drawing
const unfiltered = new Map(); // the same of all rows of a table, and what was counted of them, of all drawings

// The rows that meet all conditions; figures that begin with the same conditions share the work.
function matching(table, rows, where) {
  const kept = rows === table.all ? unfiltered : matches;
  let left = rows;
  let key = table.name;
  for (const condition of where) {
    key += JSON.stringify(condition);
    const known = kept.get(key);
    if (known?.from === rows) left = known.left;
    else {
      left = filtered(left, testFor(table, condition));
      kept.set(key, { from: rows, left });
    }
  }
  return left;
}

// The rows of a table that the filters leave: of other tables, the ones of the opportunities that are left.
function rowsLeft(table, mask) {
  table.all ??= Int32Array.from({ length: table.size }, (_, row) => row);
  if (mask === null) return table.all;
  if (table.name === "opportunities") return filtered(table.all, (row) => mask[row]);
  const ids = table.columns.id.rows;
  return filtered(table.all, (row) => ids[row] >= 0 && mask[ids[row]]);
}

const seriesOf = (figure) =>
  figure.series ?? [
    { where: [] },
    ...(figure.share ? [{ where: figure.share }] : []),
    ...(figure.part ? [{ where: figure.part[1] }] : []),
  ];

// The entries that the file has, of figures that also count what the page does not have.
function entriesOf(name) {
  return meta.entries[name].map(({ sums, ...entry }) => {
    const found = sums.map((one) => Object.entries(one).map(([currency, amount]) => [currency, amountOf(amount)]));
    return { ...entry, sums: found.map((one) => new Map(one)) };
  });
}

// The entries of a figure over all rows, which are counted once for all drawings.
function entriesOfAll(figure, rows) {
  const key = JSON.stringify(figure);
  if (!unfiltered.has(key)) unfiltered.set(key, evaluate(figure, rows));
  return unfiltered.get(key);
}

// The entries of a figure, in the order in which they are shown: {label, key, counts, sums, values}.
function evaluate(figure, rows) {
  const table = tables[figure.table];
  const by = figure.by ?? {};
  const series = seriesOf(figure);
  const groups = new Map();
  const groupOf = (key) => {
    if (!groups.has(key))
      groups.set(key, { counts: series.map(() => 0), sums: series.map(() => new Map()), values: [] });
    return groups.get(key);
  };
  const counted = matching(table, rows, figure.where);
  series.forEach(({ where, shift }, place) => {
    const chosen = where.length ? filtered(counted, allOf(table, where)) : counted;
    if (by.unit === "standing") {
      countStanding(table, by, chosen, shift, (week, number) => (groupOf(week).counts[place] = number));
      if (figure.value === "amount")
        sumStanding(table, by, chosen, shift, (week, currency, sum) => groupOf(week).sums[place].set(currency, sum));
    } else if (by.field === "currency") countCurrencies(chosen, groupOf, place);
    else countGroups(figure, table, chosen, groupOf, place);
  });
  return order(figure, groups).map(([key, label]) => ({ label, key, ...groupOf(key) }));
}

function allOf(table, where) {
  const tests = where.map((condition) => testFor(table, condition));
  return tests.length === 1 ? tests[0] : (row) => tests.every((test) => test(row));
}

function countGroups(figure, table, rows, groupOf, place) {
  const { keys, of, several } = codesOf(figure.by ?? {}, table);
  const counts = new Int32Array(keys.length);
  const width = figure.table === "opportunities" ? currencies.length : 0;
  const money = table.money;
  const sums = new Float64Array(keys.length * width);
  const known = new Uint8Array(keys.length * width);
  const about = new Float64Array(keys.length);
  const isKnown = new Uint8Array(keys.length);
  const odd = [];
  const add = (row, code) => {
    counts[code] += 1;
    if (figure.median) groupOf(keys[code]).values.push(table.columns[figure.median].ints[row]);
    if (!width) return;
    const currency = money.of[row];
    if (currency >= 0) {
      sums[code * width + currency] += money.amounts[row];
      known[code * width + currency] = 1;
    } else if (currency === -2) odd.push([row, code]);
    if (money.about && !Number.isNaN(money.about[row])) {
      about[code] += money.about[row];
      isKnown[code] = 1;
    }
  };
  for (const row of rows) {
    if (several?.[of[row]]) for (const code of several[of[row]]) add(row, code);
    else if (of[row] >= 0) add(row, of[row]);
  }
  const isExact = sums.every(Number.isSafeInteger) && about.every(Number.isSafeInteger);
  keys.forEach((key, code) => {
    if (!counts[code]) return;
    const group = groupOf(key);
    group.counts[place] = counts[code];
    for (let currency = 0; isExact && currency < width; currency += 1) {
      if (known[code * width + currency])
        addTo(group.sums[place], currencies[currency], sums[code * width + currency]);
    }
    if (isExact && isKnown[code]) addTo(group.sums[place], REPORTING, about[code]);
  });
  const add1 = (row, key) =>
    spendsOf(row).forEach(([currency, amount]) => addTo(groupOf(key).sums[place], currency, amount));
  for (const [row, code] of odd) add1(row, keys[code]);
  if (isExact) return;
  for (const row of rows) {
    for (const code of several?.[of[row]] ?? [of[row]]) {
      if (code < 0 || !width) continue;
      if (money.of[row] >= 0) add1(row, keys[code]);
      if (aboutOf(row) !== null) addTo(groupOf(keys[code]).sums[place], REPORTING, aboutOf(row));
    }
  }
}

function countCurrencies(rows, groupOf, place) {
  for (const row of rows) {
    const pairs = spendsOf(row);
    for (const [currency, amount] of pairs) {
      const group = groupOf(currency || null);
      group.counts[place] += 1;
      addTo(group.sums[place], currency, amount);
    }
    if (!pairs.length) groupOf(null).counts[place] += 1;
  }
}

const codes = new Map(); // by table and what is grouped by

// The code of each row of what a figure groups by, and the key of each code; -1 belongs to no group.
function codesOf(by, table) {
  const name = table.name + JSON.stringify(by);
  if (!codes.has(name)) codes.set(name, by.edges || by.unit ? codesOfDays(by, table) : codesOfNames(by, table));
  return codes.get(name);
}

function codesOfNames(by, table) {
  if (!by.field) return { keys: [""], of: new Int32Array(table.size) };
  const { parts, of, values } = table.columns[by.field];
  if (parts.every((one) => one.length === 1)) return { keys: values, of };
  const keys = [...new Set(parts.flat())];
  const places = new Map(keys.map((key, code) => [key, code]));
  return { keys, of, several: parts.map((one) => one.map((part) => places.get(part))) };
}

function codesOfDays(by, table) {
  const { ints } = table.columns[by.field];
  const places = new Map();
  const byDay = new Map(); // a day is in the same month however often one asks
  const codeOf = (day) => {
    const key = keyOfDay(by, day);
    if (key === undefined) return -1;
    if (!places.has(key)) places.set(key, places.size);
    return places.get(key);
  };
  const of = Int32Array.from(ints, (day) => {
    if (!byDay.has(day)) byDay.set(day, codeOf(day === MISSING ? null : day));
    return byDay.get(day);
  });
  return { keys: [...places.keys()], of };
}

function keyOfDay(by, day) {
  if (by.edges) return day === null ? undefined : by.labels[by.edges.filter((edge) => -day > edge).length];
  if (by.unit === "week") return day !== null && -7 * by.count < day && day <= 0 ? Math.floor(-day / 7) : undefined;
  if (day === null) return null;
  const [now, at] = [numberOf(by.unit, 0), numberOf(by.unit, day)];
  if (by.unit === "month") return at >= now + by.count ? "later" : at;
  return at <= now - by.count ? "earlier" : at;
}

function numberOf(unit, day) {
  const date = dateOf(day);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return unit === "month" ? year * 12 + month : year * 4 + Math.floor(month / 3);
}
