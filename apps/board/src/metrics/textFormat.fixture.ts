/** One series of a Prometheus text, with unescaped labels. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly series: readonly Series[];
}

const NAME = /^tac8_[a-z0-9]+(_[a-z0-9]+)*$/;
const LABEL = /^[a-z][a-z0-9_]*$/;
const SUFFIXES = ["_bucket", "_sum", "_count"];
/** Units that are not base units, and words without information, as in `promtool check metrics`. */
const DISALLOWED =
  /(_|^)(ms|milliseconds|minutes|hours|kb|mb|gb|kilobytes|megabytes|gigabytes|percent|gauge|counter|histogram)(_|$)/;

/**
 * Parse the text format strictly, with the checks of `promtool check metrics`.
 * @throws Error with the invalid line
 */
export function parseMetrics(text: string): Family[] {
  if (!text.endsWith("\n")) throw new Error("the last line has no line break");
  const families = new Map<string, { name: string; help: string; type: string; series: Series[] }>();
  let current: { name: string; help: string; type: string; series: Series[] } | null = null;
  const seen = new Set<string>();
  for (const line of text.slice(0, -1).split("\n")) {
    const fail = (why: string) => new Error(`${why}: ${line}`);
    if (line === "") continue;
    const help = /^# HELP (\S+) (.+)$/.exec(line);
    const type = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line);
    if (help) {
      const name = help[1] ?? "";
      if (families.has(name)) throw fail("a second HELP");
      if (!NAME.test(name) || DISALLOWED.test(name)) throw fail("a name against the conventions");
      current = { name, help: help[2] ?? "", type: "", series: [] };
      families.set(name, current);
    } else if (type) {
      if (current === null || type[1] !== current.name || current.type !== "" || current.series.length > 0) {
        throw fail("a TYPE that does not follow its HELP");
      }
      current.type = type[2] ?? "";
      const counts = current.name.endsWith("_total");
      if (counts !== (current.type === "counter")) throw fail("counters, and they alone, end in _total");
      if (current.type !== "histogram" && /_(bucket|sum|count)$/.test(current.name)) throw fail("a histogram's suffix");
    } else {
      const series = parseSeries(line);
      const base =
        current?.type === "histogram" ? SUFFIXES.map((suffix) => `${current?.name}${suffix}`) : [current?.name];
      if (current === null || current.type === "" || !base.includes(series.name))
        throw fail("a sample outside its family");
      const key = JSON.stringify([series.name, Object.entries(series.labels).toSorted(([a], [b]) => (a < b ? -1 : 1))]);
      if (seen.has(key)) throw fail("a series twice");
      seen.add(key);
      if (current.type === "counter" && series.value < 0) throw fail("a negative counter");
      current.series.push(series);
    }
  }
  for (const family of families.values()) if (family.type === "histogram") checkHistogram(family);
  return [...families.values()];
}

function parseSeries(line: string): Series {
  const found = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/s.exec(line);
  if (!found) throw new Error(`not a sample: ${line}`);
  const [, name = "", inner, number = ""] = found;
  if (!/^(?:[+-]Inf|NaN|[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/i.test(number))
    throw new Error(`not a number: ${line}`);
  return { name, labels: inner === undefined ? {} : parseLabels(inner, line), value: Number(number) };
}

function parseLabels(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  let rest = text;
  while (rest !== "") {
    const found = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/.exec(rest);
    if (!found) throw new Error(`labels that are not escaped: ${line}`);
    const [all, name = "", value = ""] = found;
    if (!LABEL.test(name) || name in labels) throw new Error(`a label's name: ${line}`);
    labels[name] = value.replace(/\\(["\\n])/g, (_, char: string) => (char === "n" ? "\n" : char));
    rest = rest.slice(all.length);
  }
  return labels;
}

function checkHistogram({ name, series }: Family): void {
  const of = (suffix: string) => series.filter((one) => one.name === `${name}${suffix}`);
  const buckets = of("_bucket").map(({ labels, value }) => ({
    le: Number(labels["le"]?.replace("+Inf", "Infinity")),
    value,
  }));
  const [count, sum] = [of("_count"), of("_sum")];
  if (count.length !== 1 || sum.length !== 1) throw new Error(`${name} has not one _sum and one _count`);
  if (buckets.at(-1)?.le !== Infinity) throw new Error(`${name} does not end with +Inf`);
  if (buckets.at(-1)?.value !== count[0]?.value) throw new Error(`${name}: +Inf is not the count`);
  buckets.reduce((before, bucket) => {
    if (!(bucket.le > before.le) || bucket.value < before.value) throw new Error(`${name}: buckets are not cumulative`);
    return bucket;
  });
}
