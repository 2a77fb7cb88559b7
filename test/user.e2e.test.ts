import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TAC8_UID } from "./launcher.ts";
import { createWorld, OWNER, REPO, type World } from "./world.ts";

const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write("skipped: agents that are users of their own, because their launcher takes root\n");

describe.skipIf(!isRoot)("agents that are users of their own", () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld({ isolation: "none", uid: TAC8_UID });
  });
  afterEach(() => world.close());

  const isolated = async (env: Record<string, string> = {}) => {
    await world.configure({ agent: { isolation: "user" } });
    return world.startApp("runner", { TAC8_LAUNCHER: join(world.base, "launcher", "socket"), ...env });
  };
  /** A step that notes owner, group and mode of the worktree and the repository. */
  const inspect = (name: string) => ({
    bash: `stat -c '%u %g %a' . "$(git rev-parse --git-common-dir)" > '${join(world.dir, name)}'`,
  });
  const noted = async (name: string) => (await readFile(join(world.dir, name), "utf8")).trim().split("\n");

  test("an older workspace is given to the issue's user, and its session is resumed; another issue has another user", async () => {
    const number = world.openIssue({
      script: {
        first: [
          inspect("before"),
          { write: "half.txt", text: "half\n" },
          { ask: "Which one?" },
          { result: "I asked." },
        ],
        again: [
          inspect("mine"),
          { write: "whole.txt", text: "whole\n" },
          { commit: "feat: whole" },
          { result: "Done." },
        ],
      },
    });
    world.startApp("scheduler");
    const before = world.startApp("runner");
    await world.waitForState(number, "blocked");
    await before.stop();
    expect((await noted("before")).every((line) => line.startsWith(`${TAC8_UID} ${TAC8_UID} `))).toBe(true);

    // What an upgrade that was broken off has left, and a folder that nobody can enter.
    const trees = join(world.dataFolder, "workspaces", REPO, "trees");
    const closed = join(trees, `gh-${number}`, "closed");
    mkdirSync(join(trees, `gh-${number}.former`, "half"), { recursive: true });
    mkdirSync(closed);
    writeFileSync(join(closed, "x.txt"), "x\n");
    for (const path of [
      join(trees, `gh-${number}.former`),
      join(trees, `gh-${number}.former`, "half"),
      closed,
      join(closed, "x.txt"),
    ]) {
      chownSync(path, TAC8_UID, TAC8_UID);
    }
    chmodSync(closed, 0);
    // Of another issue, by a version that made folders open to all.
    mkdirSync(join(trees, "gh-99"), { mode: 0o755 });
    chownSync(join(trees, "gh-99"), TAC8_UID, TAC8_UID);
    // As a service has made it, whose files are closed to all others.
    execFileSync("chmod", ["-R", "go-rwx", join(world.dataFolder, "repos", `${REPO}.git`)]);
    const after = await isolated();
    await after.waitForLog("runner ready");
    expect(statSync(join(trees, "gh-99")).mode & 0o007).toBe(0);
    world.github.comment({ repo: REPO, number, actor: OWNER, body: "The first one." });
    await world.waitForState(number, "pr");
    expect((await world.agentStarts(number)).map(({ resumed }) => resumed)).toEqual([false, true]);
    const head = world.github.pulls(REPO)[0]?.head ?? "";
    expect(await world.github.file(REPO, head, "half.txt")).toBe("half\n");
    expect(await world.github.file(REPO, head, "whole.txt")).toBe("whole\n");
    const other = world.openIssue({
      script: [inspect("its"), { write: "b.txt", text: "b\n" }, { commit: "b" }, { result: "Done." }],
    });
    await world.waitForState(other, "pr");
    const [mine, its] = [await noted("mine"), await noted("its")];
    expect(new Set([...mine, ...its]).size).toBe(2);
    expect(mine).toEqual([expect.stringMatching(new RegExp(`^1\\d{8} ${TAC8_UID} 710$`)), mine[0]]);
    expect(
      readdirSync(join(world.dataFolder, "workspaces", REPO, "trees")).filter((name) => name.includes("former")),
    ).toEqual([]);
    await after.stop();
  });

  test("agents can pass through the data folder, and the folders of tac8 and of each issue are closed to them; a key that all users can read prevents the start", async () => {
    const token = join(world.base, "token");
    await writeFile(token, `${world.token}\n`);
    await chmod(token, 0o644);
    const refused = await isolated({ GITHUB_TOKEN: "", GITHUB_TOKEN_FILE: token });
    await refused.waitForLog(`every user of this machine can read ${token}`);
    const { child } = refused;
    if (child.exitCode === null) await once(child, "exit");
    expect(child.exitCode).toBe(78);
    await isolated();
    const number = world.openIssue({ script: [{ write: "a.txt", text: "a\n" }, { commit: "a" }, { result: "Done." }] });
    world.startApp("scheduler");
    await world.waitForState(number, "pr");
    expect(statSync(world.dataFolder).mode & 0o777).toBe(0o711);
    const open = readdirSync(world.dataFolder).filter(
      (name) => (statSync(join(world.dataFolder, name)).mode & 0o077) !== 0,
    );
    // The scheduler, which writes that list, is another user in this test.
    expect(open.filter((name) => name !== "tasks.md").toSorted()).toEqual(["homes", "repos", "workspaces"]);
    const mirror = statSync(join(world.dataFolder, "repos", `${REPO}.git`));
    expect({ mode: mirror.mode & 0o777, isShared: mirror.gid > TAC8_UID }).toEqual({ mode: 0o750, isShared: true });
    expect(existsSync(join(world.dataFolder, "ids"))).toBe(true);
    const opened = world.openIssue({
      script: [{ bash: "chmod 777 ." }, { ask: "Which one?" }, { result: "I asked." }],
    });
    await world.waitForState(opened, "blocked");
    const tree = join(world.dataFolder, "workspaces", REPO, "trees", `gh-${opened}`);
    expect(statSync(tree).mode & 0o777).toBe(0o710);
  });
});
