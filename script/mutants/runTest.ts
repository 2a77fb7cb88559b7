import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";

/** Result of a test; `none`: no test of that name finished, so the mutant is not evaluated. */
export type TestResult = { readonly colour: "green" | "red" } | { readonly colour: "none"; readonly why: string };

/** Of each name. */
const MAX_MS = 6 * 60_000;
const MAX_OUTPUT = 4000;

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** Run the tests of one file whose full name contains one of the names; returns one result per name, see `resultOf`. */
export async function runTests(copy: string, file: string, names: readonly string[]): Promise<TestResult[]> {
  const report = join(copy, "node_modules", ".mutant.json");
  await rm(report, { force: true });
  const pattern = names.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join("|");
  const args = ["run", file, "-t", pattern, "--reporter=json", `--outputFile.json=${report}`];
  const vitest = spawn(process.execPath, [join(copy, "node_modules/vitest/vitest.mjs"), ...args], {
    cwd: copy,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let words = "";
  const keep = (chunk: Buffer): void => {
    words = (words + chunk.toString("utf8")).slice(-MAX_OUTPUT);
  };
  vitest.stdout.on("data", keep);
  vitest.stderr.on("data", keep);
  const kill = (): void => killGroup(vitest.pid);
  const bound = setTimeout(kill, MAX_MS * names.length);
  process.once("exit", kill);
  try {
    await once(vitest, "exit");
  } finally {
    clearTimeout(bound);
    kill(); // Processes of its group that a mutant kept alive.
    process.off("exit", kill);
  }
  const text = await readFile(report, "utf8").catch(() => null);
  return names.map((name) =>
    text === null ? { colour: "none", why: `no report: ${words.trim()}` } : resultOf(JSON.parse(text) as Report, name),
  );
}

/** Return the result of the tests whose full name contains `name`. Green: all of them passed. Pure. */
export function resultOf({ testResults }: Report, name: string): TestResult {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const ends = tests.filter(({ fullName }) => fullName.includes(name)).map(({ status }) => status);
  if (ends.includes("failed")) return { colour: "red" };
  return ends.includes("passed") ? { colour: "green" } : { colour: "none", why: "no such test was run" };
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
