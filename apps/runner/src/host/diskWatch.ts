import type { Logger } from "@tac8/core/log/logger";
import type { Membership } from "../process/members.ts";
import { findSurvivors } from "../process/survivors.ts";
import { readProc } from "@tac8/core/process/procfs";

const CHECK_MS = 1000;

/** A run whose agent is at work. */
export interface DiskRun {
  readonly runId: string;
  /** See `SurvivorQuery`. */
  readonly members?: () => Membership | null;
  /** Ends its agent; called at most once. `why` is for people. */
  readonly end: (why: string) => void;
}

export interface DiskWatch {
  /** From now on the run may be ended. @returns what ends that */
  watch(run: DiskRun): () => void;
  /** Whether a new job would find too little room now. */
  isShort(): Promise<boolean>;
}

export interface DiskWatchOptions {
  /** No new job is taken below this; 0: no limit. */
  readonly minFreeGb: number;
  /** What is free where agents write; null: it cannot be read. */
  readonly freeGb: () => Promise<number | null>;
  readonly log: Pick<Logger, "debug">;
  /** Bytes that a run has written. */
  readonly written?: (run: DiskRun) => number;
  /** Between two checks. */
  readonly everyMs?: number;
}

/**
 * Ends runs while the disk runs full, before nothing works any more: first the one that has written the most. Checks only
 * while an agent is at work.
 */
export function watchDisk(options: DiskWatchOptions): DiskWatch {
  const { minFreeGb, freeGb, log, written = writtenBy, everyMs = CHECK_MS } = options;
  const runs = new Set<DiskRun>();
  let ended = 0;
  let timer: NodeJS.Timeout | null = null;
  let checking = false;

  async function check(): Promise<void> {
    const free = await freeGb();
    if (free === null) return;
    if (free >= floorGb(minFreeGb, 0)) ended = 0;
    if (free >= floorGb(minFreeGb, ended)) return;
    const run = largest([...runs], written);
    if (run === null) return;
    runs.delete(run);
    ended += 1;
    run.end(
      `only ${words(free)} of free disk space on its runner, and agents are stopped below ${words(floorGb(minFreeGb, 0))}`,
    );
  }

  const tick = (): void => {
    if (checking) return; // A disk that hangs is not asked again before it has answered.
    checking = true;
    check()
      .catch((err: unknown) => log.debug({ err }, "could not look at the free space"))
      .finally(() => (checking = false));
  };
  return {
    async isShort() {
      const free = await freeGb();
      return free !== null && free < minFreeGb;
    },
    watch(run) {
      if (minFreeGb <= 0) return () => undefined;
      runs.add(run);
      timer ??= setInterval(tick, everyMs);
      return () => {
        runs.delete(run);
        if (runs.size > 0 || timer === null) return;
        clearInterval(timer);
        timer = null;
        ended = 0;
      };
    },
  };
}

/**
 * Below what runs end: half of what a new job needs, so that one that was just let in has room to work. With each that was
 * ended, half of that again: what it has written is still there, and is no fault of the others. Pure.
 */
export function floorGb(minFreeGb: number, ended: number): number {
  return minFreeGb / 2 ** (1 + ended);
}

/** Of runs that have written the same, the one that began last has the least to lose. */
function largest(runs: readonly DiskRun[], written: (run: DiskRun) => number): DiskRun | null {
  let best: { run: DiskRun; bytes: number } | null = null;
  for (const run of runs) {
    const bytes = runs.length === 1 ? 0 : written(run);
    if (best === null || bytes >= best.bytes) best = { run, bytes };
  }
  return best?.run ?? null;
}

/** What its living processes, and those that they have waited for, had the kernel write to disks. */
function writtenBy({ runId, members = () => null }: DiskRun): number {
  const bytes = findSurvivors({ runId, members: members(), except: [process.pid] }).map(({ pid }) =>
    Number(/^write_bytes: (\d+)$/m.exec(readProc(`/proc/${pid}/io`) ?? "")?.[1] ?? 0),
  );
  return bytes.reduce((sum, more) => sum + more, 0);
}

function words(gb: number): string {
  return gb < 0.1 ? `${(gb * 1000).toFixed(0)} MB` : `${gb.toFixed(1)} GB`;
}
