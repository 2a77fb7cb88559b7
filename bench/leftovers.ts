import { rmSync } from "node:fs";

/**
 * Processes and folders that the benchmark has opened. Each is normally closed by the code that opened it; this list is for
 * an end of the process that leaves no time for that.
 */
export class Leftovers {
  readonly #pids = new Set<number>();
  readonly #folders = new Set<string>();

  /** A negative number is a group of processes. @returns the function to call when it ends. */
  process(pid: number): () => void {
    if (pid !== 0) this.#pids.add(pid);
    return () => void this.#pids.delete(pid);
  }

  /** @returns the function to call when the folder is removed. */
  folder(path: string): () => void {
    this.#folders.add(path);
    return () => void this.#folders.delete(path);
  }

  /** Ends and removes what is left, at once. Never throws. */
  clear(): void {
    for (const pid of this.#pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        continue; // It has just ended.
      }
    }
    for (const path of this.#folders) {
      try {
        rmSync(path, { recursive: true, force: true, maxRetries: 5 });
      } catch {
        continue; // A process that was just killed may still write to it; the folder is in the temporary one.
      }
    }
  }
}
