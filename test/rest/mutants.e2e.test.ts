import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { MUTANTS } from "../../script/mutants/mutants.ts";
import { ROOT } from "../programs.ts";

interface Listed {
  readonly name: string;
  readonly file: string;
}

/** List every test by running the test files without their tests, because many titles come from tables. */
async function listTests(): Promise<Listed[]> {
  const dir = await mkdtemp(join(tmpdir(), "tac8-list-"));
  const file = join(dir, "tests.json");
  try {
    const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
    await promisify(execFile)(process.execPath, [vitest, "list", "--no-static-parse", `--json=${file}`], {
      cwd: ROOT,
      env: { PATH: process.env["PATH"] },
      maxBuffer: 64 * 1024 * 1024,
    });
    return JSON.parse(await readFile(file, "utf8")) as Listed[];
  } finally {
    await rm(dir, { recursive: true });
  }
}

test("the test of each mutant exists", async () => {
  const names = Map.groupBy(await listTests(), ({ file }) => file);
  const titlesOf = (file: string) => (names.get(join(ROOT, file)) ?? []).map(({ name }) => name.replaceAll(" > ", " "));
  const missing = MUTANTS.filter(({ test: { file, name } }) => !titlesOf(file).some((title) => title.includes(name)));
  expect(missing.map(({ name, test: { file, name: title } }) => `${name}: ${file} has no "${title}"`)).toEqual([]);
});
