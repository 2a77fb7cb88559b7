import type { Logger } from "@tac8/core/log/logger";
import { connectRedis } from "@tac8/core/queue/redis";
import type { IssueStore } from "@tac8/core/state/issueStore";
import { COMMANDS_CHANNEL, PAUSES_CHANNEL } from "@tac8/core/state/keys";
import type { HaltSwitch } from "../run/halt.ts";

export interface CommandsOptions {
  readonly store: IssueStore;
  readonly running: ReadonlyMap<string, HaltSwitch>;
  /** Called for each runner that an operator pauses or resumes, by its id. */
  readonly onPause: (runner: string) => void;
  readonly log: Logger;
  readonly errors: (level: "warn" | "debug", object: object, message: string) => void;
}

/** Hears at once that there is a command for one of our issues, or for a runner; without it the regular check would find it in seconds. */
export async function commandsOf(url: string, { store, running, onPause, log, errors }: CommandsOptions) {
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
      log.debug({ err: error }, "could not read a command");
    }
  }
  await subscriber.subscribe(COMMANDS_CHANNEL, PAUSES_CHANNEL);
  return {
    async close(): Promise<void> {
      subscriber.disconnect();
    },
  };
}
