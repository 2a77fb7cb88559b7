import { messageOf } from "@tac8/core/domain/messageOf";
import { setTimeout as sleep } from "node:timers/promises";
import { valueWithin } from "@tac8/core/app/within";
import { connectRedis } from "@tac8/core/queue/redis";
import { redisErrorText } from "@tac8/core/queue/redisErrors";
import type { Context } from "../context/context.ts";
import { WrongUsage } from "../problems/problem.ts";
import { monitorPage } from "../status/monitorPage.ts";
import { readStatusOf } from "../status/readStatus.ts";
import { statusSections } from "../status/renderStatus.ts";
import type { StatusReport } from "../status/statusReport.ts";
import type { Input } from "../context/program.ts";
import { redisAddress } from "@tac8/core/config/redisUrl";
import { locate, type Installation } from "../installation/locate.ts";
import { openQueue } from "../redis/queue.ts";
import type { FullScreen } from "../terminal/fullScreen.ts";
import { painter } from "../terminal/text.ts";
import { clock } from "../terminal/time.ts";

const EVERY_MS = 1000;
/** A Redis that takes longer counts as unreachable. */
const ANSWER_MS = 2000;
const EVENTS = 50;
const QUIT = ["q", "Q", "\u0003", "\u0004"];

export async function monitor(context: Context, { options }: Input): Promise<number> {
  const installation = locate(context, options["config"] as string | undefined);
  if (context.openFullScreen === null) {
    throw new WrongUsage("monitor needs a terminal: use tac8 status, or tac8 status --json in scripts");
  }
  const screen = context.openFullScreen();
  try {
    await watch(context, installation, screen);
  } finally {
    screen.close();
  }
  return 0;
}

/** Update the screen until the user quits. */
async function watch(context: Context, installation: Installation, screen: FullScreen): Promise<void> {
  const { now, out } = context;
  const stop = new AbortController();
  const quit = (): void => stop.abort();
  const offSignal = context.onSignal(quit);
  const reader = openReader(installation, now);
  let report: StatusReport | null = null;
  let unreachable: string | null = null;

  function draw(): void {
    const paint = painter(out.color);
    // Erasing the rest of a line that is full would erase its last character.
    const size = { width: screen.columns - 1, height: screen.rows };
    const how = { repositories: installation.repositories, now: now(), paint };
    const sections = report === null ? null : statusSections(report, { ...how, width: size.width, brief: true });
    screen.draw(monitorPage({ ...how, ...size, sections, unreachable, address: redisAddress(installation.redisUrl) }));
  }

  screen.onKey((key) => {
    if (QUIT.includes(key)) quit();
  });
  screen.onResize(draw);
  try {
    while (!stop.signal.aborted) {
      const found = await Promise.race([reader.read(), aborted(stop.signal)]);
      if (found === null) break;
      if ("report" in found) report = found.report;
      unreachable = "report" in found ? null : found.unreachable;
      draw();
      await sleep(EVERY_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  } finally {
    offSignal();
    reader.close();
  }
}

type Found = { readonly report: StatusReport } | { readonly unreachable: string };

interface Reader {
  /** Read the status. Takes at most 2 s and never rejects. */
  read(): Promise<Found>;
  close(): void;
}

function openReader(installation: Installation, now: () => number): Reader {
  const address = redisAddress(installation.redisUrl);
  let last = "no response";
  let since = now();
  const redis = connectRedis(installation.redisUrl, {
    name: "cli",
    onError: (error) => (last = redisErrorText(error)),
  });
  const queue = openQueue(redis);
  /** At most one read at a time, because a disconnected client keeps every command in memory. */
  let reading: Promise<Found> | null = null;

  function unreachableBecause(why: string): Found {
    return { unreachable: `Redis at ${address} has been unreachable since ${clock(since)} (${why}); retrying` };
  }

  async function read(): Promise<Found> {
    try {
      return { report: await readStatusOf(queue, { redis, installation, events: EVENTS, now: now() }) };
    } catch (error) {
      return unreachableBecause(messageOf(error));
    }
  }

  return {
    async read() {
      if (redis.status !== "ready" && redis.status !== "connect" && redis.status !== "connecting")
        return unreachableBecause(last);
      reading ??= read().finally(() => {
        reading = null;
      });
      const found = await valueWithin(reading, ANSWER_MS, () => unreachableBecause(last));
      if ("report" in found) since = now();
      return found;
    },
    close() {
      redis.disconnect();
    },
  };
}

function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    else signal.addEventListener("abort", () => resolve(null), { once: true });
  });
}
