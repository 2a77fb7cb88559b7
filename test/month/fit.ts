/** Values measured after N issues and days. */
export interface Point {
  readonly issues: number;
  readonly days: number;
  readonly values: Readonly<Record<string, number>>;
}

export interface Growth {
  readonly name: string;
  /** Values at the points. */
  readonly at: readonly number[];
  /** Slope of the line through the points, by least squares. */
  readonly perIssue: number;
  readonly perDay: number;
}

/** Return the growth of each value over the points. Pure. @throws Error if there are fewer than four points */
export function fit(points: readonly Point[]): Growth[] {
  if (points.length < 4) throw new Error(`growth is fitted from four points, and there are ${points.length}`);
  return Object.keys(points[0]?.values ?? {}).map((name) => {
    const ys = points.map(({ values }) => values[name] ?? 0);
    const slopeOver = (of: "issues" | "days") =>
      slope(
        points.map((point) => point[of]),
        ys,
      );
    return { name, at: ys, perIssue: slopeOver("issues"), perDay: slopeOver("days") };
  });
}

function slope(xs: readonly number[], ys: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(xs), mean(ys)];
  const above = xs.reduce((sum, each, index) => sum + (each - x) * ((ys[index] ?? 0) - y), 0);
  const below = xs.reduce((sum, each) => sum + (each - x) ** 2, 0);
  return below === 0 ? 0 : above / below;
}

/** Return one point for each quarter. Each value is the mean of the last half of the quarter, because single values of memory vary. Pure. */
export function quarterPoints(points: readonly Point[]): Point[] {
  const size = Math.floor(points.length / 4);
  if (size < 1) return [...points];
  return [1, 2, 3, 4].flatMap((quarter) => {
    const end = points.length - (4 - quarter) * size;
    const last = points[end - 1];
    if (last === undefined) return [];
    const half = points.slice(end - Math.ceil(size / 2), end);
    const mean = (name: string) => half.reduce((sum, { values }) => sum + (values[name] ?? 0), 0) / half.length;
    return [{ ...last, values: Object.fromEntries(Object.keys(last.values).map((name) => [name, mean(name)])) }];
  });
}

/** Return the growth as a table in Markdown. Pure. */
export function table(points: readonly Point[]): string {
  const rows = fit(points).map(({ name, at, perIssue, perDay }) => [name, ...[...at, perIssue, perDay].map(figure)]);
  const head = ["what", ...points.map(({ issues }) => `${figure(issues)} issues`), "per issue", "per day"];
  const lines = [head, head.map((_, index) => (index === 0 ? "---" : "---:")), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function figure(value: number): string {
  const rounded = Math.abs(value) < 0.005 ? 0 : value;
  return rounded.toLocaleString("en-US", { maximumFractionDigits: Math.abs(rounded) < 10 ? 2 : 0 });
}
