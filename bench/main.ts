// `npm run bench -- --only cli --quick`: see docs/benchmark.md.
import { messageOf } from "@tac8/core/domain/messageOf";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { assertComparable, compare } from "./compare.ts";
import { FIGURES } from "./figures.ts";
import { Leftovers } from "./leftovers.ts";
import { parseOptions, type Options } from "./options.ts";
import { findPrograms } from "./programs.ts";
import { renderComparison, renderHead, renderTable } from "./render.ts";
import { parseResults, VERSION, type Results } from "./results.ts";
import { measureAll } from "./run.ts";

const ROOT = dirname(import.meta.dirname);
const COMMITTED = join(import.meta.dirname, "results.json");
const NAMES = FIGURES.map(({ name }) => name);

const leftovers = new Leftovers();
process.on("exit", () => leftovers.clear());
const interrupted = new AbortController();
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  process.on(signal, () => {
    if (interrupted.signal.aborted) process.exit(code);
    interrupted.abort(new Error("interrupted"));
  });
}

let options: Options | null = null;
try {
  options = parseOptions(process.argv.slice(2), NAMES);
} catch (error) {
  complain(error, 2);
}
if (options?.list === true) {
  for (const { name, what } of FIGURES) print(`${name.padEnd(10)} ${what}`);
} else if (options !== null) {
  try {
    await run(options);
  } catch (error) {
    complain(error, interrupted.signal.aborted ? 130 : 1);
  }
}

async function run({ check, quick, figures, entries, checkout, out, sizes }: Options): Promise<void> {
  const root = resolve(checkout ?? ROOT);
  const programs = findPrograms(root, entries);
  const committed = check ? await readCommitted() : null;
  if (committed !== null) assertComparable(committed, { quick, sizes });
  const head = {
    version: VERSION,
    quick,
    sizes,
    entries,
    commit: await commitOf(root),
    node: process.version,
    cores: availableParallelism(),
    at: new Date().toISOString(),
  } as const;
  const measured = await measureAll(
    FIGURES.filter(({ name }) => figures.includes(name)),
    {
      programs,
      sizes,
      leftovers,
      path: `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}`,
      signal: interrupted.signal,
      report: (line) => process.stderr.write(`${line}\n`),
    },
  );
  const results: Results = { ...head, ...measured };
  print(`${renderHead(head)}\n\n${renderTable(results.rows)}`);
  for (const { figure, message } of results.failed) print(`${figure} could not be measured: ${message}`);
  if (results.failed.length > 0) process.exitCode = 1;
  const path = out ?? (check ? null : COMMITTED);
  if (path !== null) await writeFile(path, `${JSON.stringify(results, null, 2)}\n`);
  if (committed === null) return;
  const comparison = compare({ committed, now: results, figures });
  print(`\nbeside the committed results:\n${renderComparison(comparison)}`);
  if (comparison.missing.length > 0 || comparison.changes.some(({ regressed }) => regressed)) process.exitCode = 1;
}

/** Read the committed results. @throws Error with one line if there are none */
async function readCommitted(): Promise<Results> {
  if (!existsSync(COMMITTED)) throw new Error("bench/results.json is not there: measure without --check first");
  return parseResults(await readFile(COMMITTED, "utf8"));
}

async function commitOf(root: string): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)("git", ["-C", root, "rev-parse", "--short=12", "HEAD"]);
    return stdout.trim();
  } catch {
    return null; // There is no git, or no history.
  }
}

function complain(error: unknown, code: number): void {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = code;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
