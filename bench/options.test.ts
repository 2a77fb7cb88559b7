import { describe, expect, test } from "vitest";
import { parseOptions } from "./options.ts";
import { FULL, QUICK } from "./sizes.ts";

const known = ["cli", "idle", "queue"];

describe("parseOptions", () => {
  test("without options: every figure with full counts, of the bundled programs", () => {
    expect(parseOptions([], known)).toEqual({
      list: false,
      check: false,
      quick: false,
      figures: known,
      entries: "dist",
      checkout: null,
      out: null,
      sizes: FULL,
    });
  });

  test("--only may be repeated; the order of the table stays", () => {
    expect(parseOptions(["--only", "queue", "--only", "cli"], known).figures).toEqual(["cli", "queue"]);
  });

  test("--quick makes every size smaller except the number of samples", () => {
    expect(parseOptions(["--quick"], known).sizes).toEqual(QUICK);
    expect(QUICK.samples).toBeGreaterThanOrEqual(5);
  });

  test("an explicit size takes precedence over --quick", () => {
    const { sizes } = parseOptions(["--quick", "--mb", "7", "--idle-seconds", "60"], known);
    expect(sizes).toEqual({ ...QUICK, megabytes: 7, idleSeconds: 60 });
  });

  test.each([
    { args: ["--only", "nothing"], message: "--only nothing: expected one of cli, idle, queue" },
    { args: ["--entries", "lib"], message: "--entries lib: expected dist or src" },
    { args: ["--samples", "4"], message: "--samples 4: expected a whole number of 5 or more" },
    { args: ["--mb", "1.5"], message: "--mb 1.5: expected a whole number" },
    { args: ["--unknown"], message: "--unknown" },
  ])("$args is refused", ({ args, message }) => {
    expect(() => parseOptions(args, known)).toThrow(message);
  });
});
