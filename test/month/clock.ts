import { execFileSync } from "node:child_process";
import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

/** A clock for programs that start with `env`. It can be moved forward while they run. */
export interface Clock {
  readonly env: Readonly<Record<string, string>>;
  /** Offset from the machine's clock, in ms. */
  readonly offsetMs: number;
  moveForward(ms: number): void;
}

/** Compile `clock.c` into `folder`. @throws Error if there is no C compiler */
export function createClock(folder: string): Clock {
  const [library, file] = [join(folder, "clock.so"), join(folder, "clock")];
  execFileSync("cc", ["-O2", "-Wall", "-shared", "-fPIC", "-o", library, join(import.meta.dirname, "clock.c")]);
  writeFileSync(file, Buffer.alloc(8));
  let offsetMs = 0;
  return {
    env: { LD_PRELOAD: library, TAC8_MONTH_CLOCK: file },
    get offsetMs() {
      return offsetMs;
    },
    moveForward(ms) {
      offsetMs += ms;
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(BigInt(offsetMs));
      const open = openSync(file, "r+");
      writeSync(open, bytes, 0, bytes.length, 0);
      closeSync(open);
    },
  };
}
