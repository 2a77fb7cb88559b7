import { hasStopFile } from "../workspace/messageFiles.ts";
import type { Logger } from "@tac8/core/log/logger";
import type { IssueStore } from "@tac8/core/state/issueStore";
import type { Redis } from "ioredis";
import type { AgentPlace } from "../agentPlace/place.ts";
import type { HaltSwitch, OnHalt } from "./halt.ts";

/** Longest time until a command in the record is read. Usually pipeline/commands.ts receives the command earlier. */
const POLL_MS = 5000;
const FILE_POLL_MS = 1000;

/** The parts of a run that the watch needs. */
export interface Watched {
  /** Id of the run. */
  readonly id: string;
  readonly jobId: string;
  readonly haltSwitch: HaltSwitch;
  readonly store: Pick<IssueStore, "read">;
  readonly redis: Pick<Redis, "status">;
  readonly place: AgentPlace;
  /** Path of the worktree. */
  readonly tree: string;
  /** Config `poll_interval_seconds`. */
  readonly pollSeconds: number;
  readonly log: Logger;
}

export interface WatchOptions {
  readonly onHalt: OnHalt;
  /** Return why an edit of the issue stops the work; null if no edit does. Called as often as the scheduler polls GitHub. */
  readonly findEdit: (signal: AbortSignal) => Promise<string | null>;
}

/**
 * Watch for a halt while an agent works: for commands in the issue's record, another run that has taken over, a file named `STOP` in
 * the workspace, and edits of the issue. @returns a function that ends the watch
 */
export function watchForHalt(run: Watched, { onHalt, findEdit }: WatchOptions): () => void {
  let checkingForCommand = false;

  async function checkForCommand(): Promise<void> {
    if (checkingForCommand || run.redis.status !== "ready") return;
    checkingForCommand = true;
    try {
      const state = await run.store.read(run.jobId);
      if (state.run.id !== run.id) run.haltSwitch.request("lost", "another run has taken over");
      else run.haltSwitch.obey(state);
    } catch (error) {
      run.log.debug({ err: error }, "could not read the commands of the issue from Redis: the next check reads them");
    } finally {
      checkingForCommand = false;
    }
  }

  const ended = new AbortController();
  let checkingForFile = false;

  async function checkForFile(): Promise<void> {
    if (checkingForFile) return;
    checkingForFile = true;
    try {
      if (!(await hasStopFile(run.place, run.tree)) || ended.signal.aborted) return;
      run.haltSwitch.request("stopped", "there was a file STOP in the workspace");
    } catch (error) {
      run.log.debug({ err: error }, "could not check for a file STOP: the next check repeats it");
    } finally {
      checkingForFile = false;
    }
  }

  let checkingForEdit = false;

  async function checkForEdit(): Promise<void> {
    if (checkingForEdit || run.haltSwitch.halt.aborted) return;
    checkingForEdit = true;
    try {
      const reason = await findEdit(AbortSignal.any([ended.signal, run.haltSwitch.halt]));
      if (reason !== null && !ended.signal.aborted) run.haltSwitch.request("stopped", reason, "edited");
    } catch (error) {
      run.log.debug({ err: error }, "could not check whether the issue was edited: the next check repeats it");
    } finally {
      checkingForEdit = false;
    }
  }

  const commands = setInterval(() => void checkForCommand(), POLL_MS);
  const files = setInterval(() => void checkForFile(), FILE_POLL_MS);
  const edits = setInterval(() => void checkForEdit(), run.pollSeconds * 1000);
  const stopWatchingSwitch = run.haltSwitch.watch(onHalt);
  return () => {
    ended.abort();
    clearInterval(edits);
    clearInterval(commands);
    clearInterval(files);
    stopWatchingSwitch();
  };
}
