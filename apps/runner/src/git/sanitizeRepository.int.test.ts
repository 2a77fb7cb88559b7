import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { appendFile, cp, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { oneToken } from "@tac8/core/github/tokens";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createGitBench, type GitBench } from "../workspace/testing/gitBench.ts";
import { cleanGit, type CleanSide } from "./cleanSide.ts";
import { createRepository, sanitizeRepository } from "./sanitizeRepository.ts";
import { overNetwork, type NetworkCommand } from "./overNetwork.ts";

const run = promisify(execFile);

/** A repository of the clean side with a planted entry, and the mirror that it may borrow from. */
interface Place {
  readonly dir: string;
  readonly mirror: string;
}
interface Planted {
  readonly what: string;
  readonly plant: (place: Place) => Promise<void>;
  /** Default: `ls-remote`. */
  readonly kind?: "fetch" | "push";
  /** The repository with the planted entry borrows from the mirror. */
  readonly borrows?: true;
  /** GitHub refuses the token. */
  readonly refused?: true;
  /** Output of git with the planted entry; default: whether the canary was reached. */
  readonly effect?: (git: (...args: string[]) => Promise<string>) => Promise<string>;
}

let bench: GitBench;
let canary: Server;
/** Requests that have reached the canary. */
let reached: string[] = [];
/** Output of the canary program. */
let ran = "";
let program = "";
let foreign = "";
let address = "";
let origin = "";
let number = 0;

beforeAll(async () => {
  bench = await createGitBench();
  await bench.push("main", { "README.md": "# widgets, the second\n" });
  await bench.mirror.refresh();
  origin = new URL(bench.clean.url).origin;
  canary = createServer((request, response) => {
    reached.push(`${request.method} ${request.url} ${request.headers.authorization ?? ""}`);
    response.writeHead(404).end();
  }).listen(0, "127.0.0.1");
  await once(canary, "listening");
  address = `http://127.0.0.1:${(canary.address() as AddressInfo).port}`;
  ran = join(bench.dir, "ran");
  program = join(bench.dir, "program");
  await writeFile(program, `#!/bin/sh\necho "$0 $*" >>'${ran}'\nexit 1\n`, { mode: 0o755 });
  foreign = join(bench.dir, "foreign.git");
  await run("git", ["init", "--quiet", "--bare", foreign]);
  await appendFile(join(foreign, "config"), proxied());
  await writeFile(join(bench.dir, "foreign.txt"), "foreign\n");
  await run("git", ["--git-dir", foreign, "hash-object", "-w", join(bench.dir, "foreign.txt")]);
});
beforeEach(async () => {
  reached = [];
  await rm(ran, { force: true });
});
afterAll(async () => {
  canary.close();
  canary.closeAllConnections();
  await bench.close();
});

const proxied = () => `[http]\n\tproxy = ${address}\n`;
const configured =
  (text: () => string) =>
  async ({ dir }: Place) =>
    appendFile(join(dir, "config"), text());
/** A remote whose name is the URL of the repository. */
const remote = (text: () => string) => configured(() => `[remote "${bench.clean.url}"]\n${text()}`);
const rewritten = (to: string, rest: () => string) =>
  configured(() => `[url "${to}"]\n\tinsteadOf = ${origin}/\n${rest()}`);
const allowed = (protocol: string) => `[protocol "${protocol}"]\n\tallow = always\n`;
/** Plant programs of the attacker; git runs the one that it searches for. */
async function hooks(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of ["reference-transaction", "pre-push"]) await cp(program, join(folder, name));
}
const text = (path: string, words: () => string | Promise<string>) => async (place: Place) => {
  await mkdir(dirname(join(place.dir, path)), { recursive: true });
  await writeFile(join(place.dir, path), await words());
};
const tip = async () => (await run("git", ["--git-dir", bench.mirror.paths.dir, "rev-parse", "main"])).stdout.trim();
const count = (git: (...args: string[]) => Promise<string>) => git("rev-list", "--count", "main");
const readsForeign = async (git: (...args: string[]) => Promise<string>) => {
  const { stdout } = await run("git", ["hash-object", join(bench.dir, "foreign.txt")]);
  return git("cat-file", "blob", stdout.trim()).catch(() => "missing");
};
const words = (git: (...args: string[]) => Promise<string>) => git("log", "-1", "--format=%s", "main");
async function replaceTip({ dir }: Place): Promise<void> {
  const as = ["-c", "user.name=x", "-c", "user.email=x@example.invalid", "--git-dir", dir];
  const { stdout } = await run("git", [...as, "commit-tree", "main^{tree}", "-m", "replaced"]);
  await run("git", ["--git-dir", dir, "replace", "main", stdout.trim()]);
}

