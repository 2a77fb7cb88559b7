import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const IMPORTS = {
  files: 'import { rm } from "node:fs/promises";\nawait rm("x");\n',
  sync: 'import { existsSync } from "fs";\nexistsSync("x");\n',
  program: 'import { spawn } from "node:child_process";\nspawn("x");\n',
  library: 'import { execa } from "execa";\nawait execa("x");\n',
  git: 'import { simpleGit } from "simple-git";\nsimpleGit("x");\n',
  local: 'import { localFiles } from "../files/local.ts";\nawait localFiles.remove("x");\n',
  run: 'import { runGit } from "../git/runGit.ts";\nrunGit({});\n',
  stream: 'import { streamGit } from "../git/streamGit.ts";\nstreamGit({});\n',
  clean: 'import { openGit } from "../git/openGit.ts";\nopenGit({ dir: "x", env: {} });\n',
  agent: 'import { startAgent } from "../agent/start.ts";\nstartAgent();\n',
  type: 'import type { GitAnswer } from "../git/runGit.ts";\nexport type A = GitAnswer;\n',
  words: 'import { commitOf } from "../git/openGit.ts";\nawait commitOf({}, "x");\n',
};
const ALLOWED = new Set<string>(["type", "words"]);

let dir = "";
let refused: ReadonlySet<string>;
/** Lint a temporary folder with the repository's rules. It has each import in a file of a step, of another folder of the agent side, and of the clean side. */
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-lint-"));
  await writeFile(join(dir, ".oxlintrc.json"), await readFile(join(ROOT, ".oxlintrc.json")));
  const files = Object.entries(IMPORTS).flatMap(([name, text]) => [
    [`apps/runner/src/steps/${name}.ts`, text] as const,
    [`apps/runner/src/home/${name}.ts`, text] as const,
    [`apps/runner/src/host/${name}.ts`, text] as const,
    [`apps/scheduler/src/${name}.ts`, text] as const,
  ]);
  for (const [path, text] of files) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
  const { stdout } = await execa(join(ROOT, "node_modules/.bin/oxlint"), ["--format", "json"], {
    cwd: dir,
    reject: false,
  });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { filename: string; code: string; help?: string }[] };
  const found = diagnostics.filter(({ help = "" }) => help.includes("AgentPlace"));
  refused = new Set(found.map(({ filename }) => filename));
});
afterAll(() => rm(dir, { recursive: true }));

test.each(Object.keys(IMPORTS))("the lint rule decides on the import: %s", (name) => {
  // Steps have a list of rules of their own.
  expect(refused.has(`apps/runner/src/steps/${name}.ts`), "a step").toBe(!ALLOWED.has(name));
  expect(refused.has(`apps/runner/src/home/${name}.ts`), "the agent side").toBe(!ALLOWED.has(name));
  expect(refused.has(`apps/runner/src/host/${name}.ts`), "the clean side").toBe(false);
  expect(refused.has(`apps/scheduler/src/${name}.ts`), "another app").toBe(false);
});
