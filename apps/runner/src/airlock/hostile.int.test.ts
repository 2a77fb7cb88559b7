import { once } from "node:events";
import { closeSync, constants, openSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import { saveWork } from "../workspace/save.ts";
import { createGitBench, REPO, type GitBench } from "../workspace/testing/gitBench.ts";
import { withIncoming } from "./incoming.ts";
import { pushBranch } from "./push.ts";
import { openCatcher, type Catcher } from "./testing/catcher.ts";
import { openGate } from "./testing/gate.ts";

let bench: GitBench;
let catcher: Catcher;
let secrets: readonly string[] = [];
beforeEach(async () => {
  bench = await createGitBench();
  catcher = await openCatcher(bench.dir);
  secrets = [bench.token, Buffer.from(`x-access-token:${bench.token}`).toString("base64")];
  await bench.ensure();
});
afterEach(async () => {
  await catcher.close();
  await bench.close();
});

const leaks = (text: string) => secrets.some((secret) => text.includes(secret));

/** Run all git commands that a run runs after its agent, and that the next run runs before its agent. */
async function wholePath(clean = bench.clean): Promise<void> {
  const { mirror, place, paths, branch, scope, name } = bench;
  const baseSha = await bench.base();
  await saveWork({ ...paths, place, baseSha, message: "the rest" });
  const incoming = { mirror: mirror.paths, clean, agent: place, tree: paths.tree, baseSha, known: [], runId: name };
  await withIncoming(incoming, ({ dir, head }) => pushBranch({ clean, dir, branch, scope, sha: head, expected: null }));
  await bench.ensure();
}

/** Settings that make git connect elsewhere, or run a program. */
function settings(): [string, string][] {
  const { url, program } = catcher;
  const { github } = bench;
  return [
    [`url.${url}.insteadOf`, github.url],
    [`url.${url}.pushInsteadOf`, github.url],
    ["http.proxy", url],
    [`http.${github.url}.proxy`, url],
    ["core.sshCommand", program],
    ["core.gitProxy", program],
    ["core.askPass", program],
    ["core.fsmonitor", program],
    ["core.hooksPath", join(bench.dir, "hooks")],
    ["core.pager", program],
    ["core.editor", program],
    ["credential.helper", program],
    [`credential.${github.url}.helper`, program],
    ["gpg.program", program],
    ["commit.gpgSign", "true"],
    ["push.gpgSign", "if-asked"],
    ["filter.evil.clean", program],
    ["filter.evil.smudge", program],
    ["diff.external", program],
    ["merge.evil.driver", program],
    ["uploadpack.packObjectsHook", program],
    ["trace2.eventTarget", join(bench.dir, "trace")],
    ["protocol.allow", "always"],
    ["remote.origin.url", `ext::${program}`],
    ["include.path", join(bench.dir, "agent-home/.gitconfig")],
  ];
}

async function plant(): Promise<void> {
  const { paths, dir } = bench;
  const lines = settings();
  for (const [key, value] of lines) await bench.agent(["config", key, value]);
  // The account's own file: an agent that runs as the same user can write it.
  await mkdir(join(dir, "agent-home"), { recursive: true });
  for (const [key, value] of lines.slice(0, -1)) {
    await bench.agent(["config", "--file", join(dir, "agent-home/.gitconfig"), key, value]);
  }
  for (const hooks of [join(dir, "hooks"), join(paths.gitDir, "hooks")]) {
    await mkdir(hooks, { recursive: true });
    for (const name of ["pre-commit", "post-commit", "pre-push", "reference-transaction", "post-index-change"]) {
      await writeFile(join(hooks, name), `#!/bin/sh\n${catcher.program} "$0" </dev/null\nexit 0\n`);
      await chmod(join(hooks, name), 0o755);
    }
  }
  await mkdir(join(paths.gitDir, "info"), { recursive: true });
  await writeFile(join(paths.gitDir, "info/attributes"), "* filter=evil merge=evil\n");
  await bench.write(".gitattributes", "*.txt merge=evil\n");
  await bench.write("work.txt", "work\n");
}

test("whatever an agent plants in its repository, only GitHub gets the token", async () => {
  await plant();
  await wholePath();
  expect(await bench.github.file(REPO, bench.branch, "work.txt")).toBe("work\n");
  expect(leaks(catcher.caught())).toBe(false);

  // The control: the same traps catch a git that uses the token in the workspace.
  const header = `http.extraHeader=Authorization: Basic ${secrets[1] ?? ""}`;
  await bench.agent(["-c", header, "ls-remote", bench.clean.url]).catch(() => "");
  expect(leaks(catcher.caught()), "the server").toBe(true);
  const env = { ...bench.env, PLANTED: "planted-canary" };
  await execa("git", ["commit", "--allow-empty", "-m", "x"], { cwd: bench.paths.tree, env, reject: false });
  expect(catcher.caught(), "the program").toContain("planted-canary");
});

test("objects that an agent borrows from elsewhere do not reach the clean side", async () => {
  const secret = join(bench.dir, "private");
  await bench.agent(["init", "--quiet", secret], bench.dir);
  await writeFile(join(secret, "private.txt"), "private\n");
  await bench.agent(["add", "."], secret);
  await bench.agent(["commit", "--quiet", "-m", "private"], secret);
  const commit = await bench.agent(["rev-parse", "HEAD"], secret);
  const alternates = join(bench.paths.gitDir, "objects/info/alternates");
  await writeFile(alternates, `${readFileSync(alternates, "utf8")}${join(secret, ".git/objects")}\n`);
  await bench.agent(["update-ref", "HEAD", commit]);
  await expect(wholePath()).rejects.toThrow(/share no history/);
  expect(await bench.agent(["cat-file", "-t", commit], bench.mirror.paths.dir).catch(() => "none")).toBe("none");
});

test("the token is in no argument, environment, file or setting during and after a request of git to GitHub", async () => {
  const gate = await openGate(bench.github.url);
  const seen = { talking: 0, withToken: [] as string[], sockets: 0, opened: [] as string[] };
  gate.before = async () => {
    for (const { pid, cmdline, environ } of processes()) {
      if (leaks(cmdline) || leaks(environ)) seen.withToken.push(cmdline);
      if (!cmdline.includes("git") || !cmdline.includes(gate.url)) continue;
      seen.talking += 1;
      // The descriptor with the token cannot be opened by other processes of the same user.
      const descriptor = `/proc/${pid}/fd/3`;
      if (linkOf(descriptor).startsWith("socket:")) seen.sockets += 1;
      if (canOpen(descriptor)) seen.opened.push(cmdline);
    }
    expect(await filesWith(secrets)).toEqual([]);
  };
  await bench.write("work.txt", "work\n");
  try {
    await wholePath({ ...bench.clean, url: `${gate.url}/${REPO}.git` });
  } finally {
    await gate.close();
  }
  expect(await bench.github.file(REPO, bench.branch, "work.txt")).toBe("work\n");
  expect(seen.withToken).toEqual([]);
  expect(seen.talking, "git was inspected during a request").toBeGreaterThan(0);
  expect([seen.sockets, seen.opened]).toEqual([seen.talking, []]);
  expect(await filesWith(secrets)).toEqual([]);
  const canary = join(bench.home, "canary");
  await writeFile(canary, `x ${secrets[1] ?? ""} y`);
  expect(await filesWith(secrets)).toEqual([canary]);
});

test.each(["arguments", "environment"])("the inspection of processes finds a token in their %s", async (where) => {
  const [, header = ""] = secrets;
  const env = { ...bench.clean.env, ...(where === "environment" ? { GIT_CONFIG_VALUE_0: header } : {}) };
  const script = "process.stdout.write('up'); process.stdin.resume()";
  const args = ["-e", script, ...(where === "arguments" ? [header] : [])];
  const child = execa(process.execPath, args, { env, extendEnv: false, reject: false });
  await once(child.stdout, "data");
  const found = processes().filter(({ cmdline, environ }) => leaks(cmdline) || leaks(environ));
  child.stdin.end();
  await child;
  expect(found.map(({ pid }) => pid)).toEqual([child.pid]);
});

test("a redirect of GitHub to another server does not send the token there", async () => {
  const headers = { location: `${catcher.url}octo/widgets.git/info/refs?service=git-upload-pack` };
  bench.github.fault({ path: /info\/refs$/, times: 5, do: { status: 301, headers } });
  await expect(bench.mirror.refresh()).rejects.toMatchObject({ failure: { kind: "refused", wholeRepository: true } });
  expect(catcher.caught()).toBe("");
});

/** List the processes that this test's runner has started. */
function processes(): { pid: number; cmdline: string; environ: string }[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const all = pids.map((pid) => ({
    pid: Number(pid),
    cmdline: read(`/proc/${pid}/cmdline`),
    environ: read(`/proc/${pid}/environ`),
  }));
  return all.filter(({ environ }) => environ.includes(`TAC8_RUN=${bench.clean.env["TAC8_RUN"]}`));
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // It ended while we checked.
  }
}

function canOpen(path: string): boolean {
  try {
    closeSync(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
    return true;
  } catch {
    return false;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1").replaceAll("\0", " ");
  } catch {
    return ""; // It ended while we checked.
  }
}

async function filesWith(texts: readonly string[]): Promise<string[]> {
  const patterns = texts.flatMap((text) => ["-e", text]);
  const { stdout } = await execa("grep", ["-rlaF", ...patterns, bench.dir], { reject: false });
  return stdout.split("\n").filter((line) => line !== "");
}
