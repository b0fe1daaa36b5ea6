// Puts it together: unpacks the rows, then draws each figure again whenever a choice changes.

const MORE = 50;
const rowsAsked = new Map(); // by figure, how many rows of its list were asked for
let listBefore = null;

function redrawFigure(element, mask) {
  const figure = { ...meta.figures[element.dataset.figure] };
  const isChosen = figure.table === "changes" && state.since !== meta.since;
  if (isChosen) figure.where = [["day", ">=", state.since]];
  const table = tables[figure.table];
  const rows = figure.table === "invitations" && mask !== null ? rowsOfInvitations(table, mask) : rowsLeft(table, mask);
  const isWritten = mask === null && !isChosen && figure.name in meta.entries;
  const counted = () => (mask === null ? entriesOfAll(figure, rows) : evaluate(figure, rows));
  const entries = isWritten ? entriesOf(figure.name) : counted();
  if (figure.show === "bars")
    return element.replaceChildren(...drawBars(figure, entries, state.currency).filter(Boolean));
  if (figure.show === "columns")
    return element.replaceChildren(...drawColumns(figure, entries, state.currency).filter(Boolean));
  element.classList.toggle("none", Boolean(figure.empty) && !entries[0]?.counts[0]);
  const first = figure.list ? firstOf(figure, matching(table, rows, figure.where)) : null;
  return element.replaceChildren(...drawTile(figure, entries, state.currency, first).filter(Boolean));
}

const sizeOf = (figure) => rowsAsked.get(figure.name) ?? figure.list.rows ?? 5;

function listMore(name) {
  const element = document.querySelector(`[data-figure="${name}"]`);
  rowsAsked.set(name, sizeOf(meta.figures[name]) + MORE);
  redrawFigure(element, maskOf());
  element.querySelector(".list").focus();
}

// An invitation without an answer is of no opportunity yet: only the search reaches it.
function rowsOfInvitations(table, mask) {
  const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  const ids = table.columns.id.rows;
  const text = (row) => (table.columns.title.at(row) ?? "").toLowerCase();
  return filtered(rowsLeft(table, null), (row) =>
    ids[row] >= 0 ? mask[ids[row]] : words.every((word) => text(row).includes(word)),
  );
}

// The first rows of a list in its order; what lacks the value that it is sorted by is at the end.
function firstOf(figure, rows) {
  const [name, direction] = figure.list.sort;
  const { ints } = tables[figure.table].columns[name];
  const sign = direction === "down" ? -1 : 1;
  const value = name === "amount" ? sortedAmount : (row) => (ints[row] === MISSING ? null : ints[row]);
  const size = sizeOf(figure);
  const first = []; // [row, value], sorted
  for (const row of rows) {
    const one = value(row);
    let place = first.length;
    while (place > 0 && comesBefore(one, first[place - 1][1], sign)) place -= 1;
    if (place < size) first.splice(place, 0, [row, one]);
    if (first.length > size) first.pop();
  }
  return first.map(([row]) => row);
}

const comesBefore = (one, other, sign) => one !== null && (other === null || sign * byText(one, other) < 0);

function redraw() {
  matches.clear();
  const mask = maskOf();
  const left = rowsLeft(tables.opportunities, mask);
  for (const element of document.querySelectorAll("[data-figure]")) redrawFigure(element, mask);
  document.getElementById("since").dataset.said = `Since ${formatDay(state.since)}.`;
  showFilters(left.length);
  showTable(left, state.list !== listBefore);
  listBefore = state.list;
  document.documentElement.dataset.drawn = String(left.length);
}

function buildSince() {
  const input = h("input", { type: "date", id: "since-date", max: formatDay(0) });
  input.value = formatDay(state.since);
  input.addEventListener("change", () => {
    choose(input.value ? dayOf(input.value) : meta.since);
  });
  const choose = (day) => {
    state.since = day;
    input.value = formatDay(day);
    changed();
  };
  const found = [h("label", null, "Since ", input)];
  if (meta.last !== null) {
    const attributes = { type: "button", id: "since-last", onclick: () => choose(meta.last) };
    found.push(" or ", h("button", attributes, `since the last report, ${formatDay(meta.last)}`));
  }
  document.getElementById("since").replaceChildren(...found);
}

// The fragment holds the filters, so links of the page itself scroll without it.
function keepFragment() {
  for (const link of document.querySelectorAll('a[href^="#"]')) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const target = document.getElementById(link.hash.slice(1));
      target.scrollIntoView();
      target.setAttribute("tabindex", "-1");
      target.focus({ preventScroll: true });
    });
  }
  document.getElementById("opportunities-title").setAttribute("tabindex", "-1");
  addEventListener("hashchange", () => {
    readState();
    redraw();
  });
}

async function start() {
  await unpack();
  readState();
  buildFilters();
  buildSince();
  keepFragment();
  buildTable();
  grid.on("tableBuilt", redraw);
  requestIdleCallback(searchable); // so that the first search need not wait for it
}

start();
