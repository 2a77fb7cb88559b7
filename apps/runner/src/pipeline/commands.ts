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

/**
 * Subscribe to commands for this runner's issues and to pauses of runners. Without the subscription, the regular checks would read them
 * some seconds later.
 */
export async function subscribeToCommands(url: string, { store, running, onPause, log, errors }: CommandsOptions) {
  const subscriber = connectRedis(url, {
    name: "commands",
    onError: (error) => errors("debug", { err: error }, "Redis"),
  });
  subscriber.on("message", (channel: string, id: string) => {
    if (channel === PAUSES_CHANNEL) return onPause(id);
    const haltSwitch = running.get(id);
    if (haltSwitch !== undefined) void obeyCommand(id, haltSwitch);
  });

  async function obeyCommand(jobId: string, haltSwitch: HaltSwitch): Promise<void> {
    try {
      haltSwitch.obey(await store.read(jobId));
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
