import { RESTORING_FOLDER } from "@tac8/core/config/dataFolder";
import { makeDataFolder } from "@tac8/core/app/makeDataFolder";
import { jobIdOf } from "@tac8/core/domain/reference";
import { connectRedis } from "@tac8/core/queue/redis";
import { createIssueStore } from "@tac8/core/state/issueStore";
import { issueKey } from "@tac8/core/state/keys";
import { announceRunner } from "@tac8/core/state/presence";
import { createSchedulerLease } from "@tac8/core/state/schedulerLease";
import { execa } from "execa";
import type { Redis } from "ioredis";
import { randomUUID } from "node:crypto";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { openLab, type Lab } from "../../fixtures/harness.ts";
import { startSharedRedis, type SharedRedis } from "../../fixtures/redis.ts";
import { startEmbeddedRedis } from "../redis/embedded.ts";
import { exportRedis } from "./exportRedis.ts";
import { importRedis } from "./importRedis.ts";
import { extractBackup } from "./extract.ts";
import { readTar, writeTar } from "./tar.ts";

let lab: Lab;
let server: SharedRedis;
let redis: Redis;
beforeAll(async () => {
  server = await startSharedRedis();
  ({ redis } = server);
});
afterAll(() => server.close());
beforeEach(async () => {
  lab = openLab();
  await server.empty();
  writeFileSync(join(lab.dir, "config.toml"), '[github]\nrepo_owner = "Octo"\nrepo_name = "Hello"\n');
});
afterEach(() => lab.close());

const file = () => join(lab.dir, "a.tar.gz");
const id = (number: number) => jobIdOf({ owner: "Octo", repo: "Hello", number });

async function tac8(args: readonly string[], env: Readonly<Record<string, string>> = { REDIS_URL: server.url }) {
  const cli = lab.start(args, env);
  const { code } = await cli.ended;
  return { code, out: cli.stdout(), err: cli.stderr() };
}

const good = async (...args: Parameters<typeof tac8>): Promise<string> => {
  const { code, out, err } = await tac8(...args);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return out;
};

function put(path: string, text: string): void {
  mkdirSync(dirname(join(lab.dataFolder, path)), { recursive: true });
  writeFileSync(join(lab.dataFolder, path), text);
}

/** Write an issue with notes, a session and a repository. */
async function anIssue(number: number, patch: Record<string, string> = {}): Promise<string> {
  const session = randomUUID();
  await redis.hset(issueKey(id(number)), { state: "blocked", session, sessionHome: "h", ...patch });
  put("id", "h\n");
  put(`issues/octo/hello/gh-${number}/intent.json`, "{}");
  put(`issues/octo/hello/gh-${number}/end.json`, "{}");
  put(`issues/octo/hello/gh-${number}.lock`, "");
  put(`homes/octo/hello/gh-${number}/.claude/projects/p/${session}.jsonl`, '{"a":1}\n{"half":');
  put(`homes/octo/hello/gh-${number}/.claude/projects/p/${randomUUID()}.jsonl`, "another session\n");
  put(`homes/octo/hello/gh-${number}/.claude/.credentials.json`, "secret");
  put(
    `workspaces/octo/hello/git/gh-${number}.git/objects/info/alternates`,
    `${lab.dataFolder}/repos/octo/hello.git/objects\n`,
  );
  put(`workspaces/octo/hello/git/gh-${number}.git/refs/heads/x`, "1\n");
  put(`workspaces/octo/hello/trees/gh-${number}/big`, "1\n");
  return session;
}

function pathsIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
}

