import type { Logger } from "@tac8/core/log/logger";
import type { Membership } from "../process/members.ts";
import { findSurvivors } from "../process/survivors.ts";
import { readProc } from "@tac8/core/process/procfs";

const CHECK_MS = 1000;

/** A run whose agent is running. */
export interface DiskRun {
  readonly runId: string;
  /** See `SurvivorQuery`. */
  readonly members?: () => Membership | null;
  /** End its agent; called at most once. `why`: text for users. */
  readonly end: (why: string) => void;
}

export interface DiskWatch {
  /** Add a run that may be ended. @returns a function that removes it again */
  watch(run: DiskRun): () => void;
  /** Return whether a new job would have too little free space. */
  isShort(): Promise<boolean>;
}

export interface DiskWatchOptions {
  /** No new job starts below this; 0: no limit. */
  readonly minFreeGb: number;
  /** Return the free space where agents write; null if it cannot be read. */
  readonly freeGb: () => Promise<number | null>;
  readonly log: Pick<Logger, "debug">;
  /** Return the bytes that a run has written. */
  readonly written?: (run: DiskRun) => number;
  /** Time between two checks. */
  readonly everyMs?: number;
}

/**
 * End runs before the disk is full, starting with the run that has written the most. Checks only while an agent runs.
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
    if (checking) return; // The last check of a disk that hangs has not returned.
    checking = true;
    check()
      .catch((err: unknown) => log.debug({ err }, "could not read the free space"))
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
 * Return the free space below which a run is ended: half of the space that a new job needs, so that a job that has just
 * started has room to work. After each ended run it is half of that, because the files of an ended run still take
 * space, and the other runs are not the cause. Pure.
 */
export function floorGb(minFreeGb: number, ended: number): number {
  return minFreeGb / 2 ** (1 + ended);
}

/** Return the run that has written the most; of equal runs the newest, which loses the least work. */
function largest(runs: readonly DiskRun[], written: (run: DiskRun) => number): DiskRun | null {
  let best: { run: DiskRun; bytes: number } | null = null;
  for (const run of runs) {
    const bytes = runs.length === 1 ? 0 : written(run);
    if (best === null || bytes >= best.bytes) best = { run, bytes };
  }
  return best?.run ?? null;
}

/** Return the bytes that its living processes, and those that they have waited for, have written to disks. */
function writtenBy({ runId, members = () => null }: DiskRun): number {
  const bytes = findSurvivors({ runId, members: members(), except: [process.pid] }).map(({ pid }) =>
    Number(/^write_bytes: (\d+)$/m.exec(readProc(`/proc/${pid}/io`) ?? "")?.[1] ?? 0),
  );
  return bytes.reduce((sum, more) => sum + more, 0);
}

function words(gb: number): string {
  return gb < 0.1 ? `${(gb * 1000).toFixed(0)} MB` : `${gb.toFixed(1)} GB`;
}
