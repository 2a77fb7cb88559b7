import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { pushWork } from "../airlock/testing/pushWork.ts";
import { pidsWith } from "../agent/testing/harness.ts";
import { Mirror } from "../workspace/mirror.ts";
import { createGitBench, type GitBench } from "../workspace/testing/gitBench.ts";
import type { CleanSide } from "./cleanSide.ts";
import { overNetwork } from "./overNetwork.ts";

const HOUR_MS = 3_600_000;

let bench: GitBench;
beforeAll(async () => {
  bench = await createGitBench();
});
beforeEach(async () => {
  bench = bench.another();
  await bench.ensure();
  await bench.commit("mine.txt", `${bench.name}\n`);
});
afterEach(() => bench.github.clearFaults());
afterAll(() => bench.close());

const marked = () => pidsWith(`TAC8_RUN=${bench.clean.env["TAC8_RUN"]}`);

const push = (clean: CleanSide) => pushWork(bench, { clean });

const brokenOff = (why: string) => ({
  failure: { kind: "github", message: expect.stringContaining(`broken off, because ${why}`) },
});

test("a push whose answer is cut off is stopped after silence, and the next one finds it done", async () => {
  const fault = bench.github.fault({ method: "POST", path: /git-receive-pack$/, times: 1, do: { drop: "middle" } });
  const impatient = { ...bench.clean, bounds: { push: { silentMs: 5000, wallMs: HOUR_MS } } };
  await expect(push(impatient)).rejects.toMatchObject(brokenOff("git printed nothing for 5 s"));
  expect(fault.hits).toBe(1);
  expect(marked(), "processes of git").toEqual([]);
  expect(await push(bench.clean)).toBe("already");
});

test("a fetch that is very slow but never silent is stopped at its time limit, and the next one succeeds", async () => {
  const pushed = await bench.push("more", { [`${bench.name}.txt`]: `${bench.name}\n`.repeat(1000) });
  bench.github.fault({ path: /git-upload-pack$/, times: 9, do: { trickleMs: 500 } });
  const bounds = { fetch: { silentMs: HOUR_MS, wallMs: 3000 } };
  const mirror = new Mirror(bench.mirror.paths, { ...bench.clean, bounds });
  await expect(mirror.refresh()).rejects.toMatchObject(brokenOff("it took longer than 3 s"));
  expect(marked(), "processes of git").toEqual([]);
  bench.github.clearFaults();
  await mirror.refresh();
  expect(await mirror.branch("more")).toBe(pushed);
});

test("an abort while git works rejects with the abort's reason, not with a time limit", async () => {
  const stop = new AbortController();
  bench.github.fault({ path: /git-upload-pack$/, times: 9, do: { trickleMs: 500 } });
  await bench.push("more", { [`${bench.name}.txt`]: "x\n" });
  const refreshed = bench.mirror.refresh(stop.signal);
  await bench.github.waitFor(() => marked().length > 0, { what: "git to work" });
  stop.abort(new Error("the run is stopped"));
  await expect(refreshed).rejects.toThrow("the run is stopped");
});

test("git gets the token without a program of PATH", async () => {
  const [bin, ran] = [join(bench.dir, "bin"), join(bench.dir, "ran")];
  await mkdir(bin);
  for (const name of ["cat", "echo", "env", "head", "printf", "read", "sed", "sh", "test", "["])
    await writeFile(join(bin, name), `#!/bin/sh\necho ${name} >> ${ran}\nexec /bin/${name} "$@"\n`, { mode: 0o755 });
  const env = { ...bench.clean.env, PATH: `${bin}:${bench.clean.env["PATH"]}` };
  const args = ["ls-remote", bench.clean.url, "refs/heads/main"];
  const dir = bench.mirror.paths.dir;
  const heads = await overNetwork({ ...bench.clean, env }, { what: "ask", kind: "ask", dir, args });
  expect(heads).toBe(`${await bench.base()}\trefs/heads/main`);
  expect(existsSync(ran)).toBe(false);
  expect((await execa("cat", [], { env, input: "x" })).stdout).toBe("x");
  expect(existsSync(ran), "a program of the same name is found").toBe(true);
});

describe("for a repository that git reads without a token", () => {
  let open: GitBench;
  beforeAll(async () => {
    open = await createGitBench({ openToGit: true });
  });
  afterAll(() => open.close());

  test("a fetch, a list of branches and a push succeed", async () => {
    const pushed = await open.push("more", { "more.txt": "more\n" });
    await open.mirror.refresh();
    expect(await open.mirror.branch("more")).toBe(pushed);
    const dir = open.mirror.paths.dir;
    const ask = () =>
      overNetwork(open.clean, {
        what: "ask",
        kind: "ask",
        dir,
        args: ["ls-remote", open.clean.url, "refs/heads/more"],
      });
    expect(await ask()).toBe(`${pushed}\trefs/heads/more`);
    const args = ["push", open.clean.url, `${pushed}:refs/heads/mine`];
    await overNetwork(open.clean, { what: "push", kind: "push", dir, args });
    expect(open.github.branches("octo/widgets")["mine"]).toBe(pushed);
  });
});
