import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { PlaceGit } from "./gitCommand.ts";
import { gitIn, type AgentPlace } from "./place.ts";
import { createPlaces, PLACE_KINDS, type Places } from "./testing/places.ts";

const env = { PATH: process.env["PATH"] ?? "" };
let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-place-"));
});
afterEach(() => rm(dir, { recursive: true }));

/** A git that runs this script of the shell. */
async function fakeGit(script: string): Promise<{ readonly PATH: string }> {
  const bin = join(dir, "bin");
  await mkdir(bin);
  await writeFile(join(bin, "git"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { PATH: `${bin}:${env.PATH}` };
}

describe.each(PLACE_KINDS)("a place that is %s:", (kind) => {
  let places: Places;
  const open = (options: PlaceGit): AgentPlace => places.open(options);
  beforeEach(() => {
    places = createPlaces(kind);
  });
  afterEach(() => places.close());

  test.each([
    ["that is missing", () => undefined],
    ["that is a link to nowhere", () => symlink(join(dir, "nowhere"), join(dir, "x"))],
  ])("git in a folder %s says so", async (_what, make) => {
    await make();
    await expect(gitIn(open({ env }), join(dir, "x")).raw(["status"])).rejects.toMatchObject({
      failure: { kind: "git", message: `the folder ${join(dir, "x")} is gone` },
    });
  });

  test("git in a file in the place of a repository finds it damaged", async () => {
    await writeFile(join(dir, "x"), "");
    await expect(gitIn(open({ env }), join(dir, "x")).raw(["status"])).rejects.toThrow("not a git repository");
  });

  test("an exit code is an answer; an end by the place's signal is none", async () => {
    const stop = new AbortController();
    const place = open({ env, signal: stop.signal });
    expect(await place.git(dir, ["rev-parse", "--verify", "HEAD"])).toMatchObject({ code: 128 });
    stop.abort(new Error("shutting down"));
    await expect(place.git(dir, ["--version"])).rejects.toThrow("shutting down");
  });

  test("settings are those of one place, and of those made from it", async () => {
    const place = open({ env, settings: { "a.b": "1" } });
    const read = async (of: typeof place) =>
      (await gitIn(of, dir).raw(["config", "--get-regexp", "^a\\."])).split("\n");
    expect(await read(place.withSettings({ "a.c": "2" }))).toEqual(["a.b 1", "a.c 2"]);
    expect(await read(place)).toEqual(["a.b 1"]);
  });

  test("a program is one that can be run, on agents' PATH", async () => {
    const bin = join(dir, "bin");
    await mkdir(bin);
    await writeFile(join(bin, "tool"), "");
    const place = open({ env: { PATH: `:${bin}` } });
    expect(await place.hasProgram("tool")).toBe(false);
    await chmod(join(bin, "tool"), 0o755);
    expect(await place.hasProgram("tool")).toBe(true);
    expect(await place.hasProgram("git")).toBe(false);
  });

  test("what git has started, and what keeps its output open, holds nobody up", async () => {
    const pidFile = join(dir, "pid");
    const place = open({ env: await fakeGit(`sleep 600 & echo $! >'${pidFile}'; printf answer`) });
    const { code, bytes } = await place.git(dir, ["x"]);
    process.kill(Number(await readFile(pidFile, "utf8")));
    expect([code, bytes.toString()]).toEqual([0, "answer"]);
  });

  test("a part of what git says is no answer", async () => {
    const place = open({ env: await fakeGit("printf 12345678") });
    expect((await place.git(dir, ["x"], { maxBytes: 8 })).code).toBe(0);
    expect((await place.git(dir, ["x"], { maxBytes: 7 })).code).toBeUndefined();
  });

  test("a run that was stopped starts no git", async () => {
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
});
