import { expect, test } from "vitest";
import type { Bench, Figure } from "./bench.ts";
import { Leftovers } from "./leftovers.ts";
import { findPrograms } from "./programs.ts";
import { row } from "./results.ts";
import { measureAll } from "./run.ts";
import { QUICK } from "./sizes.ts";

function benchOf(signal: AbortSignal): Bench {
  const programs = findPrograms("/checkout", "dist", () => true);
  return { programs, sizes: QUICK, leftovers: new Leftovers(), path: "", signal, report: () => undefined };
}

function figure(name: string, measure: Figure["measure"]): Figure {
  return { name, what: name, limitMinutes: 1, measure };
}

const good = (name: string) =>
  figure(name, async () => [row({ name: `${name}/row`, what: name, unit: "ms", value: [1] })]);

test("a figure that fails is named, and the others are measured", async () => {
  const bad = figure("bad", async () => {
    throw new Error("no Redis\nwith a long log");
  });
  const { rows, failed } = await measureAll([good("a"), bad, good("b")], benchOf(new AbortController().signal));
  expect(rows.map(({ name }) => name)).toEqual(["a/row", "b/row"]);
  expect(failed).toEqual([{ figure: "bad", message: "no Redis" }]);
});

test("an interrupt ends the run", async () => {
  const interrupt = new AbortController();
  const interrupted = figure("interrupted", async ({ signal }) => {
    interrupt.abort(new Error("interrupted"));
    signal.throwIfAborted();
    return [];
  });
  const run = measureAll([good("before"), interrupted], benchOf(interrupt.signal));
  await expect(run).rejects.toThrow("interrupted");
});

test("a figure that takes too long is abandoned", async () => {
  const slow: Figure = {
    ...figure("slow", async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      throw signal.reason;
    }),
    limitMinutes: 0,
  };
  const { failed } = await measureAll([slow], benchOf(new AbortController().signal));
  expect(failed).toEqual([{ figure: "slow", message: "abandoned after 0 minutes" }]);
});
