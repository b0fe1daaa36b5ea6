// What the reader chose: filters, dates, currency, list. It is kept in the fragment of the address, so a link keeps it.

const state = { q: "", filters: {}, ranges: {}, since: meta.since, currency: meta.currency, list: null };
const NULL_TEXT = "(none)"; // of a missing value in the address

function readState() {
  const parameters = new URLSearchParams(location.hash.slice(1));
  state.q = parameters.get("q") ?? "";
  state.filters = {};
  for (const field of meta.filters) {
    const values = parameters.getAll(field).map((value) => (value === NULL_TEXT ? null : value));
    if (values.length) state.filters[field] = new Set(values);
  }
  state.ranges = {};
  for (const field of meta.ranges) {
    const [, from, to] = /^(\d{4}-\d\d-\d\d)?\.\.(\d{4}-\d\d-\d\d)?$/.exec(parameters.get(field) ?? "") ?? [];
    if (from || to) state.ranges[field] = [from ? dayOf(from) : null, to ? dayOf(to) : null];
  }
  const since = parameters.get("since") ?? "";
  state.since = /^\d{4}-\d\d-\d\d$/.test(since) ? dayOf(since) : meta.since;
  state.currency = parameters.get("in") ?? meta.currency;
  const list = parameters.get("list");
  state.list = meta.figures[list]?.table === "opportunities" && meta.figures[list].show === "tile" ? list : null;
}

function writeState() {
  const parameters = new URLSearchParams();
  if (state.q) parameters.set("q", state.q);
  for (const [field, values] of Object.entries(state.filters)) {
    for (const value of values) parameters.append(field, value ?? NULL_TEXT);
  }
  for (const [field, [from, to]] of Object.entries(state.ranges)) {
    parameters.set(field, `${from === null ? "" : formatDay(from)}..${to === null ? "" : formatDay(to)}`);
  }
  if (state.since !== meta.since) parameters.set("since", formatDay(state.since));
  if (state.currency !== meta.currency) parameters.set("in", state.currency);
  if (state.list) parameters.set("list", state.list);
  const text = parameters.toString();
  history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
}

const isFiltered = () =>
  state.q !== "" || Object.keys(state.filters).length > 0 || Object.keys(state.ranges).length > 0;

// What each opportunity is searched by, in small letters; made when somebody searches.
let haystack = null;
const SEARCHED = ["customer", "id", "title", "partner_id", "owner", "solutions", "next", "comments"];

function searchable() {
  if (haystack) return haystack;
  const columns = SEARCHED.map((name) => tables.opportunities.columns[name]);
  haystack = Array.from({ length: tables.opportunities.size }, (_, row) =>
    columns
      .map((column) => column.at(row) ?? "")
      .join("\n")
      .toLowerCase(),
  );
  return haystack;
}

// 1 for each opportunity that the filters leave, but for those of one field; null if they leave all.
function maskOf(but = null) {
  const { columns, size } = tables.opportunities;
  let mask = null;
  const keep = (test) => {
    mask ??= new Uint8Array(size).fill(1);
    for (let row = 0; row < size; row += 1) if (mask[row] && !test(row)) mask[row] = 0;
  };
  for (const [field, values] of Object.entries(state.filters)) {
    if (field === but) continue;
    if (field === "currency") {
      keep((row) => {
        const pairs = spendsOf(row);
        return pairs.length ? pairs.some(([currency]) => values.has(currency || null)) : values.has(null);
      });
      continue;
    }
    const column = columns[field];
    const allowed = Uint8Array.from(column.parts, (parts) => (parts.some((part) => values.has(part)) ? 1 : 0));
    keep((row) => allowed[column.of[row]]);
  }
  for (const [field, [from, to]] of Object.entries(state.ranges)) {
    const days = columns[field].ints;
    keep((row) => days[row] !== MISSING && (from === null || days[row] >= from) && (to === null || days[row] <= to));
  }
  if (state.q) {
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    const texts = searchable();
    keep((row) => words.every((word) => texts[row].includes(word)));
  }
  return mask;
}

function changed() {
  writeState();
  redraw();
}

function toggle(field, key) {
  const values = (state.filters[field] ??= new Set());
  if (!values.delete(key)) values.add(key);
  if (values.size === 0) delete state.filters[field];
  changed();
}

function setRange(field, [from, to]) {
  const before = state.ranges[field];
  const isSame = before && before[0] === from && before[1] === to;
  if (isSame || (from === null && to === null)) delete state.ranges[field];
  else state.ranges[field] = [from, to];
  changed();
}

function showList(name) {
  state.list = name;
  changed();
  const heading = document.getElementById("opportunities-title");
  heading.scrollIntoView();
  heading.focus({ preventScroll: true });
}

function reset() {
  Object.assign(state, { q: "", filters: {}, ranges: {}, list: null });
  changed();
}
