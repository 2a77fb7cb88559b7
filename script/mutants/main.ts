// `npm run mutants [-- --only NAME] [--jobs N] [--shard K/N]`: disables one mechanism at a time, in a copy of the checkout, and requires
// that the test named for it fails. `--help` says more.
import { rmSync } from "node:fs";
import { chmod, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { messageOf } from "@tac8/core/domain/messageOf";
import { copyCheckout } from "./copy.ts";
import { mutate } from "./mutate.ts";
import type { Mutant } from "./mutant.ts";
import { MUTANTS } from "./mutants.ts";
import { runTests, type TestResult } from "./runTest.ts";
import { shardOf } from "./shard.ts";

const root = join(import.meta.dirname, "../..");
const USAGE = `usage: npm run mutants -- [options]
  --only NAME  only the mutants with this in their names; may be given again
  --jobs N     N mutants at a time (default 1)
  --shard K/N  only part K of N equal parts, such as 2/8
  --list       print their names and promises, and run nothing
  --help       print this`;

const options = {
  only: { type: "string", multiple: true },
  jobs: { type: "string", default: "1" },
  shard: { type: "string", default: "1/1" },
  list: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

/** Read the options of the command line. If they are wrong, print a line on stderr and return null. */
function parse() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n${USAGE}\n`);
    return null;
  }
}

const values = parse() ?? process.exit(2);
const only = values.only ?? [];
const named = MUTANTS.filter(({ name }) => only.length === 0 || only.some((part) => name.includes(part)));
const chosen = shardOf(named, values.shard);
const jobs = Number(values.jobs);

if (values.help) {
  say(USAGE);
} else if (values.list) {
  for (const { name, promise } of chosen) say(`${name.padEnd(20)} ${promise}`);
} else if (chosen.length === 0 || !Number.isInteger(jobs) || jobs < 1) {
  say("no such mutant, or --jobs is no number, or --shard is not such as 2/8: see --list");
  process.exitCode = 2;
} else {
  await all();
}

async function all(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "tac8-mutants-"));
  await chmod(folder, 0o711); // Some tests start tac8 as another user.
  process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
  const queue = [...chosen];
  const sound = new Map<string, Promise<ReadonlyMap<string, TestResult>>>();
  let bad = 0;
  const work = async (_: unknown, index: number): Promise<void> => {
    const copy = join(folder, String(index));
    await copyCheckout(root, copy);
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const { good, words } = await one(mutant, copy, sound);
      if (!good) bad += 1;
      say(`${good ? "✓" : "✗"} ${mutant.name.padEnd(20)} ${words}`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, chosen.length) }, work));
  say(
    `${chosen.length - bad} of ${chosen.length} mechanisms are shown by their test${bad > 0 ? `; ${bad} are not` : ""}`,
  );
  if (bad > 0) process.exitCode = 1;
}

/** Run the tests of one file that mutants name, without a mutant and in one run: by name. */
async function soundTests(copy: string, file: string): Promise<ReadonlyMap<string, TestResult>> {
  const names = [...new Set(chosen.filter(({ test }) => test.file === file).map(({ test }) => test.name))];
  const results = await runTests(copy, file, names);
  return new Map(names.flatMap((name, index) => (results[index] === undefined ? [] : [[name, results[index]]])));
}

/** `sound` has the tests without a mutant, by file. */
async function one(
  mutant: Mutant,
  copy: string,
  sound: Map<string, Promise<ReadonlyMap<string, TestResult>>>,
): Promise<{ good: boolean; words: string }> {
  const { file, test, promise } = mutant;
  const path = join(copy, file);
  const text = await readFile(path, "utf8");
  const mutated = mutate(text, mutant);
  if (mutated === null) return { good: false, words: `STALE: ${file} does not have its text exactly once` };
  const key = `${test.file} › ${test.name}`;
  const known = sound.get(test.file) ?? soundTests(copy, test.file);
  sound.set(test.file, known);
  const before = (await known).get(test.name);
  if (before?.colour !== "green")
    return { good: false, words: `NO TEST: ${key} is not green without the mutant${why(before)}` };
  await writeFile(path, mutated);
  try {
    const [after] = await runTests(copy, test.file, [test.name]);
    if (after?.colour === "red") return { good: true, words: `${promise} · ${key}` };
    if (after?.colour === "green") return { good: false, words: `SURVIVED: ${key} stays green` };
    return { good: false, words: `NO RESULT: ${key}${why(after)}` };
  } finally {
    await writeFile(path, text);
  }
}

function why(result: TestResult | undefined): string {
  return result?.colour === "none" ? `: ${result.why}` : "";
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
