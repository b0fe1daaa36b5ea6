// Draws figures as draw.py does, and lets them be clicked: a tile leads to its rows, a bar sets a filter.

// An element with attributes and children; null is left out, and `on…` listens.
function h(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "style") element.style.cssText = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

function amountText(sums, currency) {
  const text = sums.has(currency) ? short(sums.get(currency), currency) : NOTHING;
  return h("span", { title: allExact(sums) || null }, text);
}

function drawSum(sums, currency) {
  const isAbout = currency === REPORTING;
  const covered = isAbout ? meta.rated : [currency];
  const others = [...sums.keys()].filter((code) => code !== REPORTING && !covered.includes(code)).length;
  const word = others === 1 ? "currency" : "currencies";
  const more = others ? ` and ${others} ${isAbout ? `${word} without a rate` : `more ${word}`}` : null;
  return h("p", { class: "sum" }, amountText(sums, currency), sums.has(currency) ? " a month" : null, h("small", null, more));
}

const CLASSES = { text: "wide", money: "n", count: "n", day: "date" };
const alignOf = (field) => CLASSES[field.kind] ?? null;

const percent = (value, whole) =>
  Math.floor(Number((1000n * BigInt(Math.round(Number(value)))) / BigInt(Math.round(Number(whole)) || 1))) / 10;
const EMPTY_GROUP = { counts: [0, 0], sums: [new Map(), new Map()] };

function drawTile(figure, entries, currency, rows) {
  const group = entries[0] ?? EMPTY_GROUP;
  const [all, part] = group.counts;
  if (figure.empty && !all) return [h("h3", null, figure.title), h("p", { class: "note" }, figure.empty)];
  let number = formatCount(all);
  if (figure.share) number = all ? `${Math.floor((200 * part + all) / (2 * all))}%` : NOTHING;
  const hasSums = figure.table === "opportunities" && !figure.share && all > 0;
  const lead = figure.table === "opportunities" && figure.name !== "changed";
  const title = lead
    ? h("button", { type: "button", class: "lead", onclick: () => showList(figure.name) }, figure.title)
    : figure.title;
  return [
    h("h3", null, title),
    h(
      "p",
      { class: "number" },
      number,
      figure.part && all ? h("span", { class: "part" }, `${formatCount(part)} ${figure.part[0]}`) : null,
    ),
    hasSums ? drawSum(group.sums[0], currency) : null,
    figure.note ? h("p", { class: "note" }, figure.note) : null,
    rows?.length ? drawRows(figure, rows) : null,
    rows?.length && all > rows.length ? drawRest(figure, rows, all - rows.length) : null,
  ];
}

// What draw.py says of the rows that a list leaves out; a button that shows them, if the page has any of them.
function drawRest(figure, rows, more) {
  const text = `and ${formatCount(more)} more`;
  const attributes = { type: "button", class: "open", title: "Show more", onclick: () => listMore(figure.name) };
  return h("p", { class: "note" }, rows.length < sizeOf(figure) ? text : h("button", attributes, text));
}

function drawRows(figure, rows) {
  const table = tables[figure.table];
  const fields = figure.list.columns.map((name) => table.fields[name]);
  const body = rows.map((row) => {
    const about = opportunityOf(table, row);
    const cells = fields.map((field) => {
      const { text, title } = cellOf(table, field, row);
      const opens = (field.name === "customer" || field.name === "title") && about >= 0;
      const content = opens ? h("button", { type: "button", class: "open", onclick: () => openPanel(about) }, text) : text;
      return h("td", { class: alignOf(field), dir: "auto", title: title || null, "data-label": field.label }, content);
    });
    return h("tr", null, cells);
  });
  const heads = fields.map((field) => h("th", { scope: "col", class: alignOf(field) }, field.label));
  return h(
    "div",
    { class: "list", tabindex: 0, role: "region", "aria-label": `${figure.title}, to scroll` },
    h("table", { "aria-label": figure.title }, h("thead", null, h("tr", null, heads)), h("tbody", null, body)),
  );
}

