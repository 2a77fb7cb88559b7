import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { jobIdOf } from "@tac8/core/domain/reference";
import { isEnded, type IssueState } from "@tac8/core/domain/states";
import { LINK_MS, createLink } from "@tac8/core/board/links";
import { QUEUE_NAME } from "@tac8/core/queue/contract";
import type { LoggedEvent } from "@tac8/core/domain/events";
import { connectRedis } from "@tac8/core/queue/redis";
import { readEvents } from "@tac8/core/state/events";
import { createIssueStore, type IssueStore } from "@tac8/core/state/issueStore";
import { startGitHub } from "@tac8/sandbox/github/server/local-github";
import type { LocalGitHub } from "@tac8/sandbox/github/types";
import { startRedisServer, type RedisServer } from "@tac8/sandbox/redis";
import { defectsIn } from "./defects.ts";
import { LABEL, OWNER, REPO } from "./names.ts";
import { agentProcesses } from "./processes.ts";
import { launcherCommand, unusedUserIds, TAC8_UID } from "./launcher.ts";
import { compileCache, programOf } from "./programs.ts";

export { LABEL, OWNER, REPO };

export interface WorldOptions {
  readonly defaultBranch?: string;
  readonly files?: Readonly<Record<string, string>>;
  /** Keys that replace those of the default `config.toml`, by section. */
  readonly config?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly env?: Readonly<Record<string, string>>;
  /** TOML text that is added after the sections, such as `[[repositories]]`. */
  readonly moreConfig?: string;
  /** Isolation mode; default: `TAC8_TEST_ISOLATION`. With `user`, a launcher starts the runner. */
  readonly isolation?: "sandbox" | "user" | "none";
  /** User id of the runner and so of its agents; default: that of the test. Needs root. */
  readonly uid?: number;
  /** Additional lines of redis.conf. */
  readonly redis?: Readonly<Record<string, string>>;
  /** URL of another Redis, with its passwords, for the clients of this world; apps get their URL by `env`. */
  readonly redisUrl?: string;
}

