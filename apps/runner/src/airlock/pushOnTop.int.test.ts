import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { execa } from "execa";
import { breakGit } from "../workspace/testing/breakGit.ts";
import { createGitBench, REPO, type GitBench } from "../workspace/testing/gitBench.ts";
import { withIncoming } from "./incoming.ts";
import { Overtaken } from "./push.ts";
import { pushOnTop } from "./pushOnTop.ts";
import { openGate } from "./testing/gate.ts";

let bench: GitBench;
let mine = "";
beforeAll(async () => {
  bench = await createGitBench();
});
beforeEach(async () => {
  bench = bench.another();
  await bench.ensure();
  mine = await bench.commit("mine.txt", "mine\n");
});
afterAll(async () => {
  await bench.close();
});

interface PushedBy {
  readonly expected?: string | null;
  readonly url?: string;
  readonly env?: Readonly<Record<string, string>>;
}

async function push({ expected = null, ...by }: PushedBy = {}) {
  const clean = { ...bench.clean, ...by };
  const baseSha = await bench.base();
  const known = expected === null ? [] : [expected];
  const incoming = {
    mirror: bench.mirror.paths,
    clean,
    agent: bench.place,
    tree: bench.paths.tree,
    baseSha,
    known,
    runId: bench.name,
  };
  return withIncoming(incoming, ({ dir, head }) =>
    pushOnTop({ clean, dir, branch: bench.branch, scope: bench.scope, sha: head, expected, from: expected ?? baseSha }),
  );
}

const there = () => bench.github.branches(REPO)[bench.branch] ?? "";
const origin = async (...args: string[]) => (await execa("git", ["-C", bench.originDir, ...args])).stdout;
const history = async () => (await origin("log", "--format=%s", `main..${there()}`)).split("\n");

test.each([
  ["that tac8 had not published yet", false],
  ["that has earlier work of tac8", true],
])(
  "commits of others on a branch %s: ours are replayed on top, with author, date and message",
  async (_what, before) => {
    const expected = before ? (await push()).sha : null;
    const theirs = await bench.push(bench.branch, { "theirs.txt": "theirs\n" });
    await bench.write("more.txt", "more\n");
    await bench.agent(["add", "--all"]);
    const words = "feat: größer\n\nWith a body.";
    await bench.agent([
      "commit",
      "--quiet",
      "--author",
      "Ada <ada@example.invalid>",
      "--date",
      "2001-02-03T04:05:06Z",
      "-m",
      words,
    ]);
    const result = await push({ expected });
    expect(result).toEqual({ how: "pushed", sha: there(), theirs });
    expect(await origin("merge-base", theirs, there())).toBe(theirs);
    expect((await origin("ls-tree", "--name-only", there())).split("\n")).toEqual(
      expect.arrayContaining(["mine.txt", "more.txt", "theirs.txt"]),
    );
    expect(await origin("log", "-1", "--format=%an <%ae> %aI%n%B", there())).toBe(
      `Ada <ada@example.invalid> 2001-02-03T04:05:06+00:00\n${words}`,
    );
    expect((await history()).filter((subject) => subject === "change mine.txt")).toHaveLength(1);
    expect(bench.github.pushes.filter(({ ref, forced }) => ref === `refs/heads/${bench.branch}` && forced)).toEqual([]);
  },
);

test("a push that is repeated because its answer was lost adds no commit twice", async () => {
  await bench.push(bench.branch, { "theirs.txt": "theirs\n" });
  const { sha } = await push();
  expect(await push()).toEqual({ how: "already", sha, theirs: null });
  expect(there()).toBe(sha);
});

test("a branch that changes again between our read and our push: ours are replayed on top of that too", async () => {
  const gate = await openGate(bench.github.url);
  let theirs = "";
  gate.before = async (path) => {
    if (theirs === "" && path.endsWith("service=git-receive-pack")) {
      theirs = await bench.push(bench.branch, { "theirs.txt": "theirs\n" });
    }
  };
  try {
    await push({ url: `${gate.url}/${REPO}.git` });
    expect(await origin("merge-base", theirs, there())).toBe(theirs);
    expect(await history()).toContain("change mine.txt");
  } finally {
    await gate.close();
  }
});

test.each([
  ["is killed", "kill -9 $$", "git"],
  ["cannot read a commit", "echo 'error: could not open object' >&2; exit 1", "git"],
  ["finds no space", "echo 'fatal: unable to write loose object file: No space left on device' >&2; exit 128", "disk"],
])("a git that %s during the replay is not a conflict: the step is tried again", async (_what, shell, kind) => {
  await bench.push(bench.branch, { "theirs.txt": "theirs\n" });
  const env = await breakGit(bench.clean.env, { dir: bench.dir, command: "merge-tree", shell });
  await expect(push({ env })).rejects.toMatchObject({ failure: { kind } });
  await push();
  expect(await history()).toContain("change mine.txt");
});

test("a conflict is a clear failure, and their commit is kept", async () => {
  const theirs = await bench.push(bench.branch, { "mine.txt": "theirs\n" });
  const failed = await push().catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(Overtaken);
  expect((failed as Overtaken).failure).toMatchObject({ kind: "refused" });
  expect((failed as Overtaken).message).toContain("another contributor changed the branch");
  expect(there()).toBe(theirs);
});

test("commits that they removed are not restored", async () => {
  const { sha: expected } = await push();
  const theirs = await bench.push(`${bench.branch}-x`, { "theirs.txt": "theirs\n" });
  await origin("update-ref", `refs/heads/${bench.branch}`, theirs);
  await bench.commit("more.txt", "more\n");
  await push({ expected });
  expect(await history()).not.toContain("change mine.txt");
  expect(await history()).toContain("change more.txt");
});

test("a merge among our commits or a removed branch is a clear failure", async () => {
  await bench.agent(["checkout", "--quiet", "-b", "side", "HEAD^"]);
  await bench.commit("side.txt", "side\n");
  await bench.agent(["merge", "--quiet", "--no-edit", mine]);
  const { sha: expected } = await push();
  await bench.push(bench.branch, { "theirs.txt": "theirs\n" });
  expect(await push().catch((error: unknown) => error)).toBeInstanceOf(Overtaken);
  await origin("update-ref", "-d", `refs/heads/${bench.branch}`);
  expect(await push({ expected }).catch((error: unknown) => error)).toBeInstanceOf(Overtaken);
  expect(await origin("for-each-ref", `refs/heads/${bench.branch}`)).toBe("");
});
