import { existsSync } from "node:fs";
import { join } from "node:path";

/** `dist`: the bundled programs, as users run them. `src`: the TypeScript files. */
export type Entries = "src" | "dist";
export const ENTRIES: readonly Entries[] = ["dist", "src"];

type Program = "scheduler" | "runner" | "board" | "cli";

/** File of each program, relative to the checkout. Only this table names these files. */
const FILES: Readonly<Record<Entries, Readonly<Record<Program, string>>>> = {
  src: {
    scheduler: "apps/scheduler/src/main.ts",
    runner: "apps/runner/src/main.ts",
    board: "apps/board/src/main.ts",
    cli: "apps/cli/src/main.ts",
  },
  dist: {
    scheduler: "dist/scheduler.js",
    runner: "dist/runner.js",
    board: "dist/board.js",
    cli: "dist/cli.js",
  },
};

/** Path of the command that users type, relative to the checkout. */
const COMMAND = "bin/tac8.mjs";

/** Disable the warning of Node 24 that TypeScript is experimental. */
const NODE_FLAGS: Readonly<Record<Entries, readonly string[]>> = {
  src: ["--disable-warning=ExperimentalWarning"],
  dist: [],
};

export interface Programs {
  readonly checkout: string;
  readonly entries: Entries;
  /** Folders that sandboxes must show, because tac8's own programs inside consist of many files. A bundled program is one file. */
  readonly sandboxReads: readonly string[];
  /** Arguments for Node that start the program. */
  readonly argsOf: (program: Program) => string[];
  /** Path of `tac8`, as users run it. */
  readonly command: string;
}

/** Return the programs of a checkout. @throws Error with the first missing file and the command that builds it */
export function findPrograms(checkout: string, entries: Entries, exists = existsSync): Programs {
  const files = FILES[entries];
  const missing = [...Object.values(files), COMMAND].find((file) => !exists(join(checkout, file)));
  if (missing !== undefined) {
    const remedy =
      entries === "dist" ? "build it first, or measure the sources with --entries src" : "check --checkout";
    throw new Error(`${missing} is not in the checkout: ${remedy}`);
  }
  return {
    checkout,
    entries,
    sandboxReads: entries === "src" ? [checkout] : [],
    argsOf: (program) => [...NODE_FLAGS[entries], join(checkout, files[program])],
    command: join(checkout, COMMAND),
  };
}
