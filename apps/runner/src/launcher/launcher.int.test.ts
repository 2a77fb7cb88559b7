import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { setImmediate as immediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { askIds, holdUser, LaunchedProgram, LauncherProblem, sendRequest } from "@tac8/core/isolation/launcher/client";
import { removeTraces, runAs } from "./children.ts";
import { Held } from "./held.ts";
import { processesOf } from "./processes.ts";
import { startLauncher, TAC8, type TestLauncher } from "./testing/startLauncher.ts";

const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write("skipped: the launcher, because it needs root\n");

describe.skipIf(!isRoot)("the launcher, with the capabilities that it has in a container", () => {
  let launcher: TestLauncher;
  let uid = 0;
  let lockFile = "";
  beforeEach(async () => {
    launcher = await startLauncher();
    uid = launcher.ids.first;
    lockFile = join(launcher.dir, "lock");
  });
  afterEach(() => launcher.stop());

  const run = (
    program: readonly string[],
    more: { env?: Record<string, string>; cwd?: string; groups?: number[] } = {},
  ) => new LaunchedProgram(launcher.socket, { uid, groups: [], env: {}, cwd: "/", ...more, program: [...program] });
  const output = async (program: readonly string[], more = {}): Promise<string> => {
    const child = run(program, more);
    const printed = text(child.stdout);
    child.stdin.end();
    await once(child, "exit");
    return printed;
  };

  test("starts programs with only a user id, without capabilities, groups and other privileges", async () => {
    await holdUser(launcher.socket, { uid, lockFile });
    const status = await output(["cat", "/proc/self/status"]);
    const of = (name: string): string => new RegExp(`^${name}:[ \\t]*(.*)$`, "m").exec(status)?.[1]?.trim() ?? "?";
    const ids = [uid, uid, uid, uid].join("\t");
    expect([of("Uid"), of("Gid"), of("Groups"), of("NoNewPrivs")]).toEqual([ids, ids, "", "1"]);
    expect(["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].map(of)).toEqual(Array(5).fill("0000000000000000"));
    expect(await output(["sh", "-c", "umask; ls -l /proc/self/fd | wc -l; pwd"], { cwd: "/usr" })).toMatch(
      /^0022\n5\n\/usr\n$/, // One line is the total, and one is the folder that ls reads.
    );
  });

  test("passes input, output, the exit code and signals", async () => {
    await holdUser(launcher.socket, { uid, lockFile });
    const child = run(["sh", "-c", "cat; echo wrong >&2; exit 7"], { env: { A: "b" } });
    const [printed, wrong] = [text(child.stdout), text(child.stderr)];
    child.stdin.end("x".repeat(300_000));
    expect(await once(child, "exit")).toEqual([7, null]);
    expect([(await printed).length, await wrong]).toEqual([300_000, "wrong\n"]);
    const stopped = run(["sh", "-c", "trap 'exit 3' TERM; echo; while :; do sleep 0.05; done"]);
    await once(stopped.stdout, "data");
    stopped.kill("SIGTERM");
    expect(await once(stopped, "exit")).toEqual([3, null]);
    const missing = run(["/no/such/program"]);
    expect(await once(missing, "exit")).toEqual([127, null]);
  });

  test("starts no program for a foreign user id, or for one that is not held", async () => {
    for (const other of [0, TAC8.uid, launcher.ids.last + 1]) {
      await expect(holdUser(launcher.socket, { uid: other, lockFile })).rejects.toThrow(`id ${other} is not one of`);
    }
    const [error] = (await once(run(["true"]), "error").catch((error: unknown) => [error])) as [Error];
    expect(error.message).toContain(`user id ${uid} is not held`);
    await holdUser(launcher.socket, { uid, lockFile });
    const rooted = new LaunchedProgram(launcher.socket, { uid, groups: [0], env: {}, cwd: "/", program: ["id"] });
    const [refused] = (await once(rooted, "error").catch((error: unknown) => [error])) as [Error];
    expect(refused.message).toContain("id 0 is not one of");
    expect(await askIds(launcher.socket)).toEqual(launcher.ids);
  });

  test("kills survivors of a program before it reports the end, even in their own sessions", async () => {
    await holdUser(launcher.socket, { uid, lockFile });
    const child = run(["sh", "-c", "for i in 1 2 3; do setsid sleep 1000 & done; sleep 0.2"]);
    await once(child, "exit");
    expect(processesOf(uid)).toEqual([]);
    expect(child.left).toEqual({ survivors: 3, remaining: 0 });
  });

  test("kills a process whose first thread has exited like any other", async () => {
    await holdUser(launcher.socket, { uid, lockFile });
    const exit = { x64: 60, arm64: 93 }[process.arch as "x64" | "arm64"];
    const script = `
import ctypes, os, threading, time
if os.fork() == 0:
    os.setsid()
    [os.close(fd) for fd in (0, 1, 2)]
    threading.Thread(target=time.sleep, args=(1000,)).start()
    ctypes.CDLL(None).syscall(${exit}, 0)
time.sleep(0.5)`;
    const child = run(["python3", "-c", script]);
    await once(child, "exit");
    expect(child.left).toEqual({ survivors: 1, remaining: 0 });
    expect(processesOf(uid)).toEqual([]);
  });

  test("does not search or load files of a request while it is root", async () => {
    await holdUser(launcher.socket, { uid, lockFile });
    const bin = join(launcher.dir, "bin");
    mkdirSync(bin, { mode: 0o755 });
    chmodSync(bin, 0o755);
    for (const name of ["setpriv", "sh", "env"]) {
      writeFileSync(
        join(bin, name),
        `#!/bin/sh\n/usr/bin/id -u >>${launcher.dir}/was-run\nexec /usr/bin/${name} "$@"\n`,
        { mode: 0o755 },
      );
    }
    writeFileSync(join(launcher.dir, "was-run"), "");
    chmodSync(join(launcher.dir, "was-run"), 0o666);
    const env = { PATH: `${bin}:/usr/bin:/bin`, LD_TAC8: "kept" };
    expect(await output(["/bin/sh", "-c", 'echo "$LD_TAC8"; id -u'], { env })).toBe(`kept\n${uid}\n`);
    expect(readFileSync(join(launcher.dir, "was-run"), "utf8").split("\n")).not.toContain("0");
    const pid = launcher.process.pid ?? 0;
    expect(readFileSync(`/proc/${pid}/environ`, "utf8")).not.toContain("LD_TAC8");
  });

  test.each(["run", "hold"] as const)(
    "kills the user's processes at the end of the connection of a %s",
    async (which) => {
      const held = await holdUser(launcher.socket, { uid, lockFile });
      const child = run(["sh", "-c", "trap '' TERM; setsid sleep 1000 & echo; sleep 1000"]);
      await once(child.stdout, "data");
      expect(processesOf(uid).length).toBeGreaterThan(1);
      if (which === "hold") await held.release();
      else child.kill("SIGKILL");
      if (which === "run") await once(child, "exit");
      expect(processesOf(uid)).toEqual([]);
    },
  );

  test("kills a program during its start, whichever user it has by then", async () => {
    await holdUser(launcher.socket, { uid, lockFile });
    for (let count = 0; count < 5; count += 1) {
      const child = run(["sleep", "1000"]);
      await immediate(); // The request was sent, but there is no answer yet.
      child.kill("SIGKILL");
      expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
    }
    expect(processesOf(uid)).toEqual([]);
  });

  test("releases a user id after its programs, so their end does not affect the next holder", async () => {
    const [held, connection] = [new Held(TAC8), new Socket()];
    const own = launcher.ids.first + 1; // Not the launcher's id.
    await held.take(own, lockFile, connection);
    const [aborted, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const running = held.run(own, async (signal) => {
      signal.addEventListener("abort", () => aborted.resolve());
      await over.promise;
    });
    const left = held.leave(own, connection);
    await expect(held.run(own, () => Promise.resolve())).rejects.toThrow("is not held");
    await aborted.promise;
    // This takes longer than the launcher's work before it releases the lock.
    for (const other of [2, 3]) await removeTraces(launcher.ids.first + other);
    expect(spawnSync("flock", ["-n", lockFile, "true"]).status).toBe(1);
    over.resolve();
    await Promise.all([running, left]);
    expect(spawnSync("flock", ["-n", lockFile, "true"]).status).toBe(0);
  });

  test("holds a user id once among launchers that share a lock, and kills processes of earlier holders", async () => {
    const left = [`--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "sh", "-c", "sleep 1000 & exit 0"];
    spawnSync("setpriv", left, { stdio: "ignore" });
    expect(processesOf(uid)).not.toEqual([]);
    const held = await holdUser(launcher.socket, { uid, lockFile });
    expect(processesOf(uid)).toEqual([]);
    expect(spawnSync("flock", ["-n", lockFile, "true"]).status).toBe(1);
    await held.release();
    expect(spawnSync("flock", ["-n", lockFile, "true"]).status).toBe(0);
  });

  test("creates folders of a user id, and shares folders of tac8's user with a group", async () => {
    const folder = join(launcher.dir, "workspaces");
    mkdirSync(folder);
    chownSync(folder, TAC8.uid, TAC8.gid);
    chmodSync(folder, 0o771);
    await sendRequest(launcher.socket, { op: "make", uid, path: join(folder, "tree") });
    const { uid: owner, gid, mode } = statSync(join(folder, "tree"));
    expect([owner, gid, mode & 0o777]).toEqual([uid, TAC8.gid, 0o710]);
    const group = launcher.ids.first + 1;
    writeFileSync(join(folder, "objects"), "shared");
    chownSync(join(folder, "objects"), TAC8.uid, TAC8.gid);
    chmodSync(join(folder, "objects"), 0o640);
    await sendRequest(launcher.socket, { op: "share", gid: group, path: join(folder, "objects") });
    await holdUser(launcher.socket, { uid, lockFile });
    expect(await output(["cat", join(folder, "objects")], { groups: [group] })).toBe("shared");
    expect(await output(["cat", join(folder, "objects")])).toBe("");
    await expect(sendRequest(launcher.socket, { op: "make", uid, path: "/etc/tac8-made" })).rejects.toThrow(
      LauncherProblem,
    );
    await expect(sendRequest(launcher.socket, { op: "share", gid: 0, path: folder })).rejects.toThrow(
      "id 0 is not one of",
    );
  });

  test("ends a program that has passed its output to another user's program", async () => {
    const other = uid + 1;
    await holdUser(launcher.socket, { uid, lockFile });
    await holdUser(launcher.socket, { uid: other, lockFile: `${lockFile}-2` });
    const name = `\\0tac8-output-${uid}`;
    const takes = `
import socket, time
with socket.socket(socket.AF_UNIX) as s:
    s.bind("${name}"); s.listen(); print("ready", flush=True)
    c, _ = s.accept(); _, fds, _, _ = socket.recv_fds(c, 1, 2)
    print(len(fds), flush=True); time.sleep(1000)`;
    const gives = `
import socket
with socket.socket(socket.AF_UNIX) as s:
    s.connect("${name}"); socket.send_fds(s, [b"x"], [1, 2]); print("given", flush=True); s.recv(1)`;
    const python = (script: string, as: number) => {
      return { uid: as, groups: [], env: {}, cwd: "/", program: ["python3", "-c", script] };
    };
    const taker = new LaunchedProgram(launcher.socket, python(takes, other));
    await once(taker.stdout, "data");
    const giver = new LaunchedProgram(launcher.socket, python(gives, uid), 500);
    const printed = text(giver.stdout);
    expect(String((await once(taker.stdout, "data"))[0])).toBe("2\n");
    giver.kill("SIGKILL");
    await once(giver, "close");
    expect(await printed).toContain("given");
    expect(processesOf(other)).not.toEqual([]);
  });

  test("kills a short program when no caller waits for it", async () => {
    const left = Promise.withResolvers<void>();
    const copying = runAs({ uid, gid: uid }, ["sleep", "1000"], { until: left.promise });
    left.resolve();
    await expect(copying).rejects.toThrow("sleep ended with SIGKILL");
    expect(processesOf(uid)).toEqual([]);
  });

  test("allows no agent to connect to it, or to read its environment", async () => {
    await holdUser(launcher.socket, { uid, lockFile });
    const connect = `require("net").connect(process.argv[1]).on("connect", () => console.log("in")).on("error", (e) => console.log(e.code))`;
    expect(await output([process.execPath, "-e", connect, launcher.socket])).toBe("EACCES\n");
    const pid = execFileSync("pgrep", ["-f", "-n", "tac8 launcher"], { encoding: "utf8" }).trim();
    expect(await output(["cat", `/proc/${pid}/environ`])).toBe("");
  });

  test("removes an agent's files from folders that every user can write to", async () => {
    const held = await holdUser(launcher.socket, { uid, lockFile });
    const name = `tac8-left-${uid}`;
    const deep = `mkdir -p /tmp/${name} && cd /tmp/${name} && for i in $(seq 30); do d=$(printf 'x%.0s' $(seq 200)); mkdir $d && cd $d; done; mkdir c && chmod 0 c`;
    await output(["sh", "-c", deep]);
    await output([
      "sh",
      "-c",
      `cd /tmp && mkdir -p ${name}/b/c && touch ${name}/b/c/a /dev/shm/${name} && chmod 0 ${name}/b/c ${name}/b && chmod 500 ${name}; ipcmk -M 100`,
    ]);
    // In a folder of another user that is writable by all users.
    const open = mkdtempSync("/tmp/tac8-open-");
    try {
      chmodSync(open, 0o777);
      await output(["sh", "-c", `cd ${open} && mkdir ${name} && touch ${name}/a && chmod 0 ${name}`]);
      expect([`/tmp/${name}`, `${open}/${name}`].map((path) => existsSync(path))).toEqual([true, true]);
      await held.release();
      const paths = [`/tmp/${name}`, `/dev/shm/${name}`, `${open}/${name}`];
      expect(paths.filter((path) => existsSync(path))).toEqual([]);
    } finally {
      rmSync(open, { recursive: true });
    }
    expect(readFileSync("/proc/sysvipc/shm", "utf8")).not.toContain(String(uid));
  });

  test("ends its programs when it dies, and their callers are notified", async () => {
    const held = await holdUser(launcher.socket, { uid, lockFile });
    const child = run(["sh", "-c", "sleep 1000"]);
    await once(child, "spawn");
    launcher.process.kill("SIGKILL");
    expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
    await expect.poll(() => held.lost).toBe(true);
  });

  test("kills all of its agents when it ends", async () => {
    await holdUser(launcher.socket, { uid, lockFile });
    const child = run(["sh", "-c", "echo; sleep 1000"]);
    await once(child.stdout, "data");
    await launcher.stop();
    expect(processesOf(uid)).toEqual([]);
  });

  test("waits for a program that needs a user with a script without its secrets, and starts agents meanwhile", async () => {
    const script = join(launcher.dir, "wait.sh");
    writeFileSync(script, "env; echo; cat; exit 78\n");
    chmodSync(script, 0o755);
    const waiting = await startLauncher({
      options: ["--wait", script],
      program: ["sh", "-c", "exit 78"],
      env: { GITHUB_TOKEN: "secret", GITHUB_TOKEN_FILE: "/f", TAC8_CONFIG: "/c.toml" },
    });
    try {
      const [shown] = (await once(waiting.process.stdout as Readable, "data")) as [Buffer];
      expect(shown.toString()).toContain("TAC8_CONFIG=/c.toml");
      expect(shown.toString()).toContain("GITHUB_TOKEN_FILE=/f");
      expect(shown.toString()).not.toContain("secret");
      expect(await askIds(waiting.socket)).toEqual(waiting.ids);
    } finally {
      await waiting.stop();
    }
    expect(waiting.process.exitCode).toBe(78);
  });
});
