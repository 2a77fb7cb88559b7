import { afterAll, beforeAll, expect, test } from "vitest";
import { createGitBench, type GitBench } from "../workspace/testing/gitBench.ts";
import { unlessInMirror, whyKept } from "./published.ts";

let bench: GitBench;
beforeAll(async () => {
  bench = await createGitBench();
});
afterAll(() => bench.close());

test("a commit that the mirror still has, but no branch on GitHub, keeps the workspace", async () => {
  await bench.ensure();
  await bench.commit("new.txt", "new\n");
  const push = (from: string) =>
    bench.agent(["push", "--quiet", "--force", bench.originDir, `${from}:refs/heads/${bench.branch}`]);
  const why = async () => {
    await bench.mirror.refresh();
    const { tree, gitDir } = bench.paths;
    return whyKept({ tree, gitDir, place: bench.place, whyCommitsKept: unlessInMirror(bench.mirror) });
  };
  await push("HEAD");
  expect(await why()).toBeNull(); // The mirror has fetched it.
  await push(await bench.base());
  expect(await why()).toMatch(/not on GitHub/);
});
