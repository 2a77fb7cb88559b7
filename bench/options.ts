import { parseArgs } from "node:util";
import { ENTRIES, type Entries } from "./programs.ts";
import { FULL, QUICK, type Sizes } from "./sizes.ts";

export interface Options {
  readonly list: boolean;
  readonly check: boolean;
  readonly quick: boolean;
  /** Names of the figures to measure. */
  readonly figures: readonly string[];
  readonly entries: Entries;
  /** Measured checkout; null: that of the benchmark itself. */
  readonly checkout: string | null;
  /** File of the results; null: the committed file, or none with `check`. */
  readonly out: string | null;
  readonly sizes: Sizes;
}

/** Parse the command line. @throws Error with one line about a wrong option */
export function parseOptions(args: readonly string[], known: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string", multiple: true, default: [] },
      list: { type: "boolean", default: false },
      check: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      entries: { type: "string", default: "dist" },
      checkout: { type: "string" },
      out: { type: "string" },
      samples: { type: "string" },
      "idle-seconds": { type: "string" },
      mb: { type: "string" },
    },
  });
  const entries = ENTRIES.find((name) => name === values.entries);
  if (entries === undefined) throw new Error(`--entries ${values.entries}: expected ${ENTRIES.join(" or ")}`);
  const unknown = values.only.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: expected one of ${known.join(", ")}`);
  const standard = values.quick ? QUICK : FULL;
  return {
    list: values.list,
    check: values.check,
    quick: values.quick,
    figures: known.filter((name) => values.only.length === 0 || values.only.includes(name)),
    entries,
    checkout: values.checkout ?? null,
    out: values.out ?? null,
    sizes: {
      ...standard,
      samples: whole("--samples", values.samples, { least: 5 }) ?? standard.samples,
      idleSeconds: whole("--idle-seconds", values["idle-seconds"], { least: 5 }) ?? standard.idleSeconds,
      megabytes: whole("--mb", values.mb, { least: 1 }) ?? standard.megabytes,
    },
  };
}

function whole(name: string, text: string | undefined, { least }: { least: number }): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  throw new Error(`${name} ${text}: expected a whole number of ${least} or more`);
}
