import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Entry } from "../files/files.ts";
import type { PlaceGit } from "./gitCommand.ts";
import { gitIn, type AgentPlace } from "./place.ts";
import { createPlaces, PLACE_KINDS, type Places } from "./testing/places.ts";

const env = { PATH: process.env["PATH"] ?? "" };
let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-place-"));
});
afterEach(() => rm(dir, { recursive: true }));

/** Create a fake git that runs this shell script. @returns its environment */
async function fakeGit(script: string): Promise<{ readonly PATH: string }> {
  const bin = join(dir, "bin");
  await mkdir(bin);
  await writeFile(join(bin, "git"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { PATH: `${bin}:${env.PATH}` };
}

describe.each(PLACE_KINDS)("a place of the kind %s:", (kind) => {
  let places: Places;
  const open = (options: PlaceGit): AgentPlace => places.open(options);
  beforeEach(() => {
    places = createPlaces(kind);
  });
  afterEach(() => places.close());

  test.each([
    ["that is missing", () => undefined],
    ["that is a link to nowhere", () => symlink(join(dir, "nowhere"), join(dir, "x"))],
  ])("git in a folder %s fails with a message that says so", async (_what, make) => {
    await make();
    await expect(gitIn(open({ env }), join(dir, "x")).raw(["status"])).rejects.toMatchObject({
      failure: { kind: "git", message: `the folder ${join(dir, "x")} is missing` },
    });
  });

  test("git reports a damaged repository if a file is in its place", async () => {
    await writeFile(join(dir, "x"), "");
    await expect(gitIn(open({ env }), join(dir, "x")).raw(["status"])).rejects.toThrow("not a git repository");
  });

  test("git's exit code is an answer, but an end by the place's signal is not", async () => {
    const stop = new AbortController();
    const place = open({ env, signal: stop.signal });
    expect(await place.git(dir, ["rev-parse", "--verify", "HEAD"])).toMatchObject({ code: 128 });
    stop.abort(new Error("shutting down"));
    await expect(place.git(dir, ["--version"])).rejects.toThrow("shutting down");
  });

  test("settings apply to one place, and to the places made from it", async () => {
    const place = open({ env, settings: { "a.b": "1" } });
    const read = async (of: typeof place) =>
      (await gitIn(of, dir).raw(["config", "--get-regexp", "^a\\."])).split("\n");
    expect(await read(place.withSettings({ "a.c": "2" }))).toEqual(["a.b 1", "a.c 2"]);
    expect(await read(place)).toEqual(["a.b 1"]);
  });

  test("hasProgram finds only executable files on the agents' PATH", async () => {
    const bin = join(dir, "bin");
    await mkdir(bin);
    await writeFile(join(bin, "tool"), "");
    const place = open({ env: { PATH: `:${bin}` } });
    expect(await place.hasProgram("tool")).toBe(false);
    await chmod(join(bin, "tool"), 0o755);
    expect(await place.hasProgram("tool")).toBe(true);
    expect(await place.hasProgram("git")).toBe(false);
  });

  test("a process that git started, and that keeps its output open, delays nothing", async () => {
    const pidFile = join(dir, "pid");
    const place = open({ env: await fakeGit(`sleep 600 & echo $! >'${pidFile}'; printf answer`) });
    const { code, bytes } = await place.git(dir, ["x"]);
    process.kill(Number(await readFile(pidFile, "utf8")));
    expect([code, bytes.toString()]).toEqual([0, "answer"]);
  });

  test("incomplete output of git is no answer", async () => {
    const place = open({ env: await fakeGit("printf 12345678") });
    expect((await place.git(dir, ["x"], { maxBytes: 8 })).code).toBe(0);
    expect((await place.git(dir, ["x"], { maxBytes: 7 })).code).toBeUndefined();
  });

  test("a stopped run starts no git", async () => {
    const place = open({
      env: await fakeGit(`touch '${dir}/started'`),
      signal: AbortSignal.abort(new Error("x")),
    });
    await expect(place.git(dir, ["x"])).rejects.toThrow("x");
    const stream = place.streamGit(dir, ["x"], { timeoutMs: 60_000 });
    expect((await stream.ended).code).toBeUndefined();
    await expect(finished(stream.stdout)).rejects.toThrow("x");
    expect(await readdir(dir)).toEqual(["bin"]);
  });

  test("files are made, read, moved, copied and removed", async () => {
    const place = open({ env });
    const at = (path: string) => join(dir, path);
    const code = (work: Promise<unknown>) => work.then(String, (error: NodeJS.ErrnoException) => error.code);
    await place.makeFolder(at("a/b"), 0o700);
    await place.makeFolder(at("a/b"));
    await place.writeFile(at("a/text"), "é", 0o600);
    await place.writeFile(at("a/empty"), Buffer.alloc(0));
    await place.writeFile(at("a/b/bytes"), Buffer.from([0, 255]));
    await symlink("text", at("a/link"));
    expect(await code(place.writeFile(at("a/text"), "x"))).toBe("EEXIST");
    expect((await stat(at("a/text"))).mode & 0o777).toBe(0o600);
    expect((await stat(at("a/b"))).mode & 0o777).toBe(0o700);

    const { size, mtimeMs, ctimeMs, blocks } = await stat(at("a/text"));
    expect(await place.stat(at("a/text"))).toEqual({ kind: "file", size, used: 512 * blocks, mtimeMs, ctimeMs });
    expect([(await place.stat(at("a/link")))?.kind, await place.stat(at("none"))]).toEqual(["link", null]);
    expect([await place.exists(at("a/link")), await place.exists(at("none"))]).toEqual([true, false]);
    const entries = [
      { name: "b", kind: "folder" },
      { name: "empty", kind: "file" },
      { name: "link", kind: "link" },
      { name: "text", kind: "file" },
    ];
    const byName = (a: Entry, b: Entry) => (a.name < b.name ? -1 : 1);
    expect((await place.list(at("a"))).sort(byName)).toEqual(entries);
    expect(await place.list(at("a"), 2)).toHaveLength(2);
    expect(await code(place.list(at("a/text")))).toBe("ENOTDIR");
    expect(await place.readFile(at("a/b/bytes"), 10)).toEqual(Buffer.from([0, 255]));
    expect(await place.readFile(at("a/b/bytes"), 1)).toEqual(Buffer.from([0]));
    expect(await place.readFile(at("a/empty"), 10)).toEqual(Buffer.alloc(0));
    expect([await place.readFile(at("a/link"), 10), await place.readFile(at("a"), 10)]).toEqual([null, null]);
    const odd = Buffer.concat([Buffer.from(at("a/b/")), Buffer.of(0xff)]);
    await writeFile(odd, "name");
    expect([String(await place.readFile(odd, 10)), (await place.stat(odd))?.size]).toEqual(["name", 4]);
    await rm(odd);
    expect(await place.realPath(at("a/../a/link"))).toBe(at("a/text"));
    expect(await code(place.realPath(at("none")))).toBe("ENOENT");

    await place.copy(at("a"), at("copy"));
    expect((await place.list(at("copy"))).map(({ name }) => name).sort()).toEqual(["b", "empty", "text"]);
    await place.move(at("copy"), at("moved"));
    expect(await code(place.move(at("copy"), at("x")))).toBe("ENOENT");
    await place.removeEmpty(at("moved"));
    await chmod(at("moved/b"), 0o500);
    await place.addOwnerRights(at("moved/b"));
    expect((await stat(at("moved/b"))).mode & 0o777).toBe(0o700);
    await chmod(at("moved/b"), 0o555);
    await place.addOwnerRightsInTree(at("moved"));
    expect((await stat(at("moved/b"))).mode & 0o777).toBe(0o755);
    await place.makeFolderPrivate(at("moved/b"));
    expect((await stat(at("moved/b"))).mode & 0o777).toBe(0o700);
    await place.remove(at("moved"));
    await place.remove(at("moved"));
    expect(await readdir(dir)).toEqual(["a"]);
  });

  test("git gets its input, runs in its own folder, and takes names literally", async () => {
    const place = open({ env });
    await gitIn(place, dir).raw(["init", "--quiet"]);
    await writeFile(join(dir, "*"), "");
    await writeFile(join(dir, "x"), "");
    const hash = await place.git(dir, ["hash-object", "--stdin"], { input: Buffer.from("hello\n") });
    expect(String(hash.bytes)).toBe("ce013625030ba8dba906f756967f9e9ca394464a\n");
    const none = await place.git(dir, ["hash-object", "--stdin"], { input: Buffer.alloc(0) });
    expect(String(none.bytes)).toBe("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391\n");
    const files = async (literalPaths: boolean) =>
      String((await place.git(dir, ["ls-files", "--others", "*"], { literalPaths })).bytes);
    expect([await files(false), await files(true)]).toEqual(["*\nx\n", "*\n"]);
    const stream = place.streamGit(dir, ["config", "--list"], { timeoutMs: 60_000 });
    const chunks = await stream.stdout.toArray();
    expect(Buffer.concat(chunks as Buffer[]).toString()).toContain("filter.lfs.required=false");
    expect(await stream.ended).toEqual({ code: 0, errorText: "", timedOut: false });
    const failed = place.streamGit(dir, ["no-such-command"], { timeoutMs: 60_000 });
    failed.stdout.resume();
    expect(await failed.ended).toMatchObject({ code: 1, errorText: expect.stringContaining("no-such-command") });
  });
});