export interface App {
  readonly name: string;
  readonly child: ChildProcess;
  /** Log of the app so far, in JSON lines. */
  log(): string;
  /** Wait until the app has logged this text. */
  waitForLog(text: string): Promise<void>;
  /** Resolve with the exit code when the process has exited. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export type AppName = "scheduler" | "runner" | "board";

/** A complete tac8 on this machine: Redis, a local GitHub, and the apps as separate processes. */
export interface World {
  readonly github: LocalGitHub;
  readonly redis: Redis;
  readonly redisServer: RedisServer;
  readonly store: IssueStore;
  readonly queue: Queue;
  readonly dir: string;
  /** Folder that contains all other folders: `dir`, `home` and `ownerHome`. */
  readonly base: string;
  readonly token: string;
  /** File to which every agent appends a line when it starts. */
  readonly witness: string;
  /** Absolute path of `config.toml`. */
  readonly configFile: string;
  /** Data folder of the first runner. */
  readonly dataFolder: string;
  /** HOME of the user who runs tac8. */
  readonly ownerHome: string;
  /** Write `config.toml` again with these changes instead. */
  configure(changes: NonNullable<WorldOptions["config"]>): Promise<void>;
  /** Start an app. @param by program, with its arguments, that starts the app */
  startApp(name: AppName, env?: Readonly<Record<string, string>>, by?: readonly string[]): App;
  stopRedis(): Promise<void>;
  /** Start Redis again on its port and folder. */
  startRedis(): Promise<void>;
  /** Open a labelled issue whose body contains a script for the agent. */
  openIssue(options: { title?: string; body?: string; script?: unknown; labels?: readonly string[] }): number;
  /** Wait until the record of the issue has this state. */
  waitForState(number: number, state: string, timeoutMs?: number): Promise<void>;
  /** Do the same for an issue of any repository, by the id of its job. */
  waitForJobState(jobId: string, state: string, timeoutMs?: number): Promise<void>;
  /** Wait until n events of the issue have this state, for states that an issue can enter again. A label or reply that counts is an event of the current state. */
  waitForNthState(number: number, state: string, times: number, timeoutMs?: number): Promise<void>;
  /** Return the transitions of the issue so far, oldest first. */
  history(number: number): Promise<LoggedEvent[]>;
  /** Return what each agent noted at its start, oldest first: of all agents, or of those of one issue. */
  agentStarts(number?: number): Promise<Record<string, unknown>[]>;
  /** Return a step of a script that waits until `openGate` is called with the same name. */
  gate(name: string): { readonly bash: string };
  openGate(name: string): Promise<void>;
  jobId(number: number): string;
  /** End all processes. @throws Error if a process of an agent outlived its runner, or if tac8 has logged a defect */
  close(): Promise<void>;
}

/** Isolation mode for all tests, from `TAC8_TEST_ISOLATION` (`sandbox` or `user`). `user` needs root. */
const ISOLATION = process.env["TAC8_TEST_ISOLATION"] ?? "none";
const POLL_MS = 100;
const LOG_WAIT_MS = 120_000;
/** Time limit for the exit of an app, which is longer than its own grace period. */
const END_MS = 90_000;

export const SCRIPTED = programOf("scripted-claude");

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const base = await mkdtemp(join(tmpdir(), "tac8-e2e-"));
  const dir = join(base, "world");
  // Outside of the world's folder, because sandboxes show that folder: it has the witness and the gates.
  const [home, ownerHome] = [join(base, "home"), join(base, "owner")];
  const witness = join(dir, "witness.jsonl");
  const configFile = join(base, "config", "config.toml");
  await mkdir(dirname(configFile), { recursive: true });
  await mkdir(join(dir, "redis"), { recursive: true });
  const [redisServer, github] = await Promise.all([
    startRedisServer({ dir: join(dir, "redis"), settings: options.redis ?? {} }),
    startGitHub({ dir: join(dir, "github") }),
  ]);
  const token = github.addUser({ login: OWNER, token: `ghp_${"canary".padEnd(36, "0")}` });
  github.addUser({ login: "stranger" });
  await github.createRepository({
    owner: OWNER,
    name: "widgets",
    files: options.files ?? { "README.md": "# widgets\n" },
    defaultBranch: options.defaultBranch ?? "main",
  });
  const isolation = options.isolation ?? ISOLATION;
  const ids = unusedUserIds();
  const configure: World["configure"] = (changes) =>
    writeFile(configFile, renderConfig({ dir, isolation }, changes) + (options.moreConfig ?? ""));
  await configure(options.config ?? {});
  const redis = connectRedis(options.redisUrl ?? redisServer.url, { name: "test", onError: () => {} });
  const queue = new Queue(QUEUE_NAME, { connection: redis });
  queue.on("error", () => {});
  const store = createIssueStore(redis);
  const apps: App[] = [];
  let redisRuns: RedisServer | null = redisServer;
  const stopRedis = async () => {
    await redisRuns?.stop();
    redisRuns = null;
  };
  const startRedis = async () => {
    const port = Number(new URL(redisServer.url).port);
    redisRuns ??= await startRedisServer({ dir: join(dir, "redis"), port, settings: options.redis ?? {} });
  };
  const jobId = (number: number) => jobIdOf({ owner: OWNER, repo: "widgets", number });
  const history = async (number: number) =>
    (await readEvents(redis, { count: 10_000 })).filter(({ issue }) => issue === jobId(number));
  const withLogs = (error: unknown) => {
    const logs = apps.map((app) => `--- ${app.name}\n${app.log().slice(-6000)}`);
    throw new Error([String(error), ...logs].join("\n"));
  };
  const waitForJobState: World["waitForJobState"] = async (id, state, timeoutMs = 150_000) => {
    await poll(timeoutMs, async () => {
      const now = await store.read(id);
      if (now.state !== state && isEnded(now.state) && isEnded(state as IssueState)) {
        throw new Error(`${id} ended as ${now.state}, not ${state}: ${now.end.reason ?? ""}`);
      }
      return now.state === state ? null : `${id} is ${now.state ?? "unknown"} (${now.end.reason ?? ""}), not ${state}`;
    }).catch(withLogs);
  };