function drawBars(figure, entries, currency) {
  const shown = entries.slice(0, figure.top);
  const rest = entries.slice(figure.top);
  const lengths = entries.map((one) => (figure.median ? medianOf(one.values) : one.counts[0]));
  const longest = lengths.reduce((one, other) => Math.max(one, other), 0) || 1;
  const hasSums = figure.table === "opportunities";
  const lines = shown.map((one, place) => {
    const label = barLabel(figure, one);
    return h(
      "tr",
      null,
      h("th", { scope: "row", dir: "auto" }, label),
      h("td", { class: "bar" }, lengths[place] ? h("i", { style: `width:${percent(lengths[place], longest)}%` }) : null),
      h("td", { class: "n" }, formatCount(lengths[place])),
      hasSums
        ? h("td", { class: "n" }, amountText(one.sums[0], figure.by.field === "currency" ? (one.key ?? "") : currency))
        : null,
      figure.median ? h("td", { class: "n" }, `${formatCount(one.counts[0])} ${one.counts[0] === 1 ? "stay" : "stays"}`) : null,
    );
  });
  const others = rest.reduce((sum, one) => sum + one.counts[0], 0);
  return [
    h("h3", null, figure.title),
    lines.length ? h("table", { "aria-label": figure.title }, h("tbody", null, lines)) : h("p", null, figure.empty ?? "None."),
    rest.length ? h("p", { class: "note" }, `and ${formatCount(rest.length)} more, with ${formatCount(others)}`) : null,
    figure.note ? h("figcaption", null, figure.note) : null,
  ];
}

// The label of a bar: a button that filters by it, where there is such a filter.
function barLabel(figure, { label, key }) {
  const field = figure.by.field;
  if (figure.table !== "opportunities" || !meta.filters.includes(field)) return label;
  const isOn = state.filters[field]?.has(key) ?? false;
  const attributes = { type: "button", class: "pick", "aria-pressed": String(isOn), onclick: () => toggle(field, key) };
  return h("button", attributes, label);
}

const STEPS = [4n, 5n, 6n, 8n, 10n, 12n, 15n, 16n, 20n, 25n, 30n];

function nice(highest) {
  for (let power = 1n; ; power *= 10n) {
    for (const step of STEPS) {
      const end = step * power;
      if (end >= highest && end % 2n === 0n) return end;
    }
  }
}

function drawColumns(figure, entries, currency) {
  const money = figure.value === "amount";
  const values = entries.map((one) =>
    figure.series.map((_, place) => BigInt(money ? (one.sums[place].get(currency) ?? 0) : one.counts[place])),
  );
  const heights = values.map((row) =>
    row.reduce((one, other) => (figure.beside ? (one > other ? one : other) : one + other), 0n),
  );
  const highest = heights.reduce((one, other) => (one > other ? one : other), 0n);
  if (figure.empty && highest === 0n) return [h("h3", null, figure.title), h("p", null, figure.empty)];
  const top = nice(highest);
  const text = money ? (value) => short(value, currency) : (value) => grouped(value);
  const whole = money ? (value) => exact(value, currency) : (value) => grouped(value);
  const title = h("h3", null, figure.title, money && currency ? `, ${currency}` : null);
  if (figure.alone) {
    const alone = values.at(-1)?.[0];
    const said = alone === undefined ? [NOTHING, null] : [text(alone), whole(alone)];
    return [title, h("p", { class: "number", title: said[1] }, said[0]), h("figcaption", null, figure.note)];
  }
  const colour = (name) => meta.colours[name] ?? "a";
  const items = entries.map((one, place) => {
    const said = figure.series.map((each, n) => `${each.name} ${whole(values[place][n])}`.trim()).join("; ");
    const parts = figure.series.map((each, n) =>
      h("i", { class: colour(each.name), style: `height:${Number((1000n * values[place][n]) / top) / 10}%` }),
    );
    const stack = { class: figure.beside ? "beside" : "stack", title: `${one.label}: ${said}` };
    const range = figure.table === "opportunities" ? rangeOf(figure.by, one.key) : null;
    const bar = range
      ? h(
          "button",
          {
            ...stack,
            type: "button",
            "aria-label": `Filter: ${stack.title}`,
            onclick: () => setRange(figure.by.field, range),
          },
          parts,
        )
      : h("span", stack, parts);
    return h("li", null, bar, h("span", { class: "label" }, one.label), h("span", { class: "said" }, said));
  });
  const legend = figure.series
    .filter((one) => one.name)
    .map((one) => h("li", null, h("i", { class: colour(one.name) }), one.name));
  const ticks = [4n, 2n, 0n].map((step) => h("li", null, text((top * step) / 4n).replace(".0", "")));
  return [
    title,
    legend.length ? h("ul", { class: "legend" }, legend) : null,
    h("div", { class: "chart" }, h("ul", { class: "ticks", "aria-hidden": "true" }, ticks), h("ol", null, items)),
    figure.note ? h("figcaption", null, figure.note) : null,
  ];
}

// The first and the last day of a column of an axis of time, where a filter can be set to it.
function rangeOf({ field, unit }, key) {
  if (!meta.ranges.includes(field) || typeof key !== "number") return null;
  const months = unit === "month" ? 1 : 3;
  const first = key * months;
  const day = (month, date) => Math.round((Date.UTC(Math.floor(month / 12), month % 12, date) - TODAY_MS) / DAY_MS);
  return [day(first, 1), day(first + months, 0)];
}
