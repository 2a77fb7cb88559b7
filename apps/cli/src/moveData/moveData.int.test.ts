import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { readFormerPaths } from "@tac8/core/config/formerPaths";
import { folderName } from "@tac8/core/config/dataFolder";
import { loadConfig } from "@tac8/core/config/load";
import { writePointer } from "@tac8/core/config/movedTo";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLab, type Lab } from "../../fixtures/harness.ts";
import { lockDataFolder } from "../up/lock.ts";
import { readMark, writeMark } from "./mark.ts";
import { moveDataFolder } from "./run.ts";

const ISSUE = "workspaces/octo/hello";
const NOTES = "issues/octo/hello/gh-1";
let dir = "";
let from = "";
let to = "";
let output: string[] = [];

beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "tac8-move-")));
  from = join(dir, "checkout", ".tac8");
  to = join(dir, "data", "new");
  output = [];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const git = (cwd: string, ...args: string[]) =>
  execFileSync("git", args, { cwd, encoding: "utf8", env: gitEnv, stdio: ["ignore", "pipe", "pipe"] }).trim();
const gitEnv = {
  PATH: process.env["PATH"],
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  ...Object.fromEntries(
    ["AUTHOR", "COMMITTER"].flatMap((role) => [
      [`GIT_${role}_NAME`, "a"],
      [`GIT_${role}_EMAIL`, "a@b.invalid"],
    ]),
  ),
};

/** Create a data folder as a runner leaves it: a mirror, and a workspace that borrows its objects and contains work. */
function makeData(home: string): void {
  const mirror = join(home, "repos/octo/hello.git");
  const repository = join(home, ISSUE, "git/gh-1.git");
  const tree = join(home, ISSUE, "trees/gh-1");
  mkdirSync(mirror, { recursive: true });
  git(mirror, "init", "--quiet", "--bare", "-b", "main", ".");
  const empty = execFileSync("git", ["mktree"], { cwd: mirror, input: "", encoding: "utf8", env: gitEnv }).trim();
  git(mirror, "update-ref", "refs/heads/main", git(mirror, "commit-tree", "-m", "base", empty));
  mkdirSync(repository, { recursive: true });
  git(repository, "init", "--quiet", "--bare", ".");
  mkdirSync(join(repository, "objects/info"), { recursive: true });
  writeFileSync(join(repository, "objects/info/alternates"), `${join(mirror, "objects")}\n`);
  git(repository, "worktree", "add", "--quiet", "-b", "auto/gh-1", tree, git(mirror, "rev-parse", "main"));
  writeFileSync(join(tree, "done.txt"), "done\n");
  git(tree, "add", "done.txt");
  git(tree, "commit", "--quiet", "-m", "done");
  writeFileSync(join(tree, "half.txt"), "half\n");
  chmodSync(join(tree, "half.txt"), 0o640);
  symlinkSync("half.txt", join(tree, "link"));
  mkdirSync(join(home, "runs"), { recursive: true });
  writeFileSync(join(home, "runs/slot-0.lock"), "");
  writeFileSync(join(home, "id"), "the-id");
  mkdirSync(join(home, NOTES), { recursive: true, mode: 0o700 });
  writeFileSync(join(home, NOTES, "end.json"), "{}");
}

function expectMoved(home: string): void {
  const tree = join(home, ISSUE, "trees/gh-1");
  expect(git(tree, "log", "--format=%s")).toBe("done\nbase");
  expect(git(tree, "status", "--porcelain")).toBe("?? half.txt\n?? link");
  expect(git(join(home, ISSUE, "git/gh-1.git"), "worktree", "list")).toContain(tree);
  expect(git(join(home, ISSUE, "git/gh-1.git"), "worktree", "prune", "--dry-run", "-v")).toBe("");
  expect(statSync(join(tree, "half.txt")).mode & 0o777).toBe(0o640);
  expect(readFileSync(join(home, "id"), "utf8")).toBe("the-id");
  expect(readFileSync(join(home, NOTES, "end.json"), "utf8")).toBe("{}");
  expect(statSync(join(home, NOTES)).mode & 0o777).toBe(0o700);
  expect(readMark(home)).toBeNull();
  expect(readFormerPaths(home)).toEqual([from]);
  expect(existsSync(from)).toBe(false);
  expect(readdirSync(join(home, "..")).filter((name) => name.includes(".mov"))).toEqual([]);
  expect(readdirSync(join(from, "..")).filter((name) => name.includes(".mov"))).toEqual([]);
}

