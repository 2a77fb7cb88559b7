import { execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createSocket } from "node:dgram";
import { chmodSync, chownSync, copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from "node:net";
import { networkInterfaces } from "node:os";
import { dirname, join } from "node:path";
import { startRedisServer, type RedisServer } from "@tac8/sandbox/redis";
import { Redis } from "ioredis";
import { expect } from "vitest";
import { launchedPid, TAC8_UID } from "../launcher.ts";
import { childrenOf, isAlive, processes } from "../processes.ts";
import { programOf } from "../programs.ts";
import { createWorld, OWNER, poll, urlOf, type App, type World } from "../world.ts";
import { CANARY, type Attack, type Seen } from "./attacks.ts";

export interface Case {
  readonly isolation: "none" | "sandbox" | "user";
  /** Of the runner; undefined: the test's own, or with isolation `user` that of tac8's user, as whom the launcher starts it. */
  readonly uid: number | undefined;
}

/** A world with something to attack in each place. */
export interface Scene {
  readonly world: World;
  readonly runner: App;
  /** Of the runner itself, also where a launcher has started it. */
  readonly runnerPid: number;
  readonly apps: readonly App[];
  readonly secrets: Readonly<Record<"token" | "modelKey" | "redisPassword", string>>;
  /** Folder that agents may write to. */
  readonly out: string;
  /** Keys that the model's API received. */
  readonly keysReceived: ReadonlySet<string>;
  startRunner(): App;
  /** A script's step that lasts until `open`. */
  gate(name: string): { readonly bash: string };
  open(name: string): void;
  /** Run these attacks by one agent. @returns what each has reached, by its name, and what it printed */
  attack(attacks: readonly Attack[]): Promise<ReadonlyMap<string, Result>>;
  close(): Promise<void>;
}

interface Result {
  readonly reached: boolean;
  /** What the attack printed. */
  readonly output: string;
  /** Its exit code; "missing": it never ended. */
  readonly code: string;
}

const OTHER = "gh-999";

/** Only for what never ends: all attacks run at once, and a busy machine takes many times as long as an idle one. */
const ATTACK_SECONDS = 180;
/** No toolchains in home folders: agents see those that are on the path, and a search of everything that they see would read gigabytes. */
const PATH = [dirname(process.execPath), "/usr/local/bin", "/usr/bin", "/bin"].join(":");

export async function openScene({ isolation, uid }: Case): Promise<Scene> {
  const world = await createWorld({ isolation, ...(uid === undefined ? {} : { uid }) });
  const { base, dir, dataFolder, ownerHome, redis } = world;
  const isLaunched = isolation === "user";
  const self = process.getuid?.() ?? 0;
  const own = isLaunched ? TAC8_UID : (uid ?? self);
  const out = join(dir, "shown");
  const put = (path: string, text: string, mode = 0o600): string => {
    const made = mkdirSync(dirname(path), { recursive: true });
    if (made !== undefined && own !== self) execFileSync("chown", ["-R", `${own}:${own}`, made]);
    writeFileSync(path, text, { mode });
    if (own !== self) chownSync(path, own, own);
    return path;
  };
  const id = randomUUID().slice(0, 8);
  const secrets = {
    token: `ghp_${CANARY}-token-${id}`,
    modelKey: `sk-ant-${CANARY}-key-${id}`,
    redisPassword: `${CANARY}-redis-${id}`,
  };
  world.github.addToken({ login: OWNER, token: secrets.token });
  mkdirSync(join(dir, "second"));
  const second = await startRedisServer({ dir: join(dir, "second"), socket: join(dir, "second.sock") });
  const servers = await openServers({ dir, id, key: secrets.modelKey });
  for (const path of [second.url.replace("unix:", ""), join(dir, "agent.sock")]) chownSync(path, own, own);

  await world.configure({ agent: { isolation, write: [out], env: ["TAC8_WITNESS"] } });
  put(join(out, "results", "begin"), "");
  // Where agents are users of their own, they write there too.
  if (isLaunched) for (const folder of [out, join(out, "results")]) chmodSync(folder, 0o777);
  if (isLaunched) chmodSync(put(join(out, "witness.jsonl"), ""), 0o666);
  chmodSync(world.configFile, 0o644);
  await redis.config("SET", "requirepass", secrets.redisPassword);
  const env = {
    PATH,
    GITHUB_TOKEN: secrets.token,
    REDIS_PASSWORD: secrets.redisPassword,
    ANTHROPIC_API_KEY: secrets.modelKey,
    ANTHROPIC_BASE_URL: servers.model,
    TAC8_WITNESS: join(out, "witness.jsonl"),
    TAC8_HEARTBEAT_FILE: `${base}-heartbeat`,
  };
  const startRunner = (): App => world.startApp("runner", env);
  const runner = startRunner();
  const boardHome = join(dir, "board");
  const apps = [
    runner,
    world.startApp("scheduler", { ...env, TAC8_HOME: boardHome }),
    world.startApp("board", { ...env, TAC8_HOME: boardHome }),
  ];
  await runner.waitForLog("runner ready");
  const runnerPid = isLaunched ? launchedPid(runner.child.pid ?? 0) : (runner.child.pid ?? 0);
  const board = await urlOf(apps[2] as App);

  const secret = `${CANARY}\n`;
  for (const path of ["workspaces/octo/widgets/trees", "homes/octo/widgets"])
    put(join(dataFolder, path, OTHER, "secret"), secret);
  // Where agents are other users, it is the data folder that has to be closed, whatever an older version has left open in it.
  const clean = isLaunched ? 0o644 : 0o600;
  put(join(dataFolder, "issues/octo/widgets", OTHER, "prompt.md"), secret, clean);
  put(join(dataFolder, "github-token"), secret, clean);
  if (isLaunched)
    for (const folder of ["", "octo", "octo/widgets"]) chmodSync(join(dataFolder, "issues", folder), 0o755);
  for (const path of [".git-credentials", ".config/gh/hosts.yml", ".ssh/id_ed25519", ".npmrc", ".bashrc"])
    put(join(ownerHome, path), path === ".bashrc" ? "\n" : secret);
  const otherMirror = put(join(dataFolder, "repos/octo/other.git/objects/info/secret"), secret, 0o644);
  chmodSync(join(dataFolder, "repos/octo/other.git"), 0o750);
  const tmpFile = put(`${dir}-tmp`, secret, 0o644);
  const shmFile = put(`/dev/shm/tac8-test-${id}`, secret, 0o644);
  const setuid = join(out, "setuid-id");
  copyFileSync("/usr/bin/id", setuid);
  chmodSync(setuid, 0o4755);
  const options = own === self ? {} : { uid: own, gid: own };
  const bystander = spawn("sleep", ["3600"], { ...options, stdio: "ignore" });
  const shm =
    /(\d+)\s*$/.exec(execFileSync("ipcmk", ["-M", "4096"], { ...options, encoding: "utf8" }).trim())?.[1] ?? "";

  const at: Record<string, string> = {
    OUT: out,
    NODE: process.execPath,
    HOME_DIR: dataFolder,
    OWNER: ownerHome,
    MIRROR: join(dataFolder, "repos/octo/widgets.git"),
    RUNNER: String(runnerPid),
    BYSTANDER: String(bystander.pid),
    M1: CANARY.slice(0, 5),
    M2: CANARY.slice(5),
    // Where agents see the machine's folders, they read in them what all users may: other attacks try that.
    SEARCH: isolation === "sandbox" ? "/" : `${dataFolder} ${ownerHome} ${join(base, "config")}`,
    SEARCH_ALL: isolation === "none" ? "" : "1",
    REDIS_PORT: new URL(world.redisServer.url).port,
    REDIS_SOCKET: join(dir, "second.sock"),
    BOARD_PORT: new URL(board).port,
    ...servers.at,
    PROGRAM: programOf("runner"),
    TMP_FILE: tmpFile,
    SHM_FILE: shmFile,
    SHM_ID: shm,
    SETUID: setuid,
    HEARTBEAT: `${base}-heartbeat`,
    OTHER_MIRROR: otherMirror,
    TAC8_UID: String(own),
    LAUNCHER: String(runner.child.pid),
    LAUNCHER_SOCKET: join(base, "launcher-0", "socket"),
    LEFT: `tac8-left-${id}`,
    SLEEP: `3600.${Number.parseInt(id, 16)}`,
  };
  const gate = (name: string) => ({ bash: `until [ -e '${join(out, name)}' ]; do sleep 0.05; done` });
  const open = (name: string): void => void put(join(out, name), "");

  async function attack(attacks: readonly Attack[]): ReturnType<Scene["attack"]> {
    attacks.forEach(({ script }, index) => put(join(out, "attacks", `${index}.sh`), `${script}\n`, 0o644));
    const victim = isLaunched ? await startVictim() : null;
    const number = world.github.issues("octo/widgets").length + 1;
    const [issue, tree] = [`gh-${number}`, join(dataFolder, "workspaces/octo/widgets/trees", `gh-${number}`)];
    const own = [
      `export TREE='${tree}' NOTES='${join(dataFolder, "issues/octo/widgets", issue)}' ISSUE_TMP='${join(dataFolder, "workspaces/octo/widgets/tmp", issue)}' AGENT=$PPID`,
    ];
    const one = `one() { timeout -k 1 ${ATTACK_SECONDS} bash '${out}'/attacks/$1.sh >'${out}'/results/$1 2>&1; echo $? >'${out}'/results/$1.end; }`;
    // Those that change what others attack come after them.
    const lines = Object.entries({ ...at, ...victim?.at }).map(([name, value]) => `export ${name}='${value}'`);
    const last = attacks.flatMap(({ after = false }, index) => (after ? [index] : []));
    const first = attacks.flatMap(({ after = false }, index) => (after ? [] : [index]));
    const each = `${one}; for i in ${first.join(" ")}; do one $i & done; wait; for i in ${last.join(" ")}; do one $i; done; touch '${out}/tried'`;
    put(join(out, "attacks", "all.sh"), `${[...lines, ...own].join("\n")}\n${each}\n`, 0o644);
    const script = [{ bash: `bash '${out}/attacks/all.sh'` }, gate("go"), { result: "Done." }];
    const opened = world.openIssue({ script });
    if (opened !== number) throw new Error(`the issue has another number than ${number}: ${opened}`);
    await poll((ATTACK_SECONDS + 60) * 1000, async () =>
      fileAt(join(out, "tried")) === null ? `${runner.log().slice(-1500)}: the attacks are not done` : null,
    );
    const agent = statSync(tree).uid;
    const heldLock = join(dataFolder, "ids", `${agent}.lock`);
    const locks = [join(dataFolder, "issues/octo/widgets", `${issue}.lock`), ...(isLaunched ? [heldLock] : [])];
    const lockTaken = locks.some(isFree);
    const alive = isAlive(bystander.pid ?? 0);
    const check = async (left: readonly string[] | null): Promise<ReadonlyMap<string, Result>> => {
      const redisKeys = await keysOf(second);
      return new Map(
        attacks.map(({ name, reached }, index) => {
          const output = fileAt(join(out, "results", String(index))) ?? "";
          const code = fileAt(join(out, "results", `${index}.end`))?.trim() ?? "missing";
          const seen: Seen = {
            output,
            file: (path) => fileAt(path) ?? "",
            at: { ...at, TREE: tree, NOTES: join(dataFolder, "issues/octo/widgets", issue) },
            received: servers.received,
            bystander: alive,
            lockTaken,
            redisKeys,
            runnerLog: runner.log(),
            left: left ?? [],
            traces: left === null ? [] : tracesOf({ uid: agent, name: at["LEFT"] ?? "-" }),
          };
          return [name, { reached: reached(seen), output, code }] as const;
        }),
      );
    };
    // tac8 undoes some of it when the agent ends.
    const during = await check(null);
    open("go");
    await world.waitForState(number, "pr");
    if (isLaunched) await poll(120_000, async () => (isFree(heldLock) ? null : "the launcher holds the user id"));
    await victim?.end();
    const after = await check(processes().map(({ command }) => command));
    return new Map(
      [...after].map(([name, result]) => [
        name,
        { ...result, reached: result.reached || during.get(name)?.reached === true },
      ]),
    );
  }

  /** Another issue, whose agent waits until the test ends it. */
  async function startVictim() {
    const number = world.openIssue({ script: [{ write: "a.txt", text: "a\n" }, gate("victim"), { result: "Done." }] });
    const trees = join(dataFolder, "workspaces/octo/widgets/trees", `gh-${number}`);
    const uidOf = (): number => statSync(trees, { throwIfNoEntry: false })?.uid ?? own;
    const agent = () =>
      processes().find(({ pid, command }) => uidIn(pid) === uidOf() && /^\S+ \S*scripted-claude\.js /.test(command));
    await poll(120_000, async () => (uidOf() !== own && agent() !== undefined ? null : "the other issue has no agent"));
    const uid = uidOf();
    const environment = readFileSync(`/proc/${agent()?.pid}/environ`, "utf8").split("\0");
    const valueOf = (name: string): string =>
      environment.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
    const pids = processes().filter(({ pid }) => uidIn(pid) === uid);
    const guards = childrenOf([runnerPid]).filter(({ command }) => command.startsWith("tac8 guard"));
    expect([valueOf("HOME"), valueOf("ANTHROPIC_BASE_URL"), guards.length > 0]).toEqual([
      expect.stringContaining(dataFolder),
      expect.stringContaining("http://127.0.0.1:"),
      true,
    ]);
    return {
      at: {
        VICTIM_UID: String(uid),
        VICTIM_PIDS: pids.map(({ pid }) => pid).join(" "),
        VICTIM_FOLDERS: [trees, valueOf("HOME"), join(dataFolder, "workspaces/octo/widgets/tmp", `gh-${number}`)].join(
          " ",
        ),
        VICTIM_API: valueOf("ANTHROPIC_BASE_URL"),
        GUARDS: guards.map(({ pid }) => pid).join(" "),
      },
      async end() {
        open("victim");
        await world.waitForState(number, "pr");
      },
    };
  }

  return {
    world,
    runner,
    runnerPid,
    apps,
    secrets,
    out,
    keysReceived: servers.keys,
    startRunner,
    gate,
    open,
    attack,
    async close() {
      bystander.kill("SIGKILL");
      for (const { pid, command } of processes())
        if (command === `sleep ${at["SLEEP"] ?? ""}` || command === `x ${at["SLEEP"] ?? ""}`)
          process.kill(pid, "SIGKILL");
      execFileSync("ipcrm", ["-m", shm], options);
      await redis.config("SET", "requirepass", "");
      servers.close();
      await second.stop();
      await world.close();
      for (const path of [tmpFile, shmFile, `${base}-heartbeat`]) rmSync(path, { force: true });
    },
  };
}

function fileAt(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return null;
  }
}

