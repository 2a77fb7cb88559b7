import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { openSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { compileCache, programOf, ROOT } from "../programs.ts";
import type { AppName } from "../world.ts";

/** One process of an app, from its start to its exit. */
export interface Life {
  readonly pid: number;
  readonly startedAt: number;
  /** Resident memory in MB, every other second. */
  readonly memory: number[];
  /** Null while the process is alive. */
  end: {
    readonly code: number | null;
    readonly signal: NodeJS.Signals | null;
    readonly asked: string | null;
    /** Epoch ms. */
    readonly at: number;
  } | null;
}

/** An app that is restarted many times under the same name, with one log file. */
export class App {
  readonly name: string;
  readonly logFile: string;
  readonly lives: Life[] = [];
  readonly #env: () => Readonly<Record<string, string>>;
  readonly #log: number;
  #child: ChildProcess | null = null;
  #missing: Promise<unknown> = Promise.resolve();
  #asked: string | null = null;

  constructor(options: { name: string; env: () => Readonly<Record<string, string>>; logFile: string }) {
    this.name = options.name;
    this.#env = options.env;
    this.logFile = options.logFile;
    this.#log = openSync(options.logFile, "a");
  }

  get alive(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  start(): void {
    const child = spawn(process.execPath, [programOf(this.name.split("-")[0] as AppName)], {
      cwd: ROOT,
      env: { ...compileCache(), ...this.#env() },
      stdio: ["ignore", this.#log, this.#log],
    });
    const life: Life = { pid: child.pid ?? 0, startedAt: Date.now(), memory: [], end: null };
    this.lives.push(life);
    this.#child = child;
    this.#asked = null;
    child.once("exit", (code, signal) => (life.end = { code, signal, asked: this.#asked, at: Date.now() }));
    this.#missing = once(child, "exit");
  }

  /** Send the signal and wait for the exit. @returns false if it took longer than the time limit, and the process was killed */
  async end(signal: "SIGTERM" | "SIGKILL", boundMs = 20_000): Promise<boolean> {
    if (!this.alive) return true;
    let inTime = true;
    const bound = setTimeout(() => {
      inTime = false;
      this.#child?.kill("SIGKILL");
    }, boundMs);
    this.#asked = signal;
    this.#child?.kill(signal);
    await this.#missing;
    clearTimeout(bound);
    return inTime;
  }

  sampleMemory(): void {
    const life = this.lives.at(-1);
    if (!this.alive || life === undefined) return;
    const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(readProc(`/proc/${life.pid}/status`))?.[1] ?? 0);
    if (kilobytes > 0) life.memory.push(Math.round(kilobytes / 1024));
  }

  /** Numbers of the slots whose lock files this process has open. */
  slots(): number[] {
    try {
      return readdirSync(`/proc/${this.pid}/fd`).flatMap((fd) => {
        const match = /\/runs\/slot-(\d+)\.lock$/.exec(readlinkSync(`/proc/${this.pid}/fd/${fd}`));
        return match === null ? [] : [Number(match[1])];
      });
    } catch {
      return []; // The process has exited, or has closed a file meanwhile.
    }
  }
}

function readProc(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // It has just ended.
  }
}
