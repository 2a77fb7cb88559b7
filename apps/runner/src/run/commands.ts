import type { Logger } from "@tac8/core/log/logger";
import { connectRedis } from "@tac8/core/queue/redis";
import type { IssueStore } from "@tac8/core/state/issueStore";
import { COMMANDS_CHANNEL } from "@tac8/core/state/keys";
import type { HaltSwitch } from "./halt.ts";

export interface CommandsOptions {
  readonly store: IssueStore;
  readonly running: ReadonlyMap<string, HaltSwitch>;
  readonly log: Logger;
  readonly errors: (level: "warn" | "debug", object: object, message: string) => void;
}

/** Hears at once that there is a command for one of our issues; without it the regular look would find it in seconds. */
export async function commandsOf(url: string, { store, running, log, errors }: CommandsOptions) {
  const subscriber = connectRedis(url, {
    name: "commands",
    onError: (error) => errors("debug", { err: error }, "Redis"),
  });
  subscriber.on("message", (_channel: string, jobId: string) => {
    const halt = running.get(jobId);
    if (halt === undefined) return;
    void obey(jobId, halt);
  });

  async function obey(jobId: string, halt: HaltSwitch): Promise<void> {
    try {
      const { cancel, stop } = await store.read(jobId);
      if (cancel !== null) halt.request("cancelled", cancel);
      else if (stop !== null) halt.request("stopped", stop);
    } catch (error) {
      log.debug({ err: error }, "could not read a command");
    }
  }
  await subscriber.subscribe(COMMANDS_CHANNEL);
  return {
    async close(): Promise<void> {
      subscriber.disconnect();
    },
  };
}
