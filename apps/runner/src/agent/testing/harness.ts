import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { watch } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { tryLock, type Lock } from "@tac8/core/process/flock";
import { claudeDriver } from "../claude/driver.ts";
import { plainLaunch, startAgent } from "../start.ts";
import { BASH } from "./plainSandbox.ts";
import type { LiveEvent } from "@tac8/core/conversation/event";
import type { AgentDriver, AgentHandle, AgentRequest, Launch } from "../types.ts";

export const FIXTURES = fileURLToPath(new URL("../../../fixtures", import.meta.url));
const AGENT = join(FIXTURES, "programs/agent.mjs");
const PLAIN = plainLaunch(BASH);
const silent = (): void => undefined;
export const QUIET = { debug: silent, info: silent, warn: silent, error: silent };

/** A folder with a workspace and its lock, and a request for an agent in it. */
export interface Bench {
  readonly dir: string;
  readonly lock: Lock;
  readonly events: LiveEvent[];
  request(given?: Partial<AgentRequest>): AgentRequest;
  /** Return a request for the fake CLI. */
  behave(behaviour: string, argument?: string): AgentRequest;
  start(request: AgentRequest, options?: StartOptions): AgentHandle;
  /** Resolve with the first event that matches, including past ones. */
  event(fits: (event: LiveEvent) => boolean): Promise<LiveEvent>;
  /** Release everything, and fail if a process of the run is left. */
  close(): Promise<void>;
}

export interface StartOptions {
  readonly driver?: AgentDriver;
  readonly timeLeftMs?: () => number;
  readonly launch?: Launch;
}

export async function createBench(): Promise<Bench> {
  const dir = mkdtempSync(join(tmpdir(), "tac8-agent-"));
  const lock = await tryLock(join(dir, "workspace.lock"));
  if (lock === null) throw new Error("a new lock file was locked");
  const runId = randomUUID();
  const events: LiveEvent[] = [];
  const waiting = new Set<() => void>();
  const handles: AgentHandle[] = [];

  const request = (given: Partial<AgentRequest> = {}): AgentRequest => ({
    runId,
    program: [process.execPath, AGENT, "success"],
    cwd: dir,
    env: { PATH: process.env["PATH"] ?? "", HOME: dir },
    prompt: "do it",
    promptFile: join(dir, "prompt.md"),
    outputFile: join(dir, "output"),
    model: "fake",
    sessionId: randomUUID(),
    resume: false,
    maxUsd: 0,
    lock,
    logPath: join(dir, "logs/run.jsonl"),
    limits: { wallMs: 60_000, stallMs: 60_000 },
    heartbeatMs: 1000,
    ...given,
  });
  return {
    dir,
    lock,
    events,
    request,
    behave: (behaviour, argument = "") => request({ program: [process.execPath, AGENT, behaviour, argument] }),
    start(given, { driver = claudeDriver({ isRoot: true }), timeLeftMs = () => 60_000, launch } = {}) {
      const onEvent = (event: LiveEvent): void => {
        events.push(event);
        for (const check of waiting) check();
      };
      const handle = startAgent(driver, given, { onEvent, timeLeftMs, log: QUIET, now: Date.now }, launch ?? PLAIN);
      handles.push(handle);
      return handle;
    },
    event: (fits) =>
      new Promise((resolve) => {
        const check = (): void => {
          const found = events.find(fits);
          if (found === undefined) return;
          waiting.delete(check);
          resolve(found);
        };
        waiting.add(check);
        check();
      }),
    async close() {
      await Promise.all(handles.map((handle) => handle.kill("lost")));
      lock.release();
      const left = pidsWith(`TAC8_RUN=${runId}`);
      for (const pid of left) process.kill(pid, "SIGKILL");
      const again = await tryLock(lock.path);
      again?.release();
      rmSync(dir, { recursive: true, force: true });
      if (left.length > 0) throw new Error(`processes left: ${left.join(", ")}`);
      if (again === null) throw new Error("another process still holds the workspace's lock");
    },
  };
}

/** List every process with these words in its environment, by a simpler search than the one under test. */
export function pidsWith(words: string): number[] {
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
  return pids.filter((pid) => readOr(`/proc/${pid}/environ`).includes(words) && isRunning(pid));
}

/** Return whether a process with that pid exists and is not a zombie. */
export function isRunning(pid: number): boolean {
  return /^State:\s+[^ZX]/m.test(readOr(`/proc/${pid}/status`));
}

/** Resolve when no process with that pid exists (a dying one is briefly neither alive nor a zombie). */
export async function exited(pid: number): Promise<void> {
  await expect.poll(() => isRunning(pid), { timeout: 30_000, interval: 5 }).toBe(false);
}

/** Return the number in a file, as soon as the file exists. */
export async function numberIn(path: string): Promise<number> {
  const abort = new AbortController();
  const changes = watch(dirname(path), { signal: abort.signal });
  const next = changes[Symbol.asyncIterator]();
  // The watch starts with the first call, so read the file after it.
  for (let change = next.next(); ; change = next.next()) {
    change.catch(() => undefined);
    if (existsSync(path) && readOr(path).trim() !== "") break;
    if ((await change).done === true) throw new Error(`no more changes of ${basename(path)}`);
  }
  abort.abort();
  return Number(readOr(path));
}

function readOr(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    if (error instanceof Error && "code" in error) return "";
    throw error;
  }
}
