import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const folder = new URL("../.github/workflows/", import.meta.url);

it.each(readdirSync(folder))("%s: actions by commit, with their version; no permission that is not named", (file) => {
  const text = readFileSync(new URL(file, folder), "utf8");
  for (const [, action] of text.matchAll(/uses: (.*)$/gm))
    expect(action).toMatch(/^[\w.-]+\/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  expect(text).toMatch(/^permissions: \{\}$/m);
  for (const [, run] of text.matchAll(/run: (.*)$/gm)) expect(run).not.toContain("${{");
});
