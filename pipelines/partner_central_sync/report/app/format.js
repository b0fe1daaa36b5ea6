"use strict";
// Texts of numbers, amounts and days, as currency.py and draw.py write them.

const NOTHING = "\u2013";
const NBSP = "\u00a0";
const ABOUT = "\u2248"; // before the reporting currency, in which amounts of all currencies are added
const UNITS = ["", "K", "M", "B", "T"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY_MS = 86_400_000;
const meta = JSON.parse(document.getElementById("meta").textContent);
const REPORTING = meta.reporting && ABOUT + meta.reporting;
const TODAY_MS = Date.parse(`${meta.today}T00:00:00Z`);

const grouped = (digits) => String(digits).replace(/\B(?=(\d{3})+$)/g, ",");
const dateOf = (day) => new Date(TODAY_MS + day * DAY_MS);
const formatDay = (day) => (day === null ? NOTHING : dateOf(day).toISOString().slice(0, 10));
const dayOf = (text) => Math.round((Date.parse(`${text}T00:00:00Z`) - TODAY_MS) / DAY_MS);

function formatCount(number) {
  const [whole, rest] = String(Math.round(number * 10) / 10).split(".");
  return grouped(whole) + (rest ? `.${rest}` : "");
}

// An amount is in hundredths: a number, or a BigInt where a number would not be exact.
function exact(hundredths, currency) {
  const all = BigInt(hundredths);
  const left = all < 0n ? -all : all;
  const rest = String(left % 100n).padStart(2, "0");
  return `${currency ? currency + NBSP : ""}${all < 0n ? "-" : ""}${grouped(left / 100n)}.${rest}`;
}

function short(hundredths, currency) {
  const all = BigInt(hundredths);
  const left = all < 0n ? -all : all;
  const about = currency.startsWith(ABOUT) ? ABOUT : "";
  const code = currency.slice(about.length);
  const head = (all < 0n ? "-" : "") + about + (meta.symbols[code] ?? (code ? code + NBSP : ""));
  if (left < 99_950n) return head + (left + 50n) / 100n;
  const tenthsOf = (unit) => (left + 5n * unit) / (10n * unit);
  let [place, unit] = [1, 1000n];
  for (; place < UNITS.length - 1 && tenthsOf(unit) >= 10_000n; place += 1) unit *= 1000n;
  const tenths = tenthsOf(unit);
  return `${head}${grouped(tenths / 10n)}.${tenths % 10n}${UNITS[place]}`;
}

const byText = (one, other) => (one < other ? -1 : one > other ? 1 : 0);

function allExact(sums) {
  return [...sums.keys()]
    .sort(byText)
    .map((currency) => exact(sums.get(currency), currency))
    .join(", ");
}

// Adds to the sum of a currency; exact, however large it becomes.
function addTo(sums, currency, amount) {
  const before = sums.get(currency) ?? 0;
  if (typeof before === "number" && typeof amount === "number") {
    const sum = before + amount;
    if (Number.isSafeInteger(sum)) {
      sums.set(currency, sum);
      return;
    }
  }
  sums.set(currency, BigInt(before) + BigInt(amount));
}
