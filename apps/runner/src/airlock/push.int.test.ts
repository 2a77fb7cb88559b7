import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { oneToken } from "@tac8/core/github/tokens";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { StepFailure, type Failure } from "@tac8/core/domain/failures";
import { createGitBench, REPO, type GitBench } from "../workspace/testing/gitBench.ts";
import { recordGit } from "../workspace/testing/recordGit.ts";
import { remoteBranch } from "./push.ts";
import type { PushScope } from "./pushScope.ts";
import { openGate } from "./testing/gate.ts";
import { pushWork } from "./testing/pushWork.ts";

let bench: GitBench;
let mine = "";
beforeAll(async () => {
  bench = await createGitBench();
});
beforeEach(async () => {
  bench = bench.another();
  await bench.ensure();
  mine = await bench.commit("mine.txt", `${bench.name}\n`);
});
afterEach(() => {
  bench.github.clearFaults();
});
afterAll(async () => {
  await bench.close();
});

interface Push {
  readonly branch?: string;
  readonly scope?: PushScope;
  readonly expected?: string | null;
  readonly url?: string;
  readonly token?: string;
  readonly env?: GitBench["clean"]["env"];
}

/** Pass the airlock and push, like `publish`. */
async function push({
  branch = bench.branch,
  scope = bench.scope,
  expected = null,
  url,
  token = bench.token,
  env = bench.clean.env,
}: Push = {}): Promise<"pushed" | "already"> {
  const clean = { ...bench.clean, url: url ?? bench.clean.url, tokens: oneToken({ token }), env };
  return pushWork(bench, { clean, branch, scope, expected });
}

async function failure(work: Promise<unknown>): Promise<Failure> {
  const error: unknown = await work.then(
    () => new Error("nothing failed"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof StepFailure)) throw error;
  return error.failure;
}

const there = () => bench.github.branches(REPO)[bench.branch];
const pushes = () => bench.github.pushes.filter(({ ref }) => ref === `refs/heads/${bench.branch}`);

test("a push puts the agent's commit on GitHub's branch; a second push changes nothing", async () => {
  expect(await push()).toBe("pushed");
  expect(there()).toBe(mine);
  expect(await push()).toBe("already");
  expect(pushes()).toHaveLength(1);
});

test("a push needs no request before it, even if the commit is already there, whatever was expected", async () => {
  const gate = await openGate(bench.github.url);
  try {
    const url = `${gate.url}/${REPO}.git`;
    expect(await push({ url })).toBe("pushed");
    expect(gate.seen.map((path) => path.replace(`/${REPO}.git/`, ""))).toEqual([
      "info/refs?service=git-receive-pack", // Without the token: git sends it only after a challenge.
      "info/refs?service=git-receive-pack",
      "git-receive-pack",
    ]);
    for (const expected of [null, mine, await bench.base()]) expect(await push({ url, expected })).toBe("already");
    expect(pushes()).toHaveLength(1);
  } finally {
    await gate.close();
  }
});

test.each(["main", "release", "auto/gh-4711", "made", ""])(
  "no push changes or creates the branch %j",
  async (branch) => {
    await bench.push("release", { "release.txt": `${bench.name}\n` });
    const before = bench.github.branches(REPO);
    const found = await failure(push({ branch, expected: before[branch] ?? null }));
    expect(bench.github.branches(REPO)).toEqual(before);
    expect(found).toMatchObject({ kind: "refused" });
    expect(found.message).toContain("refused to publish to the branch");
  },
);

test("no push changes a default branch that has the name of the issue's own branch", async () => {
  const theirs = await bench.push(bench.branch, { "theirs.txt": "theirs\n" });
  const scope = { ...bench.scope, defaultBranch: bench.branch };
  await bench.ensure();
  await bench.commit("more.txt", "more\n");
  expect(await failure(push({ scope, expected: theirs }))).toMatchObject({ kind: "refused" });
  expect(there()).toBe(theirs);
});

test("rewritten commits replace those that tac8 published", async () => {
  await push();
  await bench.agent(["commit", "--quiet", "--amend", "-m", "better"]);
  const better = await bench.agent(["rev-parse", "HEAD"]);
  expect(await push({ expected: mine })).toBe("pushed");
  expect(there()).toBe(better);
});

test.each([
  ["where we expected none", null],
  ["where we expected ours", "ours"],
])("another contributor's commit is not overwritten, %s", async (_where, expectation) => {
  if (expectation === "ours") await push();
  const theirs = await bench.push(bench.branch, { "theirs.txt": "theirs\n" });
  await bench.commit("more.txt", "more\n");
  const found = await failure(push({ expected: expectation === null ? null : mine }));
  expect(found.kind).toBe("refused");
  expect(found.wholeRepository).toBeUndefined();
  expect(found.message).toContain(`another contributor changed the branch ${bench.branch} on GitHub`);
  expect(there()).toBe(theirs);
});

