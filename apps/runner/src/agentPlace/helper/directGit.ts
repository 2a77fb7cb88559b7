import { StepFailure } from "@tac8/core/domain/failures";
import { runGit, type GitAnswer, type GitCommand } from "../../git/runGit.ts";
import { assertFolder, startFolderAt } from "../onDisk.ts";

/** Git commands that the runner itself runs in an issue's folders, without a helper. */
export class DirectGit {
  readonly #running = new Set<Promise<GitAnswer>>();
  #stop = new AbortController();
  readonly #lockFd: number | undefined;

  /** @param lockFd see `GitProcessOptions` */
  constructor(lockFd?: number) {
    this.#lockFd = lockFd;
  }

  /** See `AgentPlace.git`. @throws StepFailure if the command is ended by `close` */
  async run(command: GitCommand): Promise<GitAnswer> {
    const stop = this.#stop.signal;
    const signal = command.signal === undefined ? stop : AbortSignal.any([command.signal, stop]);
    const running = runGit({ ...command, signal }, { lockFd: this.#lockFd });
    this.#running.add(running);
    try {
      const answer = await running;
      if (answer.code === undefined) assertFolder(command.dir, startFolderAt(command.dir));
      return answer;
    } finally {
      this.#running.delete(running);
    }
  }

  /** End the running commands with their child processes, and wait for their end. Later commands may run. */
  async close(): Promise<void> {
    if (this.#running.size === 0) return;
    this.#stop.abort(new StepFailure({ kind: "git", message: "git in the workspace was ended" }));
    this.#stop = new AbortController();
    await Promise.allSettled(this.#running);
  }
}
