import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** How much memory a run may use, and who sees to it. */
export interface MemoryCeiling {
  /** 0: no limit. */
  readonly maxBytes: number;
  /** Goes before the agent's program, so that the kernel enforces the limit; empty: we only watch. */
  readonly prefix: readonly string[];
}

const PROBE_MS = 5000;

export interface CeilingOptions {
  readonly maxMb: number;
  readonly uid: number;
  /** Where programs are looked for. */
  readonly path: string;
}

/** Finds out once, by trying, whether systemd puts a limit around a program of ours here. In a container it does not. */
export async function findCeiling({ maxMb, uid, path }: CeilingOptions): Promise<MemoryCeiling> {
  const maxBytes = maxMb * 1024 ** 2;
  if (maxBytes === 0) return { maxBytes, prefix: [] };
  const prefix = scopePrefix({ maxMb, uid });
  const [program = "", ...args] = prefix;
  try {
    await promisify(execFile)(program, [...args, "true"], {
      env: { PATH: path },
      timeout: PROBE_MS,
      killSignal: "SIGKILL",
    });
    return { maxBytes, prefix };
  } catch {
    return { maxBytes, prefix: [] }; // Not installed, no such property, or nobody to ask: that is the answer.
  }
}

/**
 * systemd's own variable is for systemd alone: the agent does not see it. With `OOMPolicy=kill` the kernel ends all of the
 * run's processes, not just the largest.
 */
export function scopePrefix({ maxMb, uid }: Pick<CeilingOptions, "maxMb" | "uid">): string[] {
  const properties = [`MemoryMax=${maxMb}M`, "MemorySwapMax=0", "OOMPolicy=kill"].flatMap((text) => ["-p", text]);
  const scope = ["--scope", "--quiet", "--collect", ...properties, "--"];
  if (uid === 0) return ["systemd-run", ...scope];
  const variable = "XDG_RUNTIME_DIR";
  return ["env", `${variable}=/run/user/${uid}`, "systemd-run", "--user", ...scope, "env", "-u", variable];
}