test("a backup contains notes, sessions and repositories of issues, but no secret, link, worktree or lock", async () => {
  const session = await anIssue(1);
  await anIssue(2, { run: "live" });
  for (const [name, text] of [
    ["github-token", "ghp_secret"],
    ["board-key", "secret"],
  ] as const)
    put(name, text);
  put("repos/octo/hello.git/HEAD", "x");
  const agents = join(lab.dataFolder, "workspaces/octo/hello/git/gh-1.git");
  symlinkSync("/etc/passwd", join(agents, "file"));
  symlinkSync(join(lab.dataFolder, "repos"), join(agents, "folder"));
  await good(["backup", file()], { REDIS_URL: server.url, GITHUB_TOKEN: `ghp_${"a".repeat(36)}` });
  expect(statSync(file()).mode & 0o777).toBe(0o600);
  const folder = join(lab.dir, "out");
  const manifest = await extractBackup(file(), folder);
  expect(manifest).toMatchObject({ format: 1, issues: 2, home: lab.dataFolder, secrets: ["GITHUB_TOKEN"] });
  const sessionOf2 = pathsIn(join(folder, "data/homes/octo/hello/gh-2"));
  expect(pathsIn(folder).filter((path) => !path.includes("homes/octo/hello/gh-2"))).toEqual([
    "config.toml",
    `data/homes/octo/hello/gh-1/.claude/projects/p/${session}.jsonl`,
    "data/id",
    "data/issues/octo/hello/gh-1/intent.json",
    "data/issues/octo/hello/gh-2/intent.json",
    "data/workspaces/octo/hello/git/gh-1.git/objects/info/alternates",
    "data/workspaces/octo/hello/git/gh-1.git/refs/heads/x",
    "redis.records",
  ]);
  expect(sessionOf2).toHaveLength(1);
  const half = readFileSync(join(folder, `data/homes/octo/hello/gh-1/.claude/projects/p/${session}.jsonl`), "utf8");
  expect(half, "half a line of a session that is being written").toBe('{"a":1}\n');
  expect(readdirSync(lab.dir).filter((name) => name.includes(".part"))).toEqual([]);
});

test("a folder that is missing or read-only is one clear line", async () => {
  const missing = join(lab.dir, "none");
  const { code, err } = await tac8(["backup", join(missing, "a.tar.gz")]);
  expect({ code, err }).toEqual({
    code: 1,
    err: `tac8: cannot write the backup: the folder ${missing} does not exist\n`,
  });
  // Nobody can create files in /sys, not even root.
  const refused = await tac8(["backup", "/sys/a.tar.gz"]);
  expect(refused.code).toBe(1);
  expect(refused.err).toBe(
    "tac8: cannot write the backup: tac8's user cannot write to the folder /sys. Choose another folder\n",
  );
});

test("nothing that an agent has made in its repository prevents a backup, or its restore", async () => {
  await anIssue(1);
  const session = await anIssue(2);
  const repository = join(lab.dataFolder, "workspaces/octo/hello/git/gh-1.git");
  writeFileSync(join(repository, "HEAD"), "ref: refs/heads/x\n");
  // A file in place of a folder that a restore makes.
  rmSync(join(repository, "refs"), { recursive: true });
  writeFileSync(join(repository, "refs"), "x");
  // Names that Node reads as one, and a path that is too long for any file.
  const nest = `chdir $ARGV[0] or die $!;
for my $name ("a\\xff", "a\\xfe", "a\\xef\\xbf\\xbd") { open(my $file, ">", $name) or die $! }
for (1 .. 450) { mkdir "0123456789" and chdir "0123456789" or die $! }
open(my $file, ">", "deep") or die $!;`;
  await execa("perl", ["-e", nest, repository]);
  await good(["backup", file()]);
  const folder = join(lab.dir, "out");
  const manifest = await extractBackup(file(), folder);
  expect(manifest.issues).toBe(2);
  expect(pathsIn(folder).join("\n")).toContain(`${session}.jsonl`);
  const hostile = (path: string) => path.endsWith("/deep") || path.includes("\uFFFD");
  expect(pathsIn(folder).filter(hostile)).toEqual([]);
  await execa("rm", ["-rf", lab.dataFolder]);
  await server.empty();
  await good(["restore", file()]);
  expect(await redis.hget(issueKey(id(2)), "session")).toBe(session);
});

