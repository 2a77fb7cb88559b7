import { describe, expect, test } from "vitest";
import { compare } from "./compare.ts";
import { row, VERSION, type Results, type Row } from "./results.ts";
import { FULL, QUICK } from "./sizes.ts";

function results(rows: readonly Row[], quick = false): Results {
  const machine = { node: "v26.0.0", cores: 2, at: "2026-11-28T00:00:00.000Z", commit: null };
  return { version: VERSION, quick, sizes: quick ? QUICK : FULL, entries: "dist", ...machine, rows, failed: [] };
}

const time = (name: string, value: number, floor: number) =>
  row({ name, what: "a time", unit: "ms", value: [value], floor: { what: "the least", value: [floor] } });
const count = (name: string, value: number) => row({ name, what: "a count", unit: "count", value: [value] });
const figures = ["cli", "calls", "idle"];

describe("compare", () => {
  test.each([
    { name: "a ratio that grew by more than 25 %", now: time("cli/help", 126, 10), regressed: true },
    { name: "a ratio that grew by less", now: time("cli/help", 124, 10), regressed: false },
    { name: "a slower machine with the same ratio", now: time("cli/help", 1000, 100), regressed: false },
    { name: "a faster machine with a larger ratio", now: time("cli/help", 65, 5), regressed: true },
    { name: "a smaller ratio", now: time("cli/help", 50, 10), regressed: false },
  ])("$name", ({ now, regressed }) => {
    const { changes } = compare({ committed: results([time("cli/help", 100, 10)]), now: results([now]), figures });
    expect(changes).toHaveLength(1);
    expect(changes[0]?.regressed).toBe(regressed);
  });

  test("a count without a floor is compared as it is", () => {
    const committed = results([count("calls/git", 20), count("calls/reads", 8)]);
    const now = results([count("calls/git", 26), count("calls/reads", 8)]);
    expect(compare({ committed, now, figures }).changes).toMatchObject([
      { name: "calls/git", before: 20, now: 26, regressed: true },
      { name: "calls/reads", growth: 0, regressed: false },
    ]);
  });

  test("a count that was 0 regresses as soon as it is 1", () => {
    const { changes } = compare({
      committed: results([count("calls/x", 0)]),
      now: results([count("calls/x", 1)]),
      figures,
    });
    expect(changes[0]?.regressed).toBe(true);
  });

  test("a time without a floor cannot be compared", () => {
    const alone = row({ name: "idle/x", what: "a time", unit: "ms", value: [5] });
    expect(compare({ committed: results([alone]), now: results([alone]), figures }).changes).toEqual([]);
  });

  test("a row that a measured figure no longer has is missing; rows of figures that were not measured are not", () => {
    const committed = results([time("cli/help", 1, 1), time("idle/start", 1, 1)]);
    expect(compare({ committed, now: results([]), figures: ["cli"] }).missing).toEqual(["cli/help"]);
  });

  test("results of other sizes are not compared; another number of samples is allowed", () => {
    const committed = results([]);
    const now = (sizes: Partial<typeof FULL>) => ({ ...committed, sizes: { ...FULL, ...sizes } });
    expect(() => compare({ committed, now: now({ megabytes: 7 }), figures })).toThrow(
      "the committed results have megabytes 1000 and these 7",
    );
    expect(compare({ committed, now: now({ samples: 9 }), figures }).changes).toEqual([]);
  });

  test("quick results are not compared with full ones", () => {
    expect(() => compare({ committed: results([]), now: results([], true), figures })).toThrow(
      "the committed results are full and these quick",
    );
  });
});