const move = (more: { alwaysCopy?: boolean } = {}) =>
  moveDataFolder({
    from,
    to,
    redisUrl: "redis://127.0.0.1:1",
    now: Date.now(),
    say: (line) => output.push(line),
    ...more,
  });

describe.each([
  ["by a rename", false],
  ["by a copy", true],
])("%s", (_, alwaysCopy) => {
  it("everything is in the new folder, and git works in its worktrees with uncommitted changes", async () => {
    makeData(from);
    expect(await move({ alwaysCopy })).toBe(true);
    expectMoved(to);
    expect(await move({ alwaysCopy })).toBe(false);
  });

  it("a worktree outside the data folder finds its repository again", async () => {
    makeData(from);
    const outside = join(dir, "outside");
    git(join(from, ISSUE, "git/gh-1.git"), "worktree", "move", join(from, ISSUE, "trees/gh-1"), outside);
    await move({ alwaysCopy });
    expect(git(outside, "log", "--format=%s")).toBe("done\nbase");
  });

  it("the remains of an earlier interruption are overwritten, and the move is completed", async () => {
    makeData(from);
    writeMark(from, { from: [from], to, copied: false });
    mkdirSync(join(dir, "data"), { recursive: true });
    cpSync(from, to, { recursive: true, verbatimSymlinks: true });
    rmSync(join(to, "id"));
    await move({ alwaysCopy });
    expectMoved(to);
  });

  it("the new folder may exist if it is empty or of a failed start; other data is refused", async () => {
    makeData(from);
    mkdirSync(to, { recursive: true });
    writeFileSync(join(to, "up.lock"), "");
    writeFileSync(join(to, "id"), "other");
    await expect(move({ alwaysCopy })).rejects.toThrow(/already has data/);
    expect(readMark(from)).toBeNull();
    rmSync(join(to, "id"));
    await move({ alwaysCopy });
    expectMoved(to);
  });
});

