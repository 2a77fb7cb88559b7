import type { Logger } from "@tac8/core/log/logger";
import { connectRedis } from "@tac8/core/queue/redis";
import type { IssueStore } from "@tac8/core/state/issueStore";
import { COMMANDS_CHANNEL, PAUSES_CHANNEL } from "@tac8/core/state/keys";
import type { HaltSwitch } from "../run/halt.ts";

export interface CommandsOptions {
  readonly store: IssueStore;
  readonly running: ReadonlyMap<string, HaltSwitch>;
  /** Called with the id of each runner that an operator pauses or resumes. */
  readonly onPause: (runner: string) => void;
  readonly log: Logger;
  readonly errors: (level: "warn" | "debug", object: object, message: string) => void;
}

/** Subscribe to commands for this runner's issues and to pauses of runners. Without this, the regular check would find them some seconds later. */
export async function subscribeToCommands(url: string, { store, running, onPause, log, errors }: CommandsOptions) {
  const subscriber = connectRedis(url, {
    name: "commands",
    onError: (error) => errors("debug", { err: error }, "Redis"),
  });
  subscriber.on("message", (channel: string, about: string) => {
    if (channel === PAUSES_CHANNEL) return onPause(about);
    const halt = running.get(about);
    if (halt !== undefined) void obey(about, halt);
  });

  async function obey(jobId: string, halt: HaltSwitch): Promise<void> {
    try {
      halt.obey(await store.read(jobId));
    } catch (error) {
      log.debug({ err: error }, "could not read a command from Redis: the next regular check reads it");
    }
  }
  await subscriber.subscribe(COMMANDS_CHANNEL, PAUSES_CHANNEL);
  return {
    async close(): Promise<void> {
      subscriber.disconnect();
    },
  };
}
