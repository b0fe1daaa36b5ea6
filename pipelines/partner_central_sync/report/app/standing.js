// What stood at the end of each week, and its amounts, as evaluate.py counts them.

// Which weeks' ends a row stood at: it had begun by then and not ended. Nothing for a row that stood at none.
function weeksOf(table, by, shift) {
  const [begins, ends] = [table.columns[by.field].ints, table.columns[by.until].ints];
  const sunday = by.end - shift;
  return (row) => {
    if (begins[row] === MISSING) return null;
    const last = Math.min(by.count - 1, Math.floor((sunday - begins[row]) / 7));
    const first = ends[row] === MISSING ? 0 : Math.max(0, Math.floor((sunday - ends[row]) / 7) + 1);
    return first > last ? null : [first, last];
  };
}

// Gives the sum up to each week's end, but for weeks before all is known, of what is added and taken away in each.
function runUp(by, steps, shift, set) {
  const zero = typeof steps[0] === "bigint" ? 0n : 0;
  for (let week = 0, sum = zero; week < by.count && by.end - shift - 7 * week >= by.begin; week += 1) {
    sum += steps[week];
    set(week, sum);
  }
}

function countStanding(table, by, rows, shift, set) {
  const weeks = weeksOf(table, by, shift);
  const steps = new Int32Array(by.count + 1);
  for (const row of rows) {
    const found = weeks(row);
    if (found === null) continue;
    steps[found[0]] += 1;
    steps[found[1] + 1] -= 1;
  }
  runUp(by, steps, shift, set);
}

// The amounts of what stood at the end of each week; as whole numbers of any size where a number would not be exact.
function sumStanding(table, by, rows, shift, set) {
  const weeks = weeksOf(table, by, shift);
  const steps = new Map();
  const absolute = new Map();
  const add = ([first, last], currency, amount) => {
    const zero = typeof amount === "bigint" ? 0n : 0;
    if (!steps.has(currency)) steps.set(currency, Array(by.count + 1).fill(zero));
    steps.get(currency)[first] += amount;
    steps.get(currency)[last + 1] -= amount;
    absolute.set(currency, (absolute.get(currency) ?? zero) + (amount < 0 ? -amount : amount));
  };
  const { of, amounts, about } = table.money;
  let isExact = true;
  for (const row of rows) {
    const found = weeks(row);
    if (found === null) continue;
    if (of[row] >= 0) add(found, currencies[of[row]], amounts[row]);
    else if (of[row] === -2) isExact = false;
    if (about && !Number.isNaN(about[row])) add(found, REPORTING, about[row]);
  }
  if (!isExact || ![...absolute.values()].every(Number.isSafeInteger)) {
    steps.clear();
    absolute.clear();
    for (const row of rows) {
      const found = weeks(row);
      if (found === null) continue;
      for (const [currency, amount] of spendsOf(row, table)) add(found, currency, BigInt(amount));
      if (aboutOf(row, table) !== null) add(found, REPORTING, BigInt(aboutOf(row, table)));
    }
  }
  for (const [currency, changes] of steps) runUp(by, changes, shift, (week, sum) => set(week, currency, sum));
}