test.each([
  ["made", null],
  ["moved", "ours"],
])("a branch that is %s between our read and our push is not overwritten", async (_how, expectation) => {
  if (expectation === "ours") await push();
  await bench.commit("more.txt", "more\n");
  const gate = await openGate(bench.github.url);
  let theirs = "";
  gate.before = async (path) => {
    if (theirs === "" && path.endsWith("service=git-receive-pack")) {
      theirs = await bench.push(bench.branch, { "theirs.txt": "theirs\n" });
    }
  };
  try {
    const expected = expectation === null ? null : mine;
    const found = await failure(push({ expected, url: `${gate.url}/${REPO}.git` }));
    expect(found).toMatchObject({ kind: "refused" });
    expect(found.message).toContain("Nothing was overwritten");
    expect(gate.seen.some((path) => path.endsWith("/git-receive-pack"))).toBe(false);
    expect(there()).toBe(theirs);
  } finally {
    await gate.close();
  }
});

test("a branch that changes during the upload of the pack is not overwritten", async () => {
  const gate = await openGate(bench.github.url);
  let theirs = "";
  gate.before = async (path) => {
    if (path.endsWith("/git-receive-pack")) theirs = await bench.push(bench.branch, { "theirs.txt": "theirs\n" });
  };
  try {
    await failure(push({ url: `${gate.url}/${REPO}.git` }));
    expect(there()).toBe(theirs);
  } finally {
    await gate.close();
  }
});

test("a push may succeed although its answer was lost; the next one detects this", async () => {
  bench.github.fault({ method: "POST", path: /git-receive-pack$/, times: 1, do: { drop: "after" } });
  expect(await failure(push())).toMatchObject({ kind: "github" });
  await bench.github.waitFor(there);
  expect(await push()).toBe("already");
  expect(pushes()).toHaveLength(1);
});

test.each([502, 503, 429])("an answer %i of GitHub is a failure of kind github", async (status) => {
  bench.github.fault({ path: /info\/refs$/, times: 1, do: { status } });
  expect(await failure(push())).toMatchObject({ kind: "github" });
  bench.github.fault({ path: /git-receive-pack$/, times: 1, do: { status } });
  expect(await failure(push())).toMatchObject({ kind: "github" });
  expect(await push()).toBe("pushed");
});

test("an unreachable address is a failure of kind github too", async () => {
  const gate = await openGate(bench.github.url);
  await gate.close();
  const found = await failure(push({ url: `${gate.url}/${REPO}.git` }));
  expect(found.kind).toBe("github");
});

test("a read-only token, an invalid token and a missing repository are refused", async () => {
  const reader = bench.github.addToken({ login: "octo", atMost: "read" });
  const whole = { kind: "refused", wholeRepository: true };
  expect(await failure(push({ token: reader }))).toMatchObject(whole);
  expect(await failure(push({ token: "ghp_nobody" }))).toMatchObject(whole);
  expect(await failure(push({ url: `${bench.github.url}/octo/nothing.git` }))).toMatchObject(whole);
  expect(there()).toBeUndefined();
});

test("a push that a rule declines is refused with GitHub's message", async () => {
  const hook = join(bench.originDir, "hooks/pre-receive");
  await writeFile(hook, '#!/bin/sh\necho "GH013: Repository rule violations found for refs/heads/x." >&2\nexit 1\n');
  await chmod(hook, 0o755);
  try {
    const found = await failure(push());
    expect(found).toMatchObject({ kind: "refused" });
    expect(found.wholeRepository).toBe(true);
    expect(found.message).toContain(
      `pushing ${bench.branch}: [remote rejected] (pre-receive hook declined) · GH013: Repository rule violations found for refs/heads/x.. Change the rule`,
    );
    expect(found.message).not.toContain("\n");
  } finally {
    await writeFile(hook, "#!/bin/sh\nexit 0\n");
  }
});

test("a branch whose name is a folder of another branch is refused, because a retry would fail too", async () => {
  await bench.push(`${bench.branch}/deeper`, { "x.txt": "x\n" });
  const found = await failure(push());
  expect(found).toMatchObject({ kind: "refused" });
  expect(found.wholeRepository).toBeUndefined();
});

test("a branch with a longer name and the same ending is another branch", async () => {
  await bench.push(`refs/heads/${bench.branch}`, { "x.txt": "x\n" });
  const dir = bench.mirror.paths.dir;
  expect(await remoteBranch({ clean: bench.clean, dir, branch: bench.branch })).toBeNull();
});

test("a long push reports its progress, because a silent git is stopped", async () => {
  const { clean, recorded } = await recordGit(bench.clean, bench.dir, "push");
  expect(await push({ env: clean.env })).toBe("pushed");
  expect(await recorded()).toMatch(/Writing objects: +100%/);
});
