// The order in which the groups of a figure are shown, and what they are called.

function order(figure, groups) {
  const by = figure.by ?? {};
  if (by.edges) return by.labels.map((label) => [label, label]);
  if (by.count) return along(by, groups);
  const keys = [...groups.keys()];
  const places = new Map(figure.order === "stages" ? meta.stages.map((stage, place) => [stage, place]) : []);
  const placeOf = (key) => (places.size ? (places.get(key) ?? places.size) : -groups.get(key).counts[0]);
  keys.sort((one, other) => placeOf(one) - placeOf(other) || byText(one ?? "", other ?? ""));
  return keys.map((key) => [key, key || "none given"]);
}

function along({ unit, count, end = -6 }, groups) {
  const steps = [...Array(count).keys()];
  if (unit === "week" || unit === "standing") {
    return steps.reverse().map((week) => {
      const date = dateOf(end - 7 * week);
      return [week, unit === "standing" && week === 0 ? "now" : `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`];
    });
  }
  const now = numberOf(unit, 0);
  const twoDigits = (number) => String(number % 100).padStart(2, "0");
  const found =
    unit === "month"
      ? steps.map((step) => now + step).map((at) => [at, `${MONTHS[at % 12]} ${twoDigits(Math.floor(at / 12))}`])
      : steps
          .map((step) => now - count + 1 + step)
          .map((at) => [at, `${twoDigits(Math.floor(at / 4))} Q${(at % 4) + 1}`]);
  if (groups.has("earlier")) found.unshift(["earlier", "earlier"]);
  if (groups.has("later")) found.push(["later", "later"]);
  if (groups.has(null)) found.push([null, "no date"]);
  return found;
}

function medianOf(values) {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
