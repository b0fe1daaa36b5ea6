// The bar of filters: a search, a list to tick for each field, two ranges of days, the currency of amounts.

const MANY = 12; // values from which on a list has a search of its own
let searchTimer = 0;

function buildFilters() {
  const bar = document.getElementById("filters");
  const search = h("input", {
    type: "search",
    id: "q",
    placeholder: "Search customer, project, id, owner, next steps",
  });
  search.setAttribute("aria-label", "Search");
  search.addEventListener("input", () => {
    clearTimeout(searchTimer);
    searchTimer = setTimeout(() => {
      state.q = search.value.trim();
      changed();
    }, 150);
  });
  const lists = meta.filters.filter((field) => hasChoice(field)).map(buildList);
  const ranges = meta.ranges.map(buildRange);
  const currencies = REPORTING ? [REPORTING, ...currenciesByUse()] : currenciesByUse();
  const picker = h(
    "select",
    {
      id: "in",
      onchange: (event) => {
        state.currency = event.target.value;
        changed();
      },
    },
    currencies.map((currency) => h("option", { value: currency }, currency || "no currency")),
  );
  bar.append(
    h(
      "form",
      { role: "search", "aria-label": "Filters", onsubmit: (event) => event.preventDefault() },
      search,
      h("button", { type: "button", id: "more", "aria-expanded": "false", "aria-controls": "choice", onclick: showMore }),
      h(
        "div",
        { id: "choice" },
        currencies.length > 1 ? h("label", { class: "picker" }, "Amounts in ", picker) : null,
        lists,
        ranges,
        h("button", { type: "button", id: "reset", onclick: reset }, "Clear"),
      ),
    ),
    h("p", { id: "left", role: "status" }),
  );
  bar.hidden = false;
  document.addEventListener("click", (event) => closeLists(event.target.closest(".filter")));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeLists(null);
  });
}

// On a phone, the lists are in one row until somebody opens them.
function showMore({ currentTarget }) {
  const isOpen = currentTarget.getAttribute("aria-expanded") === "true";
  currentTarget.setAttribute("aria-expanded", String(!isOpen));
}

function closeLists(but) {
  for (const list of document.querySelectorAll(".filter[open]")) if (list !== but) list.open = false;
}

const hasChoice = (field) =>
  field === "currency" || tables.opportunities.columns[field].values.some((value) => value !== null);

function buildList(field) {
  const { label } = tables.opportunities.fields[field];
  const list = h(
    "details",
    { class: "filter", "data-field": field },
    h("summary", null, label),
    h("div", { class: "choices" }),
  );
  list.addEventListener("toggle", () => {
    if (list.open) fillList(list, field);
  });
  return list;
}

// The values of a field with the numbers that the other filters leave.
function fillList(list, field) {
  const rows = rowsLeft(tables.opportunities, maskOf(field));
  const counted = evaluate({ table: "opportunities", where: [], by: { field } }, rows);
  for (const value of state.filters[field] ?? []) {
    if (!counted.some(({ key }) => key === value))
      counted.push({ key: value, label: value ?? "none given", counts: [0] });
  }
  const choices = h(
    "ul",
    null,
    counted.map(({ key, label, counts }) => {
      const box = h("input", { type: "checkbox", onchange: () => toggle(field, key) });
      box.checked = state.filters[field]?.has(key) ?? false;
      return h(
        "li",
        null,
        h("label", null, box, h("span", { dir: "auto" }, label), h("small", null, formatCount(counts[0]))),
      );
    }),
  );
  const find = h("input", {
    type: "search",
    placeholder: "Find",
    "aria-label": `Find in ${list.firstChild.textContent}`,
  });
  find.addEventListener("input", () => {
    for (const item of choices.children)
      item.hidden = !item.textContent.toLowerCase().includes(find.value.toLowerCase());
  });
  list.lastChild.replaceChildren(...(counted.length > MANY ? [find] : []), choices);
}

function buildRange(field) {
  const input = (place, label) => {
    const found = h("input", {
      type: "date",
      "aria-label": `${tables.opportunities.fields[field].label} ${label}`,
      "data-place": place,
    });
    found.addEventListener("change", () => {
      const range = [...(state.ranges[field] ?? [null, null])];
      range[place] = found.value ? dayOf(found.value) : null;
      setRange(field, range);
    });
    return found;
  };
  return h(
    "details",
    { class: "filter range", "data-field": field },
    h("summary", null, tables.opportunities.fields[field].label),
    h(
      "div",
      { class: "choices" },
      h("label", null, "from ", input(0, "from")),
      h("label", null, "to ", input(1, "to")),
    ),
  );
}

// Currencies, the one of most opportunities first.
function currenciesByUse() {
  const rows = rowsLeft(tables.opportunities, null);
  const entries = evaluate({ table: "opportunities", where: [], by: { field: "currency" } }, rows);
  const found = entries.filter(({ key, sums }) => key !== null || sums[0].size).map(({ key }) => key ?? "");
  return found.includes(state.currency) || state.currency === REPORTING ? found : [state.currency, ...found];
}

// Shows in the bar what is chosen.
function showFilters(left) {
  const search = document.getElementById("q");
  if (search !== document.activeElement) search.value = state.q;
  const picker = document.getElementById("in");
  if (picker) picker.value = state.currency;
  for (const list of document.querySelectorAll("#filters .filter")) {
    const { field } = list.dataset;
    const values = [...(state.filters[field] ?? [])].map((value) => value ?? "none given");
    let said = values.length ? `: ${values[0]}${values.length > 1 ? ` +${values.length - 1}` : ""}` : "";
    if (list.classList.contains("range")) {
      const range = state.ranges[field] ?? [null, null];
      list.querySelectorAll("input").forEach((input, place) => {
        input.value = range[place] === null ? "" : formatDay(range[place]);
      });
      if (range[0] !== null || range[1] !== null)
        said = `: ${range.map((day) => (day === null ? "" : formatDay(day))).join(" to ")}`;
    }
    const label = tables.opportunities.fields[field].label;
    list.querySelector("summary").textContent = label + said;
    list.classList.toggle("on", said !== "");
  }
  const chosen = Object.keys(state.filters).length + Object.keys(state.ranges).length;
  const more = document.getElementById("more");
  more.textContent = chosen ? `Filters (${chosen})` : "Filters";
  more.classList.toggle("on", chosen > 0);
  const all = formatCount(meta.totals.opportunities);
  document.getElementById("left").textContent = isFiltered()
    ? `${formatCount(left)} of ${formatCount(tables.opportunities.size)} opportunities are left.`
    : `${all} opportunities, no filter.`;
  document.getElementById("reset").hidden = !isFiltered() && !state.list;
}