const PLANTED: readonly Planted[] = [
  { what: "http.proxy", plant: configured(proxied) },
  { what: "http.<url>.proxy", plant: configured(() => `[http "${origin}"]\n\tproxy = ${address}\n`) },
  {
    what: "credential.helper",
    refused: true,
    plant: configured(() => `[credential]\n\thelper = !'${program}'\n`),
  },
  { what: "core.askPass", refused: true, plant: configured(() => `[core]\n\taskPass = ${program}\n`) },
  {
    what: "core.alternateRefsCommand",
    borrows: true,
    kind: "fetch",
    plant: configured(() => `[core]\n\talternateRefsCommand = '${program}'\n`),
  },
  {
    what: "core.gitProxy with url.insteadOf",
    plant: rewritten("git://127.0.0.1/", () => `${allowed("git")}[core]\n\tgitProxy = ${program}\n`),
  },
  {
    what: "core.sshCommand with url.insteadOf",
    plant: rewritten("ssh://127.0.0.1/", () => `${allowed("ssh")}[core]\n\tsshCommand = ${program}\n`),
  },
  { what: "url.insteadOf", plant: (place) => rewritten(`${address}/`, () => "")(place) },
  {
    what: "url.pushInsteadOf",
    kind: "push",
    plant: configured(() => `[url "${address}/"]\n\tpushInsteadOf = ${origin}/\n`),
  },
  { what: "remote.<url>.url", plant: remote(() => `\turl = ext::${program}\n${allowed("ext")}`) },
  { what: "remote.<url>.proxy", plant: remote(() => `\tproxy = ${address}\n`) },
  {
    what: "remote.<url>.uploadpack",
    plant: remote(() => `\turl = ${foreign}\n\tuploadpack = ${program}\n${allowed("file")}`),
  },
  {
    what: "remote.<url>.receivepack",
    kind: "push",
    plant: remote(() => `\turl = ${foreign}\n\treceivepack = ${program}\n${allowed("file")}`),
  },
  { what: "remote.<url>.vcs", plant: remote(() => `\tvcs = ext\n\turl = ${program}\n${allowed("ext")}`) },
  {
    what: "include.path",
    plant: async (place) => {
      await text("elsewhere", proxied)(place);
      await configured(() => "[include]\n\tpath = elsewhere\n")(place);
    },
  },
  {
    what: "config.worktree",
    plant: async (place) => {
      await text("config.worktree", proxied)(place);
      await configured(() => "[extensions]\n\tworktreeConfig = true\n")(place);
    },
  },
  {
    what: "settings that are a link",
    plant: async ({ dir }) => {
      await rm(join(dir, "config"));
      await symlink(join(foreign, "config"), join(dir, "config"));
    },
  },
  { what: "hooks", kind: "fetch", plant: ({ dir }) => hooks(join(dir, "hooks")) },
  {
    what: "core.hooksPath",
    kind: "push",
    plant: async (place) => {
      await hooks(join(bench.dir, "hooks"));
      await configured(() => `[core]\n\thooksPath = ${join(bench.dir, "hooks")}\n`)(place);
    },
  },
  { what: "commondir", plant: text("commondir", () => foreign) },
  { what: "a repository inside", plant: ({ dir }) => cp(foreign, join(dir, ".git"), { recursive: true }) },
  { what: "a file that names a repository", plant: text(".git", () => `gitdir: ${foreign}\n`) },
  {
    what: "a repository in a parent folder of a folder that is not a repository",
    kind: "fetch",
    plant: async ({ dir }) => {
      await rm(join(dir, "HEAD"));
      await cp(foreign, join(dirname(dir), ".git"), { recursive: true });
    },
  },
  {
    what: "settings of a future git",
    plant: async (place) => {
      await text("reftable/tables.list", () => "")(place);
      await configured(proxied)(place);
    },
  },
  {
    what: "objects/info/alternates",
    plant: text("objects/info/alternates", () => `${join(foreign, "objects")}\n`),
    effect: readsForeign,
  },
  {
    what: "the mirror's own alternates",
    borrows: true,
    plant: ({ mirror, dir }) =>
      text("objects/info/alternates", () => `${join(foreign, "objects")}\n`)({ dir: mirror, mirror: dir }),
    effect: readsForeign,
  },
  { what: "refs/replace", plant: replaceTip, effect: words },
  {
    what: "refs/replace among the packed refs",
    plant: async (place) => {
      await replaceTip(place);
      await run("git", ["--git-dir", place.dir, "pack-refs", "--all"]);
    },
    effect: words,
  },
  { what: "info/grafts", plant: text("info/grafts", tip), effect: count },
  { what: "shallow", plant: text("shallow", async () => `${await tip()}\n`), effect: count },
];