  return {
    github,
    redis,
    redisServer,
    store,
    queue,
    dir,
    base,
    token,
    witness,
    configFile,
    dataFolder: home,
    ownerHome,
    jobId,
    stopRedis,
    startRedis,
    configure,
    startApp(name, env = {}, by = []) {
      const launched = name === "runner" && (isolation === "user" || env["TAC8_LAUNCHER"] !== undefined);
      const uid = launched ? TAC8_UID : name === "runner" ? options.uid : undefined;
      if (uid !== undefined) {
        chmodSync(base, 0o711);
        for (const path of [dir, home, ownerHome]) giveTo(uid, path);
      }
      const variables = {
        PATH: process.env["PATH"] ?? "",
        HOME: ownerHome,
        TMPDIR: process.env["TMPDIR"] ?? "/tmp",
        TAC8_CONFIG: configFile,
        TAC8_HOME: home,
        REDIS_URL: redisServer.url,
        GITHUB_TOKEN: token,
        GITHUB_API_URL: github.url,
        TAC8_BOARD_PORT: "0",
        TAC8_WITNESS: witness,
        ...(launched ? { TAC8_LAUNCHER: join(base, `launcher-${apps.length}`, "socket") } : {}),
        LOG_LEVEL: "debug",
        ...options.env,
        ...env,
      };
      // Agents that are other users write there too.
      if (launched) {
        chmodSync(dir, 0o777);
        closeSync(openSync(witness, "a"));
        chmodSync(witness, 0o666);
      }
      const app = startApp({ name, env: variables, uid, ids: launched ? ids : undefined, by });
      apps.push(app);
      return app;
    },
    openIssue({ title = "Make it better", body = "Please.", script, labels = [LABEL] }) {
      const text = script === undefined ? body : `${body}\n\n\`\`\`tac8-script\n${JSON.stringify(script)}\n\`\`\`\n`;
      return github.openIssue({ repo: REPO, title, body: text, labels, author: OWNER }).number;
    },
    waitForJobState,
    waitForState: (number, state, timeoutMs) => waitForJobState(jobId(number), state, timeoutMs),
    history,
    async waitForNthState(number, state, times, timeoutMs = 150_000) {
      await poll(timeoutMs, async () => {
        const seen = (await history(number)).filter(({ to }) => to === state).length;
        return seen >= times ? null : `issue ${number} was ${state} ${seen} times, not ${times}`;
      }).catch(withLogs);
    },
    async agentStarts(number) {
      const text = await readFile(witness, "utf8").catch(() => "");
      const lines = text.split("\n").filter((line) => line !== "");
      return lines
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter((entry) => entry["finished"] === undefined)
        .filter(({ cwd }) => number === undefined || String(cwd).endsWith(`/gh-${number}`));
    },
    gate: (name) => ({ bash: `until [ -e '${join(dir, name)}' ]; do sleep 0.05; done` }),
    openGate: (name) => writeFile(join(dir, name), ""),
    async close() {
      await startRedis(); // Apps need Redis to shut down cleanly.
      const stuck = await endAll(apps);
      // A test may have replaced the event log by another value.
      const events = redis.status === "ready" ? await readEvents(redis, { count: 10_000 }).catch(() => []) : [];
      const defects = defectsIn(events);
      await queue.close();
      redis.disconnect();
      await stopRedis();
      await github.close();
      const leaked = await endAgents(witness);
      await rm(base, { recursive: true, force: true, maxRetries: 3 });
      if (stuck.length > 0) throw new Error(`did not exit after SIGTERM: ${stuck.join(", ")}`);
      if (leaked.length > 0) throw new Error(`outlived their runner: ${leaked.join(", ")}`);
      if (defects.length > 0) throw new Error(defects.join("\n"));
    },
  };
}

interface StartApp {
  readonly name: AppName;
  readonly env: Readonly<Record<string, string>>;
  readonly uid: number | undefined;
  /** First user id for agents of its launcher; undefined: there is no launcher. */
  readonly ids: number | undefined;
  readonly by: readonly string[];
}

