import { execFileSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { mkdir, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { createWorld, poll, REPO, type App, type World } from "./world.ts";

/** Of the size that a test names; not everybody may mount one. */
const MAY_MOUNT = mayMount();
const NAME = MAY_MOUNT ? "" : " (skipped: this user may not mount a file system)";

let world: World | undefined;
let runner: App | undefined;
const mounted: string[] = [];
/** Of the mounted ones, those outside of the world's folder. */
const mountPoints: string[] = [];
afterEach(async () => {
  await runner?.stop(); // It has files open on what is unmounted.
  for (const dir of mounted.splice(0)) execFileSync("umount", ["--lazy", dir]);
  for (const dir of mountPoints.splice(0)) rmdirSync(dir);
  await world?.close();
  world = undefined;
});

function mayMount(): boolean {
  const dir = mkdtempSync(join(tmpdir(), "tac8-mount-"));
  try {
    mount(dir, "64k");
    execFileSync("umount", [dir]);
    return true;
  } catch {
    return false; // That is the answer.
  } finally {
    rmdirSync(dir);
  }
}

function mount(dir: string, size: string): void {
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tac8-test", dir], { stdio: "ignore" });
}

/** A small disk of its own for one folder of the data folder. */
async function smallDisk(of: World, folder: string, size: string): Promise<string> {
  const dir = join(of.dataFolder, folder);
  await mkdir(dir, { recursive: true });
  mount(dir, size);
  mounted.push(dir);
  return dir;
}

/** Takes everything that is left of it. @returns the file to remove. */
async function fillUp(dir: string): Promise<string> {
  const { bavail, bsize } = await statfs(dir);
  const path = join(dir, "filler");
  await writeFile(path, Buffer.alloc(bavail * bsize));
  return path;
}

const NOISE = (bytes: number) => `head -c ${bytes} /dev/urandom > noise.bin`;
const grow = (dir: string) => execFileSync("mount", ["-o", "remount,size=64m", dir]);

test.skipIf(!MAY_MOUNT)(
  `a full disk at each step uses no attempt, loses nothing and ends by itself${NAME}`,
  async () => {
    world = await createWorld({ config: { coordinator: { max_attempts: 1 } } });
    const { github, dataFolder, store } = world;
    const parked = async (number: number) => {
      await world?.waitForNthState(number, "parked", 1);
      return store.read(world?.jobId(number) ?? "");
    };
    world.startApp("scheduler");

    // Prepare: the mirror has no space for what it fetches.
    const repos = await smallDisk(world, "repos", "2m");
    const filler = await fillUp(repos);
    runner = world.startApp("runner");
    const first = world.openIssue({
      script: [{ write: "a.txt", text: "a\n" }, { commit: "feat: a" }, { result: "A." }],
    });
    expect(await parked(first)).toMatchObject({
      end: { failure: "disk", reason: expect.stringContaining(dataFolder) as string },
    });
    expect(await world.agentStarts()).toEqual([]);
    await rm(filler);
    await world.waitForState(first, "pr");

    // Work: what the agent left uncommitted has no space as a commit.
    const workspaces = await smallDisk(world, "workspaces", "3m");
    const second = world.openIssue({ script: [{ bash: NOISE(2_000_000) }, { result: "B." }] });
    expect(await parked(second)).toMatchObject({
      end: { failure: "disk" },
      checkpoint: "worked",
      branch: { head: null },
    });
    grow(workspaces);

    // Publish: it is saved now, and there is no space for the check of the commits.
    await poll(120_000, async () => {
      const {
        branch: { head: headSha },
        state,
        end: { failure },
      } = await store.read(world?.jobId(second) ?? "");
      return headSha !== null && state === "parked" && failure === "disk" ? null : `it is ${state}`;
    });
    grow(repos);
    await world.waitForState(second, "pr");

    expect(await world.agentStarts(), "each agent ran once").toHaveLength(2);
    expect(github.pulls(REPO)).toHaveLength(2);
    expect(runner.child.exitCode).toBeNull();
    expect(await github.file(REPO, `auto/gh-${second}`, "noise.bin")).toBeDefined();
  },
);

/** A world whose worktrees are on a small disk of their own, which agents can fill. */
async function worldOnSmallDisk(): Promise<{
  readonly world: World;
  readonly dir: string;
  readonly free: () => Promise<number>;
}> {
  const dir = mkdtempSync(join(tmpdir(), "tac8-trees-"));
  mount(dir, "64m");
  mounted.push(dir);
  mountPoints.push(dir);
  const made = await createWorld({
    config: {
      coordinator: { max_attempts: 2 },
      host: { min_free_disk_gb: 0.04 },
      worktree: { base_dir: dir },
    },
  });
  const free = async () => {
    const { bavail, bsize } = await statfs(dir);
    return bavail * bsize;
  };
  return { world: made, free, dir };
}

const FILL = "mkdir -p node_modules; head -c 50000000 /dev/zero > node_modules/filler.bin; sleep 600";

test.skipIf(!MAY_MOUNT)(
  `an agent that fills the disk ends, its work is kept, and its issue and the next one continue${NAME}`,
  async () => {
    const { world: made, free } = await worldOnSmallDisk();
    world = made;
    const { github } = world;
    const number = world.openIssue({
      script: {
        first: [{ write: "kept.txt", text: "kept\n" }, { bash: FILL }, { result: "never" }],
        again: [{ write: "a.txt", text: "a\n" }, { commit: "feat: a" }, { result: "Done." }],
      },
    });
    world.startApp("scheduler");
    runner = world.startApp("runner");
    await world.waitForNthState(number, "retrying", 1);
    const retrying = (await world.history(number)).find(({ to }) => to === "retrying");
    expect(retrying).toMatchObject({ evidence: { failure: "disk-full" } });
    expect(retrying?.reason).toMatch(
      /^the agent was stopped \(disk-full\).*only 1\d MB of free disk space.*below 20 MB.*removed.*node_modules\//,
    );
    expect(await free()).toBeGreaterThan(60_000_000);
    await world.waitForState(number, "pr");
    const next = world.openIssue({
      script: [{ write: "b.txt", text: "b\n" }, { commit: "feat: b" }, { result: "B." }],
    });
    await world.waitForState(next, "pr");
    expect(await world.agentStarts(), "two attempts, then the next issue").toHaveLength(3);
    expect(await github.file(REPO, `auto/gh-${number}`, "kept.txt")).toBe("kept\n");
    expect(runner.child.exitCode).toBeNull();
  },
);

const MANY_FILES = 5500;

test.skipIf(!MAY_MOUNT)(
  `an agent that creates thousands of empty files is stopped while inodes are left, and its work is kept${NAME}`,
  async () => {
    const { world: made, dir } = await worldOnSmallDisk();
    world = made;
    // 98 MB at 16 KiB each: the agent is stopped with 1220 of them left, when nearly all bytes are free.
    execFileSync("mount", ["-o", "remount,nr_inodes=6000", dir]);
    const number = world.openIssue({
      script: {
        first: [
          { write: "kept.txt", text: "kept\n" },
          { bash: `mkdir node_modules; cd node_modules; seq ${MANY_FILES} | xargs touch; sleep 600` },
          { result: "never" },
        ],
        again: [{ write: "a.txt", text: "a\n" }, { commit: "feat: a" }, { result: "Done." }],
      },
    });
    world.startApp("scheduler");
    runner = world.startApp("runner");
    await world.waitForNthState(number, "retrying", 1);
    const retrying = (await world.history(number)).find(({ to }) => to === "retrying");
    expect(retrying).toMatchObject({ evidence: { failure: "disk-full" } });
    expect(retrying?.reason).toMatch(/below 20 MB.*removed.*node_modules\//);
    await world.waitForState(number, "pr");
    expect((await statfs(dir)).ffree).toBeGreaterThan(MANY_FILES);
    expect(await world.github.file(REPO, `auto/gh-${number}`, "kept.txt")).toBe("kept\n");
    expect(await world.agentStarts()).toHaveLength(2);
    expect(runner.child.exitCode).toBeNull();
  },
);

test.skipIf(!MAY_MOUNT)(`an issue whose agent fills the disk each time fails after max_attempts${NAME}`, async () => {
  ({ world } = await worldOnSmallDisk());
  const fills = [{ write: "kept.txt", text: "kept\n" }, { bash: FILL }, { result: "never" }];
  const number = world.openIssue({
    script: {
      first: fills,
      // Progress each time, so that no count of its own starts again.
      again: [{ write: "more.txt", text: "more\n" }, { commit: "feat: more" }, ...fills],
    },
  });
  world.startApp("scheduler");
  runner = world.startApp("runner");
  await world.waitForState(number, "failed");
  expect(await world.store.read(world.jobId(number))).toMatchObject({ end: { failure: "disk-full" } });
  expect(await world.agentStarts(), "as many paid runs as attempts").toHaveLength(2);
  expect(runner.child.exitCode).toBeNull();
});