/** Real user id of a process; null: it ended. */
function uidIn(pid: number): number | null {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid ?? null;
}

/** What a user has left where all users can write. */
function tracesOf({ uid, name }: { readonly uid: number; readonly name: string }): string[] {
  const paths = ["/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue"].map((folder) => join(folder, name));
  const segments = ["shm", "sem", "msg"].map((kind) => `/proc/sysvipc/${kind}`);
  const ofUser = new RegExp(`\\s${uid}\\s`);
  return [
    ...paths.filter((path) => statSync(path, { throwIfNoEntry: false }) !== undefined),
    ...segments.filter((path) => ofUser.test(readFileSync(path, "utf8"))),
  ];
}

function isFree(lock: string): boolean {
  try {
    execFileSync("flock", ["-n", lock, "true"]);
    return true;
  } catch {
    return false;
  }
}

async function keysOf({ url }: RedisServer): Promise<string[]> {
  const client = new Redis({ path: url.replace(/^unix:/, "") });
  const keys = await client.keys("*");
  client.disconnect();
  return keys;
}

/** Programs of the machine that no agent has anything to do with, and the model's API, which repeats what it gets. */
async function openServers({
  dir,
  id,
  key: real,
}: {
  readonly dir: string;
  readonly id: string;
  readonly key: string;
}) {
  const received = new Set<string>();
  const keys = new Set<string>();
  const lan =
    Object.values(networkInterfaces())
      .flatMap((all) => all ?? [])
      .find(({ internal, family }) => !internal && family === "IPv4")?.address ?? "127.0.0.1";
  const web = createServer((request, response) => {
    received.add(request.url?.endsWith("/proxied") === true ? "proxied" : "web");
    response.end();
  }).listen(0, "127.0.0.1");
  const model = createServer((request, response) => {
    const key = String(request.headers["x-api-key"]);
    keys.add(key);
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString("latin1");
      if (key === real && body.includes('"through":"another"')) received.add("another's key");
    });
    response
      .writeHead(401, { "content-type": "application/json", "x-your-key": key })
      .end(JSON.stringify({ error: { message: `no such key: ${key} ${encodeURIComponent(key)}` } }));
  }).listen(0, "127.0.0.1");
  const named = (name: string): TcpServer =>
    createTcpServer((socket) => (received.add(name), socket.on("error", () => undefined).end()));
  const others = [
    named("lan").listen(0, lan),
    named("socket").listen(join(dir, "agent.sock")),
    named("abstract").listen(`\0tac8-test-${id}`),
  ];
  const udp = createSocket("udp4").on("message", () => received.add("udp"));
  const all: (Server | TcpServer)[] = [web, model, ...others];
  await Promise.all([
    ...all.map((server) => once(server, "listening")),
    new Promise<void>((resolve) => udp.bind(0, "0.0.0.0", resolve)),
  ]);
  const portOf = (server: Server | TcpServer | undefined): string =>
    String((server?.address() as AddressInfo | undefined)?.port);
  return {
    received,
    keys,
    model: `http://127.0.0.1:${portOf(model)}`,
    at: {
      WEB_PORT: portOf(web),
      LAN_PORT: portOf(others[0]),
      LAN_IP: lan,
      UDP_PORT: String(udp.address().port),
      SOCKET: join(dir, "agent.sock"),
      ABSTRACT: `tac8-test-${id}`,
    },
    close() {
      for (const server of all) server.close();
      udp.close();
    },
  };
}
