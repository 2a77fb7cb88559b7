import { afterAll, beforeAll, expect, test } from "vitest";
import { createGitBench, REPO, type GitBench } from "../workspace/testing/gitBench.ts";
import { withIncoming } from "./incoming.ts";
import { pushBranch } from "./push.ts";
import { openGate } from "./testing/gate.ts";

let bench: GitBench;
beforeAll(async () => {
  bench = await createGitBench();
});
afterAll(() => bench.close());

test("a branch that changes between our read and the push is not overwritten", async () => {
  await bench.ensure();
  await bench.commit("mine.txt", "mine\n");
  const gate = await openGate(bench.github.url);
  let theirs = "";
  // The push itself reads the branch again: without a lease it would replace that version.
  gate.before = async (path) => {
    if (path.endsWith("/info/refs?service=git-receive-pack") && theirs === "") {
      theirs = await bench.push(bench.branch, { "theirs.txt": "theirs\n" });
    }
  };
  try {
    const clean = { ...bench.clean, url: `${gate.url}/${REPO}.git` };
    const given = { mirror: bench.mirror.paths, clean, agent: bench.place, tree: bench.paths.tree };
    const incoming = { ...given, baseSha: await bench.base(), known: [], runId: bench.name };
    const pushing = withIncoming(incoming, ({ dir, head }) =>
      pushBranch({ clean, dir, branch: bench.branch, scope: bench.scope, sha: head, expected: null }),
    );
    await expect(pushing).rejects.toMatchObject({ failure: { kind: "refused" } });
    expect(theirs).not.toBe("");
    expect(bench.github.branches(REPO)[bench.branch]).toBe(theirs);
  } finally {
    await gate.close();
  }
});
