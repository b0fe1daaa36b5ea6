// The panel of one opportunity: all that is known of it, AWS's side, its history and its invitations.

// The row of the opportunity that a row of a table is about; -1 if the page has none.
const opportunityOf = (table, row) => (table.name === "opportunities" ? row : table.columns.id.rows[row]);

function openPanel(row) {
  const table = tables.opportunities;
  const id = table.columns.id.at(row);
  const panel = document.getElementById("panel") ?? buildPanel();
  const own = Object.values(table.fields).filter(
    ({ name, kind }) => !["customer", "standing", "currency", ...meta.at_aws].includes(name) && kind !== "flag",
  );
  const atAws = facts(
    row,
    meta.at_aws.map((name) => table.fields[name]),
  );
  const marks = [];
  if (!table.columns.open.at(row))
    marks.push(table.columns.estimated.at(row) ? "Closed; the day is an estimate." : "Closed.");
  if (table.columns.gone.at(row)) marks.push("Gone: the newest complete listing did not show it.");
  if (table.columns.rejected_since.at(row) !== null) marks.push("AWS has a newer version that could not be read.");
  const link =
    meta.link &&
    h(
      "a",
      { href: meta.link.replaceAll("{id}", encodeURIComponent(id)), target: "_blank", rel: "noopener noreferrer" },
      "Open in Partner Central",
    );
  panel
    .querySelector(".body")
    .replaceChildren(
      h("h2", { id: "panel-title", dir: "auto" }, table.columns.customer.at(row) ?? id),
      h("p", { class: "soft" }, ...marks.map((mark) => `${mark} `), link || ""),
      h("dl", null, facts(row, own)),
      h("h3", null, "At AWS"),
      atAws.length ? h("dl", null, atAws) : h("p", { class: "soft" }, "Nothing is known."),
      ...part("What AWS recommends", tables.recommendations, row, ["type", "text"], null),
      ...part(
        "History",
        tables.changes,
        row,
        ["day", "what", "before", "now"],
        meta.cut.includes("changes") ? "None of those here." : "No change was seen since the first sync.",
      ),
      ...cutHistory(),
      ...part(
        "Invitations",
        tables.invitations,
        row,
        ["invited", "side", "sender", "status", "expires"],
        "None is known.",
      ),
    );
  panel.showModal();
}

// Each field that has a value, with it.
function facts(row, fields) {
  const table = tables.opportunities;
  return fields
    .filter(({ name }) => (name === "amount" ? spendsOf(row).length : table.columns[name].at(row) !== null))
    .map((field) => {
      const { text, title } = cellOf(table, field, row);
      return h("div", null, h("dt", null, field.label), h("dd", { dir: "auto" }, title || text));
    });
}

// The rows of another table about an opportunity; without any, what is said instead, or nothing at all.
function part(title, table, opportunity, names, none) {
  const ids = table.columns.id.rows;
  const rows = [];
  for (let row = 0; row < table.size; row += 1) if (ids[row] === opportunity) rows.push(row);
  if (!rows.length) return none === null ? [] : [h("h3", null, title), h("p", { class: "soft" }, none)];
  const fields = names.map((name) => table.fields[name]);
  const body = rows.map((row) =>
    h(
      "tr",
      null,
      fields.map((field) => h("td", { class: alignOf(field), dir: "auto" }, cellOf(table, field, row).text)),
    ),
  );
  const heads = fields.map((field) => h("th", { scope: "col", class: alignOf(field) }, field.label));
  return [
    h("h3", null, title),
    h("table", { "aria-label": title }, h("thead", null, h("tr", null, heads)), h("tbody", null, body)),
  ];
}

// What the panel says of changes that the page does not have.
function cutHistory() {
  if (!meta.cut.includes("changes")) return [];
  const { day } = tables.changes.columns;
  const said = `This page has changes since ${formatDay(day.at(tables.changes.size - 1))}. The view changes has all.`;
  return [h("p", { class: "soft" }, said)];
}

function buildPanel() {
  const close = h("button", { type: "button", class: "close", onclick: () => panel.close() }, "Close");
  const panel = h("dialog", { id: "panel", "aria-labelledby": "panel-title" }, close, h("div", { class: "body" }));
  panel.addEventListener("click", (event) => {
    if (event.target === panel) panel.close();
  });
  document.body.append(panel);
  return panel;
}
