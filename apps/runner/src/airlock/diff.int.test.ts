import { afterAll, beforeAll, expect, test } from "vitest";
import { createGitBench, type GitBench } from "../workspace/testing/gitBench.ts";
import { diffOf } from "./diff.ts";
import { withIncoming } from "./incoming.ts";

let bench: GitBench;
beforeAll(async () => {
  bench = await createGitBench();
  await bench.ensure();
});
afterAll(() => bench.close());

/** Return the diff as `publish` gets it, from the throwaway repository on the clean side. */
async function diff(maxBytes: number): Promise<string> {
  const base = await bench.base();
  const clean = bench.clean;
  const incoming = {
    mirror: bench.mirror.paths,
    clean,
    agent: bench.place,
    tree: bench.paths.tree,
    baseSha: base,
    known: [],
    runId: bench.name,
  };
  const { signal } = new AbortController();
  return withIncoming(incoming, ({ dir, head }) => diffOf({ clean, dir, base, head, maxBytes, signal }));
}

test("the diff has the agent's changes, up to the size limit", async () => {
  await bench.write(".gitattributes", "*.txt diff=planted\n");
  await bench.commit("src/a.txt", "a\nünï <b>\n");
  const whole = await diff(10_000);
  expect(whole).toContain("--- a/src/a.txt\n+++ b/src/a.txt\n");
  expect(whole).toContain("\n+ünï <b>\n");
  expect(whole).not.toContain("cut here");

  await bench.commit("large.txt", "0123456789\n".repeat(2000));
  const cut = await diff(8 * 1024);
  expect(Buffer.byteLength(cut)).toBeLessThan(8 * 1024 + 100);
  expect(cut).toMatch(/\n\+0123456789\n… cut here: the diff is longer than 8 kB$/);
});
