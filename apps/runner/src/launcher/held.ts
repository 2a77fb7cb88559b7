import { once } from "node:events";
import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import { killAll, removeTraces, startAs } from "./children.ts";
import type { Identity } from "./identity.ts";

/** Time for the launcher of another container to end its programs. */
const LOCK_SECONDS = 30;
const CONFLICT = 75;

/**
 * The user ids that tac8 holds, each by one or more connections. A user id is free or taken; it is taken while it is
 * being taken, held or released. A taken user id belongs to one holder only: all processes of an earlier holder are
 * dead, and the lock excludes other containers that share the data folder.
 */
export class Held {
  readonly #user: Identity;
  readonly #taken = new Map<number, Taken>();

  /** @param user the user of tac8 */
  constructor(user: Identity) {
    this.#user = user;
  }

  /**
   * Run an action as a user id. A release of the user id aborts the signal and waits, because processes that the action
   * kills when it ends could otherwise belong to the next holder. @throws Error if the user id is not held
   */
  async run(uid: number, act: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const taken = this.#taken.get(uid);
    if (taken?.held !== true) throw new Error(`user id ${uid} is not held`);
    return taken.run(act);
  }

  /** Take a user id for a connection, until the connection ends. @throws Error if it is not free */
  async take(uid: number, lockFile: string, connection: Socket): Promise<void> {
    await this.#taken.get(uid)?.left;
    const taken = this.#taken.get(uid) ?? new Taken(uid, lockFile, this.#user);
    this.#taken.set(uid, taken);
    taken.connections.add(connection);
    connection.once("close", () => void this.leave(uid, connection));
    try {
      await taken.ready;
    } catch (error) {
      if (this.#taken.get(uid) === taken) this.#taken.delete(uid);
      throw error;
    }
  }

  /** Release all user ids and kill their processes. */
  async leaveAll(): Promise<void> {
    await Promise.all([...this.#taken.keys()].map((uid) => killAll(uid)));
  }

  /**
   * Release a user id for a connection. If that was the last connection, resolves when none of its processes is left.
   */
  async leave(uid: number, connection: Socket): Promise<void> {
    const taken = this.#taken.get(uid);
    if (taken === undefined) return;
    taken.connections.delete(connection);
    if (taken.connections.size > 0) return;
    await taken.leave();
    if (this.#taken.get(uid) === taken) this.#taken.delete(uid);
  }
}

class Taken {
  readonly uid: number;
  readonly connections = new Set<Socket>();
  readonly ready: Promise<void>;
  held = false;
  /** Set while the user id is released. */
  left: Promise<void> | null = null;
  readonly #lock: ChildProcess;
  readonly #end = new AbortController();
  readonly #runs = new Set<Promise<void>>();

  constructor(uid: number, lockFile: string, user: Identity) {
    this.uid = uid;
    // The process keeps the lock until its input ends, also when the launcher dies.
    const keep = ["sh", "-c", "echo; exec cat >/dev/null"];
    const command = ["flock", "-E", String(CONFLICT), "-w", String(LOCK_SECONDS), lockFile, ...keep];
    this.#lock = startAs(user, command, { stdio: ["pipe", "pipe", "ignore"] });
    this.#lock.stdin?.on("error", () => undefined);
    this.ready = this.#take();
    this.ready.catch(() => undefined);
  }

  async #take(): Promise<void> {
    const lock = this.#lock;
    const got = await new Promise<string | null>((resolve) => {
      lock.stdout?.once("data", () => resolve(null));
      lock.once("error", (error) => resolve(error.message));
      lock.once("exit", (code) => resolve(code === CONFLICT ? "" : `flock ended with ${code}`));
    });
    if (got !== null) {
      throw new Error(
        got || `processes of user id ${this.uid} are still running in another container: restart the runner there`,
      );
    }
    const { remaining } = await killAll(this.uid);
    if (remaining > 0) {
      lock.stdin?.end();
      throw new Error(`${remaining} processes of user id ${this.uid} cannot be killed`);
    }
    this.held = true;
  }

  async run(act: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const running = act(this.#end.signal);
    this.#runs.add(running);
    try {
      await running;
    } finally {
      this.#runs.delete(running);
    }
  }

  leave(): Promise<void> {
    this.held = false;
    return (this.left ??= this.#leave());
  }

  async #leave(): Promise<void> {
    await this.ready.catch(() => undefined);
    this.held = false;
    this.#end.abort(new Error(`user id ${this.uid} is released`));
    // The user id is not free until every process is killed.
    while ((await killAll(this.uid)).remaining > 0);
    await Promise.allSettled(this.#runs);
    await removeTraces(this.uid);
    const exited = this.#lock.exitCode === null && this.#lock.pid !== undefined ? once(this.#lock, "exit") : null;
    this.#lock.stdin?.end();
    await exited;
  }
}