test("an entry of an agent that cannot be a file is passed over, and one of tac8 is refused", async () => {
  await anIssue(1);
  await good(["backup", file()]);
  const tar = gunzipSync(readFileSync(file()));
  const first = await filesOf(tar);
  const twice = async (path: string) => {
    const again = first.find((one) => one.path === path);
    if (again === undefined) throw new Error(`no ${path}`);
    const parts = await allOf(writeTar(Readable.from([...first, again].map(withBody)), 1));
    writeFileSync(file(), gzipSync(Buffer.concat(parts)));
    return extractBackup(file(), join(lab.dir, randomUUID()));
  };
  const agents = "data/workspaces/octo/hello/git/gh-1.git/refs/heads/x";
  expect(await twice(agents)).toMatchObject({ issues: 1 });
  await expect(twice("data/issues/octo/hello/gh-1/intent.json")).rejects.toThrow("EEXIST");
});

interface Entry {
  readonly path: string;
  readonly bytes: Buffer;
}

async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function filesOf(tar: Buffer): Promise<Entry[]> {
  const found: Entry[] = [];
  for await (const { path, body } of readTar(Readable.from([tar]))) {
    found.push({ path, bytes: Buffer.concat(await allOf(body)) });
  }
  return found;
}

const withBody = ({ path, bytes }: Entry) => ({ path, size: bytes.length, body: Readable.from([bytes]) });

test("a repository whose objects and refs are packed, so that folders of it are empty, is still a repository after the restore", async () => {
  await anIssue(1);
  const at = "workspaces/octo/hello/git/gh-1.git";
  rmSync(join(lab.dataFolder, at), { recursive: true });
  await execa("git", ["init", "--quiet", "--bare", "--template=", join(lab.dataFolder, at)]);
  await good(["backup", file()]);
  await server.empty();
  rmSync(lab.dataFolder, { recursive: true });
  await good(["restore", file()]);
  const { stdout } = await execa("git", ["-C", join(lab.dataFolder, at), "rev-parse", "--is-bare-repository"]);
  expect(stdout).toBe("true");
});

test("a backup is restored to another folder, where tac8 up starts its own Redis, and tac8 finds everything there", async () => {
  const session = await anIssue(1);
  await redis.set("tac8:ask:runner", "ends with its process");
  await redis.set("tac8:day:2020-01-01", "expires", "PX", 40_000_000);
  await redis.set("another:key", "x");
  await good(["backup", file()]);
  const before = lab.dataFolder;
  const other = join(lab.dir, "other");
  mkdirSync(other);
  const env = { TAC8_HOME: join(other, "home"), TAC8_CONFIG: join(other, "config.toml") };
  const out = await good(["restore", file()], env);
  expect(out).toContain(`Configuration in ${env.TAC8_CONFIG}\n`);
  expect(readFileSync(env.TAC8_CONFIG, "utf8")).toBe(readFileSync(join(lab.dir, "config.toml"), "utf8"));
  const alternates = join(env.TAC8_HOME, "workspaces/octo/hello/git/gh-1.git/objects/info/alternates");
  expect(readFileSync(alternates, "utf8")).toBe(`${env.TAC8_HOME}/repos/octo/hello.git/objects\n`);
  expect(readFileSync(join(env.TAC8_HOME, "moved-from"), "utf8")).toBe(`${before}\n`);
  expect(readdirSync(env.TAC8_HOME)).not.toContain(RESTORING_FOLDER);
  const own = await startEmbeddedRedis({ dataFolder: env.TAC8_HOME, warn: () => undefined });
  const client = connectRedis(own.url, { name: "test", onError: () => undefined });
  try {
    expect(await createIssueStore(client).read(id(1))).toMatchObject({ state: "blocked", agent: { session } });
    expect((await client.keys("*")).toSorted()).toEqual(["tac8:day:2020-01-01", issueKey(id(1))].toSorted());
    const left = await client.pttl("tac8:day:2020-01-01");
    expect(left > 30_000_000 && left <= 40_000_000).toBe(true);
  } finally {
    client.disconnect();
    await own.stop();
  }
});

