import type { Logger } from "@tac8/core/log/logger";
import type { Pausable } from "./brake.ts";
import { FIT, judgeHost, type HostLimits, type HostReading } from "./judge.ts";

const LOOK_MS = 5000;
const UNREAD: HostReading = {
  dataFolder: null,
  clock: null,
  freeMemoryMb: null,
  freeDiskGb: null,
  loadPerCore: null,
  temperatureC: null,
};

export interface HostWatch {
  /** Why nothing new starts here now; null: fit for work. */
  readonly tired: string | null;
  /** As it was at the last look. */
  readonly reading: HostReading;
  /** From now on this worker rests while the host is tired; its running jobs go on. */
  govern(worker: Pausable): Promise<void>;
  close(): Promise<void>;
}

export interface HostWatchOptions {
  readonly limits: HostLimits;
  readonly read: () => Promise<HostReading>;
  readonly log: Logger;
  /** Between two looks. */
  readonly everyMs?: number;
}

/** Looks at the host, the first time before it returns, and then again and again. */
export async function watchHost({ limits, read, log, everyMs = LOOK_MS }: HostWatchOptions): Promise<HostWatch> {
  let verdict = FIT;
  let reading = UNREAD;
  let worker: Pausable | null = null;
  let looking: Promise<void> = Promise.resolve();

  async function look(): Promise<void> {
    reading = await read();
    const next = judgeHost(reading, limits, verdict);
    const news = next.broken.join() !== verdict.broken.join();
    verdict = next;
    if (news && next.tired !== null) log.warn(`this host is tired, so no new job starts on it: ${next.tired}`);
    else if (news) log.info("this host is fit for work again");
    await apply();
  }

  async function apply(): Promise<void> {
    await (verdict.tired === null ? worker?.resume() : worker?.pause(true));
  }

  await look();
  const timer = setInterval(() => {
    looking = looking.then(look).catch((err: unknown) => log.warn({ err }, "could not look at the host"));
  }, everyMs);
  return {
    get tired() {
      return verdict.tired;
    },
    get reading() {
      return reading;
    },
    govern(given) {
      worker = given;
      return apply();
    },
    async close() {
      clearInterval(timer);
      await looking;
    },
  };
}
