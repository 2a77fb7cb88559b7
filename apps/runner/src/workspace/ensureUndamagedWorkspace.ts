import { mayMeanDamage } from "./damage.ts";
import { ensureWorkspace, replaceWorkspace, type EnsuredWorkspace, type EnsureOptions } from "./ensure.ts";
import type { Mirror } from "./mirror.ts";

/**
 * Call `ensureWorkspace`, and repair damaged objects that the workspace borrows: a new mirror is cloned from GitHub. If the new mirror
 * does not have the objects either, the workspace is quarantined.
 */
export async function ensureUndamagedWorkspace(mirror: Mirror, options: EnsureOptions): Promise<EnsuredWorkspace> {
  const { signal } = options.place;
  const because = "objects that it needs are missing";
  try {
    return await ensureWorkspace(options);
  } catch (error) {
    signal?.throwIfAborted();
    if (!mayMeanDamage(error)) throw error;
    if (!(await mirror.repair(signal))) return replaceWorkspace(options, because);
  }
  const again = { ...options, quarantineSuffix: `${options.quarantineSuffix}-2` };
  try {
    return await ensureWorkspace(again);
  } catch (error) {
    signal?.throwIfAborted();
    if (!mayMeanDamage(error)) throw error;
    return replaceWorkspace({ ...options, quarantineSuffix: `${options.quarantineSuffix}-3` }, because);
  }
}