test("an installation that is not empty is refused; with --force it is replaced, and its files and configuration are kept", async () => {
  await anIssue(1);
  await good(["backup", file()]);
  expect((await tac8(["restore", file()])).err).toMatch(
    /already has data \(issues, homes, workspaces, id\): tac8 restore --force/,
  );
  rmSync(lab.dataFolder, { recursive: true });
  expect((await tac8(["restore", file()])).err).toMatch(/Redis already contains keys of tac8/);
  expect(await redis.hget(issueKey(id(1)), "state")).toBe("blocked");

  await redis.hset(issueKey(id(1)), "state", "pr");
  await redis.set("tac8:newer", "x");
  await redis.set("another:key", "x");
  put("id", "another\n");
  writeFileSync(join(lab.dir, "config.toml"), '[github]\nrepo_owner = "Octo"\nrepo_name = "World"\n');
  const out = await good(["restore", "--force", file()]);
  const [previous = ""] = /\S*before-restore\S*/.exec(out) ?? [];
  expect(readFileSync(join(previous, "id"), "utf8")).toBe("another\n");
  expect(readFileSync(join(lab.dataFolder, "id"), "utf8")).toBe("h\n");
  expect(readFileSync(join(lab.dir, "config.toml"), "utf8")).toContain("World");
  expect(readFileSync(join(lab.dataFolder, "config.toml.from-backup"), "utf8")).toContain("Hello");
  expect((await redis.keys("*")).toSorted()).toEqual(["another:key", issueKey(id(1))]);
  expect(await redis.hget(issueKey(id(1)), "state")).toBe("blocked");
});

test("an installation that is running is refused", async () => {
  await anIssue(1);
  await good(["backup", file()]);
  const now = Date.now();
  const lease = createSchedulerLease(redis, { host: "pi", repositories: [], machine: { boot: "", pidNamespace: "" } });
  await lease.ask();
  expect((await tac8(["restore", "--force", file()])).err).toMatch(/its scheduler is running \(process \d+ on pi\)/);
  // A stopped scheduler does not delay a restore.
  await lease.release();
  await good(["restore", "--force", file()]);
  await server.empty();
  const runner = { at: now, host: hostname(), pid: 1, slots: 1, busy: 0 };
  await announceRunner(redis, { ...runner, name: "r" });
  expect((await tac8(["restore", "--force", file()])).err).toMatch(/is in use: its runner r was running \d+ s ago/);
  await server.empty();
  await announceRunner(redis, { ...runner, id: "h/0", name: "pi/0", wantedHost: "pi" });
  expect((await tac8(["restore", "--force", file()])).err).toMatch(/is in use: its runner pi\/0 was running \d+ s ago/);
  await server.empty();
  await announceRunner(redis, { name: "far/0", at: now, host: "far", pid: 1, slots: 1, busy: 0 });
  expect((await tac8(["restore", "--force", file()])).err).toMatch(/runner far\/0 on far is running: stop it/);
});

test("an installation is refused while a runner of another machine with the same host name is running", async () => {
  await anIssue(1);
  await good(["backup", file()]);
  const host = hostname();
  const runner = { at: Date.now(), host, wantedHost: host, pid: 1, slots: 1, busy: 0 };
  await announceRunner(redis, { ...runner, id: "elsewhere/0", name: `${host}/0` });
  const { code, err } = await tac8(["restore", "--force", file()]);
  expect(code).toBe(1);
  expect(err).toContain(`runner ${host}/0 on ${host} is running: stop it`);
  expect(await redis.hget(issueKey(id(1)), "state")).toBe("blocked");
});