function startApp({ name, env, uid, ids, by }: StartApp): App {
  const command = [...by, process.execPath, programOf(name)];
  const [program = "", ...args] = ids === undefined ? command : launcherCommand(command, ids);
  const child = spawn(program, args, {
    ...(uid === undefined || ids !== undefined ? {} : { uid, gid: uid }), // libuv then drops all groups, too.
    env: { ...(uid === undefined ? compileCache() : {}), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (ids !== undefined) aimAtRunner(child);
  let text = "";
  const readers = new Set<() => void>();
  const keep = (chunk: Buffer) => {
    text = (text + chunk.toString("utf8")).slice(-2_000_000);
    for (const read of readers) read();
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const exited = once(child, "exit");
  /** Its whole output was read. */
  const closed = once(child, "close").catch(() => {});
  return {
    name,
    child,
    log: () => text,
    async waitForLog(words) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const read = () => {
        if (text.includes(words)) resolve();
      };
      const fail = (why: string) => reject(new Error(`${name} did not write "${words}"${why}:\n${text}`));
      const bound = setTimeout(fail, LOG_WAIT_MS, ` within ${LOG_WAIT_MS / 1000} s`);
      void closed.then(() => fail(` before it ended with ${child.exitCode ?? child.signalCode}`));
      readers.add(read);
      read();
      await promise.finally(() => {
        clearTimeout(bound);
        readers.delete(read);
      });
    },
    async stop(signal = "SIGTERM") {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await exited.catch(() => {});
      return child.exitCode;
    },
  };
}

/** Send every signal except SIGTERM to the runner itself, not to its launcher. The launcher passes SIGTERM on. */
function aimAtRunner(launcher: ChildProcess): void {
  const kill = launcher.kill.bind(launcher);
  launcher.kill = (signal) => {
    if (signal === "SIGTERM" || signal === undefined) return kill(signal);
    const [runner] = readFileSync(`/proc/${launcher.pid}/task/${launcher.pid}/children`, "utf8").trim().split(" ");
    return process.kill(Number(runner), signal);
  };
}

/** Change the owner of a folder, but not of its contents. */
function giveTo(uid: number, path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chownSync(path, uid, uid);
}

/** Send SIGTERM to all apps at once, and SIGKILL to those that do not exit. @returns the names of those */
async function endAll(apps: readonly App[]): Promise<string[]> {
  const ends = apps.map(async (app) => {
    let stuck = false;
    const bound = setTimeout(() => {
      stuck = true;
      app.child.kill("SIGKILL");
    }, END_MS);
    await app.stop();
    clearTimeout(bound);
    return stuck ? [app.name] : [];
  });
  return (await Promise.all(ends)).flat();
}

/** Kill agents that did not end with their runner, so that they do not outlive the test. @returns these agents */
async function endAgents(witness: string): Promise<string[]> {
  try {
    await poll(120_000, async () => (agentProcesses(witness).length === 0 ? null : "an agent is alive"));
    return [];
  } catch {
    const left = agentProcesses(witness); // The caller reports them.
    for (const { pid } of left) process.kill(pid, "SIGKILL");
    return left.map(({ pid, command }) => `${pid} ${command}`);
  }
}

/** Return the URL of the board. */
export async function urlOf(board: App): Promise<string> {
  await board.waitForLog("board at ");
  return /board at (http:[^"]+)"/.exec(board.log())?.[1] ?? "";
}

/** Return a link that signs in to the board that listens at this address, once. */
export function linkTo(url: string, { dataFolder }: Pick<World, "dataFolder">): string {
  return createLink(url, { dataFolder, now: Date.now(), lifeMs: LINK_MS });
}

/** Return HTTP headers with the password of the world's board. */
export async function boardLogin({
  dataFolder,
}: Pick<World, "dataFolder">): Promise<{ readonly authorization: string }> {
  const password = (await readFile(join(dataFolder, "tac8-board-password"), "utf8")).trim();
  return { authorization: `Basic ${Buffer.from(`:${password}`).toString("base64")}` };
}

/** Repeat a check until it returns null instead of a complaint, or the time limit is over. */
export async function poll(timeoutMs: number, ask: () => Promise<string | null>): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const complaint = await ask();
    if (complaint === null) return;
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${complaint}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function renderConfig(
  { dir, isolation }: { readonly dir: string; readonly isolation: string },
  changes: NonNullable<WorldOptions["config"]>,
): string {
  const base: Record<string, Record<string, unknown>> = {
    coordinator: {
      max_concurrent_workers: 2,
      poll_interval_seconds: 1,
      backoff_factor: 0.01,
      shutdown_grace_seconds: 10,
    },
    github: { repo_owner: OWNER, repo_name: "widgets", write_interval_ms: 0 },
    llm: { command: [SCRIPTED] },
    agent: { env: ["TAC8_WITNESS"], home: "private", isolation, write: [dir] },
    // Off, so that a busy test machine changes nothing.
    host: { min_free_memory_mb: 0, min_free_disk_gb: 0, max_load_per_core: 0, max_temperature_c: 0 },
  };
  for (const [section, keys] of Object.entries(changes)) base[section] = { ...base[section], ...keys };
  return Object.entries(base)
    .map(([section, keys]) => {
      const lines = Object.entries(keys).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
      return `[${section}]\n${lines.join("\n")}\n`;
    })
    .join("\n");
}