describe("interrupted", () => {
  it("after the rename: nothing starts on it, and a second call repairs the paths", async () => {
    makeData(from);
    writeMark(from, { from: [from], to, copied: false });
    mkdirSync(join(dir, "data"), { recursive: true });
    renameSync(from, to);
    await expect(lockDataFolder(to)).rejects.toThrow(/was interrupted: run tac8 move-data again/);
    await move();
    expectMoved(to);
    (await lockDataFolder(to)).release();
  });

  it("between the copy and the removal of the old folder: nothing starts on either, and a second call continues", async () => {
    makeData(from);
    writeMark(from, { from: [from], to, copied: false });
    mkdirSync(join(dir, "data"), { recursive: true });
    cpSync(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
    writeMark(to, { from: [from], to, copied: true });
    rmSync(join(from, "id"));
    for (const home of [from, to]) await expect(lockDataFolder(home)).rejects.toThrow(/run tac8 move-data again/);
    await move();
    expectMoved(to);
  });
});

describe("refused without changes", () => {
  const refused = async (line: RegExp) => {
    await expect(move()).rejects.toThrow(line);
    expect(readMark(from)).toBeNull();
    expect(existsSync(to)).toBe(false);
  };

  it("while tac8 up runs on it", async () => {
    makeData(from);
    const lock = await lockDataFolder(from);
    await refused(/tac8 is already running/);
    lock.release();
  });

  it("while a runner has a slot", async () => {
    makeData(from);
    const holder = spawn("flock", [join(from, "runs/slot-0.lock"), "sh", "-c", "echo held; exec cat"]);
    await once(holder.stdout, "data");
    await refused(/a runner is running on/);
    holder.stdin.end();
    await once(holder, "exit");
  });

  it("while a process works in it", async () => {
    makeData(from);
    const agent = spawn("sh", ["-c", "echo up; exec cat"], { cwd: join(from, ISSUE, "trees/gh-1") });
    await once(agent.stdout, "data");
    await refused(new RegExp(`processes ${agent.pid} \\(cat\\) use it`));
    agent.stdin.end();
    await once(agent, "exit");
  });

  it("if it is a link, or the new folder is inside it", async () => {
    makeData(from);
    to = join(from, "deeper");
    await refused(/inside the other/);
    to = join(dir, "data", "new");
    renameSync(from, join(dir, "real"));
    symlinkSync(join(dir, "real"), from);
    await refused(/is a link/);
  });
});

it("rewrites no file behind a link that an agent has put there", async () => {
  makeData(from);
  const precious = join(dir, "precious");
  writeFileSync(precious, `gitdir: ${from}/x\n`);
  rmSync(join(from, ISSUE, "trees/gh-1/.git"));
  symlinkSync(precious, join(from, ISSUE, "trees/gh-1/.git"));
  await move();
  expect(readFileSync(precious, "utf8")).toBe(`gitdir: ${from}/x\n`);
});

describe("the command", () => {
  let lab: Lab;
  beforeEach(() => (lab = openLab()));
  afterEach(() => lab.close());

  fieldTest(
    "B4",
    "the data of an older version leaves the checkout, and nothing of it is found from a workspace",
    async () => {
      const checkout = join(lab.dir, "checkout");
      const old = join(checkout, ".tac8");
      makeData(old);
      writeFileSync(join(checkout, "config.toml"), '[github]\nrepo_owner = "octo"\nrepo_name = "hello"\n');
      writeFileSync(join(checkout, "package.json"), '{"name":"own","type":"module"}');
      writeFileSync(join(checkout, ".prettierrc.yaml"), "{}");
      git(checkout, "init", "--quiet");
      const own = join(lab.dir, ".local/share/tac8", folderName(join(realpathSync(checkout), "config.toml")));

      const above = async (): Promise<string> => {
        const doctor = lab.startIn("checkout", ["doctor", "--json"]);
        await doctor.ended;
        const { checks } = JSON.parse(doctor.stdout()) as {
          checks: { check: string; status: string; text: string }[];
        };
        return checks
          .flatMap(({ check, status, text }) => (check === "Workspaces" ? [`${status}: ${text}`] : []))
          .join("\n");
      };
      const warned = await above();
      expect(warned).toContain(`problem: workspaces are in ${old}/workspaces, inside the checkout ${checkout}`);
      expect(warned).toContain(
        `note: ${checkout}/package.json: in a repository without this file, Node reads its module type`,
      );
      expect(warned).toContain(`note: ${checkout}/.prettierrc.yaml: formatters use it`);

      const cli = lab.startIn("checkout", ["move-data"]);
      expect({ code: (await cli.ended).code, err: cli.stderr() }).toEqual({ code: 0, err: "" });
      expect(cli.stdout()).toBe(`The data is now in ${own}.\n`);
      expect(await above()).not.toContain(checkout);
      const tree = join(own, ISSUE, "trees/gh-1");
      appendFileSync(join(tree, "tool.js"), "console.log(typeof require);\n");
      expect(execFileSync(process.execPath, ["tool.js"], { cwd: tree, encoding: "utf8" })).toBe("function\n");
      expect(git(tree, "log", "--format=%s")).toBe("done\nbase");
      const again = lab.startIn("checkout", ["move-data"]);
      await again.ended;
      expect(again.stdout()).toBe(`The data is already in ${own}: nothing to move.\n`);
    },
  );

  it("data that was moved to a given folder is found without TAC8_HOME, there and back", async () => {
    const checkout = join(lab.dir, "checkout");
    mkdirSync(checkout);
    writeFileSync(join(checkout, "config.toml"), '[github]\nrepo_owner = "octo"\nrepo_name = "hello"\n');
    const own = join(lab.dir, ".local/share/tac8", folderName(join(realpathSync(checkout), "config.toml")));
    const run = async (...args: string[]) => {
      const cli = lab.startIn("checkout", args);
      return { code: (await cli.ended).code, out: cli.stdout(), err: cli.stderr() };
    };
    const home = () => loadConfig({ env: { HOME: lab.dir }, cwd: checkout }).config?.dataFolder;
    expect(await run("move-data", join(dir, "big"))).toEqual({
      code: 0,
      out: `${own} has no data: nothing to move. If you start tac8 with TAC8_HOME, set it here too.\n`,
      err: "",
    });
    expect(home()).toBe(own);
    makeData(own);
    const big = join(dir, "big");
    expect((await run("move-data", big)).out).toBe(`The data is now in ${big}: tac8 up finds it.\n`);
    expect(home()).toBe(big);
    const other = join(dir, "other");
    expect((await run("move-data", other)).out).toBe(`The data is now in ${other}: tac8 up finds it.\n`);
    expect([home(), existsSync(own)]).toEqual([other, false]);
    renameSync(other, big); // Its disk is not mounted.
    expect((await run("up")).err).toMatch(
      /^tac8: the data was moved to .*other, which is missing: mount its disk, or rem/,
    );
    renameSync(big, other);
    expect((await run("move-data")).out).toBe(`The data is now in ${own}.\n`);
    expect([home(), git(join(own, ISSUE, "trees/gh-1"), "log", "--format=%s")]).toEqual([own, "done\nbase"]);
    expect(readdirSync(join(own, "..")).filter((name) => name.includes("moved"))).toEqual([]);
  });

  it("after an interrupted or refused move to a given folder, the data is still found", async () => {
    const checkout = join(lab.dir, "checkout");
    mkdirSync(checkout);
    writeFileSync(join(checkout, "config.toml"), '[github]\nrepo_owner = "octo"\nrepo_name = "hello"\n');
    const own = join(lab.dir, ".local/share/tac8", folderName(join(realpathSync(checkout), "config.toml")));
    const home = () => loadConfig({ env: { HOME: lab.dir }, cwd: checkout }).config?.dataFolder;
    makeData(own);
    writePointer(own, to);
    writeMark(own, { from: [own], to, copied: false });
    expect(home()).toBe(own);
    mkdirSync(join(dir, "data"), { recursive: true });
    renameSync(own, to);
    expect(home()).toBe(to);
    const again = lab.startIn("checkout", ["move-data"]);
    await again.ended;
    expect(again.stdout()).toBe(
      `an earlier move was interrupted: completing it now\nThe data is now in ${to}: tac8 up finds it.\n`,
    );
    const busy = lab.startIn("checkout", ["move-data", "/proc/none"]);
    expect((await busy.ended).code).toBe(1);
    expect(home()).toBe(to);
  });

  it("up and doctor warn of a data folder in a checkout; it is moved to a given folder, and TAC8_HOME is named", async () => {
    git(lab.dir, "init", "--quiet");
    const checkout = join(lab.dir, "checkout");
    mkdirSync(checkout);
    writeFileSync(join(checkout, "config.toml"), '[github]\nrepo_owner = "octo"\nrepo_name = "hello"\n');
    git(checkout, "init", "--quiet");
    makeData(join(checkout, "data"));
    const run = async (...args: string[]) => {
      const cli = lab.spawn(["--config", "checkout/config.toml", ...args], { TAC8_HOME: "data" });
      return { ...(await cli.ended), out: cli.stdout(), err: cli.stderr() };
    };
    expect((await run("move-data", "checkout/other")).err).toMatch(/is also inside the checkout/);
    const up = lab.spawn(["--config", "checkout/config.toml", "up"], {
      TAC8_HOME: "data",
      GITHUB_TOKEN: "wrong-token",
      REDIS_URL: "redis://127.0.0.1:1",
    });
    await up.ended;
    expect(up.stderr()).toMatch(
      /warning: the data folder .*checkout\/data is inside the checkout .*checkout, .* move-data/,
    );
    const target = join(dir, "elsewhere");
    const { code, out } = await run("move-data", target);
    expect([code, out]).toEqual([
      0,
      `After the move, set TAC8_HOME=${target} wherever you start tac8.\n` +
        `The data is now in ${target}: set TAC8_HOME=${target} wherever you start tac8.\n`,
    ]);
    expect(git(join(target, ISSUE, "trees/gh-1"), "log", "--format=%s")).toBe("done\nbase");
  });
});