test("a file that is not a complete backup, or has a newer format, is refused, and nothing is changed", async () => {
  await anIssue(1);
  await good(["backup", file()]);
  await server.empty();
  rmSync(lab.dataFolder, { recursive: true });
  const bytes = readFileSync(file());
  const refused = async (change: () => void, why: RegExp): Promise<void> => {
    change();
    expect(await tac8(["restore", file()])).toMatchObject({
      code: 1,
      out: "",
      err: expect.stringMatching(why) as string,
    });
    expect(await redis.dbsize()).toBe(0);
    expect(readdirSync(lab.dataFolder)).toEqual(["up.lock"]);
    writeFileSync(file(), bytes);
  };
  await refused(() => truncateSync(file(), bytes.length - 30), /damaged or incomplete/);
  await refused(() => writeFileSync(file(), "no archive"), /cannot be restored: it is damaged/);
  await refused(() => rmSync(file()), /^tac8: the backup .* cannot be read: ENOENT/);
  const changed = (from: string, to: string) => () => {
    const tar = gunzipSync(bytes).toString("latin1").replace(from, to);
    writeFileSync(file(), gzipSync(Buffer.from(tar, "latin1")));
  };
  await refused(
    changed('"format": 1', '"format": 2'),
    /in a format that this version cannot read: install that version/,
  );
  await refused(changed("data/id", "data/.."), /damaged/);
});

test("nothing starts on a restore that was interrupted, and a second one finishes it", async () => {
  await anIssue(1);
  await good(["backup", file()]);
  await server.empty();
  // The files are in their folders, and the data of Redis is not there yet.
  mkdirSync(join(lab.dataFolder, RESTORING_FOLDER));
  writeFileSync(join(lab.dataFolder, RESTORING_FOLDER, "complete"), "");
  expect(() => makeDataFolder(lab.dataFolder)).toThrow(/run tac8 restore again/);
  await good(["restore", file()]);
  expect(makeDataFolder(lab.dataFolder)).toBe(false);
  expect(await redis.hget(issueKey(id(1)), "state")).toBe("blocked");
});

test("the copy of Redis is consistent while other clients write, and no write is lost", async () => {
  const [first, last] = ["tac8:a", "tac8:z"];
  for (let from = 0; from < 20_000; from += 1000) {
    await redis.mset(
      Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`tac8:filler:${from + index}`, "x"])),
    );
  }
  const writer = redis.duplicate();
  const stop = new AbortController();
  let written = 0;
  const writes = async (wanted: () => boolean) => {
    while (!wanted()) await redis.ping();
  };
  const writing = (async () => {
    while (!stop.signal.aborted) {
      await writer.multi().incr(first).incr(last).exec();
      written += 1;
    }
  })();
  const handle = await open(join(lab.dir, "records"), "w+");
  try {
    await writes(() => written >= 10);
    const { keys } = await exportRedis(redis, { file: handle, pauseMs: 90_000, now: Date.now });
    expect(keys).toBe(20_002);
    const atEnd = written;
    await writes(() => written >= atEnd + 10); // It may write again.
    stop.abort();
    await writing;
    const now = await redis.mget(first, last);
    await importRedis(redis, { file: handle, replace: true, now: Date.now() });
    const [a, z] = await redis.mget(first, last);
    expect(a).toBe(z);
    expect(Number(a)).toBeLessThan(Number(now[0]));
    expect(now).toEqual([String(written), String(written)]);
  } finally {
    stop.abort();
    writer.disconnect();
    await handle.close();
  }
});

test("there is no backup if Redis could not be read in time, and its writers continue", async () => {
  await redis.set("tac8:a", "x");
  const handle = await open(join(lab.dir, "records"), "w+");
  try {
    const slow = exportRedis(redis, { file: handle, pauseMs: 0, now: Date.now });
    await expect(slow).rejects.toThrow(/could not read Redis within/);
    await redis.set("tac8:a", "y");
  } finally {
    await handle.close();
  }
});