async function placeOf({ borrows, plant }: Planted): Promise<Place> {
  const folder = join(bench.dir, `place-${number++}`);
  const mirror = join(folder, "mirror.git");
  await cp(bench.mirror.paths.dir, mirror, { recursive: true });
  const dir = borrows === true ? join(folder, "incoming.git") : mirror;
  if (borrows === true) {
    await createRepository(dir, mirror);
    await run("git", ["--git-dir", dir, "update-ref", "refs/heads/main", await tip()]);
  }
  await plant({ dir, mirror });
  return { dir, mirror };
}

function commandOf({ kind }: Planted, dir: string): NetworkCommand {
  const { url } = bench.clean;
  const what = "the table's command";
  if (kind === "fetch") return { what, kind, dir, args: ["fetch", url, `+refs/heads/*:refs/theirs/*`] };
  if (kind === "push") return { what, kind, dir, args: ["push", url, `main:refs/heads/pushed-${number}`] };
  return { what, kind: "ask", dir, args: ["ls-remote", "--heads", url] };
}

/** Return whether a program or server of the attacker was reached. */
const isReached = () => existsSync(ran) || reached.length > 0;
/** Git with the token but without any protection, in which a planted entry takes effect. */
function naive(planted: Planted, dir: string): (...args: string[]) => Promise<string> {
  const header = `Authorization: Basic ${Buffer.from(`x:${tokenOf(planted)}`).toString("base64")}`;
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: "/nonexistent",
    GIT_TERMINAL_PROMPT: "0",
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "http.extraHeader",
    GIT_CONFIG_VALUE_0: header,
  };
  return async (...args) => (await run("git", args, { cwd: dir, env })).stdout.trim();
}
const tokenOf = ({ refused }: Planted) => (refused === true ? "wrong" : bench.token);

test.each(PLANTED)(
  "$what takes effect in an unprotected git with the token, but not in git of tac8",
  async (planted) => {
    const control = await placeOf(planted);
    const git = naive(planted, control.dir);
    await git(...commandOf(planted, control.dir).args).catch(() => "");
    const effect = planted.effect === undefined ? String(isReached()) : await planted.effect(git);

    const place = await placeOf(planted);
    reached = [];
    await rm(ran, { force: true });
    const side: CleanSide = { ...bench.clean, tokens: oneToken({ token: tokenOf(planted) }), mirrorDir: place.mirror };
    const errorText = await overNetwork(side, commandOf(planted, place.dir)).catch((error: unknown) => String(error));
    if (planted.refused === true) expect(errorText).toContain("GitHub refuses the token");
    else if (planted.what.includes("that is not a repository")) expect(errorText).toContain("not a git repository");
    else expect(errorText).not.toMatch(/Failure|Error/);
    expect([isReached(), reached]).toEqual([false, []]);
    if (planted.effect === undefined) expect(effect, "without protection").toBe("true");
    else
      expect(effect, "without protection").not.toBe(
        await planted.effect((...args) => cleanGit(side, place.dir).raw(args)),
      );
  },
);

test("a repository of tac8 stays unchanged, including the lock of a pin by another run", async () => {
  const { dir } = bench.mirror.paths;
  const list = async () => (await readdir(dir, { recursive: true })).toSorted();
  await writeFile(join(dir, "packed-refs.lock"), "");
  const before = await list();
  await sanitizeRepository(dir, dir);
  expect(await list()).toEqual(before);
  await rm(join(dir, "packed-refs.lock"));
});

test("the settings equal those that git itself writes", async () => {
  const made = join(bench.dir, "made.git");
  await run("git", ["init", "--quiet", "--bare", "--template=", made]);
  expect(await readFile(join(bench.mirror.paths.dir, "config"), "utf8")).toBe(
    await readFile(join(made, "config"), "utf8"),
  );
});

test("a folder full of foreign entries is not a repository, and is reported as damaged", async () => {
  const { dir, mirror } = await placeOf({ what: "", plant: async () => undefined });
  for (let index = 0; index <= 1000; index++) await writeFile(join(dir, `${index}`), "");
  await expect(sanitizeRepository(dir, mirror)).rejects.toThrow("not a git repository");
});
