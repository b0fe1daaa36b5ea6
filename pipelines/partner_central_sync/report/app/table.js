// The table of all opportunities. It is given one page of rows at a time, so its speed does not depend on their number.

const NARROW = 620; // of a window, as in the styles
const FIRST_SHOWN = innerWidth > NARROW ? meta.shown : meta.narrow;
let grid = null;
let gridRows = []; // the rows of the table, in their order
const orders = new Map(); // all rows sorted by a column, by its name

// All rows in the order of a column: numbers by value, texts by letter, what is missing at the end either way.
function sortedBy(name, direction) {
  const key = `${name} ${direction} ${name === "amount" ? state.currency : ""}`;
  if (!orders.has(key)) {
    const table = tables.opportunities;
    const isText = !["money", "day", "count", "flag"].includes(table.fields[name].kind);
    const values = Array.from({ length: table.size }, (_, row) =>
      name === "amount"
        ? sortedAmount(row)
        : isText
          ? (table.columns[name].at(row)?.toLowerCase() ?? null)
          : table.columns[name].at(row),
    );
    const rows = [...values.keys()];
    const sign = direction === "desc" ? -1 : 1;
    const compare = isText ? new Intl.Collator("en", { numeric: true }).compare : byText;
    rows.sort((one, other) => {
      const [a, b] = [values[one], values[other]];
      if (a === null || b === null) return (a === null) - (b === null) || one - other;
      return sign * compare(a, b) || one - other;
    });
    orders.set(key, rows);
  }
  return orders.get(key);
}

function sortedAmount(row) {
  if (state.currency === REPORTING) return aboutOf(row);
  for (const [currency, amount] of spendsOf(row)) if (currency === state.currency) return amount;
  return null;
}

const listed = (figure) => (figure?.list ? figure.list.sort : null);

function rowsOfTable(left, sort) {
  const table = tables.opportunities;
  const figure = state.list && meta.figures[state.list];
  const rows = figure ? matching(table, left, figure.where) : left;
  const wanted = figure && figure.share ? matching(table, rows, figure.share) : rows;
  if (!sort) return wanted;
  const isIn = new Uint8Array(table.size);
  for (const row of wanted) isIn[row] = 1;
  return sortedBy(sort.field, sort.dir).filter((row) => isIn[row]);
}

function buildTable() {
  const { fields } = tables.opportunities;
  const columns = Object.values(fields).map((field) => ({
    title: field.label,
    field: field.name,
    visible: FIRST_SHOWN.includes(field.name),
    hozAlign: alignOf(field) === "n" ? "right" : "left",
    headerHozAlign: alignOf(field) === "n" ? "right" : "left",
    headerSortStartingDir: ["money", "count"].includes(field.kind) ? "desc" : "asc",
    formatter: cellElement,
    minWidth: innerWidth <= NARROW ? 104 : field.kind === "money" ? 140 : 125,
    widthGrow: field.name === "customer" ? 3 : field.kind === "name" || field.kind === "names" ? 2 : 1,
  }));
  const place = document.getElementById("table");
  const target = h("div", { class: "grid-table" });
  const pages = h("div", { class: "pages" });
  const counter = h("span", { class: "counter" });
  place.append(
    h(
      "div",
      { class: "screen" },
      buildTools(fields),
      h("p", { id: "listed", role: "status" }),
      target,
      h("div", { class: "foot" }, counter, pages),
    ),
  );
  grid = new Tabulator(target, {
    columns: meta.shown
      .map((name) => columns.find((one) => one.field === name))
      .concat(columns.filter((one) => !meta.shown.includes(one.field))),
    columnDefaults: { headerWordWrap: true },
    layout: "fitColumns",
    ajaxURL: "rows",
    ajaxRequestFunc: (url, config, { page, size, sort }) => Promise.resolve(pageOf(page, size, sort?.[0])),
    pagination: true,
    paginationMode: "remote",
    paginationSize: 25,
    paginationSizeSelector: [25, 100, 500],
    paginationCounter: "rows",
    paginationElement: pages, // a grid may have rows in it, and no buttons
    paginationCounterElement: counter,
    sortMode: "remote",
    movableColumns: true,
    placeholder: "No opportunity is left.",
  });
  grid.on("tableBuilt", () => {
    const holder = target.querySelector(".tabulator-tableholder"); // it scrolls by keys, so it has to have a role
    holder.setAttribute("role", "rowgroup");
    holder.firstChild.setAttribute("role", "presentation");
  });
  grid.on("rowClick", (event, row) => openPanel(row.getData().row));
}

