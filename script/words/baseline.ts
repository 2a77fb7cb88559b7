/** Number of avoided words that each file may have, by path. */
export type Counts = ReadonlyMap<string, number>;

/**
 * Read a baseline: lines "count path". A file that is listed twice, after a merge that keeps both sides, has the smaller count.
 * @throws Error with the first line that has another form
 */
export function readBaseline(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of text.split("\n").filter((one) => one !== "")) {
    const [, count, path] = /^(\d+) (.+)$/.exec(line) ?? [];
    if (count === undefined || path === undefined)
      throw new Error(`script/words/baseline.txt: "${line}" is not "count path"`);
    counts.set(path, Math.min(Number(count), counts.get(path) ?? Infinity));
  }
  return counts;
}

/** Write a baseline: sorted, without the files that have no avoided word. */
export const writeBaseline = (counts: Counts) =>
  [...counts]
    .filter(([, count]) => count > 0)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([path, count]) => `${count} ${path}\n`)
    .join("");

const sum = (counts: Counts) => [...counts.values()].reduce((total, count) => total + count, 0);

/** Compare the files with the baseline. @returns files with more words than allowed, and files whose line allows too many */
export function compare(counts: Counts, baseline: Counts): { more: string[]; stale: string[] } {
  const paths = [...new Set([...counts.keys(), ...baseline.keys()])].toSorted();
  const of = (side: Counts, path: string) => side.get(path) ?? 0;
  return {
    more: paths.filter((path) => of(counts, path) > of(baseline, path)),
    stale: paths.filter((path) => of(counts, path) < of(baseline, path)),
  };
}

/** Whether a new baseline is allowed: files may be renamed, but the sum does not grow. */
export const mayReplace = (counts: Counts, baseline: Counts) => sum(counts) <= sum(baseline);
