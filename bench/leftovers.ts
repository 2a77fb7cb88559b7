import { rmSync } from "node:fs";

/**
 * List of processes and folders that the benchmark has opened. The code that opened one normally closes it. This list is for
 * an exit of the benchmark that leaves no time for that.
 */
export class Leftovers {
  readonly #pids = new Set<number>();
  readonly #folders = new Set<string>();

  /** Add a process, or a process group as a negative number. @returns the function to call when it exits */
  process(pid: number): () => void {
    if (pid !== 0) this.#pids.add(pid);
    return () => void this.#pids.delete(pid);
  }

  /** Add a folder. @returns the function to call when the folder is removed */
  folder(path: string): () => void {
    this.#folders.add(path);
    return () => void this.#folders.delete(path);
  }

  /** Kill and remove everything in the list at once. Never throws. */
  clear(): void {
    for (const pid of this.#pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        continue; // The process has just exited.
      }
    }
    for (const path of this.#folders) {
      try {
        rmSync(path, { recursive: true, force: true, maxRetries: 5 });
      } catch {
        continue; // A process that was just killed may still write to the folder. It is below the temporary folder, so it may stay.
      }
    }
  }
}