function cellElement(cell) {
  const { field } = cell.getColumn().getDefinition();
  const { row, id } = cell.getData();
  const { text, title } = cellOf(tables.opportunities, tables.opportunities.fields[field], row);
  cell.getElement().title = title || text;
  if (field === "customer") return h("button", { type: "button", class: "open", "aria-label": `${text}, ${id}` }, text);
  return h("span", { dir: "auto" }, text);
}

let shownLeft = [];

function pageOf(page, size, sort) {
  gridRows = rowsOfTable(shownLeft, sort);
  const data = Array.from(gridRows.slice((page - 1) * size, page * size), (row) => ({
    row,
    id: tables.opportunities.columns.id.at(row),
  }));
  return { last_page: Math.max(1, Math.ceil(gridRows.length / size)), last_row: gridRows.length, data };
}

// Shows the rows that the filters leave, in the order of the list if one was chosen.
function showTable(left, isNewList) {
  shownLeft = left;
  if (!grid) return;
  const figure = state.list && meta.figures[state.list];
  const said = figure ? `Only: ${figure.title}. ` : "";
  document.getElementById("listed").replaceChildren(
    said,
    figure
      ? h(
          "button",
          {
            type: "button",
            onclick: () => {
              state.list = null;
              changed();
            },
          },
          "Show all",
        )
      : "",
  );
  const sort = listed(figure);
  if (isNewList && sort) grid.setSort(sort[0], sort[1] === "down" ? "desc" : "asc");
  else grid.setPage(1);
}

function buildTools(fields) {
  const boxes = Object.values(fields).map((field) => {
    const box = h("input", { type: "checkbox", onchange: () => grid.toggleColumn(field.name) });
    box.checked = FIRST_SHOWN.includes(field.name);
    return h("li", null, h("label", null, box, field.label));
  });
  return h(
    "div",
    { class: "tools" },
    h(
      "details",
      { class: "filter" },
      h("summary", null, "Columns"),
      h("div", { class: "choices" }, h("ul", null, boxes)),
    ),
    h("button", { type: "button", onclick: saveCsv }, "Save as CSV"),
  );
}

// A text that a spreadsheet would take for a formula has an apostrophe before it.
const csvText = (text) => `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;

function csvOf(rows, names) {
  const table = tables.opportunities;
  const lines = [names.map((name) => csvText(table.fields[name].label)).join()];
  for (const row of rows) {
    lines.push(
      names
        .map((name) => {
          const value = table.columns[name].at(row);
          const { kind } = table.fields[name];
          if (kind === "money") return csvAmount(amountsOf(table.fields[name], row));
          if (value === null) return "";
          return kind === "day" ? formatDay(value) : typeof value === "number" ? value : csvText(value);
        })
        .join(),
    );
  }
  return `\ufeff${lines.join("\r\n")}\r\n`;
}

// An amount is a number in a column, and its currency in the next; several amounts are a text.
const csvAmount = (pairs) =>
  pairs.length === 1
    ? exact(pairs[0][1], "").replaceAll(",", "")
    : csvText(pairs.map(([currency, amount]) => exact(amount, currency)).join("; "));

function saveCsv() {
  const visible = grid
    .getColumns()
    .filter((column) => column.isVisible())
    .map((column) => column.getField());
  const names = visible.flatMap((name) =>
    name === "amount" && !visible.includes("currency") ? [name, "currency"] : [name],
  );
  const link = h("a", {
    download: "opportunities.csv",
    href: URL.createObjectURL(new Blob([csvOf(gridRows, names)], { type: "text/csv" })),
  });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// On paper are the first rows of the table, as they are sorted, instead of one page of it.
addEventListener("beforeprint", () => {
  if (document.documentElement.dataset.drawn === undefined) return; // the file has the first rows itself
  const [sort] = grid.getSorters();
  const all = rowsOfTable(shownLeft, sort);
  const rows = Array.from(all.slice(0, meta.first));
  const figure = { title: "All opportunities", table: "opportunities", list: { columns: meta.shown, rows: meta.first } };
  const more = all.length - rows.length;
  const note = more ? h("p", { class: "note" }, `and ${formatCount(more)} more`) : "";
  document.getElementById("first").replaceChildren(drawRows(figure, rows), note);
});
