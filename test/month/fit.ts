/** What is there after so many issues and days. */
export interface Point {
  readonly issues: number;
  readonly days: number;
  readonly values: Readonly<Record<string, number>>;
}

export interface Growth {
  readonly name: string;
  /** Value at the last point. */
  readonly last: number;
  /** Slope of the line through the points, by least squares. */
  readonly perIssue: number;
  readonly perDay: number;
}

/** Growth of each value over the last four points. Pure. @throws Error with fewer than four */
export function fit(points: readonly Point[]): Growth[] {
  const used = points.slice(-4);
  if (used.length < 4) throw new Error(`growth is fitted from four points, and there are ${used.length}`);
  return Object.keys(used[0]?.values ?? {}).map((name) => {
    const ys = used.map(({ values }) => values[name] ?? 0);
    const slopeOver = (of: "issues" | "days") =>
      slope(
        used.map((point) => point[of]),
        ys,
      );
    return { name, last: ys.at(-1) ?? 0, perIssue: slopeOver("issues"), perDay: slopeOver("days") };
  });
}

function slope(xs: readonly number[], ys: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(xs), mean(ys)];
  const above = xs.reduce((sum, each, index) => sum + (each - x) * ((ys[index] ?? 0) - y), 0);
  const below = xs.reduce((sum, each) => sum + (each - x) ** 2, 0);
  return below === 0 ? 0 : above / below;
}

/** As a table of Markdown. Pure. */
export function table(growths: readonly Growth[]): string {
  const rows = growths.map(({ name, last, perIssue, perDay }) => [
    name,
    figure(last),
    figure(perIssue),
    figure(perDay),
  ]);
  const lines = [["what", "at the end", "per issue", "per day"], ["---", "---:", "---:", "---:"], ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function figure(value: number): string {
  const rounded = Math.abs(value) < 0.005 ? 0 : value;
  return rounded.toLocaleString("en-US", { maximumFractionDigits: Math.abs(rounded) < 10 ? 2 : 0 });
}
