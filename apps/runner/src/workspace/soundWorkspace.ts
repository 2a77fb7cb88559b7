import { isDamage } from "./damage.ts";
import { ensureWorkspace, replaceWorkspace, type EnsuredWorkspace, type EnsureOptions } from "./ensure.ts";
import type { Mirror } from "./mirror.ts";

/**
 * `ensureWorkspace`, where the objects that it borrows may be damaged: they come back from GitHub with a new mirror;
 * what no mirror has any more makes the workspace a damaged one, which is quarantined.
 */
export async function soundWorkspace(mirror: Mirror, options: EnsureOptions): Promise<EnsuredWorkspace> {
  const { signal } = options.place;
  const because = "objects that it needs are gone";
  try {
    return await ensureWorkspace(options);
  } catch (error) {
    signal?.throwIfAborted();
    if (!isDamage(error)) throw error;
    if (!(await mirror.repair(signal))) return replaceWorkspace(options, because);
  }
  const again = { ...options, stamp: `${options.stamp}-2` };
  try {
    return await ensureWorkspace(again);
  } catch (error) {
    signal?.throwIfAborted();
    if (!isDamage(error)) throw error;
    return replaceWorkspace({ ...options, stamp: `${options.stamp}-3` }, because);
  }
}
